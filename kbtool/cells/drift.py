"""Diagnostics of outputs that are others than they were: in a second run, than what is kept, than what was accepted.

Cells are told apart by the numbers that they have in the note (see `keeping.Keeper.placed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kbtool.cells.comparing import Difference, Part, Same, difference, line_by_line, parts
from kbtool.note import Note
from kbtool.outcomes import CellOutcome, Outcome
from kbtool.values import Cell, Diagnostic


def not_deterministic(note: Note, first: Outcome, second: Outcome) -> tuple[Diagnostic, ...]:
    """A `not-deterministic` for each cell that gave something else the second time, but for `volatile` ones."""
    return tuple(
        _complaint(
            "not-deterministic",
            (note, cell),
            (f"{found.what} came out otherwise when the cell ran again", found),
            "make it give the same each time, or write `volatile` after ```" + _fence(cell),
        )
        for cell, found in _different(note, (first, second), lambda _: line_by_line, ("first run", "second run"))
    )


def _different(
    note: Note, runs: tuple[Outcome, Outcome], same: Callable[[Cell], Same], names: tuple[str, str]
) -> Iterator[tuple[Cell, Difference]]:
    others = {one.index: one for one in runs[1].cells}
    cells = {cell.number: cell for cell in note.cells if not cell.options.volatile}
    for one in runs[0].cells:
        if one.index in cells and one.index in others:
            cell = cells[one.index]
            found = difference(_stated(one), _stated(others[one.index]), same(cell), names)
            if found:
                yield cell, found


def _stated(cell: CellOutcome) -> tuple[Part, ...]:
    return (Part("state", "", (cell.state,)), *parts(cell))


def _complaint(rule: str, place: tuple[Note, Cell], said: tuple[str, Difference], advice: str) -> Diagnostic:
    (note, cell), (message, found) = place, said
    return Diagnostic(rule, note.id, cell.language, message, (), "\n".join([*found.diff, advice]))


def _fence(cell: Cell) -> str:
    return "pycon" if cell.kind == "transcript" else cell.kind
