"""The record of a note: what is worked out from its text alone, small enough for all notes of a base to be held."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

from kbtool.checks import check_alone, in_dialect
from kbtool.config import GraphSettings
from kbtool.facts import Facts, Uses, facts, uses
from kbtool.graph import Exports, exports
from kbtool.note import Note, lower
from kbtool.packed import Plain, pack, plain_diagnostic, unpack
from kbtool.syntax.parse import parse
from kbtool.values import Definition, Diagnostic, NoteId, Reference, Source, maker, span_of

if TYPE_CHECKING:
    from kbtool.checks.formulas import Known

T = TypeVar("T")


class Reading(NamedTuple):
    """All that decides a note's record beside its text; `formulas` remembers those of other notes, to save time."""

    settings: GraphSettings
    modules: frozenset[str] = frozenset()
    formulas: Known | None = None


class Record(NamedTuple):
    """A note without its tree: its facts, the names that it gives and that it uses, and what is wrong with it alone."""

    facts: Facts
    exports: Exports
    uses: Uses
    alone: tuple[Diagnostic, ...]


def record(note: Note, text: str, reading: Reading) -> Record:
    """The record of a note."""
    said = facts(note)
    alone = in_dialect(check_alone(note, text, reading.modules, reading.formulas), reading.settings.dialect)
    return Record(said, exports(note), uses(said), alone)


def examine(source: Source, reading: Reading) -> Record:
    """The record of a text."""
    parsed = parse(source, reading.settings.comma_properties, reading.settings.dialect)
    return record(lower(source, parsed, reading.settings), source.text, reading)


# ---------------------------------------------------------------- as plain values

_ROWS: Mapping[str, Callable[[tuple[Any, ...]], Any]] = {"defines": maker(Definition), "refers": maker(Reference)}
"""The fields of facts that hold named tuples; the others are plain as they are."""


def plain_record(one: Record) -> tuple[Plain, Plain, Plain, Plain]:
    """Facts, exports and uses, each packed, and diagnostics as plain values."""
    given = one.facts._asdict()
    for field in _ROWS:
        given[field] = pack(tuple([(*row[:3], *row[3], *row[4:]) for row in given[field]])) if given[field] else b""
    return (
        pack(tuple(given.values())),
        pack(tuple(one.exports)),
        pack(tuple(one.uses)),
        tuple(map(plain_diagnostic, one.alone)),
    )


def exports_of(value: Plain) -> Exports:
    """The names that a note gives, from what was packed."""
    return Exports(*unpack(value))


def uses_of(value: Plain) -> Uses:
    """What a note uses, from what was packed."""
    return Uses(*unpack(value))


def facts_of(value: Plain) -> Facts:
    """The facts that a plain value stands for, which is packed; what fills most of it is so once more."""
    given = dict(zip(Facts._fields, unpack(value), strict=True))
    for field, row in _ROWS.items():
        given[field] = _Rows(given[field], row) if given[field] else ()
    return Facts(**given)


class _Rows(Sequence[T], Generic[T]):
    """Packed rows, in which a span stands fourth."""

    __slots__ = ("_known", "_make", "_packed")

    def __init__(self, packed: bytes, make: Callable[[tuple[Any, ...]], T]) -> None:
        self._packed = packed
        self._make = make
        self._known: tuple[T, ...] | None = None

    def _rows(self) -> tuple[T, ...]:
        if self._known is None:
            make, rows = self._make, unpack(self._packed)
            self._known = tuple([make((*row[:3], span_of(row[3:5]), *row[5:])) for row in rows])
        return self._known

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[T]: ...
    def __getitem__(self, at: int | slice) -> T | Sequence[T]:
        return self._rows()[at]

    def __iter__(self) -> Iterator[T]:
        return iter(self._rows())

    def __len__(self) -> int:
        return len(self._rows())

    def __bool__(self) -> bool:
        return True


class FactsOf(Mapping[NoteId, Facts]):
    """The facts of all notes, each made when it is first asked for."""

    __slots__ = ("_known", "_packed")

    def __init__(self, packed: Mapping[NoteId, Plain]) -> None:
        self._packed = packed
        self._known: dict[NoteId, Facts] = {}

    def __getitem__(self, note: NoteId) -> Facts:
        known = self._known.get(note)
        if known is None:
            known = self._known[note] = facts_of(self._packed[note])
        return known

    def __contains__(self, note: object) -> bool:
        return note in self._packed

    def __iter__(self) -> Iterator[NoteId]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)
