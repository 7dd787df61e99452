"""`launch=torchrun:N`: sessions of several processes under PyTorch's own launcher. Each test starts processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from textwrap import indent
from typing import Any, TypeAlias

import pytest

from kbtool.cells.failures import failures, located
from kbtool.cells.plan import Environment, Session, plan
from kbtool.cells.sandbox import DEFAULT, Wanted, features
from kbtool.cells.workers import Settings, run
from kbtool.cli import main
from kbtool.config import Config
from kbtool.outcomes import CellError, CellOutcome, Outcome
from kbtool.values import CellOptions, NoteOptions
from tests.cells_notes import Made, made
from tests.conftest import ROOT
from tests.warming import shared_nurseries

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a session of several processes needs Linux")
TWO = NoteOptions(launch="torchrun:2")
HERE = DEFAULT if features()[0].works else Wanted("none")
Code: TypeAlias = str | tuple[str, CellOptions]
Launched: TypeAlias = Callable[..., Outcome]
needs_bwrap = pytest.mark.skipif(not features()[0].works, reason=f"no bubblewrap: {features()[0].why}")
RANK = "import os\nrank = int(os.environ['RANK'])\n"
GROUP = "import torch\nimport torch.distributed as dist\ndist.init_process_group('gloo')\n"
SUM = "given = torch.tensor([10.0 ** dist.get_rank()])\ndist.all_reduce(given)\nprint(given.item())\n"


def asking(options: NoteOptions, *codes: Code) -> Made:
    given = made(*codes)
    return given._replace(note=given.note._replace(options=options))


def session(options: NoteOptions, *codes: Code) -> Session:
    (only,) = plan([asking(options, *codes).note], Config(timeout=60), Environment("", "")).sessions
    return only


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module", autouse=True)
def warm() -> Iterator[None]:
    """The warm parent, which has imported PyTorch, is the same for all tests."""
    with shared_nurseries():
        yield


@pytest.fixture(scope="module")
def launched(folder: Path) -> Launched:
    """`launched(code, …)`: what a note with these cells gives under a launcher."""

    def go(*codes: Code, options: NoteOptions = TWO, wanted: Wanted = HERE) -> Outcome:
        (only,) = run([session(options, *codes)], Settings(folder, Environment("", ""), wanted=wanted))
        return only

    return go


def text(cell: CellOutcome) -> str:
    return "".join(output.text for output in cell.outputs)


def states(outcome: Outcome) -> list[str]:
    return [cell.state for cell in outcome.cells]


def error(outcome: Outcome, cell: int = 0) -> CellError:
    found = outcome.cells[cell].error
    assert found is not None, outcome.cells[cell]
    return found


# ---------------------------------------------------------------- ranks


LEVELS = [pytest.param("auto", marks=needs_bwrap), pytest.param("strict", marks=needs_bwrap), "none"]


@pytest.mark.parametrize("level", LEVELS)
def test_ranks_talk_to_each_other(launched: Launched, level: Any) -> None:
    outcome = launched(GROUP, SUM + "dist.get_rank(), dist.get_world_size()", wanted=Wanted(level))
    assert states(outcome) == ["ok", "ok"], outcome.cells
    assert [(one.kind, one.text) for one in outcome.cells[1].outputs] == [("stdout", "11.0\n"), ("value", "(0, 2)")]


def test_as_many_processes_as_are_asked_for(launched: Launched) -> None:
    alone = launched(GROUP + SUM, options=NoteOptions(launch="torchrun:1"))
    three = launched(GROUP + SUM, options=NoteOptions(launch="torchrun:3"))
    assert [text(alone.cells[0]), text(three.cells[0])] == ["1.0\n", "111.0\n"]


def test_it_is_the_launcher_of_pytorch(launched: Launched) -> None:
    outcome = launched(
        "from os import environ as env\nfrom torch.distributed import is_torchelastic_launched\n"
        "print(is_torchelastic_launched(), env['LOCAL_RANK'], env['WORLD_SIZE'], env['MASTER_ADDR'])"
    )
    assert text(outcome.cells[0]) == "True 0 2 127.0.0.1\n"


def test_without_a_launcher_there_is_none(launched: Launched) -> None:
    outcome = launched("import os\nprint('RANK' in os.environ)", options=NoteOptions())
    assert text(outcome.cells[0]) == "False\n"


def test_only_rank_0_is_shown(launched: Launched) -> None:
    streams = "import sys\nprint('out', rank)\nprint('err', rank, file=sys.stderr)\nos.write(1, b'raw %d\\n' % rank)\n"
    outcome = launched(RANK + streams + "rank", "rank + 5")
    kinds = [(one.kind, one.text) for one in outcome.cells[0].outputs]
    assert kinds == [("stdout", "out 0\n"), ("stderr", "err 0\n"), ("stdout", "raw 0\n"), ("value", "0")]
    assert text(outcome.cells[1]) == "5"


def test_ranks_begin_alike_in_one_folder(launched: Launched) -> None:
    """Generators are seeded in each, and what one writes another reads when the next cell begins."""
    first = RANK + "import random, torch\nopen(f'{rank}.txt', 'w').write(f'{random.random()} {torch.rand(1).item()}')"
    outcome = launched(first, "print(sorted(os.listdir('.')), open('0.txt').read() == open('1.txt').read())")
    assert text(outcome.cells[1]) == "['0.txt', '1.txt'] True\n"


def test_no_rank_begins_a_cell_before_all_have_ended_the_last(launched: Launched) -> None:
    late = RANK + "import glob, time\ntime.sleep(rank)\nopen(f'{rank}.txt', 'w').close()"
    sees = "names = sorted(glob.glob('*.txt'))\ntime.sleep(1 - rank)\nopen(f'{rank}.again', 'w').close()\nnames"
    outcome = launched(late, sees, "assert len(glob.glob('*.again')) == 2")
    assert text(outcome.cells[1]) == "['0.txt', '1.txt']"
    assert states(outcome) == ["ok", "ok", "ok"]


# ---------------------------------------------------------------- what goes wrong


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_fails_is_named(launched: Launched, rank: int) -> None:
    fails = f"def train():\n    if rank == {rank}:\n        raise ValueError('no batch')\n    dist.barrier()\ntrain()"
    given = RANK + GROUP, fails, "1"
    outcome = launched(*given)
    assert states(outcome) == ["ok", "failed", "skipped"], outcome.cells
    assert error(outcome, 1) == CellError("ValueError", f"rank {rank}: no batch", 3)
    assert text(outcome.cells[1]) == (
        f"On rank {rank}:\nTraceback (most recent call last):\n"
        '  File "<cell 1>", line 5, in <module>\n    train()\n'
        "  File \"<cell 1>\", line 3, in train\n    raise ValueError('no batch')\nValueError: no batch\n"
    )


def test_the_traceback_has_the_lines_of_the_note(launched: Launched) -> None:
    given = asking(TWO, RANK, "if rank:\n    1 / 0")
    outcome = launched(RANK, "if rank:\n    1 / 0")
    (problem,) = failures(given.note, outcome)
    assert given.shown(problem) == "cell-failed 12:7 1 / 0: ZeroDivisionError: rank 1: division by zero"
    assert 'File "pages/softmax.md", line 12' in text(located(outcome, given.note, given.text).cells[1])


def test_what_fails_everywhere_is_told_of_rank_0(launched: Launched) -> None:
    assert error(launched("missing")) == CellError("NameError", "rank 0: name 'missing' is not defined", 1)


def test_an_expected_error_must_come_in_every_rank(launched: Launched) -> None:
    expected = CellOptions(raises="ZeroDivisionError")
    assert states(launched(("1 / 0", expected), "1")) == ["ok", "ok"]
    outcome = launched((RANK + "1 / rank", expected))
    assert error(outcome).name == "NotRaised"
    assert error(outcome).message.startswith("rank 1: ")


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("os._exit(3)", "rank 1: the process left with exit code 3"),
        ("os.kill(os.getpid(), 11)", "rank 1: the process was killed by SIGSEGV"),
    ],
)
def test_a_rank_that_is_lost_is_named(launched: Launched, end: str, why: str) -> None:
    """Rank 0, whose connection it closes, fails after it."""
    outcome = launched(RANK + GROUP, f"if rank:\n    {end}\ndist.barrier()\ndist.barrier()", "1")
    assert states(outcome) == ["ok", "failed", "skipped"], outcome.cells
    assert (error(outcome, 1).name, error(outcome, 1).message) == ("Crash", why)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_rank_that_leaves_as_if_all_were_well_is_missed(launched: Launched, rank: int) -> None:
    for more in ((), ("1",)):
        outcome = launched(RANK, f"if rank == {rank}:\n    os._exit(0)", *more)
        assert states(outcome) == ["ok", "failed", *("skipped" for _ in more)], outcome.cells
        assert error(outcome, 1) == CellError("Crash", f"rank {rank}: the process left with exit code 0", 0)


def test_a_crash_is_told_where(launched: Launched) -> None:
    outcome = launched(RANK + "import ctypes\nif rank:\n    ctypes.string_at(0)")
    assert error(outcome) == CellError("Crash", "rank 1: the process was killed by SIGSEGV", 5)
    assert text(outcome.cells[0]).startswith("On rank 1:\nTraceback (most recent call last):\n")


def test_a_timeout_says_where_each_rank_is(launched: Launched) -> None:
    hangs = RANK + "import time\ndef wait():\n    time.sleep(60)\nif rank:\n    wait()"
    outcome = launched((hangs, CellOptions(timeout=1)), "1")
    assert states(outcome) == ["failed", "skipped"]
    assert error(outcome) == CellError("Timeout", "no end after 1 s", 5)
    shown = text(outcome.cells[0])
    assert "On rank 1:\nTraceback (most recent call last):\n" in shown
    assert '  File "<cell 0>", line 5, in wait\n    time.sleep(60)\n' in shown
    assert "On rank 0" not in shown  # it has come to the cell's end


def test_a_timeout_where_all_wait(launched: Launched) -> None:
    outcome = launched((RANK + "import time\nif rank:\n    time.sleep(60)\ntime.sleep(61)", CellOptions(timeout=1)))
    shown = text(outcome.cells[0])
    assert shown.index("On rank 0:") < shown.index("time.sleep(61)") < shown.index("On rank 1:")
    assert error(outcome).line == 6


# ---------------------------------------------------------------- nothing outlives it


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


WRITES = RANK + "import time\nopen({file!r}, 'a').write(f'{{os.getpid()}} {{os.getppid()}} ')\n"
"""Each rank writes down who it is, and its launcher."""


def gone(file: Path) -> bool:
    """Whether two ranks and their launcher are gone, at once or within a moment."""
    found = {int(pid) for pid in file.read_text("utf-8").split()}
    assert len(found) == 3
    deadline = time.monotonic() + 5
    while any(map(alive, found)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(alive, found))


def test_a_living_process_is_seen() -> None:
    assert alive(os.getpid())


BOTH = "while len(open({file!r}).read().split()) < 4:\n    time.sleep(0.01)\n"


@pytest.mark.parametrize(
    "end",
    ["", "if rank: 1 / 0\ntime.sleep(60)", "if rank: os._exit(3)\ntime.sleep(60)", "time.sleep(60)"],
    ids=["ok", "fails", "exits", "hangs"],
)
def test_nothing_outlives_a_session_of_ranks(launched: Launched, tmp_path: Path, end: str) -> None:
    file = tmp_path / "pids"
    code = (WRITES + BOTH).format(file=str(file)) + end
    launched((code, CellOptions(timeout=3)), wanted=Wanted("none"))
    assert gone(file)


def test_a_thread_that_does_not_end_holds_nobody_up(launched: Launched) -> None:
    outcome = launched("import threading, time\nthreading.Thread(target=lambda: time.sleep(60)).start()")
    assert states(outcome) == ["ok"]
    assert outcome.seconds < 50


CALLER = """
import sys
from pathlib import Path
from kbtool.cells.workers import Settings, run
from kbtool.cells.plan import Environment
from kbtool.cells.sandbox import Wanted
from tests.test_launch import TWO, session
settings = Settings(Path(sys.argv[2]), Environment("", ""), wanted=Wanted("none"))
list(run([session(TWO, Path(sys.argv[1]).read_text())], settings))
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_rank_outlives_kbtool(folder: Path, tmp_path: Path, number: int) -> None:
    file = tmp_path / "pids"
    (tmp_path / "code").write_text(WRITES.format(file=str(file)) + "time.sleep(60)", "utf-8")
    command = [sys.executable, "-c", CALLER, str(tmp_path / "code"), str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as caller:
        while not file.exists() or len(file.read_text("utf-8").split()) < 4:
            assert caller.poll() is None
            time.sleep(0.02)
        caller.send_signal(number)
        caller.wait(timeout=20)
    assert gone(file)


# ---------------------------------------------------------------- where it cannot be had


def refused(outcome: Outcome) -> str:
    assert states(outcome)[0] == "failed"
    assert error(outcome).name == "LaunchError"
    return error(outcome).message


def test_bash_is_no_cell_of_a_launcher(launched: Launched, folder: Path) -> None:
    both = session(TWO, "1", "echo")
    bash = replace(both, steps=(both.steps[0], replace(both.steps[1], kind="bash")))
    (outcome,) = run([bash], Settings(folder, Environment("", ""), wanted=HERE))
    assert "put that into another note" in refused(outcome)
    assert states(launched("1")) == ["ok"]


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("raise ImportError('no such library')\n", "it needs PyTorch, which cannot be imported (no such library)"),
        ("def is_available():\n    return False\n", "this PyTorch is built without torch.distributed"),
    ],
)
def test_where_pytorch_cannot_launch_it_is_said(tmp_path: Path, module: str, why: str) -> None:
    """Another PyTorch is put before the installed one."""
    (tmp_path / "torch" / "distributed").mkdir(parents=True)
    (tmp_path / "torch" / "__init__.py").write_text("", "utf-8")
    (tmp_path / "torch" / "distributed" / "__init__.py").write_text(module, "utf-8")
    code = "import sys\nfrom kbtool.cells import launching\nprint(launching._refusal({'cells': []}))"
    environment = os.environ | {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith(why)


def test_without_a_loopback_device_it_is_said(monkeypatch: pytest.MonkeyPatch, launched: Launched) -> None:
    """Where there is no bubblewrap, a sandbox allows no sockets but those of Unix, or not what Gloo reads."""
    monkeypatch.setattr("kbtool.cells.sandbox.shutil.which", lambda *_, **__: None)
    if not all(one.works for one in features()[1:]):
        pytest.skip("no Landlock or no seccomp")
    for grants in ((), ("net",)):
        why = refused(launched("1", wanted=Wanted("auto", frozenset(grants))))
        assert why.endswith("install bubblewrap")
    assert states(launched(GROUP + SUM, wanted=Wanted("none"))) == ["ok"]


# ---------------------------------------------------------------- the command


def kbtool(base: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(base.parent / "cache")}
    command = [sys.executable, "-m", "kbtool", words[0], "--sandbox", HERE.level, *words[1:]]
    return subprocess.run(command, cwd=base, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A base with one note; each rank reads a file of its own."""
    (tmp_path / "kb" / "pages").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text("site_name: x\ndocs_dir: kb\nplugins: [kbtool]\nnav: [pages/a.md]\n", "utf-8")
    for rank in range(2):
        (tmp_path / "kb" / f"{rank}.txt").write_text(f"part {rank}", "utf-8")
    reads = f"open({str(tmp_path / 'kb')!r} + f'/{{dist.get_rank()}}.txt').read()\n"
    code = indent(GROUP + reads + SUM, "  ")
    (tmp_path / "kb" / "pages" / "a.md").write_text(f"- ```python launch=torchrun:2\n{code}  ```\n", "utf-8")
    return tmp_path / "kb"


def test_an_outcome_is_kept_until_what_any_rank_read_changes(base: Path) -> None:
    assert "sessions: 1 ran" in kbtool(base, "run").stdout
    assert "sessions: 1 cached" in kbtool(base, "run").stdout
    (base / "1.txt").write_text("another part", "utf-8")
    assert "sessions: 1 ran" in kbtool(base, "run").stdout


def test_an_outcome_is_the_same_twice(base: Path) -> None:
    done = kbtool(base, "run", "--twice")
    assert (done.returncode, done.stdout.split(" in ")[0]) == (0, "sessions: 1 ran"), done.stderr


@needs_bwrap
def test_a_record_stands_in_where_it_cannot_be_launched(
    base: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    if not all(one.works for one in features()[1:]):
        pytest.skip("no Landlock or no seccomp")
    assert kbtool(base, "run", "--record").returncode == 0
    monkeypatch.setenv("XDG_CACHE_HOME", str(base.parent / "another cache"))
    monkeypatch.chdir(base.parent)
    monkeypatch.setattr("kbtool.cells.sandbox.shutil.which", lambda *_, **__: None)
    assert main(["build"]) == 0
    assert "sessions: 1 recorded" in capfd.readouterr().out
    # Control: without the record it is an error.
    shutil.rmtree(base / ".kbtool")
    assert main(["build"]) == 1
    assert "LaunchError: its processes talk over 127.0.0.1" in capfd.readouterr().out
