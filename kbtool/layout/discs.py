"""Packs discs so that none overlaps another and those with many links between them lie near each other."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple


class Disc(NamedTuple):
    """A disc in the plane."""

    middle: complex
    radius: float


# How much a place near the middle counts against one near linked discs.
_MIDDLE = 0.35
# A new disc is tried beside so many pairs of those placed last and of those it is linked with most.
_BESIDE = 48
_ROUNDING = 1e-6


def packed(radii: Sequence[float], ties: Sequence[Mapping[int, float]]) -> list[complex]:
    """The middles of discs with these radii, placed in their order; `ties` has what links each to others."""
    placed: list[Disc] = []
    for at, radius in enumerate(radii):
        places = sorted(_places(placed, radius, ties[at]), key=lambda place: _cost(place, placed, ties[at]))
        middle = next((place for place in places if _is_free(Disc(place, radius), placed)), None)
        placed.append(Disc(_outside(placed, radius) if middle is None else middle, radius))
    middle = _balance(placed)
    return [disc.middle - middle for disc in placed]


def _places(placed: Sequence[Disc], radius: float, ties: Mapping[int, float]) -> Iterator[complex]:
    """Where a disc touches two others."""
    if not placed:
        yield 0j
    elif len(placed) == 1:
        yield placed[0].middle + placed[0].radius + radius
    linked = sorted((other for other in ties if other < len(placed)), key=lambda other: (-ties[other], other))
    beside = list(dict.fromkeys([*linked[: _BESIDE // 2], *range(len(placed) - 1, -1, -1)]))[:_BESIDE]
    for at, one in enumerate(beside):
        for other in beside[at + 1 :]:
            yield from _touching(placed[one], placed[other], radius)


def _touching(one: Disc, other: Disc, radius: float) -> Iterator[complex]:
    """The two places where a disc touches both of these."""
    near, far, apart = one.radius + radius, other.radius + radius, abs(other.middle - one.middle)
    if apart > near + far or not apart:
        return
    along = (near * near - far * far + apart * apart) / (2 * apart)
    beside = math.sqrt(max(0.0, near * near - along * along))
    way = (other.middle - one.middle) / apart
    yield one.middle + way * complex(along, beside)
    yield one.middle + way * complex(along, -beside)


def _cost(place: complex, placed: Sequence[Disc], ties: Mapping[int, float]) -> tuple[float, float, float]:
    """How bad a place is: far from linked discs, far from the middle; of equal ones its coordinates decide."""
    linked = [(other, weight) for other, weight in ties.items() if other < len(placed)]
    whole = sum(weight for _, weight in linked) or 1.0
    away = sum(weight * abs(place - placed[other].middle) for other, weight in linked) / whole
    return round(away + _MIDDLE * abs(place) if linked else abs(place), 6), place.real, place.imag


def _is_free(disc: Disc, placed: Sequence[Disc]) -> bool:
    return all(abs(disc.middle - one.middle) >= disc.radius + one.radius - _ROUNDING for one in placed)


def _outside(placed: Sequence[Disc], radius: float) -> complex:
    """A place beyond all that is placed."""
    return complex(max((disc.middle.real + disc.radius for disc in placed), default=-radius) + radius, 0)


def _balance(placed: Sequence[Disc]) -> complex:
    """The point that lies as far from the outermost discs on all sides."""
    if not placed:
        return 0j
    left = min(disc.middle.real - disc.radius for disc in placed)
    right = max(disc.middle.real + disc.radius for disc in placed)
    low = min(disc.middle.imag - disc.radius for disc in placed)
    high = max(disc.middle.imag + disc.radius for disc in placed)
    return complex((left + right) / 2, (low + high) / 2)
