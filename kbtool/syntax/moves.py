"""Parts that were read from a copy of a quote's lines, put where they stand in the note."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar, cast

from kbtool.syntax.tree import Fence, Part, Prose
from kbtool.values import Span

_Node = TypeVar("_Node")


def moved(node: _Node, by: int) -> _Node:
    """The node with all its spans moved to the right."""
    return cast("_Node", _moved(node, by))


def _moved(node: Any, by: int) -> Any:
    if isinstance(node, Span):
        return Span(node.start + by, node.end + by)
    if isinstance(node, Fence):
        lines = tuple(start + by for start in node.lines)
        return Fence(*(_moved(field, by) for field in node._replace(lines=())))._replace(lines=lines)
    if isinstance(node, tuple):
        fields = [_moved(field, by) for field in node]
        return type(node)(*fields) if hasattr(node, "_fields") else tuple(fields)
    return node


def by_line(text: str, part: Part, marks: Sequence[Span]) -> Iterator[Part]:
    """Running text cut into its lines, so that no quote mark shows; a node that goes on over a line's end stays whole.

    `marks`: from each line's end to the next line's text.
    """
    if not isinstance(part, Prose):
        yield part
        return
    start, first, nodes = part.span.start, 0, part.inlines
    for at in range(bisect_left(marks, Span(start, 0)), bisect_left(marks, Span(part.span.end, 0))):
        mark = marks[at]
        behind = first
        while behind < len(nodes) and nodes[behind].span.end <= mark.start:
            behind += 1
        goes_on = behind < len(nodes) and nodes[behind].span.start < mark.end
        if start < mark.start < part.span.end and not goes_on:
            yield Prose(Span(start, mark.start), False, nodes[first:behind])
            start, first = mark.end, behind
    if text[start : part.span.end].strip() or first < len(nodes):
        yield Prose(Span(start, part.span.end), False, nodes[first:])
