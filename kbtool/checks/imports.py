"""Checks of what code imports from other notes: that it is there, and that no notes import each other in a circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from itertools import islice
from typing import NamedTuple

from kbtool import names as spelling
from kbtool.checks.circles import STEPS, shortest_circle
from kbtool.checks.context import CheckContext
from kbtool.facts import Facts
from kbtool.imports import fitting_notes, imported_note
from kbtool.suggest import Vocabulary, closest, nearest, vocabulary
from kbtool.values import ANYTHING, CodeImport, Diagnostic, NoteId, Span

_SHOWN = 5
_ADVICE = "a note gives to others what its cells with the word `export` after ```python define at top level"


class _Offered(NamedTuple):
    """What a note gives to the code of others: whether it gives anything, its names, and the same by their spelling."""

    page: str
    exports: bool
    names: Set[str]
    folded: Mapping[str, str]
    words: Vocabulary


def missing_export(context: CheckContext) -> Iterator[Diagnostic]:
    """Imports of pages that do not exist, of pages that export nothing, and of names that no `export` cell binds."""
    said: set[str] = set()
    known: dict[NoteId, _Offered] = {}
    for one in (CodeImport(*row) for row in context.note.imports):
        if one.name in said:
            continue
        fitting = fitting_notes(one, context.base.names)
        if len(fitting) == 1:
            note = fitting[0]
            if note not in known:
                known[note] = _offered(context.base.notes[note])
            yield from _of_note(one, known[note], context)
        else:
            yield _of_page(one, fitting, context)
        if len(fitting) != 1 or not known[fitting[0]].exports:
            said.add(one.name)


def _offered(note: Facts) -> _Offered:
    names = note.offers or ()
    folded = {name.lower(): name for name in names if name != ANYTHING}
    return _Offered(note.name, note.offers is not None, frozenset(names), folded, vocabulary(folded))


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


def _of_note(one: CodeImport, offered: _Offered, context: CheckContext) -> Iterator[Diagnostic]:
    """A page is there; what is wrong with what its code gives."""
    if not offered.exports:
        yield _told(one, f"«{offered.page}» exports nothing", _ADVICE, context)
    elif one.member and one.member not in offered.names:
        private = one.member.startswith("_")
        if private or ANYTHING not in offered.names:
            advice = "names with a leading `_` stay at home" if private else _instead(one.member, offered)
            yield _told(one, f"«{offered.page}» does not export `{one.member}`", advice, context)


def _instead(name: str, offered: _Offered) -> str:
    """What else might have been meant."""
    near = closest(name.lower(), offered.words)
    if near is not None:
        return f"did you mean `{offered.folded[near]}`?"
    shown = ", ".join(f"`{name}`" for name in islice(offered.folded.values(), _SHOWN))
    more = f" and {len(offered.folded) - _SHOWN} more" if len(offered.folded) > _SHOWN else ""
    return f"it exports {shown}{more}" if shown else "its `export` cells define no names"


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
