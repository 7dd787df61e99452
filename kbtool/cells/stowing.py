"""What a session writes to disk altogether; the kernel limits each file by itself, and not how many there are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import islice

from kbtool.below import below
from kbtool.cells.weighing import STOWAGE

_FILES = 1_000_000
_AT_ONCE = 2_000


class Stowage:
    """The files in some folders, looked through a little at a time, again and again.

    They may take `room` bytes on the disk.
    """

    __slots__ = ("_count", "_left", "_places", "_taken", "room")

    def __init__(self, places: Sequence[str]) -> None:
        self._places = places
        self._left: Iterator[int] = iter(())
        self._count = self._taken = 0
        self.room = STOWAGE
        with suppress(OSError):
            self.room = min(STOWAGE, shutil.disk_usage(places[0]).free // 2)

    def look(self) -> str:
        """What there is too much of, and how much is allowed; empty as long as nothing is known of that."""
        sizes = tuple(islice(self._left, _AT_ONCE))
        self._count += len(sizes)
        self._taken += sum(sizes)
        if self._taken > self.room:
            took, most = (f"{amount >> 20:,} MiB" for amount in (self._taken, self.room))
            return f"the files of the session took {took} together; {most} is the limit"
        if self._count > _FILES:
            return f"the session made {self._count:,} files; {_FILES:,} is the limit"
        if len(sizes) < _AT_ONCE:
            self._left, self._count, self._taken = self._sizes(), 0, 0
        return ""

    def _sizes(self) -> Iterator[int]:
        for place in self._places:
            for one in below(place):
                with suppress(OSError):  # gone since it was listed
                    yield one.stat(follow_symlinks=False).st_blocks << 9
