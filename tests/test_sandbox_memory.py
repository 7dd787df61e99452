"""Memory that no process seems to have: files without names, files of the machine, and what ends when it runs out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from kbtool.cells.reports import outgrown
from kbtool.cells.sandbox import Wanted, _has_own_memory, found
from kbtool.cells.weighing import STOWED, Scales
from tests.test_sandbox import ALONE, USERS, exploded, kbtool, needs_bwrap, note, outside, user

__all__ = ["outside", "user"]
HOLDING = """import os, time
held = os.memfd_create("held")
for _ in range({}):
    os.write(held, bytes(10 << 20))
    time.sleep(0.05)
time.sleep(1)
raise SystemError("all is there")"""


@pytest.mark.parametrize("level", [pytest.param("auto", marks=needs_bwrap), "none"])
def test_files_in_memory_that_have_no_name_count(outside: dict[str, Any], level: str) -> None:
    def said(size: int) -> str:
        return exploded(Path(outside["base"]), level, (HOLDING.format(size // 10), ()), "--memory", "300M")

    assert said(100) == "error[cell-failed]: SystemError: all is there"
    assert said(600).startswith("error[cell-failed]: MemoryLimit: ")


def test_files_that_were_removed_and_are_still_open_count() -> None:
    code = (
        "import os, sys, tempfile\nheld = tempfile.TemporaryFile(dir='.')\nheld.write(bytes(20 << 20))\nheld.flush()\n"
    )
    code += "print(flush=True)\nsys.stdin.read()"
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd()) as holding:
        assert holding.stdout is not None
        holding.stdout.readline()
        verdicts = []
        for room in (40 << 20, 10 << 20):
            scales = Scales(0, 1000)
            scales.room = room
            time.sleep(scales.patience)
            verdicts.append(scales.look())
        holding.kill()
    assert verdicts == [0, STOWED]
    assert outgrown(STOWED, (0, 0)).name == "FileLimit"


@needs_bwrap
def test_the_sandbox_s_own_files_in_memory_have_a_limit(outside: dict[str, Any]) -> None:
    def said(size: int) -> str:
        code = "with open('/tmp/a', 'wb') as file:\n"
        code += f"    for _ in range({size // 10}):\n        file.write(bytes(10 << 20))\n"
        words = ("--memory", "300M")
        return exploded(Path(outside["base"]), "strict", (f"{code}raise SystemError('all is there')", ()), *words)

    if not found(Wanted()).sizes:
        pytest.skip("bubblewrap is older than 0.7")
    assert said(100) == "error[cell-failed]: SystemError: all is there"
    assert said(600) == "error[cell-failed]: OSError: [Errno 28] No space left on device"


@pytest.mark.parametrize("level", [*(pytest.param(one, marks=needs_bwrap) for one in ("auto", "strict")), "none"])
def test_where_memory_runs_out_sessions_end_first(outside: dict[str, Any], level: str) -> None:
    file = Path("/proc/self/oom_score_adj")
    said = exploded(Path(outside["base"]), level, (f"raise SystemError(open('{file}').read())", ()))
    assert said == "error[cell-failed]: SystemError: 1000"
    assert file.read_text() != "1000\n"  # control: the tests do not


SHARED = Path("/dev/shm")
LEAVES = """import multiprocessing, os
multiprocessing.get_context("fork").Lock().acquire()
with open("/dev/shm/LEFT", "wb") as file:
    for _ in range({}):
        file.write(bytes(10 << 20))
raise SystemError(os.listdir("/dev/shm"))"""


@pytest.mark.skipif(not _has_own_memory(), reason="the kernel gives no session memory of its own")
@pytest.mark.parametrize("user", ["as it comes", "as an account"], indirect=True)
@pytest.mark.parametrize("level", ["auto", "none"])
def test_without_bubblewrap_nothing_of_a_session_stays_in_memory(
    outside: dict[str, Any], level: str, user: str
) -> None:
    base, left, other = Path(outside["base"]), SHARED / f"left-{os.getpid()}", SHARED / f"other-{os.getpid()}"

    def said(size: int) -> str:
        (base / "pages/a.md").write_text(note(LEAVES.format(size // 10).replace("LEFT", left.name)), "utf-8")
        words = ["run", str(base / "pages/a.md"), "--force", "--sandbox", level, "--memory", "300M"]
        done = kbtool(base, words, USERS[user], program=("-c", ALONE))
        return next(line for line in done.stdout.splitlines() if line.startswith("error["))

    try:
        other.write_text("of another program", "utf-8")
        assert (other.name in said(10)) == (level == "none")
        assert left.exists() == (level == "none")
        if level != "none":
            assert said(600) == "error[cell-failed]: OSError: [Errno 28] No space left on device"
    finally:
        for path in (left, other):
            path.unlink(missing_ok=True)


@needs_bwrap
def test_what_a_session_leaves_no_other_account_starts(outside: dict[str, Any]) -> None:
    code = "import os\nplace = os.environ['KBTOOL_STATE'] + '/own'\nopen(place, 'w').close()\n"
    code += "os.chmod(place, 0o6755)\n1 / 0"
    exploded(Path(outside["base"]), "strict", (code, ()))
    (left,) = Path(outside["cache"]).glob("kbtool/state/*/own")
    assert left.stat().st_mode & 0o6000  # control: of this account's, whoever starts it
    assert (Path(outside["cache"]) / "kbtool/state").stat().st_mode & 0o077 == 0
