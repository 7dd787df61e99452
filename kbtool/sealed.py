"""Small files of plain values in the cache folder, which hold with their digest alone.

A file is one line with a digest of its place and its content, and one with the content as JSON. What is damaged, cut
short or moved from another place is as good as absent.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from kbtool import beside
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
        beside.write(path, (_mark(path, text), b"\n", text))
        beside.sweep(path.parent)


def _mark(path: Path, text: bytes) -> bytes:
    return digest(os.fsencode(path.name), b"\n", text).hex().encode()
