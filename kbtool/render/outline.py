"""The outline of a note as nested lists of blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kbtool import names
from kbtool.graph import Site, ToNote
from kbtool.render.context import Anchor, Entry, FootnoteAnchor, Scope, inner_scope, quiet, subtree_end, subtree_size
from kbtool.render.extras import annotation_html, clock_html, inlines, is_card, is_numbered, tint
from kbtool.render.html import element, escape
from kbtool.render.inline import address, line_html
from kbtool.render.parts import parts_html
from kbtool.render.plain import plain_title
from kbtool.render.properties import shown, table_html
from kbtool.render.prose import CHECKBOXES, paragraph_html
from kbtool.syntax.tree import Block, Footnote, FootnoteText, Macro, Prose
from kbtool.tasks import DONE
from kbtool.values import Heading, Span

# Blocks that lie deeper stand beside their parents: a screen has no room, browsers stop at 512 elements, and embeds
# multiply the depth.
_MAX_DEPTH = 20
# Of more references to a block the first are listed.
_QUOTED = 20
# Characters of a line that stands for its block.
_NAMED = 80


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


def footnote_marks(entry: Entry) -> dict[str, int]:
    """Where a note first calls for each of its footnotes."""
    found: dict[str, int] = {}
    for block in entry.note.outline:
        for node in inlines(block.parts):
            if isinstance(node, Footnote):
                found.setdefault(node.name, node.span.start)
    return found


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
    label = escape(names.title(entry.note.name) if entry else "…", quote=False)
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
    scope = replace(scope, numbered=scope.numbered + 1 if is_numbered(block) else 0)
    title, rest = _split(scope, block, at)
    quoted, children = _quoted_by(scope, at), outline_html(scope, at + 1, end)
    # A bullet that holds a comment alone shows nothing; one without anything is an empty line that somebody wants.
    unseen = block.mark == "pre" or (block.parts and not block.properties)
    if unseen and not (title or rest or children):
        return ""
    pairs = {"class": _classes(block, title + rest, scope.numbered), "id": _item_id(scope, anchor)}
    pairs |= tint(block) | {"data-line": _line(scope, block)}
    if is_card(block):
        children = answer_html(scope, children)
    # The results of a query on the first line are folded too; the summary has its source.
    results = title if _asks(block) else ""
    if _is_collapsed(block) and (children or rest or results):
        content = _folded(scope, at, results + rest + children) + quoted
    else:
        content = title + rest + quoted + children
    return element("li", pairs, _bullet(scope, block, anchor) + content)


def answer_html(scope: Scope, content: str) -> str:
    """What stands below a flash card, folded until somebody asks."""
    summary = element("summary", {}, scope.words.answer)
    return element("details", {"class": "kb-answer"}, summary + content) if content else ""


def _asks(block: Block) -> bool:
    first = block.parts[0] if block.parts and not block.heading else None
    nodes = first.inlines if isinstance(first, Prose) and first.title else ()
    return any(isinstance(node, Macro) and node.name in ("query", "cards") for node in nodes)


def _quoted_by(scope: Scope, at: int) -> str:
    """How many blocks refer to this one by its id, unfolding to the ways to them."""
    sites = scope.context.quoting.get(scope.entry.note.id, {}).get(at, ()) if scope.ids else ()
    known = [site for site in sites if site.note in scope.context.entries]
    if not known:
        return ""
    items = "".join(element("li", {}, _way(scope, site)) for site in known[:_QUOTED])
    if len(known) > _QUOTED:
        items += element("li", {}, f"{scope.words.more} {len(known) - _QUOTED}")
    count = element("span", {"class": "kb-count", "title": scope.words.block_refs}, str(len(known)))
    summary = element("summary", {}, count)
    return element("details", {"class": "kb-quoted", "data-search-exclude": ""}, summary + element("ul", {}, items))


def _way(scope: Scope, site: Site) -> str:
    entry = scope.context.entries[site.note]
    words = plain_title(entry.text, entry.note.outline[site.block])
    words = words if len(words) <= _NAMED else words[: _NAMED - 1] + "…"
    label = f"{names.title(entry.note.name)}: {words}" if words else names.title(entry.note.name)
    return element("a", {"href": address(scope, ToNote(*site))}, escape(label, quote=False))


def _item_id(scope: Scope, anchor: Anchor) -> str | None:
    return anchor.id if scope.ids and anchor.id != anchor.heading else None


def _line(scope: Scope, block: Block) -> str | None:
    """The number of the block's first line, where there is a way to its source."""
    return str(scope.lines.position(block.span.start).line) if scope.lines and scope.ids else None


def _classes(block: Block, content: str, numbered: int) -> str:
    names = ["kb-block"]
    if block.heading:
        names.append("kb-block--heading")
    elif block.mark == "pre":
        names.append("kb-block--plain")
    elif not content:
        names.append("kb-block--empty")
    if numbered:  # 1, a, i, and again
        names += ["kb-block--numbered", f"kb-block--number-{(numbered - 1) % 3 + 1}"]
    if block.marker in DONE:
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
    block = scope.blocks[at]
    if block.heading:
        line = _heading(replace(scope, boxes=False), at, linked=False)  # nothing to click in what is clicked itself
    else:
        inside = replace(scope, boxes=False)
        line = (
            _badges(block) + _title(inside, block)
            or escape(plain_title(scope.entry.text, block))
            or _unnamed(scope, block)
        )
    if "<a " not in line:
        return element("details", {"class": "kb-folded"}, element("summary", {}, line) + content)
    # What leads elsewhere stands beside what unfolds: one in the other is out of the keyboard's reach.
    beside = element("div", {"class": "kb-p kb-folded__line"}, line)
    summary = element("summary", {"aria-label": plain_title(scope.entry.text, block) or _unnamed(scope, block)}, "")
    return beside + element("details", {"class": "kb-folded kb-folded--beside"}, summary + content)


def _unnamed(scope: Scope, block: Block) -> str:
    """What stands for a block that has no first line: its first property, as it was written."""
    first = next(iter(shown(block.properties, scope.context.settings.hidden_properties)), None)
    return escape(f"{first.key}: {first.text[:_NAMED]}", quote=False) if first else scope.words.block


def _split(scope: Scope, block: Block, at: int) -> tuple[str, str]:
    """The first line, and what follows it."""
    first = block.parts[0] if block.parts else None
    rest = block.parts[1:] if isinstance(first, Prose) and first.title else block.parts
    width = 0 if block.mark == "pre" else block.level + 1
    following = parts_html(scope, rest, width)
    # A page's own properties stand in its header.
    if block.mark != "pre" or at:
        following = table_html(scope, shown(block.properties, scope.context.settings.hidden_properties)) + following
        following = annotation_html(scope, block) + following + clock_html(scope, block)
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
    box = scope.context.settings.dialect == "obsidian" and CHECKBOXES.get(
        scope.entry.text[first.span.start : first.span.start + 4]
    )
    if box:
        rest = Span(first.span.start + 4, first.span.end)
        return element("span", {"class": "kb-check"}, box) + " " + line_html(scope, rest, first.inlines)
    return line_html(scope, first.span, first.inlines)


def _heading(scope: Scope, at: int, linked: bool = True) -> str:
    block, anchor = scope.blocks[at], scope.entry.anchors[at]
    title = _badges(block) + _title(replace(scope, boxes=False), block)
    if not scope.ids:
        return element(f"h{anchor.level}", {}, title)
    own = {"id": anchor.heading, "class": "kb-echo" if _is_echo(scope, at) else None}
    pairs = {"class": "headerlink", "href": f"#{anchor.heading}", "title": scope.words.heading_link}
    return element(f"h{anchor.level}", own, title + (element("a", pairs, "¶") if linked else ""))


def _is_echo(scope: Scope, at: int) -> bool:
    """Whether a note begins with a heading that says its name again, as Logseq's authors do: the page has a title."""
    before = scope.blocks[:at]
    if len(before) > 1 or any(block.mark != "pre" or block.parts for block in before):
        return False
    return plain_title(scope.entry.text, scope.blocks[at]).lower() == scope.entry.note.name.lower()
