"""What is kept of all notes between two checks, each read when it is asked for: a small change needs little of it.

Most notes stand in the bulk, a file of its own that is written seldom; those that changed since stand in a patch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple, TypeAlias

from kbtool.cache import Bulk, Part, part
from kbtool.config import Config, GraphSettings
from kbtool.disk import Listing, Project, Stamp
from kbtool.packed import Plain, pack, unpack
from kbtool.values import NoteId

Entry: TypeAlias = tuple[Plain, Plain, Plain, Plain, Plain, Plain]
"""A note as it is kept: problems of reading it, exports (None for a note that gives no text), what is wrong with it
alone, its facts and what it uses of the base (both packed), and its suppressions."""
Patch: TypeAlias = "dict[NoteId, tuple[bytes, bytes] | None]"
"""For notes that changed their record and what their checks looked up, both packed; None for one that is gone."""
Said: TypeAlias = "dict[NoteId, Plain]"
"""The diagnostics of notes that have some of their own."""
FEW = 64
"""Notes that a patch may have; of more a new bulk is made."""


class Ledger:
    """The entries and digests of notes, and the keys that their checks looked up."""

    __slots__ = ("_bulk", "_patch")

    def __init__(self, bulk: Bulk | None, patch: Patch) -> None:
        self._bulk = bulk
        self._patch = patch

    @property
    def notes(self) -> set[NoteId]:
        """The notes that are in it."""
        known = set(self._bulk.records) if self._bulk else set()
        return (known | self._patch.keys()) - {note for note, kept in self._patch.items() if kept is None}

    @property
    def patched(self) -> set[NoteId]:
        """The notes for which the bulk does not hold."""
        return set(self._patch)

    def record(self, note: NoteId) -> bytes | None:
        """Entry and digest of a note, packed."""
        if note in self._patch:
            kept = self._patch[note]
            return kept[0] if kept else None
        return self._bulk.record(note) if self._bulk and note in self._bulk.records else None

    def entry(self, note: NoteId) -> Entry | None:
        """The entry of a note."""
        packed = self.record(note)
        found: Entry | None = unpack(packed)[0] if packed else None
        return found

    def digest(self, note: NoteId) -> bytes:
        """The digest of a note's bytes, empty for one that is not known."""
        packed = self.record(note)
        found: bytes = unpack(packed)[1] if packed else b""
        return found

    def looked_up(self) -> dict[NoteId, bytes]:
        """What the checks of each note looked up."""
        found = self._bulk.looked_up() if self._bulk else {}
        for note, kept in self._patch.items():
            if kept is None:
                found.pop(note, None)
            else:
                found[note] = kept[1]
        return found

    def keeps(self, touched: set[NoteId]) -> bool:
        """Whether the bulk is worth to be kept when these notes are other ones than there."""
        return self._bulk is not None and len(touched) <= FEW


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
    """What is kept of the notes, the diagnostics of each note's own, and what all together name and use, packed.

    `said` has for the notes that have some (problems of reading and of the note alone, those between notes).
    `where` is the bulk's index, None where there is no bulk.
    """

    ledger: Ledger
    said: Mapping[NoteId, Plain]
    whole: Part
    where: Part | None


class Change(NamedTuple):
    """The notes as they were kept and as they are, and which of them have other facts or are new or gone.

    `silent` are those whose text could not be had.
    """

    before: Ledger
    after: Now
    changed: set[NoteId]
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


def patch(now: Now, touched: Iterable[NoteId], lookups: Mapping[NoteId, bytes]) -> Patch:
    """The patch for the notes that are other ones than in the bulk."""
    here = now.notes
    return {note: (now.record(note), lookups.get(note, pack(()))) if note in here else None for note in sorted(touched)}


def read(parts: tuple[Part, ...], bulk: Bulk | None) -> tuple[Ledger, Said, Part]:
    """The ledger, the diagnostics of notes, and what all notes name and use together, packed."""
    patched, said = unpack(parts[0].data)
    return Ledger(bulk, patched), said, parts[1]


def packed_patch(patched: Patch, said: Said) -> Part:
    """The part of a cache that is written after each change."""
    return part(pack((patched, said)))
