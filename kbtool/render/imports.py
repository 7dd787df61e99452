"""Links in the code of a page, where it imports that of other pages."""

from __future__ import annotations

from bisect import bisect_right

from kbtool.imports import imported_note
from kbtool.render.context import Scope
from kbtool.render.highlight import Linked
from kbtool.values import Cell


def import_links(scope: Scope, cell: Cell) -> tuple[Linked, ...]:
    """The names of pages in a cell's code, each with the address of its page."""
    if not scope.links or "\r" in cell.code:  # Pygments makes one character of some line ends
        return ()
    found: list[Linked] = []
    for one in scope.entry.note.imports:
        note = imported_note(one, scope.context.names) if not one.member else None
        entry = scope.context.entries.get(note) if note is not None else None
        if entry is not None and cell.span.start <= one.start < cell.span.end:
            line = bisect_right(cell.lines, one.start) - 1
            before = sum(len(text) + 1 for text in cell.code.split("\n")[:line])
            start = before + one.start - cell.lines[line]
            found.append(Linked(start, start + one.end - one.start, scope.place.page(entry.slug)))
    return tuple(found)
