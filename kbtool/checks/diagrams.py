"""Check of diagrams: by Mermaid's grammar, and by what draws them."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.diagrams import Problem, diagrams, draw, faults
from kbtool.note import Note
from kbtool.syntax.tree import Fence
from kbtool.values import Diagnostic, Span


def bad_diagram(note: Note) -> Iterator[Diagnostic]:
    """Diagrams that Mermaid does not read, or that are not drawn."""
    for fence in diagrams(note.outline):
        found = faults(fence.code)
        if found:
            message = (
                "this diagram is not drawn, though Mermaid reads it" if found.right else "Mermaid does not read this"
            )
            shows = "may show another one than was meant" if draw(fence.code).svg else "shows its source instead"
            said = f"{message}: {found.why}"
            yield Diagnostic("bad-diagram", note.id, _span(fence, found), said, (), f"the page {shows}")


def _span(fence: Fence, found: Problem) -> Span:
    """Where in the note a place in a fence's code is."""
    before = fence.code[: found.start]
    line = before.count("\n")
    start = fence.lines[line] + len(before) - (before.rfind("\n") + 1)
    return Span(start, start + found.end - found.start)
