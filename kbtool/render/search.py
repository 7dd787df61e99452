"""What a page is found by: its aliases, headings, text, code and what that printed, with the anchors of their blocks.

Made from the tree and not from the page: that costs a tenth, and there is nothing of other notes in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kbtool.formula_text import formula_text
from kbtool.render.context import Entry
from kbtool.render.html import words_of
from kbtool.render.plain import plain, plain_title
from kbtool.render.properties import shown
from kbtool.syntax import tree
from kbtool.values import SearchEntry

_NAMES = frozenset({"alias", "aliases"})
_PRINTED = 2_000  # characters of an output


def search_entries(entry: Entry, hidden: frozenset[str]) -> tuple[SearchEntry, ...]:
    """What the page is found by besides its title, in the order of the page; `hidden` are properties."""
    aliases = (SearchEntry("", "alias", one.name) for one in entry.note.defines if one.kind == "alias")
    return (*aliases, *(found for found in _in_blocks(entry, hidden) if found.text))


def _in_blocks(entry: Entry, hidden: frozenset[str]) -> Iterator[SearchEntry]:
    printed = _printed(entry)
    for number, (block, anchor) in enumerate(zip(entry.note.outline, entry.anchors, strict=True)):
        parts, at = block.parts, anchor.heading or anchor.id
        if anchor.heading and parts:
            yield SearchEntry(at, "heading", plain_title(entry.text, block))
            parts = parts[1:]
        for one in shown(block.properties, hidden):
            if one.key not in _NAMES:
                yield SearchEntry(at, "text", f"{one.key}: {plain(entry.text, one.value_span, one.links)}")
        yield from _texts(entry.text, parts, at)
        yield from (SearchEntry(at, "code", text) for text in printed.get(number, ()))


def _printed(entry: Entry) -> Mapping[int, list[str]]:
    """The beginnings of what the cells of each block printed and gave as values."""
    blocks = {cell.number: cell.block for cell in entry.note.cells if not cell.options.norun}
    found: dict[int, list[str]] = {}
    for cell in entry.outcome.cells if entry.outcome else ():
        if cell.index in blocks:
            texts = (one.text[:_PRINTED].strip() for one in cell.outputs if one.kind in ("stdout", "value"))
            found.setdefault(blocks[cell.index], []).extend(texts)
    return found


def _texts(text: str, parts: Iterable[tree.Part], at: str) -> Iterator[SearchEntry]:
    for part in parts:
        match part:
            case tree.Prose(span, _, inlines) | tree.FootnoteText(span, _, inlines):
                yield SearchEntry(at, "text", plain(text, span, inlines))
            case tree.Fence():
                yield SearchEntry(at, "code", part.code.strip("\n"))
            case tree.Quote() | tree.Container():
                yield from _texts(text, part.parts, at)
            case tree.Table(_, head, rows):
                cells = (plain(text, *cell) for cell in (*head, *(cell for row in rows for cell in row)))
                yield SearchEntry(at, "text", " · ".join(cells))
            case tree.MathBlock(_, inner):
                yield SearchEntry(at, "code", formula_text(text[inner.start : inner.end], display=True))
            case tree.Html(span, hiccup) if not hiccup:
                yield SearchEntry(at, "text", " ".join(words_of(text[slice(*span)]).split()))
            case _:
                pass
