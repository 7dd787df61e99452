"""Small files of plain values in the cache folder, which hold with their digest alone.

A file is one line with a digest of its place and its content, and one with the content as JSON. It is written beside
its place and renamed. What is damaged, cut short or moved from another place is as good as absent.
"""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from kbtool.packed import digest


def load(path: Path, limit: int) -> Any:
    """The value in a file of so many bytes at most, None where there is none that can be trusted."""
    with suppress(OSError, ValueError, RecursionError):
        with path.open("rb") as file:
            mark, _, text = file.read(limit).partition(b"\n")
        if mark == _mark(path, text):
            return json.loads(text)
    return None


def save(path: Path, value: Any) -> None:
    """Keeps a value; of two processes the last one wins, and where it cannot be written it will be worked out again."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True).encode("utf-8", "surrogatepass")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_mark(path, text) + b"\n" + text)
            Path(beside).replace(path)
        except OSError:
            Path(beside).unlink(missing_ok=True)
            raise


def _mark(path: Path, text: bytes) -> bytes:
    return digest(os.fsencode(path.name), b"\n", text).hex().encode()
