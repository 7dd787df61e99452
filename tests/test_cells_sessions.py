"""Sessions as they really run: each test starts processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from kbtool.cells.environment import read_environment
from kbtool.cells.events import Event
from kbtool.cells.plan import Environment, Session, imported_modules, plan
from kbtool.cells.sandbox import Wanted
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.outcomes import CellError, CellOutcome, Outcome
from kbtool.values import CellOptions
from tests.cells_notes import made

Code: TypeAlias = str | tuple[str, CellOptions]
Run: TypeAlias = Callable[..., Outcome]


def raises(name: str) -> CellOptions:
    return CellOptions(raises=name)


def sessions(*codes: Code, config: Config | None = None) -> tuple[Session, ...]:
    return plan([made(*codes).note], config or Config(timeout=20), Environment("", "")).sessions


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder; matplotlib makes its font list there once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def outcome(folder: Path) -> Run:
    """`outcome(code, …)`: what a note with these cells gives."""

    def go(*codes: Code, config: Config | None = None) -> Outcome:
        (only,) = run(sessions(*codes, config=config), Settings(folder, Environment("", "")))
        return only

    return go


@pytest.fixture(scope="module")
def free(folder: Path) -> Run:
    """The same without a sandbox: what cells do outside can be seen."""

    def go(*codes: Code) -> Outcome:
        (only,) = run(sessions(*codes), Settings(folder, Environment("", ""), wanted=Wanted("none")))
        return only

    return go


def shown(cell: CellOutcome) -> list[tuple[str, str]]:
    return [(output.kind, output.text) for output in cell.outputs]


def text(outcome: Outcome, cell: int = 0) -> str:
    return "".join(output.text for output in outcome.cells[cell].outputs)


def states(outcome: Outcome) -> list[str]:
    return [cell.state for cell in outcome.cells]


# ---------------------------------------------------------------- what a cell shows


def test_cells_share_one_module(outcome: Run) -> None:
    found = outcome("x = 20", "def f():\n    return x + 1", "f()", "__name__")
    assert [shown(cell) for cell in found.cells] == [[], [], [("value", "21")], [("value", "'__main__'")]]


@pytest.mark.parametrize("code", ["None", "x = 1", "5;", "5 ;  # тише", "# nothing", "", "def f(): pass"])
def test_no_value_is_shown(outcome: Run, code: str) -> None:
    assert shown(outcome(code).cells[0]) == []


def test_streams_and_value_keep_their_order(outcome: Run) -> None:
    code = "import sys\nprint(1)\nprint(2, file=sys.stderr)\nprint(3)\nprint('four', end='', file=sys.stderr)\n5"
    expected = [("stdout", "1\n"), ("stderr", "2\n"), ("stdout", "3\n"), ("stderr", "four"), ("value", "5")]
    assert shown(outcome(code).cells[0]) == expected


def test_order_holds_however_often_streams_change(outcome: Run) -> None:
    found = outcome("import sys\nfor n in range(200):\n    print(n, file=(sys.stdout, sys.stderr)[n % 2])")
    assert text(found) == "".join(f"{n}\n" for n in range(200))


def test_output_below_python_is_captured_in_order(outcome: Run) -> None:
    code = "import os\nprint('a', end='')\nos.write(1, b'b')\nprint('c')\nos.system('echo d')\nprint('e')"
    assert shown(outcome(code).cells[0]) == [("stdout", "abc\nd\ne\n")]


def test_output_of_a_cell_stays_with_it(outcome: Run) -> None:
    found = outcome("print('a', end='')", "import os\n_ = os.write(2, b'b')", "print('c')")
    assert [shown(cell) for cell in found.cells] == [[("stdout", "a")], [("stderr", "b")], [("stdout", "c\n")]]


def test_text_that_is_not_utf8_is_shown_as_it_can_be(outcome: Run) -> None:
    found = outcome("import os\n_ = os.write(1, b'\\xff\\xd1')\nprint('\\ud800')\n'\\udcff'")
    assert shown(found.cells[0]) == [("stdout", "��\\ud800\n"), ("value", "'\\udcff'")]


def test_reading_input_is_the_end_of_file(outcome: Run) -> None:
    assert states(outcome(("input()", raises("EOFError")))) == ["ok"]


def test_warnings_are_shown(outcome: Run) -> None:
    assert shown(outcome("import warnings\nwarnings.warn('осторожно')").cells[0]) == [
        ("stderr", "<cell 0>:2: UserWarning: осторожно\n  warnings.warn('осторожно')\n")
    ]


def test_future_statements_hold_for_later_cells(outcome: Run) -> None:
    found = outcome("from __future__ import annotations", "def f(x: Missing): ...\nf.__annotations__")
    assert text(found, 1) == "{'x': 'Missing'}"


def test_source_of_functions_is_known(outcome: Run) -> None:
    found = outcome("def f():\n    return 1", "import inspect\nprint(inspect.getsource(f), end='')")
    assert text(found, 1) == "def f():\n    return 1\n"


# ---------------------------------------------------------------- where it runs


def test_environment_is_clean(outcome: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    code = (
        "import os, sys\n"
        "print('SECRET_TOKEN' in os.environ, '/nowhere' in sys.path, os.environ['PYTHONHASHSEED'], os.environ['TZ'])\n"
        "print(os.listdir(), '' in sys.path, os.getcwd() in sys.path, os.environ['HOME'] == os.getcwd(), sys.argv)"
    )
    assert text(outcome(code)) == "False False 0 UTC\n[] False False True ['']\n"


def test_installed_packages_can_be_imported(outcome: Run) -> None:
    assert states(outcome("import numpy, matplotlib")) == ["ok"]


def test_working_directory_is_gone_afterwards(free: Run, tmp_path: Path) -> None:
    note = tmp_path / "where"
    free(f"import os\nopen('left', 'w').close()\nopen({str(note)!r}, 'w').write(os.getcwd())")
    assert note.read_text()
    assert not Path(note.read_text()).exists()


def test_paths_of_the_machine_are_not_shown(outcome: Run) -> None:
    found = outcome(
        "import os, numpy\nprint(os.getcwd(), numpy.__file__, os.__file__)", "raise ValueError(numpy.__file__)"
    )
    assert text(found) == ". site-packages/numpy/__init__.py python/os.py\n"
    assert found.cells[1].error == CellError("ValueError", "site-packages/numpy/__init__.py", 1)


def test_generators_are_seeded(outcome: Run) -> None:
    code = "import random\nimport numpy as np, torch\nrandom.random(), float(np.random.rand()), torch.rand(1).item()"
    first = text(outcome(code))
    assert first == text(outcome(code))
    assert first.startswith("(0.8444218515250481, 0.5488135039273248, ")


def test_provenance_says_what_ran(folder: Path) -> None:
    note = made("import numpy").note
    environment = read_environment(imported_modules([note]))
    (found,) = run(plan([note], Config(), environment).sessions, Settings(folder, environment))
    version = ".".join(map(str, sys.version_info[:3]))
    assert (found.provenance.python, found.provenance.device) == (version, "cpu")
    assert found.provenance.started.endswith("+00:00")
    assert [package.partition("==")[0] for package in found.provenance.packages] == ["numpy"]


# ---------------------------------------------------------------- figures

PLOT = (
    "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2], label='тензор')\nplt.title('$x^2$')\nplt.legend()\nplt.show()"
)


@pytest.fixture(scope="module")
def plots(outcome: Run) -> list[Outcome]:
    """The same plots from two processes."""
    return [outcome(PLOT, "x = 1", "fig, axes = plt.subplots(1, 2)\nfig2 = plt.figure()\naxes") for _ in range(2)]


def test_open_figures_are_shown_and_closed(plots: list[Outcome]) -> None:
    kinds = [[output.kind for output in cell.outputs] for cell in plots[0].cells]
    assert kinds == [["figure"], [], ["value", "figure", "figure"]]


def test_a_figure_is_svg_without_date_and_background(plots: list[Outcome]) -> None:
    svg = text(plots[0])
    assert svg.startswith("<?xml")
    assert "<dc:date>" not in svg
    assert "fill: #ffffff" not in svg.partition("legend")[0]
    assert "<text" not in svg


def test_figures_are_the_same_bytes_each_time(plots: list[Outcome]) -> None:
    assert plots[0].cells[0].outputs == plots[1].cells[0].outputs


def test_a_figure_drawn_before_a_failure_is_shown(outcome: Run) -> None:
    found = outcome(PLOT + "\n1 / 0")
    assert [output.kind for output in found.cells[0].outputs] == ["figure", "error"]


# ---------------------------------------------------------------- failures


def test_a_failure_skips_what_follows(outcome: Run) -> None:
    found = outcome("print(1)", "print(2)\n1 / 0\nprint(3)", "print(4)", "print(5)")
    assert states(found) == ["ok", "failed", "skipped", "skipped"]
    assert found.failed
    assert found.cells[1].error == CellError("ZeroDivisionError", "division by zero", 2)
    assert found.cells[2] == CellOutcome(2, "skipped", (), 0.0)


def test_a_traceback_has_the_frames_of_the_note_alone(outcome: Run) -> None:
    found = outcome("import json\ndef load(text):\n    return json.loads(text)", "x = 1\nload('{')")
    lines = text(found, 1).split("\n")
    assert lines[:5] == [
        "Traceback (most recent call last):",
        '  File "<cell 1>", line 2, in <module>',
        "    load('{')",
        '  File "<cell 0>", line 3, in load',
        "    return json.loads(text)",
    ]
    assert lines[-2].startswith("json.decoder.JSONDecodeError: ")
    assert text(found, 1).count("File") == 2
    assert found.cells[1].error is not None
    assert found.cells[1].error.line == 2


def test_a_chain_of_exceptions_is_shown(outcome: Run) -> None:
    found = text(outcome("try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    raise ValueError('нет') from error"))
    assert "ZeroDivisionError" in found
    assert "direct cause" in found
    assert found.endswith("ValueError: нет\n")


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("x = 1\ny = (", CellError("SyntaxError", "'(' was never closed", 2)),
        ("x = 1\nreturn x", CellError("SyntaxError", "'return' outside function", 2)),
        ("def f(n):\n    return f(n + 1)\nf(0)", CellError("RecursionError", "maximum recursion depth exceeded", 2)),
        ("x = bytearray(1 << 60)", CellError("MemoryError", "", 1)),
        ("import sys\nsys.exit(2)", CellError("SystemExit", "2", 2)),
        ("class Stop(BaseException): ...\nraise Stop('я')", CellError("Stop", "я", 2)),
        (
            "class A:\n    def __repr__(self):\n        return 1 / 0\nA()",
            CellError("ZeroDivisionError", "division by zero", 3),
        ),
        (
            "class E(Exception):\n    def __str__(self):\n        raise self\nraise E",
            CellError("E", "<no message: E>", 4),
        ),
        ("import os\nos._exit(3)", CellError("Crash", "the process left with exit code 3", 0)),
        ("import os\nos._exit(0)", CellError("Crash", "the process left with exit code 0", 0)),
        ("import ctypes\nctypes.string_at(0)", CellError("Crash", "the process was killed by SIGSEGV", 2)),
        ("import os\nos.abort()", CellError("Crash", "the process was killed by SIGABRT", 2)),
        (
            "import os\nos.kill(os.getpid(), 9)",
            CellError("Crash", "the process was killed by SIGKILL, as the system does when memory runs out", 0),
        ),
        ("import os\nos.closerange(3, 99)\nprint(1)", CellError("Crash", "the process left with exit code 1", 0)),
    ],
)
def test_every_end_has_its_error(outcome: Run, code: str, error: CellError) -> None:
    found = outcome("print('before')", code, "print('after')")
    assert states(found) == ["ok", "failed", "skipped"]
    assert found.cells[1].error == error
    assert found.cells[1].outputs[-1].kind == "error"


FILLING = """
import os
os.makedirs("a/b")
for n in range(10_000):
    with open(f"a/b/{n}", "wb") as file:
        file.write(bytes(1 << 20))
"""


def test_files_have_a_limit_together(outcome: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not outcome(FILLING.replace("10_000", "9")).failed  # control
    monkeypatch.setattr("kbtool.cells.stowing.STOWAGE", 50 << 20)
    error = outcome(FILLING).cells[0].error
    assert error is not None
    assert (error.name, error.message.rpartition("; ")[2]) == ("FileLimit", "50 MiB is the limit")


def test_a_session_that_cannot_start_says_why(outcome: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    refusing = ["/bin/sh", "-c", "echo '1st line\nbwrap: no such place' >&2; exit 1", "sh"]
    monkeypatch.setattr("kbtool.cells.process.command", lambda *_: refusing)
    found = outcome("1", "2")
    assert states(found) == ["failed", "skipped"]
    assert found.cells[0].error == CellError("Crash", "the session could not start: bwrap: no such place", 0)


def test_a_session_whose_supervisor_is_killed_says_so(free: Run) -> None:
    found = free("import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(9)")
    assert found.cells[0].error == CellError("Crash", "the process that watches over the session was killed", 0)


def test_output_before_a_crash_is_kept(outcome: Run) -> None:
    assert text(outcome("import os\nprint('еще', end='')\nos._exit(1)")).startswith("еще")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ZeroDivisionError", "1 / 0"),
        ("ArithmeticError", "1 / 0"),
        ("Mine", "class Mine(Exception): ...\nraise Mine"),
        ("json.JSONDecodeError", "import json\njson.loads('')"),
        ("json.decoder.JSONDecodeError", "from json import loads\nloads('')"),
        ("np.linalg.LinAlgError", "import numpy as np\nnp.linalg.inv(np.zeros((2, 2)))"),
        ("SyntaxError", "x = ("),
        ("SystemExit", "raise SystemExit"),
    ],
)
def test_an_expected_exception_is_shown_and_the_session_goes_on(outcome: Run, name: str, code: str) -> None:
    found = outcome((code, raises(name)), "'after'")
    assert states(found) == ["ok", "ok"]
    assert found.cells[0].outputs[-1].kind == "error"
    assert found.cells[0].error is not None
    assert not found.failed


def test_another_exception_than_the_expected_fails(outcome: Run) -> None:
    found = outcome(("1 / 0", raises("TypeError")))
    assert states(found) == ["failed"]
    assert found.cells[0].error == CellError("ZeroDivisionError", "division by zero", 1)


def test_an_expected_exception_that_stays_away_fails(outcome: Run) -> None:
    found = outcome(("1", raises("TypeError")), "2")
    assert states(found) == ["failed", "skipped"]
    assert found.cells[0].error == CellError("NotRaised", "`TypeError` was expected, and nothing was raised", 0)


def test_a_forged_report_is_refused(outcome: Run) -> None:
    code = (
        "import os\nfor fd in range(3, 20):\n"
        "    try:\n        os.write(fd, b'{\"end\": 0}\\n')\n    except OSError:\n        pass"
    )
    error = outcome(code).cells[0].error
    assert error is not None
    assert error.message == "the session sent a report that cannot be read"


def test_a_fork_that_comes_out_of_the_cell_does_not_run_the_next(outcome: Run) -> None:
    found = outcome(
        "import os, time\npid = os.fork()\nif pid == 0:\n    time.sleep(0.2)", "print('once')\ntime.sleep(0.4)"
    )
    assert text(found, 1) == "once\n"


def test_workers_of_multiprocessing_work(outcome: Run) -> None:
    code = (
        "import multiprocessing\ndef f(x):\n    return x * x\n"
        "with multiprocessing.get_context('fork').Pool(2) as pool:\n    print(pool.map(f, [1, 2]))"
    )
    assert text(outcome(code)) == "[1, 4]\n"


# ---------------------------------------------------------------- limits


@pytest.fixture(scope="module")
def hanging(outcome: Run) -> Outcome:
    """A cell that hangs in C, below a function of another cell."""
    return outcome(
        "import time\ndef wait():\n    time.sleep(30)",
        ("print('starts')\nwait()", CellOptions(timeout=0.5)),
        "print('after')",
    )


def test_a_timeout_stops_the_session(hanging: Outcome) -> None:
    assert states(hanging) == ["ok", "failed", "skipped"]
    assert hanging.cells[1].error == CellError("Timeout", "no end after 0.5 s", 2)
    assert hanging.seconds < 10


def test_a_timeout_shows_what_was_printed_and_where_it_was(hanging: Outcome) -> None:
    trace = (
        'Traceback (most recent call last):\n  File "<cell 1>", line 2, in <module>\n    wait()\n'
        '  File "<cell 0>", line 3, in wait\n    time.sleep(30)\nTimeout: no end after 0.5 s\n'
    )
    assert shown(hanging.cells[1]) == [("stdout", "starts\n"), ("error", trace)]


def test_code_that_catches_everything_is_stopped(outcome: Run) -> None:
    code = (
        "import signal\nfor number in (1, 2, 10, 15):\n    signal.signal(number, signal.SIG_IGN)\nwhile True:\n    pass"
    )
    error = outcome((code, CellOptions(timeout=0.5))).cells[0].error
    assert error is not None
    assert error.name == "Timeout"


LIMIT = Config(output_limit=1000, timeout=20)


def test_output_above_the_limit_is_cut_and_the_session_goes_on(outcome: Run) -> None:
    found = outcome("print('я' * 1000)\n'value'", "print('next')", config=LIMIT)
    mark = "\n[cut: a cell may print 1,000 bytes, see `output_limit`]\n"
    assert shown(found.cells[0]) == [("stdout", "я" * 500), ("stderr", mark), ("value", "'value'")]
    assert shown(found.cells[1]) == [("stdout", "next\n")]


@pytest.mark.parametrize(
    "code", ["while True:\n    print('да')", "import subprocess\nsubprocess.run(['yes'])"], ids=["python", "program"]
)
def test_endless_output_is_stopped(outcome: Run, code: str) -> None:
    found = outcome(code, config=LIMIT)
    assert found.cells[0].error is not None
    assert found.cells[0].error.name == "OutputLimit"
    assert len(text(found)) < 2000


def test_a_long_value_is_cut(outcome: Run) -> None:
    assert text(outcome("'x' * 5000", config=LIMIT)) == "'" + "x" * 999 + "… (cut, 5,002 characters)"


# ---------------------------------------------------------------- several at once


def test_sessions_run_at_the_same_time(folder: Path) -> None:
    # Each of two sessions waits for a file of the other.
    codes = [
        f"import pathlib, time\nhere = pathlib.Path({str(folder)!r})\n(here / '{mine}').touch()\n"
        f"while not (here / '{other}').exists():\n    time.sleep(0.01)"
        for mine, other in (("a", "b"), ("b", "a"))
    ]
    both = plan(
        [made(code, path=f"pages/{n}.md").note for n, code in enumerate(codes)], Config(timeout=20), Environment("", "")
    )
    found = list(run(both.sessions, Settings(folder, Environment("", ""), jobs=2, wanted=Wanted("none"))))
    assert sorted(one.note for one in found) == ["pages/0.md", "pages/1.md"]
    assert not any(one.failed for one in found)


def test_one_failed_session_does_not_stop_the_others(folder: Path) -> None:
    notes = [made(code, path=f"pages/{n}.md").note for n, code in enumerate(["1 / 0", "import os\nos._exit(1)", "3"])]
    found = run(plan(notes, Config(), Environment("", "")).sessions, Settings(folder, Environment("", ""), jobs=1))
    assert [(one.note, one.failed) for one in found] == [
        ("pages/0.md", True),
        ("pages/1.md", True),
        ("pages/2.md", False),
    ]


def test_events_tell_what_happens(folder: Path) -> None:
    events: list[Event] = []
    code = "import time\ntime.sleep(0.2)\nprint('эпоха 1')"
    list(run(sessions(code, "2"), Settings(folder, Environment("", "")), events.append))
    assert [(event.kind, event.done, event.total, event.text) for event in events if event.kind != "tick"] == [
        ("started", 0, 2, ""),
        ("line", 0, 2, "эпоха 1"),
        ("cell", 1, 2, ""),
        ("cell", 2, 2, ""),
        ("finished", 2, 2, ""),
    ]


def test_nothing_to_run_gives_nothing(folder: Path) -> None:
    assert list(run([], Settings(folder, Environment("", "")))) == []


# ---------------------------------------------------------------- nothing outlives a session

# A child, and a daemon that left the session by two forks and a `setsid`; both write down who they are.
DAEMON = """
import os, subprocess, time
def note(pid):
    with open({file!r}, "a") as file:
        file.write(f"{{pid}}\\n")
note(os.getpid())
note(subprocess.Popen(["sleep", "60"]).pid)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        note(os.getpid())
        while True:
            time.sleep(1)
    os._exit(0)
while len(open({file!r}).readlines()) < 3:
    time.sleep(0.01)
"""


def pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return not Path("/proc/self").exists()


def test_a_living_process_is_seen() -> None:
    assert alive(os.getpid())


def gone(file: Path) -> bool:
    """Whether the three processes are gone, at once or within a moment."""
    found = pids(file)
    assert len(found) == 3
    deadline = time.monotonic() + 3
    while any(map(alive, found)) and time.monotonic() < deadline:
        time.sleep(0.01)
    return not any(map(alive, found))


@pytest.mark.parametrize(
    "end", ["", "\n1 / 0", "\nos._exit(0)", "\ntime.sleep(60)"], ids=["ok", "fails", "exits", "hangs"]
)
def test_nothing_outlives_its_session(free: Run, tmp_path: Path, end: str) -> None:
    free((DAEMON.format(file=str(tmp_path / "pids")) + end, CellOptions(timeout=1)))
    assert gone(tmp_path / "pids")


def test_nothing_outlives_a_caller_who_stops_asking(folder: Path, tmp_path: Path) -> None:
    slow = DAEMON.format(file=str(tmp_path / "pids")) + "\ntime.sleep(60)"
    notes = [made(code, path=f"pages/{n}.md").note for n, code in enumerate([slow, "import time\ntime.sleep(0.5)"])]
    settings = Settings(folder, Environment("", ""), jobs=2, wanted=Wanted("none"))
    results = run(plan(notes, Config(), Environment("", "")).sessions, settings)
    assert next(results).note == "pages/1.md"
    results.close()
    assert gone(tmp_path / "pids")


CALLER = """
import sys
from pathlib import Path
from kbtool.cells.workers import Settings, run
from kbtool.cells.plan import Environment
from kbtool.cells.sandbox import Wanted
from tests.test_cells_sessions import sessions
settings = Settings(Path(sys.argv[2]), Environment("", ""), wanted=Wanted("none"))
try:
    list(run(sessions(Path(sys.argv[1]).read_text()), settings))
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["SIGINT", "SIGTERM", "SIGKILL"]
)
def test_nothing_outlives_kbtool(folder: Path, tmp_path: Path, number: int) -> None:
    (tmp_path / "code").write_text(DAEMON.format(file=str(tmp_path / "pids")) + "\nnote(os.getcwd())\ntime.sleep(60)")
    command = [sys.executable, "-c", CALLER, str(tmp_path / "code"), str(folder)]
    caller = subprocess.Popen(command, cwd=Path(__file__).parents[1], stdout=subprocess.PIPE, text=True)
    written = tmp_path / "pids"
    while not written.exists() or written.read_text().count("\n") < 4:
        assert caller.poll() is None
        time.sleep(0.02)
    *_, scratch = written.read_text().split()
    written.write_text(written.read_text().replace(scratch, ""))
    os.kill(caller.pid, number)
    said, _ = caller.communicate(timeout=10)
    assert gone(written)
    assert said == ("interrupted\n" if number == signal.SIGINT else "")
    deadline = time.monotonic() + 3
    while Path(scratch).exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(scratch).exists()


FORGE = """
import gc, json, os
line = next(one for one in gc.get_objects() if type(one).__name__ == "Line")
def say(text):
    os.write(line.fd, text.encode() + b"\\n")
OK = {"end": 0, "state": "ok", "outputs": [], "error": None, "seconds": 0.1, "values": []}
LAST = {"device": "cpu", "modules": [], "trace": {}}
"""
"""Code of a note that speaks in the runner's place."""
UNREADABLE = "the session sent a report that cannot be read"


@pytest.mark.parametrize(
    "forged",
    [
        "say(json.dumps({**OK, 'values': [['x', '1', 10**400]]}))",
        "say(json.dumps({**OK, 'seconds': float('inf')}))",
        "say(json.dumps({**OK, 'state': 'failed'}))",
        "say(json.dumps({**OK, 'error': ['E', 'x' * 10_000, 1]}))",
        "say(json.dumps({**OK, 'outputs': [['value', 'x' * (20 << 20), []]]}))",
        "say(json.dumps({**OK, 'outputs': [['value', 'x', []]] * 100}))",
        "say(json.dumps(OK)); say(json.dumps({**LAST, 'trace': {'read': ['/etc/\\0x']}}))",
        "say(json.dumps(OK)); say(json.dumps({**LAST, 'trace': {'read': ['relative']}}))",
        "say(json.dumps(OK)); say(json.dumps({**LAST, 'trace': {'read': ['/x' + str(n) for n in range(20_000)]}}))",
        "say(json.dumps(OK)); say(json.dumps({**LAST, 'device': 'cuda:NVIDIA H200'}))",
        "say(json.dumps({'begin': 0}))",
    ],
)
def test_reports_that_no_runner_sends_fail_their_own_session_alone(folder: Path, forged: str) -> None:
    both = [*sessions(f"{FORGE}{forged}\nimport time\ntime.sleep(20)"), *sessions("print('other')")]
    found = {outcome.failed: outcome for outcome in run(both, Settings(folder, Environment("", "")))}
    assert text(found[False]) == "other\n"
    assert any(cell.error and cell.error.message == UNREADABLE for cell in found[True].cells)


def test_what_a_runner_sends_is_believed_whoever_sends_it(outcome: Run) -> None:
    sent = "say(json.dumps(OK))\nsay(json.dumps(LAST))\nimport time\ntime.sleep(0.5)\nos._exit(0)"
    assert states(outcome(FORGE + sent)) == ["ok"]


def test_a_forged_dump_is_no_error_of_ours(outcome: Run) -> None:
    code = (
        "import os, stat\n"
        "line = b'  File \"<cell 0>\", line ' + b'1' * 5000 + b'\\n'\n"
        "for fd in range(3, 30):\n"
        "    try:\n        stat.S_ISFIFO(os.fstat(fd).st_mode) and os.write(fd, line)\n"
        "    except OSError:\n        pass\n"
        "os._exit(1)"
    )
    assert states(outcome(code)) == ["failed"]
