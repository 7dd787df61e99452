"""What was worked out of each note's text alone, kept between runs: reading it back takes a tenth of the time.

Files are shards by kind and note. They hold for one kbtool, have a checksum, and may be deleted at any time.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

from kbtool import cache
from kbtool.packed import digest, freeze, thaw
from kbtool.values import NoteId

_SHARDS = 32


class Shelf(Protocol):
    """Gives again what was put on it for a note under the same mark, which stands for all that it was made of."""

    def take(self, kind: str, note: NoteId, mark: bytes) -> Any:
        """What was put; None where there is nothing, or it was made of something else."""

    def put(self, kind: str, note: NoteId, mark: bytes, value: Any) -> None:
        """Keeps a value."""


class NoShelf:
    """Keeps nothing."""

    __slots__ = ()

    def take(self, kind: str, note: NoteId, mark: bytes) -> Any:  # noqa: ARG002 -- as the protocol has it
        """Nothing."""
        return None

    def put(self, kind: str, note: NoteId, mark: bytes, value: Any) -> None:
        """Keeps nothing."""


NO_SHELF = NoShelf()


class FileShelf:
    """What is kept of a base in the cache folder; nothing is written before `save`."""

    __slots__ = ("_changed", "_folder", "_known", "_writer")

    def __init__(self, base: Path) -> None:
        self._folder = cache.folder_of_site(base)
        self._writer = cache.writer()
        self._known: dict[tuple[str, int], dict[NoteId, tuple[bytes, Any]]] = {}
        self._changed: set[tuple[str, int]] = set()

    def take(self, kind: str, note: NoteId, mark: bytes) -> Any:
        """As of any shelf."""
        found = self._shard(kind, note).get(note)
        return found[1] if found and found[0] == mark else None

    def put(self, kind: str, note: NoteId, mark: bytes, value: Any) -> None:
        """As of any shelf."""
        self._shard(kind, note)[note] = mark, value
        self._changed.add((kind, _number(note)))

    def save(self, notes: Collection[NoteId]) -> None:
        """Writes what changed, but for notes that are gone; where that is not possible it will be worked out again.

        Nothing stays in memory: what is taken afterwards is read again.
        """
        for kind, number in sorted(self._changed):
            kept = {note: one for note, one in self._known[kind, number].items() if note in notes}
            cache.save(self._place(kind, number), self._writer, freeze(kept), cache.part(b""))
        self._changed.clear()
        self._known.clear()

    def _shard(self, kind: str, note: NoteId) -> dict[NoteId, tuple[bytes, Any]]:
        place = kind, _number(note)
        if place not in self._known:
            self._known[place] = self._read(*place)
        return self._known[place]

    def _read(self, kind: str, number: int) -> dict[NoteId, tuple[bytes, Any]]:
        kept = cache.load(self._place(kind, number), self._writer)
        if kept is None or kept.patch() is None:
            return {}
        try:
            found: dict[NoteId, tuple[bytes, Any]] = thaw(kept.table)
        except ValueError:
            return {}
        return found

    def _place(self, kind: str, number: int) -> Path:
        return self._folder / f"{kind}-{number:02}"


def _number(note: NoteId) -> int:
    return digest(note.encode("utf-8", "surrogatepass"))[0] % _SHARDS
