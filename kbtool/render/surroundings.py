"""What is near each page, in small files: who asks for a page's surroundings fetches one of them, and not the graph.

A file has the pages whose places' digests begin alike, and splits where it would be large: so neither its name nor its
size depends on how many pages there are. An edit changes the files of pages that it ties or parts, and of those around.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple
from zlib import crc32

from kbtool.render.graph import AROUND, AROUND_DIRECTORY, Web
from kbtool.values import File

# Pages around a page that are told, as many as its drawing shows.
_MOST = 59
# Pages and those around them that a file has at most, where it has more than one page.
_FULL = 800


class Around(NamedTuple):
    """The files by their names, and what they were made of."""

    web: Web
    folders: bool
    files: Mapping[str, str]


NOTHING_AROUND = Around(Web((), ()), False, {})


def surroundings(found: Web, folders: bool, known: Around = NOTHING_AROUND) -> Around:
    """What is near each page; of earlier files those are taken whose pages have nothing new around them."""
    if (found, folders) == (known.web, known.folders):
        return known
    near = _near(found)
    keys = _keys(found)
    touched = _touched(found, known.web)
    told = set(range(len(keys))) if touched is None else touched.union(*(near[node] for node in touched))
    other = {keys[node][:size] for node in told for size in range(len(keys[node]) + 1)}
    order = sorted((key, node) for node, key in enumerate(keys) if near[node])
    files = {}
    for name, nodes in _shards(order, [min(len(one), _MOST) + 1 for one in near]):
        files[name] = known.files[name] if name in known.files and name not in other else _shard(found, near, nodes)
    return Around(found, folders, files)


def _touched(found: Web, known: Web) -> set[int] | None:
    """Pages with other links or another name than before; None where they are other pages."""
    if [node.slug for node in found.nodes] != [node.slug for node in known.nodes]:
        return None
    links = set(found.edges) ^ set(known.edges)
    renamed = {at for at, (one, other) in enumerate(zip(found.nodes, known.nodes, strict=True)) if one != other}
    return renamed.union(*((one, other) for one, other, _ in links))


def files(around: Around) -> Iterator[File]:
    """The files as they stand on the site."""
    names = [name or "all" for name in around.files]
    yield File(AROUND_DIRECTORY, _json({"folders": around.folders, "files": " ".join(names)}))
    yield from (File(f"{AROUND}{name}.json", text) for name, text in zip(names, around.files.values(), strict=True))


def _keys(found: Web) -> list[str]:
    """The pages' digests, two bits a sign, as the script makes them."""
    signs = [f"{byte >> 6}{byte >> 4 & 3}{byte >> 2 & 3}{byte & 3}" for byte in range(256)]
    sums = (crc32(node.slug.encode("utf-8", "surrogatepass")) for node in found.nodes)
    return ["".join([signs[byte] for byte in one.to_bytes(4)]) for one in sums]


def _near(found: Web) -> list[set[int]]:
    near: list[set[int]] = [set() for _ in found.nodes]
    for one, other, _ in found.edges:
        near[one].add(other)
        near[other].add(one)
    return near


def _chosen(near: Sequence[set[int]], node: int) -> list[int]:
    """The pages that are linked with a page, those that share most with it first, not too many."""
    here = near[node]
    scores = {other: (1 + len(near[other] & here)) / len(near[other]) ** 0.5 for other in here}
    return sorted(here, key=lambda other: (-scores[other], other))[:_MOST]


def _shards(
    order: Sequence[tuple[str, int]], sizes: Sequence[int], depth: int = 0
) -> Iterator[tuple[str, Sequence[int]]]:
    """Pages by the beginnings of their digests, which grow until a file is small enough."""
    nodes = [node for _, node in order]
    if nodes and (len(nodes) == 1 or sum(sizes[node] for node in nodes) <= _FULL or depth == len(order[0][0])):
        yield order[0][0][:depth], nodes
        return
    for _, part in groupby(order, key=lambda one: one[0][depth]):
        yield from _shards(list(part), sizes, depth + 1)


def _shard(found: Web, near: Sequence[set[int]], nodes: Sequence[int]) -> str:
    """A file's pages: for each those around it, as numbers in `nodes`, and pairs of these that are linked."""
    numbers: dict[int, int] = {}
    pages: dict[str, object] = {}
    for node in nodes:
        chosen = _chosen(near, node)
        here = [numbers.setdefault(one, len(numbers)) for one in (node, *chosen)]
        pages[found.nodes[node].slug] = here, _pairs(chosen, near)
    named = [found.nodes[node] for node in numbers]
    told = [[one.slug, one.name] if one.written else [one.slug, one.name, 1] for one in named]
    return _json({"nodes": told, "pages": pages})


def _pairs(chosen: Sequence[int], near: Sequence[set[int]]) -> list[int]:
    """Which of these are linked with each other: two places in the list after the other, the page itself being 0."""
    places = {node: place for place, node in enumerate(chosen, 1)}
    among = set(chosen)
    found: list[int] = []
    for node, place in places.items():
        for other in sorted(places[other] for other in near[node] & among):
            if other > place:
                found += (place, other)
    return found


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
