"""Diagnostics of outputs that are others than they were: in a second run, than what is kept, than what was accepted.

Cells are told apart by the numbers that they have in the note (see `keeping.Keeper.placed`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from shlex import quote

from kbtool.cells.comparing import Difference, Measure, Part, difference, line_by_line, parts, within
from kbtool.cells.naming import label
from kbtool.cells.plan import runnable
from kbtool.cells.tolerance import FLOOR, Tolerance, read_tolerance
from kbtool.note import Note
from kbtool.outcomes import CellOutcome, Outcome
from kbtool.values import Cell, Diagnostic

_NOISE = Tolerance(1e-6, FLOOR)
"""Differences of numbers that say nothing: threads and machines add up in another order."""
_AGAIN = "the code, or what it computes with, gives something else now; kbtool run --twice tells whether it always does"


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


def drifted(note: Note, kept: Outcome, again: Outcome) -> tuple[Diagnostic, ...]:
    """A `result-drift` for each cell that gives something else than it did, but for `volatile` ones and noise."""
    return tuple(
        _complaint("result-drift", (note, cell), (f"{found.what} is not as it was when it was kept", found), _AGAIN)
        for cell, found in _different(note, (kept, again), _tolerant, ("kept", "now"))
    )


def unexpected(
    note: Note, given: Mapping[str, tuple[Part, ...]], accepted: Mapping[str, tuple[Part, ...]]
) -> tuple[Diagnostic, ...]:
    """A `result-drift` for each cell with `expect` whose outputs are not the accepted ones, else a `not-accepted`.

    Cells are called by name or number here; one that gave nothing, because it failed, is left out.
    """
    found = []
    for cell in runnable(note):
        name = label(note, cell)
        if not cell.options.expect or name not in given:
            continue
        if name not in accepted:
            message, advice = "what the cell gives has not been accepted yet", f"if it is right: {_accept(note, name)}"
            found.append(Diagnostic("not-accepted", note.id, cell.language, message, (), advice))
        elif one := changed(cell, accepted[name], given[name]):
            said, advice = (
                f"{one.what} is not as it was accepted",
                f"if it is right as it is now: {_accept(note, name)}",
            )
            found.append(_complaint("result-drift", (note, cell), (said, one), advice))
    return tuple(found)


def changed(cell: Cell, accepted: Iterable[Part], given: Iterable[Part]) -> Difference | None:
    """How what a cell gives is not as it was accepted; None where it is, or nearly so."""
    return difference(accepted, given, _tolerant(cell), ("accepted", "now"))


def _accept(note: Note, cell: str) -> str:
    return f"kbtool accept {quote(f'{note.name}#{cell}')}"


def _tolerant(cell: Cell) -> Measure:
    """How outputs of a cell are compared over time."""
    asked = cell.options.expect
    return within(read_tolerance(asked) if asked else _NOISE)


def _different(
    note: Note, runs: tuple[Outcome, Outcome], how: Callable[[Cell], Measure], names: tuple[str, str]
) -> Iterator[tuple[Cell, Difference]]:
    others = {one.index: one for one in runs[1].cells}
    cells = {cell.number: cell for cell in note.cells if not cell.options.volatile}
    for one in runs[0].cells:
        if one.index in cells and one.index in others:
            cell = cells[one.index]
            found = difference(_stated(one), _stated(others[one.index]), how(cell), names)
            if found:
                yield cell, found


def _stated(cell: CellOutcome) -> tuple[Part, ...]:
    return (Part("state", "", (cell.state,)), *parts(cell))


def _complaint(rule: str, place: tuple[Note, Cell], said: tuple[str, Difference], advice: str) -> Diagnostic:
    (note, cell), (message, found) = place, said
    return Diagnostic(rule, note.id, cell.language, message, (), "\n".join([*found.diff, advice]))


def _fence(cell: Cell) -> str:
    return "pycon" if cell.kind == "transcript" else cell.kind
