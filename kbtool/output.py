"""The rim towards a file that a report goes into: whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

from kbtool.config import KbError


def write(path: Path, lines: Iterable[str]) -> None:
    """Writes lines to a file; what it held stays until all is written. A device or a pipe is written to directly."""
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                file.write(data)
        else:
            _replace(path.resolve(), data)
    except OSError as error:
        raise KbError(f"{path}: not written: {error.strerror or error}") from error


def _replace(path: Path, data: bytes) -> None:
    staged = path.with_name(f".{path.name[:100]}.{os.getpid()}")
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
            if path.exists():
                os.fchmod(descriptor, stat.S_IMODE(path.stat().st_mode))
        staged.replace(path)
    finally:
        staged.unlink(missing_ok=True)
