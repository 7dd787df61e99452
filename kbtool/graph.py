"""Linking: all definitions of a base in one index, and each note's references resolved against it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from types import MappingProxyType
from typing import NamedTuple, TypeAlias, TypeVar

from kbtool import names as spelling
from kbtool.config import Config, GraphSettings
from kbtool.dates import journal_day
from kbtool.facts import Facts
from kbtool.note import Note
from kbtool.packed import whole
from kbtool.suggest import look
from kbtool.values import NO_WHITEBOARDS, NoteId, Reference, Whiteboards, maker

K = TypeVar("K")
P = TypeVar("P", bound="NoteId | Site")


class Site(NamedTuple):
    """Where a block is defined: its note and its index in the outline."""

    note: NoteId
    block: int


class Exports(NamedTuple):
    """The names that a note gives, without spans: moving text inside a note changes nothing here.

    `looks` says what each of `pages` looks like (see `suggest.look`).
    """

    note: NoteId
    pages: tuple[tuple[str, str], ...]
    blocks: tuple[tuple[str, int], ...]
    journal: int | None
    looks: tuple[str, ...] = ()


class Names(NamedTuple):
    """Every name of a base. A key with more than one place is a duplicate.

    `pages` maps page keys (names and aliases) to the notes that have them, `journals` days to notes, `blocks` block
    ids to their places. `assets` is the set of asset paths, `spelled` the spelling of each page key, `parents` the keys
    of namespace parents, `wanted` the keys that may be linked unwritten, `home` the name of the first page, `looks` the
    keys by what they look like, one or many. `files` are the assets by their bare names, in Obsidian's dialect alone,
    where links need no folders and tags no pages.
    """

    pages: Mapping[str, tuple[NoteId, ...]]
    journals: Mapping[int, tuple[NoteId, ...]]
    blocks: Mapping[str, tuple[Site, ...]]
    assets: Set[str]
    spelled: Mapping[str, str]
    parents: Set[str]
    wanted: Set[str]
    date_formats: tuple[str, ...]
    home: str = ""
    looks: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    files: Mapping[str, str] = MappingProxyType({})
    obsidian: bool = False
    whiteboards: Whiteboards = NO_WHITEBOARDS


class ToNote(NamedTuple):
    """The reference leads to a note, or to a block of it (`block` ≥ 0)."""

    note: NoteId
    block: int


class ToAsset(NamedTuple):
    """The reference leads to a file of the base."""

    path: str


class ToNothing(NamedTuple):
    """No note, but none is needed: a date, a built-in page, a namespace parent, a wanted name, a whiteboard."""

    why: str


class Ambiguous(NamedTuple):
    """Several notes claim the name; the duplicate is reported where it stands, `note` is the first of them."""

    note: NoteId
    block: int


class Missing(NamedTuple):
    """Nothing has this name."""


_to_note_of = maker(ToNote)
Target: TypeAlias = ToNote | ToAsset | ToNothing | Ambiguous | Missing
NamesOfNotes: TypeAlias = tuple[
    Mapping[str, tuple[NoteId, ...]],
    Mapping[int, tuple[NoteId, ...]],
    Mapping[str, tuple[Site, ...]],
    Mapping[str, str],
    Set[str],
    Mapping[str, tuple[str, ...]],
]
"""The first tables of `Names` and the last, which the notes decide."""
Links: TypeAlias = tuple[Target, ...]
"""The targets of a note's `refers`, in the same order."""


class Surroundings(NamedTuple):
    """What names mean apart from notes: files, and what the configuration says."""

    assets: frozenset[str]
    wanted: frozenset[str]
    date_formats: tuple[str, ...]
    home: str = ""
    obsidian: bool = False
    whiteboards: Whiteboards = NO_WHITEBOARDS


def surroundings(assets: frozenset[str], config: Config, settings: GraphSettings) -> Surroundings:
    """What names mean apart from notes."""
    wanted = frozenset(spelling.key(name) for name in config.wanted)
    obsidian = settings.dialect == "obsidian"
    return Surroundings(assets, wanted, settings.date_formats, settings.home, obsidian, settings.whiteboards)


def exports(note: Note) -> Exports:
    """The names that a note gives."""
    return Exports(
        note.id,
        tuple((d.key, d.name) for d in note.defines if d.kind != "block"),
        tuple((d.key, d.block) for d in note.defines if d.kind == "block"),
        note.journal if note.defines else None,
        tuple(look(d.key) for d in note.defines if d.kind != "block"),
    )


def index(surroundings: Surroundings, all_exports: Iterable[Exports]) -> Names:
    """All names of a base in one table."""
    pages: dict[str, list[NoteId]] = {}
    journals: dict[int, list[NoteId]] = {}
    blocks: dict[str, list[Site]] = {}
    spelled: dict[str, str] = {}
    looks: dict[str, tuple[str, ...]] = {}
    for one in all_exports:
        for key, name in dict(one.pages).items():
            pages.setdefault(key, []).append(one.note)
            spelled.setdefault(key, name)
        for (key, _), shape in zip(one.pages, one.looks, strict=True):
            if key not in looks.setdefault(shape, (key,)):
                looks[shape] = tuple(sorted((*looks[shape], key)))
        for ident, block in dict.fromkeys(one.blocks):
            blocks.setdefault(ident, []).append(Site(one.note, block))
        if one.journal is not None:
            journals.setdefault(one.journal, []).append(one.note)
    return names_of(
        surroundings,
        (
            {key: tuple(notes) for key, notes in pages.items()},
            {day: tuple(notes) for day, notes in journals.items()},
            {ident: tuple(sites) for ident, sites in blocks.items()},
            spelled,
            _parents(spelled),
            looks,
        ),
    )


def _parents(spelled: Mapping[str, str]) -> frozenset[str]:
    return frozenset(spelling.key(p) for name in spelled.values() if "/" in name for p in spelling.parents(name))


def names_of(surroundings: Surroundings, given: NamesOfNotes) -> Names:
    """All names, from what the surroundings and what the notes decide."""
    pages, journals, blocks, spelled, parents, looks = given
    assets = surroundings.assets
    return Names(
        pages,
        journals,
        blocks,
        assets,
        spelled,
        parents,
        surroundings.wanted,
        surroundings.date_formats,
        surroundings.home,
        looks,
        {path.rpartition("/")[2].lower(): path for path in assets} if surroundings.obsidian else {},
        surroundings.obsidian,
        surroundings.whiteboards,
    )


def names_of_notes(names: Names) -> NamesOfNotes:
    """What of all names the notes decide."""
    return names.pages, names.journals, names.blocks, names.spelled, names.parents, names.looks


def reindexed(
    names: Names, gone: Sequence[Exports], come: Sequence[Exports], known: Callable[[NoteId], Exports]
) -> Names:
    """All names after some notes gave up theirs and others gave new ones; a note that changed is among both.

    `known` has what any note gives now. The same as a new index of all, in the time that the difference takes.
    """
    others = {one.note for one in gone}
    pages = _placed(names.pages, (others, [(key, one.note) for one in come for key in dict(one.pages)]), _keys_of(gone))
    days = [(one.journal, one.note) for one in come if one.journal is not None]
    journals = _placed(names.journals, (others, days), {one.journal for one in gone if one.journal is not None})
    sites = [(ident, Site(one.note, block)) for one in come for ident, block in dict.fromkeys(one.blocks)]
    blocks = _placed(names.blocks, (others, sites), {ident for one in gone for ident, _ in one.blocks})
    touched = _keys_of(gone) | _keys_of(come)
    spelled = dict(whole(names.spelled))
    for key in touched:
        spelled.pop(key, None)
        if key in pages:
            spelled[key] = dict(known(pages[key][0]).pages)[key]
    looks = dict(whole(names.looks))
    for one in (*gone, *come):
        for (key, _), shape in zip(one.pages, one.looks, strict=True):
            keys = {*looks.pop(shape, ()), key} if key in pages else {*looks.pop(shape, ())} - {key}
            if keys:
                looks[shape] = tuple(sorted(keys))
    nested = any("/" in name for one in (*gone, *come) for _, name in one.pages)
    parents = _parents(spelled) if nested else names.parents
    return names._replace(pages=pages, journals=journals, blocks=blocks, spelled=spelled, parents=parents, looks=looks)


def _keys_of(given: Iterable[Exports]) -> set[str]:
    return {key for one in given for key, _ in one.pages}


def _placed(
    table: Mapping[K, tuple[P, ...]], change: tuple[Set[NoteId], Sequence[tuple[K, P]]], old: Set[K]
) -> Mapping[K, tuple[P, ...]]:
    """A table of places by key after those of some notes were taken out, and others put in by the order of notes."""
    others, new = change
    if not old and not new:
        return table
    made: dict[K, tuple[P, ...]] = dict(whole(table))
    for key in old:
        left = tuple(place for place in made.pop(key, ()) if _note_of(place) not in others)
        if left:
            made[key] = left
    for key, place in new:
        made[key] = tuple(sorted((*made.get(key, ()), place), key=_note_of))
    return made


def _note_of(place: NoteId | Site) -> NoteId:
    return place.note if isinstance(place, Site) else place


def resolve(note: Note | Facts, names: Names) -> Links:
    """Where each of a note's references leads."""
    return tuple([_target(reference, names) for reference in note.refers])


def _target(reference: Reference, names: Names) -> Target:
    kind = reference.kind
    if kind == "page" or kind == "embed" or (kind == "tag" and not names.obsidian):  # noqa: PLR1714 -- most are
        target = page_target(reference.key, names)
        if names.obsidian and reference.property == "tags" and isinstance(target, Missing):
            return ToNothing("tag")
        return target
    match kind:
        case "block" | "block-embed":
            sites = names.blocks.get(reference.key, ())
            if not sites:
                return ToNothing("whiteboard") if reference.key in names.whiteboards.ids else Missing()
            return ToNote(*sites[0]) if len(sites) == 1 else Ambiguous(*sites[0])
        case "heading":
            sites = names.blocks.get(reference.key, ())
            return ToNote(*sites[0]) if sites else Missing()
        case "asset" if reference.key not in names.assets:
            path = names.files.get(reference.key.rpartition("/")[2].lower())
            return ToAsset(path) if path else Missing()
        case "asset":
            return ToAsset(reference.key)
        case _:
            target = page_target(reference.key, names)
            return ToNothing("tag") if isinstance(target, Missing) else target


def page_target(key: str, names: Names) -> Target:
    """Where a page key leads."""
    notes = names.pages.get(key, ())
    if notes:
        return _to_note_of((notes[0], -1)) if len(notes) == 1 else Ambiguous(notes[0], -1)
    day = journal_day(key, names.date_formats)
    if day is not None:
        notes = names.journals.get(day, ())
        if not notes:
            return ToNothing("date")
        return ToNote(notes[0], -1) if len(notes) == 1 else Ambiguous(notes[0], -1)
    if key in spelling.BUILT_IN:
        return ToNothing("built-in")
    if "<%" in key:
        return ToNothing("template")  # filled in when the template is used
    if key in names.whiteboards.names:
        return ToNothing("whiteboard")
    if key in names.wanted:
        return ToNothing("wanted")
    return ToNothing("namespace") if key in names.parents else Missing()
