"""What `check` says of recorded results, kept until any file of the base is another one.

It stands on much: records, notes, what code read. All of that lies in the base, so the stamps of all its files tell;
of packages the names of what is installed, and of the machine its GPU. Importing what judges records takes longer than
looking at these.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from kbtool import cache, disk, packed
from kbtool.cells import environment
from kbtool.disk import Project
from kbtool.values import Diagnostic

_GRAIN, _FINE = 2_000_000_000, 30_000_000
"""Nanoseconds within which a file may be written again with the same stamp: anywhere, and where stamps tell fractions
of seconds, which are a hundredth of one apart or less."""
_UNSEEN = ".git"


def mark(project: Project) -> bytes | None:
    """A digest of all that verdicts stand on, None where stamps cannot tell: by links, or just after a change."""
    now = time.time_ns()
    found: list[object] = []
    pending = [os.fspath(project.base)]
    while pending:
        try:
            entries = sorted(os.scandir(pending.pop()), key=lambda entry: entry.name)
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                stamp = disk.stamp(status)
                if entry.is_symlink() or _racy(status, now):
                    return None
                if not entry.is_dir(follow_symlinks=False):
                    found.append((entry.path, *stamp))
                elif entry.name != _UNSEEN:
                    found.append(entry.path)
                    pending.append(entry.path)
        except OSError:
            return None
    return packed.digest(
        cache.writer(), packed.pack((packed.plain_setting(project.config), environment.machine_device(), found))
    )


def _racy(status: os.stat_result, now: int) -> bool:
    fine = status.st_ctime_ns % 1_000_000_000
    return max(status.st_mtime_ns, status.st_ctime_ns) >= now - (_FINE if fine else _GRAIN)


def kept(project: Project, now: bytes) -> tuple[Diagnostic, ...] | None:
    """The diagnostics that were kept under a mark."""
    found = cache.load(place(project.base), now)
    if found is None or found.patch() is None:
        return None
    return tuple(map(packed.diagnostic, found.table))


def keep(project: Project, now: bytes, found: tuple[Diagnostic, ...]) -> None:
    """Keeps diagnostics for the next check."""
    cache.save(place(project.base), now, tuple(map(packed.plain_diagnostic, found)), cache.part(b""))


def place(base: Path) -> Path:
    """Where the verdicts of a base are kept."""
    return cache.place(base).with_suffix(".records")
