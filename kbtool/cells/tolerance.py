"""How near the numbers in two texts must be to count as equal. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from math import isfinite
from typing import NamedTuple

from kbtool.patterns import regex

# A colour such as `#1f77b4` is a word and no number; so are names of ids.
_NUMBER = regex(r"(#\w+)|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)")
FLOOR = 1e-12
"""What is left of a zero after some additions differs without end relatively, and by no more than this."""


class Tolerance(NamedTuple):
    """How much numbers may differ: relatively to the greater one, or else by `floor` whatever their size."""

    relative: float = 0.0
    floor: float = 0.0

    def allows(self, old: float, new: float) -> bool:
        """Whether two numbers count as equal."""
        most = max(self.floor, self.relative * max(abs(old), abs(new)))
        return isfinite(old) and isfinite(new) and abs(old - new) <= most


EXACT = Tolerance()


def read_tolerance(text: str) -> Tolerance:
    """What `expect` says: nothing or `exact`, `1e-3`, or `1e-3,1e-6` with the floor behind the comma."""
    if text in ("", "exact"):
        return EXACT
    relative, _, floor = text.partition(",")
    return Tolerance(float(relative), float(floor) if floor else FLOOR)


class Drift(NamedTuple):
    """Numbers that are others in a text: how many there are, which one differs most, and how it was and is."""

    others: int = 0
    at: int = 0
    old: str = ""
    new: str = ""

    @property
    def size(self) -> float:
        """By how much the one differs that differs most."""
        return abs(float(self.new) - float(self.old)) if self.others else 0.0


def drift(old: str, new: str, tolerance: Tolerance) -> Drift | None:
    """The numbers of a text that are others now; None where more than numbers differs."""
    found = Drift()
    numbers = 0
    for a, b in zip_longest(_pieces(old), _pieces(new)):
        if a is None or b is None or a[0] != b[0]:
            return None
        if not a[0]:
            if a[1] != b[1]:
                return None
            continue
        numbers += 1
        if a[1] != b[1] and not tolerance.allows(float(a[1]), float(b[1])):
            one = Drift(found.others + 1, numbers, a[1], b[1])
            found = one if one.size > found.size or not found.others else found._replace(others=one.others)
    return found


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Numbers, and what stands between them; the blanks beside a number depend on how many digits it has."""
    at = 0
    for found in _NUMBER.finditer(text):
        if found[2]:
            yield False, text[at : found.start()].strip()
            yield True, found[2]
            at = found.end()
    yield False, text[at:].strip()
