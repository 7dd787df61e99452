"""Drawers and settings: runs of `key:: value`, `:NAME: … :END:`, `#+key: value` lines, front matter."""

from __future__ import annotations

import re

from kbtool.patterns import regex
from kbtool.syntax.pieces import SPACES, Pair, Piece
from kbtool.values import Span, span_of

_PROPERTY_LINE = regex(rf"{SPACES}([^: \t\x1a\x0c\r\n]{{1,400}})::(?: {SPACES}([^\r\n]*)|{SPACES})(?:\r?\n|\Z)")
_PROPERTIES_START = regex(rf"{SPACES}:properties:\r?\n", re.IGNORECASE)
_PROPERTIES_LINE = regex(rf"{SPACES}:(?!end:)([^: \r\n]+):{SPACES}([^\r\n]*)(?:\r?\n|\Z)", re.IGNORECASE)
_PROPERTIES_END = regex(rf"{SPACES}:end:(?:\r?\n)?", re.IGNORECASE)
_SETTING = regex(rf"[\r\n]*{SPACES}#\+([^: \t\x1a\x0c\r\n]+):{SPACES}([^\r\n]*)[\r\n]*")
_DIRECTIVE = regex(rf"{SPACES}#\+(?!BEGIN_|begin_)([^:\r\n]+):{SPACES}([^\r\n]*)")
_FRONT_START = regex(r"---\r?\n")
_FRONT_LINES = regex(r"(?:[^:\r\n]+:[^\r\n]*(?:\r?\n|\Z))+")
_FRONT_LINE = regex(r"([^:\r\n]+):([ \t]*)([^\r\n]*)")


def properties_at(text: str, span: Span, failed: dict[str, int]) -> Piece | None:
    """The properties at the span's start: lines, drawers and settings that follow each other are one.

    `failed` keeps up to where no drawer of properties closes.
    """
    pairs: list[Pair] = []
    at, end = span
    behind = at
    while True:
        known = len(pairs)
        behind = _lines(text, behind, end, pairs)
        drawer = _drawer_pairs(text, Span(behind, end), failed)
        setting = None if drawer else _SETTING.match(text, behind, end)
        if drawer:
            pairs += drawer.pairs
            behind = drawer.span.end
        elif setting:
            pairs.append(_pair(setting)._replace(plain=True))
            behind = setting.end()
        elif len(pairs) == known:
            break
    if behind == at:
        return None
    start = at + len(text[at:behind]) - len(text[at:behind].lstrip(" \t\x1a\x0c"))
    return Piece("properties", Span(start, behind), (), tuple(pairs))


def _pair(m: re.Match[str]) -> Pair:
    value = m.span(2) if m[2] is not None else (m.end(1) + 2, m.end(1) + 2)
    return Pair(span_of(m.span(1)), span_of(value))


def _lines(text: str, at: int, end: int, pairs: list[Pair]) -> int:
    line = _PROPERTY_LINE.match(text, at, end)
    while line:
        pairs.append(_pair(line))
        at = line.end()
        line = _PROPERTY_LINE.match(text, at, end)
    return at


def _drawer_pairs(text: str, span: Span, failed: dict[str, int]) -> Piece | None:
    """`:PROPERTIES: … :END:` with nothing but `:key: value` lines."""
    at, end = span
    if at < failed.get("properties", 0):
        return None
    start = _PROPERTIES_START.match(text, at, end)
    if not start:
        return None
    pairs: list[Pair] = []
    behind = start.end()
    line = _PROPERTIES_LINE.match(text, behind, end)
    while line:
        pairs.append(_pair(line))
        behind = line.end()
        line = _PROPERTIES_LINE.match(text, behind, end)
    close = _PROPERTIES_END.match(text, behind, end)
    if not close:
        failed["properties"] = behind
    return Piece("properties", Span(at, close.end()), (), tuple(pairs)) if close else None


def directive_at(text: str, at: int, end: int) -> Piece | None:
    """`#+key: value`."""
    m = _DIRECTIVE.match(text, at, end)
    return Piece("directive", Span(m.start(1) - 2, m.end()), (), (_pair(m),)) if m else None


def front_matter(text: str) -> Piece | None:
    """`--- … ---` at the start; one line that is no `key: value` (a list, a comment) makes Logseq drop all of it."""
    start = _FRONT_START.match(text)
    close = text.find("---", start.end()) if start else -1
    if not start or close < 0:
        return None
    readable = _FRONT_LINES.fullmatch(text, start.end(), close)
    lines = _FRONT_LINE.finditer(text, start.end(), close) if readable else ()
    pairs = tuple(Pair(Span(*line.span(1)), Span(*line.span(3))) for line in lines)
    return Piece("directive", Span(0, close + 3), (), pairs)
