"""What people call a cell: by its `name=`, or by its number among the cells of its note that run, from 1."""

from __future__ import annotations

from kbtool.cells.plan import runnable
from kbtool.note import Note
from kbtool.values import Cell


def label(note: Note, cell: Cell) -> str:
    """The name of a cell, or its number where it has none."""
    return cell.options.name or str(runnable(note).index(cell) + 1)


def spoken(note: Note, cell: Cell) -> str:
    """A cell in a sentence: `cell 2 (train)`."""
    name = f" ({cell.options.name})" if cell.options.name else ""
    return f"cell {runnable(note).index(cell) + 1}{name}"


def called(note: Note, word: str) -> Cell | None:
    """The cell that a name or a number means."""
    cells = runnable(note)
    if word.isascii() and word.isdigit() and len(word) < 9:
        return cells[int(word) - 1] if 1 <= int(word) <= len(cells) else None
    return next((cell for cell in cells if cell.options.name == word), None)
