"""What the rest of a base needs to know of a note: what it defines and mentions, without its text and its tree.

A note's facts are small and plain, so that they travel between processes and are kept between runs; all that is
checked between notes is checked on them.
"""

from __future__ import annotations

from typing import NamedTuple

from kbtool.note import Note
from kbtool.values import Definition, Name, NoteId, Reference


class Facts(NamedTuple):
    """A note as the others see it; fields as in `Note`. `asks` are names with the start and end of their spans."""

    id: NoteId
    name: Name
    journal: int | None
    defines: tuple[Definition, ...]
    refers: tuple[Reference, ...]
    asks: tuple[tuple[str, int, int], ...] = ()


def facts(note: Note) -> Facts:
    """The facts of a note."""
    asks = tuple((asked.name, *asked.span) for asked in note.asks)
    return Facts(note.id, note.name, note.journal, note.defines, note.refers, asks)
