"""What the grant of a GPU opens of the sandbox: what CUDA and compilers need of a machine, tried without a GPU."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from kbtool.cells.sandbox import Folders, Sandbox, Wanted, command, confinement, features, found

NO_FOLDERS = Folders((), ())
# cuInit gives its threads names, and fails with CUDA_ERROR_OPERATING_SYSTEM where it can't; children do as well.
NAMES = """
import json, os, sys, threading
from kbtool.cells import confine
confine.restrict(json.loads(sys.argv[1]))
def name():
    with open(f"/proc/self/task/{threading.get_native_id()}/comm", "w") as file:
        file.write("cuda-EvtHandlr")
    done.append(1)
def named():
    thread = threading.Thread(target=name)
    thread.start()
    thread.join()
    return len(done)
done = []
if named() and sys.argv[2:]:
    pid = os.fork()
    if pid == 0:
        os._exit(named() != 2)
    done += [1] * (os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0)
sys.exit(len(done) != 1 + len(sys.argv[2:]))
"""
OPENS = """
import json, os, sys
from kbtool.cells import confine
confine.restrict(json.loads(sys.argv[1]))
def opened(path):
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))
    except OSError:
        return False
    return True
found = []
for folder, folders, files in os.walk("/proc"):
    folders[:] = [one for one in folders if not (folder == "/proc" and one.isdigit())]
    found += [path for path in (f"{folder}/{name}" for name in files) if opened(path)]
found += [path for path in sys.argv[2:] if opened(path)]
print(json.dumps(found))
"""
GRANTED = Wanted("auto", frozenset({"gpu"}))
needs_landlock = pytest.mark.skipif(not features()[1].works, reason=f"no Landlock: {features()[1].why}")
needs_bubblewrap = pytest.mark.skipif(not features()[0].works, reason=f"no bubblewrap: {features()[0].why}")


def behind(sandbox: Sandbox, code: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Python code that is given the words and restricts itself as a session does behind these walls."""
    asked = confinement(sandbox, NO_FOLDERS, 0)
    assert asked is not None
    line = [*command(sandbox, NO_FOLDERS, "/"), sys.executable, "-c", code, json.dumps(asked._asdict()), *words]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)


@needs_landlock
@pytest.mark.parametrize("walls", [pytest.param("bubblewrap", marks=needs_bubblewrap), ""])
def test_threads_get_names_where_a_gpu_is_granted_alone(walls: str) -> None:
    program = found(Wanted()).bwrap if walls else ""
    assert behind(Sandbox(GRANTED, program, landlock=True), NAMES).returncode == 0
    assert behind(Sandbox(Wanted(), program, landlock=True), NAMES).returncode == 1


@needs_landlock
@needs_bubblewrap
def test_threads_of_a_session_s_children_get_names_too() -> None:
    assert behind(Sandbox(GRANTED, found(Wanted()).bwrap, landlock=True), NAMES, "child").returncode == 0


@needs_bubblewrap
@pytest.mark.parametrize(
    ("landlock", "others"), [pytest.param(True, ["/proc/1/mem"], marks=needs_landlock), (False, [])]
)
def test_nothing_of_the_kernel_is_opened_for_writing_with_a_gpu(landlock: bool, others: list[str]) -> None:
    done = behind(Sandbox(GRANTED, found(Wanted()).bwrap, landlock), OPENS, *others)
    assert json.loads(done.stdout) == [], done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may change the kernel's settings at all")
def test_without_walls_the_kernel_s_settings_could_be_opened() -> None:
    done = behind(Sandbox(GRANTED), OPENS)
    assert {"/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches"} <= set(json.loads(done.stdout))


def test_programs_of_packages_in_opt_are_seen_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/opt/gcc/bin:/opt/bin:/opt/a/../../srv/bin:/usr/bin")
    words = command(Sandbox(GRANTED, "/usr/bin/bwrap"), NO_FOLDERS, "/")
    assert "/opt/gcc" in words
    assert not {"/opt", "/opt/bin", "/opt/a", "/srv", "/srv/bin"} & set(words)
    assert "/opt/gcc" not in command(Sandbox(Wanted(), "/usr/bin/bwrap"), NO_FOLDERS, "/")
