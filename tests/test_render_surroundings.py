"""What is near each page, in files: the same after any edits as from nothing, and small."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from kbtool.past import Store
from kbtool.render.graph import Node, Web
from kbtool.render.surroundings import NOTHING_AROUND, Around, files, surroundings
from kbtool.values import Slug


def web(size: int, links: set[tuple[int, int]], names: dict[int, str] | None = None) -> Web:
    nodes = tuple(
        Node((names or {}).get(at, f"Страница {at}"), Slug(f"s{at}"), written=at % 7 != 6) for at in range(size)
    )
    return Web(nodes, tuple((one, other, 1) for one, other in sorted(links)))


def ring(size: int) -> set[tuple[int, int]]:
    return {tuple(sorted((at, (at + step) % size))) for at in range(size) for step in (1, 2, 5)}  # type: ignore[misc]


def read(around: Around) -> dict[str, tuple[list[Any], list[tuple[int, int]]]]:
    """What is told of each page: those around it, itself first, and the pairs that are linked."""
    told = {}
    for text in around.files.values():
        shard = json.loads(text)
        for slug, (nodes, pairs) in shard["pages"].items():
            linked = [(pairs[at], pairs[at + 1]) for at in range(0, len(pairs), 2)]
            told[slug] = [shard["nodes"][at] for at in nodes], linked
    return told


def test_a_page_has_those_that_it_is_linked_with_and_the_links_between_them() -> None:
    told = read(surroundings(web(8, {(0, 1), (0, 2), (1, 2), (2, 6), (3, 4)}), True))
    assert told["s0"] == ([["s0", "Страница 0"], ["s1", "Страница 1"], ["s2", "Страница 2"]], [(1, 2)])
    assert told["s6"] == ([["s6", "Страница 6", 1], ["s2", "Страница 2"]], [])
    assert set(told) == {"s0", "s1", "s2", "s3", "s4", "s6"}


def test_a_hub_has_no_more_than_a_drawing_shows() -> None:
    told = read(surroundings(web(500, {(0, at) for at in range(1, 500)} | {(1, 2)}), True))
    assert len(told["s0"][0]) == 60
    assert {slug for slug, *_ in told["s0"][0]} >= {"s0", "s3"}


def test_files_stay_small_when_there_are_more_pages() -> None:
    few, many = (surroundings(web(size, ring(size)), True).files for size in (400, 3200))
    largest = [max(len(text.encode()) for text in files.values()) for files in (few, many)]
    assert len(many) > 4 * len(few) > 4
    assert largest[1] < 1.5 * largest[0]


def test_a_link_changes_only_the_files_around_it() -> None:
    links = ring(2000)
    before = surroundings(web(2000, links), True)
    after = surroundings(web(2000, links - {(100, 101)}), True, before)
    changed = [name for name in before.files if before.files[name] != after.files.get(name)]
    assert 0 < len(changed) < 20 < len(before.files)


def test_what_is_as_it_was_is_not_made_again() -> None:
    before = surroundings(web(20, ring(20)), True)
    assert surroundings(web(20, ring(20)), True, before) is before
    assert surroundings(web(20, ring(20)), False, before) is not before


@pytest.mark.parametrize("seed", range(8))
def test_after_any_edits_it_is_what_it_is_from_nothing(seed: int) -> None:
    chance = random.Random(seed)
    size, links, names = 400, ring(400), dict[int, str]()
    known = NOTHING_AROUND
    for _ in range(12):
        for _ in range(chance.choice((0, 1, 3))):
            one, other = sorted(chance.sample(range(size), 2))
            links ^= {(one, other)}
        if chance.random() < 0.3:
            names[chance.randrange(size)] = f"иначе {chance.random()}"
        if chance.random() < 0.2:
            away = chance.randrange(size)
            links = {pair for pair in links if away not in pair}
        if chance.random() < 0.2:
            size += chance.choice((1, 5))
        known = surroundings(web(size, links, names), True, known)
        assert known == surroundings(web(size, links, names), True)


def test_they_are_kept_between_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert Store(tmp_path, tmp_path / "site").around() == NOTHING_AROUND
    made = surroundings(web(50, ring(50)), True)
    Store(tmp_path, tmp_path / "site").keep_around(made, NOTHING_AROUND)
    kept = Store(tmp_path, tmp_path / "site").around()
    assert kept == made
    assert surroundings(web(50, ring(50)), True, kept) is kept


def test_the_directory_names_the_files() -> None:
    made = {file.path: file.text for file in files(surroundings(web(400, ring(400)), True))}
    directory = json.loads(made.pop("assets/kb/near/index.json"))
    assert directory["folders"] is True
    assert [f"assets/kb/near/{name}.json" for name in directory["files"].split(" ")] == list(made)
    few = [file.path for file in files(surroundings(web(3, {(0, 1)}), False))]
    assert few == ["assets/kb/near/index.json", "assets/kb/near/all.json"]
