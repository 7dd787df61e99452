"""Check of formulas, by the converter that shows them."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.math import Converted, MathProblem, convert
from kbtool.note import Note
from kbtool.values import Diagnostic, Span


def bad_latex(note: Note, text: str) -> Iterator[Diagnostic]:
    """Formulas that cannot be shown, each at the place of its first fault."""
    known: dict[tuple[str, bool], Converted] = {}
    for formula in note.formulas:
        latex = text[formula.span.start : formula.span.end]
        asked = latex, formula.display
        if asked not in known:
            known[asked] = convert(latex, formula.display)
        found = known[asked]
        if isinstance(found, MathProblem):
            span = Span(formula.span.start + found.start, formula.span.start + found.end)
            yield Diagnostic("bad-latex", note.id, span, found.message, (), found.help)
