"""`kbtool accept`: takes what cells with `expect` give now as what they must give from now on; runs nothing."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from shlex import quote
from typing import NamedTuple

from kbtool import disk, query, terminal
from kbtool.cells import expected
from kbtool.cells.comparing import Part
from kbtool.cells.drift import changed
from kbtool.cells.keeping import Keeper
from kbtool.cells.library import Library
from kbtool.cells.naming import label
from kbtool.cells.plan import runnable
from kbtool.cells.results import results
from kbtool.commands import opening, targets
from kbtool.config import KbError
from kbtool.fixes import unified
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.report.visible import visible
from kbtool.values import Cell, NoteId

_LINES = 4
"""Lines of a difference that are shown of a cell."""


class _Change(NamedTuple):
    """What accepting does to a note: what becomes of each cell, and files as they are to be, with nothing if gone."""

    note: Note
    cells: Mapping[str, tuple[str, ...]]
    files: Mapping[NoteId, bytes]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    targets.add_words(parser, ", or one cell as NOTE#name or NOTE#number")
    parser.add_argument("--diff", action="store_true", help="print what would change, and write nothing")


def run(options: argparse.Namespace) -> int:
    """0 when all is accepted; 1 when a note has no outcome that could be, or when --diff shows something."""
    opened, cell = targets.meant(options.notes)
    asked = [note for note in query.pages(opened.snapshot) if opened.asked(note.id)]
    if cell is not None and not cell.options.expect:
        raise KbError(f"cell `{label(asked[0], cell)}` of {asked[0].id} expects nothing\nwrite `expect` after ```")
    held = _held(opened, asked)
    unknown = [note for note in asked if _expects(note) and note.id not in held]
    changes = [one for note in asked if (one := _change(opened, note, (held.get(note.id), cell))) is not None]
    if options.diff:
        _show(opened, changes)
    else:
        expected.write(opened.project.base, {path: content for one in changes for path, content in one.files.items()})
    for line in _told(changes):
        terminal.warn(visible(line))
    for note in unknown:
        terminal.warn(visible(f"no outcome of {note.id} holds; run it first: kbtool run {quote(note.name)}"))
    terminal.warn(visible(_summary(opened, changes, options.diff)))
    return int(bool(unknown or (options.diff and changes)))


def _expects(note: Note) -> bool:
    return any(cell.options.expect for cell in runnable(note))


def _held(opened: opening.Opened, asked: Sequence[Note]) -> Mapping[NoteId, Outcome]:
    """The outcomes that hold, of notes that expect something: those of this machine, else recorded ones."""
    library = Library(opened.snapshot.notes, opened.snapshot.names)
    keeper = Keeper(opened.project.base, list(filter(_expects, asked)), (opened.project.config, library))
    shown = results(keeper, {note: outcome for note, outcome in keeper.held().items() if not outcome.failed})
    return {note: one.outcome for note, one in shown.items() if one.outcome is not None}


# ---------------------------------------------------------------- what changes


def _change(opened: opening.Opened, note: Note, given: tuple[Outcome | None, Cell | None]) -> _Change | None:
    """What accepting changes for a note, or for one cell of it; None where nothing does, or nothing is known."""
    outcome, only = given
    if outcome is None and _expects(note):
        return None
    there = expected.present(opened.project.base, note.id)
    before = _entries(note.id, there)
    found = expected.entries(note, outcome) if outcome else {}
    cells = {label(note, cell): cell for cell in runnable(note) if only is None or cell is only}
    said = {name: told for name, cell in cells.items() if (told := _became(cell, before.get(name), found.get(name)))}
    if only is None:
        said |= dict.fromkeys(before.keys() - found.keys(), ("no longer expected",))
    # What is as accepted, or nearly so, stays as it stands there: a diff shows what somebody has to look at.
    new = {name: found.get(name) if name in said else before[name] for name in before.keys() | said.keys()}
    files = expected.files(note.id, {name: parts for name, parts in new.items() if parts is not None})
    other = {path: files.get(path, b"") for path in there.keys() | files.keys() if there.get(path) != files.get(path)}
    return _Change(note, {name: said[name] for name in _in_order(said)}, other) if other else None


def _in_order(names: Mapping[str, object]) -> list[str]:
    return sorted(names, key=lambda name: (name.isdigit(), int(name) if name.isdigit() else 0, name))


def _entries(note: NoteId, there: Mapping[NoteId, bytes]) -> expected.Entries:
    """What was accepted before; nothing where the files are none of ours, which are then written anew."""
    try:
        return expected.read(note, there)
    except expected.BROKEN:
        return {}


def _became(cell: Cell, before: tuple[Part, ...] | None, found: tuple[Part, ...] | None) -> tuple[str, ...]:
    """What is said of a cell whose accepted outputs change."""
    if found is None:
        return ()
    if before is None:
        return (f"new: {', '.join(dict.fromkeys(part.spoken for part in found)) or 'no outputs'}",)
    other = changed(cell, before, found)
    if other is None:
        return ()
    lines = [line for line in other.diff if not line.startswith(("--- ", "+++ "))]
    more = ("…",) if len(lines) > _LINES else ()
    return (f"{other.what} is another one", *lines[:_LINES], *more)


# ---------------------------------------------------------------- what is said


def _show(opened: opening.Opened, changes: Sequence[_Change]) -> None:
    """The files as patches; of figures names alone, because what is other in them is told beside."""
    prefix = opening.from_here(opened.project.base)
    for one in changes:
        there = expected.present(opened.project.base, one.note.id)
        for path in sorted(one.files, key=lambda path: not path.endswith(".json")):
            name, texts = visible(prefix + path), (there.get(path, b""), one.files[path])
            if path.endswith(".json"):
                old, new = (text.decode(errors="replace") for text in texts)
                terminal.say_patch(unified(old, new, name))
            else:
                terminal.say([f"figure {'written' if not texts[0] else 'changed' if texts[1] else 'removed'}: {name}"])


def _told(changes: Sequence[_Change]) -> Iterator[str]:
    for one in changes:
        for name, (first, *rest) in one.cells.items():
            yield f"{one.note.id}#{name}: {first}"
            yield from (f"    {line}" for line in rest)


def _summary(opened: opening.Opened, changes: Sequence[_Change], only_shown: bool) -> str:
    if not changes:
        return "nothing to accept"
    cells = sum(len(one.cells) for one in changes)
    said = f"{_counted(cells, 'cell')} in {_counted(len(changes), 'note')}"
    if only_shown:
        return f"would accept {said}"
    paths = [path for one in changes for path in one.files]
    folder = disk.shown(opened.project.base / expected.FOLDER)
    return f"accepted {said}: {_counted(len(paths), 'file')} in {folder}, to be committed with the notes"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
