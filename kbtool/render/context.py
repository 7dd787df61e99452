"""What rendering is given: the notes of the base with their links, places on the site, and outcomes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import NamedTuple

from kbtool.changes import Change
from kbtool.config import GraphSettings
from kbtool.graph import Missing, Names, Site, Target, ToNote, ToNothing
from kbtool.names import key
from kbtool.note import Note
from kbtool.outcomes import Outcome, Result
from kbtool.positions import LineTable
from kbtool.queries.answers import Asking
from kbtool.queries.rows import Entity
from kbtool.render.svg import Figure, figure, picture_of
from kbtool.render.urls import Place
from kbtool.render.words import Language, Words, words
from kbtool.syntax.tree import Block, Container, Macro
from kbtool.values import NoteId, Reference, Slug, Span

# How deep embeds and block references are followed, as in Logseq.
MAX_DEPTH = 5
# Characters of note text that a page may take in from other notes; shared out, so that no nest of embeds explodes.
EMBED_BUDGET = 400_000
_TAKES = frozenset({"embed", "block", "block-embed"})


_PAGES = frozenset({"page", "tag", "embed"})


class ToUnwritten(NamedTuple):
    """The reference leads to the page of a name that no note has: a list of what mentions it.

    `missing` unless none is needed, as for days and tags.
    """

    slug: Slug
    missing: bool = False


class Child(NamedTuple):
    """A page inside a namespace; `written` unless no note is it, `inside` is how many lie directly inside itself."""

    name: str
    slug: Slug
    written: bool
    inside: int


class FootnoteAnchor(NamedTuple):
    """Where a footnote's text is found on its page: the first of its name, which begins at `start` in the note."""

    id: str
    start: int


class Anchor(NamedTuple):
    """Where a block is found on its page.

    `id` for links to it; `heading` the readable id of its heading and `level`, 2 to 6, empty and 0 for other blocks.
    """

    id: str
    heading: str
    level: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A note, its text, and all that showing it needs; made by `anchors.entry`.

    `anchors` has one for each block of the outline; `mentions` are the note's references with their targets, in the
    order of the text. `result` says how far `outcome` can be believed; a quotation has neither.
    """

    note: Note
    text: str
    slug: Slug
    anchors: tuple[Anchor, ...]
    mentions: tuple[tuple[Reference, Target], ...]
    outcome: Outcome | None = None
    result: Result | None = None

    @property
    def name(self) -> str:
        """The page's name."""
        return self.note.name


class Backlink(NamedTuple):
    """A mention of the page elsewhere; `property` as in `Reference`."""

    note: NoteId
    block: int
    property: str


@dataclass(frozen=True, slots=True)
class Look:
    """How the site is laid out and speaks; `home` is the path of the note that its navigation begins with, if any.

    `today` is the day that queries mean by it, None for the day of the build. `source` is the address below which the
    notes' files can be read, `url` that of the site, empty when there is none; `title` is the site's. `history` tells
    when notes were made and changed, as far as that is known.
    """

    language: Language = "ru"
    directory_urls: bool = True
    home: str = ""
    today: date | None = None
    source: str = ""
    url: str = ""
    title: str = ""
    history: Mapping[NoteId, Change] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RenderContext:
    """The base as a page may see it: every note that the page links to, embeds, or is linked from.

    `asking` answers queries; `quoting` has for each block the blocks that refer to it by its id; `unlinked` holds the
    unlinked mentions of each note, `users` the notes whose code imports that of each. `unwritten` has the
    places of names without a note, `children` the pages directly inside that at each place. `changes`
    tells when notes were made and changed, `days` has the journals before and after each.
    """

    entries: Mapping[NoteId, Entry]
    names: Names
    look: Look
    settings: GraphSettings
    asking: Asking
    quoting: Mapping[NoteId, Mapping[int, tuple[Site, ...]]]
    unwritten: Mapping[str, Slug] = field(default_factory=dict)
    children: Mapping[Slug, tuple[Child, ...]] = field(default_factory=dict)
    changes: Mapping[NoteId, Change] = field(default_factory=dict)
    days: Mapping[NoteId, tuple[NoteId | None, NoteId | None]] = field(default_factory=dict)
    unlinked: Mapping[NoteId, tuple[Backlink, ...]] = field(default_factory=dict)
    users: Mapping[NoteId, tuple[NoteId, ...]] = field(default_factory=dict)

    @property
    def pages(self) -> Mapping[str, tuple[NoteId, ...]]:
        """The notes of each page key."""
        return self.names.pages

    def is_hidden(self, name: str) -> bool:
        """Whether a name is that of notes that are not published alone: no list may tell it."""
        owners = self.names.pages.get(key(name), ())
        return bool(owners) and not any(owner in self.entries for owner in owners)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where rendering stands: whose text it reads (`entry`), for which page (`place`), and what is allowed there.

    `quoted`: lines begin with quote marks. `numbered`: how many numbered blocks lie around. `marks`: where each
    footnote is first called for. `ids`: blocks get anchors. `links`: inside a link no other may stand. `boxes`: block
    content may stand here. `trail` holds the embeds that led here, `share` how many characters each further one may
    take. `embed` renders a target with its children, `special` a macro or query, `written` Markdown that code shows
    (given as values because all call the outline, which calls the line renderer). `found` says that this stands in a
    query's results, `expanded` how many expansions led here, `asker` the block that they stand in. `lines` are the
    note's, where blocks lead to their source.
    """

    context: RenderContext
    place: Place
    entry: Entry
    figures: Mapping[str, Figure]
    footnotes: Mapping[str, FootnoteAnchor]
    embed: Callable[[Scope, ToNote], str]
    special: Callable[[Scope, Macro | Container], str]
    written: Callable[[Scope, str], str]
    trail: tuple[ToNote, ...] = ()
    share: int = 0
    found: bool = False
    expanded: int = 0
    asker: Entity | None = None
    ids: bool = True
    links: bool = True
    boxes: bool = True
    quoted: bool = False
    numbered: int = 0
    marks: Mapping[str, int] = field(default_factory=dict)
    lines: LineTable | None = None

    @property
    def words(self) -> Words:
        """The site's texts."""
        return words(self.context.look.language)

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The outline of the note that is read."""
        return self.entry.note.outline

    def source(self, span: Span) -> str:
        """The note's text in a span."""
        return self.entry.text[span.start : span.end]

    def block_at(self, offset: int) -> int:
        """The number of the block that an offset lies in."""
        return bisect_right(self.blocks, offset, key=lambda block: block.span.start) - 1

    @property
    def shown(self) -> Entry:
        """The note whose page this is."""
        return self.context.entries[self.trail[0].note] if self.trail else self.entry

    def target(self, span: Span, name: str = "") -> Target | ToUnwritten | None:
        """What the mention inside a span leads to; `name` picks among nested ones."""
        at = bisect_left(self.entry.mentions, span.start, key=lambda mention: mention[0].span.start)
        first: Target | ToUnwritten | None = None
        for reference, target in self.entry.mentions[at:]:
            if reference.span.start >= span.end:
                break
            if reference.span.end <= span.end:
                if not name or reference.name == name:
                    return self._or_unwritten(reference, target)
                first = first or self._or_unwritten(reference, target)
        return first

    def _or_unwritten(self, reference: Reference, target: Target) -> Target | ToUnwritten:
        if not isinstance(target, Missing | ToNothing) or reference.kind not in _PAGES:
            return target
        slug = self.context.unwritten.get(reference.key)
        return target if slug is None else ToUnwritten(slug, isinstance(target, Missing))


def quiet(scope: Scope) -> Scope:
    """The scope inside a link or summary: no other link, nothing block-like, no ids."""
    return replace(scope, links=False, boxes=False, ids=False)


def figures(entry: Entry) -> dict[str, Figure]:
    """The pictures of a note's outcomes by their raw SVG."""
    outcomes = [one for one in (entry.outcome, *(entry.result.others if entry.result else ())) if one]
    found = (picture_of(output) for outcome in outcomes for cell in outcome.cells for output in cell.outputs)
    return {svg: figure(svg) for svg in found if svg}


def share(budget: int, entry: Entry) -> int:
    """The budget of each embed, block reference and macro of a note: equal shares, so that no nest of them explodes."""
    takes = sum(reference.kind in _TAKES for reference, _ in entry.mentions)
    return budget // max(1, takes + entry.note.macros)


def inner_scope(scope: Scope, target: ToNote, size: int) -> Scope | None:
    """The scope for showing `size` characters of another place here, or None when too deep, too much, or a cycle."""
    entry = scope.context.entries.get(target.note)
    if entry is None or size > scope.share or len(scope.trail) >= MAX_DEPTH or target in scope.trail:
        return None
    left = share(scope.share - size, entry)
    return replace(
        scope, entry=entry, figures={}, footnotes={}, marks={}, trail=(*scope.trail, target), share=left, ids=False
    )


def subtree_end(blocks: tuple[Block, ...], at: int) -> int:
    """The index after a block's last descendant."""
    end = at + 1
    while end < len(blocks) and blocks[end].depth > blocks[at].depth:
        end += 1
    return end


def subtree_size(blocks: tuple[Block, ...], at: int) -> int:
    """Characters of a block with its descendants."""
    return blocks[subtree_end(blocks, at) - 1].span.end - blocks[at].span.start
