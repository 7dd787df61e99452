"""What the rest of a base needs to know of a note: what it defines and mentions, without its text and its tree.

A note's facts are small and plain, so that they travel between processes and are kept between runs; all that is
checked between notes is checked on them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

from kbtool.asides import Embedded, Keyed, Labelled, Lost
from kbtool.note import Note
from kbtool.packed import whole
from kbtool.values import Definition, Name, NoteId, Reference

NOTHING_GIVEN = ((), (), False)


class Facts(NamedTuple):
    """A note as the others see it; fields as in `Note`, then those of its `Asides`, and its suppressions.

    `asks` are names with the start and end of their spans; `blank` is a page of empty bullets, as Logseq leaves them
    behind; `imports` are the fields of `CodeImport`s. `shows` are the values that it shows: page, cell, name, start and
    end of its span, and whether Logseq counts the page as a reference; `gives` is what its own code gives (see
    `python_given.Given`). What is more than named tuples must be plain.
    """

    id: NoteId
    name: Name
    journal: int | None
    defines: Sequence[Definition]
    refers: Sequence[Reference]
    lost: tuple[Lost, ...] = ()
    labels: tuple[Labelled, ...] = ()
    embeds: tuple[Embedded, ...] = ()
    files: tuple[str, ...] = ()
    leads: bool = False
    keys: tuple[Keyed, ...] = ()
    suppressions: tuple[tuple[Any, ...], ...] = ()
    asks: tuple[tuple[str, int, int], ...] = ()
    blank: bool = False
    imports: tuple[tuple[Any, ...], ...] = ()
    offers: tuple[str, ...] | None = None
    shows: tuple[tuple[str, str, str, int, int, bool], ...] = ()
    gives: tuple[tuple[tuple[str, int], ...], tuple[tuple[str, int], ...], bool] = NOTHING_GIVEN


class Uses(NamedTuple):
    """What of the base a note uses, each once: what the checks of a base as a whole need of all notes.

    `keys` are those of its references, `own` those among them that are its own, `assets` those that are paths; `files`
    and `asks` are as in `Facts`. `filed` says that the page's own properties mention something.
    """

    keys: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    asks: tuple[tuple[str, int, int], ...] = ()
    filed: bool = False


class Used(NamedTuple):
    """The same of all notes: how many mention each key, and the rest by note, of those that have some."""

    counts: Mapping[str, int]
    own: Mapping[NoteId, tuple[str, ...]]
    assets: Mapping[NoteId, tuple[str, ...]]
    files: Mapping[NoteId, tuple[str, ...]]
    asks: Mapping[NoteId, tuple[tuple[str, int, int], ...]]
    filed: Mapping[NoteId, bool]


NOTHING_USED = Used({}, {}, {}, {}, {}, {})


def facts(note: Note) -> Facts:
    """The facts of a note."""
    silenced = tuple(map(tuple, note.suppressions))
    asks = tuple((asked.name, *asked.span) for asked in note.asks)
    blank = not any(block.parts or block.properties for block in note.outline)
    made = Facts(note.id, note.name, note.journal, note.defines, note.refers, *note.asides, silenced, asks, blank)
    if not note.quotes and not note.cells:
        return made
    code = made._replace(imports=tuple(map(tuple, note.imports)), offers=note.offers)
    shows = tuple((*one.wanted[:3], *one.span, one.linked) for one in note.quotes)
    return code._replace(shows=shows, gives=_given(note))


def _given(note: Note) -> tuple[Any, Any, bool]:
    from kbtool.python_given import given  # only notes with code import what reads it

    names, cells, unsure = given(note.cells)
    return names, cells, unsure


def uses(note: Facts) -> Uses:
    """What a note uses of the base."""
    keys = {one.key: None for one in note.refers}
    own = {one.key: None for one in note.defines if one.key in keys}
    assets = {one.key: None for one in note.refers if one.kind == "asset"}
    filed = any(one.property and one.block == 0 for one in note.refers)
    return Uses(tuple(keys), tuple(own), tuple(assets), note.files, note.asks, filed)


def used(old: Used, gone: Iterable[tuple[NoteId, Uses]], come: Iterable[tuple[NoteId, Uses]]) -> Used:
    """What all notes use, after some of them are gone and others have come; a note that changed is among both."""
    tables: list[dict[Any, Any]] = [dict(whole(table)) for table in cast(tuple[Mapping[Any, Any], ...], old)]
    counts = tables.pop(0)
    for note, one in gone:
        for key in one.keys:
            counts[key] -= 1
            if not counts[key]:
                del counts[key]
        for table in tables:
            table.pop(note, None)
    for note, one in come:
        for key in one.keys:
            counts[key] = counts.get(key, 0) + 1
        for table, value in zip(tables, one[1:], strict=True):
            if value:
                table[note] = value
    return Used(counts, *tables)
