"""Diagnostics with their places as people count them, in the order in which they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
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


class Places(NamedTuple):
    """The texts of a base by lines, and what stands before each path (`kb/`)."""

    tables: Mapping[NoteId, LineTable]
    prefix: str

    def path(self, note: NoteId) -> str:
        """The note's path as it is shown."""
        return self.prefix + note

    def position(self, note: NoteId, offset: int) -> Position:
        """Where an offset stands; the first character for a note whose text could not be read."""
        table = self.tables.get(note)
        return table.position(offset) if table else Position(1, 1)


def places(diagnostics: Iterable[Diagnostic], sources: Mapping[NoteId, str], prefix: str) -> Places:
    """The line tables of the notes that the diagnostics speak of."""
    notes = {note for one in diagnostics for note in _spoken_of(one)}
    return Places({note: line_table(sources[note]) for note in notes if note in sources}, prefix)


def _spoken_of(one: Diagnostic) -> Iterator[NoteId]:
    yield one.note
    yield from (label.note for label in one.labels)
    yield from (edit.note for edit in (one.fix.edits if one.fix else ()))


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
