"""Where kbtool differs from Logseq's parser on purpose: one entry a difference, each with its reason.

A difference that is not listed fails the test, and so does an entry that no longer holds. `graph` is `cases`, `kb`, or
the name of a public graph; `line` is that of the block, 0 for the file as a whole.
"""

from __future__ import annotations

from typing import NamedTuple


class Known(NamedTuple):
    """A difference on purpose."""

    graph: str
    path: str
    line: int
    kind: str
    reason: str


DIFFERENCES: tuple[Known, ...] = ()
