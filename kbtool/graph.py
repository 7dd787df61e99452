"""Linking: all definitions of a base in one index, and each note's references resolved against it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from kbtool import names as spelling
from kbtool.note import Note
from kbtool.values import NoteId, Reference


class Site(NamedTuple):
    """Where a block is defined: its note and its index in the outline."""

    note: NoteId
    block: int


@dataclass(frozen=True, slots=True)
class Exports:
    """The names that a note gives, without spans: moving text inside a note changes nothing here."""

    note: NoteId
    pages: tuple[tuple[str, str], ...]
    blocks: tuple[tuple[str, int], ...]
    journal: int | None


@dataclass(frozen=True, slots=True)
class Names:
    """Every name of a base. A key with more than one place is a duplicate.

    `pages` maps page keys (names and aliases) to the notes that have them, `journals` days to notes, `blocks` block
    ids to their places. `assets` is the set of asset paths, `spelled` the spelling of each page key, `parents` the keys
    of namespace parents, `wanted` the keys that may be linked unwritten.
    """

    pages: Mapping[str, tuple[NoteId, ...]]
    journals: Mapping[int, tuple[NoteId, ...]]
    blocks: Mapping[str, tuple[Site, ...]]
    assets: frozenset[str]
    spelled: Mapping[str, str]
    parents: frozenset[str]
    wanted: frozenset[str]
    date_formats: tuple[str, ...]


class ToNote(NamedTuple):
    """The reference leads to a note, or to a block of it (`block` ≥ 0)."""

    note: NoteId
    block: int


class ToAsset(NamedTuple):
    """The reference leads to a file of the base."""

    path: str


class ToNothing(NamedTuple):
    """No note, but none is needed: a date, a built-in page, a namespace parent, a wanted name."""

    why: str


class Ambiguous(NamedTuple):
    """Several notes claim the name; the duplicate is reported where it stands, `note` is the first of them."""

    note: NoteId
    block: int


class Missing(NamedTuple):
    """Nothing has this name."""


Target: TypeAlias = ToNote | ToAsset | ToNothing | Ambiguous | Missing
Links: TypeAlias = tuple[Target, ...]
"""The targets of a note's `refers`, in the same order."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What names mean apart from notes: files, and what the configuration says."""

    assets: frozenset[str]
    wanted: frozenset[str]
    date_formats: tuple[str, ...]


def exports(note: Note) -> Exports:
    """The names that a note gives."""
    return Exports(
        note.id,
        tuple((d.key, d.name) for d in note.defines if d.kind != "block"),
        tuple((d.key, d.block) for d in note.defines if d.kind == "block"),
        note.journal if note.defines else None,
    )


def index(surroundings: Surroundings, all_exports: Iterable[Exports]) -> Names:
    """All names of a base in one table."""
    pages: dict[str, list[NoteId]] = {}
    journals: dict[int, list[NoteId]] = {}
    blocks: dict[str, list[Site]] = {}
    spelled: dict[str, str] = {}
    for one in all_exports:
        for key, name in dict(one.pages).items():
            pages.setdefault(key, []).append(one.note)
            spelled.setdefault(key, name)
        for ident, block in dict.fromkeys(one.blocks):
            blocks.setdefault(ident, []).append(Site(one.note, block))
        if one.journal is not None:
            journals.setdefault(one.journal, []).append(one.note)
    parents = frozenset(spelling.key(p) for name in spelled.values() if "/" in name for p in spelling.parents(name))
    return Names(
        {key: tuple(notes) for key, notes in pages.items()},
        {day: tuple(notes) for day, notes in journals.items()},
        {ident: tuple(sites) for ident, sites in blocks.items()},
        surroundings.assets,
        spelled,
        parents,
        surroundings.wanted,
        surroundings.date_formats,
    )


def resolve(note: Note, names: Names) -> Links:
    """Where each of a note's references leads."""
    return tuple(_target(reference, names) for reference in note.refers)


def _target(reference: Reference, names: Names) -> Target:
    match reference.kind:
        case "block" | "block-embed":
            sites = names.blocks.get(reference.key, ())
            if not sites:
                return Missing()
            return ToNote(*sites[0]) if len(sites) == 1 else Ambiguous(*sites[0])
        case "asset":
            return ToAsset(reference.key) if reference.key in names.assets else Missing()
        case _:
            return page_target(reference.key, names)


def page_target(key: str, names: Names) -> Target:
    """Where a page key leads."""
    notes = names.pages.get(key, ())
    if not notes and any(char.isdigit() for char in key):
        day = spelling.journal_day(key, names.date_formats)
        if day is not None:
            notes = names.journals.get(day, ())
            if not notes:
                return ToNothing("date")
    if notes:
        return ToNote(notes[0], -1) if len(notes) == 1 else Ambiguous(notes[0], -1)
    if key in spelling.BUILT_IN:
        return ToNothing("built-in")
    if key in names.wanted:
        return ToNothing("wanted")
    return ToNothing("namespace") if key in names.parents else Missing()
