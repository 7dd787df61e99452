"""Numbers that prose says names have: `loss = 0.12`, `loss ≈ 0.12`, `loss: 0.12`, the name in code or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.syntax.tree import Code, Emphasis, Inline, Prose
from kbtool.values import Span

_NAME = regex(r"[^\W\d]\w*")
# What follows a number makes another one of it (`2·10³`, `1…5`, `3 до 4`), or a part of something else.
_OTHER = r"(?!\w|\x00|[.,:]\d|\s*[*×·⋅/^±…+<>=≈→]|\s*\.\.|\s*[-−–]\s?\d|\s+(?:to|or|and|до|или|и)\b)"
_CLAIM = regex(
    r"(?<![\w.\"'/\\=-])(?P<name>[^\W\d]\w*+)\s{0,6}+(?P<sign>[=≈:])\s{0,6}+"
    rf"(?P<number>[-−+]?+\d++(?:[.,]\d++)?+(?:[eE][-+]?+\d++)?+)(?P<percent>\s?+%)?+{_OTHER}"
)


class Claim(NamedTuple):
    """A name, the number that is said of it (`span` is where), and how it is said.

    `quoted` when the name stands in code, `about` when the number is said to be rounded.
    """

    name: str
    number: str
    span: Span
    percent: bool
    quoted: bool
    about: bool


def claims(text: str, prose: Prose) -> Iterator[Claim]:
    """The numbers of names in a stretch of prose; formulas, links and other code say nothing here."""
    start = prose.span.start
    seen = list(text[slice(*prose.span)])
    names = set(_blanked(text, prose.inlines, (start, seen)))
    for found in _CLAIM.finditer("".join(seen)):
        number = Span(start + found.start("number"), start + found.end("number"))
        quoted = start + found.start("name") in names
        yield Claim(found["name"], found["number"], number, bool(found["percent"]), quoted, found["sign"] == "≈")


def _blanked(text: str, nodes: Sequence[Inline], given: tuple[int, list[str]]) -> Iterator[int]:
    """Takes nodes out of a text, but for emphasised words and names in code; where such names begin."""
    start, seen = given
    for node in nodes:
        inner = node.inner if isinstance(node, Code | Emphasis) else node.span
        kept = isinstance(node, Emphasis) or (isinstance(node, Code) and _NAME.fullmatch(text, *inner) is not None)
        for at in range(node.span.start - start, node.span.end - start):
            if not inner.start - start <= at < inner.end - start:
                seen[at] = " " if kept else "\0"
            elif not kept:
                seen[at] = "\0"
        if isinstance(node, Emphasis):
            yield from _blanked(text, node.children, given)
        elif kept:
            yield inner.start
