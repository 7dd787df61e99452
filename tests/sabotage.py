"""What protects kbtool's files, taken out on purpose: tests that find nothing then are worth nothing."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

_MEMORY = 4 << 30


def outcomes_in_place() -> None:
    """Outcomes are written in their places, slowly."""
    from kbtool.cells import store

    def write(path: Path, parts: Iterable[bytes], **_: Any) -> None:
        data = b"".join(parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for start in range(0, len(data), 200):
                file.write(data[start : start + 200])
                file.flush()
                time.sleep(0.01)

    store.beside = SimpleNamespace(write=write, sweep=lambda _: None)  # type: ignore[assignment,attr-defined]


def notes_in_place() -> None:
    """Notes and records are written in their places."""
    from kbtool import edits
    from kbtool.cells.archive import Archive

    def apply(base: Path, wanted: Sequence[edits.Change]) -> None:
        for change in wanted:
            (base / change.note).write_bytes(change.new)

    def put(self: Archive, path: Path, data: bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    edits.apply = apply
    Archive._put = put  # type: ignore[method-assign]


def unsealed() -> None:
    """Whatever stands in a file of the cache counts."""
    from kbtool import cache, past, sealed

    # Nonsense may ask for any amount.
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    monkey = pytest.MonkeyPatch()  # for as long as the process lives
    monkey.setattr(cache, "seal", lambda *_: bytes(16))
    monkey.setattr(cache, "part", lambda data: cache.Part(bytes(data), bytes(4)))
    monkey.setattr(cache, "crc32", lambda *_: 0)
    monkey.setattr(past, "digest", lambda *_: bytes(16))
    monkey.setattr(sealed, "_mark", lambda *_: b"0")
