"""Mentions that Logseq's parser passes over: tags and block references inside emphasis, all in raw HTML and hiccup."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.syntax.links import unescape
from kbtool.syntax.tree import Emphasis, Inline, Link
from kbtool.values import Span

_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PAGE = r"\[\[(?P<page>[^\[\]\r\n]{1,300})\]\]"
_BLOCK = rf"\(\((?P<block>{_UUID})\)\)"
# What stands before a tag: nothing that makes `#` part of a word, an address or another mark.
_TAG = r"(?<![\w/&#\\=])#(?:\[\[(?P<long>[^\[\]\r\n]{1,300})\]\]|(?P<short>[^\W\d_][\w/-]{0,100}))"
_ALL = regex(rf"{_TAG}|{_PAGE}|{_BLOCK}")
_NO_LINKS = regex(rf"{_TAG}|{_BLOCK}")
_NO_TAGS = regex(rf"{_PAGE}|{_BLOCK}")
# HTML whose content is no prose, or is hidden on purpose.
_NO_PROSE = regex(r"<(?:!|\?|script|style|pre|code|svg|iframe)", re.IGNORECASE)


class Mention(NamedTuple):
    """What looks like a mention; `kind` is page, tag or block."""

    kind: str
    name: str
    span: Span


def in_emphasis(text: str, inlines: Iterable[Inline]) -> Iterator[Mention]:
    """What emphasis among the nodes swallows; links count in it, but for `***…***`."""
    for node in inlines:
        if type(node) is not Emphasis and type(node) is not Link:
            continue
        match node:
            case Emphasis(_, "sub" | "sup"):
                continue
            case Emphasis(_, kind, inner, children):
                said = text[slice(*inner)]
                if "#" in said or "((" in said or (kind == "strong-em" and "[[" in said):
                    pattern = _ALL if kind == "strong-em" else _NO_LINKS
                    for gap in _gaps(inner, children):
                        yield from _found(text, gap, pattern)
                    yield from in_emphasis(text, children)
            case Link(children=children, bare=False):
                yield from in_emphasis(text, children)
            case _:
                pass


def in_markup(text: str, span: Span) -> Iterator[Mention]:
    """The links and block references in raw HTML, in hiccup or in a macro; `#` is colours and anchors there."""
    if not _NO_PROSE.match(text, span.start, span.end):
        yield from _found(text, span, _NO_TAGS)


def _gaps(inner: Span, children: Iterable[Inline]) -> Iterator[Span]:
    at = inner.start
    for child in children:
        yield Span(at, child.span.start)
        at = child.span.end
    yield Span(at, inner.end)


def _found(text: str, span: Span, pattern: re.Pattern[str]) -> Iterator[Mention]:
    # Cut out, so that the marks of the emphasis do not stand before a tag.
    for m in pattern.finditer(text[slice(*span)]):
        kind = {"long": "tag", "short": "tag"}.get(m.lastgroup or "", m.lastgroup or "")
        yield Mention(kind, unescape(m[m.lastgroup or 0]), Span(span.start + m.start(), span.start + m.end()))
