"""The memory of a session is that of all its processes together: who takes too much is ended, who shares it is not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kbtool.cells.events import Event
from kbtool.cells.plan import Environment, plan
from kbtool.cells.sandbox import LEVELS, Level, Wanted, features
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.outcomes import Outcome
from tests.cells_notes import made

MB = 1 << 20
# Children that take memory and wait; when all have theirs the cell goes on for a while.
CHILDREN = """import os, time
mine = bytearray(b'x') * (OWN << 20)
heard, told = os.pipe()
for _ in range(6):
    if os.fork() == 0:
        own = bytearray(b'x') * (EACH << 20)
        os.write(told, b'.')
        time.sleep(300)
for _ in range(6):
    os.read(heard, 1)
time.sleep(SECONDS)"""
levels = pytest.mark.parametrize(
    "level",
    [pytest.param(one, marks=[] if one == "none" or features()[0].works else pytest.mark.skip) for one in LEVELS],
)


def ran(folder: Path, level: Level, limit: int, **sizes: float) -> tuple[Outcome, int]:
    """The outcome of a session whose children take so many MB, and what it took at most."""
    code, events = CHILDREN, list[Event]()
    for name, size in sizes.items():
        code = code.replace(name.upper(), str(size))
    environment = Environment("", "")
    planned = plan([made(code).note], Config(timeout=60), environment)
    settings = Settings(folder, environment, memory=limit * MB, wanted=Wanted(level))
    (found,) = run(planned.sessions, settings, events.append)
    return found, events[-1].memory // MB


@levels
def test_children_that_take_too_much_together_are_ended(tmp_path: Path, level: Level) -> None:
    found, took = ran(tmp_path, level, 400, own=1, each=100, seconds=300)
    error = found.cells[0].error
    assert error is not None
    assert error.name == "MemoryLimit", error
    assert re.fullmatch(r"the processes of the session took \d+ MiB together; 400 MiB is the limit", error.message)
    assert 400 <= took < 800
    assert error.line in range(4, 12), found.cells[0].outputs


@levels
def test_children_that_take_less_together_are_not(tmp_path: Path, level: Level) -> None:
    found, took = ran(tmp_path, level, 1000, own=1, each=100, seconds=2.5)
    assert not found.failed, found.cells
    assert 450 < took < 1000  # control: they were looked at


@levels
def test_what_children_share_counts_once(tmp_path: Path, level: Level) -> None:
    found, took = ran(tmp_path, level, 600, own=200, each=1, seconds=2.5)
    assert not found.failed, found.cells
    assert 200 < took < 400
