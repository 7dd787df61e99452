"""Small files of values hold with their digest, in their place."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kbtool import sealed

VALUE = {"имя": [1, 2.5, "\udc80"]}
LIMIT = 1000


def test_a_value_comes_back(tmp_path: Path) -> None:
    sealed.save(tmp_path / "a/b.json", VALUE)
    assert sealed.load(tmp_path / "a/b.json", LIMIT) == VALUE
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.json"]


@pytest.mark.parametrize("at", range(0, 60, 7))
def test_a_flipped_bit_makes_it_absent(tmp_path: Path, at: int) -> None:
    path = tmp_path / "b.json"
    sealed.save(path, VALUE)
    data = path.read_bytes()
    path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
    assert sealed.load(path, LIMIT) is None


def test_a_file_of_another_place_does_not_count(tmp_path: Path) -> None:
    sealed.save(tmp_path / "b.json", VALUE)
    (tmp_path / "b.json").rename(tmp_path / "c.json")
    assert sealed.load(tmp_path / "c.json", LIMIT) is None


def test_what_is_larger_than_expected_is_absent(tmp_path: Path) -> None:
    sealed.save(tmp_path / "b.json", "x" * LIMIT)
    assert sealed.load(tmp_path / "b.json", LIMIT) is None


def test_a_place_that_cannot_be_written_is_left(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a file")
    sealed.save(tmp_path / "a/b.json", VALUE)
    assert (tmp_path / "a").read_text() == "a file"


def test_what_a_kill_left_is_swept_later(tmp_path: Path) -> None:
    old, new, other = tmp_path / ".1f.tmp", tmp_path / ".2f.tmp", tmp_path / "a.tmp"
    for path in (old, new, other):
        path.write_text("half")
    for path in (old, other):
        os.utime(path, (0, 0))
    sealed.save(tmp_path / "b.json", VALUE)
    assert [old.exists(), new.exists(), other.exists()] == [False, True, True]
