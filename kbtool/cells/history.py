"""How long sessions took and how much memory they had when they last ran: to plan by, not to rely on.

One small file a base, in the cache folder. It may be deleted at any time; what cannot be read is as good as absent.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from kbtool import sealed
from kbtool.values import NoteId

_LIMIT = 32 << 20
"""Bytes of a file that is read."""


class Past(NamedTuple):
    """The last run of a session: its seconds, the most bytes of memory that it took, and its key."""

    seconds: float
    memory: int
    key: str = ""


def load(folder: Path, base: Path) -> dict[NoteId, Past]:
    """What is known of the sessions of a base, by note."""
    found = sealed.load(place(folder, base), _LIMIT)
    try:
        return {NoteId(note): _past(*one) for note, one in found.items()}
    except (TypeError, AttributeError):
        return {}


def save(folder: Path, base: Path, found: Mapping[NoteId, Past]) -> None:
    """Adds to what is known; of two processes the last one wins, and where it cannot be written nothing is lost."""
    sealed.save(place(folder, base), {**load(folder, base), **found})


def _past(seconds: object, memory: object, key: object = "") -> Past:
    if not isinstance(seconds, int | float) or not isinstance(memory, int) or not isinstance(key, str):
        raise TypeError
    return Past(max(0.0, float(seconds)), max(0, memory), key)


def place(folder: Path, base: Path) -> Path:
    """Where the history of a base lies."""
    name = hashlib.sha256(os.fsencode(base.resolve())).hexdigest()[:32]
    return folder / "history" / f"{name}.json"
