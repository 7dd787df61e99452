"""Where the imports in a note's code lead: pages are looked up by name as links are, or by an identifier."""

from __future__ import annotations

from kbtool import names as spelling
from kbtool.graph import Ambiguous, Names, ToNote, page_target
from kbtool.values import CodeImport, NoteId


def imported_note(one: CodeImport, names: Names) -> NoteId | None:
    """The note that an import means; None where no page fits, or several do."""
    fitting = fitting_notes(one, names)
    return fitting[0] if len(fitting) == 1 else None


def fitting_notes(one: CodeImport, names: Names) -> tuple[NoteId, ...]:
    """The notes that an import may mean: of a page's name the one that a link leads to, of an identifier all."""
    target = page_target(spelling.key(one.name), names)
    if isinstance(target, ToNote | Ambiguous):
        return (target.note,)
    keys = spelling.spoken(one.name) if one.how == "module" else ()
    return tuple(sorted({note for key in keys for note in names.pages.get(spelling.key(key), ())}))
