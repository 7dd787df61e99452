"""Answers to simple queries: sets of blocks or pages, by Logseq's rules."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from kbtool.dates import journal_day
from kbtool.queries import dates
from kbtool.queries.functions import matches
from kbtool.queries.rows import Entity, PropertyValue, Rows, properties_of
from kbtool.queries.simple import ON_BLOCKS, Filter, Simple, kinds
from kbtool.syntax.edn import Form
from kbtool.values import NoteId

SEARCHED = 30
"""Blocks that a search for plain words gives, as in Logseq."""
_NO_BLOCK = Entity("", -1)


class Here(NamedTuple):
    """Where and when a query is asked: the day, the key of the page that is shown, the block that holds the query."""

    today: date
    page: str = ""
    block: Entity = _NO_BLOCK


class Filters(NamedTuple):
    """The evaluation of one simple query; `on_blocks` tells whether it asks for blocks or for pages."""

    rows: Rows
    here: Here
    on_blocks: bool

    # ---- operators

    def find(self, found: Filter) -> set[Entity]:
        """The blocks, or pages, that a filter holds for."""
        match found.kind:
            case "and":
                return self._all(found.children)
            case "or":
                return set().union(*map(self.find, found.children))
            case "not":
                return self._everything() - self._all(found.children)
            case "page-property" | "page-tags" | "all-page-tags" | "namespace":
                return self._on_pages(_PAGES[found.kind](self, found))
            case _:
                return _BLOCKS[found.kind](self, found)

    def _all(self, children: tuple[Filter, ...]) -> set[Entity]:
        """The things that all hold for; what is denied is taken away last, from what is left."""
        stated = [child for child in children if child.kind != "not"]
        left = self.find(stated[0]) if stated else self._everything()
        for child in stated[1:]:
            left = left & self.find(child) if left else left
        for child in children:
            if child.kind == "not" and left:
                left = left - self._all(child.children)
        return left

    def _everything(self) -> set[Entity]:
        if self.on_blocks:
            return set(self.rows.blocks())
        return {Entity(key, -1) for key in self.rows.pages}

    def _on_pages(self, keys: Iterable[str]) -> set[Entity]:
        """Pages, or the blocks on them when the query asks for blocks."""
        if not self.on_blocks:
            return {Entity(key, -1) for key in keys}
        return {block for key in keys for block in self.rows.of_page(key)}

    # ---- conditions on blocks

    def mentioning(self, found: Filter) -> set[Entity]:
        """Blocks that mention a page, or stand below such a block, or on the page."""
        return self.rows.under(self.key(found.words[0]))

    def containing(self, found: Filter) -> set[Entity]:
        """Blocks whose raw text holds a text."""
        return {block for block in self._candidates(found.words[0]) if found.words[0] in self.rows.content(block)}

    def searched(self, found: Filter) -> set[Entity]:
        """The first blocks that hold a word in any case."""
        word = found.words[0].lower()
        hits = (block for block in self._candidates("") if word in self.rows.content(block).lower())
        return {block for block, _ in zip(hits, range(SEARCHED), strict=False)}

    def _candidates(self, text: str) -> Iterable[Entity]:
        plain = "" if "\n" in text else text
        for note, rows in self.rows.notes.items():
            if plain in self.rows.given.texts[note]:
                yield from (Entity(note, i) for i in range(len(rows.refs)))

    def marked(self, found: Filter) -> set[Entity]:
        """Tasks in one of some states."""
        return {block for word in found.words for block in self.rows.tasks().get(word, ())}

    def prioritised(self, found: Filter) -> set[Entity]:
        """Blocks of one of some priorities."""
        return {block for word in found.words for block in self.rows.tasks().get(f"[#{word}]", ())}

    def on_page(self, found: Filter) -> set[Entity]:
        """The blocks of one page."""
        return set(self.rows.of_page(self.key(found.words[0])))

    def with_property(self, found: Filter) -> set[Entity]:
        """Blocks with a property, or with a value of it."""
        key, value = found.words[0], self.value(found.value)
        return {block for block, own in self.rows.described(key) if _is(own, value)}

    def between(self, found: Filter) -> set[Entity]:
        """Blocks on the journal pages of some days."""
        pages = found.value if isinstance(found.value, tuple) else ()
        ends = [day for day in map(self._day, found.words, pages) if day is not None]
        if len(ends) != len(found.words):
            return set()
        first, last = min(ends), max(ends)
        days = (row for row in self.rows.pages.values() if row.journal is not None and first <= row.journal <= last)
        return {block for row in days for block in self.rows.of_page(row.key)}

    def never(self, found: Filter) -> set[Entity]:  # noqa: ARG002 -- all conditions take their filter
        """No block: what Logseq's `between created-at` finds."""
        return set()

    # ---- conditions on pages

    def with_page_property(self, found: Filter) -> Iterable[str]:
        """Pages with a property, or with a value of it."""
        key, value = found.words[0], self.value(found.value)
        return (row.key for row in self.rows.pages.values() if _is(row.properties.get(key), value))

    def tagged(self, found: Filter) -> Iterable[str]:
        """Pages with one of some tags."""
        wanted = {self.key(word) for word in found.words}
        return (row.key for row in self.rows.pages.values() if row.tags & wanted)

    def tags(self, found: Filter) -> Iterable[str]:  # noqa: ARG002 -- all conditions take their filter
        """All tags of pages."""
        return {tag for row in self.rows.pages.values() for tag in row.tags}

    def inside(self, found: Filter) -> Iterable[str]:
        """The pages directly inside a namespace."""
        parent = self.key(found.words[0])
        return (row.key for row in self.rows.pages.values() if row.parent == parent)

    # ---- what words mean here

    def key(self, word: str) -> str:
        """The key of a page that a query names, dynamic ones as of here and today."""
        return self.rows.key(self._dynamic(word[1:])) if word.startswith("\0") else self.rows.key(word)

    def value(self, value: object) -> object:
        """A property's value, dynamic ones as of here and today."""
        return self._dynamic(value.text) if isinstance(value, Form) else value

    def _dynamic(self, words: str) -> str:
        if words.lower() == "current page":
            row = self.rows.pages.get(self.here.page)
            return row.name if row else self.here.page
        day = dates.spoken(words, self.here.today)
        return dates.page_name(dates.number(day), self.rows.given.settings.date_formats) if day else words

    def _day(self, word: str, form: object) -> int | None:
        if isinstance(form, Form):
            name = self._dynamic(form.text) if form.kind == "dynamic" else form.text
            return journal_day(name, self.rows.given.settings.date_formats)
        day = dates.relative(word, self.here.today)
        return dates.number(day) if day else None


_Condition = Callable[[Filters, Filter], set[Entity]]
_BLOCKS: Mapping[str, _Condition] = {
    "page-ref": Filters.mentioning,
    "text": Filters.containing,
    "search": Filters.searched,
    "task": Filters.marked,
    "priority": Filters.prioritised,
    "page": Filters.on_page,
    "property": Filters.with_property,
    "between": Filters.between,
    "created": Filters.never,
}
_PAGES: Mapping[str, Callable[[Filters, Filter], Iterable[str]]] = {
    "page-property": Filters.with_page_property,
    "page-tags": Filters.tagged,
    "all-page-tags": Filters.tags,
    "namespace": Filters.inside,
}


def _is(own: PropertyValue, value: object) -> bool:
    """Whether a property is there, and not false; or is a value, or holds it."""
    return own is not None and own is not False if value is None else matches(own, value)


# ---------------------------------------------------------------- order


def answer(query: Simple, rows: Rows, here: Here) -> list[Entity]:
    """What a simple query finds, in order: blocks by note and place, pages by name, or as `sort-by` asks."""
    if query.root is None:
        return []
    on_blocks = bool(kinds(query.root) & (ON_BLOCKS | {"search"}))
    found = in_order(Filters(rows, here, on_blocks).find(query.root), rows)
    if query.sample is not None:
        found = sampled(found, query.sample)
    return by_property(found, rows, query.sort) if query.sort else found


def in_order(found: Iterable[Entity], rows: Rows) -> list[Entity]:
    """Journal pages from the newest, then the others by name; blocks as they stand."""
    return sorted(found, key=lambda entity: (*_page_order(entity, rows), entity.block))


def _page_order(entity: Entity, rows: Rows) -> tuple[int, str, str]:
    row = rows.pages[rows.notes[NoteId(entity.place)].page if entity.block >= 0 else entity.place]
    return -(row.journal or 0), row.name.lower(), entity.place


def sampled(found: list[Entity], count: int) -> list[Entity]:
    """A few of many, as if by chance, but the same ones in each build: by a digest of where they stand."""
    ranked = sorted(found, key=lambda entity: hashlib.blake2b(repr(entity).encode("utf-8", "replace")).digest())
    chosen = set(ranked[:count])
    return [entity for entity in found if entity in chosen]


def by_property(found: list[Entity], rows: Rows, sort: tuple[str, bool]) -> list[Entity]:
    """Sorted by a property; those without it last, numbers before texts."""
    key, descends = sort
    values = [(property_of(entity, rows, key), entity) for entity in found]
    known = [pair for pair in values if pair[0] is not None]
    known.sort(key=lambda pair: order(pair[0]), reverse=descends)
    return [entity for _, entity in known] + [entity for value, entity in values if value is None]


def property_of(entity: Entity, rows: Rows, key: str) -> PropertyValue:
    """A property of a block or page, None without it."""
    return properties_of(entity, rows).get(key)


def order(value: object) -> tuple[bool, float, str]:
    """What values are sorted by: numbers, also those that are kept as text, then texts without regard to case."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return False, value, ""
    if isinstance(value, str) and value[:1].isdigit() and value.replace(".", "", 1).isdecimal() and len(value) < 30:
        return False, float(value), ""
    if isinstance(value, frozenset):
        return True, 0, ", ".join(sorted(map(str, value))).lower()
    return True, 0, str(value).lower()
