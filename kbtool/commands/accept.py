"""`kbtool accept`: takes what cells with `expect` give now as what they must give from now on; runs nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from kbtool import query, terminal
from kbtool.cells import expected
from kbtool.cells.keeping import Keeper
from kbtool.cells.library import Library
from kbtool.cells.plan import runnable
from kbtool.commands import opening, targets
from kbtool.config import KbError
from kbtool.fixes import unified
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.report.visible import visible
from kbtool.values import NoteId


@dataclass(frozen=True, slots=True)
class _Change:
    """The file of a note's accepted outputs as it is and as it is to be, and how many cells that concerns."""

    note: NoteId
    old: str
    new: str
    cells: int


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    targets.add_words(parser)
    parser.add_argument("--diff", action="store_true", help="print what would change, and write nothing")


def run(options: argparse.Namespace) -> int:
    """0 when all is accepted; 1 when a note has no outcome that could be, or when --diff shows something."""
    opened, cell = targets.meant(options.notes)
    if cell is not None:
        raise KbError("outputs are accepted of whole notes\nname the note without the cell")
    asked = [note for note in query.pages(opened.snapshot) if opened.asked(note.id)]
    held = _held(opened, asked)
    unknown = [note for note in asked if _expects(note) and note.id not in held]
    changes = [one for note in asked if (one := _change(opened, note, held)) is not None]
    if options.diff:
        _show(opened, changes)
    elif changes:
        expected.write(opened.project.base, {one.note: one.new for one in changes})
    for note in unknown:
        terminal.warn(f"no outcome of {note.id} holds; run it first: " + visible(f'kbtool run "{note.name}"'))
    terminal.warn(_told(changes, "would accept" if options.diff else "accepted"))
    return int(bool(unknown or (options.diff and changes)))


def _expects(note: Note) -> bool:
    return any(cell.options.expect for cell in runnable(note))


def _held(opened: opening.Opened, asked: Sequence[Note]) -> Mapping[NoteId, Outcome]:
    """The outcomes that hold, of notes that expect something."""
    library = Library(opened.snapshot.notes, opened.snapshot.names)
    keeper = Keeper(opened.project.base, list(filter(_expects, asked)), (opened.project.config, library))
    return {note: outcome for note, outcome in keeper.held().items() if not outcome.failed}


def _change(opened: opening.Opened, note: Note, held: Mapping[NoteId, Outcome]) -> _Change | None:
    """What accepting changes for a note; None where nothing does, or nothing is known."""
    if _expects(note) and note.id not in held:
        return None
    old = expected.text_of(opened.project.base, note.id)
    found = expected.entries(note, held[note.id]) if note.id in held else {}
    new = expected.written(found)
    if old == new:
        return None
    before = _entries(old)
    cells = sum(before.get(name) != found.get(name) for name in before.keys() | found.keys())
    return _Change(note.id, old, new, max(1, cells))


def _entries(text: str) -> expected.Entries:
    """What was accepted before; nothing where the file is none of ours, which is then written anew."""
    try:
        return expected.read(text) if text else {}
    except expected.BROKEN:
        return {}


def _show(opened: opening.Opened, changes: Sequence[_Change]) -> None:
    prefix = opening.from_here(opened.project.base)
    for one in changes:
        terminal.say_patch(unified(one.old, one.new, visible(prefix + expected.place(one.note))))


def _told(changes: Sequence[_Change], what: str) -> str:
    cells = sum(one.cells for one in changes)
    if not changes:
        return "nothing to accept"
    return f"{what} {' in '.join(_counted(cells, len(changes)))}"


def _counted(cells: int, notes: int) -> Iterator[str]:
    yield f"{cells:,} cell{'' if cells == 1 else 's'}"
    yield f"{notes:,} note{'' if notes == 1 else 's'}"
