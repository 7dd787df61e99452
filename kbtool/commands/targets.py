"""What the words after `run` and `accept` mean: files and folders, pages by their names, one cell of a note."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from kbtool import disk, query
from kbtool import names as spelling
from kbtool.cells.naming import called, label
from kbtool.cells.plan import runnable
from kbtool.commands import changes, opening
from kbtool.config import KbError
from kbtool.disk import Selection
from kbtool.kb import Snapshot
from kbtool.note import Note
from kbtool.suggest import nearest, vocabulary
from kbtool.values import Cell, NoteId


class Meant(NamedTuple):
    """A base with the notes of it that were asked for, and the cell of the only one, if one was."""

    opened: opening.Opened
    cell: Cell | None = None


class _Word(NamedTuple):
    """A word: a path, or else a page's name, and what stands behind its `#`."""

    text: str
    is_path: bool
    cell: str = ""


def add_words(parser: argparse.ArgumentParser, more: str = "") -> None:
    """The `[NOTE…]` of a command; `more` is what else it may be."""
    said = f"a folder of a graph, or notes by path, page name or alias{more}; without it the base around"
    parser.add_argument("notes", metavar="NOTE", nargs="*", help=said)


def meant(words: Sequence[str]) -> Meant:
    """What words mean; what is neither a file nor a page is a KbError."""
    read = [_read(word) for word in words]
    opened = opening.open_selection(_selection(read))
    if not all(word.is_path and not word.cell for word in read):
        found = [_found(opened, word) for word in read]
        opened = opened._replace(selected=frozenset(note.id for note, _ in found))
        cells = [(note, cell) for note, cell in found if cell]
        if cells and len(found) > 1:
            raise KbError(f"cell `{cells[0][1]}` of {cells[0][0].id}: one cell at a time\nname it alone")
        if cells:
            return Meant(opened, _cell(*cells[0]))
    return Meant(opened)


def only_changed(opened: opening.Opened, revision: str, importers: bool) -> opening.Opened:
    """The same base with the notes that differ from a revision, and with those that import them, if wanted."""
    known = [note.id for note in query.pages(opened.snapshot)]
    changed = changes.changed(opened.project.base, revision)
    found = {note for note in known if note in changed}
    if importers:
        found |= query.importing(opened.snapshot, found)
    return opened._replace(selected=frozenset(filter(opened.asked, found)))


# ---------------------------------------------------------------- words


def _read(text: str) -> _Word:
    if Path(text).exists():
        return _Word(text, True)
    path, _, cell = text.rpartition("#")
    return _Word(path, True, cell) if cell and path and Path(path).is_file() else _Word(text, False)


def _selection(words: Sequence[_Word]) -> Selection:
    """The base that paths mean; without one that around, in which names are looked up."""
    paths = [Path(word.text) for word in words if word.is_path]
    if paths or not words:
        return disk.select(paths)
    try:
        return disk.select([])
    except KbError:
        raise KbError(
            f"{words[0].text}: no such file or folder\n"
            "a page's name is looked up in the base of the nearest mkdocs.yml upward, and there is none"
        ) from None


def _found(opened: opening.Opened, word: _Word) -> tuple[Note, str]:
    """The note that a word means, and what it says of a cell."""
    if word.is_path:
        path, base = Path(word.text).resolve(), opened.project.base
        inside = path.relative_to(base).as_posix() if path.is_relative_to(base) else ""
        note = opened.snapshot.notes.get(NoteId(inside))
        if note is None:
            raise KbError(f"{word.text}: no note; beside pages and cells only notes can be named")
        return note, word.cell
    name, _, cell = word.text.rpartition("#")
    for page, rest in ((word.text, ""), (name, cell)):
        notes = query.named(opened.snapshot, page.removeprefix("[[").removesuffix("]]")) if page else ()
        if len(notes) > 1:
            raise KbError(f"{page}: {', '.join(notes)} have this name\nname one of them by its path")
        if notes:
            return opened.snapshot.notes[notes[0]], rest
    raise KbError(f"{word.text}: no such file, and no page of this name{_meant_name(opened.snapshot, word.text)}")


def _meant_name(snapshot: Snapshot, text: str) -> str:
    for page in (text, text.rpartition("#")[0]):
        near = nearest(spelling.key(page), vocabulary(snapshot.names.pages)) if page else None
        if near:
            return f"\ndid you mean «{snapshot.names.spelled.get(near.word, near.word)}»?"
    return ""


def _cell(note: Note, word: str) -> Cell:
    cell = called(note, word)
    if cell is None:
        known = ", ".join(label(note, one) for one in runnable(note))
        raise KbError(
            f"{note.id} has no cell `{word}` that runs\nits cells are: {known}"
            if known
            else f"{note.id} has no cell that runs"
        )
    return cell
