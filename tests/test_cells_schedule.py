"""Which session starts when, what is remembered of earlier runs, and what a person sees meanwhile."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from kbtool.cells import events as cell_events
from kbtool.cells import history
from kbtool.cells.events import Event
from kbtool.cells.history import Past
from kbtool.cells.plan import Environment, Session, plan
from kbtool.cells.schedule import UNKNOWN, Budget, fitting, longest_first, wants_gpu
from kbtool.cells.workers import Settings, run
from kbtool.commands.watching import Watch
from kbtool.config import Config
from kbtool.values import NoteId
from tests.cells_notes import made
from tests.conftest import without_isolation

GB = 1 << 30


def sessions(**codes: str) -> dict[str, Session]:
    notes = [made(code, path=name).note for name, code in codes.items()]
    return {session.note: session for session in plan(notes, Config(timeout=20), Environment("", "")).sessions}


THREE = sessions(a="1", b="2", c="3")
A, B, C = THREE.values()


def past(**known: tuple[float, int]) -> dict[NoteId, Past]:
    return {NoteId(note): Past(*one) for note, one in known.items()}


def test_the_longest_go_first_and_before_them_what_never_ran() -> None:
    assert longest_first([A, B, C], past(a=(1.0, 0), c=(9.0, 0))) == [B, C, A]


@pytest.mark.parametrize(
    ("live", "room", "next_one"),
    [([], GB, A), ([C], 4 * GB, A), ([C], 3 * GB, B), ([C], GB, None), ([], 0, A)],
    ids=["alone", "beside", "a smaller one", "none", "one in any case"],
)
def test_what_fits_into_memory_starts(live: list[Session], room: int, next_one: Session | None) -> None:
    known = past(a=(1.0, 2 * GB), b=(1.0, GB), c=(1.0, 2 * GB))
    assert fitting([A, B], live, Budget(known, room, 9)) == next_one


def on_a_gpu(memory: int = 0) -> Session:
    return replace(A, device="cuda", gpu_memory=memory)


@pytest.mark.parametrize(
    ("live", "total", "waiting", "starts"),
    [
        ([on_a_gpu(GB)], 4 * GB, on_a_gpu(3 * GB), True),
        ([on_a_gpu(2 * GB)], 4 * GB, on_a_gpu(3 * GB), False),
        ([on_a_gpu()], 4 * GB, on_a_gpu(GB), False),  # what asks for nothing takes all
        ([on_a_gpu()], 4 * GB, B, True),
        ([B], 4 * GB, on_a_gpu(9 * GB), True),  # the session itself says that there is not so much
        ([on_a_gpu(GB)], 0, on_a_gpu(GB), False),  # nobody knows how much there is
        ([B], 0, on_a_gpu(GB), True),
        ([on_a_gpu()], None, on_a_gpu(), True),  # there is none: all fail alike
    ],
)
def test_sessions_share_the_memory_of_a_gpu(
    live: list[Session], total: int | None, waiting: Session, starts: bool
) -> None:
    assert (fitting([waiting], live, Budget({}, 99 * GB, 9, gpu=total)) is waiting) == starts


@pytest.mark.parametrize(
    ("device", "code", "wants"),
    [("auto", "import torch", True), ("cuda", "1", True), ("cpu", "import torch", False), ("auto", "1", False)],
)
def test_who_may_compute_on_a_gpu(device: Literal["auto", "cpu", "cuda"], code: str, wants: bool) -> None:
    (session,) = sessions(a=code).values()
    assert wants_gpu(replace(session, device=device)) == wants


def test_of_which_nothing_is_known_some_memory_is_assumed() -> None:
    assert fitting([A], [B], Budget({}, 2 * UNKNOWN, 9)) == A
    assert fitting([A], [B], Budget({}, 2 * UNKNOWN - 1, 9)) is None


@pytest.mark.parametrize(
    ("asks", "cores", "fits"),
    [
        ((0, 0), 2, True),
        ((0, 0), 1, False),
        ((2, 0), 2, False),
        ((2, 0), 3, True),
        ((0, 2), 2, False),
        ((9, 9), 4, False),
    ],
)
def test_what_fits_into_the_cores_starts(asks: tuple[int, int], cores: int, fits: bool) -> None:
    one, other = (replace(session, cpus=cpus) for session, cpus in zip((A, B), asks, strict=True))
    assert (fitting([one], [other], Budget({}, 9 * UNKNOWN, cores)) == one) == fits
    assert fitting([one], [], Budget({}, 9 * UNKNOWN, cores)) == one


@pytest.mark.parametrize(("cpus", "cores", "fits"), [(0, 3, True), (0, 2, False), (2, 5, True), (2, 4, False)])
def test_each_process_of_a_session_has_its_cores(cpus: int, cores: int, fits: bool) -> None:
    one = replace(A, cpus=cpus, launch="torchrun:2")
    assert (fitting([one], [B], Budget({}, 9 * UNKNOWN, cores)) == one) == fits


def test_sessions_keep_to_the_memory_that_they_may_have(tmp_path: Path) -> None:
    events: list[Event] = []
    settings = Settings(tmp_path, Environment("", ""), 2, past(a=(1.0, GB), b=(1.0, GB), c=(1.0, GB)), GB)
    assert len(list(run(THREE.values(), settings, events.append))) == 3
    kinds = [event.kind for event in events if event.kind in ("started", "finished")]
    assert kinds == ["started", "finished"] * 3


def test_the_memory_of_a_session_is_measured(tmp_path: Path) -> None:
    events: list[Event] = []
    codes = sessions(big="x = bytearray(200 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1", small="1")
    list(run(codes.values(), Settings(tmp_path, Environment("", "")), events.append))
    found = {event.note: event.memory for event in events if event.kind == "finished"}
    assert 200 << 20 < found[NoteId("big")] < 400 << 20
    assert found[NoteId("small")] < 100 << 20


# ---------------------------------------------------------------- history


def test_what_is_remembered_is_added_to(tmp_path: Path) -> None:
    assert history.load(tmp_path, tmp_path / "kb") == {}
    history.save(tmp_path, tmp_path / "kb", past(a=(1.5, 7), b=(2.0, 8)))
    history.save(tmp_path, tmp_path / "kb", past(b=(3.0, 9)))
    assert history.load(tmp_path, tmp_path / "kb") == past(a=(1.5, 7), b=(3.0, 9))
    assert history.load(tmp_path, tmp_path / "other") == {}


@pytest.mark.parametrize(
    "text", ["", "[]", "null", '{"a": 1}', '{"a": ["x", 1]}', '{"a": [1.0]}', "[" * 100_000, "\udcff"]
)
def test_what_cannot_be_read_is_forgotten(tmp_path: Path, text: str) -> None:
    history.save(tmp_path, tmp_path, past(a=(1.5, 7)))
    (file,) = (tmp_path / "history").iterdir()
    file.write_bytes(text.encode(errors="surrogateescape"))
    assert history.load(tmp_path, tmp_path) == {}
    history.save(tmp_path, tmp_path, past(a=(2.5, 7)))
    assert history.load(tmp_path, tmp_path) == past(a=(2.5, 7))


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history.save(tmp_path / "file", tmp_path, past(a=(1.5, 7)))
    assert history.load(tmp_path / "file", tmp_path) == {}


# ---------------------------------------------------------------- the display


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def event(kind: Literal["started", "cell", "line", "finished"], note: str, *given: Any) -> Event:
    rest: list[Any] = [*given, *[0, 0.0, ""][len(given) :]]
    return Event(kind, NoteId(note), rest[0], 3, rest[1], rest[2], 5)


def test_it_shows_what_runs_since_when_the_last_line_and_what_is_left(clock: list[float]) -> None:
    watch = Watch(THREE.values(), past(a=(60.0, 0), b=(30.0, 0), c=(30.0, 0)), jobs=2)
    watch.on_event(event("started", "a"))
    watch.on_event(event("started", "b"))
    clock[0] += 12
    watch.on_event(event("line", "a", 1, 12.0, "эпоха 3\\x1b[2J\n"))
    watch.on_event(event("cell", "b", 1, 12.0))
    assert list(watch._text()) == [
        "running 0 of 3 · 0:12 · about 0:48 left",
        f"  {'a':28}  cell 2/3    0:12  эпоха 3\\x1b[2J",
        f"  {'b':28}  cell 2/3    0:12",
    ]
    watch.on_event(event("finished", "a", 3, 61.5))
    assert next(iter(watch._text())) == "running 1 of 3 · 0:12 · about 0:30 left"
    assert watch.ran == past(a=(61.5, 5))


def test_it_does_not_guess_about_what_never_ran(clock: list[float]) -> None:
    watch = Watch(THREE.values(), past(a=(60.0, 0), b=(30.0, 0)), jobs=2)
    clock[0] += 3725
    assert list(watch._text()) == ["running 0 of 3 · 1:02:05"]


SLOW = "import time\nprint('эпоха 1', flush=True)\ntime.sleep(2.2)"


def test_on_a_terminal_it_is_drawn_and_taken_away(tmp_path: Path) -> None:
    said = on_a_terminal(tmp_path)
    assert re.search(r"running 0 of 1 · 0:0\d\r\n  медленная +cell 1/1 +0:0\d  эпоха 1\r\n", said)
    assert re.fullmatch(r"sessions: 1 ran in \d+\.\d s\s+", without_isolation(said.rpartition("\x1b[J")[2]))


def on_a_terminal(folder: Path) -> str:
    """What a terminal gets when a slow note runs."""
    (folder / "медленная.md").write_text(
        f"- x\n  ```python\n  {SLOW}\n  ```\n".replace("\nprint", "\n  print").replace("\ntime", "\n  time")
    )
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "kbtool", "run", str(folder)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "XDG_CACHE_HOME": str(folder / "cache")}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    assert process.wait(timeout=20) == 0
    return said.decode()


def test_in_a_pipe_it_is_silent(tmp_path: Path) -> None:
    on_a_terminal(tmp_path)
    command = [sys.executable, "-m", "kbtool", "run", str(tmp_path)]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "XDG_CACHE_HOME": str(tmp_path / "other")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    assert without_isolation(done.stderr) == ""
    assert re.fullmatch(r"sessions: 1 ran in \d+\.\d s\n", done.stdout)


def test_time_goes_by_in_the_display_while_nothing_happens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cell_events, "TICK", 0.05)
    events: list[Event] = []
    list(
        run(sessions(a="import time\ntime.sleep(0.5)").values(), Settings(tmp_path, Environment("", "")), events.append)
    )
    assert len([one for one in events if one.kind == "tick"]) >= 5
