"""Checks of what code imports from other notes: that it is there, and that no notes import each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool import names as spelling
from kbtool.checks.circles import STEPS, shortest_circle
from kbtool.checks.context import CheckContext
from kbtool.facts import Facts
from kbtool.imports import fitting_notes, imported_note
from kbtool.suggest import did_you_mean, nearest
from kbtool.values import CodeImport, Diagnostic, NoteId, Span

_ANYTHING = "*"
_ADVICE = "a note gives to others what its cells with the word `export` after ```python define at top level"


def missing_export(context: CheckContext) -> Iterator[Diagnostic]:
    """Imports of pages that do not exist, of pages that export nothing, and of names that no `export` cell binds."""
    said: set[str] = set()
    for row in context.note.imports:
        one = CodeImport(*row)
        if one.name not in said:
            fitting = fitting_notes(one, context.base.names)
            found = _of_page(one, fitting, context) if len(fitting) != 1 else _of_note(one, fitting[0], context)
            if found is not None:
                yield found
                if not one.member or len(fitting) != 1:
                    said.add(one.name)


def _of_page(one: CodeImport, fitting: tuple[NoteId, ...], context: CheckContext) -> Diagnostic:
    """No page fits, or several do."""
    if fitting:
        pages = ", ".join(f"«{context.base.notes[note].name}»" for note in fitting)
        return _told(one, f"several pages fit `{one.name}`: {pages}", 'write the name: `kb["…"]`', context)
    key = spelling.key(one.name)
    near = nearest(key if one.how == "page" else key.replace("_", " "), context.base.page_words)
    advice = _ADVICE
    if near:
        name = context.base.names.spelled[near.word]
        written = f"kb.{name}" if name.isidentifier() else f'kb["{name}"]'
        advice = f"did you mean «{name}»?" if one.how == "page" else f"did you mean `{written}`?"
    return _told(one, f"no page named «{one.name}»", advice, context)


def _of_note(one: CodeImport, note: NoteId, context: CheckContext) -> Diagnostic | None:
    """A page is there; what is wrong with what its code gives."""
    offers, name = context.base.notes[note].offers, context.base.notes[note].name
    if offers is None:
        return None if one.member else _told(one, f"«{name}» exports nothing", _ADVICE, context)
    if not one.member or one.member in offers:
        return None
    if one.member.startswith("_"):
        return _told(one, f"«{name}» does not export `{one.member}`", "names with a leading `_` stay at home", context)
    if _ANYTHING in offers:
        return None
    near = did_you_mean(one.member, offers)
    advice = f"did you mean `{near}`?" if near else f"it exports {_listed(offers)}"
    return _told(one, f"«{name}» does not export `{one.member}`", advice, context)


def _listed(offers: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{name}`" for name in offers[:5])
    more = f" and {len(offers) - 5} more" if len(offers) > 5 else ""
    return shown + more if offers else "no names"


def _told(one: CodeImport, message: str, advice: str, context: CheckContext) -> Diagnostic:
    return context.diagnostic("missing-export", Span(one.start, one.end), message, advice)


# ---------------------------------------------------------------- circles


def import_cycle(context: CheckContext) -> Iterator[Diagnostic]:
    """Notes whose `export` cells import each other; said in each of them, at its own import."""
    if not any(CodeImport(*row).exported for row in context.note.imports):
        return

    def following(note: str) -> list[str]:
        return list(_imported(context.base.notes[NoteId(note)], context))

    found = shortest_circle(context.note.id, following, iter(range(STEPS)))
    if found:
        second = NoteId(found[1 % len(found)])
        one = _imported(context.note, context)[second]
        called = " → ".join(f"«{context.base.notes[NoteId(note)].name}»" for note in (*found, found[0]))
        message, advice = f"`export` cells import each other: {called}", "move what both need into a third note"
        if len(found) == 1:
            message, advice = "this note imports itself", "take the import out: the cells of a note share their names"
        yield context.diagnostic("import-cycle", Span(one.start, one.end), message, advice)


def _imported(note: Facts, context: CheckContext) -> dict[NoteId, CodeImport]:
    """The notes that the `export` cells of a note import, each with the first import of it."""
    found: dict[NoteId, CodeImport] = {}
    for one in (CodeImport(*row) for row in note.imports):
        other = imported_note(one, context.base.names) if one.exported else None
        if other is not None and context.base.notes[other].offers is not None:
            found.setdefault(other, one)
    return found
