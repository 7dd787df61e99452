"""Tasks and their dates: what a block is to be done, when, how often, and how long it took.

Only what opens a paragraph of a block's body is a date of the block; anywhere else `SCHEDULED:` is decoration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.references import is_stamp
from kbtool.syntax.tree import Block, Drawer, Prose, Timestamp

DONE = frozenset({"DONE", "CANCELED", "CANCELLED"})
"""Markers of tasks that are over."""
_MOMENT = regex(r"[<\[](\d+)-(\d+)-(\d+)\S* [A-Za-z]+((?: [^>\]\s]+)*)[>\]]")
_TIME = regex(r"\d{1,2}:\d{2}(?:-\d{1,2}:\d{2})?")
_REPEATER = regex(r"(\.\+|\+\+|\+)(\d{1,4})([hdwmy])")
_CLOCK = regex(r"^[ \t]*CLOCK:[^\n]*=>[ \t]*(\d{1,6}):(\d{2})(?::(\d{2}))?[ \t\r]*$", re.MULTILINE)


class Repeater(NamedTuple):
    """`.+1w`: `kind` is `+` (from the date), `++` (to the next one ahead) or `.+` (from when it was done)."""

    kind: str
    every: int
    unit: str


class Moment(NamedTuple):
    """A date in angle or square brackets; `time` as written, empty without one."""

    day: int
    time: str
    repeater: Repeater | None


class Task(NamedTuple):
    """What a block says of itself as a task; marker and priority are empty where absent."""

    marker: str
    priority: str
    scheduled: Moment | None
    deadline: Moment | None


def task(text: str, block: Block) -> Task:
    """A block as a task; of two dates of one kind the first counts."""
    dates: dict[str, Moment] = {}
    for stamp in stamps(text, block):
        moment = read_moment(stamp.text)
        if moment:
            dates.setdefault(stamp.kind, moment)
    return Task(block.marker, block.priority, dates.get("scheduled"), dates.get("deadline"))


def stamps(text: str, block: Block) -> Iterator[Timestamp]:
    """The timestamps that are dates of the block itself."""
    for part in block.parts:
        if isinstance(part, Prose) and is_stamp(text, part):
            yield from (node for node in part.inlines if isinstance(node, Timestamp))


def read_moment(text: str) -> Moment | None:
    """`<2024-05-01 Wed 10:00 .+1w>`, None for a day that no calendar has."""
    m = _MOMENT.match(text)
    if not m:
        return None
    year, month, day = int(m[1]), int(m[2]), int(m[3])
    try:
        date(year, month, day)
    except ValueError:
        return None
    words = m[4].split()
    time = next((word for word in words if _TIME.fullmatch(word)), "")
    repeaters = (_REPEATER.fullmatch(word) for word in words)
    repeater = next((Repeater(r[1], int(r[2]), r[3]) for r in repeaters if r), None)
    return Moment(year * 10_000 + month * 100 + day, time, repeater)


def clocked(text: str, block: Block) -> int:
    """Seconds that the block's LOGBOOK has counted."""
    books = (part for part in block.parts if isinstance(part, Drawer) and part.name.lower() == "logbook")
    found = (m for book in books for m in _CLOCK.finditer(text, *book.span))
    return sum(int(m[1]) * 3600 + int(m[2]) * 60 + int(m[3] or 0) for m in found)
