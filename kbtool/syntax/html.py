"""Where raw HTML and hiccup end, by Logseq's rules: at the matching closing tag, over lines and bullets."""

from __future__ import annotations

import re

KNOWN_TAGS = frozenset(
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption cite code col "
    "colgroup data datalist dd del dfn div dl dt em embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "head header hr html i iframe img input ins kbd keygen label legend li link main map mark meta meter nav noscript "
    "object ol optgroup option output p param pre progress q rb rp rt rtc ruby s samp script section select small "
    "source span strong style sub sup table tbody td template textarea tfoot th thead time title tr track u ul var "
    "video details summary wbr".split()
)
_TAG_NAME = re.compile(r"<([^\s>]+)")
_HICCUP = re.compile(r"\[:([^ \t\].#]+)")
_HICCUP_STEP = re.compile(r'"(?:[^"\\]|\\.)*"|\[:|\]', re.DOTALL)
_SPECIAL = (("<?", "?>"), ("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"))


class TagMatcher:
    """Finds the ends of HTML elements in one text; pairs up each kind of tag once."""

    __slots__ = ("_pairs", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pairs: dict[tuple[str, int], dict[int, int]] = {}

    def end(self, at: int, end: int) -> int:
        """The offset behind the HTML that begins at `at`, or -1 when it is no HTML that Logseq knows."""
        for opening, closing in _SPECIAL:
            if self.text.startswith(opening, at):
                return self._after(closing, at + len(opening), end)
        m = _TAG_NAME.match(self.text, at, end)
        if not m or m[1].lower() not in KNOWN_TAGS:
            return -1
        paired = self._pair(m[1].lower(), end).get(at, -1)
        return paired if paired > 0 else self._after("/>", m.end(), end)

    def _after(self, closing: str, at: int, end: int) -> int:
        found = self.text.find(closing, at, end)
        return found + len(closing) if found >= 0 else -1

    def _pair(self, tag: str, end: int) -> dict[int, int]:
        known = self._pairs.get((tag, end))
        if known is not None:
            return known
        pairs: dict[int, int] = {}
        opened: list[int] = []
        for m in re.finditer(rf"<(/?){tag}(?=[\s>])[^>]*>?", self.text[:end], re.IGNORECASE):
            if not m[1]:
                opened.append(m.start())
            elif opened:
                pairs[opened.pop()] = m.end()
        self._pairs[tag, end] = pairs
        return pairs


def hiccup_end(text: str, at: int, end: int) -> int:
    """The offset behind `[:div …]`, or -1 when the tag is unknown or nothing closes it."""
    m = _HICCUP.match(text, at, end)
    if not m or m[1].lower() not in KNOWN_TAGS:
        return -1
    depth = 0
    for step in _HICCUP_STEP.finditer(text, at, end):
        depth += {"[:": 1, "]": -1}.get(step[0], 0)
        if depth == 0:
            return step.end()
    return -1
