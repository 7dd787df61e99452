"""What went wrong in a session, placed in its note: outcomes know only the lines of their cells."""

from __future__ import annotations

import re
from dataclasses import replace

from kbtool.note import Note
from kbtool.outcomes import CellError, CellOutcome, Outcome, Output
from kbtool.patterns import regex
from kbtool.positions import LineTable, line_table
from kbtool.values import Cell, Diagnostic, Span

_PLACE = regex(r'(File ")?<cell (\d{1,9})>(", line |:)(\d{1,9})')
"""A line of a cell, as tracebacks (`File "<cell 3>", line 2`) and warnings (`<cell 3>:2:`) name it."""


def failures(note: Note, outcome: Outcome) -> tuple[Diagnostic, ...]:
    """A `cell-failed` for each cell of a note that failed, at the line that did."""
    return tuple(
        _failure(note, note.cells[cell.index], cell.error)
        for cell in outcome.cells
        if cell.state == "failed" and cell.error is not None and cell.index < len(note.cells)
    )


def _failure(note: Note, cell: Cell, error: CellError) -> Diagnostic:
    first = error.message.strip().split("\n", 1)[0]
    message = f"{error.name}: {first}" if first else error.name
    return Diagnostic("cell-failed", note.id, _line(cell, error.line), message, (), _advice(cell, error))


def _line(cell: Cell, number: int) -> Span:
    """A line of a cell without its indentation; the whole cell where the line is not known."""
    lines = cell.code.split("\n")
    if not 1 <= number <= min(len(lines), len(cell.lines)):
        return cell.span
    start, text = cell.lines[number - 1], lines[number - 1]
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def _advice(cell: Cell, error: CellError) -> str:
    match error.name:
        case "Timeout":
            return "make the cell do less, or give it more seconds with `timeout=…` after ```python"
        case "NotRaised":
            return f"take `raises={cell.options.raises}` away if the cell is right as it is"
        case "OutputLimit":
            return "print less; a loop may have no end"
        case "Crash":
            return "the cells below did not run; the process ended before Python could say why"
    expected = cell.options.raises
    if expected:
        return f"the cell should raise `{expected}`: correct the code, or write `raises={error.name}`"
    return f"if the cell is meant to fail, write `raises={error.name}` after ```python"


# ---------------------------------------------------------------- lines of the note in what a session showed


def located(outcome: Outcome, note: Note, text: str) -> Outcome:
    """The outcome with the note's own lines in its tracebacks and warnings, as they are in this text of the note.

    Kept outcomes say `<cell 3>, line 2`, so that an edit of prose, which moves the lines, needs no new run.
    """
    if not any("<cell " in output.text for cell in outcome.cells for output in cell.outputs):
        return outcome
    table = line_table(text)
    return replace(outcome, note=note.id, cells=tuple(_located(cell, note, table) for cell in outcome.cells))


def _located(cell: CellOutcome, note: Note, table: LineTable) -> CellOutcome:
    return replace(cell, outputs=tuple(_with_lines(output, note, table) for output in cell.outputs))


def _with_lines(output: Output, note: Note, table: LineTable) -> Output:
    if output.kind == "figure" or "<cell " not in output.text:
        return output

    def name(found: re.Match[str]) -> str:
        line = _note_line(note, table, (int(found[2]), int(found[4])))
        return f"{found[1] or ''}{note.id}{found[3]}{line}" if line else found[0]

    return replace(output, text=_PLACE.sub(name, output.text))


def _note_line(note: Note, table: LineTable, place: tuple[int, int]) -> int:
    """The note's line, from 1, of a cell and a line of it; 0 when there is no such line."""
    cell, line = place
    if cell >= len(note.cells) or not 1 <= line <= len(note.cells[cell].lines):
        return 0
    return table.position(note.cells[cell].lines[line - 1]).line
