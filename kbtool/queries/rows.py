"""A base as queries see it: its blocks and pages with what Logseq's database keeps of them.

Rows are made when the first query asks, from what notes say already, in one pass; nothing is parsed again. What a block
inherits is never written out: the blocks under a mention are a range of the outline.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from typing import NamedTuple

from kbtool import names, references
from kbtool.config import GraphSettings
from kbtool.dates import journal_day
from kbtool.note import Note, with_page_properties
from kbtool.queries import dates
from kbtool.syntax.block_text import block_text
from kbtool.syntax.tree import Block, Property, Prose, Timestamp
from kbtool.values import NoteId

PropertyValue = object
"""A text, whole number, boolean, or a frozen set of names."""


_NONE: frozenset[str] = frozenset()
_FEW = 16
"""So many pages are looked for in the blocks; for more of them all blocks are sorted by what they mention."""


class Entity(NamedTuple):
    """A block: its note and its number in the outline; or a page: its key, and -1."""

    place: str
    block: int


class Given(NamedTuple):
    """What rows are made of."""

    notes: Mapping[NoteId, Note]
    texts: Mapping[NoteId, str]
    settings: GraphSettings


class PageRow(NamedTuple):
    """A page; `note` is None for one that is only mentioned. `parent` is the key of its namespace."""

    key: str
    name: str
    note: NoteId | None
    journal: int | None
    parent: str
    tags: frozenset[str]
    aliases: frozenset[str]
    properties: Mapping[str, PropertyValue]


class NoteRows(NamedTuple):
    """A note's blocks: for each its own references, its parent (-1: none), and the end of its subtree.

    `own` is the row of its page, `names` are the pages that it names, by their keys, and `keys` all that its blocks
    refer to; `ids` are the blocks that have one, `asked` those that mention a block by its id.
    """

    page: str
    refs: tuple[frozenset[str], ...]
    parents: tuple[int, ...]
    ends: tuple[int, ...]
    own: PageRow
    names: tuple[tuple[str, str], ...]
    keys: frozenset[str]
    ids: tuple[tuple[str, int], ...]
    asked: tuple[tuple[str, int], ...]


class Rows:
    """The rows of one base; what an earlier state of it (`before`) says of a note that is the same is taken over."""

    __slots__ = (
        *("_contents", "_described", "_keys", "_owned", "_referring", "_tasks"),
        *("given", "notes", "pages"),
    )

    def __init__(self, given: Given, before: Rows | None = None) -> None:
        old = before if before is not None and before.given.settings == given.settings else None
        self.given: Given = given
        self._keys: dict[str, str] = old._keys if old else {}
        self._contents: dict[Entity, str] = {}
        self.pages: dict[str, PageRow] = {}
        self.notes: dict[NoteId, NoteRows] = {}
        self._referring: dict[str, list[Entity]] | None = None
        self._owned: dict[str, list[PageRow]] | None = None
        self._tasks: dict[str, list[Entity]] | None = None
        self._described: dict[str, list[tuple[Entity, PropertyValue]]] | None = None
        for note in given.notes.values():
            if note.defines:
                same = old is not None and old.given.notes.get(note.id) is note
                rows = old.notes[note.id] if old and same else self._note_rows(note)
                self.notes[note.id] = rows
                # Of two notes with one name the first is the page.
                self.pages.setdefault(rows.page, rows.own)
        self._add_mentioned()

    # ---- names

    def key(self, name: str) -> str:
        """The key of a page name; all spellings of a day are the key of its journal page."""
        found = self._keys.get(name)
        if found is None:
            found = names.key(name)
            day = journal_day(found, self.given.settings.date_formats)
            if day is not None:
                found = names.key(dates.page_name(day, self.given.settings.date_formats))
            self._keys[name] = found
        return found

    def page_of(self, note: Note) -> str:
        """The key of a note's page."""
        return self.key(note.name)

    # ---- pages

    def _page_row(self, note: Note) -> PageRow:
        properties = property_map(note.properties)
        tags = frozenset(map(self.key, _names(properties.get("tags"))))
        aliases = frozenset(self.key(d.name) for d in note.defines if d.kind == "alias")
        parent = self._parent(note.name)
        return PageRow(self.page_of(note), note.name, note.id, note.journal, parent, tags, aliases, properties)

    def _parent(self, name: str) -> str:
        above = names.parents(name)
        return self.key(above[-1]) if above else ""

    def _add_mentioned(self) -> None:
        """Pages that no note is: what is mentioned, other names, namespaces."""
        for rows in self.notes.values():
            for key, name in rows.names:
                if key not in self.pages:
                    self._mention(name)
        for row in list(self.pages.values()):
            for parent in names.parents(row.name):
                self._mention(parent)
        for rows in self.notes.values():
            for key in rows.keys:
                if key not in self.pages:
                    self._mention(key)

    def _mention(self, name: str) -> None:
        key = self.key(name)
        if key and key not in self.pages:
            day = journal_day(name, self.given.settings.date_formats)
            shown = dates.page_name(day, self.given.settings.date_formats) if day is not None else name.strip()
            self.pages[key] = PageRow(key, shown, None, day, self._parent(name), frozenset(), frozenset(), {})

    def circle(self, key: str) -> frozenset[str]:
        """A page's key with those of its aliases: the relation holds both ways and reaches over one page between."""
        near = self._linked(key)
        return frozenset({key}).union(near, *(self._linked(one) for one in near))

    def _linked(self, key: str) -> frozenset[str]:
        row = self.pages.get(key)
        own = row.aliases if row else frozenset()
        return own | frozenset(one.key for one in self._owners().get(key, ()))

    def _owners(self) -> Mapping[str, list[PageRow]]:
        if self._owned is None:
            self._owned = {}
            for row in self.pages.values():
                for alias in row.aliases:
                    self._owned.setdefault(alias, []).append(row)
        return self._owned

    # ---- blocks

    def _note_rows(self, note: Note) -> NoteRows:
        blocks = note.outline
        mentioned: list[list[str]] = [[] for _ in blocks]
        pages = [mention for mention in note.refers if mention.kind in ("page", "tag", "embed")]
        for mention in pages:
            mentioned[mention.block].append(mention.name)
        aliases = [d.name for d in note.defines if d.kind == "alias"]
        if blocks and blocks[0].mark == "pre":
            mentioned[0] += aliases
        named: dict[str, str] = {}
        for name in (*(mention.name for mention in pages), *aliases):
            named.setdefault(self.key(name), name)
        refs = tuple(self._refs(block, own) for block, own in zip(self.outline(note), mentioned, strict=True))
        return NoteRows(
            self.page_of(note),
            refs,
            *family(blocks),
            own=self._page_row(note),
            names=tuple(named.items()),
            keys=frozenset().union(*refs),
            ids=tuple((d.key, d.block) for d in note.defines if d.kind == "block"),
            asked=tuple((r.key, r.block) for r in note.refers if r.kind in ("block", "block-embed")),
        )

    def _refs(self, block: Block, mentioned: list[str]) -> frozenset[str]:
        if not mentioned and not block.properties and not block.marker and not block.priority:
            return _NONE
        implied = references.implied(block, self.given.settings)
        return frozenset(map(self.key, references.with_namespaces((*mentioned, *implied))))

    def outline(self, note: Note) -> tuple[Block, ...]:
        """A note's blocks, the page's properties at the first."""
        return with_page_properties(note.outline, note.properties)

    def block(self, entity: Entity) -> Block:
        """The block of an entity."""
        note = self.given.notes[NoteId(entity.place)]
        if entity.block == 0 and note.outline[0].mark == "pre":
            return self.outline(note)[0]
        return note.outline[entity.block]

    def blocks(self) -> Iterator[Entity]:
        """All blocks."""
        return (Entity(note, i) for note, rows in self.notes.items() for i in range(len(rows.refs)))

    def of_page(self, key: str) -> list[Entity]:
        """The blocks of a page."""
        row = self.pages.get(key)
        if row is None or row.note is None:
            return []
        return [Entity(row.note, i) for i in range(len(self.notes[row.note].refs))]

    def content(self, entity: Entity) -> str:
        """A block's text as Logseq keeps it."""
        found = self._contents.get(entity)
        if found is None:
            note = self.given.notes[NoteId(entity.place)]
            found = block_text(self.given.texts[note.id], note.outline[entity.block])
            self._contents[entity] = found
        return found

    def tasks(self) -> Mapping[str, list[Entity]]:
        """The blocks of each task marker, and of each priority as `[#A]`."""
        if self._tasks is None:
            self._tasks = {}
            for entity in self.blocks():
                block = self.given.notes[NoteId(entity.place)].outline[entity.block]
                for word in (block.marker, f"[#{block.priority.upper()}]" if block.priority else ""):
                    if word:
                        self._tasks.setdefault(word, []).append(entity)
        return self._tasks

    def described(self, key: str) -> Sequence[tuple[Entity, PropertyValue]]:
        """The blocks that have a property, with its value."""
        if self._described is None:
            self._described = {}
            for entity in self.blocks():
                for name, value in own_properties(self.block(entity)).items():
                    self._described.setdefault(name, []).append((entity, value))
        return self._described.get(key, ())

    # ---- references

    def block_refs(self) -> Iterator[tuple[Entity, Entity]]:
        """Each block that mentions another block, with that block; of two with one id the first."""
        sites: dict[str, Entity] = {}
        for note, rows in self.notes.items():
            for key, block in rows.ids:
                sites.setdefault(key, Entity(note, block))
        for note, rows in self.notes.items():
            for key, block in rows.asked:
                if key in sites:
                    yield Entity(note, block), sites[key]

    def referring(self) -> Mapping[str, list[Entity]]:
        """For each page key the blocks that mention it themselves."""
        if self._referring is None:
            self._referring = {}
            for note, rows in self.notes.items():
                for i, refs in enumerate(rows.refs):
                    for key in refs:
                        self._referring.setdefault(key, []).append(Entity(note, i))
        return self._referring

    def mentioning(self, keys: Set[str]) -> Iterator[tuple[str, Entity]]:
        """The blocks that mention one of some pages themselves, each with its key."""
        if len(keys) > _FEW:
            for key, entities in self.referring().items():
                if key in keys:
                    yield from ((key, entity) for entity in entities)
            return
        for note, rows in self.notes.items():
            if not rows.keys.isdisjoint(keys):
                for i, refs in enumerate(rows.refs):
                    yield from ((key, Entity(note, i)) for key in keys & refs)

    def under(self, key: str) -> set[Entity]:
        """The blocks whose path-refs hold a page: they, a block above, or their page is or mentions it."""
        found = set(self.of_page(key))
        last, end = "", 0
        for note, block in self.referring().get(key, ()):
            start = max(block, end) if note == last else block
            last, end = note, max(self.notes[NoteId(note)].ends[block], start)
            found.update(Entity(note, i) for i in range(start, end))
        return found

    def path_refs(self, entity: Entity) -> frozenset[str]:
        """What a block and all above it mention, and its page."""
        rows = self.notes[NoteId(entity.place)]
        found, at = {rows.page}, entity.block
        while at >= 0:
            found |= rows.refs[at]
            at = rows.parents[at]
        return frozenset(found)


def family(blocks: tuple[Block, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """For each block of an outline its parent (-1: none) and the end of its subtree."""
    parents: list[int] = []
    ends = [len(blocks)] * len(blocks)
    above: list[int] = []
    for i, block in enumerate(blocks):
        while above and blocks[above[-1]].depth >= block.depth:
            ends[above.pop()] = i
        parents.append(above[-1] if above else -1)
        above.append(i)
    return tuple(parents), tuple(ends)


def property_map(properties: Iterable[Property]) -> Mapping[str, PropertyValue]:
    """Properties as queries compare them; lists of names are sets."""
    found: dict[str, PropertyValue] = {}
    for prop in properties:
        if not prop.invalid and not prop.ignored:
            value = references.property_value(prop)
            found[prop.key] = frozenset(value) if isinstance(value, list) else value
    return found


def own_properties(block: Block) -> Mapping[str, PropertyValue]:
    """A block's own properties."""
    return property_map(references.effective(block)) if block.properties else {}


def properties_of(entity: Entity, rows: Rows) -> Mapping[str, PropertyValue]:
    """The properties of a block or page."""
    return own_properties(rows.block(entity)) if entity.block >= 0 else rows.pages[entity.place].properties


def planned(text: str, block: Block, kind: str) -> int | None:
    """The day, yyyymmdd, of a block's SCHEDULED or DEADLINE."""
    for part in block.parts:
        if isinstance(part, Prose) and references.is_stamp(text, part):
            for node in part.inlines[:8]:
                if isinstance(node, Timestamp) and node.kind == kind:
                    return _day(node.text)
    return None


def _day(stamp: str) -> int | None:
    digits = stamp.lstrip("<[").split(" ", 1)[0].split("-")
    if len(digits) != 3 or not all(part.isdigit() and len(part) < 5 for part in digits):
        return None
    year, month, day = map(int, digits)
    return year * 10_000 + month * 100 + day


def _names(value: PropertyValue) -> Iterable[str]:
    if isinstance(value, frozenset):
        return value
    return (value,) if isinstance(value, str) and value else ()
