"""Runs a process and its children, and says how long they took, and how much memory they had at most together."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
_LOOK = 0.02
"""Seconds between two looks at memory."""


class Spent(NamedTuple):
    """Seconds on the clock, seconds of all processors, megabytes (0 where /proc is missing)."""

    wall: float
    cpu: float
    memory: float


def run(command: list[str], cache: Path) -> Spent:
    """Runs a command to its end, with a cache folder of its own; a failing check has exit code 1."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "XDG_CACHE_HOME": str(cache)}
    start = time.perf_counter()
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    watch = _Watch(process.pid)
    watch.start()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    watch.over.set()
    watch.join()
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        sys.exit(f"{' '.join(command)}: exit code {os.waitstatus_to_exitcode(status)}")
    return Spent(wall, usage.ru_utime + usage.ru_stime, max(watch.most, usage.ru_maxrss / 1024))


class _Watch(threading.Thread):
    """Adds up the memory of a process and those that it started; what they share counts once for each."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid = pid
        self.most = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(_LOOK):
            self.most = max(self.most, sum(map(_resident, _family(self._pid))))


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return [pid]
    return [pid, *(one for child in children for one in _family(int(child)))]


def _resident(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE") / 2**20
    except (OSError, IndexError):
        return 0.0
