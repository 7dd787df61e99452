"""Expressions that are compiled when they are first used."""

from __future__ import annotations

import importlib
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from kbtool import patterns
from kbtool.patterns import regex

PACKAGE = Path(patterns.__file__).parent
MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in PACKAGE.rglob("*.py")
    if "regex(" in path.read_text("utf-8") and path.name != "patterns.py"
)


def within(value: Any) -> Iterator[patterns._Later]:
    if isinstance(value, patterns._Later):
        yield value
    elif isinstance(value, tuple | list):
        for one in value:
            yield from within(one)
    elif isinstance(value, dict):
        yield from within([*value.keys(), *value.values()])


def expressions(module: ModuleType) -> list[patterns._Later]:
    return [one for value in vars(module).values() for one in within(value)]


@pytest.mark.parametrize("name", MODULES)
def test_every_expression_compiles(name: str) -> None:
    found = expressions(importlib.import_module(name))
    assert found
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a set within a set, as some later Python may read it
        for one in found:
            assert one.pattern


def test_a_broken_expression_would_be_seen() -> None:
    module = ModuleType("broken")
    module.BROKEN = {"a": (regex("("),)}  # type: ignore[attr-defined]
    (one,) = expressions(module)
    with pytest.raises(re.error):
        assert one.pattern


def test_it_is_compiled_once_and_only_when_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    def compile_(*given: Any) -> re.Pattern[str]:
        made.append(given)
        return original(*given)

    original = re.compile
    monkeypatch.setattr(re, "compile", compile_)
    word = regex("[A-Z]+", re.IGNORECASE)
    assert made == []
    assert [bool(word.match(text)) for text in ("abc", "12", "Q")] == [True, False, True]
    assert made == [("[A-Z]+", re.IGNORECASE)]
