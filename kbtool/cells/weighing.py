"""What the processes of a session are together, how many and how large, looked at while it runs.

Loaded by `session`, whose supervisor looks; imports nothing but the standard library. A limit of the kernel's holds for
each process by itself, and root's it does not count: ten children had ten times as much. Where there is no `/proc`
there is nothing to be seen, and limits of the kernel's hold alone.
"""

from __future__ import annotations

import _thread
import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

CROWDED, HEAVY, FRAYED, STOWED = 256, 257, 258, 259
"""Exit statuses, which no process can have, of sessions that had too many processes, took too much memory, had too
many threads, or kept too much in files that have no name any more."""
STOWAGE = 16 << 30
"""Bytes that files of a session may take together, where half of the disk's free space is not less."""
THREADS = 4096
"""Threads of a session at once; of an ordinary user's in bubblewrap the kernel allows less."""
_CROWD = 512
_LOOK, _SELDOM = 0.1, 1.0  # seconds between two looks, at least and at most
_SHARE = 20  # looking takes one part in so many of the time, and no more
_GROWN = 1.25  # a session that has grown so much is weighed anew, which takes longer the larger it is
_ROUGH, _EXACT, _SHARED = (b"VmRSS:", b"VmSwap:"), (b"Pss:", b"SwapPss:"), (b"Pss_Shmem:",)
_IN_MEMORY = ("/memfd:", "/dev/shm/")  # noqa: S108 -- what such files are called among a process's open ones


class Scales:
    """The most that was seen of this process's descendants: `peak` bytes of memory that they took together.

    They may take `limit` bytes, 0 for any, and be `most` at once; `patience` is when to look again. On the disk that
    the working directory is on, files that only they hold may take `room` bytes.
    """

    heavy = HEAVY
    __slots__ = (
        "_cost",
        "_disk",
        "_due",
        "_exactly",
        "_weighed",
        "_weighs",
        "limit",
        "most",
        "patience",
        "peak",
        "room",
    )

    def __init__(self, limit: int, most: int) -> None:
        self.limit = limit or 1 << 62
        self.most = most
        self.patience = _LOOK
        self.peak = 0
        self._due = time.monotonic() + _LOOK
        self._weighed = self._cost = 0.0
        self._exactly = 0
        self._weighs = False
        self._disk, disk = os.stat(".").st_dev, os.statvfs(".")  # noqa: PTH116
        self.room = min(STOWAGE, disk.f_bavail * disk.f_frsize // 2)

    def look(self) -> int:
        """CROWDED, FRAYED or HEAVY when the descendants have outgrown their limits, else 0, as when it is too early."""
        if time.monotonic() < self._due:
            return 0
        began = time.process_time()
        found, threads = _descendants(self.most)
        verdict = CROWDED if len(found) > self.most else FRAYED if threads > THREADS else 0
        memory, removed = (0, 0) if verdict else _held(found, self._disk)
        if not verdict and self._weight(found, memory) > self.limit:
            verdict = HEAVY
        elif removed > self.room:
            verdict = STOWED
        self.patience = min(max(_LOOK, _SHARE * (time.process_time() - began + self._cost)), _SELDOM)
        self._cost = 0.0
        self._due = time.monotonic() + self.patience
        return verdict

    def _weight(self, found: Sequence[int], memory: int) -> int:
        """What processes took when they were last weighed; roughly they take at least what they take, with the files in
        memory that they hold."""
        roughly = sum(map(_roughly, found)) + memory
        news = roughly > self.limit or (len(found) > 1 and roughly > _GROWN * self._weighed)
        # A process by itself the kernel has measured when it ends.
        if news and not self._weighs:
            self._weighed, self._weighs = roughly, True
            try:
                _thread.start_new_thread(self._weigh, (found,))
            except RuntimeError:  # this account has no room for a thread: at the next look, perhaps
                self._weighed, self._weighs = 0.0, False
        return self._exactly if roughly > self.limit else 0

    def _weigh(self, found: Sequence[int]) -> None:
        """What processes take, in a thread: a process in the middle of a fork is waited for, which takes seconds where
        hundreds want to run, and they are to be counted meanwhile."""
        began = time.thread_time()
        mapped = sum(_sum(f"/proc/{process}/smaps_rollup", _SHARED, lambda: 0) for process in found)
        self._exactly = sum(map(_exactly, found)) + max(0, _held(found, self._disk)[0] - mapped)
        self.peak = max(self.peak, self._exactly)
        self._cost = time.thread_time() - began
        self._weighs = False


def crowd(error: BaseException) -> str:
    """Why a process or a thread could not be started, where an error says so and many are there; else nothing."""
    full = isinstance(error, BlockingIOError) or str(error) == "can't start new thread"
    there = _tasks() if full and os.path.isdir("/proc/self/task") else 0  # noqa: PTH112
    return f"no more can be started: {there:,} processes and threads are there" if there > _CROWD else ""


def _tasks() -> int:
    """The processes and threads that are to be seen of this user."""
    found = 0
    for process in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with suppress(OSError):
            if os.stat(f"/proc/{process}").st_uid == os.geteuid():  # noqa: PTH116
                found += len(os.listdir(f"/proc/{process}/task"))  # noqa: PTH208
    return found


def _descendants(most: int) -> tuple[list[int], int]:
    """The processes that this one is an ancestor of, the supervisor of orphans of them too, and the threads of all; no
    more than there may be by much."""
    found, at, threads = [os.getpid()], 0, 0
    while at < len(found) <= most + 1:
        place = f"/proc/{found[at]}/task"
        with suppress(OSError):
            tasks = os.listdir(place)  # noqa: PTH208
            threads += len(tasks)
            for thread in tasks if threads <= THREADS else ():
                with suppress(OSError), open(f"{place}/{thread}/children", "rb") as file:  # noqa: PTH123
                    found += map(int, file.read().split())
        at += 1
    return found[1:], threads


def _roughly(process: int) -> int:
    """Bytes of a process, those that it shares with others counted in full."""
    return _sum(f"/proc/{process}/status", _ROUGH, lambda: 0)


def _exactly(process: int) -> int:
    """Bytes of a process, of those that it shares its share."""
    # A process may shut others out from this, but not from what it takes roughly.
    return _sum(f"/proc/{process}/smaps_rollup", _EXACT, lambda: _roughly(process))


def _held(found: Sequence[int], disk: int) -> tuple[int, int]:
    """Bytes of the files that processes hold open and no folder has: those in memory, whether or not one of them has
    them among its pages, and those on a disk."""
    memory: dict[tuple[int, int], int] = {}
    removed: dict[int, int] = {}
    for process in found:
        place = f"/proc/{process}/fd"
        with suppress(OSError):
            for number in os.listdir(place):  # noqa: PTH208
                with suppress(OSError):
                    path = os.readlink(f"{place}/{number}")  # noqa: PTH115
                    # To look at any other file may take for ever.
                    if path.startswith(_IN_MEMORY) or path.endswith(" (deleted)"):
                        file = os.stat(f"{place}/{number}")  # noqa: PTH116
                        if path.startswith(_IN_MEMORY):
                            memory[file.st_dev, file.st_ino] = file.st_blocks << 9
                        elif file.st_dev == disk:
                            removed[file.st_ino] = file.st_blocks << 9
    return sum(memory.values()), sum(removed.values())


def _sum(path: str, names: tuple[bytes, ...], otherwise: Callable[[], int]) -> int:
    """Bytes of the lines with these names, of a file that gives them in KiB."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123
            return sum(int(line.split()[1]) << 10 for line in file if line.startswith(names))
    except OSError:
        return otherwise()
