"""The check of a base on disk: what changed since the last run is worked out, and the rest taken from the cache.

When nothing changed, nothing is parsed and none of the modules that could parse is imported.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from kbtool import cache, disk, packed
from kbtool.config import Config, GraphSettings, judging
from kbtool.disk import Listing, Project, Stamp
from kbtool.packed import Plain, diagnostic, digest, pack, place_of, plain_diagnostic, unpack
from kbtool.rules import severity
from kbtool.values import Diagnostic, NoteId

if TYPE_CHECKING:
    from kbtool.examining import Entry
    from kbtool.facts import Used
    from kbtool.graph import Names, Surroundings
    from kbtool.linking import Linked

    _Between = tuple[Linked, Used]

_GRAIN = 2_000_000_000
"""Nanoseconds within which a file may be written again with the same time; so coarse is FAT."""
Progress = Callable[[int, int], None]


class Checked(NamedTuple):
    """What is wrong with a base, its notes, and what of its settings could not be read.

    `found` is all that any rule finds that is not off, and maybe more; `comments` are the suppressions of the notes
    that have some: see `filters`.
    """

    found: tuple[Diagnostic, ...]
    notes: Collection[NoteId]
    warnings: tuple[str, ...]
    comments: Mapping[NoteId, Plain]


class Table(NamedTuple):
    """The first part of a cache: enough when nothing changed.

    `keys` are `Keys`. `racy` are the digests of notes whose stamps prove nothing yet. A note that
    changed while it was read has no stamp. `silent` are the notes whose text could not be had.
    """

    keys: Plain
    stamps: dict[NoteId, Stamp]
    racy: dict[NoteId, bytes]
    folders: tuple[NoteId, ...]
    assets: tuple[str, ...]
    silent: tuple[NoteId, ...]
    comments: dict[NoteId, Plain]
    found: Plain


class Rest(NamedTuple):
    """The notes themselves, their digests, and the checks between them with what these looked up.

    They are kept as `bulk`, and as `patch`, which has all four for the few notes that changed since (entry None: gone).
    The patch has been put into the first three tables, but not into `looked_up`, which is unpacked when it is needed.
    `whole` is what all notes together name and use, packed.
    """

    entries: dict[NoteId, Entry]
    digests: dict[NoteId, bytes]
    linked: dict[NoteId, Plain]
    looked_up: bytes
    patch: dict[NoteId, Plain]
    bulk: cache.Part | None
    whole: cache.Part


class Change(NamedTuple):
    """The notes as they were kept and as they are, and which of them have other facts or are new or gone."""

    before: dict[NoteId, Entry]
    after: dict[NoteId, Entry]
    changed: set[NoteId]


class Keys(NamedTuple):
    """What must be the same for a cache to hold: `reading` for the notes' records, all of it for the diagnostics.

    `text` is the config.edn, `settings` are its settings where they can be kept, `warnings` what was wrong with it.
    """

    reading: Plain
    config: Plain
    text: str | None
    settings: Plain
    warnings: tuple[str, ...]


class _Now(NamedTuple):
    """A base as its folder shows it at this moment; `began` is in nanoseconds."""

    project: Project
    config: Config
    settings: GraphSettings
    keys: Keys
    listing: Listing
    began: int


_NOTHING = Table((), {}, {}, (), (), (), {}, ())
_NONE = Rest({}, {}, {}, b"", {}, None, cache.part(b""))
_EXPORTS, _USES, _TOLD = 1, 4, slice(1, 4, 2)
"""Parts of an entry; the last is what it tells the other notes."""
_PATCH = 64
"""Notes that a patch may have; of more a new bulk is made."""


def check(project: Project, progress: Progress) -> Checked:
    """All that is wrong with a base, by path and position; executes nothing."""
    # Looking for cycles among a million tuples takes a tenth of the time and finds none.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _check(project, progress)
    finally:
        if collecting:
            gc.enable()


def _check(project: Project, progress: Progress) -> Checked:
    began = time.time_ns()
    store = _Store(cache.place(project.base), cache.writer())
    kept = cache.load(*store)
    table = Table(*kept.table) if kept else _NOTHING
    now = _looked(project, table, began)
    fits = kept is not None and table.keys[:1] == now.keys[:1]
    unread = _unread(now, table) if fits else list(now.listing.notes)
    if kept and table.keys == tuple(now.keys) and not unread and _listed(now, table):
        _trust(kept, table, now, store)
        notes = table.stamps.keys() - table.silent if table.silent else table.stamps.keys()
        return Checked(_that_may_count(table, project.config), notes, now.keys.warnings, table.comments)
    rest = _rest(kept) if kept and fits else None
    if rest is None:
        table, rest, unread = _NOTHING, _NONE, list(now.listing.notes)
    return _again(now, (table, rest), unread, (store, progress))


def _looked(project: Project, table: Table, began: int) -> _Now:
    """What is there now. Reading EDN takes as long as all the rest when nothing changed, so its outcome is kept."""
    judged = judging(project.config)
    text, config = disk.settings_text(project.base), packed.plain_setting(judged)
    if table.keys and table.keys[1:3] == (config, text) and table.keys[3] is not None:
        settings, warnings = GraphSettings(*table.keys[3]), table.keys[4]
    else:
        settings, warnings = disk.settings_of(project, text)
    # What whiteboards name comes from other files, and is read anew.
    values = tuple(getattr(settings, field.name) for field in fields(settings) if field.name != "whiteboards")
    settings = disk.with_whiteboards(project.base, settings)
    listing = disk.scan(project.base, settings.hidden)
    # Modules beside the notes are those that their code may import.
    modules = tuple(path for path in listing.assets if path.endswith(".py") and "/" not in path)
    keys = Keys(
        (packed.plain_setting(settings), modules),
        config,
        text,
        values if all(map(packed.is_plain, values)) else None,
        warnings,
    )
    return _Now(project, judged, settings, keys, listing, began)


def _that_may_count(table: Table, config: Config) -> tuple[Diagnostic, ...]:
    """The diagnostics that are kept, without those of rules that are off, where no comment is to be judged by them."""
    off = {rule for rule in {one[0] for one in table.found} if severity(rule, config) == "off"}
    judged = {*table.comments, *table.silent}
    return tuple([diagnostic(one) for one in table.found if one[0] not in off or one[1] in judged])


class _Store(NamedTuple):
    place: Path
    writer: bytes


def _rest(kept: cache.Kept) -> Rest | None:
    parts = kept.rest()
    if parts is None:
        return None
    entries, digests, linked, looked_up = unpack(parts[0].data)
    rest = Rest(entries, digests, linked, looked_up, unpack(parts[1].data), parts[0], parts[2])
    tables: tuple[dict[NoteId, Plain], ...] = (rest.entries, rest.digests, rest.linked)
    for note, (entry, *others, _) in rest.patch.items():
        for table, value in zip(tables, (entry, *others), strict=True):
            if entry is None:
                table.pop(note, None)
            else:
                table[note] = value
    return rest


def _looked_up(rest: Rest) -> dict[NoteId, Plain]:
    """What each note's checks looked up."""
    found: dict[NoteId, Plain] = unpack(rest.looked_up)
    found.update((note, lookups) for note, (*_, lookups) in rest.patch.items())
    return {note: lookups for note, lookups in found.items() if lookups is not None}


# ---------------------------------------------------------------- what changed


def _unread(now: _Now, table: Table) -> list[NoteId]:
    """The notes whose contents may be other ones than those that are kept."""
    known, notes = table.stamps, now.listing.notes
    found = [] if notes == known else [note for note, stamp in notes.items() if known.get(note) != stamp]
    doubtful = (note for note in table.racy if note in notes and notes[note] == known.get(note))
    return found + [note for note in doubtful if _digest(now, note) != table.racy[note]]


def _digest(now: _Now, note: NoteId) -> bytes | None:
    loaded = disk.load(now.project.base, note)
    return digest(loaded.data) if loaded and loaded.data is not None else None


def _listed(now: _Now, table: Table) -> bool:
    """Whether the same files are there."""
    listing = now.listing
    same = (listing.folders, listing.assets) == (table.folders, table.assets)
    return same and listing.notes.keys() == table.stamps.keys()


def _racy(stamp: Stamp, began: int) -> bool:
    """Git's rule: a file written when or after we began may be written again without another stamp."""
    return max(stamp[1], stamp[3]) >= began - _GRAIN


def _trust(kept: cache.Kept, table: Table, now: _Now, store: _Store) -> None:
    """Notes that were found the same once their stamps had grown old need not be read again."""
    racy = {note: mark for note, mark in table.racy.items() if _racy(table.stamps[note], now.began)}
    if racy != table.racy and (data := kept.rest()) is not None:
        cache.save(*store, tuple(table._replace(racy=racy)), data)


# ---------------------------------------------------------------- what is worked out anew


def _again(now: _Now, old: tuple[Table, Rest], unread: list[NoteId], using: tuple[_Store, Progress]) -> Checked:
    """The check where something changed; what was learned is kept."""
    table, rest = old
    stamps, digests, change = _examined(now, old, unread, using[1])
    found, between, before = _linked(now, change, old)
    racy = {note: digests[note] for note, stamp in stamps.items() if _doubtful(note, stamp, now, (table, unread))}
    silent = tuple(note for note, entry in change.after.items() if entry[1] is None)
    comments = {note: entry[5] for note, entry in change.after.items() if entry[5]}
    new = Table(tuple(now.keys), stamps, racy, now.listing.folders, now.listing.assets, silent, comments, found)
    if new != table or digests != rest.digests:
        fresh = _NONE._replace(entries=change.after, digests=digests, linked=dict(between[0].found))
        cache.save(*using[0], tuple(new), _parts(fresh, between, (rest, before), unread))
    counting = _that_may_count(new, now.project.config)
    return Checked(counting, change.after.keys() - silent, now.keys.warnings, comments)


def _parts(
    new: Rest, between: _Between, old: tuple[Rest, _Between | None], unread: list[NoteId]
) -> tuple[cache.Part, cache.Part, cache.Part]:
    """The bulk, the patch and the whole to keep: the old bulk, if few notes are other ones than there."""
    from kbtool.graph import plain_names

    (rest, before), (linked, uses) = old, between
    lookups = dict(linked.looked_up)
    same = before is not None and linked.names is before[0].names and uses is before[1]
    whole = rest.whole if same else cache.part(pack((plain_names(linked.names), tuple(uses))))
    if rest.bulk and before:
        known = before[0].looked_up
        others = (note for note, keys in lookups.items() if known.get(note) is not keys)
        touched = {*rest.patch, *unread, *others, *(rest.entries.keys() - new.entries.keys())}
        if len(touched) <= _PATCH:
            patch = {note: _patch(note, new, lookups) for note in sorted(touched)}
            return rest.bulk, cache.part(pack(patch)), whole
    return cache.part(pack((*new[:3], pack(lookups)))), cache.part(pack({})), whole


def _patch(note: NoteId, new: Rest, lookups: Mapping[NoteId, Plain]) -> Plain:
    return new.entries.get(note), new.digests.get(note), new.linked.get(note, ()), lookups.get(note)


def _doubtful(note: NoteId, stamp: Stamp, now: _Now, old: tuple[Table, list[NoteId]]) -> bool:
    """Whether a note's stamp proves nothing: it was read just now, or is one of those that were never sure."""
    table, unread = old
    return _racy(stamp, now.began) and (note in table.racy or table.stamps.get(note) != stamp or note in unread)


def _examined(
    now: _Now, old: tuple[Table, Rest], unread: list[NoteId], progress: Progress
) -> tuple[dict[NoteId, Stamp], dict[NoteId, bytes], Change]:
    """The stamps, digests and entries of all notes, after reading those whose contents may have changed."""
    from kbtool.crew import examine_all
    from kbtool.examining import Job
    from kbtool.record import Reading

    table, rest = old
    again = set(unread)
    entries, digests, stamps = dict(rest.entries), dict(rest.digests), dict(table.stamps)
    for note in again | (entries.keys() - now.listing.notes.keys()):
        for kept in (entries, digests, stamps):
            kept.pop(note, None)
    reading = Reading(now.settings, disk.modules_of(now.listing), {})
    jobs = [Job(note, now.listing.notes[note][0], rest.digests.get(note, b"")) for note in unread]
    for done, result in enumerate(examine_all(now.project.base, jobs, reading), 1):
        note = result.note
        entries[note] = rest.entries[note] if result.entry is None else result.entry
        digests[note] = result.digest
        if result.stamp is not None:
            stamps[note] = result.stamp
        progress(done, len(jobs))
    after = dict(sorted(entries.items()))
    changed = {
        note for note in again if note in after and _part(after[note], _TOLD) != _part(rest.entries.get(note), _TOLD)
    }
    return stamps, digests, Change(rest.entries, after, changed | (rest.entries.keys() - after.keys()))


def _part(entry: Entry | None, which: int | slice) -> Any:
    return entry and entry[which]


def _linked(now: _Now, change: Change, old: tuple[Table, Rest]) -> tuple[Plain, _Between, _Between | None]:
    """All diagnostics, plain and in order, and what is between notes as it is and as it was kept."""
    from kbtool.checks import check_base
    from kbtool.checks.context import base
    from kbtool.crew import spread
    from kbtool.linking import link
    from kbtool.record import FactsOf

    before = _before(now, old)
    names = before[0].names if before and _as_before(now, change, old[0]) else _names(now, change.after)
    given = {note: entry[3] for note, entry in change.after.items() if entry[1] is not None}
    known = base(FactsOf(given), names, now.config)
    linked = link(known, change.changed, before[0] if before else None, spread)
    uses = _used(change, before[1] if before else None)
    found = list(map(plain_diagnostic, (*disk.folder_problems(now.listing), *check_base(known, uses))))
    for some in linked.found.values():
        found += some
    for problems, _, alone, *_ in change.after.values():
        found += problems
        found += alone
    return tuple(sorted(found, key=place_of)), (linked, uses), before


def _used(change: Change, before: Used | None) -> Used:
    """What all notes use, which is the same object where no note uses anything else."""
    from kbtool.facts import NOTHING_USED, used
    from kbtool.record import uses_of

    old, new = ({}, change.after) if before is None else (change.before, change.after)
    notes = new if before is None else change.changed
    others = [note for note in notes if _part(old.get(note), _USES) != _part(new.get(note), _USES)]
    if before is not None and not others:
        return before
    gone = [(note, uses_of(it)) for note in others if (it := _part(old.get(note), _USES))]
    return used(
        before or NOTHING_USED, gone, [(note, uses_of(it)) for note in others if (it := _part(new.get(note), _USES))]
    )


def _before(now: _Now, old: tuple[Table, Rest]) -> _Between | None:
    """What is between notes as it was kept."""
    from kbtool.facts import Used
    from kbtool.graph import names_of
    from kbtool.linking import Linked

    table, rest = old
    if not rest.looked_up or table.keys[1] != now.keys.config:
        return None
    names, uses = unpack(rest.whole.data)
    known = names_of(_surroundings(now, table.assets), names)
    return Linked(known, now.config, rest.linked, _looked_up(rest)), Used(*uses)


def _as_before(now: _Now, change: Change, table: Table) -> bool:
    """Whether all names are the same."""
    before, after = change.before, change.after
    same = all(_part(before.get(note), _EXPORTS) == _part(after.get(note), _EXPORTS) for note in change.changed)
    return same and table.assets == now.listing.assets


def _names(now: _Now, entries: Mapping[NoteId, Entry]) -> Names:
    from kbtool.graph import index
    from kbtool.record import exports_of

    around = _surroundings(now, now.listing.assets)
    return index(around, [exports_of(entry[1]) for entry in entries.values() if entry[1] is not None])


def _surroundings(now: _Now, assets: Iterable[str]) -> Surroundings:
    from kbtool.graph import surroundings

    return surroundings(frozenset(assets), now.config, now.settings)
