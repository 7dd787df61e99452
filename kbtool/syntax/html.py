"""Where raw HTML and hiccup end, by Logseq's rules: at the matching closing tag, over lines and bullets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.values import Span

KNOWN_TAGS = frozenset(
    "a abbr address area article aside audio b base bdi bdo blockquote body br button canvas caption cite code col "
    "colgroup data datalist dd del dfn div dl dt em embed fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "head header hr html i iframe img input ins kbd keygen label legend li link main map mark meta meter nav noscript "
    "object ol optgroup option output p param pre progress q rb rp rt rtc ruby s samp script section select small "
    "source span strong style sub sup table tbody td template textarea tfoot th thead time title tr track u ul var "
    "video details summary wbr".split()
)
_TAG_NAME = regex(r"<([^ \t\x1a\x0c>]{1,12})(?=[ \t\x1a\x0c>])")
_HICCUP = regex(r"\[:([^ \t\x1a\x0c\].#]{1,12})(?=[ \t\x1a\x0c\].#])")
_HICCUP_STEP = regex(r'\\"|"|\[:|\]')
_SPECIAL = (("<?", "?>"), ("<!--", "-->"), ("<![CDATA[", "]]>"), ("<!", ">"))
# Comments are passed over whole: nothing in one is shown.
_LOADING = regex(
    r"<!--.*?(?:-->|\Z)|<(img|video|audio|source|iframe|embed)(?=[\s/])([^<>]*)>", re.IGNORECASE | re.DOTALL
)
_ATTRIBUTE = regex(r"""([^\s"'/=]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=`]+)))?""")
# Logseq looks for HTML only where at least so many bytes are left.
_SHORTEST = 10


class TagMatcher:
    """Finds the ends of HTML elements and of hiccup in one text; pairs up each kind of bracket once per stretch."""

    __slots__ = ("_absent", "_hiccup", "_pairs", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._pairs: dict[str, tuple[int, int, dict[int, int]]] = {}
        self._hiccup: tuple[int, int, dict[int, int]] = (0, -1, {})
        self._absent: dict[str, tuple[int, int]] = {}

    def end(self, at: int, end: int) -> int:
        """The offset behind the HTML that begins at `at`, or -1 when it is none that Logseq knows."""
        if end - at < _SHORTEST and len(self.text[at:end].encode("utf-8", "surrogatepass")) < _SHORTEST:
            return -1
        for opening, closing in _SPECIAL:
            if self.text.startswith(opening, at):
                return -1 if self.text.startswith("<!>", at) else self._after(closing, at + len(opening), end)
        m = _TAG_NAME.match(self.text, at, end)
        if not m or m[1].lower() not in KNOWN_TAGS:
            return -1
        paired = self._closing_tag(m[1], at, end)
        return paired if paired > 0 else self._after("/>", m.end(), end)

    def hiccup_end(self, at: int, end: int) -> int:
        """The offset behind `[:div …]`, or -1 when the tag is unknown or nothing closes it."""
        m = _HICCUP.match(self.text, at, end)
        if not m or m[1].lower() not in KNOWN_TAGS:
            return -1
        start, known_end, pairs = self._hiccup
        if known_end != end or at < start:
            pairs = _hiccup_pairs(self.text, at, end)
            self._hiccup = (at, end, pairs)
        return pairs.get(at, -1)

    def _after(self, closing: str, at: int, end: int) -> int:
        missing, stretch = self._absent.get(closing, (0, -1))
        if stretch == end and at >= missing:
            return -1
        found = self.text.find(closing, at, end)
        if found < 0:
            self._absent[closing] = (at, end)
            return -1
        return found + len(closing)

    def _closing_tag(self, tag: str, at: int, end: int) -> int:
        start, known_end, pairs = self._pairs.get(tag, (0, -1, {}))
        if known_end != end or at < start:
            pairs = _tag_pairs(self.text, tag, at, end)
            self._pairs[tag] = (at, end, pairs)
        return pairs.get(at, -1)


class Loaded(NamedTuple):
    """What raw HTML would load: the element, where it says what, and what that is."""

    tag: str
    span: Span
    target: str


def loaded(text: str, span: Span) -> Iterator[Loaded]:
    """The pictures, films, sounds and frames of raw HTML."""
    for tag in _LOADING.finditer(text, *span):
        for said in _ATTRIBUTE.finditer(text, *tag.span(2)) if tag[1] else ():
            group = said.lastindex or 0
            if said[1].lower() == "src" and group > 1:
                yield Loaded(tag[1].lower(), Span(*said.span(group)), unescape(said[group]).strip())
                break  # of two the first counts, as in browsers


def _tag_pairs(text: str, tag: str, at: int, end: int) -> dict[int, int]:
    """From opening tags, in the letter case given, to the offsets behind their closing tags, in any case."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for m in re.compile(rf"<{tag}[ \t\x1a\x0c>]|</((?i:{tag}))>").finditer(text, at, end):
        if not m[1]:
            opened.append(m.start())
        elif opened:
            pairs[opened.pop()] = m.end()
    return pairs


def _hiccup_pairs(text: str, at: int, end: int) -> dict[int, int]:
    """From `[:` to the offset behind the `]` that closes it: brackets count where as many quotes stand, even or odd."""
    pairs: dict[int, int] = {}
    opened: tuple[list[tuple[int, int]], ...] = ([], [])
    odd = 0
    for step in _HICCUP_STEP.finditer(text, at, end):
        match step[0]:
            case '"':
                odd ^= 1
            case "[:":
                for stack in opened:
                    stack.append((step.start(), odd))
            case "]" if opened[odd]:
                start, parity = opened[odd].pop()
                if parity == odd:
                    pairs[start] = step.end()
    return pairs
