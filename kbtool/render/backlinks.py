"""What links to a page: pages that carry it as a tag, the blocks that mention it, by page, and code that imports it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple
from zlib import crc32

from kbtool.graph import Ambiguous, Missing, Target, ToNote, ToNothing
from kbtool.names import key, title
from kbtool.note import Note
from kbtool.queries.rows import family
from kbtool.render.context import Backlink, Entry, RenderContext, Scope, subtree_end, subtree_size
from kbtool.render.html import element, escape
from kbtool.render.quotes import QUOTED_LENGTH, page_link, quote_html, reading
from kbtool.render.reading_words import ReadingWords, reading_words
from kbtool.render.urls import references_slug
from kbtool.syntax.edn import read
from kbtool.values import NoteId, Reference, Slug, Span

# What stands under the page itself; with more, pages of their own hold all.
_PAGES = 40
_QUOTES_OF_PAGE = 12
# Pages that are named as carrying the page as a tag, or using its code.
_NAMED_PAGES = 300
# Pages mentioned beside that one can filter by: the most frequent.
_CHIPS = 30
# So many are offered even where they are mentioned once.
_FEW = 8
_LEAST_QUOTES = 3


class Group(NamedTuple):
    """A page with the numbers of its blocks that mention another one; `inside` has those that stand below others.

    Such a block is seen below the one that is quoted, and not by itself.
    """

    note: NoteId
    blocks: tuple[int, ...]
    inside: Mapping[int, tuple[int, ...]] = {}


class Beside(NamedTuple):
    """What is mentioned beside a page: names in order with their marks and counts, and for each block all its marks.

    `chosen` are the keys of names that the page's own `filters::` keep (True) or leave out.
    """

    names: tuple[tuple[str, str, int], ...]
    of_block: dict[tuple[NoteId, int], tuple[str, ...]]
    chosen: Mapping[str, bool]


def groups(context: RenderContext, links: Sequence[Backlink]) -> tuple[Group, ...]:
    """The mentions in blocks by page: pages by name, then journals, the newest first."""
    known = [link for link in links if link.note in context.entries and not _is_tag(link)]
    found = [
        _group_of(context.entries[note], dict.fromkeys(link.block for link in group))
        for note, group in groupby(sorted(known, key=lambda link: link.note), lambda link: link.note)
    ]
    return tuple(sorted(found, key=lambda group: _order(context.entries[group.note])))


def _group_of(entry: Entry, blocks: Iterable[int]) -> Group:
    outline = entry.note.outline
    inside: dict[int, list[int]] = {}
    top, end = -1, 0
    for at in sorted(blocks):
        if top >= 0 and at < end:
            inside[top].append(at)
            continue
        inside[at] = []
        shown = 0 <= at < len(outline) and subtree_size(outline, at) <= QUOTED_LENGTH
        top, end = (at, subtree_end(outline, at)) if shown else (-1, 0)
    return Group(entry.note.id, tuple(inside), {at: tuple(below) for at, below in inside.items() if below})


def _order(entry: Entry) -> tuple[int, str, str]:
    return -(entry.note.journal or 99_999_999), title(entry.note.name).casefold(), entry.note.id


def _is_tag(link: Backlink) -> bool:
    return link.block <= 0 and link.property == "tags"


def may_be_cut(links: Sequence[Backlink]) -> bool:
    """Whether it is worth to look, quickly told."""
    return len(links) > min(_PAGES, _QUOTES_OF_PAGE)


def is_cut(found: Sequence[Group]) -> bool:
    """Whether not all mentions can stand under the page itself."""
    return len(found) > _PAGES or any(len(group.blocks) > _QUOTES_OF_PAGE for group in found)


def backlinks_html(scope: Scope, links: Sequence[Backlink]) -> str:
    """The section under a page, empty when nothing links to it; left out of the search."""
    known = (link.note for link in links if link.note in scope.context.entries and _is_tag(link))
    content = _tagged(scope, list(dict.fromkeys(known))) + _quoted(scope, groups(scope.context, links))
    if not content:
        return ""
    return element("section", {"class": "kb-backlinks", "data-search-exclude": ""}, content)


def users_html(scope: Scope) -> str:
    """The section of pages whose code imports this one's, empty when none does; left out of the search."""
    users = [note for note in scope.context.users.get(scope.entry.note.id, ()) if note in scope.context.entries]
    if not users:
        return ""
    content = head_html(scope.words.users, len(users)) + _chips(scope, users)
    return element("section", {"class": "kb-backlinks kb-users", "data-search-exclude": ""}, content)


def _tagged(scope: Scope, notes: Sequence[NoteId]) -> str:
    if not notes:
        return ""
    return head_html(scope.words.tagged, len(notes)) + _chips(scope, notes)


def _chips(scope: Scope, notes: Sequence[NoteId]) -> str:
    """Pages by their names alone; of very many the first."""
    entries = (scope.context.entries[note] for note in notes[:_NAMED_PAGES])
    chips = "".join(element("li", {"class": "kb-chip"}, page_link(scope, entry)) for entry in entries)
    if len(notes) > _NAMED_PAGES:
        chips += element("li", {}, f"{scope.words.more} {len(notes) - _NAMED_PAGES}")
    return element("ul", {"class": "kb-chips"}, chips)


def head_html(text: str, count: int) -> str:
    """A section's title with the number of what it holds."""
    number = element("span", {"class": "kb-count"}, str(count))
    return element("h2", {"class": "kb-backlinks__head"}, f"{text} {number}")


def _quoted(scope: Scope, found: Sequence[Group]) -> str:
    if not found:
        return ""
    shown = [group._replace(blocks=group.blocks[:_QUOTES_OF_PAGE]) for group in found[:_PAGES]]
    more = ""
    if is_cut(found):
        says = reading_words(scope.context.look.language)
        href = scope.place.page(references_slug(scope.place.slug, 1))
        more = element("p", {"class": "kb-backlinks__all"}, element("a", {"href": href}, says.all_references))
    beside = _beside(scope.context, found, scope.place.slug, _chosen(scope.entry.note))
    if not beside.names:
        beside = beside._replace(of_block={})  # nothing to filter by
    return head_html(scope.words.backlinks, len(found)) + _groups(scope, shown, beside) + more


def part_html(scope: Scope, found: Sequence[Group], own: Slug) -> str:
    """A part of the pages with their blocks that mention the one at `own`, and what one can filter them by."""
    return _groups(scope, found, _beside(scope.context, found, own, _chosen(scope.entry.note)))


def _groups(scope: Scope, found: Sequence[Group], beside: Beside) -> str:
    pages = "".join(_group(scope, group, beside) for group in found)
    return _filter_html(reading_words(scope.context.look.language), beside) + pages


def _group(scope: Scope, group: Group, beside: Beside) -> str:
    """One page with its quoting blocks; of a block and its mentions in the page's header only the page is named."""
    quoting = reading(scope, scope.context.entries[group.note])
    refs = [beside.of_block.get((group.note, at), ()) for at in group.blocks]
    quotes = "".join(quote_html(quoting, at, _marks(one)) for at, one in zip(group.blocks, refs, strict=True))
    pairs = {"class": "kb-backlink", "data-refs": _marks(sorted({mark for one in refs for mark in one}))}
    return element("div", pairs, element("h3", {}, page_link(scope, quoting.entry)) + quotes)


def _marks(found: Sequence[str]) -> str | None:
    return " ".join(found) or None


def _mark(slug: Slug) -> str:
    """A short name of a page, the same on every page of references, so that a filter of one holds for the others."""
    return format(crc32(slug.encode()), "x")


# ---------------------------------------------------------------- what is mentioned beside


def _chosen(note: Note) -> Mapping[str, bool]:
    """What a page's `filters::` say, as Logseq writes them: `{"kept" true, "left out" false}`."""
    text = next((one.text for one in note.properties if one.key == "filters" and not one.ignored), "")
    forms = read(text, Span(0, len(text)), simple=False).forms
    items = forms[0].items if len(forms) == 1 and forms[0].kind == "map" else ()
    pairs = zip(items[::2], items[1::2], strict=False)
    return {key(name.text): bool(kept.value) for name, kept in pairs if name.kind == "string"}


def _beside(context: RenderContext, found: Sequence[Group], own: Slug, chosen: Mapping[str, bool]) -> Beside:
    """What quoting blocks, those above them and their pages mention; what all of them do tells nothing apart."""
    refs: dict[tuple[NoteId, int], dict[Slug, str]] = {}
    for group in found:
        mentioned = _mentioned(context, context.entries[group.note], group)
        refs |= {(group.note, at): mentioned[at] for at in group.blocks}
    counts = Counter(slug for beside in refs.values() for slug in beside if slug != own)
    of_block = {site: tuple(sorted(_mark(slug) for slug in beside if slug != own)) for site, beside in refs.items()}
    if len(refs) < _LEAST_QUOTES:
        return Beside((), of_block, chosen)
    telling = sorted((-count, slug) for slug, count in counts.items() if count < len(refs))
    several = [one for one in telling if one[0] < -1][:_CHIPS]
    spelled = {slug: name for beside in refs.values() for slug, name in beside.items()}
    several = telling[: max(_FEW, len(several))]
    several += [one for one in telling[len(several) :] if key(spelled[one[1]]) in chosen]
    names = tuple((spelled[slug], _mark(slug), -count) for count, slug in several)
    return Beside(names, of_block, chosen)


def _mentioned(context: RenderContext, entry: Entry, group: Group) -> dict[int, dict[Slug, str]]:
    """For each quoted block the pages that it, those inside and those above it mention, and its own page, by places."""
    parents, _ = family(entry.note.outline)
    near = {block: (*group.inside.get(block, ()), *_with_those_above(parents, block)) for block in group.blocks}
    wanted = {at for blocks in near.values() for at in blocks}
    own: dict[int, dict[Slug, str]] = {}
    for reference, target in entry.mentions:
        found = _page_of(context, reference, target) if max(reference.block, 0) in wanted else None
        if found:
            own.setdefault(max(reference.block, 0), {})[found[0]] = found[1]
    mentioned: dict[int, dict[Slug, str]] = {}
    for block, blocks in near.items():
        mentioned[block] = {entry.slug: entry.name}
        for at in blocks:
            mentioned[block].update(own.get(at, {}))
    return mentioned


def _with_those_above(parents: Sequence[int], block: int) -> Iterator[int]:
    at = block
    while at >= 0:
        yield at
        at = parents[at] if at < len(parents) else -1


def _page_of(context: RenderContext, reference: Reference, target: Target) -> tuple[Slug, str] | None:
    if isinstance(target, ToNote | Ambiguous):
        entry = context.entries.get(target.note) if target.note in context.entries else None
        return (entry.slug, entry.name) if entry else None
    slug = context.unwritten.get(reference.key) if isinstance(target, Missing | ToNothing) else None
    return (slug, reference.name.strip()) if slug else None


def _filter_html(says: ReadingWords, beside: Beside) -> str:
    """Buttons for a script to show: without one all blocks stand there."""
    if not beside.names:
        return ""
    label = element("span", {"class": "kb-filter__label"}, says.filter)
    states = {None: None, True: "in", False: "out"}
    buttons = "".join(_button(says, one, states[beside.chosen.get(key(one[0]))]) for one in beside.names)
    return element(
        "div", {"class": "kb-filter", "role": "group", "aria-label": says.filter, "hidden": ""}, label + buttons
    )


def _button(says: ReadingWords, named: tuple[str, str, int], state: str | None) -> str:
    name, mark, count = named
    content = escape(title(name), quote=False) + " " + element("span", {"class": "kb-count"}, str(count))
    pressed = {"data-state": state, "aria-pressed": "true" if state else "false"}
    pairs = {"type": "button", "class": "kb-chip", "data-ref": mark} | pressed
    return element("button", pairs | {"title": says.filter_help}, content)


# ---------------------------------------------------------------- pages of all mentions


def chunks(found: Sequence[Group], size: int) -> Iterator[tuple[Group, ...]]:
    """The groups in stretches of at most so many blocks; a long group is cut."""
    chunk: list[Group] = []
    room = size
    for group in found:
        blocks = group.blocks
        while blocks:
            chunk.append(group._replace(blocks=blocks[:room]))
            room, blocks = room - len(blocks[:room]), blocks[room:]
            if not room:
                yield tuple(chunk)
                chunk, room = [], size
    if chunk:
        yield tuple(chunk)
