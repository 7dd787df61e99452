"""Memory that no process seems to have: files without names, files of the machine, and what ends when it runs out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kbtool.cells.sandbox import _has_own_memory
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
    base, left, other = Path(outside["base"]), SHARED / "kbtool-left", SHARED / "kbtool-other"

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
