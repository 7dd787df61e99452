"""How far lists and definitions reach: items, their continuation lines, their sub-items."""

from __future__ import annotations

import re
from typing import NamedTuple

from kbtool.patterns import regex

_SPACE = r"[ \t\x1a\x0c]"
_ITEM = regex(rf"({_SPACE}*+)(?:[*+]|\d+\.){_SPACE}++(?:\[[ xX]\])?+{_SPACE}*+")
_LINE = regex(r"[^\r\n]+")
_LINE_END = regex(r"\r?\n")
_TWO_LINE_ENDS = regex(r"\r?\n\r?\n")
# What a line below an item is: `number` and `mark` may begin a sub-item, `bullet` begins a block.
_BELOW = regex(r"(?P<indent>[ \t]*+)(?:\s*+(?P<number>[-+]?\d)|(?P<mark>[+*] )|(?P<bullet>-(?: |(?=[\r\n]|\Z))))?")
_TERM = regex(rf"{_SPACE}*+[^\r\n]+\r?\n(?={_SPACE}*+:{_SPACE})")
_MEANING_LINE = rf"{_SPACE}*+(?:[^:\r\n#][^\r\n]+|[^\x00-\x7f])(?:\r?\n|\Z)"
_MEANING = regex(rf"{_SPACE}*+:{_SPACE}++((?:{_MEANING_LINE})+)")
_BLANK_LINES = regex(r"[\r\n]*")
# Deeper sub-items are read as text: no author means them, and recursion must end.
_MAX_DEPTH = 40


class Item(NamedTuple):
    """An item: where its line starts, where its text starts, behind its mark, and where that ends."""

    start: int
    content: int
    end: int


def list_at(text: str, at: int, end: int) -> tuple[list[Item], int]:
    """The items of the list at `at`, sub-items too, in order, and the offset behind; no items when there is none."""
    found: list[Item] = []
    return found, _items(_Reach(text, end, found), at, 0, 0)


class _Reach(NamedTuple):
    text: str
    end: int
    found: list[Item]


def _items(reach: _Reach, at: int, indent: int, depth: int) -> int:
    """Reads items that stand at least at `indent`; the offset behind the last, -1 when there is none."""
    behind = -1
    while True:
        m = _ITEM.match(reach.text, at, reach.end)
        if not m or len(m[1]) < indent:
            return behind
        known = len(reach.found)
        at = _item(reach, m, depth)
        if at < 0:
            del reach.found[known:]
            return behind
        behind = at


def _item(reach: _Reach, m: re.Match[str], depth: int) -> int:
    """Reads one item with its sub-items; -1 when it is none: empty, or what must be its sub-item isn't one."""
    text, end = reach.text, reach.end
    line = _LINE.match(text, m.end(), end)
    while line:
        two = _TWO_LINE_ENDS.match(text, line.end(), end)
        one = two or _LINE_END.match(text, line.end(), end)
        at = one.end() if one else line.end()
        below = None if two or at >= end or text[at] not in " \t\x1a\x0c" else _BELOW.match(text, at, end)
        deeper = below is not None and len(below["indent"]) > len(m[1]) and depth < _MAX_DEPTH
        may_be_item = below is not None and (below["number"] or below["mark"])
        if below is None or below["bullet"] or (may_be_item and not deeper):
            reach.found.append(Item(m.start(), m.end(), line.end()))
            return at
        if may_be_item:
            reach.found.append(Item(m.start(), m.end(), line.end()))
            return _items(reach, at, len(below["indent"]), depth + 1)
        line = _LINE.match(text, at, end)
    return -1


def definition_at(text: str, at: int, end: int) -> tuple[list[Item], int]:
    """`term` and `: meaning` lines at `at` and the offset behind them; meanings swallow bullets below, as in Logseq."""
    found: list[Item] = []
    behind = -1
    term = _TERM.match(text, at, end)
    while term:
        meaning = _MEANING.match(text, term.end(), end)
        if not meaning:
            break
        found.append(Item(term.start(), term.start(), term.end()))
        while meaning is not None:
            found.append(Item(meaning.start(), meaning.start(1), meaning.end()))
            behind = meaning.end()
            meaning = _MEANING.match(text, behind, end)
        blank = _BLANK_LINES.match(text, behind, end)
        behind = blank.end() if blank else behind
        term = _TERM.match(text, behind, end)
    return found, behind
