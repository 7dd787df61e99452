"""Searches in one stretch of running text, each made once: what was found or missed is remembered."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from kbtool.patterns import regex
from kbtool.values import Span

PAGE = regex(r"\[\[((?>\\[^\r\n]|[^\]\r\n\\]|\](?!\]))++)\]\]")
_LINE_END = regex(r"[\r\n]")
_BRACKETS: Mapping[str, re.Pattern[str]] = {
    "[": regex(r"\\[\s\S]|[\[\]]"),
    "(": regex(r"\\[\s\S]|[()]"),
}
_MISSING = sys.maxsize


class Lookups:
    """What is known about text[…:end]; `failed` says from where or up to where a search of the caller's fails."""

    __slots__ = ("_found", "_no_page", "_pairs", "end", "failed", "text")

    def __init__(self, text: str, end: int) -> None:
        self.text, self.end = text, end
        self.failed: dict[str, int] = {}
        self._found: dict[str, tuple[int, int]] = {}
        self._pairs: dict[str, tuple[int, int, Mapping[int, int]]] = {}
        self._no_page = 0

    def find(self, mark: str, at: int) -> int:
        """Where `mark` stands next, or -1."""
        start, found = self._found.get(mark, (0, -1))
        if not start <= at <= found:
            found = self.text.find(mark, at, self.end)
            found = found if found >= 0 else _MISSING
            self._found[mark] = (at, found)
        return found if found < _MISSING else -1

    def line_end(self, at: int) -> int:
        """Where the line ends, or the stretch."""
        start, found = self._found.get("\n", (0, -1))
        if not start <= at <= found:
            reached = _LINE_END.search(self.text, at, self.end)
            found = reached.start() if reached else self.end
            self._found["\n"] = (at, found)
        return found

    def page(self, at: int) -> re.Match[str] | None:
        """`[[name]]` on one line; where none is found, none begins up to the end of that line."""
        if at < self._no_page:
            return None
        m = PAGE.match(self.text, at, self.end)
        if not m and self.text.startswith("[[", at) and not self.text.startswith("]]", at + 2):
            self._no_page = self.line_end(at) - 1
        return m

    def bracket_end(self, at: int) -> int:
        """Where the bracket that opens at `at` closes, or -1; round ones within the line."""
        char = self.text[at]
        start, behind, pairs = self._pairs.get(char, (0, 0, {}))
        if not start <= at < behind:
            start, behind = at, self.line_end(at) if char == "(" else self.end
            pairs = _pairs(self.text, Span(start, behind), char)
            self._pairs[char] = (start, behind, pairs)
        return pairs.get(at, -1)


def _pairs(text: str, span: Span, opening: str) -> Mapping[int, int]:
    """From opening brackets to the closing ones of the same kind; escaped ones don't count."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for m in _BRACKETS[opening].finditer(text, span.start, span.end):
        if m[0] == opening:
            opened.append(m.start())
        elif m[0][0] != "\\" and opened:
            pairs[opened.pop()] = m.start()
    return pairs
