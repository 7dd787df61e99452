"""The attributes of Logseq's database that Datalog may ask for, with all their values; made when first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from kbtool.queries.rows import Entity, PageRow, Rows, planned, properties_of
from kbtool.queries.terms import CONTENT, PATH_REFS, Keyword, Record
from kbtool.syntax.tree import Block
from kbtool.values import NoteId

Pairs: TypeAlias = Iterator[tuple[Entity, object]]


def _of_blocks(rows: Rows, value: Callable[[Block], object]) -> Pairs:
    for entity in rows.blocks():
        found = value(rows.block(entity))
        if found is not None:
            yield entity, found


def _of_pages(rows: Rows, value: Callable[[PageRow], object]) -> Pairs:
    for key, row in rows.pages.items():
        found = value(row)
        if found is not None:
            yield Entity(key, -1), found


def _pages_of(rows: Rows, value: Callable[[PageRow], frozenset[str]]) -> Pairs:
    for key, row in rows.pages.items():
        yield from ((Entity(key, -1), Entity(found, -1)) for found in sorted(value(row)))


def _refs(rows: Rows) -> Pairs:
    for entity in rows.blocks():
        own = rows.notes[NoteId(entity.place)].refs[entity.block]
        yield from ((entity, Entity(key, -1)) for key in sorted(own))
    yield from rows.block_refs()


def _properties(rows: Rows) -> Pairs:
    for entity in (*rows.blocks(), *(Entity(key, -1) for key in rows.pages)):
        found = properties_of(entity, rows)
        if found:
            yield entity, Record(found)


def _property(rows: Rows, key: str) -> Pairs:
    for entity, record in _properties(rows):
        if isinstance(record, Record) and key in record.values:
            yield entity, record.values[key]


def _page(rows: Rows) -> Pairs:
    return ((entity, Entity(rows.notes[NoteId(entity.place)].page, -1)) for entity in rows.blocks())


def _parent(rows: Rows) -> Pairs:
    for note, made in rows.notes.items():
        for i, parent in enumerate(made.parents):
            yield Entity(note, i), Entity(note, parent) if parent >= 0 else Entity(made.page, -1)


def _left(rows: Rows) -> Pairs:
    """The sibling before, or the parent of a first child."""
    for note, made in rows.notes.items():
        last: dict[int, int] = {}
        for i, parent in enumerate(made.parents):
            before = last.get(parent, parent)
            yield Entity(note, i), Entity(note, before) if before >= 0 else Entity(made.page, -1)
            last[parent] = i


def _planned(rows: Rows, kind: str) -> Pairs:
    for note, made in rows.notes.items():
        text = rows.given.texts[note]
        if kind in text.lower():
            for i in range(len(made.refs)):
                day = planned(text, rows.block(Entity(note, i)), kind)
                if day is not None:
                    yield Entity(note, i), day


def _uuid(rows: Rows) -> Pairs:
    for entity in (*rows.blocks(), *(Entity(key, -1) for key in rows.pages)):
        yield entity, f"{entity.place}#{entity.block}"


VALUES: Mapping[str, Callable[[Rows], Pairs]] = {
    "block/name": lambda rows: _of_pages(rows, lambda row: row.key),
    "block/original-name": lambda rows: _of_pages(rows, lambda row: row.name),
    "block/journal?": lambda rows: _of_pages(rows, lambda row: row.journal is not None),
    "block/journal-day": lambda rows: _of_pages(rows, lambda row: row.journal),
    "block/file": lambda rows: _of_pages(rows, lambda row: row.note),
    "block/namespace": lambda rows: _of_pages(rows, lambda row: Entity(row.parent, -1) if row.parent else None),
    "block/alias": lambda rows: _pages_of(rows, lambda row: row.aliases),
    "block/tags": lambda rows: _pages_of(rows, lambda row: row.tags),
    CONTENT: lambda rows: ((entity, rows.content(entity)) for entity in rows.blocks()),
    "block/refs": _refs,
    PATH_REFS: lambda _: iter(()),
    "block/page": _page,
    "block/parent": _parent,
    "block/left": _left,
    "block/marker": lambda rows: _of_blocks(rows, lambda block: block.marker or None),
    "block/priority": lambda rows: _of_blocks(rows, lambda block: block.priority or None),
    "block/scheduled": lambda rows: _planned(rows, "scheduled"),
    "block/deadline": lambda rows: _planned(rows, "deadline"),
    "block/properties": _properties,
    "block/created-at": lambda rows: _property(rows, "created-at"),
    "block/updated-at": lambda rows: _property(rows, "updated-at"),
    "block/pre-block?": lambda rows: _of_blocks(rows, lambda block: True if block.mark == "pre" else None),
    "block/format": lambda rows: _of_blocks(rows, lambda _: Keyword("markdown")),
    "block/uuid": _uuid,
}
"""One for each of `terms.ATTRIBUTES`."""


class Index:
    """All values of attributes, forwards and backwards; each is made when first asked for."""

    __slots__ = ("_backward", "_forward", "rows")

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self._forward: dict[str, dict[Entity, list[object]]] = {}
        self._backward: dict[str, dict[object, list[Entity]]] = {}

    def forward(self, name: str) -> Mapping[Entity, list[object]]:
        """The values of each block or page."""
        if name not in self._forward:
            made: dict[Entity, list[object]] = {}
            for entity, value in VALUES[name](self.rows):
                made.setdefault(entity, []).append(value)
            self._forward[name] = made
        return self._forward[name]

    def backward(self, name: str) -> Mapping[object, list[Entity]]:
        """The blocks or pages of each value."""
        if name not in self._backward:
            made: dict[object, list[Entity]] = {}
            for entity, values in self.forward(name).items():
                for value in values:
                    made.setdefault(value, []).append(entity)
            self._backward[name] = made
        return self._backward[name]
