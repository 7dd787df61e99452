"""Unlinked mentions of a page, under what links to it: blocks elsewhere that name it in words, by page, folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from kbtool.names import title
from kbtool.render.context import Backlink, Entry, Scope
from kbtool.render.html import element, escape
from kbtool.render.outline import block_html
from kbtool.render.plain import plain_title

# Of more only the number is told: a page called `model` is mentioned everywhere.
_PAGES = 20
_BLOCKS_OF_PAGE = 3
# Characters of a block that is still shown whole.
_LENGTH = 1_000


def mentions_html(scope: Scope) -> str:
    """The section, empty when nothing mentions the page; left out of the search."""
    entries = scope.context.entries
    found = [link for link in scope.context.unlinked.get(scope.entry.note.id, ()) if link.note in entries]
    groups = [(note, list(group)) for note, group in groupby(found, lambda link: link.note)]
    if not groups:
        return ""
    content = "".join(_group(scope, entries[note], links) for note, links in groups[:_PAGES])
    if len(groups) > _PAGES:
        content += element("p", {"class": "kb-quote__more"}, f"{scope.words.more} {len(groups) - _PAGES}")
    count = element("span", {"class": "kb-count"}, str(len(groups)))
    summary = element("summary", {"class": "kb-backlinks__head"}, f"{scope.words.unlinked} {count}")
    return element("details", {"class": "kb-backlinks kb-mentions", "data-search-exclude": ""}, summary + content)


def _group(scope: Scope, entry: Entry, links: Sequence[Backlink]) -> str:
    reading = replace(
        scope, entry=replace(entry, outcome=None, result=None), ids=False, figures={}, footnotes={}, share=0
    )
    quotes = "".join(_quote(reading, link.block) for link in links[:_BLOCKS_OF_PAGE])
    if len(links) > _BLOCKS_OF_PAGE:
        quotes += element("p", {"class": "kb-quote__more"}, f"{scope.words.more} {len(links) - _BLOCKS_OF_PAGE}")
    name = element("a", {"href": scope.place.page(entry.slug)}, escape(title(entry.name), quote=False))
    return element("div", {"class": "kb-backlink"}, element("h3", {}, name) + quotes)


def _quote(scope: Scope, at: int) -> str:
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    if block.span.end - block.span.start > _LENGTH:
        content = element("p", {}, escape(plain_title(scope.entry.text, block), quote=False) + " …")
    else:
        content = block_html(scope, at)
    href = scope.place.page(scope.entry.slug, anchor.id)
    bullet = element("a", {"class": "kb-bullet", "href": href, "title": scope.words.block_link}, "")
    return element("div", {"class": "kb-quote"}, element("div", {"class": "kb-quote__body"}, bullet + content))
