"""Ids of blocks on their page: `id::` if a block has one, readable words for headings, else a digest of its text.

Nothing depends on a block's place, so links to it survive what is written around it.
"""

from __future__ import annotations

import hashlib

from kbtool import names
from kbtool.graph import Links
from kbtool.note import Note
from kbtool.render.context import Anchor, Entry, subtree_end
from kbtool.render.plain import as_written, plain_title
from kbtool.syntax.tree import Block
from kbtool.values import Slug


def entry(note: Note, text: str, links: Links, slug: Slug) -> Entry:
    """What rendering needs of a note, without its outcome."""
    mentions = sorted(zip(note.refers, links, strict=True), key=lambda mention: mention[0].span)
    return Entry(note, text, slug, anchors(note, text), tuple(mentions))


def anchors(note: Note, text: str) -> tuple[Anchor, ...]:
    """An anchor for each block of the outline, all different; properties alone are found at the page's title."""
    own = {
        d.block: _own(d.key)
        for d in reversed(note.defines)
        if d.kind == "block" and ("#" not in d.key or "#^" in d.key)
    }
    taken = dict.fromkeys((page_anchor(note), *own.values()), 1)
    found: list[Anchor] = []
    for at, (block, level) in enumerate(zip(note.outline, heading_levels(note.outline), strict=True)):
        if not at and _is_header(note.outline):
            found.append(Anchor(page_anchor(note), "", 0))
            continue
        heading = _free(heading_anchor(plain_title(text, block, as_written)), taken) if block.heading else ""
        found.append(Anchor(own.get(at) or heading or _free(_digest(block, text), taken), heading, level))
    return tuple(found)


def _is_header(blocks: tuple[Block, ...]) -> bool:
    """Whether the first block is the page's properties and nothing that the outline shows."""
    return blocks[0].mark == "pre" and not blocks[0].parts and subtree_end(blocks, 0) == 1


def _own(key: str) -> str:
    """A block's id: a UUID, or `^id` in Obsidian's dialect."""
    return key.rpartition("#")[2]


def heading_levels(blocks: tuple[Block, ...]) -> tuple[int, ...]:
    """The level, 2 to 6, of each block that is a heading, 0 of the others.

    What counts is nesting: a heading below another by its place or by its `#`s is one level deeper, so none is skipped.
    """
    open_headings: list[Block] = []
    levels: list[int] = []
    for block in blocks:
        while open_headings and open_headings[-1].depth > block.depth:
            open_headings.pop()
        if block.heading:
            while open_headings and _closes(block, open_headings[-1]):
                open_headings.pop()
            open_headings.append(block)
        levels.append(min(len(open_headings) + 1, 6) if block.heading else 0)
    return tuple(levels)


def page_anchor(note: Note) -> str:
    """The id of the page's own title."""
    return heading_anchor(note.name)


def heading_anchor(title: str) -> str:
    """A title as an id: its words in lower case joined by hyphens."""
    return names.slug(title).replace("/", "-")


def _digest(block: Block, text: str) -> str:
    content = "\n".join(text[part.span.start : part.span.end].strip() for part in block.parts)
    return "b-" + hashlib.blake2b(content.encode("utf-8", "surrogatepass"), digest_size=5).hexdigest()


def _free(anchor: str, taken: dict[str, int]) -> str:
    """The anchor, numbered if an equal one stands above; `taken` remembers it, and the last number of each."""
    if anchor not in taken:
        taken[anchor] = 1
        return anchor
    chosen, number = anchor, taken[anchor]
    while chosen in taken:
        number += 1
        chosen = f"{anchor}-{number}"
    taken[anchor] = number
    taken[chosen] = 1
    return chosen


def _closes(block: Block, earlier: Block) -> bool:
    return earlier.depth == block.depth and earlier.heading >= block.heading
