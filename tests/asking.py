"""Queries asked against small bases in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from kbtool import query
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.queries.answers import Answer, ask, is_advanced
from kbtool.queries.filters import Here
from kbtool.queries.rows import Entity
from kbtool.values import NoteId, Source, Span

TODAY = date(2023, 1, 1)


def answer(sources: Mapping[str, str], text: str, settings: GraphSettings | None = None, **here: object) -> Answer:
    """The answer to a query about notes, asked by nobody on `TODAY` unless `here` says otherwise."""
    notes = {NoteId(path): Source(NoteId(path), source) for path, source in sources.items()}
    snapshot = Kb().snapshot(BaseFiles(notes, frozenset(), Config(), settings or GraphSettings()))
    asking = query.asking(snapshot, Here(**({"today": TODAY} | here)))  # type: ignore[arg-type]
    found = ask(asking, text, Span(0, len(text)), complex_=is_advanced(text))
    return found._replace(entities=tuple(map(_named(asking.rows.content), found.entities)))  # type: ignore[arg-type]


def _named(content):  # type: ignore[no-untyped-def]
    return lambda entity: content(entity).split("\n")[0] if entity.block >= 0 else entity.place


def found(sources: Mapping[str, str], text: str, **here: object) -> list[str]:
    """The first lines of the blocks, or the keys of the pages, that a query finds; it must have no fault."""
    made = answer(sources, text, **here)  # type: ignore[arg-type]
    assert made.faults == ()
    return list(map(str, made.entities))


def place(path: str, block: int) -> Entity:
    """A block."""
    return Entity(path, block)
