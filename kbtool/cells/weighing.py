"""What the processes of a session are together, how many and how large, looked at while it runs.

Loaded by `session`, whose supervisor looks; imports nothing but the standard library. A limit of the kernel's holds for
each process by itself, and root's it does not count: ten children had ten times as much. Where there is no `/proc`
there is nothing to be seen, and limits of the kernel's hold alone.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

CROWDED, HEAVY = 256, 257
"""Exit statuses, which no process can have, of sessions that had too many processes or took too much memory."""
_LOOK, _SELDOM = 0.1, 1.0  # seconds between two looks, at least and at most
_SHARE = 20  # looking takes one part in so many of the time, and no more
_GROWN = 1.25  # a session that has grown so much is weighed anew, which takes longer the larger it is
_ROUGH, _EXACT = (b"VmRSS:", b"VmSwap:"), (b"Pss:", b"SwapPss:")


class Scales:
    """The most that was seen of this process's descendants: `peak` bytes of memory that they took together.

    They may take `limit` bytes, 0 for any, and be `most` at once; `patience` is when to look again.
    """

    __slots__ = ("_due", "_weighed", "limit", "most", "patience", "peak")

    def __init__(self, limit: int, most: int) -> None:
        self.limit = limit or 1 << 62
        self.most = most
        self.patience = _LOOK
        self.peak = 0
        self._due = time.monotonic() + _LOOK
        self._weighed = 0.0

    def look(self) -> int:
        """CROWDED or HEAVY when the descendants are too many or too large, else 0, as when it is too early to look."""
        if time.monotonic() < self._due:
            return 0
        began = time.process_time()
        found = _descendants(self.most)
        verdict = CROWDED if len(found) > self.most else HEAVY if self._weight(found) > self.limit else 0
        self.patience = min(max(_LOOK, _SHARE * (time.process_time() - began)), _SELDOM)
        self._due = time.monotonic() + self.patience
        return verdict

    def _weight(self, found: Sequence[int]) -> int:
        """What processes take, 0 where that is known to be no news: roughly they take at least what they take."""
        roughly = sum(map(_roughly, found))
        if roughly <= self.limit and (len(found) < 2 or roughly <= _GROWN * self._weighed):
            return 0  # a process by itself the kernel has measured when it ends
        self._weighed = roughly
        exactly = sum(map(_exactly, found))
        self.peak = max(self.peak, exactly)
        return exactly


def _descendants(most: int) -> list[int]:
    """The processes that this one is an ancestor of, the supervisor of orphans of them too; no more than there may be
    by much."""
    found, at = [os.getpid()], 0
    while at < len(found) <= most + 1:
        place = f"/proc/{found[at]}/task"
        with suppress(OSError):
            for thread in os.listdir(place):  # noqa: PTH208
                with suppress(OSError), open(f"{place}/{thread}/children", "rb") as file:  # noqa: PTH123
                    found += map(int, file.read().split())
        at += 1
    return found[1:]


def _roughly(process: int) -> int:
    """Bytes of a process, those that it shares with others counted in full."""
    return _sum(f"/proc/{process}/status", _ROUGH, lambda: 0)


def _exactly(process: int) -> int:
    """Bytes of a process, of those that it shares its share."""
    # A process may shut others out from this, but not from what it takes roughly.
    return _sum(f"/proc/{process}/smaps_rollup", _EXACT, lambda: _roughly(process))


def _sum(path: str, names: tuple[bytes, ...], otherwise: Callable[[], int]) -> int:
    """Bytes of the lines with these names, of a file that gives them in KiB."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return sum(int(line.split()[1]) << 10 for line in file if line.startswith(names))
    except OSError:
        return otherwise()
