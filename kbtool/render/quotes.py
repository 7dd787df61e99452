"""Blocks of other places, quoted: with the way to them, their parents as breadcrumbs, and what stands below them."""

from __future__ import annotations

from dataclasses import replace

from kbtool.names import title
from kbtool.render.context import Entry, Scope, subtree_end, subtree_size
from kbtool.render.extras import is_card
from kbtool.render.html import element, escape
from kbtool.render.outline import answer_html, block_html, outline_html
from kbtool.render.plain import plain_title
from kbtool.render.properties import shown, table_html
from kbtool.tasks import DONE

# Characters of a block that is still quoted whole: a longer one is a page of its own.
QUOTED_LENGTH = 3_000
_CRUMB_LENGTH = 60


def reading(scope: Scope, entry: Entry) -> Scope:
    """The scope for quoting blocks of a note: without ids, outputs and further embeds."""
    plain = replace(entry, outcome=None, result=None)
    return replace(scope, entry=plain, ids=False, figures={}, footnotes={}, share=0, found=True)


def quote_html(scope: Scope, at: int, refs: str | None = None) -> str:
    """A block, with all that stands below it where that is short; `refs` is for a script that filters."""
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    if block.span.end - block.span.start > QUOTED_LENGTH:
        content = element("p", {}, escape(plain_title(scope.entry.text, block), quote=False) + " …")
    else:
        # A page's own properties stand in its header; quoted, they are all that there is.
        own = (
            shown(block.properties, scope.context.settings.hidden_properties) if block.mark == "pre" and not at else ()
        )
        content = table_html(scope, own) + block_html(scope, at)
        if content and subtree_size(scope.blocks, at) <= QUOTED_LENGTH:
            children = outline_html(scope, at + 1, subtree_end(scope.blocks, at))
            content += answer_html(scope, children) if is_card(block) else children
    if not content:
        return ""
    href = scope.place.page(scope.entry.slug, anchor.id)
    bullet = element("a", {"class": "kb-bullet", "href": href, "title": scope.words.block_link}, "")
    done = " kb-block--done" if block.marker in DONE else ""
    body = element("div", {"class": f"kb-quote__body{done}"}, bullet + content)
    return element("div", {"class": "kb-quote", "data-refs": refs}, _crumbs(scope, at) + body)


def _crumbs(scope: Scope, at: int) -> str:
    """The first lines of the block's parents."""
    titles: list[str] = []
    depth = scope.blocks[at].depth
    for i in range(at - 1, -1, -1):
        if depth == 1:
            break
        if scope.blocks[i].depth < depth:
            depth = scope.blocks[i].depth
            titles.append(plain_title(scope.entry.text, scope.blocks[i]))
    crumbs = [escape(t if len(t) <= _CRUMB_LENGTH else t[: _CRUMB_LENGTH - 1] + "…", quote=False) for t in titles if t]
    return element("p", {"class": "kb-quote__crumbs"}, " › ".join(reversed(crumbs))) if crumbs else ""


def page_link(scope: Scope, entry: Entry) -> str:
    """A note's name as a link to its page."""
    return element("a", {"href": scope.place.page(entry.slug)}, escape(title(entry.name), quote=False))
