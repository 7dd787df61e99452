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


# The oracle's script does not read `:hidden`; Logseq, and kbtool with it, leaves out what it lists.
_HIDDEN = "left out by `:hidden` in config.edn"
DIFFERENCES: tuple[Known, ...] = (
    Known("logseq-docs", "CONTRIBUTING.md", 0, "file", _HIDDEN),
    Known("logseq-docs", "LICENSE.md", 0, "file", _HIDDEN),
    Known("logseq-docs", "README.md", 0, "file", _HIDDEN),
    Known("logseq-docs", "db-version-changes.md", 0, "file", _HIDDEN),
)
