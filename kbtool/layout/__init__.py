"""Where the pages of a base stand when it is drawn as a graph: communities as discs, single pages around them.

One force layout of a whole base is a ball of hair. So communities are found first, each is laid out in a disc of its
own, and the discs are packed. The same links give the same places.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from kbtool.layout.communities import Edge, Near, communities, neighbours
from kbtool.layout.discs import packed
from kbtool.layout.forces import SPACE, placed, radius
from kbtool.packed import digest

# Groups of fewer nodes that are linked with nothing else stand in the ring.
_LEAST = 4
# Between discs, between the discs and the ring, and between its circles.
_GAP = SPACE
OUTSIDE = -1
"""The community of nodes in the ring."""

Points: TypeAlias = Sequence[complex]


class Layout(NamedTuple):
    """Coordinates of each node, whole numbers, and the number of its community, the largest 0."""

    xs: tuple[int, ...]
    ys: tuple[int, ...]
    groups: tuple[int, ...]


class Laid(NamedTuple):
    """A layout, a digest of its links, and the communities that it is made of by digests of theirs.

    When it is given again, what has the same links need not be laid out.
    """

    layout: Layout
    links: str
    communities: Mapping[str, Points]


NO_LAYOUT = Laid(Layout((), (), ()), "", {})
"""What is known before the first layout."""


class _Disc(NamedTuple):
    """Nodes, and where each stands as seen from the middle."""

    nodes: Sequence[int]
    points: Points
    radius: float


def laid_out(size: int, edges: Sequence[Edge], known: Laid = NO_LAYOUT) -> Laid:
    """Lays out nodes 0 to `size` - 1 with the links between them; `known` is an earlier layout."""
    links = digest(repr((size, edges)).encode()).hex()
    if links == known.links:
        return known
    near = neighbours(size, edges)
    used: dict[str, Points] = {}
    discs = []
    for members in _members(communities(near, _LEAST)):
        inside = _inside(near, members)
        name = digest(repr(inside).encode()).hex()
        used[name] = known.communities.get(name) or placed(inside)
        discs.append(_Disc(members, used[name], radius(len(members))))
    inner, outer = [d for d in discs if len(d.nodes) >= _LEAST], [d for d in discs if len(d.nodes) < _LEAST]
    points, groups = [0j] * size, [OUTSIDE] * size
    for number, (nodes, places) in enumerate(_packed(near, inner)):
        for node, place in zip(nodes, places, strict=True):
            points[node], groups[node] = place, number
    for nodes, places in _ring(outer, max((abs(point) for point in points), default=0.0) + 2 * _GAP):
        for node, place in zip(nodes, places, strict=True):
            points[node] = place
    xs, ys = (round(point.real) for point in points), (round(point.imag) for point in points)
    return Laid(Layout(tuple(xs), tuple(ys), tuple(groups)), links, used)


def _members(groups: Sequence[int]) -> list[list[int]]:
    found: list[list[int]] = [[] for _ in range(max(groups, default=-1) + 1)]
    for node, group in enumerate(groups):
        found[group].append(node)
    return found


def _inside(near: Near, nodes: Sequence[int]) -> list[dict[int, float]]:
    """The links between these nodes, which are numbered anew."""
    numbers = {node: number for number, node in enumerate(nodes)}
    return [{numbers[other]: near[node][other] for other in sorted(near[node]) if other in numbers} for node in nodes]


# ---------------------------------------------------------------- inside


def _packed(near: Near, discs: Sequence[_Disc]) -> Iterator[tuple[Sequence[int], Points]]:
    """The nodes of each disc with their places, discs beside those that they have links with."""
    owner = {node: number for number, disc in enumerate(discs) for node in disc.nodes}
    ties: list[dict[int, float]] = [{} for _ in discs]
    for node, number in owner.items():
        for other, weight in near[node].items():
            to = owner[other]
            if to != number:
                ties[number][to] = ties[number].get(to, 0.0) + weight
    middles = packed([disc.radius + _GAP / 2 for disc in discs], ties)
    for disc, middle in zip(discs, middles, strict=True):
        turn = _turn(near, disc, owner, middles)
        yield disc.nodes, [middle + point * turn for point in disc.points]


def _turn(near: Near, disc: _Disc, owner: Mapping[int, int], middles: Points) -> complex:
    """The rotation of a disc that brings nodes nearest to the discs that they are linked with."""
    here = middles[owner[disc.nodes[0]]]
    whole = 0j
    for node, point in zip(disc.nodes, disc.points, strict=True):
        for other, weight in near[node].items():
            way = middles[owner[other]] - here
            if way:
                whole += weight * point.conjugate() * way / abs(way)
    return whole / abs(whole) if abs(whole) > 1e-9 else 1 + 0j


# ---------------------------------------------------------------- the ring


def _ring(discs: Sequence[_Disc], start: float) -> Iterator[tuple[Sequence[int], Points]]:
    """Single nodes and very small groups, evenly on circles from this radius outwards."""
    at, away = 0, start
    while at < len(discs):
        room, end = math.tau * away, at
        while end < len(discs) and room >= 2 * discs[end].radius + (_GAP if end == at else 0):
            room -= 2 * discs[end].radius + _GAP / 2
            end += 1
        end = max(end, at + 1)
        yield from _circle(discs[at:end], away)
        away += max(disc.radius for disc in discs[at:end]) * 2 + _GAP / 2
        at = end


def _circle(discs: Sequence[_Disc], away: float) -> Iterator[tuple[Sequence[int], Points]]:
    whole = sum(disc.radius for disc in discs)
    angle = 0.0
    for disc in discs:
        wide = math.tau * disc.radius / whole
        way = cmath.rect(1, angle + wide / 2 - math.pi / 2)
        angle += wide
        yield disc.nodes, [way * (away + point * 1j) for point in disc.points]
