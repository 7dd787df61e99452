"""Lines in which a program logs numbers, step by step, read as curves; what could be something else stays text."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple, TypeAlias

from kbtool.patterns import regex

LEAST = 8
"""Lines of one shape that make a log; fewer are read at a glance."""
_TOKEN = regex(
    r"(?P<number>[-+]?(?:nan|inf|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?))(?:/\d+)?(?:%|ms|s|с|мс)?(?![\w./%])"
    r"|(?P<word>[^\W\d_][\w./@]*)|[=:,;|()\[\]\s—–-]"
)
_UNITS = frozenset(("s", "ms", "sec", "it/s", "с", "мс", "сек"))
_LINES, _LENGTH, _WORDS, _NUMBERS = 50_000, 400, 3, 12
Logged: TypeAlias = tuple[tuple[str, ...], tuple[float, ...]]
"""The names of a line, and its numbers."""


class Series(NamedTuple):
    """What a name was at each step; `nan` where it was no number."""

    name: str
    values: tuple[float, ...]


class Curve(NamedTuple):
    """Numbers over an evenly rising one, and the lines of the text, `first` up to `end`, that they stand in."""

    step: str
    steps: tuple[float, ...]
    series: tuple[Series, ...]
    first: int
    end: int


def curves(text: str) -> tuple[Curve, ...]:
    """The logs in a text, each a run of lines of one shape: `step 10 loss 0.52`, `epoch=3, loss=0.3 acc=0.9`."""
    lines = text.split("\n")
    if not LEAST <= len(lines) <= _LINES:
        return ()
    return tuple(curve for first, rows in _runs(lines) if (curve := _curve(first, rows)))


def _runs(lines: Sequence[str]) -> Iterator[tuple[int, list[Logged]]]:
    """Runs of lines of one shape, with the number of their first."""
    rows: list[Logged] = []
    for at, line in enumerate((*lines, "")):
        logged = _logged(line)
        if rows and (logged is None or logged[0] != rows[0][0]):
            if len(rows) >= LEAST:
                yield at - len(rows), rows
            rows = []
        if logged is not None:
            rows.append(logged)


def _logged(line: str) -> Logged | None:
    """A line of names and numbers in turns, and nothing else."""
    names: list[str] = []
    numbers: list[float] = []
    words: list[str] = []
    for token in _tokens(line) if len(line) <= _LENGTH else ():
        if token is None or len(words) > _WORDS:
            return None
        if token["word"]:
            words.append(token["word"].rstrip("."))
        elif token["number"]:
            words = words[1:] if len(words) > 1 and words[0] in _UNITS and names else words
            if not words:
                return None
            names.append(" ".join(words))
            numbers.append(float(token["number"]))
            words = []
    whole = 2 <= len(names) <= _NUMBERS and len(set(names)) == len(names) and (not words or words[0] in _UNITS)
    return (tuple(names), tuple(numbers)) if whole and len(words) < 2 else None


def _tokens(line: str) -> Iterator[re.Match[str] | None]:
    at = 0
    while at < len(line):
        found = _TOKEN.match(line, at)
        yield found
        at = found.end() if found else len(line)


def _curve(first: int, rows: Sequence[Logged]) -> Curve | None:
    columns = [Series(name, tuple(row[1][i] for row in rows)) for i, name in enumerate(rows[0][0])]
    steps = [column for column in columns if _is_even(column.values)]
    series = [column for column in columns if column not in steps and _moves(column.values)]
    if not steps or not series:
        return None
    return Curve(steps[0].name, steps[0].values, tuple(series), first, first + len(rows))


def _is_even(values: Sequence[float]) -> bool:
    """Whether numbers go up evenly; at either end a step may be shorter, as in a log of steps 1, 100, 200."""
    gaps = [after - before for before, after in pairwise(values)]
    usual = gaps[1]
    if not all(math.isfinite(gap) and gap > 0 for gap in gaps):
        return False
    near = 1e-6 * usual
    return all(abs(gap - usual) <= near for gap in gaps[1:-1]) and max(gaps[0], gaps[-1]) <= usual + near


def _moves(values: Sequence[float]) -> bool:
    finite = [value for value in values if math.isfinite(value)]
    return len(finite) > 1 and min(finite) < max(finite)
