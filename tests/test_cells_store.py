"""Outcomes on disk."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kbtool.cells.store import Store, default_folder
from kbtool.outcomes import CellError, CellKey, CellOutcome, Observed, Outcome, Output, Provenance
from kbtool.values import NoteId

KEY = CellKey("a" * 64)
VALUES = (("loss", "0.52", 0.52), ("имя", "'сеть'", None), ("gone", "", None))
OUTCOME = Outcome(
    KEY,
    NoteId("pages/softmax.md"),
    True,
    (
        CellOutcome(
            0, "ok", (Output("stdout", "сдвиг 1\n"), Output("figure", "<svg/>"), Output("value", "\x00\u2028")), 0.5
        ),
        CellOutcome(1, "ok", (Output("value", "df", (("text/html", "<b>таблица</b>"),)),), 0.5, None, VALUES),
        CellOutcome(2, "failed", (Output("error", "Traceback"),), 0.25, CellError("ValueError", "нет", 3)),
        CellOutcome(3, "skipped", (), 0.0),
    ),
    1.25,
    Provenance("2026-11-23T10:00:00+00:00", "3.11.7", "linux-x86_64", "cpu", ("numpy==2.4.6",)),
)


def file_of(store: Store) -> Path:
    (path,) = store.folder.rglob("*.json")
    return path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "cache")


@pytest.fixture
def kept(store: Store) -> Store:
    assert store.save(OUTCOME) == ""
    return store


def newest(store: Store, key: CellKey) -> Outcome | None:
    return next(iter(store.load(key)), None)


def test_what_is_kept_comes_back_equal(kept: Store) -> None:
    assert newest(kept, KEY) == OUTCOME


def test_what_was_never_kept_is_absent(kept: Store) -> None:
    assert newest(kept, CellKey("b" * 64)) is None


def test_the_file_is_named_by_the_key_and_stands_alone(kept: Store) -> None:
    assert [path.name for path in kept.folder.rglob("*") if path.is_file()] == [f"{KEY}-failed.json"]


def test_the_last_one_wins(kept: Store) -> None:
    again = replace(OUTCOME, seconds=9.0)
    kept.save(again)
    assert kept.load(KEY) == [again]


def test_outcomes_that_stand_on_other_things_are_kept_beside_each_other_but_not_for_ever(kept: Store) -> None:
    given = [
        replace(OUTCOME, failed=False, observed=Observed((("file", "data.csv", str(number)),), ("program",)))
        for number in range(6)
    ]
    for number, one in enumerate(given):
        kept.save(one)
        for path in kept.folder.rglob("*.json"):
            os.utime(path, (path.stat().st_mtime - 10, path.stat().st_mtime - 10))
        assert newest(kept, KEY) == one, number
    assert kept.load(KEY) == given[:-5:-1]


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b'{"digest": 1, "outcome": {"key": 3}}', b"not json"],
    ids=["empty", "object", "null", "deep", "not UTF-8", "other", "text"],
)
def test_a_foreign_file_is_set_aside(kept: Store, data: bytes) -> None:
    path = file_of(kept)
    path.write_bytes(data)
    assert newest(kept, KEY) is None
    assert path.with_name(path.name + ".bad").read_bytes() == data
    assert not path.exists()


def test_an_outcome_under_another_key_is_set_aside(kept: Store) -> None:
    other = CellKey("c" * 64)
    file_of(kept).rename(file_of(kept).with_name(f"{other}-failed.json"))
    assert newest(kept, other) is None


def test_a_changed_value_is_set_aside(kept: Store) -> None:
    path = file_of(kept)
    file = json.loads(path.read_bytes())
    file["outcome"]["cells"][0]["outputs"][0]["text"] = "сдвиг 2\n"
    path.write_text(json.dumps(file), "utf-8")
    assert newest(kept, KEY) is None


def test_a_damaged_file_never_gives_another_outcome(kept: Store) -> None:
    path = file_of(kept)
    whole, chance = path.read_bytes(), random.Random(0)
    for _ in range(300):
        at = chance.randrange(len(whole))
        flipped = whole[:at] + bytes([whole[at] ^ (1 << chance.randrange(8))]) + whole[at + 1 :]
        path.write_bytes(chance.choice([whole[:at], flipped]))
        assert newest(kept, KEY) in (None, OUTCOME)


def test_a_folder_in_the_place_of_a_file_is_set_aside(kept: Store) -> None:
    path = file_of(kept)
    path.unlink()
    path.mkdir()
    assert newest(kept, KEY) is None
    assert kept.save(OUTCOME) == ""


def test_a_folder_that_cannot_be_made_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    warning = Store(tmp_path / "cache").save(OUTCOME)
    assert "pages/softmax.md" in warning
    assert str(tmp_path) in warning


def test_a_full_disk_is_a_warning_and_leaves_the_old_outcome(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert "No space left" in kept.save(replace(OUTCOME, seconds=9.0))
    monkeypatch.undo()
    assert newest(kept, KEY) == OUTCOME
    assert len(list(kept.folder.rglob("*.*"))) == 1


WRITER = """
import sys
from dataclasses import replace
from pathlib import Path
from tests.test_cells_store import OUTCOME, Store
for n in range(60):
    text = replace(OUTCOME.cells[0].outputs[0], text=sys.argv[2] * 50_000)
    Store(Path(sys.argv[1])).save(replace(OUTCOME, cells=(replace(OUTCOME.cells[0], outputs=(text,)),)))
"""


def test_two_writers_at_once_never_give_half_a_file(store: Store) -> None:
    root = Path(__file__).parents[1]
    command = [sys.executable, "-c", WRITER, str(store.folder)]
    writers = [subprocess.Popen([*command, letter], cwd=root) for letter in "аb"]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        found = newest(store, KEY)
        if found is not None:
            (output,) = found.cells[0].outputs
            assert len(set(output.text)) == 1
            seen.add(output.text[0])
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen
    assert not list(store.folder.rglob("*.bad"))


def test_the_default_folder_follows_the_platform(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    expected = tmp_path / "kbtool" if sys.platform == "linux" else default_folder()
    assert default_folder() == expected
