"""How much of one note is read as more than text: generous to notes that people write, and an end for all others."""

from __future__ import annotations

from typing import NamedTuple

MAX_LINES = 100_000
MAX_BLOCKS = 100_000
"""Constructs of the outline."""
MAX_NODES = 50_000
"""Links, tags, formulas and whatever else runs inside lines."""
MAX_CELLS = 50_000
"""Cells of tables."""


class Stop(NamedTuple):
    """Where a limit was reached, and which."""

    at: int
    limit: str


class Budget:
    """What is left of the limits while one note is read; `offset` is where the text being read stands in the note."""

    __slots__ = ("cells", "nodes", "offset", "stop")

    def __init__(self) -> None:
        self.nodes = MAX_NODES
        self.cells = MAX_CELLS
        self.offset = 0
        self.stop: Stop | None = None

    def stop_at(self, at: int, limit: str) -> None:
        """Says that from here on a limit made text of what follows; the first time counts."""
        self.stop = self.stop or Stop(self.offset + at, limit)
