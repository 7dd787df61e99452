"""What the outline scanner hands on: a flat sequence of constructs, before they are grouped into blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from kbtool.values import Span


class Pair(NamedTuple):
    """A property's key and value as they stand."""

    key: Span
    value: Span


@dataclass(frozen=True, slots=True)
class Piece:
    """One construct of the flat scan.

    `kind` is one of: bullet, hash (these open blocks), text (a paragraph's lines), item (a list item's lines), title,
    fence, math, environment, container, quote, html, hiccup, table, rule, footnote, drawer, properties, directive.
    `spans` and `pairs` hold what the kind needs: see where each is made.
    """

    kind: str
    span: Span
    spans: tuple[Span, ...] = ()
    pairs: tuple[Pair, ...] = ()
    heading: int = 0
    marker: str = ""
    priority: str = ""
