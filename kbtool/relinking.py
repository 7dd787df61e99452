"""What is between notes, worked out anew where it has changed since it was kept."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from kbtool import disk
from kbtool.cache import Bulk
from kbtool.checks import check_base
from kbtool.checks.context import base
from kbtool.crew import spread
from kbtool.facts import NOTHING_USED, Used, used
from kbtool.graph import (
    Exports,
    Names,
    NamesOfNotes,
    Site,
    Surroundings,
    index,
    names_of,
    names_of_notes,
    reindexed,
    surroundings,
)
from kbtool.ledger import EXPORTS, USES, Change, Entry, GivenFacts, Ledger, Moment, Rest, Table, piece
from kbtool.linking import Bulk as AskedByMany
from kbtool.linking import Linked, Lookups, link
from kbtool.packed import Later, Plain, pack, place_of, plain_diagnostic, whole
from kbtool.record import FactsOf, exports_of, uses_of
from kbtool.values import NoteId

Pair = tuple[Entry | None, Entry | None]
"""A note's entry before and after."""
_NAMES, _USES = ("pages", "journals", "blocks", "spelled", "parents", "looks"), Used._fields


class Between(NamedTuple):
    """The checks between notes, and what all notes use."""

    linked: Linked
    used: Used


class Relinked(NamedTuple):
    """Diagnostics by note, those of the base as a whole, and all of them in order; what is between notes now.

    `between` is None where it is as it was kept.
    """

    said: Mapping[NoteId, Plain]
    common: Plain
    found: Plain
    between: Between | None


def relinked(now: Moment, change: Change, old: tuple[Table, Rest]) -> Relinked:
    """What is wrong with a base after some of its notes changed."""
    table, rest = old
    holds = rest.bulk is not None and table.keys[1] == now.keys.config
    if holds and table.assets == now.listing.assets and not change.changed:
        return _told(now, change, (rest, rest.common), None)
    before = as_kept(now, table, rest) if holds else None
    names = _names(now, change, before.linked.names if before else None)
    known = base(FactsOf(GivenFacts(change.after, change.silent)), names, now.config)
    linked = link(known, change.changed, before.linked if before else None, spread)
    uses = _used(change, before.used if before else None)
    moved = before is None or names is not before.linked.names or uses is not before.used
    common = tuple(map(plain_diagnostic, check_base(known, uses))) if moved else rest.common
    return _told(now, change, (rest, common), Between(linked, uses))


def _told(now: Moment, change: Change, kept: tuple[Rest, Plain], between: Between | None) -> Relinked:
    (rest, common), after = kept, change.after
    found = [*map(plain_diagnostic, disk.folder_problems(now.listing)), *common]
    linked = between.linked.found if between else {}
    said: dict[NoteId, Plain] = {}
    for note in {*rest.said, *after.fresh, *linked}:
        if note in after.notes:
            entry, kept_of_it = after.fresh.get(note), rest.said.get(note, ((), ()))
            own = (*entry[0][0], *entry[0][2]) if entry else kept_of_it[0]
            given = tuple(linked.get(note, ())) if between else kept_of_it[1]
            if own or given:
                said[note] = own, given
                found += own
                found += given
    return Relinked(said, common, tuple(sorted(found, key=place_of)), between)


# ---------------------------------------------------------------- as it was kept


def as_kept(now: Moment, table: Table, rest: Rest) -> Between | None:
    """What is between notes as it was kept."""
    bulk, ledger = rest.bulk, rest.ledger
    if bulk is None:
        return None
    names = names_of(_surroundings(now, table.assets), _kept_names(bulk))
    patched = {note: (ledger.first_entry(note), ledger.entry(note)) for note in ledger.patch}
    names = _renamed(names, patched, ledger.entry)
    uses = _reused(Used(*(Later(_loading(bulk, name)) for name in _USES)), patched)
    found = {note: given for note, (_, given) in rest.said.items() if given}
    return Between(Linked(names, now.config, found, _lookups(bulk, ledger)), uses)


def _kept_names(bulk: Bulk) -> NamesOfNotes:
    def blocks() -> dict[str, tuple[Site, ...]]:
        return {ident: tuple([Site(*site) for site in sites]) for ident, sites in bulk.value("blocks").items()}

    pages, journals, _, spelled, _, looks = (Later[Any, Any](_loading(bulk, name)) for name in _NAMES)
    return pages, journals, Later(blocks), spelled, bulk.value("parents"), looks


def _loading(bulk: Bulk, name: str) -> Callable[[], dict[Any, Any]]:
    def load() -> dict[Any, Any]:
        found: dict[Any, Any] = bulk.value(name)
        return found

    return load


def _lookups(bulk: Bulk, ledger: Ledger) -> Lookups:
    fresh: dict[NoteId, bytes | None] = {}
    for note, kept in ledger.patch.items():
        if kept is None:
            fresh[note] = None
        elif kept[1] is not None:
            fresh[note] = kept[1]
    return Lookups(lambda: AskedByMany(bulk.part("asked"), *bulk.value("sizes")), fresh)


def parts_for_bulk(between: Between, notes: Collection[NoteId]) -> dict[str, bytes]:
    """What is between notes, for a bulk; all lookups must be fresh."""
    linked, uses = between
    blocks = {ident: tuple(map(tuple, sites)) for ident, sites in whole(linked.names.blocks).items()}
    names = dict(zip(_NAMES, map(_plain, names_of_notes(linked.names)), strict=True))
    values = {**names, "blocks": blocks, **dict(zip(_USES, map(_plain, uses), strict=True))}
    asked = linked.looked_up.bulk(notes)
    parts = {name: pack(value) for name, value in values.items()}
    return {**parts, "asked": asked.data, "sizes": pack((asked.sizes, asked.walked))}


def _plain(table: Any) -> Plain:
    return dict(whole(table)) if isinstance(table, Mapping) else table


# ---------------------------------------------------------------- as it is


def _names(now: Moment, change: Change, before: Names | None) -> Names:
    """All names, which are the same object where no note gives others."""
    after = change.after
    if before is None:
        given = [exports_of(entry[EXPORTS]) for _, entry in after.entries() if entry[EXPORTS] is not None]
        return index(_surroundings(now, now.listing.assets), given)
    names = _renamed(before, _pairs(change), after.entry)
    if names.assets == frozenset(now.listing.assets):
        return names
    return names_of(_surroundings(now, now.listing.assets), names_of_notes(names))


def _renamed(names: Names, pairs: Mapping[NoteId, Pair], entry: Callable[[NoteId], Entry | None]) -> Names:
    """All names after some entries became others."""
    others = [(piece(old, EXPORTS), piece(new, EXPORTS)) for old, new in pairs.values()]
    others = [(old, new) for old, new in others if old != new]
    if not others:
        return names
    gone = [exports_of(old) for old, _ in others if old is not None]
    come = [exports_of(new) for _, new in others if new is not None]

    def known(note: NoteId) -> Exports:
        return exports_of(piece(entry(note), EXPORTS))

    return reindexed(names, gone, come, known)


def _used(change: Change, before: Used | None) -> Used:
    """What all notes use, which is the same object where no note uses anything else."""
    if before is None:
        entries = change.after.entries()
        return used(NOTHING_USED, [], [(note, uses_of(it)) for note, entry in entries if (it := entry[USES])])
    return _reused(before, _pairs(change))


def _reused(before: Used, pairs: Mapping[NoteId, Pair]) -> Used:
    others = [(note, piece(old, USES), piece(new, USES)) for note, (old, new) in pairs.items()]
    others = [(note, old, new) for note, old, new in others if old != new]
    if not others:
        return before
    gone = [(note, uses_of(old)) for note, old, _ in others if old]
    return used(before, gone, [(note, uses_of(new)) for note, _, new in others if new])


def _pairs(change: Change) -> dict[NoteId, Pair]:
    return {note: (change.before.entry(note), change.after.entry(note)) for note in change.changed}


def _surroundings(now: Moment, assets: Iterable[str]) -> Surroundings:
    return surroundings(frozenset(assets), now.config, now.settings)
