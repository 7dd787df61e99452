"""The rules that a note can break: their names, how grave each is, and the page that explains it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kbtool.config import Config

Severity = Literal["error", "warning", "info"]


class Rule(NamedTuple):
    """A rule; its name never changes, because configurations and suppressions hold it."""

    name: str
    severity: Severity
    summary: str


RULES = (
    Rule("bad-attribute", "error", "a word after ```python that kbtool does not know"),
    Rule("bad-latex", "error", "a formula that cannot be shown"),
    Rule("bad-property", "error", "a property that Logseq refuses or misreads"),
    Rule("cell-failed", "error", "code that raised an error when it ran"),
    Rule("dangling-block-ref", "error", "a reference to a block that does not exist"),
    Rule("duplicate-block-id", "error", "one id on two blocks"),
    Rule("duplicate-page", "error", "one page name in two notes"),
    Rule("missing-asset", "error", "a picture or file that does not exist"),
    Rule("missing-page", "error", "a link to a page that does not exist"),
    Rule("note-too-large", "error", "a note beyond the limits that keep kbtool quick"),
    Rule("python-syntax", "error", "Python code that does not parse"),
    Rule("undefined-name", "error", "Python code that uses a name nobody gave"),
    Rule("unreadable-note", "error", "a note that cannot be read, or is not UTF-8"),
    Rule("bad-query", "error", "a query that Logseq cannot answer"),
    Rule("unsupported-query", "warning", "a query, or a part of one, that kbtool does not understand"),
    Rule("query-missing-page", "warning", "a query that names a page which nothing mentions"),
    Rule("unknown-macro", "warning", "a macro that neither Logseq nor the configuration knows"),
)


def severity(rule: str, config: Config) -> Severity:  # noqa: ARG001 -- the configuration will have a say per rule
    """How grave a diagnostic of this rule is."""
    return next(known.severity for known in RULES if known.name == rule)


def page(rule: str) -> str | None:
    """The file name of a rule's page, None for no rule of ours."""
    return f"{rule}.md" if any(known.name == rule for known in RULES) else None
