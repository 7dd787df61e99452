"""Reads what `mkdocs.yml` and the command line say of rules; what nobody knows is refused with a suggestion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite

from kbtool.rules import LEVELS, RULES, Level, Option, OptionValue, Rule, RuleSetting, expanded, matching, named
from kbtool.suggest import did_you_mean


class BadSetting(Exception):
    """A setting that cannot be; the text says which and why, further lines what to do."""


def read_rules(value: object) -> tuple[RuleSetting, ...]:
    """`rules: {missing-page: warning, heading-jump: {severity: error, …}}`."""
    if not value:
        return ()
    if not isinstance(value, Mapping):
        raise BadSetting("`rules` takes a mapping from names of rules to severities")
    return tuple(_setting(known_rule(name), given) for name, given in value.items())


def _setting(rule: Rule, given: object) -> RuleSetting:
    if not isinstance(given, Mapping):
        return RuleSetting(rule.name, _level(rule, given))
    known = {option.name: option for option in rule.options}
    for name in given:
        if name != "severity" and name not in known:
            raise BadSetting(_unknown(f"the rule {rule.name} has no option", name, ["severity", *known]))
    options = tuple((name, _option(rule, known[name], value)) for name, value in given.items() if name in known)
    return RuleSetting(rule.name, _level(rule, given["severity"]) if "severity" in given else _own(rule), options)


def _own(rule: Rule) -> Level | None:
    return "off" if rule.off else None


def _level(rule: Rule, given: object) -> Level | None:
    # YAML reads a bare `off` as false, and `on` as true.
    if given is True:
        return None
    found = next((level for level in LEVELS if given == level or (given is False and level == "off")), None)
    if found is None:
        told = f"`{rule.name}: {given}`" if isinstance(given, str | int | float) else f"`{rule.name}`"
        raise BadSetting(_unknown(f"{told} is no severity", given, LEVELS))
    return found


def _option(rule: Rule, option: Option, given: object) -> OptionValue:
    default = option.default
    if isinstance(default, tuple) and isinstance(given, list | tuple) and all(isinstance(one, str) for one in given):
        return tuple(given)
    number = isinstance(given, int | float) and not isinstance(given, bool) and isfinite(given)
    if isinstance(default, float) and not isinstance(default, bool) and number and isinstance(given, int | float):
        return float(given)
    if type(given) is type(default) and isinstance(given, bool | int | str):
        return given
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", tuple: "a list of texts"}
    raise BadSetting(f"the option `{option.name}` of the rule {rule.name} takes {kinds[type(default)]}")


def read_patterns(value: object, where: str) -> tuple[str, ...]:
    """A list of rules, of patterns of rules (`bad-*`) and `all`: the rules that it means; `where` names it."""
    given = [value] if isinstance(value, str) else value
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise BadSetting(f"`{where}` takes a list of rules")
    return read_names(given)


def read_names(patterns: Iterable[str]) -> tuple[str, ...]:
    """The rules that names, patterns and `all` mean."""
    given = tuple(patterns)
    for pattern in given:
        if not matching(pattern):
            known_rule(pattern)
    return expanded(given)


def read_ignore_in(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """`ignore_in: {"journals/*": [missing-page]}`: rules that do not count in notes whose path matches."""
    if not value:
        return ()
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise BadSetting("`ignore_in` takes a mapping from paths of notes to lists of rules")
    return tuple((name, read_patterns(given, f"ignore_in: {name}")) for name, given in value.items())


def known_rule(name: object) -> Rule:
    """The rule of this name; `BadSetting` with a suggestion when there is none."""
    rule = named(name) if isinstance(name, str) else None
    if rule is None:
        raise BadSetting(_unknown("there is no rule", name, [one.name for one in RULES]))
    return rule


def _unknown(said: str, word: object, known: Iterable[str]) -> str:
    names = tuple(known)
    near = did_you_mean(word, names) if isinstance(word, str) else None
    shown = "" if said.endswith("severity") else f" `{word}`"
    hint = f"did you mean `{near}`?" if near else _list(names)
    return f"{said}{shown}\n{hint}"


def _list(names: tuple[str, ...]) -> str:
    return "kbtool explain lists all rules" if len(names) > 12 else f"known are: {', '.join(names)}"
