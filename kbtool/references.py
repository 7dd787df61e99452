"""What a block mentions, by Logseq's rules for what counts as a reference."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from kbtool import names
from kbtool.config import GraphSettings
from kbtool.patterns import regex
from kbtool.syntax.html import loaded
from kbtool.syntax.links import is_uuid, unescape
from kbtool.syntax.obsidian import is_file, is_note
from kbtool.syntax.pieces import BLANKS
from kbtool.syntax.tree import (
    Block,
    BlockLink,
    Code,
    Container,
    Emphasis,
    Escape,
    FootnoteText,
    Html,
    Inline,
    Link,
    Macro,
    PageLink,
    Part,
    Property,
    Prose,
    Quote,
    Table,
    Tag,
    Timestamp,
    WikiLink,
)
from kbtool.values import NoteId, Reference, ReferenceKind, Span, maker

LISTS = frozenset({"alias", "aliases", "tags"})
# Reserved keys whose values are typed, so that links in them count.
_TYPED = frozenset(
    "template-including-parent public exclude-from-graph-view logseq.query/nlp-date heading collapsed created-at "
    "updated-at last-modified-at query-table query-sort-desc hl-page hl-stamp todo doing now later done".split()
)
_ASSET = regex(r"[./]*assets")
_SCHEME = regex(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LOCAL_FILE = regex(r"(?:\.{1,2}/|/)[^?#]*\.[A-Za-z0-9]{1,8}(?:[?#].*)?")
_ITEM = regex(r"[ \t]*(?:[*+]|\d+\.)[ \t]")
_WORDS = regex(r"\w+")
_PIECES = regex(r"(\n)")
_BLOCK_NAME = regex(r"(?:\(\()?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\)\))?", re.IGNORECASE)
_BRACKETED = regex(r"\[\[([^\[\]]+)\]\]")


_reference_of = maker(Reference)


class Place(NamedTuple):
    """Where mentions are collected: a note's text, the block that they stand in, and whose dialect it is."""

    note: NoteId
    text: str
    block: int
    obsidian: bool = False


def in_block(place: Place, block: Block) -> Iterator[Reference]:
    """The explicit references of a block: what its text says, then what its properties' values say."""
    yield from _in_parts(place, block.parts)
    if block.properties:
        for prop in effective(block):
            yield from in_property(place, prop)


def effective(block: Block) -> tuple[Property, ...]:
    """The properties that count: those of the first drawer, in a pre-block the last of two equal keys."""
    found = [prop for prop in block.properties if not prop.ignored]
    if block.mark == "pre":
        found = list({prop.key: prop for prop in found}.values())
    return tuple(found)


def counts(prop: Property) -> bool:
    """Whether links in a property's value are references."""
    return not prop.invalid and (prop.key not in names.RESERVED or prop.key in LISTS or prop.key in _TYPED)


def in_property(place: Place, prop: Property) -> Iterator[Reference]:
    """The references in a property's value; for nested links only the outer name counts."""
    if prop.invalid:
        return
    pages = counts(prop)
    for node in prop.links:
        found = list(_outer(place, node))
        yield from (r._replace(property=prop.key) for r in found if pages or r.kind not in ("page", "tag"))
    if pages:
        for word in prop.words:
            yield Reference("page", word.text, names.key(word.text), word.span, place.block, prop.key, True)


def property_value(prop: Property) -> object:
    """A property's value as Logseq stores it: a list of names, a boolean, an integer, or text."""
    place = Place(NoteId(""), "", 0)
    found = [r.name for r in in_property(place, prop) if r.kind in ("page", "tag")]
    if found:
        return list(dict.fromkeys(found))
    if prop.key in names.RESERVED and prop.key not in LISTS and prop.key not in _TYPED:
        return prop.text
    if prop.text in ("true", "false"):
        return prop.text == "true"
    return int(prop.text) if prop.text.isascii() and prop.text.isdigit() and len(prop.text) < 16 else prop.text


def _outer(place: Place, node: Inline) -> Iterator[Reference]:
    match node:
        case PageLink(span, name, _):
            yield from _page(place, "page", name.strip(BLANKS), span)
        case Tag(span, name, _, ()):
            yield from _tag(place, name.strip(BLANKS), span)
        case Tag(span, name, bracketed, nested):
            if not bracketed:
                first = nested[0]
                name = first.name if first.span.start == span.start + 1 else name.split("[[")[0]
            yield from _page(place, "tag", name.strip(BLANKS), span)
        case Link(_, "file"):
            return  # in running text its label names a page, here it does not
        case Link() | BlockLink() | WikiLink():
            yield from in_inlines(place, (node,))
        case _:
            return


def is_stamp(text: str, prose: Prose) -> bool:
    """Whether a paragraph has a timestamp for its first or second piece: then Logseq reads no reference in it.

    A line end is a piece, plain text up to it is, a link is; those of blank lines above count.
    """
    if prose.title or not prose.inlines:
        return False
    if not any(type(node) is Timestamp for node in prose.inlines[:2]) or _ITEM.match(text, *prose.span):
        return False
    before = text[max(0, prose.span.start - 3) : prose.span.start].replace("\r", "")
    pieces = 2 if before.endswith("\n\n\n") else 1 if before.endswith("\n\n") or before == "\n" else 0
    at = prose.span.start
    for node in prose.inlines[:2]:
        between = text[at : node.span.start]
        pieces += sum(1 for piece in _PIECES.split(between) if piece)
        if isinstance(node, Timestamp):
            return pieces < 2
        pieces += 1
        at = node.span.end
    return False


def _in_parts(place: Place, parts: Iterable[Part], *, nested: bool = False) -> Iterator[Reference]:
    for part in parts:
        # Here and below `match` would try one class after the other, for parts and nodes made by the thousand.
        if type(part) is Prose:
            if part.inlines and (nested or part.title or not is_stamp(place.text, part)):
                yield from in_inlines(place, part.inlines)
        elif type(part) is FootnoteText:
            yield from in_inlines(place, part.inlines)
        elif type(part) is Quote or type(part) is Container:
            yield from _in_parts(place, part.parts, nested=True)
        elif type(part) is Table:
            for cell in (*part.head, *(cell for row in part.rows for cell in row)):
                yield from in_inlines(place, cell.inlines)
        elif type(part) is Html:
            yield from _html(place, part)


def in_inlines(place: Place, inlines: Sequence[Inline]) -> Iterator[Reference]:
    """The references among the nodes of running text."""
    for node in inlines:
        if type(node) is PageLink:
            yield from _page(place, "page", node.name, node.span)
            if node.nested:
                yield from _inside(in_inlines(place, node.nested))
        elif type(node) is Tag:
            yield from _tag(place, node.name, node.span)
            if node.nested:
                yield from _inside(in_inlines(place, node.nested))
        elif type(node) is Link:
            yield from _link(place, node)
        elif type(node) is Emphasis:
            if node.children:
                yield from in_inlines(place, node.children)
        elif type(node) is BlockLink:
            yield from _block(place, "block", node.id, node.span)
        elif type(node) is Macro:
            yield from _embed(place, node) if node.name == "embed" else in_inlines(place, node.seen)
        elif type(node) is WikiLink:
            yield from _wiki(place, node)
        elif type(node) is Html:
            yield from _html(place, node)


def _inside(found: Iterable[Reference]) -> Iterator[Reference]:
    return (one._replace(inside=True) for one in found)


def _link(place: Place, link: Link) -> Iterator[Reference]:
    match link.kind:
        case "file" | "search" if place.obsidian and is_note(link.target):
            yield from _note_link(place, link)
        case "page":
            yield from _inside(_page(place, "page", link.target, link.target_span))
        case "block":
            yield from _block(place, "block", link.target, link.target_span)
        case "file":
            # Logseq takes the label, not the file, for the page's name.
            label = _label(place.text, link)
            if not _ASSET.match(link.target):
                yield from _inside(_page(place, "page", label, link.label))
        case "search":
            yield from _local(place, link.target, link.target_span)
        case "url":
            if link.target.startswith("id://"):
                yield from _block(place, "block", link.target[5:], link.target_span)


def _html(place: Place, html: Html) -> Iterator[Reference]:
    """The files that raw HTML shows."""
    if not html.hiccup:
        for one in loaded(place.text, html.span):
            yield from _local(place, one.target, one.span)


def _local(place: Place, target: str, span: Span) -> Iterator[Reference]:
    # Obsidian finds files without a path
    named = place.obsidian and "." in target and not _SCHEME.match(target)
    if named or _ASSET.match(target) or _LOCAL_FILE.fullmatch(target):
        yield Reference("asset", target, asset_path(place.note, target), span, place.block)


def _wiki(place: Place, link: WikiLink) -> Iterator[Reference]:
    """The page of an Obsidian link, and the heading or block of it; without a page its own note is meant."""
    if is_file(link):
        yield Reference("asset", link.page, asset_path(place.note, link.page), link.page_span, place.block)
        return
    if link.page:
        yield Reference("embed" if link.embed else "page", link.page, names.key(link.page), link.page_span, place.block)
    if link.anchor:
        kind: ReferenceKind = "block" if link.anchor.startswith("^") else "heading"
        key = f"{names.key(link.page) if link.page else place.note}#{anchor_key(link.anchor)}"
        yield Reference(kind, f"{link.page}#{link.anchor}", key, link.anchor_span, place.block)


def _note_link(place: Place, link: Link) -> Iterator[Reference]:
    """`[label](folder/page.md#heading)`, which in Obsidian leads to the file, whatever the label."""
    path, _, anchor = link.target.partition("#")
    behind = link.target_span.start + len(path)
    name = posixpath.splitext(unquote(path))[0]
    if name.startswith("."):
        name = posixpath.normpath(posixpath.join(posixpath.dirname(place.note), name))
    page = Span(link.target_span.start, behind)
    yield Reference("page", name, names.key(name), page, place.block)
    if anchor:
        kind: ReferenceKind = "block" if anchor.startswith("^") else "heading"
        key = f"{names.key(name)}#{anchor_key(unquote(anchor))}"
        yield Reference(kind, f"{name}#{unquote(anchor)}", key, Span(behind + 1, link.target_span.end), place.block)


def anchor_key(anchor: str) -> str:
    """What headings are compared by in Obsidian's links: their words; of an id the id."""
    return anchor.lower() if anchor.startswith("^") else " ".join(_WORDS.findall(anchor.lower()))


def _label(text: str, link: Link) -> str:
    """A label's text up to its first node, which is what Logseq takes for a name; of code, what is inside."""
    first = next((node for node in link.children if not isinstance(node, Escape)), None)
    if isinstance(first, Code) and first.span.start == link.label.start:
        return text[first.inner.start : first.inner.end]
    return unescape(text[link.label.start : first.span.start if first else link.label.end])


def _embed(place: Place, macro: Macro) -> Iterator[Reference]:
    argument = ", ".join(macro.arguments)
    at = place.text.find(argument, macro.span.start, macro.span.end)
    span = Span(at, at + len(argument)) if at >= 0 else macro.span
    if argument.startswith("((") and argument.endswith("))") and is_uuid(argument[2:-2]):
        yield from _block(place, "block-embed", argument[2:-2], span)
    elif argument.startswith("[[") and argument.endswith("]]"):
        yield from _page(place, "embed", argument[2:-2], span)
    else:
        yield from _page(place, "embed", argument, span)


def _page(place: Place, kind: ReferenceKind, name: str, span: Span) -> tuple[Reference, ...]:
    ident = _BLOCK_NAME.fullmatch(name)
    if ident:
        return (Reference("block", ident[1], ident[1].lower(), span, place.block),)
    if name.strip(BLANKS) and not _ASSET.match(name) and not name.startswith("draws"):
        return (_reference_of((kind, name, names.key(name), span, place.block, "", False, False)),)
    return ()


def _tag(place: Place, name: str, span: Span) -> tuple[Reference, ...]:
    return (Reference("tag", name, names.key(name), span, place.block),) if name.strip(BLANKS) else ()


def _block(place: Place, kind: ReferenceKind, ident: str, span: Span) -> tuple[Reference, ...]:
    return (Reference(kind, ident, ident.lower(), span, place.block),) if is_uuid(ident) else ()


def asset_path(note: NoteId, target: str) -> str:
    """The path in the base that an asset link points at; `assets/…` counts from the base's root, as in Logseq."""
    clean = unquote(urlsplit(target).path) if "%" in target or "?" in target or "#" in target else target
    if _ASSET.match(clean):
        return clean[clean.index("assets") :]
    return posixpath.normpath(posixpath.join(posixpath.dirname(note), clean)).lstrip("/")


# ---------------------------------------------------------------- what Logseq adds by itself


def implied(block: Block, settings: GraphSettings) -> Iterator[str]:
    """Names that a block refers to without a link: its property names, task marker and priority."""
    if settings.property_pages:
        for prop in effective(block):
            if is_page(prop, settings):
                yield prop.key.split("/", 1)[-1]
    yield from (name for name in (block.marker, block.priority) if name)


def is_page(prop: Property, settings: GraphSettings) -> bool:
    """Whether Logseq makes a page of a property's key, where it does that at all."""
    return not (prop.invalid or prop.key in names.RESERVED or prop.key in settings.property_pages_excluded)


def page_keys(place: Place, block: Block, settings: GraphSettings) -> tuple[str, ...]:
    """All page keys that Logseq stores for a block, sorted: mentions, implied names, namespaces of both."""
    mentioned = [r.name for r in in_block(place, block) if r.kind in ("page", "tag", "embed")]
    # An embedded block makes Logseq remember a phantom page named by the id.
    phantom = [r.name for r in in_block(place, block) if r.kind == "block-embed"]
    found = {names.key(name) for name in with_namespaces((*mentioned, *phantom, *implied(block, settings)))}
    return tuple(sorted(key for key in found if key))


def with_namespaces(mentioned: Iterable[str]) -> Iterator[str]:
    """Names, each with the parents of its namespace, which Logseq stores too."""
    for name in mentioned:
        yield name
        if "/" in name or "[[" in name:
            inner = _BRACKETED.search(name)
            yield from _namespace(inner[1] if inner else name)


def _namespace(name: str) -> tuple[str, ...]:
    found = names.parents(name)
    return (*found, name.rstrip("/")) if found or ("/" in name and not name.startswith((".", "/"))) else ()


def block_keys(place: Place, block: Block) -> tuple[str, ...]:
    """The ids of the blocks that a block mentions, sorted, as written."""
    return tuple(sorted({r.name for r in in_block(place, block) if r.kind in ("block", "block-embed")}))
