"""What `check` says of recorded results, kept until any file of the base is another one.

It stands on much: records, notes, what code read. All of that lies in the base, so the stamps of all its files tell,
and of packages the names of what is installed. Importing what judges records takes longer than looking at these.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from kbtool import cache, disk, packed
from kbtool.disk import Project
from kbtool.values import Diagnostic

_GRAIN = 2_000_000_000
"""Nanoseconds within which a file may be written again with the same stamp."""
_UNSEEN = ".git"


def mark(project: Project) -> bytes | None:
    """A digest of all that verdicts stand on, None where stamps cannot tell: by links, or just after a change."""
    before = time.time_ns() - _GRAIN
    found: list[object] = []
    pending = [os.fspath(project.base)]
    while pending:
        try:
            entries = sorted(os.scandir(pending.pop()), key=lambda entry: entry.name)
            for entry in entries:
                status = entry.stat(follow_symlinks=False)
                stamp = disk.stamp(status)
                if entry.is_symlink() or max(status.st_mtime_ns, status.st_ctime_ns) >= before:
                    return None
                if not entry.is_dir(follow_symlinks=False):
                    found.append((entry.path, *stamp))
                elif entry.name != _UNSEEN:
                    found.append(entry.path)
                    pending.append(entry.path)
        except OSError:
            return None
    return packed.digest(cache.writer(), packed.pack((packed.plain_setting(project.config), found)))


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
