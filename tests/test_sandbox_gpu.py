"""What the grant of a GPU opens of the sandbox: what CUDA and compilers need of a machine, tried without a GPU."""

from __future__ import annotations

import json
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
done = []
thread = threading.Thread(target=name)
thread.start()
thread.join()
sys.exit(not done)
"""


def can_name(sandbox: Sandbox) -> bool:
    """Whether a thread can be given a name behind these walls."""
    asked = confinement(sandbox, NO_FOLDERS, 0)
    assert asked is not None
    words = [*command(sandbox, NO_FOLDERS, "/"), sys.executable, "-c", NAMES, json.dumps(asked._asdict())]
    return subprocess.run(words, stderr=subprocess.DEVNULL, check=False, timeout=60).returncode == 0


@pytest.mark.skipif(not features()[1].works, reason=f"no Landlock: {features()[1].why}")
@pytest.mark.parametrize("bubblewrap", [True, False])
def test_threads_get_names_where_a_gpu_is_granted_alone(bubblewrap: bool) -> None:
    if bubblewrap and not features()[0].works:
        pytest.skip(f"no bubblewrap: {features()[0].why}")
    walls = found(Wanted()).bwrap if bubblewrap else ""
    assert can_name(Sandbox(Wanted("auto", frozenset({"gpu"})), walls, landlock=True))
    assert not can_name(Sandbox(Wanted(), walls, landlock=True))


def test_programs_of_packages_in_opt_are_seen_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/opt/gcc/bin:/opt/bin:/opt/a/../../srv/bin:/usr/bin")
    words = command(Sandbox(Wanted(), "/usr/bin/bwrap"), NO_FOLDERS, "/")
    assert "/opt/gcc" in words
    assert not {"/opt", "/opt/bin", "/opt/a", "/srv", "/srv/bin"} & set(words)
