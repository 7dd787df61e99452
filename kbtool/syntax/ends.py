"""Where containers, LaTeX environments and HTML close: all ends of a text found at once, then looked up."""

from __future__ import annotations

import re
from bisect import bisect_left

from kbtool.patterns import regex
from kbtool.syntax.html import TagMatcher
from kbtool.values import Span

_CONTAINER_END = regex(r"^[^\S\n]*#\+end_([^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_ENVIRONMENT_END = regex(r"\\end\{([^}]{1,64})\}", re.IGNORECASE)
# No name that anybody wrote is longer; it bounds what is remembered for each end.
_MAX_NAME = 64


class Ends:
    """The end marks of one text, found when first asked for; `obsidian` when the text is in that dialect."""

    __slots__ = ("_containers", "_environments", "obsidian", "tags", "text")

    def __init__(self, text: str, *, obsidian: bool = False) -> None:
        self.text = text
        self.obsidian = obsidian
        self.tags = TagMatcher(text)
        self._containers: dict[str, list[Span]] | None = None
        self._environments: dict[str, list[Span]] | None = None

    def container(self, name: str, at: int, end: int) -> Span | None:
        """The next `#+END_NAME` line, which may go on behind the name, as Logseq has it."""
        if self._containers is None:
            self._containers = {}
            for m in _CONTAINER_END.finditer(self.text):
                closed = m[1][:_MAX_NAME].lower()
                for size in range(1, len(closed) + 1):
                    self._containers.setdefault(closed[:size], []).append(Span(*m.span()))
        return _next(self._containers.get(name.lower(), []), at, end)

    def environment(self, name: str, at: int, end: int) -> Span | None:
        """The next `\\end{name}`."""
        if self._environments is None:
            self._environments = {}
            for m in _ENVIRONMENT_END.finditer(self.text):
                self._environments.setdefault(m[1].lower(), []).append(Span(*m.span()))
        return _next(self._environments.get(name.lower(), []), at, end)


def _next(marks: list[Span], at: int, end: int) -> Span | None:
    found = bisect_left(marks, Span(at, at))
    return marks[found] if found < len(marks) and marks[found].end <= end else None
