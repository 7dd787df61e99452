"""Checks of formulas: by the converter that shows them, and for what copying does to LaTeX."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from kbtool.checks.structure import runs
from kbtool.latex_damage import (
    DISPLAY_ONLY,
    OURS,
    OURS_IN_OTHER_WORDS,
    Doubled,
    bare_scripts,
    doubled,
    halved,
    stray_scripts,
)
from kbtool.latex_words import REWRITABLE
from kbtool.math import MathML, MathProblem, convert, knows, problems
from kbtool.note import Note
from kbtool.syntax import faults
from kbtool.syntax.tree import Emphasis, all_parts
from kbtool.values import Diagnostic, Edit, Fix, Formula, Span


class Complaint(NamedTuple):
    """What is wrong with a piece of LaTeX; edits are (start, end, text) in it."""

    rule: str
    start: int
    end: int
    said: tuple[str, str]
    edits: tuple[tuple[int, int, str], ...] = ()
    safe: bool = False


Known: TypeAlias = dict[tuple[str, bool], tuple[Complaint, ...]]
"""What is known of formulas by their LaTeX, which the notes of a base have in common."""
REMEMBERED = 50_000
"""Most formulas that are remembered; a base of 10,000 notes has fewer."""


def formulas(note: Note, text: str, known: Known) -> Iterator[Diagnostic]:
    """Formulas that cannot be shown, or show something else than was meant."""
    if len(known) > REMEMBERED:
        known.clear()
    for formula in note.formulas:
        latex = text[formula.span.start : formula.span.end]
        asked = latex, formula.display
        if asked not in known:
            known[asked] = complaints(latex, formula.display)
        for complaint in known[asked]:
            yield _diagnostic(note, formula, complaint)


def _diagnostic(note: Note, formula: Formula, found: Complaint) -> Diagnostic:
    at = formula.span.start
    edits = tuple(Edit(note.id, Span(at + start, at + end), text) for start, end, text in found.edits)
    message, advice = found.said
    fix = Fix(advice.partition(";")[0], edits, found.safe) if edits else None
    return Diagnostic(found.rule, note.id, Span(at + found.start, at + found.end), message, (), advice, fix)


def complaints(latex: str, display: bool) -> tuple[Complaint, ...]:
    """All that is wrong with a formula."""
    if len(latex) > REWRITABLE:
        return tuple(map(_of_problem, problems(latex, display)))
    found = doubled(latex)
    if found and (found := really(found)):
        return _of_doubled(latex, display, found)
    if isinstance(convert(latex, display), MathML):
        return (*_stray(latex), *_for_logseq(latex, display))
    return (*map(_of_problem, problems(latex, display)), *_stray(latex))


def really(found: tuple[Doubled, ...]) -> tuple[Doubled, ...]:
    """Those of the doubled backslashes that stand before a command."""
    known = {name: knows(name) for name in {one.name for one in found}}
    return tuple(one for one in found if known[one.name])


def _of_problem(found: MathProblem) -> Complaint:
    edits = () if found.edit is None else ((found.start, found.end, found.edit),)
    safe = found.rule == "stray-escape"
    return Complaint(found.rule, found.start, found.end, (found.message, found.help), edits, safe)


def _of_doubled(latex: str, display: bool, found: tuple[Doubled, ...]) -> tuple[Complaint, ...]:
    first = found[0]
    repaired = halved(latex, found)
    more = f", and {len(found) - 1} more in this formula" if len(found) > 1 else ""
    message = f"two backslashes before `{first.name}`{more}: LaTeX reads a line break and letters"
    shown = isinstance(convert(repaired.text, display), MathML)
    safe = shown and all(one.sure for one in found)
    end = first.start + 2 + len(first.name)
    said = (message, f"write `\\{first.name}`")
    mine = Complaint("doubled-backslash", first.start, end, said, repaired.replacements, safe)
    rest = () if shown else problems(repaired.text, display)
    return (mine, *(_moved(one, repaired.original(one.start), repaired.original(one.end)) for one in rest))


def _moved(found: MathProblem, start: int, end: int) -> Complaint:
    return Complaint(found.rule, start, max(end, start + 1), (found.message, found.help))


def _stray(latex: str) -> Iterator[Complaint]:
    for found in stray_scripts(latex):
        said = ("a backslash before `_` makes it an underscore that is shown, not an index", "write `_`")
        yield Complaint("stray-escape", found.start, found.end, said, ((found.start, found.end, found.text),), True)


def _for_logseq(latex: str, display: bool) -> Iterator[Complaint]:
    """What the site shows and Logseq does not."""
    for found in bare_scripts(latex):
        word = latex[found.start : found.end]
        said = (
            f"Logseq does not show `{word}` as an index without braces",
            f"write `{found.text}`" if found.text else "put braces around all of the index",
        )
        yield Complaint("unsupported-latex", found.start, found.end, said, (found,) if found.text else (), True)
    for match in OURS.finditer(latex) if "\\def" not in latex and "command" not in latex else ():
        said = (f"Logseq does not know `{match.group()}`", OURS_IN_OTHER_WORDS[match.group()])
        yield Complaint("unsupported-latex", *match.span(), said)
    environment = None if display else DISPLAY_ONLY.search(latex)
    if environment:
        name = environment.group(1)
        inner = name.rstrip("*").replace("equation", "split").replace("CD", "")
        inner = inner if inner in ("", "split") else f"{inner}ed"
        advice = f"write `{inner}`, or set the formula off with `$$`" if inner else "set the formula off with `$$`"
        said = (f"Logseq shows `{name}` only in a formula that is set off with `$$`", advice)
        yield Complaint("unsupported-latex", environment.start(1), environment.end(1), said)


# ---------------------------------------------------------------- inside emphasis


def emphasised_formula(note: Note, text: str) -> Iterator[Diagnostic]:
    """`**$x_1$**`: inside emphasis a formula is text."""
    if text.count("$") == sum(text.count("$", *formula.outer) for formula in note.formulas):
        return
    known: dict[str, bool] = {}
    for block in note.outline:
        if text.find("$", *block.span) >= 0:
            for part, _ in all_parts((block,)):
                for node in (node for _, nodes in runs(part) for node in nodes if isinstance(node, Emphasis)):
                    yield from (_emphasised(span, node, note, text) for span in _formulas_in(node, text, known))


def _formulas_in(node: Emphasis, text: str, known: dict[str, bool]) -> Iterator[Span]:
    for span in faults.dollars(text, node.span):
        latex = text[span.start + 1 : span.end - 1]
        if latex not in known:
            known[latex] = any(char in latex for char in "\\^_") and isinstance(convert(latex, False), MathML)
        if known[latex]:
            yield span


def _emphasised(span: Span, node: Emphasis, note: Note, text: str) -> Diagnostic:
    message = "for Logseq this is text, not a formula: it reads none inside emphasis"
    around = text[node.span.start : span.start] + text[span.end : node.span.end]
    edit = Edit(note.id, node.span, text[slice(*span)])
    fix = None if around.strip("*_~=^") else Fix("take the marks around it away", (edit,), safe=False)
    return Diagnostic("unread-formula", note.id, span, message, (), "end the emphasis before the formula", fix)
