"""What a session's files take together is looked through a little at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtool.cells import stowing
from kbtool.cells.stowing import Stowage


def said(stowage: Stowage, looks: int) -> str:
    return next(filter(None, (stowage.look() for _ in range(looks))), "")


@pytest.fixture
def full(tmp_path: Path) -> Path:
    """Fifty files of a mebibyte, at some depth."""
    for number in range(50):
        place = tmp_path / f"a/{number % 5}"
        place.mkdir(parents=True, exist_ok=True)
        (place / str(number)).write_bytes(b"x" * (1 << 20))
    return tmp_path


def test_bytes_of_all_folders_count_and_each_look_begins_where_the_last_one_ended(
    full: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stowing, "_AT_ONCE", 10)
    monkeypatch.setattr(stowing, "STOWAGE", 40 << 20)
    assert said(Stowage((str(full / "a/0"), str(full / "a/1"))), 50) == ""
    assert "the files of the session took 4" in said(Stowage((str(full / "a/0"), str(full))), 50)


def test_nothing_is_counted_twice(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stowing, "STOWAGE", 60 << 20)
    assert said(Stowage((str(full),)), 50) == ""


def test_files_are_counted_too(full: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stowing, "_FILES", 40)
    assert said(Stowage((str(full),)), 5) == "the session made 56 files; 40 is the limit"


def test_what_a_link_names_does_not_count(full: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    linked = tmp_path_factory.mktemp("linked")
    (linked / "there").symlink_to(full)
    stowage = Stowage((str(linked),))
    stowage.room = 1 << 20
    assert said(stowage, 5) == ""


def test_a_folder_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert said(Stowage((str(tmp_path / "nowhere"),)), 3) == ""
