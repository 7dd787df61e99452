"""What a page is found by: its text cut at its headings, as the search index takes it.

Made from the tree and not from the page: a theme that reads it out of the HTML loses its way where headings stand
inside lists, and takes a millisecond a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kbtool.render.context import Entry
from kbtool.render.html import escape
from kbtool.render.plain import plain, plain_title
from kbtool.syntax import tree
from kbtool.values import SearchEntry


def search_entries(entry: Entry) -> tuple[SearchEntry, ...]:
    """The page's entry with all above its first heading, then one for each heading.

    Titles and texts are HTML; texts are paragraphs, of which search shows those that match.
    """
    sections: list[tuple[str, str, list[str]]] = [("", entry.note.name, [])]
    for block, anchor in zip(entry.note.outline, entry.anchors, strict=True):
        parts = block.parts
        if anchor.heading and parts:
            sections.append((anchor.heading, plain_title(entry.text, block), []))
            parts = parts[1:]
        sections[-1][2].extend(_texts(entry.text, parts))
    return tuple(
        SearchEntry(anchor, escape(title, quote=False), "".join(f"<p>{escape(t, quote=False)}</p>" for t in texts if t))
        for anchor, title, texts in sections
        if title
    )


def _texts(text: str, parts: Iterable[tree.Part]) -> Iterator[str]:
    for part in parts:
        match part:
            case tree.Prose(span, _, inlines) | tree.FootnoteText(span, _, inlines):
                yield plain(text, span, inlines)
            case tree.Fence():
                yield part.code
            case tree.Quote() | tree.Container():
                yield from _texts(text, part.parts)
            case tree.Table(_, head, rows):
                yield from (plain(text, *cell) for cell in (*head, *(cell for row in rows for cell in row)))
            case tree.MathBlock(_, inner):
                yield text[inner.start : inner.end]
            case _:
                pass
