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
    Rule("bad-attribute", "error", "a word after ```python that kbtool does not know"),
    Rule("bad-latex", "error", "a formula that cannot be shown"),
    Rule("bad-property", "error", "a property that Logseq refuses or misreads"),
    Rule("bad-suppression", "warning", "a suppression comment that suppresses nothing by itself"),
    Rule("cell-failed", "error", "code that raised an error when it ran", always=False),
    Rule("dangling-block-ref", "error", "a reference to a block that does not exist"),
    Rule("duplicate-block-id", "error", "one id on two blocks"),
    Rule("duplicate-page", "error", "one page name in two notes"),
    Rule("missing-asset", "error", "a picture or file that does not exist"),
    Rule("missing-page", "error", "a link to a page that does not exist"),
    Rule("note-too-large", "error", "a note beyond the limits that keep kbtool quick"),
    Rule("python-syntax", "error", "Python code that does not parse"),
    Rule("undefined-name", "error", "Python code that uses a name nobody gave"),
    Rule("unreadable-note", "error", "a note that cannot be read, or is not UTF-8"),
    Rule("unused-suppression", "warning", "a suppression comment for problems that are not there"),
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
