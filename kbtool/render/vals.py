"""`{{val …}}` on a page: a value that code computed, or a mark that says why there is none."""

from __future__ import annotations

from kbtool import names
from kbtool.outcomes import Outcome
from kbtool.quoting import is_known, value_of, written
from kbtool.render.context import Entry, Scope
from kbtool.render.html import element, escape
from kbtool.render.numerals import in_prose
from kbtool.render.sessions import is_stale
from kbtool.render.streams import plain_text
from kbtool.syntax.tree import Macro
from kbtool.syntax.val import Wanted, wanted


def val_html(scope: Scope, node: Macro) -> str:
    """The value in its format, with a link to the page that computed it where that is another one."""
    asked = wanted(scope.entry.text, node)
    if asked is None:
        return _mark(scope, scope.source(node.span), scope.words.no_such_value)
    owner = _owner(scope, asked)
    text, why = _value(scope, owner, asked)
    if why:
        return _mark(scope, _called(asked), why)
    shown = escape(plain_text(text), quote=False)
    if owner and is_stale(owner):
        shown += element("span", {"class": "kb-val__stale"}, scope.words.states["stale"])
    title = f"{owner.note.name} · {_called(asked)}" if owner and asked.page else _called(asked)
    if owner and asked.page and scope.links:
        return element("a", {"class": "kb-val", "href": scope.place.page(owner.slug), "title": title}, shown)
    return element("span", {"class": "kb-val", "title": title}, shown)


def _owner(scope: Scope, asked: Wanted) -> Entry | None:
    """The note whose code is meant, None where the site has none of this name."""
    if not asked.page:
        return scope.context.entries.get(scope.entry.note.id)
    notes = scope.context.pages.get(names.key(asked.page), ())
    return scope.context.entries.get(notes[0]) if notes else None


def _value(scope: Scope, owner: Entry | None, asked: Wanted) -> tuple[str, str]:
    """The value as it is written, or why there is none."""
    says = scope.words
    cells = {cell.options.name: cell.number for cell in owner.note.cells if cell.options.name} if owner else {}
    if owner is None or (asked.cell and asked.cell not in cells):
        return "", says.no_such_value
    cell = cells[asked.cell] if asked.cell else None
    outcome = owner.outcome
    if outcome is None:
        return "", says.value_not_run
    value = value_of(outcome, asked.name, cell) if is_known(outcome, cell) else None
    if value is None:
        return "", _missing(scope, outcome, cell)
    text = written(value, asked.spec)
    if text is None:
        return "", f"{says.value_no_format} {asked.spec}"
    is_number = value[2] is not None
    return in_prose(text, asked.spec, scope.context.look.language) if is_number else text, ""


def _missing(scope: Scope, outcome: Outcome, cell: int | None) -> str:
    return scope.words.value_not_plain if is_known(outcome, cell) else scope.words.value_failed


def _called(asked: Wanted) -> str:
    return f"{asked.cell}.{asked.name}" if asked.cell else asked.name


def _mark(scope: Scope, called: str, why: str) -> str:
    said = f"{called}: {scope.words.not_computed} ({why})"
    return element("span", {"class": "kb-val kb-val--none"}, escape(plain_text(said), quote=False))
