"""Values of names in what a session gave, and how they are written in prose."""

from __future__ import annotations

import ast

from kbtool.outcomes import Outcome, Value
from kbtool.syntax.val import is_spec

_NOT_FINITE = ("nan", "inf", "-inf")


def value_of(outcome: Outcome, name: str, cell: int | None = None) -> Value | None:
    """The value of a name after a cell, or at the end; None where the name had no plain value then."""
    found: Value | None = None
    for one in outcome.cells:
        if cell is None or one.index <= cell:
            found = next((value for value in one.values if value[0] == name), found)
    return found if found and found[1] else None


def is_known(outcome: Outcome, cell: int | None = None) -> bool:
    """Whether a session got as far as the end of a cell, or to its own end."""
    if cell is None:
        return not outcome.failed
    return any(one.index == cell and one.state == "ok" for one in outcome.cells)


def written(value: Value, spec: str) -> str | None:
    """A value in a Python format, None where the two do not fit; without one, a text as it is, else Python's way."""
    plain = _plain(value)
    if not spec:
        return plain if isinstance(plain, str) else value[1]
    try:
        return format(plain, spec) if is_spec(spec) else None
    except (ValueError, TypeError, OverflowError):
        return None


def _plain(value: Value) -> str | int | float | bool | None:
    """The value that a text stands for; whole numbers as such, because they may have more digits than a float."""
    _, text, number = value
    if text in _NOT_FINITE:
        return float(text)
    if number is not None:
        digits = text.removeprefix("-")
        return int(text) if digits.isascii() and digits.isdigit() else number
    try:
        known = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return known if isinstance(known, str | bool | None) else text
