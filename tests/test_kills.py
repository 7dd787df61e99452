"""Two hundred sessions that end in all ways that there are, each with daemons that cling: none of them stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from kbtool.cells.sandbox import features

ROOT = Path(__file__).parents[1]
EACH = 10
# Daemons that ignore what asks them to go, and say their name where the machine can see it: one in the session's group,
# one forked twice, in a session of its own, and another program.
CLING = """import ctypes, os, signal, subprocess, time
libc = ctypes.CDLL(None)
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
for leaves in (False, True):
    if os.fork() == 0:
        if leaves:
            os.setsid()
            if os.fork():
                os._exit(0)
        libc.prctl(15, b"NAME", 0, 0, 0)
        while True:
            time.sleep(100)
os.symlink("/bin/sh", "NAME")
subprocess.Popen(["./NAME", "-c", "while :; do sleep 100; done"], start_new_session=True)
time.sleep(0.5)
"""
DAEMONS = 3
WAIT = "time.sleep(60)"
FORKS = f"""for _ in range(4):
    if os.fork() == 0:
        held = bytearray(b'x') * (60 << 20)
        time.sleep(60)
{WAIT}"""
WALLS = ("auto", "strict")
# How a session ends, and what is said then.
ENDS = {
    "ends": ("", f"{EACH} ran"),
    "timeout": (WAIT, "Timeout: "),
    "output": ("while True: print('x' * 60_000)", "OutputLimit: "),
    "memory": (FORKS, "MemoryLimit: "),
    "leaves": ("os._exit(3)", "exit code 3"),
    "kills itself": ("os.kill(os.getpid(), signal.SIGKILL)", "killed by SIGKILL"),
}
LEVELS = [
    *(pytest.param(level, marks=[] if features()[0].works else pytest.mark.skip("no bubblewrap")) for level in WALLS),
    "none",
]


def alive(name: str) -> dict[str, str]:
    """The processes of the machine whose names begin so, zombies not counted."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            said = (folder / "stat").read_text("utf-8", "replace")
            called, state = said[said.index("(") + 1 : said.rindex(")")], said[said.rindex(")") + 2]
            if called.startswith(name) and state != "Z":
                found[folder.name] = called
    return found


def waited(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return held


def started(place: Path, names: list[str], end: str, *words: str) -> subprocess.Popen[str]:
    """`kbtool run` over notes whose daemons have these names."""
    (place / "kb/pages").mkdir(parents=True)
    for at, name in enumerate(names):
        lines = (CLING.replace("NAME", name) + end).splitlines()
        text = "- ```python timeout=TIMEOUT\n" + "".join(f"  {line}\n" for line in lines) + "  ```\n"
        (place / f"kb/pages/{at}.md").write_text(text.replace("TIMEOUT", "2" if end == WAIT else "60"), "utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", "kbtool", "run", "kb", *words],
        cwd=place,
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_CACHE_HOME": str(place / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("how", ENDS)
def test_nothing_survives_a_session(tmp_path: Path, level: str, how: str) -> None:
    name, seen = f"kb{os.getpid()}-", set[str]()
    end, says = ENDS[how]
    memory = ("--memory", "200M") if how == "memory" else ()
    names = [f"{name}{at}." for at in range(EACH)]
    with started(tmp_path, names, end, "--jobs", str(EACH), "--sandbox", level, *memory) as caller:
        while caller.poll() is None:
            seen |= set(alive(name).values())
            time.sleep(0.02)
        assert caller.stdout is not None
        said = caller.stdout.read()
    ends = [line for line in said.splitlines() if line.startswith(("failed: ", "sessions: ")) and says in line]
    assert len(ends) == (EACH if end else 1), said
    assert seen == set(names)  # each session had its daemons
    assert waited(lambda: not alive(name), 1), alive(name)


def test_nothing_survives_a_session_that_kills_its_supervisor(tmp_path: Path) -> None:
    name = f"kb{os.getpid()}-"
    with started(tmp_path, [name], "os.kill(os.getppid(), 9)\ntime.sleep(60)", "--sandbox", "none") as caller:
        assert waited(lambda: len(alive(name)) == DAEMONS, 60)
        assert caller.stdout is not None
        assert "the process that watches over the session was killed" in caller.stdout.read()
    assert waited(lambda: not alive(name), 1), alive(name)


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "SIGKILL"])
def test_nothing_survives_kbtool(tmp_path: Path, level: str, number: signal.Signals) -> None:
    name = f"kb{os.getpid()}-"
    names = [f"{name}{at}." for at in range(EACH)]
    with started(tmp_path, names, "time.sleep(600)", "--jobs", str(EACH), "--sandbox", level) as caller:
        assert waited(lambda: len(alive(name)) == EACH * DAEMONS, 60), alive(name)
        caller.send_signal(number)
    assert waited(lambda: not alive(name), 1), alive(name)


def test_control_a_survivor_is_seen(tmp_path: Path) -> None:
    name = f"kb{os.getpid()}-"
    code = CLING.replace("NAME", f"{name}0.") + "os._exit(3)"
    subprocess.run([sys.executable, "-c", code], check=False, cwd=tmp_path, start_new_session=True)
    try:
        assert not waited(lambda: len(alive(name)) != DAEMONS, 1)
    finally:
        for pid in alive(name):
            os.kill(int(pid), signal.SIGKILL)
    assert waited(lambda: not alive(name), 5)


def test_there_are_two_hundred() -> None:
    assert len(LEVELS) * (len(ENDS) + 2) * EACH >= 200
