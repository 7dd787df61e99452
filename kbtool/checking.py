"""The check of a base on disk: what changed since the last run is worked out, and the rest taken from the cache.

When nothing changed, nothing is parsed and none of the modules that could parse is imported.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kbtool import cache, disk, ledger, packed
from kbtool.cache import Bulk
from kbtool.config import Config, GraphSettings, judging
from kbtool.disk import Project, Stamp
from kbtool.ledger import (
    TOLD,
    UNSURE,
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
    plain_table,
    silent,
)
from kbtool.packed import Plain, diagnostic, digest, pack
from kbtool.rules import severity
from kbtool.values import Diagnostic, NoteId

if TYPE_CHECKING:
    from kbtool.graph import Names
    from kbtool.relinking import Relinked

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
    kept = _opened(store)
    table = kept.table if kept else _NOTHING
    now = _looked(project, table, began)
    fits = kept is not None and table.keys[:1] == now.keys[:1]
    unread = _unread(now, table) if fits else list(now.listing.notes)
    if kept and table.keys == tuple(now.keys) and not unread and _listed(now, table):
        _trust(kept, now, store)
        notes = table.stamps.keys() - table.silent if table.silent else table.stamps.keys()
        return Checked(_that_may_count(table, project.config), notes, now.keys.warnings, table.comments)
    patch = kept.head.patch() if kept and fits else None
    if kept and patch is not None:
        with suppress(cache.Damaged):
            return _again(now, (table, ledger.rest(patch, kept.bulk)), unread, (store, progress))
    return _again(now, (_NOTHING, _none()), list(now.listing.notes), (store, progress))


def kept_names(project: Project) -> Names | None:
    """All names of a base, as the last check kept them; None where something has changed since."""
    store = _Store(cache.place(project.base), cache.writer())
    kept = _opened(store)
    if kept is None:
        return None
    now, patch = _looked(project, kept.table, time.time_ns()), kept.head.patch()
    if patch is None or kept.table.keys != tuple(now.keys) or _unread(now, kept.table) or not _listed(now, kept.table):
        return None
    from kbtool.relinking import as_kept

    with suppress(cache.Damaged):
        between = as_kept(now, kept.table, ledger.rest(patch, kept.bulk))
        if between is not None:
            found = between.linked.names
            return found._replace(pages=dict(found.pages), journals=dict(found.journals))  # read while damage is caught
    return None


class _Store(NamedTuple):
    place: Path
    writer: bytes


class _Known(NamedTuple):
    """What was kept, as far as it was read."""

    head: cache.Kept
    bulk: Bulk
    table: Table


def _opened(store: _Store) -> _Known | None:
    head = cache.load(*store)
    bulk = cache.bulk(store.place, head.table[-1]) if head else None
    if head and bulk:
        with suppress(cache.Damaged):
            return _Known(head, bulk, ledger.opened(head, bulk))
    return None


def _looked(project: Project, table: Table, began: int) -> Moment:
    """What is there now. Reading EDN takes as long as all the rest when nothing changed, so its outcome is kept."""
    judged = judging(project.config)
    text, config = disk.settings_text(project.base), packed.plain_setting(judged)
    if table.keys and table.keys[1:3] == (config, text) and table.keys[3] is not None:
        settings, warnings = GraphSettings(*table.keys[3]), table.keys[4]
    else:
        settings, warnings = disk.settings_of(project, text)
    # What whiteboards name comes from other files, and is read anew.
    values = tuple(value for name, value in settings._asdict().items() if name != "whiteboards")
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


def _none() -> Rest:
    return Rest(Ledger(None, {}), {}, (), None)


# ---------------------------------------------------------------- what changed


def _unread(now: Moment, table: Table) -> list[NoteId]:
    """The notes whose contents may be other ones than those that are kept."""
    known, notes = table.stamps, now.listing.notes
    found = [note for note, stamp in notes.items() if known.get(note) != stamp]
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


def _trust(kept: _Known, now: Moment, store: _Store) -> None:
    """Notes that were found the same once their stamps had grown old need not be read again."""
    table = kept.table
    racy = {note: mark for note, mark in table.racy.items() if _racy(table.stamps[note], now.began)}
    if racy != table.racy and (patch := kept.head.patch()) is not None:
        _save(table._replace(racy=racy), patch, kept.bulk, store)


def _save(table: Table, patch: cache.Part, bulk: Bulk, store: _Store) -> None:
    cache.save(*store, plain_table(table, bulk.stamps, bulk.contents), patch)


# ---------------------------------------------------------------- what is worked out anew


def _again(now: Moment, old: tuple[Table, Rest], unread: list[NoteId], using: tuple[_Store, Progress]) -> Checked:
    """The check where something changed; what was learned is kept."""
    from kbtool.relinking import relinked

    table, rest = old
    stamps, digests, change = _examined(now, old, unread, using[1])
    done = relinked(now, change, old)
    fresh = change.after.fresh
    comments = {note: given for note, given in table.comments.items() if note in stamps}
    comments |= {note: entry[5] for note, (entry, _) in fresh.items()}
    new = Table(
        tuple(now.keys),
        stamps,
        _still_racy(now, table, stamps, digests),
        now.listing.folders,
        now.listing.assets,
        tuple(change.silent),
        {note: given for note, given in comments.items() if given},
        done.found,
    )
    if new != table or fresh:
        _keep(now, (new, change, rest), done, using[0])
    counting = _that_may_count(new, now.project.config)
    return Checked(counting, change.after.notes.keys() - change.silent.keys(), now.keys.warnings, new.comments)


def _still_racy(
    now: Moment, table: Table, stamps: Mapping[NoteId, Stamp], digests: Mapping[NoteId, bytes]
) -> dict[NoteId, bytes]:
    """The digests of notes whose stamps prove nothing: they were read just now, or were never sure."""
    known = {**table.racy, **digests}
    return {note: known[note] for note in sorted(known) if note in stamps and _racy(stamps[note], now.began)}


def _keep(now: Moment, notes: tuple[Table, Change, Rest], done: Relinked, store: _Store) -> None:
    """Keeps what was learned: in the patch, if few notes are other ones than in the bulk."""
    (table, change, rest), (said, common, _, between) = notes, done
    asked_before = {note: kept and kept[1] for note, kept in rest.ledger.patch.items()}
    lookups: Mapping[NoteId, bytes | None] = between.linked.looked_up.fresh if between else asked_before
    touched = rest.ledger.patch.keys() | change.after.fresh.keys() | lookups.keys() | change.gone
    if rest.bulk and rest.ledger.keeps(touched):
        patched = packed_patch(patch(change, touched, lookups), dict(said), common)
        _save(table, patched, rest.bulk, store)
        return
    from kbtool.relinking import as_kept, parts_for_bulk

    between = between or as_kept(now, table, rest)
    if between is None:
        return
    parts = {**parts_for_bulk(between, change.after.notes), "stamps": pack(table.stamps)}
    contents = cache.save_bulk(store.place, ((note, change.after.record(note)) for note in change.after.notes), parts)
    bulk = cache.bulk(store.place, contents) if contents else None
    if contents and bulk:
        _save(table, packed_patch({}, dict(said), common), bulk, store)
        cache.forget_bulks(store.place, contents)


def _examined(
    now: Moment, old: tuple[Table, Rest], unread: list[NoteId], progress: Progress
) -> tuple[dict[NoteId, Stamp], dict[NoteId, bytes], Change]:
    """The stamps of all notes and the digests and entries of some, after reading those that may have changed."""
    from kbtool.crew import examine_all
    from kbtool.examining import Job
    from kbtool.record import Reading

    table, (ledger, *_) = old
    looked_at = set(unread)
    stamps = {
        note: stamp for note, stamp in table.stamps.items() if note in now.listing.notes and note not in looked_at
    }
    reading = Reading(now.settings, disk.modules_of(now.listing), {})
    jobs = [Job(note, now.listing.notes[note][0], ledger.digest(note)) for note in unread]
    fresh: dict[NoteId, tuple[Entry, bytes]] = {}
    digests: dict[NoteId, bytes] = {}
    for done, result in enumerate(examine_all(now.project.base, jobs, reading), 1):
        note = result.note
        digests[note] = result.digest
        stamps[note] = UNSURE if result.stamp is None else result.stamp
        if result.entry is not None:
            fresh[note] = result.entry, result.digest
        progress(done, len(jobs))
    stamps = {note: stamps[note] for note in sorted(stamps)}
    gone = table.stamps.keys() - stamps.keys()
    changed = {note for note in fresh if piece(fresh[note][0], TOLD) != piece(ledger.entry(note), TOLD)}
    after = Now(dict.fromkeys(stamps), fresh, ledger)
    return stamps, digests, Change(ledger, after, changed | gone, gone, silent(after, table))
