"""Recorded results as files: what is written comes back, what was changed is found, and nothing private goes in."""

from __future__ import annotations

import base64
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from kbtool.cells.archive import Archive
from kbtool.cells.recorded import Record, Untold, _digest, bodies, decoded, encoded, is_blob, is_news, written
from kbtool.cells.secrets import Private, findings
from kbtool.cells.sources import changes, source_of, version_changes
from kbtool.config import KbError
from kbtool.outcomes import CellError, CellKey, CellOutcome, Difference, Observed, Outcome, Output, Provenance
from kbtool.values import NoteId
from tests.demo import png

NOTE = NoteId("pages/тензор.md")
PNG = base64.b64encode(png(2, 2)).decode()
LONG = "строка\n" * 1000
SOURCE = {"cells": [["python", "a1", ""]], "seed": 0}
OUTCOME = Outcome(
    CellKey("k"),
    NOTE,
    False,
    (
        CellOutcome(0, "ok", (Output("stdout", "раз\nдва\n"), Output("figure", f"<svg>{LONG}</svg>")), 0.5),
        CellOutcome(
            1,
            "ok",
            (Output("value", "df", (("image/png", PNG), ("text/html", "<b>т</b>"))), Output("stderr", LONG)),
            0.25,
            CellError("ValueError", "нет", 3),
            (("loss", "0.52", 0.52), ("gone", "", None)),
        ),
    ),
    1.25,
    Provenance("2026-11-23T10:00:00+00:00", "3.11.7", "linux-x86_64", "cpu", ("numpy==2.4.6",), "A processor"),
    Observed((), (), (("numpy==2.4.6", "ab" * 32),), (("Python", "cpython-3.11.7"),)),
)


def made(outcome: Outcome = OUTCOME) -> tuple[bytes, dict[str, bytes]]:
    """A note's file with one outcome, and its blobs."""
    body, blobs = encoded(outcome, Untold(SOURCE, [("file", "data/x.csv", "d1")], ["program"]))
    return written({outcome.provenance.device: body}), blobs


def read(data: bytes, blobs: dict[str, bytes]) -> Record:
    (one,) = decoded(NOTE, data, blobs.get)
    return one


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """An archive with one note."""
    found = Archive(tmp_path)
    found.write(NOTE, *made())
    return found


def files(archive: Archive) -> list[str]:
    root = archive.base / ".kbtool/records"
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


# ---------------------------------------------------------------- what is written


def test_what_is_recorded_comes_back(archive: Archive) -> None:
    (one,) = archive.of(NOTE)
    assert (one.fault, one.device, one.source) == ("", "cpu", SOURCE)
    assert one.outcome is not None
    assert one.outcome.cells == OUTCOME.cells
    assert one.outcome.provenance == OUTCOME.provenance
    seen = one.outcome.observed
    assert (seen.facts, seen.gaps) == ((("file", "data/x.csv", "d1"),), ("program",))
    assert seen.packages == (("numpy==2.4.6", "ab" * 8),)


def test_a_file_is_sorted_and_an_output_stands_on_a_line() -> None:
    lines = made()[0].decode().split("\n")
    assert '      {"kind": "stdout", "text": ["раз", "два", ""]},' in lines
    body = bodies(made()[0])["cpu"]
    assert list(body) == sorted(body)
    assert max(map(len, lines)) < 200


def test_what_is_large_or_no_text_lies_in_blobs(archive: Archive) -> None:
    assert len((archive.base / archive.place(NOTE)).read_bytes()) < 3000
    found = {Path(path).suffix: archive.base / ".kbtool/records" / path for path in files(archive)}
    assert found.keys() == {".json", ".svg", ".png", ".txt"}
    assert found[".png"].read_bytes() == png(2, 2)
    assert found[".txt"].read_text("utf-8") == LONG
    assert all(path.parent.name == path.name[:2] for path in found.values() if path.suffix != ".json")


def test_when_and_how_long_are_no_news() -> None:
    body, _ = encoded(OUTCOME, Untold(SOURCE, [], []))
    again = replace(OUTCOME, seconds=9.0, provenance=replace(OUTCOME.provenance, started="2027-01-01T00:00:00+00:00"))
    assert not is_news(body, encoded(again, Untold(SOURCE, [], []))[0])
    # Control: other results, another version, and a record that was tampered with are.
    other = replace(OUTCOME, cells=OUTCOME.cells[:1])
    assert is_news(body, encoded(other, Untold(SOURCE, [], []))[0])
    newer = replace(OUTCOME, provenance=replace(OUTCOME.provenance, python="3.12.0"))
    assert is_news(body, encoded(newer, Untold(SOURCE, [], []))[0])
    assert is_news({**body, "python": "2.7"}, body)


# ---------------------------------------------------------------- what is not as it was written


def test_a_number_edited_by_hand_is_found() -> None:
    data, blobs = made()
    assert read(data, blobs).fault == ""
    assert "digest" in read(data.replace(b"0.52", b"0.53"), blobs).fault


def test_one_device_moved_to_another_is_found() -> None:
    data, blobs = made()
    body = bodies(data)["cpu"]
    assert read(written({"cuda:NVIDIA A40": body}), blobs).fault


def test_a_blob_that_is_gone_or_other_is_found(archive: Archive) -> None:
    (path,) = (archive.base / ".kbtool/records").rglob("*.png")
    path.write_bytes(png(3, 3))
    assert "blob" in archive.of(NOTE)[0].fault
    path.unlink()
    assert "blob" in archive.of(NOTE)[0].fault
    archive.write(NOTE, *made())
    assert archive.of(NOTE)[0].fault == ""


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"null", b"[" * 100_000, b"\xff\xfe", b'{"format": 1, "outcomes": 3}', b"<<<<<<< ours\n{}"],
    ids=["empty", "object", "null", "deep", "not UTF-8", "other", "conflict"],
)
def test_a_file_that_is_none_of_ours_has_a_fault(data: bytes) -> None:
    assert read(data, {}).fault


@pytest.mark.parametrize("body", [None, 3, {}, {"digest": 1}, {"digest": "x", "cells": 3}])
def test_a_body_that_is_none_of_ours_has_a_fault(body: object) -> None:
    assert read(json.dumps({"format": 1, "outcomes": {"cpu": body}}).encode(), {}).fault


def test_a_body_that_is_deeper_than_ours_has_a_fault() -> None:
    deep: object = 1
    for _ in range(400):
        deep = [deep]
    body, blobs = encoded(OUTCOME, Untold({**SOURCE, "seed": deep}, [], []))
    assert read(written({"cpu": body}), blobs).fault
    # Control: it is the depth alone.
    body, blobs = encoded(OUTCOME, Untold({**SOURCE, "seed": [[1]]}, [], []))
    assert read(written({"cpu": body}), blobs).fault == ""


@pytest.mark.parametrize("fact", [("file", "/etc/passwd"), ("seen", "a/../../b"), ("name", "HOME"), ("file", "..")])
def test_a_record_asks_for_nothing_outside_the_base(fact: tuple[str, str]) -> None:
    body, blobs = encoded(OUTCOME, Untold(SOURCE, [(*fact, "d")], []))
    assert read(written({"cpu": body}), blobs).fault


def test_another_source_than_its_digest_says_is_found() -> None:
    body, blobs = encoded(OUTCOME, Untold(SOURCE, [], []))
    other = {**body, "source": {**SOURCE, "seed": 7}}
    assert "source" in read(written({"cpu": {**other, "digest": _digest(other)}}), blobs).fault


def test_what_failed_is_no_record() -> None:
    failed = replace(OUTCOME, cells=(CellOutcome(0, "failed", (), 0.5), *OUTCOME.cells[1:]))
    assert read(*made(failed)).fault
    assert read(*made()).fault == ""


def test_a_number_beyond_measure_has_a_fault() -> None:
    body, blobs = encoded(OUTCOME, Untold(SOURCE, [], []))
    huge = {**body, "seconds": 10**400}
    assert read(written({"cpu": {**huge, "digest": _digest(huge)}}), blobs).fault


def test_a_damaged_file_never_gives_another_outcome() -> None:
    (data, blobs), chance = made(), random.Random(0)
    whole = read(data, blobs).outcome
    for _ in range(300):
        at = chance.randrange(len(data))
        found = decoded(NOTE, data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :], blobs.get)
        assert all(one.fault or one.outcome == whole for one in found)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 64 + ".exe", "A" * 64 + ".svg", "/" * 64 + ".svg", 3])
def test_no_other_file_is_a_blob(name: object) -> None:
    assert not is_blob(name)
    assert is_blob("a" * 64 + ".svg")


def test_a_blob_that_is_shown_very_often_is_refused(archive: Archive) -> None:
    huge = Output("stdout", "x" * (3 << 20))
    few, many = (replace(OUTCOME, cells=(CellOutcome(0, "ok", (huge,) * number, 0.5),)) for number in (5, 6))
    archive.write(NOTE, *made(few))
    assert archive.of(NOTE)[0].fault == ""
    archive.write(NOTE, *made(many))
    assert "blob" in archive.of(NOTE)[0].fault


# ---------------------------------------------------------------- the folder


def test_notes_are_those_with_a_file(archive: Archive) -> None:
    assert archive.notes() == (NOTE,)
    assert Archive(archive.base / "elsewhere").notes() == ()


def test_blobs_that_nothing_needs_are_removed_and_no_others(archive: Archive) -> None:
    before = files(archive)
    assert archive.prune() == 0
    assert files(archive) == before
    stray = archive.base / ".kbtool/records/blobs/readme.txt"
    stray.write_text("mine")
    archive.write(NOTE, *made(replace(OUTCOME, cells=OUTCOME.cells[1:])))
    assert archive.prune() == 1
    assert not [path for path in files(archive) if path.endswith(".svg")]
    assert archive.of(NOTE)[0].fault == ""
    archive.remove(NOTE)
    archive.prune()
    assert files(archive) == ["blobs/readme.txt"]


def test_an_empty_folder_is_not_left(archive: Archive) -> None:
    archive.remove(NOTE)
    archive.prune()
    assert not (archive.base / ".kbtool").exists()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    base = tmp_path / "base"
    (base / ".kbtool").mkdir(parents=True)
    (base / ".kbtool/records").symlink_to(elsewhere)
    with pytest.raises(KbError, match="symbolic link"):
        Archive(base).write(NOTE, *made())
    assert list(elsewhere.iterdir()) == []


# ---------------------------------------------------------------- what changed


def decides(*codes: str, **more: object) -> dict[str, object]:
    text = json.dumps(
        {
            "cells": [["python", code, ""] for code in codes],
            "packages": {"numpy": ["numpy==1"]},
            "imported": [],
            "inputs": {},
        }
        | more
    )
    return source_of(text)


@pytest.mark.parametrize(
    ("installed", "told"),
    [
        ("2.13.0", []),
        ("2.13.0+cu130", []),
        ("", []),
        ("2.14.0+cpu", [Difference("version", "torch", "2.13.0", "2.14.0")]),
    ],
)
def test_another_version_of_a_package_is_told(installed: str, told: list[Difference]) -> None:
    source = decides("a", packages={"torch": ["torch==2.13.0"], "torch.nn": ["torch==2.13.0"]})
    assert list(version_changes(source, {"torch": installed}.__getitem__)) == told


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (decides("a", "b"), decides("a", "c"), [Difference("cell", "2")]),
        (decides("a"), decides("a", "c"), [Difference("new-cell", "2")]),
        (decides("a", "b"), decides("a"), [Difference("gone-cell", "2")]),
        (decides("a", seed=0), decides("a", seed=7), [Difference("seed", "", "0", "7")]),
        (decides("a"), decides("a", inputs={"x.csv": [["x.csv", "d"]]}), [Difference("input", "x.csv")]),
        (decides("a", modules={"m": "1"}), decides("a", modules={"m": "2"}), [Difference("module", "m")]),
        (decides("a"), decides("a", imported=[[["x"]], []]), [Difference("imported")]),
        (decides("a", **{"{x}": 1}), decides("a"), [Difference("semantics")]),
        (decides("a"), decides("a", packages={"numpy": ["numpy==2"]}), []),
        (decides("a"), decides("a"), []),
    ],
)
def test_what_changed_is_told(old: dict[str, object], new: dict[str, object], told: list[Difference]) -> None:
    assert list(changes(old, new)) == told


# ---------------------------------------------------------------- what must not be published


@pytest.mark.parametrize(
    "text",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "id = ASIAIOSFODNN7EXAMPLE;",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        "ghp_" + "a1B2" * 9,
        "github_pat_" + "a1B2" * 9,
        "sk-proj-" + "a1B2" * 6,
        "hf_" + "aB" * 17,
        "password: 'q8Zr-2LmX0vBt7KcW4nY'",
        'API_KEY="q8Zr2LmX0vBt7KcW4nYs"',
        "secret=" + "0123456789abcdef" * 2,
        "/home/anna/data/x.csv",
        "/Users/anna/x",
        r"C:\Users\anna\x",
        "ran on deepthought",
        "/root/x",
    ],
)
def test_secrets_and_names_are_found(text: str) -> None:
    assert list(findings(f"a\n{text}\nb", Private({"the host's name": "deepthought", "the home folder": "/root"})))


@pytest.mark.parametrize(
    "text",
    [
        "key: layers.0.attention.weight",
        "token = tokenizer_of_the_model_v2",
        "keys: 12345678901234567890123",
        "the secret of the password is a key",
        "AKIA",
        "~/data/x.csv",
        "deepthoughts",
        "/usr/root/x",
        "risk-averse-and-not-a-key-at-all",
        "<svg width='10'><path d='M 0 0 L 1 1'/></svg>",
        "q8Zr2LmX0vBt7KcW4nYs",
    ],
)
def test_ordinary_words_are_not(text: str) -> None:
    names = {"the host's name": "deepthought", "the home folder": "/root"}
    assert list(findings(f"a\n{text}\nb", Private(names))) == []


def test_a_secret_is_not_repeated() -> None:
    (what,) = findings("password: 'q8Zr-2LmX0vBt7KcW4nY'", Private())
    assert "0vBt7" not in what
