"""Checks of formulas: by the converter that shows them, and of those that Logseq does not take for formulas."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from kbtool.math import Converted, MathProblem, convert
from kbtool.note import Note
from kbtool.syntax.tree import Container, Escape, Inline, Part, Prose, Quote
from kbtool.values import Diagnostic, Edit, Fix, Span


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


# ---------------------------------------------------------------- `$ x$`, which is text


def unread_formula(note: Note, text: str) -> Iterator[Diagnostic]:
    """`$\\frac12 $`: for Logseq no formula, because of the space inside a dollar sign."""
    for block in note.outline:
        for prose in _prose(block.parts):
            # The backslash of its commands, which outside of formulas are escapes, tells a formula from a price.
            escapes = [one for one in prose.inlines if isinstance(one, Escape) and text[one.span.start + 1].isalpha()]
            spans = dict.fromkeys(_around(escape, prose.inlines, text) for escape in escapes)
            yield from (_unread(span, note, text) for span in spans if span)


def _prose(parts: tuple[Part, ...]) -> Iterator[Prose]:
    for part in parts:
        match part:
            case Prose():
                yield part
            case Quote() | Container():
                yield from _prose(part.parts)


def _around(escape: Escape, inlines: tuple[Inline, ...], text: str) -> Span | None:
    """From dollar sign to dollar sign around an escape on its line, where a space stands inside one of them."""
    line_end = text.find("\n", escape.span.end)
    start = text.rfind("$", text.rfind("\n", 0, escape.span.start) + 1, escape.span.start)
    end = text.find("$", escape.span.end, line_end if line_end >= 0 else len(text))
    if start < 0 or end < 0 or _inside(inlines, start) or _inside(inlines, end):
        return None
    return Span(start, end + 1) if text[start + 1].isspace() or text[end - 1].isspace() else None


def _inside(inlines: tuple[Inline, ...], place: int) -> bool:
    """Whether a place lies in one of the nodes, which stand in order."""
    at = bisect_right(inlines, place, key=lambda one: one.span.start) - 1
    return at >= 0 and place < inlines[at].span.end


def _unread(span: Span, note: Note, text: str) -> Diagnostic:
    inside = text[span.start + 1 : span.end - 1].strip()
    fix = Fix("remove the space", (Edit(note.id, span, f"${inside}$"),), safe=False)
    message = "for Logseq this is text, not a formula: a space stands inside its `$`"
    return Diagnostic("bad-latex", note.id, span, message, (), f"write `${inside}$`", fix)
