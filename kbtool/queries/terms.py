"""What stands in Datalog beside plain texts, numbers and sets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Keyword(NamedTuple):
    """`:name`; equal to no text."""

    name: str


class PageName(NamedTuple):
    """`[:block/name "x"]`: the page of that name."""

    name: str


class Variable(NamedTuple):
    """`?x`; `_` has the empty name."""

    name: str


class Record:
    """The properties of one block or page as a value: equal to itself alone."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values


PATH_REFS = "block/path-refs"
CONTENT = "block/content"
"""Attributes that are never written out for all blocks."""
ATTRIBUTES = tuple(
    "block/name block/original-name block/journal? block/journal-day block/file block/namespace block/alias block/tags "
    "block/content block/refs block/path-refs block/page block/parent block/left block/marker block/priority "
    "block/scheduled block/deadline block/properties block/created-at block/updated-at block/pre-block? block/format "
    "block/uuid".split()
)
"""What Datalog may ask for."""
_SPELLINGS: Mapping[str, str] = {"block/ref-pages": "block/refs", "block/ref-blocks": "block/refs"}


def attribute(name: str) -> str | None:
    """The attribute that a name, perhaps an old one, means; None for none that is known."""
    if name.startswith("page/"):
        name = "block/" + name[5:]
    name = _SPELLINGS.get(name, name)
    return name if name in ATTRIBUTES else None
