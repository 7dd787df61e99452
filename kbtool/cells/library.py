"""What a session imports from other notes: their `export` cells, as modules in the order of first need. Pure.

Neither the notes' names nor the places of their cells are in it where they could decide an outcome: modules are told
apart by number, and which of them a name in the code means is said beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from kbtool.graph import Names
from kbtool.imports import imported_note
from kbtool.note import Note
from kbtool.python_source import python_text, runs
from kbtool.values import Cell, CodeImport, NoteId


@dataclass(frozen=True, slots=True)
class Library:
    """The notes of a base and their names, from which code can import."""

    notes: Mapping[NoteId, Note]
    names: Names


@dataclass(frozen=True, slots=True)
class Module:
    """The code of a note's `export` cells; `name` is as the importing code has it."""

    note: NoteId
    name: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Imported:
    """The modules that a session may import, and for each way in which its code names one the module's number."""

    modules: tuple[Module, ...] = ()
    meant: tuple[tuple[Literal["page", "module"], str, int], ...] = ()


NOTHING = Imported()


def imported(note: Note, library: Library) -> Imported:
    """What the code of a note imports, by way of other notes, too; what leads nowhere is left out."""
    modules: dict[NoteId, Module] = {}
    meant: dict[tuple[Literal["page", "module"], str], NoteId] = {}
    waiting: list[Iterable[CodeImport]] = [note.imports] if note.imports else []
    for imports in waiting:  # grows meanwhile
        for one in imports:
            other = imported_note(one, library.names)
            cells = exported(library.notes[other]) if other is not None else ()
            if other is None or not cells:
                continue
            meant[one.how, one.name] = other
            if other not in modules:
                modules[other] = Module(other, one.name, tuple(python_text(cell.code) for cell in cells))
                waiting.append(inner for inner in library.notes[other].imports if inner.exported)
    numbers = {other: number for number, other in enumerate(modules)}
    places = sorted((how, name, numbers[other]) for (how, name), other in meant.items())
    return Imported(tuple(modules.values()), tuple(places))


def exported(note: Note) -> tuple[Cell, ...]:
    """The cells that a note gives to the code of others."""
    return tuple(cell for cell in note.cells if cell.options.export and runs(cell))


def named_cells(found: Imported) -> Iterator[tuple[Module, list[tuple[str, str]]]]:
    """The modules, each with its cells' code under the names that it has in a session and its outcome.

    Those are numbers, so that a kept outcome holds wherever the cells stand; `failures` puts the note's lines there.
    """
    for number, module in enumerate(found.modules):
        yield module, [(f"<cell {at} of import {number}>", code) for at, code in enumerate(module.codes)]
