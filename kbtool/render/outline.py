"""The outline of a note as nested lists of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kbtool.graph import ToNote
from kbtool.render.context import Anchor, Entry, FootnoteAnchor, Scope, inner_scope, quiet, subtree_end, subtree_size
from kbtool.render.html import element, escape
from kbtool.render.inline import address, line_html
from kbtool.render.parts import parts_html
from kbtool.render.plain import plain_title
from kbtool.render.properties import shown, table_html
from kbtool.render.prose import paragraph_html
from kbtool.syntax.tree import Block, FootnoteText, Prose
from kbtool.values import Heading

# Blocks that lie deeper stand beside their parents: a screen has no room, browsers stop at 512 elements, and embeds
# multiply the depth.
_MAX_DEPTH = 20


def outline_html(scope: Scope, start: int, end: int) -> str:
    """The blocks from `start` to `end` (whole subtrees) as a list, empty for none."""
    items = "".join(_items(scope, start, end))
    return f'<ul class="kb-outline">{items}</ul>' if items else ""


def headings(scope: Scope) -> tuple[Heading, ...]:
    """A note's table of contents; titles are HTML without links."""
    quietly = quiet(scope)
    return tuple(
        Heading(_title(quietly, block), anchor.heading, anchor.level)
        for at, (block, anchor) in enumerate(zip(scope.blocks, scope.entry.anchors, strict=True))
        if anchor.level and block.parts and not _is_echo(scope, at)
    )


def footnotes(entry: Entry) -> dict[str, FootnoteAnchor]:
    """The anchors of a note's footnote texts by their names; the first of a name counts."""
    found: dict[str, FootnoteAnchor] = {}
    for block in entry.note.outline:
        for part in block.parts:
            if isinstance(part, FootnoteText):
                found.setdefault(part.name, FootnoteAnchor(f"fn-{len(found) + 1}", part.span.start))
    return found


# ---------------------------------------------------------------- embeds


def embed_html(scope: Scope, target: ToNote) -> str:
    """A note or block of another place in a box with the way to it; only the way when it cannot be shown here."""
    entry = scope.context.entries.get(target.note)
    blocks = entry.note.outline if entry else ()
    whole = target.block < 0
    size = (len(entry.text) if entry else 0) if whole else subtree_size(blocks, target.block)
    inner = inner_scope(scope, target, size)
    label = escape(entry.note.name if entry else "…", quote=False)
    link = element("a", {"class": "kb-embed__source", "href": address(scope, target) or None}, label)
    if inner is None or entry is None:
        return element("div", {"class": "kb-embed kb-embed--closed", "title": scope.words.not_embedded}, link)
    span = (0, len(blocks)) if whole else (target.block, subtree_end(blocks, target.block))
    return element("div", {"class": "kb-embed", "data-search-exclude": ""}, link + outline_html(inner, *span))


# ---------------------------------------------------------------- blocks


def block_html(scope: Scope, at: int) -> str:
    """A block's own content, without its children."""
    block = scope.blocks[at]
    title, rest = _split(scope, block, at)
    return title + rest


def _items(scope: Scope, start: int, end: int) -> Iterator[str]:
    at = start
    while at < end:
        deep = scope.blocks[at].depth >= _MAX_DEPTH
        following = at + 1 if deep else subtree_end(scope.blocks, at)
        yield _item(scope, at, following)
        at = following


def _item(scope: Scope, at: int, end: int) -> str:
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    title, rest = _split(scope, block, at)
    children = outline_html(scope, at + 1, end)
    if block.mark == "pre" and not (title or rest or children):
        return ""
    pairs = {"class": _classes(block, title + rest), "id": _item_id(scope, anchor)}
    if _is_collapsed(block) and (children or rest):
        return element("li", pairs, _bullet(scope, block, anchor) + _folded(scope, at, rest + children))
    return element("li", pairs, _bullet(scope, block, anchor) + title + rest + children)


def _item_id(scope: Scope, anchor: Anchor) -> str | None:
    return anchor.id if scope.ids and anchor.id != anchor.heading else None


def _classes(block: Block, content: str) -> str:
    names = ["kb-block"]
    if block.heading:
        names.append("kb-block--heading")
    elif block.mark == "pre":
        names.append("kb-block--plain")
    elif not content:
        names.append("kb-block--empty")
    if any(p.key == "logseq.order-list-type" and p.text == "number" for p in block.properties):
        names.append("kb-block--numbered")
    if block.marker in ("DONE", "CANCELED", "CANCELLED"):
        names.append("kb-block--done")
    return " ".join(names)


def _bullet(scope: Scope, block: Block, anchor: Anchor) -> str:
    """The bullet, which is the block's permanent link, as in Logseq."""
    if block.heading or block.mark != "bullet":
        return ""
    if not scope.ids:
        return '<span class="kb-bullet"></span>'
    pairs = {"class": "kb-bullet", "href": f"#{anchor.id}", "tabindex": "-1", "aria-hidden": "true"}
    return element("a", pairs | {"title": scope.words.block_link}, "")


def _is_collapsed(block: Block) -> bool:
    return any(p.key == "collapsed" and p.text == "true" and not p.ignored for p in block.properties)


def _folded(scope: Scope, at: int, content: str) -> str:
    """A collapsed block: its first line stays, the rest unfolds without a script."""
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    if block.heading:
        line = _heading(replace(scope, boxes=False), at)
    else:
        inside = replace(scope, boxes=False)
        line = _badges(block) + _title(inside, block) or escape(plain_title(scope.entry.text, block)) or anchor.id
    return element("details", {"class": "kb-folded"}, element("summary", {}, line) + content)


def _split(scope: Scope, block: Block, at: int) -> tuple[str, str]:
    """The first line, and what follows it."""
    first = block.parts[0] if block.parts else None
    rest = block.parts[1:] if isinstance(first, Prose) and first.title else block.parts
    width = 0 if block.mark == "pre" else block.level + 1
    following = parts_html(scope, rest, width)
    # A page's own properties stand in its header.
    if block.mark != "pre" or at:
        following = table_html(scope, shown(block.properties)) + following
    if block.heading:
        return _heading(scope, at), following
    badges = _badges(block)
    if isinstance(first, Prose) and first.title:
        return paragraph_html(badges + _title(scope, block), first.inlines), following
    return (f"<p>{badges}</p>" if badges else ""), following


def _badges(block: Block) -> str:
    marker = priority = ""
    if block.marker:
        css = f"kb-marker kb-marker--{block.marker.lower()}"
        marker = element("span", {"class": css}, block.marker) + " "
    if block.priority:
        priority = element("span", {"class": "kb-priority"}, escape(block.priority)) + " "
    return marker + priority


def _title(scope: Scope, block: Block) -> str:
    first = block.parts[0] if block.parts else None
    if not isinstance(first, Prose):
        return ""
    return line_html(scope, first.span, first.inlines)


def _heading(scope: Scope, at: int) -> str:
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    title = _badges(block) + _title(replace(scope, boxes=False), block)
    if not scope.ids:
        return element(f"h{anchor.level}", {}, title)
    own = {"id": anchor.heading, "class": "kb-echo" if _is_echo(scope, at) else None}
    pairs = {"class": "headerlink", "href": f"#{anchor.heading}", "title": scope.words.heading_link}
    return element(f"h{anchor.level}", own, title + element("a", pairs, "¶"))


def _is_echo(scope: Scope, at: int) -> bool:
    """Whether a note begins with a heading that says its name again, as Logseq's authors do: the page has a title."""
    before = scope.blocks[:at]
    if len(before) > 1 or any(block.mark != "pre" or block.parts for block in before):
        return False
    return plain_title(scope.entry.text, scope.blocks[at]).lower() == scope.entry.note.name.lower()
