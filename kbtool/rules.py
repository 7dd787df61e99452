"""The rules that a note can break: their names, how grave each is, and the page that explains it."""

from __future__ import annotations

from typing import Literal, NamedTuple

from kbtool.config import Config

Severity = Literal["error", "warning", "info"]


class Rule(NamedTuple):
    """A rule; its name never changes, because configurations and suppressions hold it.

    One that is `off` looks only when it is asked for: it tells of chances, not of faults.
    """

    name: str
    severity: Severity
    summary: str
    off: bool = False


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
    Rule("alias-cycle", "warning", "a page that is its own alias, or aliases in a circle"),
    Rule("bad-file-name", "warning", "a note's file that some systems refuse or Logseq may lose"),
    Rule("bad-timestamp", "warning", "a SCHEDULED or DEADLINE that Logseq does not read"),
    Rule("bare-marker", "info", "a task marker without a task"),
    Rule("built-in-name", "info", "a note with the name of one of Logseq's own pages"),
    Rule("byte-order-mark", "warning", "a byte order mark that glues itself to the first bullet"),
    Rule("case-variant", "info", "a link whose capitals differ from the page's own"),
    Rule("date-like-name", "warning", "a name that Logseq takes for a date"),
    Rule("dead-end", "info", "a page that mentions no other", off=True),
    Rule("deceptive-link", "warning", "a link whose words promise another target"),
    Rule("dotted-name", "warning", "a file whose dots Logseq reads as `/`"),
    Rule("embed-cycle", "warning", "pages or blocks that show each other, or themselves"),
    Rule("external-link", "error", "an address whose host has no such page (only with --external)"),
    Rule("external-link-moved", "info", "an address that has moved for good (only with --external)"),
    Rule("external-link-unreachable", "warning", "an address whose host cannot be asked (only with --external)"),
    Rule("greedy-tag", "warning", "a tag that took a bracket or a quote with it"),
    Rule("heading-jump", "info", "a heading that skips a level", off=True),
    Rule("html-swallows-outline", "error", "raw HTML that runs over later blocks"),
    Rule("late-title", "warning", "a title:: that does not name the page"),
    Rule("look-alike-page", "warning", "two pages whose names nobody can tell apart"),
    Rule("lost-reference", "warning", "a mention that Logseq does not count"),
    Rule("odd-name", "warning", "a link whose name holds spaces or signs that nobody sees"),
    Rule("orphan-page", "info", "a page that nothing mentions", off=True),
    Rule("property-page", "info", "a page that is only the key of properties", off=True),
    Rule("second-drawer", "warning", "properties that count for nothing"),
    Rule("stray-bracket", "warning", "brackets of a link that do not pair"),
    Rule("unclosed-fence", "warning", "a code fence that does not close where it should"),
    Rule("unused-asset", "info", "a file that no note shows or links", off=True),
    Rule("wide-fence", "warning", "a code fence of four marks or more"),
)


def severity(rule: str, config: Config) -> Severity:  # noqa: ARG001 -- the configuration will have a say per rule
    """How grave a diagnostic of this rule is."""
    return next(known.severity for known in RULES if known.name == rule)


def speaks(rule: str, config: Config) -> bool:
    """Whether a rule is checked at all."""
    known = next(known for known in RULES if known.name == rule)
    return dict(config.rules).get(rule, "off" if known.off else known.severity) != "off"


def page(rule: str) -> str | None:
    """The file name of a rule's page, None for no rule of ours."""
    return f"{rule}.md" if any(known.name == rule for known in RULES) else None
