"""Files that are written beside their places and renamed: nobody reads half of one, and the last writer wins."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

ABANDONED = 600.0
"""Seconds after which a half-written file is nobody's: whose it is cannot be asked where machines share a folder."""
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)


def write(path: Path, parts: Iterable[bytes], *, lasting: bool = False, mode: int = 0o600) -> None:
    """Writes a file, `lasting` one that outlives a power cut, and makes its folder; OSError where that cannot be."""
    path.parent.mkdir(mode=0o700 if mode == 0o600 else 0o777, parents=True, exist_ok=True)
    half = path.with_name(f".{os.urandom(8).hex()}.tmp")
    descriptor = os.open(half, _NEW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        half.replace(path)
    except OSError:
        with suppress(OSError):
            half.unlink()
        raise


def is_half(name: str) -> bool:
    """Whether that is the name of a file that is being written, or was."""
    return name.startswith(".") and name.endswith(".tmp")


def sweep(folder: Path) -> None:
    """Takes away what killed processes left in a folder."""
    now = time.time()
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):  # another process sweeps, too
                if is_half(entry.name) and now - entry.stat(follow_symlinks=False).st_mtime > ABANDONED:
                    os.unlink(entry.path)  # noqa: PTH108 -- of a list of paths
