"""Queries asked against small bases in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from kbtool import query
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.queries.answers import Answer, ask, is_advanced
from kbtool.queries.filters import Here
from kbtool.queries.rows import Entity
from kbtool.values import NoteId, Source, Span

TODAY = date(2023, 1, 1)


class Found(NamedTuple):
    """An answer, and how its blocks begin (of pages: their keys)."""

    answer: Answer
    names: list[str]


def asked(sources: Mapping[str, str], text: str, settings: GraphSettings | None = None, **here: Any) -> Found:
    """The answer to a query about notes, asked by nobody on `TODAY` unless `here` says otherwise."""
    notes = {NoteId(path): Source(NoteId(path), source) for path, source in sources.items()}
    snapshot = Kb().snapshot(BaseFiles(notes, frozenset(), Config(), settings or GraphSettings()))
    asking = query.asking(snapshot, Here(TODAY)._replace(**here))
    made = ask(asking, text, Span(0, len(text)), complex_=is_advanced(text))
    names = [asking.rows.content(e).split("\n")[0] if e.block >= 0 else e.place for e in made.entities]
    return Found(made, names)


def answer(sources: Mapping[str, str], text: str, **here: Any) -> Answer:
    """The answer alone."""
    return asked(sources, text, **here).answer


def found(sources: Mapping[str, str], text: str, **here: Any) -> list[str]:
    """How the blocks that a query finds begin; it must have no fault."""
    made = asked(sources, text, **here)
    assert made.answer.faults == ()
    return made.names


def place(path: str, block: int) -> Entity:
    """A block."""
    return Entity(path, block)
