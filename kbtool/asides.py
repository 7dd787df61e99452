"""What a note says beside its references: mentions that get lost, labels of links, embeds by their blocks, files.

All of it is plain tuples of strings and numbers, for it is part of the note's facts.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias
from urllib.parse import unquote

from kbtool.config import GraphSettings
from kbtool.references import Place, effective, in_inlines, is_page, is_stamp
from kbtool.syntax import faults, lost
from kbtool.syntax.tree import (
    Block,
    BlockLink,
    Code,
    Emphasis,
    Escape,
    FootnoteText,
    Html,
    Inline,
    Link,
    Macro,
    Math,
    PageLink,
    Part,
    Prose,
    Table,
    Tag,
    Timestamp,
)
from kbtool.values import Definition, Reference, Source

Lost: TypeAlias = tuple[str, str, int, int, str]
"""Kind (page, tag, block), name, start, end, and what swallows it: emphasis, stamp, html, hiccup, cloze."""
Labelled: TypeAlias = tuple[str, str, str, int, int]
"""Kind of target (page, file), label, target, start and end of the whole link."""
Embedded: TypeAlias = tuple[str, str, int, int, tuple[str, ...]]
"""Kind of reference, key, start, end, and the ids of the blocks in which it shows: its own and those around it."""

Keyed: TypeAlias = tuple[str, int, int]
"""A page that Logseq makes of a property's key, and where the key first stands."""

_QUIET = frozenset({PageLink, Tag, Code, Math, Escape, BlockLink, Timestamp})
"""Nodes that say nothing here."""
_HUBS = frozenset({"query", "namespace", "cards", "renderer", "function"})
_MAX_NAME = 240
# Of deeper nesting only the nearest ids are kept; it bounds what is remembered for each block.
_MAX_AROUND = 32


class Asides(NamedTuple):
    """See the types above; `files` are ends of lines behind `assets/` or `draws/`.

    `leads` says that the note leads somewhere without naming a page: to the web, or by a query.
    """

    lost: tuple[Lost, ...] = ()
    labels: tuple[Labelled, ...] = ()
    embeds: tuple[Embedded, ...] = ()
    files: tuple[str, ...] = ()
    leads: bool = False
    keys: tuple[Keyed, ...] = ()


NO_ASIDES = Asides()


def asides(
    source: Source,
    parts: Iterable[tuple[Part, int]],
    blocks: Sequence[Block],
    names: tuple[Sequence[Reference], Sequence[Definition]],
) -> tuple[Asides, tuple[Link, ...]]:
    """The asides of a note, and its links to addresses; `parts` are those of its blocks."""
    text = source.text
    said = _Said("#+BEGIN_QUERY" in text or "#+begin_query" in text)
    for part, number in parts:
        inlines = part.inlines if type(part) is Prose else _inlines(part)
        if inlines:
            kinds = set(map(type, inlines))
            if Timestamp in kinds and type(part) is Prose and is_stamp(text, part):
                said.lost += _beside_stamp(Place(source.id, text, number), inlines)
            if not _QUIET.issuperset(kinds):
                _listen(text, inlines, said)
                if Emphasis in kinds or Link in kinds:
                    said.lost += _mentions(lost.in_emphasis(text, inlines), "emphasis")
        elif type(part) is Html:
            said.lost += _in_html(text, part)
    refers, defines = names
    return Asides(
        tuple(dict.fromkeys(said.lost)),
        tuple(said.labels),
        tuple(_embeds(blocks, refers, defines)),
        tuple(_files(text, refers)),
        said.leads or bool(said.addresses),
    ), tuple(said.addresses)


class _Said:
    """What was found so far."""

    __slots__ = ("addresses", "labels", "leads", "lost")

    def __init__(self, leads: bool) -> None:
        self.leads = leads
        self.lost: list[Lost] = []
        self.labels: list[Labelled] = []
        self.addresses: list[Link] = []


def _listen(text: str, inlines: Sequence[Inline], said: _Said) -> None:
    """Takes in what the nodes of running text say, but for what emphasis swallows."""
    for node in _nodes(inlines):
        if type(node) in _QUIET:  # `match` would try one class after the other, for nodes made by the thousand
            continue
        if isinstance(node, Link):
            if node.kind == "url":
                said.addresses.append(node)
            elif node.kind in ("page", "file") and not node.image:
                said.labels.append((node.kind, text[slice(*node.label)], node.target, *node.span))
        elif isinstance(node, Macro):
            said.leads = said.leads or node.name in _HUBS
            said.lost += _in_cloze(text, node)
        elif isinstance(node, Html):
            said.lost += _in_html(text, node)


def keyed(blocks: Iterable[Block], settings: GraphSettings) -> tuple[Keyed, ...]:
    """The pages that Logseq makes of the keys of properties, each once."""
    found: dict[str, Keyed] = {}
    for block in blocks:
        if block.properties and settings.property_pages:
            for one in effective(block):
                if one.key not in found and is_page(one, settings):
                    found[one.key] = (one.key.split("/", 1)[-1], *one.key_span)
    return tuple(found.values())


# ---------------------------------------------------------------- the tree, flat


def _inlines(part: Part) -> tuple[Inline, ...]:
    match part:
        case FootnoteText():
            return part.inlines
        case Table(_, head, rows):
            return tuple(node for cell in (*head, *(cell for row in rows for cell in row)) for node in cell.inlines)
        case _:
            return ()


def _nodes(inlines: Iterable[Inline]) -> Iterator[Inline]:
    for node in inlines:
        yield node
        if type(node) is Emphasis:
            yield from _nodes(node.children)


# ---------------------------------------------------------------- lost mentions


def _in_html(text: str, node: Html) -> Iterator[Lost]:
    # Where it swallows blocks all of it is lost, which is another rule's to say.
    if not faults.swallowed(text, node.span):
        yield from _mentions(lost.in_markup(text, node.span), "hiccup" if node.hiccup else "html")


def _in_cloze(text: str, macro: Macro) -> Iterator[Lost]:
    return _mentions(lost.in_markup(text, macro.span) if macro.name == "cloze" else (), "cloze")


def _beside_stamp(place: Place, inlines: Sequence[Inline]) -> Iterator[Lost]:
    for one in in_inlines(place, inlines):
        if one.kind != "asset":
            yield ("block" if one.kind.startswith("block") else one.kind, one.name, *one.span, "stamp")


def _mentions(found: Iterable[lost.Mention], where: str) -> Iterator[Lost]:
    return ((one.kind, one.name, *one.span, where) for one in found)


# ---------------------------------------------------------------- embeds


def _embeds(blocks: Sequence[Block], refers: Sequence[Reference], defines: Sequence[Definition]) -> Iterator[Embedded]:
    """Embeds with the ids of all blocks around them, block references with the id of their own block alone."""
    ids = {one.block: one.key for one in defines if one.kind == "block"}
    wanted = [
        one for one in refers if one.kind in ("embed", "block-embed") or (one.kind == "block" and one.block in ids)
    ]
    if not wanted:
        return
    around = _around(blocks, ids)
    for one in wanted:
        owners = around[one.block] if one.kind != "block" else (ids[one.block],)
        yield one.kind, one.key, *one.span, owners


def _around(blocks: Sequence[Block], ids: Mapping[int, str]) -> list[tuple[str, ...]]:
    """For each block the ids of itself and of the blocks that it lies in."""
    opened: list[tuple[str, ...]] = [()]
    found: list[tuple[str, ...]] = []
    for number, block in enumerate(blocks):
        del opened[max(1, block.depth) :]
        owners = (*opened[-1], ids[number])[-_MAX_AROUND:] if number in ids else opened[-1]
        opened.append(owners)
        found.append(owners)
    return found


# ---------------------------------------------------------------- files


def _files(text: str, refers: Iterable[Reference]) -> Iterator[str]:
    """Ends of lines behind `assets/` and `draws/` that no reference covers: in HTML, macros, properties, code."""
    known = sorted(one.span for one in refers if one.kind == "asset")
    for folder in ("assets/", "draws/"):
        at = text.find(folder)
        while at >= 0:
            before = bisect_right(known, (at, len(text) + 1)) - 1
            if before < 0 or at >= known[before].end:
                line_end = text.find("\n", at)
                tail = text[at : min(at + _MAX_NAME, line_end if line_end >= 0 else len(text))]
                yield unquote(tail) if "%" in tail else tail
            at = text.find(folder, at + len(folder))
