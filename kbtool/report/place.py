"""Diagnostics with their places as people count them, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kbtool.config import Config
from kbtool.positions import LineTable, Position, line_table
from kbtool.rules import Severity, severity
from kbtool.values import Diagnostic, NoteId, Span


class Placed(NamedTuple):
    """A diagnostic, how grave it is, and its place: lines and columns from 1, `end` behind the last character."""

    diagnostic: Diagnostic
    severity: Severity
    path: str
    start: Position
    end: Position


class Places:
    """The texts of a base by lines, each looked at when a place in it is asked for; `prefix` (`kb/`) precedes paths."""

    __slots__ = ("_prefix", "_sources", "_tables")

    def __init__(self, sources: Mapping[NoteId, str], prefix: str) -> None:
        self._sources = sources
        self._prefix = prefix
        self._tables: dict[NoteId, LineTable] = {}

    def table(self, note: NoteId) -> LineTable | None:
        """The lines of a note; None for what is no note, or could not be read."""
        if note not in self._tables and note in self._sources:
            self._tables[note] = line_table(self._sources[note])
        return self._tables.get(note)

    def path(self, note: NoteId) -> str:
        """The note's path as it is shown."""
        return self._prefix + note

    def position(self, note: NoteId, offset: int) -> Position:
        """Where an offset stands; the first character for a note whose text could not be read."""
        table = self.table(note) if offset else None
        return table.position(offset) if table else Position(1, 1)


def placed(diagnostics: Iterable[Diagnostic], at: Places, config: Config) -> tuple[Placed, ...]:
    """Diagnostics by path, then position, then rule; those whose rule is off are left out."""
    ordered = sorted(diagnostics, key=lambda one: (one.note, one.span, one.rule, one.message))
    return tuple(found for one in ordered if (found := _placed(one, at, config)))


def _placed(one: Diagnostic, at: Places, config: Config) -> Placed | None:
    level = severity(one.rule, config)
    if level == "off":
        return None
    start, end = at.position(one.note, one.span.start), at.position(one.note, one.span.end)
    return Placed(one, level, at.path(one.note), start, end)


def first_line(span: Span, table: LineTable) -> tuple[int, int, int]:
    """The number of a span's first line, and the columns, from 0, where the span begins and ends on it."""
    start = table.position(span.start)
    end = table.position(span.end)
    last = end.column - 1 if end.line == start.line else len(table.line(start.line))
    return start.line, start.column - 1, last
