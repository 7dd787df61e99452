"""A base whose notes do what code does in the wild: each behaves as stated, and none disturbs the others."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BASE = Path(__file__).parent / "hard_base"
STATES = {
    "crashes": "failed",
    "deaf": "failed",
    "endless": "failed",
    "exits": "failed",
    "expects": "ran",
    "exporter": "ran",
    "failing import": "failed",
    "fails": "failed",
    "forks": "ran",
    "greedy": "ran",
    "hangs": "failed",
    "importer": "ran",
    "slow": "failed",
    "talk": "failed",
    "torch": "ran",
    "torch again": "ran",
}


class Ran:
    """A base that was run as a person would, and what was said."""

    def __init__(self, folder: Path) -> None:
        self.base = folder / "kb"
        shutil.copytree(BASE, self.base)
        self.folder = folder
        (folder / "tmp").mkdir()
        own = {"XDG_CACHE_HOME": str(folder / "cache"), "TMPDIR": str(folder / "tmp")}
        self.env = os.environ | {"PYTHONPATH": str(ROOT)} | own
        began = time.monotonic()
        self.code, self.text = self.run()
        self.seconds = time.monotonic() - began
        self.states = self.rows()

    def run(self, *words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "kbtool", "run", *words, str(self.base)]
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False, timeout=120)
        assert "Traceback (most recent call last)" not in done.stderr
        return done.returncode, done.stdout

    def rows(self) -> dict[str, str]:
        """The states of all notes in another run, by name."""
        found = [json.loads(line) for line in self.run("--format", "json")[1].splitlines()]
        return {row["note"].removeprefix("pages/").removesuffix(".md"): row["state"] for row in found}

    def printed(self, name: str) -> str:
        """What the sessions of a note printed, as it is kept."""
        cache = Path(self.env["XDG_CACHE_HOME"])
        for path in cache.rglob("outcomes-*/*.json"):
            outcome = json.loads(path.read_text("utf-8"))["outcome"]
            if outcome["note"] == f"pages/{name}.md":
                outputs = [one for cell in outcome["cells"] for one in cell["outputs"]]
                return "".join(one["text"] for one in outputs if one["kind"] == "stdout")
        return ""


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(tmp_path_factory.mktemp("hard"))


def test_every_note_is_listed() -> None:
    assert {path.stem for path in BASE.rglob("*.md")} == STATES.keys()


def test_each_note_ends_as_stated(ran: Ran) -> None:
    assert ran.code == 1
    expected = {name: "cached" if state == "ran" else "failed" for name, state in STATES.items()}
    assert ran.states == expected  # of a second run, which runs what failed again


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("crashes", "SIGSEGV"),
        ("deaf", "Timeout"),
        ("endless", "OutputLimit"),
        ("exits", "Crash"),
        ("fails", "NameError: name 'missing' is not defined"),
        ("failing import", "TypeError"),
        ("hangs", "Timeout"),
        ("slow", "Timeout"),
        ("talk", "Mismatch"),
    ],
)
def test_what_failed_is_said_at_its_note(ran: Ran, name: str, said: str) -> None:
    at = ran.text.index(f"/{name}.md:")
    assert said in ran.text[max(0, at - 400) : at + 400]


def test_the_others_give_what_they_give_alone(ran: Ran) -> None:
    assert ran.printed("forks") == "left behind\n"
    assert ran.printed("greedy") == "300 MB\n"
    assert ran.printed("importer") == "42 дада\n"
    assert ran.printed("exporter") == "not shown elsewhere\n4\n"
    assert ran.printed("expects") == "went on\n"
    assert ran.printed("fails") == "before\n"
    assert ran.printed("torch") == ran.printed("torch again") != ""


def alive(folder: Path) -> list[int]:
    """The processes that know a folder from their environment, as all of a session do: matplotlib's list lies there."""
    found = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            found += [int(path.parent.name)] if str(folder).encode() in path.read_bytes() else []
        except OSError:
            continue
    return found


def test_nothing_is_left_behind(ran: Ran) -> None:
    assert alive(ran.folder) == []
    assert list((ran.folder / "tmp").iterdir()) == []


def test_what_is_left_behind_would_be_seen(ran: Ran) -> None:
    known = {"MPLCONFIGDIR": f"{ran.folder}/cache/kbtool/matplotlib"}
    with subprocess.Popen(["cat"], env=known, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as left:
        assert left.stdin is not None
        assert left.stdout is not None
        left.stdin.write(b"begun\n")
        left.stdin.flush()
        assert left.stdout.readline() == b"begun\n"  # the kernel shows the environment a moment after the start
        assert alive(ran.folder) == [left.pid]


def test_endless_output_and_hanging_do_not_hold_the_others_up(ran: Ran) -> None:
    assert ran.seconds < 60
