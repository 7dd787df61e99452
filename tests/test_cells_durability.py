"""Two processes at once, kill -9, a full disk, damaged files: no wrong result, no traceback, nothing that hangs."""

from __future__ import annotations

import json
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import without_isolation

ROOT = Path(__file__).parents[1]
NOTES = 8


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base of notes that each read a file and print what they computed."""
    folder = tmp_path / "kb"
    (folder / "pages").mkdir(parents=True)
    for number in range(NOTES):
        (folder / f"data{number}.txt").write_text(str(number * 1000))
        code = (
            f"  import time, os\n  time.sleep(0.05)\n  print(int(open('{folder}/data{number}.txt').read()) + {number})"
        )
        (folder / "pages" / f"n{number}.md").write_text(f"- x\n  ```python\n{code}\n  ```\n")
    return folder


def start(base: Path, *words: str, limit: int = 0) -> subprocess.Popen[str]:
    """`kbtool run` of a base, which may write no file larger than `limit` bytes."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(base.parent / "cache")}
    command = [sys.executable, "-m", "kbtool", "run", "--format", "json", *words, str(base)]
    return subprocess.Popen(
        command,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limited if limit else None,  # noqa: PLW1509 -- nothing else runs in this process
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, dict[str, str], str]:
    """The exit code, the states of notes, and what was said on standard error."""
    said, errors = process.communicate(timeout=60)
    rows = [json.loads(line) for line in said.splitlines()]
    return process.returncode, {row["note"]: row["state"] for row in rows}, without_isolation(errors)


def printed(base: Path) -> dict[str, str]:
    """What the sessions that are kept printed, by note."""
    found = {}
    for path in (base.parent / "cache").rglob("outcomes-*/*.json"):
        outcome = json.loads(path.read_text("utf-8"))["outcome"]
        found[outcome["note"]] = outcome["cells"][0]["outputs"][0]["text"]
    return found


RIGHT = {f"pages/n{number}.md": f"{number * 1001}\n" for number in range(NOTES)}


def test_two_at_once_give_the_same_and_damage_nothing(base: Path) -> None:
    both = [ended(one) for one in [start(base), start(base)]]
    assert [code for code, _, _ in both] == [0, 0]
    assert all(set(states.values()) <= {"ran", "cached"} and len(states) == NOTES for _, states, _ in both)
    assert printed(base) == RIGHT
    assert ended(start(base))[1] == dict.fromkeys(RIGHT, "cached")
    assert not list((base.parent / "cache").rglob("*.bad"))
    assert not list((base.parent / "cache").rglob(".*.tmp"))


def test_killed_at_any_time_it_goes_on_where_it_was(base: Path) -> None:
    chance = random.Random(7)
    kept = 0
    for _ in range(6):
        process = start(base)
        time.sleep(chance.uniform(0.15, 0.6))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        held = printed(base)
        assert held.items() <= RIGHT.items()
        assert len(held) >= kept
        kept = len(held)
    code, states, errors = ended(start(base))
    assert (code, errors) == (0, "")
    assert list(states.values()).count("cached") == kept
    assert printed(base) == RIGHT


def test_a_disk_that_is_full_is_said_and_costs_nothing_but_the_cache(base: Path) -> None:
    for path in (base / "pages").iterdir():  # outcomes are larger than what a session is told
        path.write_text(path.read_text("utf-8") + "- y\n  ```python\n  print('x' * 9000)\n  ```\n", "utf-8")
    code, states, errors = ended(start(base, limit=6000))
    assert (code, set(states.values())) == (0, {"ran"})
    assert "is not kept and will be computed again" in errors
    assert "Traceback" not in errors
    assert printed(base) == {}
    assert ended(start(base))[:2] == (0, dict.fromkeys(RIGHT, "ran"))
    assert printed(base) == RIGHT


def flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


DAMAGES: list[Callable[[bytes, random.Random], bytes]] = [
    flipped,
    lambda data, chance: data[: chance.randrange(len(data))],
    lambda _data, _chance: b"",
    lambda data, _chance: data + data,
    lambda data, chance: bytes(chance.randrange(256) for _ in data),
]


@pytest.mark.parametrize("damage", DAMAGES, ids=["a bit", "cut", "empty", "twice", "noise"])
def test_damaged_files_are_no_results(base: Path, damage: Callable[[bytes, random.Random], bytes]) -> None:
    ended(start(base))
    chance = random.Random(3)
    files = [path for path in (base.parent / "cache").rglob("*.json") if path.is_file()]
    assert len(files) > NOTES
    for path in files:
        path.write_bytes(damage(path.read_bytes(), chance))
    code, states, errors = ended(start(base))
    assert (code, errors) == (0, "")
    assert set(states.values()) <= {"ran", "cached"}
    assert printed(base) == RIGHT


def test_a_file_that_changes_while_it_is_read_is_not_believed(base: Path) -> None:
    note = base / "pages" / "n0.md"
    text = note.read_text("utf-8").replace("time.sleep(0.05)", f"open('{base}/data0.txt', 'a').write('1')")
    note.write_text(text, "utf-8")
    states = [ended(start(base, "--sandbox", "none"))[1]["pages/n0.md"] for _ in range(2)]
    assert states == ["ran", "ran"]
