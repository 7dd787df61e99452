"""What links to a page: pages that carry it as a tag, and the blocks that mention it, by page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from kbtool.names import title
from kbtool.render.context import Backlink, Entry, Scope
from kbtool.render.html import element, escape
from kbtool.render.outline import block_html
from kbtool.render.plain import plain_title
from kbtool.values import NoteId

# Quoting blocks shown in full; of pages with more mentions the others are named.
_QUOTED_PAGES = 60
_QUOTES_OF_PAGE = 12
# Characters of a block that is still quoted whole: a longer one is a page of its own.
_QUOTED_LENGTH = 3_000
_CRUMB_LENGTH = 60


def backlinks_html(scope: Scope, links: Sequence[Backlink]) -> str:
    """The section under a page, empty when nothing links to it; left out of the search."""
    known = [link for link in links if link.note in scope.context.entries]
    tagged = list(dict.fromkeys(link.note for link in known if link.block <= 0 and link.property == "tags"))
    quoted = [link for link in known if not (link.block <= 0 and link.property == "tags")]
    content = _tagged(scope, tagged) + _quoted(scope, quoted)
    if not content:
        return ""
    return element("section", {"class": "kb-backlinks", "data-search-exclude": ""}, content)


def _tagged(scope: Scope, notes: Sequence[NoteId]) -> str:
    if not notes:
        return ""
    chips = "".join(element("li", {"class": "kb-chip"}, _page(scope, scope.context.entries[note])) for note in notes)
    return _head(scope.words.tagged, len(notes)) + element("ul", {"class": "kb-chips"}, chips)


def _quoted(scope: Scope, links: Sequence[Backlink]) -> str:
    groups = [(note, list(dict.fromkeys(link.block for link in group))) for note, group in _by_note(links)]
    if not groups:
        return ""
    pages = "".join(_group(scope, scope.context.entries[note], blocks) for note, blocks in groups[:_QUOTED_PAGES])
    rest = "".join(
        element("li", {"class": "kb-chip"}, _page(scope, scope.context.entries[n])) for n, _ in groups[_QUOTED_PAGES:]
    )
    more = element("ul", {"class": "kb-chips"}, rest) if rest else ""
    return _head(scope.words.backlinks, len(groups)) + pages + more


def _by_note(links: Iterable[Backlink]) -> Iterable[tuple[NoteId, Iterable[Backlink]]]:
    return groupby(sorted(links, key=lambda link: link.note), lambda link: link.note)


def _head(text: str, count: int) -> str:
    number = element("span", {"class": "kb-count"}, str(count))
    return element("h2", {"class": "kb-backlinks__head"}, f"{text} {number}")


def _page(scope: Scope, entry: Entry) -> str:
    return element("a", {"href": scope.place.page(entry.slug)}, escape(title(entry.note.name), quote=False))


def _group(scope: Scope, entry: Entry, blocks: Sequence[int]) -> str:
    """One page with its quoting blocks; of a block and its mentions in the page's header only the page is named."""
    reading = replace(scope, entry=entry, ids=False, figures={}, footnotes={}, share=0)
    plain = replace(reading, entry=replace(entry, outcome=None))
    quotes = "".join(_quote(plain, at) for at in blocks[:_QUOTES_OF_PAGE])
    if len(blocks) > _QUOTES_OF_PAGE:
        quotes += element("p", {"class": "kb-quote__more"}, f"{scope.words.more} {len(blocks) - _QUOTES_OF_PAGE}")
    return element("div", {"class": "kb-backlink"}, element("h3", {}, _page(scope, entry)) + quotes)


def _quote(scope: Scope, at: int) -> str:
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    if block.span.end - block.span.start > _QUOTED_LENGTH:
        content = element("p", {}, escape(plain_title(scope.entry.text, block), quote=False) + " …")
    else:
        content = block_html(scope, at)
    if not content:
        return ""
    href = scope.place.page(scope.entry.slug, anchor.id)
    bullet = element("a", {"class": "kb-bullet", "href": href, "title": scope.words.block_link}, "")
    return element(
        "div", {"class": "kb-quote"}, _crumbs(scope, at) + element("div", {"class": "kb-quote__body"}, bullet + content)
    )


def _crumbs(scope: Scope, at: int) -> str:
    """The first lines of the block's parents."""
    titles: list[str] = []
    depth = scope.blocks[at].depth
    for i in range(at - 1, -1, -1):
        if scope.blocks[i].depth < depth:
            depth = scope.blocks[i].depth
            titles.append(plain_title(scope.entry.text, scope.blocks[i]))
    crumbs = [escape(t if len(t) <= _CRUMB_LENGTH else t[: _CRUMB_LENGTH - 1] + "…", quote=False) for t in titles if t]
    return element("p", {"class": "kb-quote__crumbs"}, " › ".join(reversed(crumbs))) if crumbs else ""
