"""The rules that a note can break: their names, how grave each is, what may be configured, and the page of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, Protocol

Severity = Literal["error", "warning", "info"]
Level = Literal["off", "info", "warning", "error"]
LEVELS: tuple[Level, ...] = ("off", "info", "warning", "error")
OptionValue = bool | int | float | str | tuple[str, ...]


class Option(NamedTuple):
    """Something that a rule lets a configuration choose; the default's type is that of all its values."""

    name: str
    default: OptionValue
    summary: str


class Rule(NamedTuple):
    """A rule; its name never changes, because configurations and suppressions hold it.

    `off`: it looks only when it is asked for. `always`: `check` finds all that breaks it; without that, a suppression
    that `check` has no use for may well be needed elsewhere.
    """

    name: str
    severity: Severity
    summary: str
    off: bool = False
    always: bool = True
    options: tuple[Option, ...] = ()


class RuleSetting(NamedTuple):
    """What a configuration says of one rule: its level, None for the rule's own, and its options."""

    rule: str
    level: Level | None
    options: tuple[tuple[str, OptionValue], ...] = ()


class RuleSettings(Protocol):
    """The part of a configuration that speaks of rules: names of known rules, and never twice the same setting."""

    @property
    def rules(self) -> tuple[RuleSetting, ...]:
        """The rules that it changes."""

    @property
    def select(self) -> tuple[str, ...]:
        """When there are any, the only rules that count."""

    @property
    def ignore(self) -> tuple[str, ...]:
        """Rules that do not count."""


RULES = (
    Rule("alias-cycle", "warning", "a page that is its own alias, or aliases in a circle"),
    Rule("bad-attribute", "error", "a word after ```python that kbtool does not know, or a value that it cannot have"),
    Rule("bad-diagram", "warning", "a Mermaid diagram that Mermaid does not read, or that is not drawn"),
    Rule("bad-file-name", "warning", "a note's file that some systems refuse or Logseq may lose"),
    Rule("bad-latex", "error", "a formula that cannot be shown"),
    Rule("bad-property", "error", "a property that Logseq refuses or misreads"),
    Rule("bad-query", "error", "a query that Logseq cannot answer"),
    Rule("bad-suppression", "warning", "a suppression comment that suppresses nothing by itself"),
    Rule("bad-timestamp", "warning", "a SCHEDULED or DEADLINE that Logseq does not read"),
    Rule("bad-value", "error", "a value of code that no cell can give"),
    Rule("bare-marker", "info", "a task marker without a task"),
    Rule("broken-formula", "error", "a formula whose delimiters Logseq does not read"),
    Rule("built-in-name", "info", "a note with the name of one of Logseq's own pages"),
    Rule("byte-order-mark", "warning", "a byte order mark that glues itself to the first bullet"),
    Rule("case-variant", "info", "a link whose capitals differ from the page's own"),
    Rule("cell-failed", "error", "code that raised an error when it ran", always=False),
    Rule("dangling-block-ref", "error", "a reference to a block that does not exist"),
    Rule("date-like-name", "warning", "a name that Logseq takes for a date"),
    Rule("dead-end", "info", "a page that mentions no other"),
    Rule("deceptive-link", "warning", "a link whose words promise another target"),
    Rule("dotted-name", "warning", "a file whose dots Logseq reads as `/`"),
    Rule("doubled-backslash", "error", "LaTeX with two backslashes where one was meant"),
    Rule("duplicate-block-id", "error", "one id on two blocks"),
    Rule("duplicate-page", "error", "one page name in two notes"),
    Rule("dynamic-import", "error", "code that imports from notes in a way that nobody can tell before it runs"),
    Rule("embed-cycle", "warning", "pages or blocks that show each other, or themselves"),
    Rule("external-link", "error", "an address whose host has no such page (with --external)", always=False),
    Rule("external-link-moved", "info", "an address that has moved for good (with --external)", always=False),
    Rule(
        "external-link-unreachable",
        "warning",
        "an address whose host does not answer (with --external)",
        always=False,
    ),
    Rule("greedy-tag", "error", "a tag that took a bracket or a quote with it"),
    Rule("hand-typed-number", "warning", "a number in prose that the code beside it does not give", always=False),
    Rule("heading-jump", "info", "a heading that skips a level"),
    Rule("html-swallows-outline", "error", "raw HTML that runs over later blocks"),
    Rule("ipython-magic", "error", "a line that only IPython understands"),
    Rule("import-cycle", "error", "notes whose code imports each other in a circle"),
    Rule("late-title", "warning", "a title:: that does not name the page"),
    Rule("look-alike-page", "warning", "two pages whose names nobody can tell apart"),
    Rule("lost-reference", "warning", "a mention that Logseq does not count"),
    Rule("missing-asset", "error", "a picture or file that does not exist"),
    Rule("missing-export", "error", "code that imports what no note exports"),
    Rule("missing-heading", "error", "a link to a heading that its page does not have (Obsidian's dialect)"),
    Rule("missing-import", "warning", "Python code that imports what is not installed"),
    Rule("missing-page", "error", "a link to a page that does not exist"),
    Rule("needs-device", "error", "a note that needs a GPU, run where there is none", always=False),
    Rule("not-accepted", "info", "a cell with `expect` whose outputs nobody has accepted yet", always=False),
    Rule("not-deterministic", "error", "code that gives other outputs when it runs again (with --twice)", always=False),
    Rule("note-too-large", "error", "a note beyond the limits that keep kbtool quick"),
    Rule("odd-name", "error", "a link whose name holds spaces or signs that nobody sees"),
    Rule("orphan-page", "info", "a page that nothing mentions"),
    Rule("property-page", "info", "a page that is only the key of properties", off=True),
    Rule("python-syntax", "error", "Python code that does not parse"),
    Rule("query-missing-page", "warning", "a query that names a page which nothing mentions"),
    Rule("result-drift", "error", "code that no longer gives what was accepted, or kept (with --verify)", always=False),
    Rule("revealing-output", "warning", "results that name the machine, its user or their folders", always=False),
    Rule("second-drawer", "warning", "properties that count for nothing"),
    Rule("secret", "error", "a credential in a note, or in what its code gives"),
    Rule("shadowed-name", "warning", "Python code that hides a name which it needs later"),
    Rule("sketch", "warning", "code that cannot run and was never meant to"),
    Rule("stale-record", "warning", "recorded results of code that has changed since", always=False),
    Rule("stray-bracket", "warning", "brackets of a link that do not pair"),
    Rule("stray-escape", "error", "a backslash that an exporter left in LaTeX or in a name"),
    Rule("tampered-record", "error", "recorded results that are not as they were written", always=False),
    Rule("transcript", "warning", "a transcript of interactive Python in a python fence"),
    Rule("unclosed-fence", "warning", "a code fence that does not close where it should"),
    Rule("undefined-name", "error", "Python code that uses a name nobody gave"),
    Rule("unknown-macro", "warning", "a macro that neither Logseq nor the configuration knows"),
    Rule("unlinked-mention", "info", "words that name a page without linking it", off=True, always=False),
    Rule("unread-formula", "error", "a formula with a space inside its `$`"),
    Rule("unreadable-note", "error", "a note that cannot be read, or is not UTF-8"),
    Rule("unsupported-latex", "warning", "a formula that Logseq or kbtool alone can show"),
    Rule("unsupported-query", "warning", "a query, or a part of one, that kbtool does not understand"),
    Rule("unused-asset", "info", "a file that no note shows or links"),
    Rule("unused-name", "info", "an import or a local variable that nothing uses"),
    Rule("unused-suppression", "warning", "a suppression comment for problems that are not there"),
    Rule("use-before-definition", "error", "Python code that uses a name above its definition"),
    Rule("wide-fence", "warning", "a code fence of four marks or more"),
)
_BY_NAME: Mapping[str, Rule] = {rule.name: rule for rule in RULES}


def severity(rule: str, config: RuleSettings) -> Level:
    """How grave a diagnostic of this rule is; `off` when it does not count."""
    if rule in config.ignore or (config.select and rule not in config.select):
        return "off"
    known = _BY_NAME[rule]
    asked = next((setting for setting in config.rules if setting.rule == rule), None)
    given = asked.level if asked else "off" if known.off else None
    # Who names a rule in `select` wants it, also where it is off.
    return given if given and not (given == "off" and rule in config.select) else known.severity


def option(rule: str, name: str, config: RuleSettings) -> OptionValue:
    """The value of a rule's option."""
    given = next((dict(setting.options) for setting in config.rules if setting.rule == rule), {})
    return given[name] if name in given else next(one.default for one in _BY_NAME[rule].options if one.name == name)


def named(rule: str) -> Rule | None:
    """The rule of this name, None for no rule of ours."""
    return _BY_NAME.get(rule)


def matching(pattern: str) -> tuple[str, ...]:
    """The rules that a name, a pattern (`bad-*`) or `all` means; none for an unknown one."""
    if pattern == "all":
        return tuple(_BY_NAME)
    return tuple(name for name in _BY_NAME if name == pattern or ("*" in pattern and fnmatchcase(name, pattern)))


def expanded(patterns: Iterable[str]) -> tuple[str, ...]:
    """The rules that patterns mean, each once, in the order of the table."""
    wanted = {name for pattern in patterns for name in matching(pattern)}
    return tuple(name for name in _BY_NAME if name in wanted)


def page(rule: str) -> str | None:
    """The file name of a rule's page, None for no rule of ours."""
    return f"{rule}.md" if rule in _BY_NAME else None
