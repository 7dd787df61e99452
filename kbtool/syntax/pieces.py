"""What the outline scanner hands on: a flat sequence of constructs, before they are grouped into blocks."""

from __future__ import annotations

from typing import NamedTuple

from kbtool.values import Span, maker

SPACES = r"[ \t\x1a\x0c]*+"
"""What Logseq's parser takes for blanks, as a regular expression."""


BLANKS = " \t\n\v\f\r\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
"""White space to Logseq's own code, which is JavaScript: it trims these, no more and no less."""


class Pair(NamedTuple):
    """A property's key and value as they stand; `plain` where Logseq looks for no links in the value."""

    key: Span
    value: Span
    plain: bool = False


class Piece(NamedTuple):
    """One construct of the flat scan.

    `kind` is one of: bullet, hash (these open blocks), text (a paragraph's lines), item (a list item's lines), title,
    fence, math, environment, container, quote, html, hiccup, table, rule, footnote, drawer, properties, directive.
    `flat` for what stands in an item of a list, whose lines lose all indentation.
    `spans` and `pairs` hold what the kind needs: see where each is made.
    """

    kind: str
    span: Span
    spans: tuple[Span, ...] = ()
    pairs: tuple[Pair, ...] = ()
    heading: int = 0
    marker: str = ""
    priority: str = ""
    flat: bool = False


piece_of = maker(Piece)
