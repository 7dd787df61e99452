"""Check of values in prose: that the note, the cell and the name that `{{val …}}` asks for are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from kbtool import names
from kbtool.checks.context import CheckContext
from kbtool.facts import Facts
from kbtool.graph import Ambiguous, Missing, ToNote, page_target
from kbtool.suggest import closest, did_you_mean
from kbtool.syntax.val import Wanted
from kbtool.values import Diagnostic, NoteId, Span

if TYPE_CHECKING:
    from kbtool.python_given import Given

_RULE = "bad-value"


def bad_value(context: CheckContext) -> Iterator[Diagnostic]:
    """Values that no run of the code can give."""
    known: dict[Wanted, tuple[str, str] | None] = {}
    read: dict[NoteId, Given] = {}
    for page, cell, name, start, end, linked in context.note.shows:
        wanted = Wanted(page, cell, name, "")
        owner = _owner(context, page)
        if owner is None and linked:
            continue  # of a link that leads nowhere another rule speaks
        if wanted not in known:
            known[wanted] = _of_code(_given(owner, read), wanted) if owner is not None else _no_page(context, page)
        if said := known[wanted]:
            message, advice = said
            yield context.diagnostic(_RULE, Span(start, end), message, advice)


def _owner(context: CheckContext, page: str) -> Facts | None:
    if not page:
        return context.note
    target = page_target(names.key(page), context.base.names)
    known: NoteId | None = target.note if isinstance(target, ToNote | Ambiguous) else None
    return context.base.notes.get(known) if known is not None else None


def _no_page(context: CheckContext, page: str) -> tuple[str, str]:
    if not isinstance(page_target(names.key(page), context.base.names), Missing):
        return f"the page «{page}» is not written, so it has no values", "name the page whose code computes it"
    near = closest(names.key(page), context.base.page_words)
    advice = f"did you mean «{context.base.names.spelled[near]}»?" if near else "name the page whose code computes it"
    return f"no page named «{page}»", advice


def _given(owner: Facts, read: dict[NoteId, Given]) -> Given:
    if owner.id not in read:
        from kbtool.python_given import given  # few notes show values

        read[owner.id] = given(owner.gives)
    return read[owner.id]


def _of_code(given: Given, wanted: Wanted) -> tuple[str, str] | None:
    """What is wrong, and what to do; None where the code may well give the value."""
    bound, cells, unsure = given
    known, places = dict(bound), dict(cells)
    whose = f"«{wanted.page}»" if wanted.page else "this note"
    if wanted.cell and wanted.cell not in places:
        return f"no cell of {whose} that runs is called `{wanted.cell}`", _meant(wanted.cell, places, "name=")
    if wanted.name in known:
        late = wanted.cell and known[wanted.name] > places[wanted.cell]
        advice = "name a cell below, or none for the value at the end"
        return (f"`{wanted.name}` is given only below the cell `{wanted.cell}`", advice) if late else None
    if unsure:
        return None
    return f"no cell of {whose} gives `{wanted.name}` a value", _meant(wanted.name, known, "")


def _meant(name: str, known: Mapping[str, int], before: str) -> str:
    near = did_you_mean(name, known)
    if near:
        return f"did you mean `{near}`?"
    return f"give the cell a name: `{before}{name}`" if before else "assign it in a cell that runs"
