"""What `kbtool run` says at its end: which notes failed and why, or what the one cell that was asked for gave."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from kbtool import terminal
from kbtool.cells.failures import located
from kbtool.cells.library import Library, imported
from kbtool.cells.naming import label, spoken
from kbtool.commands import opening
from kbtool.kb import Snapshot
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.render.streams import plain_text, settled
from kbtool.render.svg import picture_of
from kbtool.report.visible import visible
from kbtool.rules import severity
from kbtool.values import Cell, Diagnostic


def failed_lines(opened: opening.Opened, found: Iterable[Diagnostic]) -> Iterator[str]:
    """A line for each note with an error: `failed: pages/a.md, cell 2 (train): NameError: …`."""
    prefix, config = opening.from_here(opened.project.base), opened.project.config
    told = set()
    for one in found:
        if one.note not in told and severity(one.rule, config) == "error":
            told.add(one.note)
            place = "".join(f", {name}" for name in [_cell_at(opened.snapshot.notes[one.note], one)] if name)
            yield visible(f"failed: {prefix}{one.note}{place}: {one.message}")


def _cell_at(note: Note, found: Diagnostic) -> str:
    """The cell in which a diagnostic stands."""
    spans = ((cell, cell.span) for cell in note.cells if not cell.options.norun)
    return next((spoken(note, cell) for cell, span in spans if span.start <= found.span.start < span.end), "")


# ---------------------------------------------------------------- one cell


def say_cell(snapshot: Snapshot, outcome: Outcome, cell: Cell) -> None:
    """Prints what a cell gave as text: to standard output, but for what it said on standard error."""
    for kind, text in _shown(snapshot, outcome, cell):
        if kind in ("stderr", "error"):
            terminal.warn(text)
        else:
            terminal.say([text])


def cell_json(snapshot: Snapshot, outcome: Outcome, cell: Cell) -> str:
    """The same as JSON."""
    state = next((one.state for one in outcome.cells if one.index == cell.number), "skipped")
    outputs = [{"kind": kind, "text": text} for kind, text in _shown(snapshot, outcome, cell)]
    name = label(snapshot.notes[outcome.note], cell)
    return json.dumps({"note": outcome.note, "cell": name, "state": state, "outputs": outputs}, ensure_ascii=False)


def _shown(snapshot: Snapshot, outcome: Outcome, cell: Cell) -> Iterator[tuple[str, str]]:
    """The outputs of a cell, with the notes' own lines in them; figures have numbers in place of a text."""
    note = snapshot.notes[outcome.note]
    modules = imported(note, Library(snapshot.notes, snapshot.names)).modules
    others = [(snapshot.notes[module.note], snapshot.text(module.note)) for module in modules]
    given = located(outcome, note, snapshot.text(note.id), others)
    figures = 0
    for output in settled(output for one in given.cells if one.index == cell.number for output in one.outputs):
        if output.kind == "figure" or (picture_of(output) and not output.text):
            figures += 1
            yield "figure", f"[figure {figures}]"
        elif text := plain_text(output.text).rstrip("\n"):
            yield output.kind, text
