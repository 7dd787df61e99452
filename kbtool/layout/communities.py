"""Communities of a graph: groups with more links inside than between, by Louvain's method (Blondel et al., 2008).

Nodes are visited in the order of their numbers and ties go to the smaller number, so that a graph has one answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, TypeAlias

Edge: TypeAlias = tuple[int, int, int]
"""Two nodes, the smaller number first, and how many links there are between them."""
Near: TypeAlias = Sequence[Mapping[int, float]]
"""The neighbours of each node, with the weight of the way there."""

# A gain of modularity below that is rounding.
_LEAST = 1e-9
# Levels of merging: each has a fraction of the nodes of the one before.
_MAX_LEVELS = 12
# Ten links between two pages do not tie them ten times as much as one.
_MAX_WEIGHT = 4


class _Level(NamedTuple):
    """A graph whose nodes are groups of nodes: their links, and twice the weight inside each."""

    near: Near
    inside: Sequence[float]


def neighbours(size: int, edges: Iterable[Edge]) -> list[dict[int, float]]:
    """The neighbours of each of `size` nodes."""
    near: list[dict[int, float]] = [{} for _ in range(size)]
    for one, other, count in edges:
        near[one][other] = near[other][one] = float(min(count, _MAX_WEIGHT))
    return near


def communities(near: Near, least: int) -> list[int]:
    """The community of each node, numbered by size, the largest first; `least` nodes or all that hang together."""
    level = _Level(near, [0.0] * len(near))
    found = list(range(len(near)))
    for _ in range(_MAX_LEVELS):
        groups = _moved(level)
        count = max(groups, default=-1) + 1
        if count == len(level.near):
            break
        found = [groups[group] for group in found]
        level = _merged(level, groups, count)
    return _by_size(_without_small(near, found, least))


def _moved(level: _Level) -> list[int]:
    """The group of each node once no node gains by joining a neighbour's, numbered from 0 as they come."""
    near, inside = level
    degree = [sum(links.values()) + own for links, own in zip(near, inside, strict=True)]
    whole = sum(degree) or 1.0
    group, total = list(range(len(near))), list(degree)
    waiting, queued = list(range(len(near))), [True] * len(near)
    for node in waiting:  # grows meanwhile
        queued[node] = False
        own = group[node]
        total[own] -= degree[node]
        best = _best(near[node], group, (own, degree[node] / whole, total))
        total[best] += degree[node]
        if best != own:
            group[node] = best
            for other in near[node]:
                if group[other] != best and not queued[other]:
                    queued[other] = True
                    waiting.append(other)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(one, len(numbers)) for one in group]


def _best(links: Mapping[int, float], group: Sequence[int], about: tuple[int, float, Sequence[float]]) -> int:
    """The neighbours' group that a node gains most by being in: its own, unless another is better.

    `about` has its own group, its share of all links, and the sums of all groups without it.
    """
    own, share, total = about
    weights = {own: 0.0}
    for other, weight in links.items():
        at = group[other]
        weights[at] = weights.get(at, 0.0) + weight
    best, most = own, weights.pop(own) - share * total[own] + _LEAST
    for at, weight in weights.items():
        gain = weight - share * total[at]
        if gain > most or (gain == most and at < best != own):
            best, most = at, gain
    return best


def _merged(level: _Level, groups: Sequence[int], count: int) -> _Level:
    near: list[dict[int, float]] = [{} for _ in range(count)]
    inside = [0.0] * count
    for node, links in enumerate(level.near):
        at = groups[node]
        inside[at] += level.inside[node]
        into = near[at]
        for other, weight in links.items():
            to = groups[other]
            if to == at:
                inside[at] += weight
            else:
                into[to] = into.get(to, 0.0) + weight
    return _Level(near, inside)


def _without_small(near: Near, found: list[int], least: int) -> list[int]:
    """The same with each group of fewer than `least` nodes joined to the one that it has most links with, if any."""
    members = _members(found)
    for group in sorted(members, key=lambda one: (len(members[one]), members[one][0])):
        if len(members[group]) >= least:
            continue
        weights: dict[int, float] = {}
        for node in members[group]:
            for other, weight in near[node].items():
                weights[found[other]] = weights.get(found[other], 0.0) + weight
        weights.pop(group, None)
        if weights:
            best = min(weights, key=lambda one: (-weights[one], one))
            members[best] += members[group]
            for node in members.pop(group):
                found[node] = best
    return found


def _members(found: Iterable[int]) -> dict[int, list[int]]:
    members: dict[int, list[int]] = {}
    for node, group in enumerate(found):
        members.setdefault(group, []).append(node)
    return members


def _by_size(found: Sequence[int]) -> list[int]:
    members = _members(found)
    order = sorted(members, key=lambda group: (-len(members[group]), members[group][0]))
    numbers = {group: number for number, group in enumerate(order)}
    return [numbers[group] for group in found]
