"""The record of a note: what is worked out from its text alone, small enough for all notes of a base to be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from kbtool.checks import check_alone
from kbtool.config import GraphSettings
from kbtool.facts import Facts, facts
from kbtool.graph import Exports, exports
from kbtool.note import Note, lower
from kbtool.packed import Plain, plain_diagnostic, unpack
from kbtool.syntax.parse import parse
from kbtool.values import Definition, Diagnostic, NoteId, Reference, Source, Span


class Record(NamedTuple):
    """A note without its tree: its facts, the names it gives, and what is wrong with it whatever the others say."""

    facts: Facts
    exports: Exports
    alone: tuple[Diagnostic, ...]


def record(note: Note, text: str) -> Record:
    """The record of a note."""
    return Record(facts(note), exports(note), check_alone(note, text))


def examine(source: Source, settings: GraphSettings) -> Record:
    """The record of a text."""
    return record(lower(source, parse(source, settings.comma_properties), settings), source.text)


# ---------------------------------------------------------------- as plain values

_ROWS: tuple[tuple[str, Callable[..., Definition | Reference]], ...] = (("defines", Definition), ("refers", Reference))
"""The fields of facts that hold named tuples; the others are plain as they are."""


def plain_record(one: Record) -> tuple[Plain, Plain, Plain]:
    """Facts, exports and diagnostics as plain values, apart because they are seldom wanted together."""
    given = one.facts._asdict()
    for field, _ in _ROWS:
        given[field] = tuple((*row[:3], *row[3], *row[4:]) for row in given[field])
    return tuple(given.values()), tuple(one.exports), tuple(map(plain_diagnostic, one.alone))


def facts_of(value: Plain) -> Facts:
    """The facts that a plain value stands for."""
    given = dict(zip(Facts._fields, value, strict=True))
    for field, row_of in _ROWS:
        given[field] = tuple([row_of(*row[:3], Span(row[3], row[4]), *row[5:]) for row in given[field]])
    return Facts(**given)


class FactsOf(Mapping[NoteId, Facts]):
    """The facts of all notes, out of their packed form when they are first asked for."""

    __slots__ = ("_known", "_packed")

    def __init__(self, packed: Mapping[NoteId, bytes]) -> None:
        self._packed = packed
        self._known: dict[NoteId, Facts] = {}

    def __getitem__(self, note: NoteId) -> Facts:
        known = self._known.get(note)
        if known is None:
            known = self._known[note] = facts_of(unpack(self._packed[note]))
        return known

    def __contains__(self, note: object) -> bool:
        return note in self._packed

    def __iter__(self) -> Iterator[NoteId]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
