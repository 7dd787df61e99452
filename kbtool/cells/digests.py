"""Digests of files' bytes, kept as long as a file's stamp says that it is the same.

A stamp is size, times and inode; as in git, one that was taken about the time at which the file was written proves
nothing, so such a file is read again.
"""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from kbtool import sealed

_GRAIN = 2_000_000_000
"""Nanoseconds within which a file may be written again without another stamp."""
_PIECE = 1 << 20
_LIMIT = 256 << 20
"""Bytes of the file of digests that is read."""


class Digests:
    """The digests of files, some from an earlier run."""

    __slots__ = ("_changed", "_file", "_known", "_sure")

    def __init__(self, folder: Path) -> None:
        self._file = folder / "digests.json"
        self._known: dict[str, list[object]] = _load(self._file)
        self._sure: dict[str, str] = {}
        self._changed = False

    def of(self, path: str) -> str:
        """The digest of a file; raises OSError where it cannot be read. Within one run a file is looked at once."""
        if path not in self._sure:
            self._sure[path] = self._looked_up(path)
        return self._sure[path]

    def _looked_up(self, path: str) -> str:
        began = time.time_ns()
        status = os.stat(path)  # noqa: PTH116
        stamp = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        known = self._known.get(path)
        if known is not None and known[:-1] == stamp:
            return str(known[-1])
        digest = _of_bytes(path)
        if max(status.st_mtime_ns, status.st_ctime_ns) < began - _GRAIN:
            self._known[path] = [*stamp, digest]
            self._changed = True
        return digest

    def forget(self) -> None:
        """Look again from now on: a session may have changed files."""
        self._sure.clear()

    def save(self) -> None:
        """Keeps them for the next run; where that is not possible they will be computed again."""
        if not self._changed:
            return
        sealed.save(self._file, self._known)
        self._changed = False


def _of_bytes(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:  # noqa: PTH123
        while piece := file.read(_PIECE):
            found.update(piece)
    return found.hexdigest()


def _load(path: Path) -> dict[str, list[object]]:
    found = sealed.load(path, _LIMIT)
    if not isinstance(found, dict):
        return {}
    return {name: one for name, one in found.items() if isinstance(one, list) and len(one) == 5}
