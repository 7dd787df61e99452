"""Processes that are killed, files that are spoiled, a disk that fails: nothing is lost, wrong, half done, or hangs."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOTES = 6
ROUNDS, AT_ONCE = 20, 8
COMMANDS = (["check"], ["run"], ["build"], ["run", "--record"], ["plan"])
FAULTY = ROOT / "tests" / "tools" / "faulty.py"


def text(number: int, version: int) -> str:
    """A note whose page says what its code computes."""
    other = f"[[n{(number + 1) % NOTES}]]"
    code = f"total = {number} * 1000 + {version}\nprint('computed', total)"
    fence = "".join(f"  {line}\n" for line in code.split("\n"))
    return f"- version {version} of {other}\n- ```python\n{fence}  ```\n- it is {{{{val total}}}}\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    pages = tmp_path / "kb/pages"
    pages.mkdir(parents=True)
    for number in range(NOTES):
        (pages / f"n{number}.md").write_text(text(number, 0), "utf-8")
    settings = "site_name: x\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool]\n"
    (tmp_path / "mkdocs.yml").write_text(settings, "utf-8")
    return tmp_path


def start(project: Path, words: Sequence[str], program: Sequence[str] = ("-m", "kbtool")) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(project / "cache")}
    command = [sys.executable, *program, *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=project, env=environment, stdout=pipe, stderr=pipe, text=True)


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """The exit code and what was said; a process that hangs fails the test."""
    out, err = process.communicate(timeout=120)
    return process.returncode, out, err


def done(project: Path, *words: str) -> tuple[int, str, str]:
    return ended(start(project, words))


def shown(project: Path) -> list[str]:
    """What the pages of the site say that the notes computed."""
    found = []
    for number in range(NOTES):
        page = (project / f"site/n{number}/index.html").read_text("utf-8")
        found.append(page.partition("computed ")[2].partition("<")[0].strip())
        assert page.rstrip().endswith("</html>")
    return found


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


# ---------------------------------------------------------------- many at once, and killed


def test_eight_at_once_with_kills_damage_nothing(project: Path) -> None:
    chance = random.Random(11)
    version, ends = 0, Counter[str]()
    for number in range(ROUNDS):
        if number % 5 == 4:
            version += 1
            for note in range(NOTES):
                (project / f"kb/pages/n{note}.md").write_text(text(note, version), "utf-8")
        running = [(words, start(project, words)) for words in chance.choices(COMMANDS, k=AT_ONCE)]
        time.sleep(chance.uniform(0.1, 1.0))
        for _, process in chance.sample(running, AT_ONCE // 2):
            process.send_signal(signal.SIGKILL)
        for words, process in running:
            code, _, err = ended(process)
            ends["killed" if code == -signal.SIGKILL else words[0]] += 1
            assert "Traceback" not in err, err
            # Two that build or record at the same time may refuse each other, and say so.
            assert code in (0, -signal.SIGKILL) or "error" in err, (words, code, err)
    assert ends["killed"] > ROUNDS  # control: kills met processes that were at work
    assert min(ends[words[0]] for words in COMMANDS) > 0
    assert done(project, "build")[0] == 0
    assert shown(project) == [str(note * 1000 + version) for note in range(NOTES)]
    assert '"state": "ran"' not in done(project, "run", "--format", "json")[1]
    assert not list((project / "cache").rglob("*.bad"))
    # The site is what a machine that never failed builds of these outcomes.
    assert done(project, "build", "--verify")[0] == 0
    assert sorted(path.name for path in project.iterdir()) == ["cache", "kb", "mkdocs.yml", "site"]


# ---------------------------------------------------------------- spoiled files


def flipped(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data)) if data else 0
    return data[:at] + bytes([(data[at] if data else 0) ^ (1 << chance.randrange(8))]) + data[at + 1 :]


DAMAGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    flipped,
    lambda data, chance: data[: chance.randrange(len(data) + 1)],
    lambda _data, _chance: b"",
    lambda data, _chance: data + data,
    lambda data, chance: chance.randbytes(len(data)),
    lambda data, chance: data[chance.randrange(len(data) + 1) :],
)
# In one process, because a thousand would take minutes to start: the commands as `main` runs them.
SPOIL = """
import contextlib, io, json, pathlib, random, shutil, sys
sys.path.insert(0, {root!r})
from kbtool.cli import main
from tests.test_faults import DAMAGES, NOTES
project, chance = pathlib.Path({project!r}), random.Random({seed})
saved = project / "saved"
whole = [path for path in saved.rglob("*") if path.is_file()]
def said(*words):
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(words)
    return code, out.getvalue(), err.getvalue()
right = said("check", "--format", "json"), said("run", "--format", "json")[0]
for round in range({rounds}):
    for name in ("cache", "kb"):
        shutil.rmtree(project / name)
        shutil.copytree(saved / name, project / name)
    path = chance.choice(whole)
    if path.suffix == ".md":
        continue
    place = project / path.relative_to(saved)
    damage = chance.choice(DAMAGES)
    place.write_bytes(damage(path.read_bytes(), chance))
    record = ".kbtool" in path.parts
    code, out, err = said("check", "--format", "json")
    if record:  # refused, or so little other that it says the same
        assert code == 0 and out == right[0][1] or "tampered-record" in out, (path, damage, out, err)
    else:
        assert (code, out) == right[0][:2], (path, damage, code, out, err)
    code, out, err = said("run", "--format", "json")
    states = [json.loads(line)["state"] for line in out.splitlines()]
    assert code == 0 and len(states) == NOTES and set(states) <= {{"ran", "cached"}}, (path, damage, states, err)
    for note in range(NOTES):
        code, out, err = said("why", f"n{{note}}")
        assert code == 0 and "holds" in out, (path, damage, out, err)
print("survived", {rounds})
"""


@pytest.mark.parametrize("seed", range(4))
def test_spoiled_files_of_cache_and_records_give_nothing_wrong(project: Path, seed: int) -> None:
    assert done(project, "run", "--record")[0] == 0
    assert done(project, "check")[0] == 0
    assert done(project, "check")[0] == 0  # now all of the cache is there
    for name in ("cache", "kb"):
        shutil.copytree(project / name, project / "saved" / name)
    script = SPOIL.format(root=str(ROOT), project=str(project), seed=seed, rounds=100)
    code, out, err = ended(start(project, [], ("-c", script)))
    assert (code, out) == (0, "survived 100\n"), err


# ---------------------------------------------------------------- operations that fail in turn


def operations(project: Path, words: Sequence[str]) -> int:
    """How many operations a command makes that change files."""
    code, _, err = ended(start(project, words, (str(FAULTY), "count", "0")))
    assert code == 0, err
    return int(err.rstrip().rpartition("operations: ")[2])


def failing(project: Path, words: Sequence[str], kind: str, number: int) -> tuple[int, str, str]:
    return ended(start(project, words, (str(FAULTY), kind, str(number))))


def spread(total: int, most: int) -> Iterator[int]:
    """So many numbers from 1 up to a total, evenly."""
    yield from sorted({1 + at * (total - 1) // max(1, most - 1) for at in range(most)})


KINDS = ("ENOSPC", "EIO", "EACCES", "short", "kill")
FAILING = {
    "new": (["new", "Новая заметка"], 12),
    "fix": (["check", "--fix"], 16),
    "record": (["run", "--record"], 16),
    "build": (["build"], 14),
}


@pytest.mark.parametrize("command", FAILING)
def test_each_operation_fails_in_turn_and_nothing_is_lost(project: Path, command: str) -> None:
    words, most = FAILING[command]
    spoiled = project / "kb/pages/n0.md"
    if command == "fix":
        spoiled.write_text("- $$\\\\frac{1}{2}$$ [[n1]]\n", "utf-8")
    prepared = project.parent / f"{project.name}-prepared"
    if command in ("build", "record"):
        assert done(project, "build")[0] == 0
        for note in range(NOTES):
            (project / f"kb/pages/n{note}.md").write_text(text(note, 1), "utf-8")
    shutil.copytree(project, prepared)
    notes = files(project / "kb/pages")
    total = operations(project, words)
    assert total >= 3
    after = files(project / "kb/pages")
    ends = Counter[bool]()
    chance = random.Random(5)
    for number in spread(total, most):
        shutil.rmtree(project)
        shutil.copytree(prepared, project)
        code, _, err = failing(project, words, chance.choice(KINDS), number)
        ends[code == 0] += 1
        assert "Traceback" not in err, (number, err)
        # Each note is as it was, or as it is to be.
        for name, data in files(project / "kb/pages").items():
            assert data in (notes.get(name), after.get(name)), (number, name)
        assert notes.keys() <= files(project / "kb/pages").keys()
        if (project / "site").exists():
            assert shown(project) in ([f"{note * 1000 + version}" for note in range(NOTES)] for version in (0, 1))
        # What failed can be done now, and then it is done.
        code, out, err = done(project, *words)
        assert code in (0, 2) if command == "new" else code == 0, (number, out, err)
        assert files(project / "kb/pages") == after
    assert ends[False] > 0  # control: faults were met
