"""What a session looks at, and whether it is still the same: files, folders, variables, packages."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest

from kbtool.cells import digests, tracing
from kbtool.cells.digests import Digests
from kbtool.cells.observed import ABSENT, Fact, Looked, World
from kbtool.cells.packages import Packages

PROGRAM = """
import importlib.machinery, json, sys, types
tracing = types.ModuleType("tracing")
importlib.machinery.SourceFileLoader("tracing", {path!r}).exec_module(tracing)
trace = tracing.Trace([sys.prefix + "/", sys.base_prefix + "/", {own!r} + "/"])
trace.start()
code = {code!r}
exec(code, vars(sys.modules["__main__"]))
trace.stop(code)
sys.__stdout__.write(json.dumps(trace.facts()))
"""
System = Callable[[str], dict[str, list[str]]]


@pytest.fixture
def traced(tmp_path: Path) -> System:
    """`traced(code)`: what the trace says of code that runs in `tmp_path/desk`, whose folder `own` does not count."""
    (tmp_path / "desk" / "own").mkdir(parents=True)

    def go(code: str) -> dict[str, list[str]]:
        own = str(tmp_path / "desk" / "own")
        program = PROGRAM.format(path=tracing.__file__, own=own, code=dedent(code))
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path / "desk", capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        return {
            kind: [os.path.relpath(one, tmp_path / "desk") if one[:1] == "/" else one for one in given]
            for kind, given in found.items()
            if given
        }

    return go


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("open('a').read()", {"read": ["a"]}),
        ("import pathlib; pathlib.Path('a').read_bytes()", {"read": ["a"]}),
        ("import os; os.read(os.open('a', os.O_RDONLY), 9)", {"read": ["a"]}),
        ("open('b', 'w').write('x')", {}),
        ("open('a', 'r+').read()", {"read": ["a"]}),
        ("open(b'a').read()", {"read": ["a"]}),
        ("open('own/a', 'w'); open('own/a').read()", {}),
        ("open('../desk/./a').read()", {"read": ["a"]}),
        ("try: open('nothing')\nexcept OSError: pass", {"read": ["nothing"]}),
        ("import os; os.listdir('.')", {"listed": ["."]}),
        ("import os; list(os.scandir())", {"listed": ["."]}),
        ("import os; os.path.exists('b'), os.path.isfile('c')", {"seen": ["b", "c"]}),
        ("import pathlib; pathlib.Path('b').exists()", {"seen": ["b"]}),
        ("import os; os.environ.get('KB_A')", {"names": ["KB_A"]}),
        ("import os; os.getenv('KB_A'); 'KB_B' in os.environ", {"names": ["KB_A", "KB_B"]}),
        ("import os; dict(os.environ)", {"names": ["*"]}),
        ("import os; os.system('true')", {"gaps": ["program"]}),
        ("import subprocess; subprocess.run(['true'])", {"gaps": ["program"]}),
        ("import os; os.waitpid(os.fork() or os._exit(0), 0)", {"gaps": ["program"]}),
        ("import socket; socket.getaddrinfo('127.0.0.1', 1)", {"gaps": ["network"]}),
        ("import ctypes", {"gaps": ["native"]}),
        ("from ctypes import c_int", {"gaps": ["native"]}),
        ("pandas = None\nif pandas: pandas.read_parquet('x')", {"gaps": ["native"]}),
        ("import sqlite3; sqlite3.connect('a.db')", {"read": ["a.db"]}),
        ("print(1 + 1, file=open('own/x', 'w'))", {}),
        ("import numpy, json; numpy.array([1]).sum()", {}),
    ],
)
def test_what_code_looks_at_is_written_down(
    traced: System, tmp_path: Path, code: str, found: dict[str, list[str]]
) -> None:
    (tmp_path / "desk" / "a").write_text("1")
    said = traced(code)
    if not any(word in code for word in ("environ", "getenv")):
        said.pop("names", None)  # modules ask for some when they are imported
    if "sqlite3" in code:
        said.pop("seen", None)
    assert said == found


def test_numpy_reads_are_seen(traced: System, tmp_path: Path) -> None:
    import numpy as np

    np.save(tmp_path / "desk" / "x.npy", np.ones(3))
    assert "x.npy" in traced("import numpy as np; np.load('x.npy')")["read"]
    (tmp_path / "desk" / "x.csv").write_text("1,2\n")
    assert "x.csv" in traced("import numpy as np; np.loadtxt('x.csv', delimiter=',')")["read"]


def test_a_local_module_is_read(traced: System, tmp_path: Path) -> None:
    (tmp_path / "desk" / "helper.py").write_text("X = 1")
    assert (
        "helper.py" in traced("import sys; sys.path.append(''); sys.dont_write_bytecode = True; import helper")["read"]
    )


def test_what_a_package_does_while_it_is_imported_is_no_gap(traced: System, tmp_path: Path) -> None:
    (tmp_path / "desk" / "own" / "noisy.py").write_text("import subprocess, ctypes\nsubprocess.run(['true'])")
    assert "gaps" not in traced("import sys; sys.path.append('own'); import noisy")
    assert traced("import sys; sys.path.append('own'); import noisy; noisy.subprocess.run(['true'])")["gaps"] == [
        "program"
    ]


# ---------------------------------------------------------------- states


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(str(tmp_path), Digests(tmp_path / ".cache"), {"PATH": "/bin"})


@pytest.mark.parametrize(
    ("looked", "act", "broken"),
    [
        (Looked(read=["a"]), lambda base: (base / "a").write_text("2"), "a"),
        (Looked(read=["a"]), lambda base: (base / "a").unlink(), "a"),
        (Looked(read=["n"]), lambda base: (base / "n").write_text(""), "n"),
        (Looked(listed=["d"]), lambda base: (base / "d" / "new").write_text(""), "d"),
        (Looked(listed=["d"]), lambda base: (base / "d" / "x").unlink(), "d"),
        (Looked(seen=["n"]), lambda base: (base / "n").mkdir(), "n"),
        (Looked(seen=["a"]), lambda base: (base / "a").write_text("22"), "a"),
        (Looked(read=["a"]), lambda base: os.utime(base / "a", (1, 1)), None),
        (Looked(seen=["a"]), lambda base: (base / "a").write_text("9"), None),
        (Looked(listed=["d"]), lambda base: (base / "d" / "x").write_text("other"), None),
        (Looked(read=["a"]), lambda base: (base / "b").write_text("x"), None),
    ],
)
def test_what_changed_is_noticed_and_nothing_else(
    tmp_path: Path, looked: Looked, act: Callable[[Path], object], broken: str | None
) -> None:
    (tmp_path / "a").write_text("1")
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "x").write_text("")
    there = Looked(*([str(tmp_path / one) for one in given] for given in looked))
    facts = World(str(tmp_path), Digests(tmp_path / ".cache"), {}).facts(there)
    act(tmp_path)
    after = World(str(tmp_path), Digests(tmp_path / ".cache"), {})
    assert [fact.what for fact, _ in after.broken(facts)] == ([broken] if broken else [])


def test_variables_have_states_and_no_values(world: World, tmp_path: Path) -> None:
    facts = world.facts(Looked(names=["PATH", "SECRET", "*"]))
    assert facts[1] == Fact("name", "SECRET", ABSENT)
    assert "/bin" not in repr(facts)
    other = World(str(tmp_path), Digests(tmp_path), {"PATH": "/usr/bin", "SECRET": "x"})
    assert [fact.what for fact, _ in other.broken(facts)] == ["PATH", "SECRET", "*"]


def test_paths_in_the_base_are_told_as_there(world: World, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "x").write_text("1")
    (one, other) = world.facts(Looked(read=[str(tmp_path / "data" / "x"), "/etc/hostname"]))
    assert (one.what, other.what) == ("data/x", "/etc/hostname")


# ---------------------------------------------------------------- digests


def test_a_file_is_read_again_only_when_its_stamp_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x"
    path.write_text("1")
    os.utime(path, (1, 1))
    monkeypatch.setattr(digests, "_GRAIN", -(10**12))  # as if it had been written long ago
    first = Digests(tmp_path)
    found = first.of(str(path))
    first.save()
    monkeypatch.setattr(digests, "_of_bytes", lambda _path: "read")
    assert Digests(tmp_path).of(str(path)) == found
    path.write_text("2")
    assert Digests(tmp_path).of(str(path)) == "read"


def test_a_file_just_written_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("1")
    first = Digests(tmp_path)
    found = first.of(str(path))
    first.save()
    stamp = path.stat()
    path.write_text("2")
    os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert Digests(tmp_path).of(str(path)) != found


@pytest.mark.parametrize("text", ["", "[]", "null", '{"x": 1}', '{"x": [1]}', "[" * 100_000])
def test_damaged_digests_are_computed_again(tmp_path: Path, text: str) -> None:
    (tmp_path / "digests.json").write_text(text)
    (tmp_path / "x").write_text("1")
    assert Digests(tmp_path).of(str(tmp_path / "x")) == Digests(tmp_path / "none").of(str(tmp_path / "x"))


def test_within_a_run_a_file_is_looked_at_once_until_something_ran(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("1")
    known = Digests(tmp_path / "c")
    before = known.of(str(path))
    path.write_text("2")
    assert known.of(str(path)) == before
    known.forget()
    assert known.of(str(path)) != before


# ---------------------------------------------------------------- packages


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a distribution `kbdemo`, on the path."""
    site = tmp_path / "site"
    info = site / "kbdemo-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "kbdemo.py").write_text("X = 1\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: kbdemo\nVersion: 1.0\n")
    (info / "RECORD").write_text("kbdemo.py,sha256=abc,6\nkbdemo-1.0.dist-info/RECORD,,\n")
    long_ago = time.time() - 9999
    for path in (site / "kbdemo.py", info / "RECORD"):
        os.utime(path, (long_ago, long_ago))
    monkeypatch.syspath_prepend(str(site))
    return site


def state(folder: Path) -> str:
    return Packages(Digests(folder)).state("kbdemo")


def test_a_patched_package_is_another_one(installed: Path, tmp_path: Path) -> None:
    before = state(tmp_path)
    assert before == state(tmp_path)
    (installed / "kbdemo.py").write_text("X = 2\n")
    patched = state(tmp_path)
    assert patched != before
    (installed / "kbdemo.py").write_text("X = 3\n")
    assert state(tmp_path) not in (before, patched)
    (installed / "kbdemo.py").unlink()
    assert state(tmp_path) not in (before, patched)


def test_what_is_not_installed_has_no_state(tmp_path: Path) -> None:
    assert Packages(Digests(tmp_path)).states(["nothing-of-that-name==1.0"]) == {"nothing-of-that-name==1.0": ""}


def test_a_real_package_is_looked_at_in_a_moment(tmp_path: Path) -> None:
    known = Digests(tmp_path)
    assert len(Packages(known).state("numpy")) == 64
    assert Packages(known).state("numpy") == Packages(known).state("numpy") != Packages(known).state("torch")


def test_files_that_the_kernel_makes_up_are_not_read(world: World, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/proc/self/pagemap")  # it has no end
    paths = ["/proc/self/pagemap", "/dev/zero", str(tmp_path / "link")]
    assert [fact.state for fact in world.facts(Looked(read=paths))] == ["no file"] * 3


def test_a_path_that_is_none_is_absent(world: World) -> None:
    assert [fact.state for fact in world.facts(Looked(read=["/etc/\0x"]))] == [ABSENT]


def test_records_do_not_change_what_lies_in_the_base(world: World, tmp_path: Path) -> None:
    facts = world.facts(Looked(searched=[str(tmp_path)]))
    (tmp_path / ".kbtool").mkdir()
    assert list(world.broken(facts)) == []
    (tmp_path / "helper.py").write_text("")
    assert [fact.what for fact, _ in world.broken(facts)] == [str(tmp_path)]
