"""Sessions that are forked from a warm parent: quick to start, and as alone as if each had started by itself."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from kbtool.cells import process, warm
from kbtool.cells.plan import Environment, Session, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.outcomes import Outcome
from tests.cells_notes import made


def sessions(*codes: str) -> tuple[Session, ...]:
    """A session for each code."""
    notes = [made(code, path=f"pages/{number}.md").note for number, code in enumerate(codes)]
    return plan(notes, Config(timeout=60), Environment("", "")).sessions


def printed(outcomes: Iterable[Outcome]) -> list[str]:
    """What each session showed, by note."""
    given = sorted(outcomes, key=lambda one: one.note)
    return ["".join(output.text for cell in one.cells for output in cell.outputs).strip() for one in given]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def settings(folder: Path) -> Settings:
    return Settings(folder, Environment("", ""), jobs=2)


LOADED = """
import sys
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"numpy", "torch", "matplotlib"}))
"""


def test_a_session_sees_only_what_it_imports(settings: Settings) -> None:
    codes = (LOADED, f"import numpy\n{LOADED}", f"import matplotlib.pyplot\n{LOADED}", f"import torch\n{LOADED}")
    first, second, third, fourth = printed(run(sessions(*codes), settings))
    assert (first, second, third) == ("", "numpy", "matplotlib numpy")
    assert "torch" in fourth
    assert "matplotlib" not in fourth


def test_provenance_names_what_was_imported_and_no_more(settings: Settings) -> None:
    found = {one.note: one.provenance.packages for one in run(sessions("import torch", "import numpy", "1"), settings)}
    packages = [[name.partition("==")[0] for name in found[note]] for note in sorted(found)]
    assert "torch" in packages[0]
    assert packages[1:] == [["numpy"], []]


def test_what_was_hidden_is_the_same_module_wherever_it_is_imported(settings: Settings) -> None:
    code = """
import importlib, pickle, sys
import torch.nn.functional as F
import torch
assert torch.nn.functional is F is sys.modules["torch.nn.functional"]
assert torch.__spec__.name == "torch" and torch.__spec__.origin.endswith("__init__.py")
assert importlib.import_module("torch.nn") is torch.nn
assert pickle.loads(pickle.dumps(torch.ones(2))).sum() == 2
print(importlib.util.find_spec("numpy").name, importlib.reload(importlib.import_module("colorsys")).__name__)
"""
    assert printed(run(sessions(code, "import numpy"), settings)) == ["numpy colorsys", ""]


def test_random_numbers_are_those_of_a_session_by_itself(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(1).item())"
    warm_ones = printed(run(sessions(code, code), settings))
    monkeypatch.setattr(warm.Zygote, "fork", lambda *_: None)
    assert printed(run(sessions(code), settings)) == warm_ones[:1] == warm_ones[1:]


def test_threads_are_those_of_the_session(folder: Path) -> None:
    code = "import torch, os\nprint(torch.get_num_threads(), os.environ['OMP_NUM_THREADS'])"
    cores = len(os.sched_getaffinity(0))
    assert printed(run(sessions(code), Settings(folder, Environment("", ""), jobs=1))) == [f"{cores} {cores}"]
    assert printed(run(sessions(code), Settings(folder, Environment("", "")))) == ["1 1"]


BIG = """
import torch
a = torch.ones(1500, 1500)
print((a @ a).sum().item() > 0, torch.nn.Linear(9, 9)(torch.ones(9)).sum().backward())
"""


def test_temporary_files_lie_in_the_folder_of_the_session(settings: Settings) -> None:
    """matplotlib, which is imported in advance, looks for a place for its own."""
    code = "import os, tempfile\nprint(tempfile.gettempdir() == os.getcwd())\ntempfile.TemporaryFile().close()"
    assert printed(run(sessions(f"import matplotlib.pyplot\n{code}", code), settings)) == ["True", "True"]


def test_big_operations_do_not_hang_in_a_child(settings: Settings) -> None:
    assert printed(run(sessions(BIG, BIG, BIG), settings)) == ["True None"] * 3


def test_only_what_sessions_import_is_imported_in_advance() -> None:
    assert warm.preloads(sessions("1", "import json")) == ()
    assert warm.preloads(sessions("import numpy.linalg")) == ("numpy",)
    assert warm.preloads(sessions("from matplotlib import pyplot"))[0] == "matplotlib.pyplot"
    assert warm.preloads(sessions("import torch")) == ("torch",)
    assert warm.preloads(sessions("import torch", "import torch\ntorch.optim.SGD")) == ("torch", "torch._dynamo")


def test_what_cannot_be_imported_fails_where_a_note_asks(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "_MODULES", ("nothing_of_that_name", "numpy"))
    found = printed(run(sessions("import numpy\nprint(numpy.int8(3))", "import nothing_of_that_name"), settings))
    assert found[0] == "3"
    assert "ModuleNotFoundError" in found[1]


def test_when_the_warm_parent_dies_its_sessions_fail_and_the_next_start_by_themselves(folder: Path) -> None:
    kill = """
import os, signal, time
stat = open(f"/proc/{os.getppid()}/stat").read()
os.kill(int(stat.rpartition(")")[2].split()[1]), 9)
time.sleep(9)
"""
    outcomes = list(run(sessions(kill, "print('да')"), Settings(folder, Environment("", ""), jobs=1)))
    assert [one.failed for one in outcomes] == [True, False]
    assert printed(outcomes)[1] == "да"


def test_ctrl_c_while_it_imports_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[int] = []

    class Slow(warm.Zygote):
        def fork(self, *_: object) -> int | None:
            started.append(self._child.pid)
            raise KeyboardInterrupt

    monkeypatch.setattr(process, "Zygote", Slow)
    with pytest.raises(KeyboardInterrupt):
        list(run(sessions("import torch"), Settings(folder, Environment("", ""))))
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_where_there_is_no_fork_sessions_start_by_themselves(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert process.nursery(sessions("1"), 1, process.House(folder, folder / "state")).zygote is None


def test_the_warm_parent_ends_with_its_caller(folder: Path) -> None:
    given = process.nursery(sessions("import numpy"), 1, process.House(folder, folder / "state"))
    assert given.zygote is not None
    child = given.zygote._child
    given.zygote._line.close()
    assert child.wait(timeout=20) == 0


def test_one_that_is_stuck_is_killed(folder: Path) -> None:
    given = process.nursery(sessions("1"), 1, process.House(folder, folder / "state"))
    assert given.zygote is not None
    os.kill(given.zygote._child.pid, signal.SIGSTOP)
    given.close()
    assert given.zygote._child.returncode == -signal.SIGKILL
