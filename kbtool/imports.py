"""Where the imports in a note's code lead: pages are looked up by name as links are, or by an identifier."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

from kbtool import names as spelling
from kbtool.graph import Ambiguous, Names, ToNote, page_target
from kbtool.values import CodeImport, NoteId

_BLANKS = 4
"""`_` in an identifier for which `_`, space and `-` are tried one by one; of more all are taken for the same."""


def imported_note(one: CodeImport, names: Names) -> NoteId | None:
    """The note that an import means; None where no page fits, or several do."""
    fitting = fitting_notes(one, names)
    return fitting[0] if len(fitting) == 1 else None


def fitting_notes(one: CodeImport, names: Names) -> tuple[NoteId, ...]:
    """The notes that an import may mean: of a page's name the one that a link leads to, of an identifier all."""
    target = page_target(spelling.key(one.name), names)
    if isinstance(target, ToNote | Ambiguous):
        return (target.note,)
    keys = _spellings(one.name) if one.how == "module" else ()
    return tuple(sorted({note for key in keys for note in names.pages.get(spelling.key(key), ())}))


def _spellings(identifier: str) -> Iterable[str]:
    """The names for which an identifier may stand: `_` is written for a space or `-`, too."""
    parts = identifier.split("_")
    if len(parts) == 1:
        return
    if len(parts) - 1 > _BLANKS:
        yield from (sign.join(parts) for sign in " -")
        return
    for signs in product("_ -", repeat=len(parts) - 1):
        yield "".join(part + sign for part, sign in zip(parts, (*signs, ""), strict=True))
