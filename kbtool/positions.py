"""Lines and columns, which exist only at the edges: everything inside counts characters."""

from __future__ import annotations

from bisect import bisect_right
from typing import NamedTuple


class Position(NamedTuple):
    """Line and column, both from 1, columns in characters."""

    line: int
    column: int


class LineTable(NamedTuple):
    """Where each line of a text starts."""

    text: str
    starts: tuple[int, ...]

    def position(self, offset: int) -> Position:
        """The line and column of an offset; past the end, the end's."""
        offset = min(offset, len(self.text))
        line = bisect_right(self.starts, offset) - 1
        return Position(line + 1, offset - self.starts[line] + 1)

    def line(self, number: int) -> str:
        """The text of a line, 1-based, without its end."""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip("\r\n")


def line_table(text: str) -> LineTable:
    """The line table of a text; lines end at `\\n` alone (a `\\r` before it is trimmed when a line is shown)."""
    starts = [0]
    at = text.find("\n")
    while at >= 0:
        starts.append(at + 1)
        at = text.find("\n", at + 1)
    return LineTable(text, tuple(starts))
