"""What went wrong in a session, placed in its note: outcomes know only the lines of their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from kbtool.cells.library import exported
from kbtool.cells.plan import runnable
from kbtool.note import Note
from kbtool.outcomes import CellError, CellOutcome, Outcome, Output
from kbtool.patterns import regex
from kbtool.positions import LineTable, line_table
from kbtool.values import Cell, Diagnostic, Label, Span

_PLACE = regex(r'(File ")?<cell (\d{1,9})(?: of import (\d{1,9}))?>(", line |(?:: -c)?: line |:)(\d{1,9})')
"""A line of a cell, as tracebacks (`File "<cell 3>", line 2`), warnings (`<cell 3>:2:`) and bash name it; of another
note the cells are `<cell 0 of import 1>` (see `library.named_cells`)."""

_ALONE = (
    "without bubblewrap cells have no UNIX sockets and change neither modes nor times of files; `kbtool doctor` says "
    "what is missing"
)

_ADVICE: Mapping[str, str] = MappingProxyType(
    {
        "MemoryLimit": "take less at once, or allow sessions more with `kbtool run --memory SIZE`",
        "ProcessLimit": "start fewer at once, and wait for their ends; a loop may have none",
        "OutputLimit": "print less; a loop may have no end",
        "FileLimit": "write less, or take away what is not needed any more; a loop may have no end",
        "Mismatch": "correct the code or the answer; `...` stands for what may differ",
        "LaunchError": "run it where that can be had, or show what `kbtool run --record` kept there",
        "NeedsWorker": "start such a worker, or let the note ask for less",
        "WorkerLost": "see the workers' logs; the cell may have taken all memory of their machines",
        "Crash": "the cells below did not run; the process ended before Python could say why",
    }
)


def failures(note: Note, outcome: Outcome, others: Sequence[Note] = ()) -> tuple[Diagnostic, ...]:
    """A `cell-failed` for each cell of a note that failed, at the line that did, or a `needs-device`.

    `others` are the notes that it imports.
    """
    found = tuple(
        _failure(note, cell, cell.error, others)
        for cell in outcome.cells
        if cell.state == "failed" and cell.error is not None and cell.index < len(note.cells)
    )
    isolation = outcome.provenance.isolation
    if "seccomp" not in isolation or "bubblewrap" in isolation:
        return found
    return tuple(one._replace(help=_ALONE) if one.message.startswith("PermissionError: ") else one for one in found)


def _failure(note: Note, outcome: CellOutcome, error: CellError, others: Sequence[Note]) -> Diagnostic:
    first, cell = error.message.strip().split("\n", 1)[0], note.cells[outcome.index]
    if error.name == "NeedsDevice":
        message = f"the note asks for `device=cuda`: {first}"
        advice = "grant it with `--allow gpu`" if "--allow gpu" in first else "run it where there is a GPU"
        return Diagnostic("needs-device", note.id, cell.span, message, (), advice)
    message = f"{error.name}: {first}" if first else error.name
    labels = _elsewhere(outcome, others)
    return Diagnostic("cell-failed", note.id, _line(cell, error.line), message, labels, _advice(cell, error))


def _elsewhere(outcome: CellOutcome, others: Sequence[Note]) -> tuple[Label, ...]:
    """The line of another note in which an error was raised."""
    text = "".join(output.text for output in outcome.outputs if output.kind == "error")
    places = [(found[2], found[3], found[5]) for found in _PLACE.finditer(text)]
    cell, module, line = places[-1] if places else ("", None, "")
    if module is None or int(module) >= len(others):
        return ()
    other = others[int(module)]
    cells = exported(other)
    return (Label(other.id, _line(cells[int(cell)], int(line)), "raised here"),) if int(cell) < len(cells) else ()


def _line(cell: Cell, number: int) -> Span:
    """A line of a cell without its indentation; the whole cell where the line is not known."""
    lines = cell.code.split("\n")
    if not 1 <= number <= min(len(lines), len(cell.lines)):
        return cell.span
    start, text = cell.lines[number - 1], lines[number - 1]
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()))


def _advice(cell: Cell, error: CellError) -> str:
    fence = "pycon" if cell.kind == "transcript" else cell.kind
    if error.name in _ADVICE:
        return _ADVICE[error.name]
    match error.name:
        case "Timeout":
            return f"make the cell do less, or give it more seconds with `timeout=…` after ```{fence}"
        case "NotRaised":
            return f"take `raises={cell.options.raises}` away if the cell is right as it is"
        case "NeedsGrant":
            flag = "--max-output SIZE" if "output_limit" in error.message else "--max-timeout SECONDS"
            return f"ask for less, or grant more with `{flag}`"
    expected = cell.options.raises
    if cell.kind == "transcript" and not expected:
        return "if the statement is meant to fail, write its traceback below it"
    if expected:
        return f"the cell should raise `{expected}`: correct the code, or write `raises={error.name}`"
    return f"if the cell is meant to fail, write `raises={error.name}` after ```{fence}"


# ---------------------------------------------------------------- lines of the note in what a session showed


def located(outcome: Outcome, note: Note, text: str, others: Sequence[tuple[Note, str]] = ()) -> Outcome:
    """The outcome with the notes' own lines in its tracebacks and warnings, as they are in this text of the note.

    Kept outcomes say `<cell 3>, line 2`, so that an edit of prose, which moves the lines, needs no new run. `others`
    are the notes that its code imports, with their texts, in the order of `library.imported`.
    """
    if not any("<cell " in output.text for cell in outcome.cells for output in cell.outputs):
        return outcome
    sources = [_Source(note, runnable(note), line_table(text))]
    sources += (_Source(other, exported(other), line_table(its)) for other, its in others)
    return replace(outcome, note=note.id, cells=tuple(_located(cell, sources) for cell in outcome.cells))


@dataclass(frozen=True, slots=True)
class _Source:
    """A note, and those of its cells that an outcome counts."""

    note: Note
    cells: Sequence[Cell]
    table: LineTable


def _located(cell: CellOutcome, sources: Sequence[_Source]) -> CellOutcome:
    return replace(cell, outputs=tuple(_with_lines(output, sources) for output in cell.outputs))


def _with_lines(output: Output, sources: Sequence[_Source]) -> Output:
    if output.kind == "figure" or "<cell " not in output.text:
        return output

    def name(found: re.Match[str]) -> str:
        number = 0 if found[3] is None else int(found[3]) + 1
        line = _note_line(sources[number], (int(found[2]), int(found[5]))) if number < len(sources) else 0
        return f"{found[1] or ''}{sources[number].note.id}{found[4]}{line}" if line else found[0]

    return replace(output, text=_PLACE.sub(name, output.text))


def _note_line(source: _Source, place: tuple[int, int]) -> int:
    """The note's line, from 1, of a cell and a line of it; 0 when there is no such line."""
    cell, line = place
    if cell >= len(source.cells) or not 1 <= line <= len(source.cells[cell].lines):
        return 0
    return source.table.position(source.cells[cell].lines[line - 1]).line
