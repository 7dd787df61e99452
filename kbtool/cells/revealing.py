"""What the results of code give away: credentials, and what names a machine or its user. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.cells.secrets import Private, as_seen, findings, given_away, told
from kbtool.note import Note
from kbtool.outcomes import CellOutcome, Outcome
from kbtool.values import Diagnostic, Span

_TAKE_OUT = "take it out of the note, and have a new one made if others may have seen it"
_PNG = "iVBORw0KGgo"
"""How a PNG begins in base64, in which words mean nothing."""


def texts(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """All that a result shows, with the place where a person finds it."""
    for number, cell in enumerate(outcome.cells, 1):
        yield from _of_cell(number, cell)


def is_words(text: str) -> bool:
    """Whether a text is one that says something, and no picture."""
    return not text.startswith(_PNG)


def revealing(note: Note, outcome: Outcome, private: Private) -> Iterator[Diagnostic]:
    """A `secret` or a `revealing-output` for each thing that a page would give away, at its cell."""
    cells = {cell.number: cell.language for cell in note.cells}
    for number, given in enumerate(outcome.cells, 1):
        if given.index not in cells:
            continue
        known = set()
        for place, text in _of_cell(number, given):
            grave = set(told(text, private)) if is_words(text) else set()
            for what in findings(text, private) if is_words(text) else ():
                if what in known:
                    continue
                known.add(what)
                rule = "secret" if what in grave else "revealing-output"
                advice = "print less, or take it out of what the code can see"
                message = f"{place} has {what}, and results are published"
                yield Diagnostic(rule, note.id, cells[given.index], message, (), advice)


def revealing_text(note: Note, text: str, private: Private) -> Iterator[Diagnostic]:
    """A `secret` for each secret of this machine in a note; those that are known by their forms `check` finds."""
    for what, start, end in given_away(text, private):
        yield Diagnostic("secret", note.id, Span(start, end), f"the note has {what}, and is published", (), _TAKE_OUT)


def _of_cell(number: int, cell: CellOutcome) -> Iterator[tuple[str, str]]:
    """What a cell shows, as it was said and, where that is something else, as a page shows it."""
    for place, text in _said(number, cell):
        yield place, text
        if is_words(text) and (seen := as_seen(text)) != text:
            yield place, seen


def _said(number: int, cell: CellOutcome) -> Iterator[tuple[str, str]]:
    for at, output in enumerate(cell.outputs, 1):
        place = f"output {at} of cell {number} ({output.kind})"
        yield from ((place, content) for content in (output.text, *(content for _, content in output.data)))
    yield from ((f"the value `{name}` of cell {number}", f"{name} = {text}") for name, text, _ in cell.values)
    if cell.error:
        yield f"the error of cell {number}", cell.error.message
