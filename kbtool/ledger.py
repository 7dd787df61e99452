"""What is kept of all notes between two checks, each read when it is asked for: a small change needs little of it.

Most notes stand in the bulk, a file of its own that is written seldom; those that changed since stand in a patch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from kbtool import cache
from kbtool.cache import Bulk, Contents, Part
from kbtool.config import Config, GraphSettings
from kbtool.disk import Listing, Project, Stamp
from kbtool.packed import Plain, pack, unpack
from kbtool.values import NoteId

Entry: TypeAlias = tuple[Plain, Plain, Plain, Plain, Plain, Plain]
"""A note as it is kept: problems of reading it, exports (None for a note that gives no text), what is wrong with it
alone, its facts and what it uses of the base (both packed), and its suppressions."""
Patch: TypeAlias = "dict[NoteId, tuple[bytes, bytes | None] | None]"
"""For notes that changed their record and what their checks looked up, both packed; the latter is None where the bulk
holds. None for a note that is gone."""
Said: TypeAlias = "dict[NoteId, Plain]"
"""The diagnostics of notes that have some of their own."""
FEW = 64
"""Notes that a patch may have; of more a new bulk is made."""


class Ledger:
    """The entries and digests of notes, and the keys that their checks looked up."""

    __slots__ = ("_bulk", "patch")

    def __init__(self, bulk: Bulk | None, patch: Patch) -> None:
        self._bulk = bulk
        self.patch = patch

    def record(self, note: NoteId) -> bytes | None:
        """Entry and digest of a note, packed."""
        if note in self.patch:
            kept = self.patch[note]
            return kept[0] if kept else None
        return self._bulk.record(note) if self._bulk else None

    def entry(self, note: NoteId) -> Entry | None:
        """The entry of a note."""
        return _entry(self.record(note))

    def first_entry(self, note: NoteId) -> Entry | None:
        """The entry that a note has in the bulk."""
        return _entry(self._bulk.record(note)) if self._bulk else None

    def digest(self, note: NoteId) -> bytes:
        """The digest of a note's bytes, empty for one that is not known."""
        packed = self.record(note)
        found: bytes = unpack(packed)[1] if packed else b""
        return found

    def keeps(self, touched: set[NoteId]) -> bool:
        """Whether the bulk is worth to be kept when these notes are other ones than there."""
        return self._bulk is not None and len(touched) <= FEW


def _entry(packed: bytes | None) -> Entry | None:
    found: Entry | None = unpack(packed)[0] if packed else None
    return found


class Now(NamedTuple):
    """The entries of all notes as they are, in order: those that were looked at, and for the others what was kept."""

    notes: Mapping[NoteId, None]
    fresh: Mapping[NoteId, tuple[Entry, bytes]]
    kept: Ledger

    def entry(self, note: NoteId) -> Entry | None:
        """The entry of a note, None for one that is not there."""
        found = self.fresh.get(note)
        return found[0] if found else self.kept.entry(note) if note in self.notes else None

    def record(self, note: NoteId) -> bytes:
        """Entry and digest of a note, packed."""
        found = self.fresh.get(note)
        return pack(found) if found else self.kept.record(note) or b""

    def entries(self) -> Iterator[tuple[NoteId, Entry]]:
        """All notes with their entries."""
        for note in self.notes:
            entry = self.entry(note)
            if entry is not None:
                yield note, entry


class GivenFacts(Mapping[NoteId, Plain]):
    """The packed facts of the notes that give a text."""

    __slots__ = ("_notes", "_now")

    def __init__(self, now: Now, silent: Iterable[NoteId]) -> None:
        self._now = now
        self._notes = dict(now.notes)
        for note in silent:
            del self._notes[note]

    def __getitem__(self, note: NoteId) -> Plain:
        if note not in self._notes:
            raise KeyError(note)
        entry = self._now.entry(note)
        return entry[3] if entry else None

    def __contains__(self, note: object) -> bool:
        return note in self._notes

    def __iter__(self) -> Iterator[NoteId]:
        return iter(self._notes)

    def __len__(self) -> int:
        return len(self._notes)


class Table(NamedTuple):
    """What tells whether anything changed, and what was found.

    `keys` are `Keys`. `stamps` are those of all notes; one that changed while it was read has `UNSURE`. `racy` are the
    digests of notes whose stamps prove nothing yet. `silent` are the notes whose text could not be had.
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
    """What is kept of the notes, the diagnostics of each note's own, and those of the base as a whole, all plain.

    `said` has for the notes that have some (problems of reading and of the note alone, those between notes).
    """

    ledger: Ledger
    said: Mapping[NoteId, Plain]
    common: Plain
    bulk: Bulk | None


class Change(NamedTuple):
    """The notes as they were kept and as they are, and which of them have other facts or are new or gone.

    `gone` are those that are no more, `silent` those whose text could not be had.
    """

    before: Ledger
    after: Now
    changed: set[NoteId]
    gone: set[NoteId]
    silent: Mapping[NoteId, None]


class Keys(NamedTuple):
    """What must be the same for a cache to hold: `reading` for the notes' records, all of it for the diagnostics.

    `text` is the config.edn, `settings` are its settings where they can be kept, `warnings` what was wrong with it.
    """

    reading: Plain
    config: Plain
    text: str | None
    settings: Plain
    warnings: tuple[str, ...]


class Moment(NamedTuple):
    """A base as its folder shows it at this moment; `began` is in nanoseconds."""

    project: Project
    config: Config
    settings: GraphSettings
    keys: Keys
    listing: Listing
    began: int


EXPORTS, USES, TOLD = 1, 4, slice(1, 4, 2)
"""Parts of an entry; the last is what it tells the other notes."""


def piece(entry: Entry | None, which: int | slice) -> Plain:
    """A part of an entry, None where there is none."""
    return entry and entry[which]


def silent(now: Now, table: Table) -> dict[NoteId, None]:
    """The notes whose text could not be had: as it is for those that were looked at, and as it was for the others."""
    fresh, before = now.fresh, set(table.silent)
    return {note: None for note in now.notes if (fresh[note][0][EXPORTS] is None if note in fresh else note in before)}


def patch(change: Change, touched: Iterable[NoteId], lookups: Mapping[NoteId, bytes | None]) -> Patch:
    """The patch for the notes that are other ones than in the bulk."""
    now = change.after
    return {note: (now.record(note), lookups.get(note)) if note in now.notes else None for note in sorted(touched)}


# ---------------------------------------------------------------- as it stands in the files

UNSURE: Stamp = (-1, 0, 0, 0)
"""The stamp of no file."""


def opened(kept: cache.Kept, bulk: Bulk) -> Table:
    """The table of a head, with the stamps of all notes: most are those of the bulk."""
    keys, moved, *rest, _ = kept.table
    stamps: dict[NoteId, Stamp] = dict(bulk.stamps)
    for note, stamp in moved.items():
        if stamp is None:
            stamps.pop(note, None)
        else:
            stamps[note] = stamp
    return Table(keys, stamps, *rest)


def plain_table(table: Table, stamps: Mapping[NoteId, Stamp], contents: Contents) -> Plain:
    """The table for a head, with those stamps alone that are other ones than in the bulk."""
    moved: dict[NoteId, Stamp | None] = {
        note: stamp for note, stamp in table.stamps.items() if stamps.get(note) != stamp
    }
    moved.update((note, None) for note in stamps.keys() - table.stamps.keys())
    return (table.keys, moved, *table[2:], contents)


def rest(patch: Part, bulk: Bulk) -> Rest:
    """What else is kept."""
    patched, said, common = unpack(patch.data)
    return Rest(Ledger(bulk, patched), said, common, bulk)


def packed_patch(patched: Patch, said: Said, common: Plain) -> Part:
    """What is written after each change."""
    return cache.part(pack((patched, said, common)))
