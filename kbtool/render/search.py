"""What a page is found by: its aliases, headings, text and code, each with the anchor of its block.

Made from the tree and not from the page: that costs a tenth, and there is nothing of other notes in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kbtool.render.context import Entry
from kbtool.render.plain import plain, plain_title
from kbtool.syntax import tree
from kbtool.values import SearchEntry


def search_entries(entry: Entry) -> tuple[SearchEntry, ...]:
    """What the page is found by besides its title, in the order of the page."""
    aliases = (SearchEntry("", "alias", one.name) for one in entry.note.defines if one.kind == "alias")
    return (*aliases, *(found for found in _in_blocks(entry) if found.text))


def _in_blocks(entry: Entry) -> Iterator[SearchEntry]:
    for block, anchor in zip(entry.note.outline, entry.anchors, strict=True):
        parts, at = block.parts, anchor.heading or anchor.id
        if anchor.heading and parts:
            yield SearchEntry(at, "heading", plain_title(entry.text, block))
            parts = parts[1:]
        yield from _texts(entry.text, parts, at)


def _texts(text: str, parts: Iterable[tree.Part], at: str) -> Iterator[SearchEntry]:
    for part in parts:
        match part:
            case tree.Prose(span, _, inlines) | tree.FootnoteText(span, _, inlines):
                yield SearchEntry(at, "text", plain(text, span, inlines))
            case tree.Fence():
                yield SearchEntry(at, "code", part.code)
            case tree.Quote() | tree.Container():
                yield from _texts(text, part.parts, at)
            case tree.Table(_, head, rows):
                cells = (plain(text, *cell) for cell in (*head, *(cell for row in rows for cell in row)))
                yield SearchEntry(at, "text", " · ".join(cells))
            case tree.MathBlock(_, inner):
                yield SearchEntry(at, "code", text[inner.start : inner.end])
            case _:
                pass
