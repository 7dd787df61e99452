"""The layout of a graph: every node has a place, communities do not overlap, what is alone is outside."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from kbtool.layout import NO_LAYOUT, OUTSIDE, Layout, laid_out
from kbtool.layout.communities import Edge, communities, neighbours
from kbtool.layout.discs import packed
from kbtool.layout.forces import SPACE, placed, radius
from kbtool.past import Store

Edges = tuple[Edge, ...]


def clique(first: int, count: int) -> Edges:
    """Nodes that are all linked with each other."""
    return tuple((first + one, first + other, 1) for one in range(count) for other in range(one + 1, count))


def ring(first: int, count: int) -> Edges:
    """A ring of nodes with chords, so that they have neighbours, and nodes far away."""
    pairs = {tuple(sorted((first + at, first + (at + step) % count))) for at in range(count) for step in (1, 2, 3)}
    return tuple(sorted((one, other, 1) for one, other in pairs if one != other))


def places(layout: Layout) -> list[complex]:
    return [complex(x, y) for x, y in zip(layout.xs, layout.ys, strict=True)]


def nearest(points: Sequence[complex]) -> float:
    return min((abs(one - other) for at, one in enumerate(points) for other in points[:at]), default=math.inf)


@some.composite
def graphs(draw: some.DrawFn) -> tuple[int, Edges]:
    size = draw(some.integers(0, 40))
    nodes = some.integers(0, max(0, size - 1))
    pairs = draw(some.sets(some.tuples(nodes, nodes).filter(lambda pair: pair[0] < pair[1]), max_size=80))
    return size, tuple((one, other, 1) for one, other in sorted(pairs)) if size > 1 else ()


@given(graphs())
def test_every_node_has_a_place_of_its_own(graph: tuple[int, Edges]) -> None:
    layout = laid_out(*graph).layout
    assert len(layout.xs) == len(layout.ys) == len(layout.groups) == graph[0]
    assert nearest(places(layout)) > SPACE / 4


@given(graphs())
def test_a_layout_is_the_same_each_time_and_from_known_communities(graph: tuple[int, Edges]) -> None:
    first = laid_out(*graph)
    assert laid_out(*graph) == first
    assert laid_out(*graph, first) == first
    assert laid_out(*graph, first._replace(links="others")) == first


def test_known_communities_are_used() -> None:
    edges = clique(0, 8)
    (name,) = laid_out(8, edges).communities
    known = NO_LAYOUT._replace(communities={name: tuple(complex(at, 0) for at in range(8))})
    moved = laid_out(8, edges, known).layout
    assert places(moved) == [complex(at, 0) for at in range(8)]


def test_the_same_links_are_not_laid_out_again() -> None:
    edges = clique(0, 8)
    first = laid_out(8, edges)
    assert laid_out(8, edges, first) is first
    assert laid_out(8, edges[1:], first) is not first


def test_communities_are_what_hangs_together() -> None:
    edges = (*clique(0, 12), *clique(12, 8), (0, 12, 1))
    found = communities(neighbours(21, edges), 4)
    assert found == [0] * 12 + [1] * 8 + [2]


def test_a_small_group_joins_what_it_is_linked_with() -> None:
    edges = (*clique(0, 12), *clique(12, 12), (0, 24, 1), (24, 25, 4), (25, 26, 4))
    assert set(communities(neighbours(27, edges), 4)) == {0, 1}
    assert set(communities(neighbours(27, edges), 3)) == {0, 1, 2}  # control: large enough, it stays


def test_communities_do_not_overlap() -> None:
    sizes = (30, 20, 15, 10, 6, 5)
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    edges = tuple(edge for start, size in zip(starts, sizes, strict=True) for edge in clique(start, size))
    bridges = tuple((start, other, 1) for start, other in pairwise(starts))
    layout = laid_out(sum(sizes), (*edges, *bridges)).layout
    points = places(layout)
    for start, size in zip(starts, sizes, strict=True):
        inside, middle = points[start : start + size], sum(points[start : start + size]) / size
        widest = max(abs(point - middle) for point in inside)
        others = points[:start] + points[start + size :]
        assert widest < min(abs(point - middle) for point in others)


def test_what_is_linked_with_nothing_stands_in_the_clique() -> None:
    layout = laid_out(40, (*clique(0, 10), (10, 11, 1))).layout
    assert [group == OUTSIDE for group in layout.groups] == [False] * 10 + [True] * 30
    away = [abs(place) for place in places(layout)]
    assert max(away[:10]) < min(away[10:])


def test_nodes_of_a_community_stay_in_its_disc_and_apart() -> None:
    for size in (3, 10, 60, 200):
        near = neighbours(size, ring(0, size))
        points = placed(near)
        assert max(map(abs, points)) <= radius(size)
        assert nearest(points) > SPACE / 2


def test_linked_nodes_stand_nearer_than_others() -> None:
    size = 120
    points = placed(neighbours(size, ring(0, size)))
    linked = [abs(points[at] - points[(at + 1) % size]) for at in range(size)]
    others = [abs(points[at] - points[(at + size // 2) % size]) for at in range(size)]
    assert sum(linked) < sum(others) / 2


@given(some.lists(some.floats(1, 100), max_size=25), some.data())
def test_packed_discs_do_not_overlap(radii: list[float], data: some.DataObject) -> None:
    ties: list[dict[int, float]] = [{} for _ in radii]
    for at in range(1, len(radii)):
        other = data.draw(some.integers(0, at - 1))
        ties[at][other] = ties[other][at] = 1.0
    middles = packed(radii, ties)
    for at, middle in enumerate(middles):
        for before in range(at):
            assert abs(middle - middles[before]) >= radii[at] + radii[before] - 1e-3


def test_linked_discs_are_packed_beside_each_other() -> None:
    radii = [50.0] + [10.0] * 12
    ties: list[dict[int, float]] = [{} for _ in radii]
    ties[12] = {1: 5.0}
    ties[1] = {12: 5.0}
    middles = packed(radii, ties)
    away = sorted(range(2, 13), key=lambda at: abs(middles[at] - middles[1]))
    assert 12 in away[:3]


def test_a_layout_is_kept_between_builds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Store(tmp_path, tmp_path / "site").layout() == NO_LAYOUT
    edges = (*clique(0, 12), (12, 13, 1))
    made = laid_out(15, edges)
    Store(tmp_path, tmp_path / "site").keep_layout(made, NO_LAYOUT)
    kept = Store(tmp_path, tmp_path / "site").layout()
    assert kept == made
    assert laid_out(15, edges, kept) is kept
