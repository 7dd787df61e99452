"""Places the nodes of one community in a disc: linked ones near each other, none upon another.

A tree of shortest ways from the most linked node gives the first places. Then nodes push those close to them away and
are drawn to those that they are linked with (Fruchterman and Reingold, 1991, with a grid), more and more calmly.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

Near: TypeAlias = Sequence[Mapping[int, float]]
Points: TypeAlias = list[complex]

SPACE = 20.0
"""How far apart nodes stand that have no reason to be nearer."""
# Fewer for many nodes: the first places are good, and time is what is left over.
_ROUNDS, _STEPS, _LEAST_ROUNDS = 60, 16_000, 20
# Rounds at the end that only push apart what lies too close.
_SPREADS, _CLOSEST = 12, 0.8 * SPACE
# How strongly a node is drawn to the middle of the disc, for each unit that it stands away.
_MIDDLE = 0.02
_REACH = 2.5 * SPACE
"""How far apart nodes still push each other away."""
_HALF = ((0, 1), (1, -1), (1, 0), (1, 1))


def radius(count: int) -> float:
    """The radius of a disc for so many nodes."""
    return SPACE * (0.62 * math.sqrt(count) + 0.35) if count > 1 else SPACE * 0.5


def placed(near: Near) -> Points:
    """Where each node of a community stands; the middle of its disc is 0."""
    if len(near) < 3:
        return [complex(SPACE * (at - (len(near) - 1) / 2), 0) for at in range(len(near))]
    points = _tree(near)
    ties = list(_ties(near))
    rounds = max(_LEAST_ROUNDS, min(_ROUNDS, _STEPS // len(near)))
    for turn in range(rounds):
        most = SPACE * 1.6 * (1 - turn / rounds) ** 1.5 + SPACE * 0.05
        for node, force in enumerate(_forces(points, ties)):
            size = abs(force)
            points[node] += force if size <= most else force * (most / size)
    _fill(points)
    for _ in range(_SPREADS):
        if not _spread(points):
            break
        _hold(points)
    return points


def _tree(near: Near) -> Points:
    """The first places: children around their parents' direction, in a wedge as wide as what hangs on them."""
    order, parent = _ways(near)
    below = [1] * len(near)
    for node in reversed(order[1:]):
        below[parent[node]] += below[node]
    start, points = [0.0] * len(near), [0j] * len(near)
    for rank, node in enumerate(order[1:], 2):
        above = parent[node]
        wide = math.tau * below[node] / (len(near) - 1)
        middle = start[above] + wide / 2
        start[node], start[above] = start[above], start[above] + wide
        away = SPACE * 0.62 * math.sqrt(rank)
        points[node] = complex(away * math.cos(middle), away * math.sin(middle))
    return points


def _ways(near: Near) -> tuple[list[int], dict[int, int]]:
    """The nodes by their distance from the most linked one, and from where each is reached."""
    root = max(range(len(near)), key=lambda node: (len(near[node]), -node))
    parent, order = {root: root}, [root]
    for node in order:  # grows meanwhile
        for other in sorted(near[node]):
            if other not in parent:
                parent[other] = node
                order.append(other)
    for node in range(len(near)):  # where a community has several pieces
        if node not in parent:
            parent[node] = root
            order.append(node)
    return order, parent


def _ties(near: Near) -> Iterator[tuple[int, int, float]]:
    """Each pair of linked nodes once; a hub's many links together draw about as much as a few others, else all of it
    is one clump.
    """
    for node, links in enumerate(near):
        for other, weight in links.items():
            if other > node:
                yield node, other, weight / (SPACE * math.sqrt(len(links) * len(near[other])))


def _forces(points: Points, ties: Sequence[tuple[int, int, float]]) -> Points:
    xs, ys = [point.real for point in points], [point.imag for point in points]
    across, up = [-_MIDDLE * x for x in xs], [-_MIDDLE * y for y in ys]
    square, limit = SPACE * SPACE, _REACH * _REACH
    least = square / (limit + 1.0)
    for one, others in _close(points, _REACH):
        x, y, fx, fy = xs[one], ys[one], 0.0, 0.0
        for other in others:
            dx, dy = x - xs[other], y - ys[other]
            apart = dx * dx + dy * dy
            if apart > limit:
                continue
            push = square / (apart + 1.0) - least
            dx *= push
            dy *= push
            fx += dx
            fy += dy
            across[other] -= dx
            up[other] -= dy
        across[one] += fx
        up[one] += fy
    for one, other, strength in ties:
        dx, dy = xs[one] - xs[other], ys[one] - ys[other]
        pull = strength * math.sqrt(dx * dx + dy * dy)
        dx *= pull
        dy *= pull
        across[one] -= dx
        up[one] -= dy
        across[other] += dx
        up[other] += dy
    return list(map(complex, across, up))


def _close(points: Points, size: float) -> Iterator[tuple[int, list[int]]]:
    """For each node others that are nearer than about `size`: in its square of a grid or beside it, each pair once."""
    squares: dict[tuple[int, int], list[int]] = {}
    for node, point in enumerate(points):
        squares.setdefault((math.floor(point.real / size), math.floor(point.imag / size)), []).append(node)
    for (x, y), here in squares.items():
        beside = [node for dx, dy in _HALF for node in squares.get((x + dx, y + dy), ())]
        for at, one in enumerate(here, 1):
            yield one, here[at:] + beside


def _fill(points: Points) -> None:
    """Spreads the nodes over the whole disc: each keeps its direction, and its rank by distance from the middle."""
    middle = sum(points) / len(points)
    order = sorted(range(len(points)), key=lambda node: (abs(points[node] - middle), node))
    whole = radius(len(points)) - SPACE / 2
    for rank, node in enumerate(order):
        way = points[node] - middle
        away = whole * math.sqrt((rank + 0.5) / len(order))
        points[node] = way * (away / abs(way)) if abs(way) > 1e-6 else complex(away, 0)


def _spread(points: Points) -> bool:
    """Pushes apart nodes that lie too close; whether there were any."""
    moved = False
    for one, others in list(_close(points, _CLOSEST)):
        for other in others:
            way = points[one] - points[other]
            size = abs(way)
            if size < _CLOSEST:
                moved = True
                away = way * ((_CLOSEST - size) / 2 / size) if size > 1e-6 else complex(_CLOSEST / 2, one - other)
                points[one] += away
                points[other] -= away
    return moved


def _hold(points: Points) -> None:
    """Takes nodes back into the disc."""
    whole = radius(len(points)) - SPACE / 2
    for node, point in enumerate(points):
        if abs(point) > whole:
            points[node] = point * (whole / abs(point))
