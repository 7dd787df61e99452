"""Which rules count, and how much: the configuration's and the command line's say."""

from __future__ import annotations

import pytest

from kbtool import rules
from kbtool.config import Config, KbError, load_options
from kbtool.filters import matches
from kbtool.rule_settings import BadSetting, _setting
from kbtool.rules import Option, Rule, RuleSetting


@pytest.mark.parametrize(
    ("raw", "levels"),
    [
        ({}, ("error", "error", "warning")),
        ({"rules": {"missing-page": "info"}}, ("info", "error", "warning")),
        ({"rules": {"missing-page": False, "bad-latex": True}}, ("off", "error", "warning")),
        ({"rules": {"missing-page": {"severity": "warning"}}}, ("warning", "error", "warning")),
        ({"select": ["bad-*"]}, ("off", "error", "off")),
        ({"select": ["all"], "ignore": ["bad-latex"]}, ("error", "off", "warning")),
        ({"select": "missing-page", "rules": {"missing-page": "off"}}, ("error", "off", "off")),
        ({"ignore": ["unused-suppression"]}, ("error", "error", "off")),
    ],
)
def test_severity(raw: dict[str, object], levels: tuple[str, ...]) -> None:
    config = load_options(raw)
    names = ("missing-page", "bad-latex", "unused-suppression")
    assert tuple(rules.severity(name, config) for name in names) == levels


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"rules": {"mising-page": "off"}}, "no rule `mising-page`\ndid you mean `missing-page`?"),
        ({"rules": {"missing-page": "eror"}}, "`missing-page: eror` is no severity\ndid you mean `error`?"),
        ({"rules": {"missing-page": 1}}, "is no severity\nknown are: off, info, warning, error"),
        ({"rules": {"missing-page": {"severty": "off"}}}, "no option `severty`\ndid you mean `severity`?"),
        ({"rules": ["missing-page"]}, "`rules` takes a mapping"),
        ({"select": ["bad-latx"]}, "did you mean `bad-latex`?"),
        ({"select": ["x*"]}, "no rule `x*`"),
        ({"ignore": [1]}, "`ignore` takes a list of rules"),
        ({"ignore_in": ["x"]}, "`ignore_in` takes a mapping"),
        ({"ignore_in": {"x": ["zz"]}}, "no rule `zz`"),
    ],
)
def test_what_nobody_knows_is_refused(raw: dict[str, object], says: str) -> None:
    with pytest.raises(KbError) as caught:
        load_options(raw)
    assert says in str(caught.value)


OPTIONS = Rule(
    "demo", "info", "", True, True, (Option("depth", 3, ""), Option("words", ("a",), ""), Option("x", 0.5, ""))
)


@pytest.mark.parametrize(
    ("given", "setting"),
    [
        ({"depth": 5}, RuleSetting("demo", "off", (("depth", 5),))),
        ({"severity": "error", "words": ["b"]}, RuleSetting("demo", "error", (("words", ("b",)),))),
        ({"severity": True, "x": 2}, RuleSetting("demo", None, (("x", 2.0),))),
    ],
)
def test_options_of_a_rule(given: dict[str, object], setting: RuleSetting) -> None:
    assert _setting(OPTIONS, given) == setting


@pytest.mark.parametrize("given", [{"depth": True}, {"depth": 1.5}, {"words": "b"}, {"x": float("nan")}])
def test_options_of_the_wrong_kind(given: dict[str, object]) -> None:
    with pytest.raises(BadSetting, match="takes"):
        _setting(OPTIONS, given)


@pytest.mark.parametrize(
    ("path", "pattern", "meant"),
    [
        ("pages/a.md", "pages/a.md", True),
        ("pages/a.md", "pages/*", True),
        ("pages/x/a.md", "pages/*", False),
        ("pages/x/a.md", "pages/**", True),
        ("pages/a.md", "**/a.md", True),
        ("a.md", "**/a.md", True),
        ("pages/x/y/a.md", "pages/**/a.md", True),
        ("pages/a.md", "a.md", True),
        ("pages/a.md", "b.md", False),
        ("pages/a.md", "*.markdown", False),
        ("pages/\u0438\u0306.md", "pages/\u0439.md", True),
        ("pages/a.md", "pages", False),
    ],
)
def test_paths(path: str, pattern: str, meant: bool) -> None:
    assert matches(path, pattern) is meant


def test_settings_are_a_value() -> None:
    config = load_options({"rules": {"bad-latex": "off"}, "ignore_in": {"a": ["bad-latex"]}})
    assert hash(config) != hash(Config())
