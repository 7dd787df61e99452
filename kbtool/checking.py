"""The check of a base on disk: what changed since the last run is worked out, and the rest taken from the cache.

When nothing changed, nothing is parsed and none of the modules that could parse is imported.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kbtool import cache, disk, packed
from kbtool.config import Config, GraphSettings, judging
from kbtool.disk import Project, Stamp
from kbtool.ledger import (
    TOLD,
    Change,
    Entry,
    Keys,
    Ledger,
    Moment,
    Now,
    Rest,
    Table,
    packed_patch,
    patch,
    piece,
    read,
    silent,
)
from kbtool.packed import Plain, diagnostic, digest, pack
from kbtool.rules import severity
from kbtool.values import Diagnostic, NoteId

if TYPE_CHECKING:
    from kbtool.relinking import Between

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


_NOTHING = Table((), {}, {}, (), (), (), {}, ())


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
    rest = _rest(kept, store.place) if kept and fits else None
    if rest is not None:
        with suppress(cache.Damaged):
            return _again(now, (table, rest), unread, (store, progress))
    return _again(now, (_NOTHING, _none()), list(now.listing.notes), (store, progress))


def _looked(project: Project, table: Table, began: int) -> Moment:
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
    return Moment(project, judged, settings, keys, listing, began)


def _that_may_count(table: Table, config: Config) -> tuple[Diagnostic, ...]:
    """The diagnostics that are kept, without those of rules that are off, where no comment is to be judged by them."""
    off = {rule for rule in {one[0] for one in table.found} if severity(rule, config) == "off"}
    judged = {*table.comments, *table.silent}
    return tuple([diagnostic(one) for one in table.found if one[0] not in off or one[1] in judged])


class _Store(NamedTuple):
    place: Path
    writer: bytes


def _rest(kept: cache.Kept, place: Path) -> Rest | None:
    parts = kept.rest()
    bulk = cache.bulk(place, parts[2]) if parts else None
    return Rest(*read(parts, bulk), parts[2]) if parts and bulk else None


def _none() -> Rest:
    return Rest(Ledger(None, {}), {}, cache.part(b""), None)


# ---------------------------------------------------------------- what changed


def _unread(now: Moment, table: Table) -> list[NoteId]:
    """The notes whose contents may be other ones than those that are kept."""
    known, notes = table.stamps, now.listing.notes
    found = [] if notes == known else [note for note, stamp in notes.items() if known.get(note) != stamp]
    doubtful = (note for note in table.racy if note in notes and notes[note] == known.get(note))
    return found + [note for note in doubtful if _digest(now, note) != table.racy[note]]


def _digest(now: Moment, note: NoteId) -> bytes | None:
    loaded = disk.load(now.project.base, note)
    return digest(loaded.data) if loaded and loaded.data is not None else None


def _listed(now: Moment, table: Table) -> bool:
    """Whether the same files are there."""
    listing = now.listing
    same = (listing.folders, listing.assets) == (table.folders, table.assets)
    return same and listing.notes.keys() == table.stamps.keys()


def _racy(stamp: Stamp, began: int) -> bool:
    """Git's rule: a file written when or after we began may be written again without another stamp."""
    return max(stamp[1], stamp[3]) >= began - _GRAIN


def _trust(kept: cache.Kept, table: Table, now: Moment, store: _Store) -> None:
    """Notes that were found the same once their stamps had grown old need not be read again."""
    racy = {note: mark for note, mark in table.racy.items() if _racy(table.stamps[note], now.began)}
    if racy != table.racy and (data := kept.rest()) is not None:
        cache.save(*store, tuple(table._replace(racy=racy)), data)


# ---------------------------------------------------------------- what is worked out anew


def _again(now: Moment, old: tuple[Table, Rest], unread: list[NoteId], using: tuple[_Store, Progress]) -> Checked:
    """The check where something changed; what was learned is kept."""
    from kbtool.relinking import relinked

    table, rest = old
    stamps, change = _examined(now, old, unread, using[1])
    said, found, between, before = relinked(now, change, old)
    fresh = change.after.fresh
    comments = {note: given for note in change.after.notes if (given := _comments(note, fresh, table))}
    digests = {note: known[1] for note, known in fresh.items()}
    racy = {
        note: digests[note] if note in digests else table.racy[note]
        for note, stamp in stamps.items()
        if _doubtful(note, stamp, now, (table, unread))
    }
    new = Table(
        tuple(now.keys), stamps, racy, now.listing.folders, now.listing.assets, tuple(change.silent), comments, found
    )
    if new != table or any(mark != rest.ledger.digest(note) for note, mark in digests.items()):
        _keep(new, (change, said, rest), (between, before), using[0])
    counting = _that_may_count(new, now.project.config)
    return Checked(counting, change.after.notes.keys() - change.silent.keys(), now.keys.warnings, comments)


def _comments(note: NoteId, fresh: Mapping[NoteId, tuple[Entry, bytes]], table: Table) -> Plain:
    return fresh[note][0][5] if note in fresh else table.comments.get(note)


def _keep(
    table: Table,
    notes: tuple[Change, Mapping[NoteId, Plain], Rest],
    between: tuple[Between, Between | None],
    store: _Store,
) -> None:
    """Keeps what was learned: in the patch, if few notes are other ones than in the bulk."""
    from kbtool.graph import plain_names

    (change, said, rest), ((linked, uses), before) = notes, between
    lookups = dict(linked.looked_up)
    same = before is not None and linked.names is before[0].names and uses is before[1]
    whole = rest.whole if same else cache.part(pack((plain_names(linked.names), tuple(uses))))
    known = before[0].looked_up if before else {}
    others = {note for note, keys in lookups.items() if known.get(note) is not keys}
    gone = change.before.notes - change.after.notes.keys()
    touched = rest.ledger.patched | change.after.fresh.keys() | others | gone
    if rest.where and before and rest.ledger.keeps(touched):
        patched = packed_patch(patch(change.after, touched, lookups), dict(said))
        cache.save(*store, tuple(table), (patched, whole, rest.where))
        return
    empty = pack(())
    records = ((note, change.after.record(note), lookups.get(note, empty)) for note in change.after.notes)
    index = cache.save_bulk(store.place, records)
    if index:
        cache.save(*store, tuple(table), (packed_patch({}, dict(said)), whole, index))
        cache.forget_bulks(store.place, index)


def _doubtful(note: NoteId, stamp: Stamp, now: Moment, old: tuple[Table, list[NoteId]]) -> bool:
    """Whether a note's stamp proves nothing: it was read just now, or is one of those that were never sure."""
    table, unread = old
    return _racy(stamp, now.began) and (note in table.racy or table.stamps.get(note) != stamp or note in unread)


def _examined(
    now: Moment, old: tuple[Table, Rest], unread: list[NoteId], progress: Progress
) -> tuple[dict[NoteId, Stamp], Change]:
    """The stamps and entries of all notes, after reading those whose contents may have changed."""
    from kbtool.crew import examine_all
    from kbtool.examining import Job
    from kbtool.record import Reading

    table, (ledger, *_) = old
    stamps = dict(table.stamps)
    for note in {*unread, *(stamps.keys() - now.listing.notes.keys())}:
        stamps.pop(note, None)
    reading = Reading(now.settings, disk.modules_of(now.listing), {})
    jobs = [Job(note, now.listing.notes[note][0], ledger.digest(note)) for note in unread]
    fresh: dict[NoteId, tuple[Entry, bytes]] = {}
    for done, result in enumerate(examine_all(now.project.base, jobs, reading), 1):
        note = result.note
        entry = ledger.entry(note) if result.entry is None else result.entry
        if entry is not None:
            fresh[note] = entry, result.digest
        if result.stamp is not None:
            stamps[note] = result.stamp
        progress(done, len(jobs))
    known = ledger.notes
    notes = dict.fromkeys(sorted((known & now.listing.notes.keys()) - set(unread) | fresh.keys()))
    changed = {note for note in fresh if piece(fresh[note][0], TOLD) != piece(ledger.entry(note), TOLD)}
    after = Now(notes, fresh, ledger)
    return stamps, Change(ledger, after, changed | (known - notes.keys()), silent(after, table))
