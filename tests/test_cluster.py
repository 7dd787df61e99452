"""`kbtool run --on`: a real scheduler and two workers on this machine, some of which do not survive."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from textwrap import indent
from typing import Any, NamedTuple

import pytest

from kbtool.cells import cluster as cluster_module
from kbtool.cells import fleet
from kbtool.cells.cluster import run as on_cluster
from kbtool.cells.digests import Digests
from kbtool.cells.events import Event
from kbtool.cells.machine import machine
from kbtool.cells.plan import Environment, plan
from kbtool.cells.sandbox import DEFAULT, Wanted, features
from kbtool.cells.workers import Settings
from kbtool.cells.workers import run as run_here
from kbtool.config import Config
from kbtool.outcomes import CellError, Outcome
from tests.cells_notes import made
from tests.conftest import ROOT

TIMES = ("digest", "seconds", "started", "isolation", "processor")
"""What a record says of when and where."""
MODULE = "def double(x):\n    return 2 * x\n\n\nPLACE = __file__\n"
RANKS = """
import torch.distributed as dist
dist.init_process_group("gloo")
ranks = [None, None]
dist.all_gather_object(ranks, dist.get_rank())
print(ranks)
"""
"""What needs two processes."""
LAUNCHES = find_spec("torch") is not None and features()[0].works
KILL = """
import os, signal
from pathlib import Path
def parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
pid = os.getpid()
while b"dask\\0worker" not in Path(f"/proc/{pid}/cmdline").read_bytes():
    pid = parent(pid)
os.kill(pid, signal.SIGKILL)
"""
"""What kills the worker that runs it, where nothing keeps it apart."""


class Part(NamedTuple):
    """A process of a cluster, and where it writes its log."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Cluster:
    """A scheduler, and workers that can be started and killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.address = f"tcp://127.0.0.1:{port}"
        self.parts: list[Part] = []
        self.scheduler = self.start("scheduler", "--host=127.0.0.1", f"--port={port}")

    def start(self, *words: str, **env: str) -> Part:
        log = self.folder / f"{len(self.parts)}.log"
        found = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(self.folder / "cache")} | env
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--no-dashboard"],
                cwd=self.folder,
                env=found,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.parts.append(Part(process, log))
        return self.parts[-1]

    def worker(self, *words: str, **env: str) -> Part:
        place = f"--local-directory={self.folder}"
        started = self.start("worker", self.address, "--no-nanny", "--nthreads=2", place, *words, **env)
        wait_for(lambda: "Registered to" in started.log.read_text("utf-8"), started.log)
        return started

    def close(self) -> None:
        for part in self.parts:
            part.kill()


def wait_for(happened: Callable[[], bool], log: Path | None = None) -> None:
    deadline = time.monotonic() + 90
    while not happened():
        assert time.monotonic() < deadline, log.read_text("utf-8") if log else "it did not happen"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A scheduler with two workers, for tests that leave them as they are."""
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        made.worker()
        made.worker()
        yield made
    finally:
        made.close()


@pytest.fixture
def frail(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler without workers, for tests that kill."""
    (tmp_path / "cluster").mkdir()
    made = Cluster(tmp_path / "cluster")
    try:
        yield made
    finally:
        made.close()


class Base:
    """A base with a cache of its own, and the command in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "kb/pages").mkdir(parents=True)
        (folder / "mkdocs.yml").write_text("site_name: x\ndocs_dir: kb\nplugins: [kbtool]\n")

    def note(self, name: str, *codes: str, head: str = "") -> None:
        cells = "".join(f"- ```python\n{indent(code.strip(), '  ')}\n  ```\n" for code in codes)
        (self.folder / f"kb/pages/{name}.md").write_text(head + cells, "utf-8")

    def command(self, *words: str, cache: str = "cache") -> subprocess.Popen[str]:
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_CACHE_HOME": str(self.folder / cache)}
        command = [sys.executable, "-m", "kbtool", *words]
        pipe = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.folder, env=env, stdout=pipe, stderr=pipe, text=True, encoding="utf-8"
        )

    def run(self, *words: str, cache: str = "cache") -> tuple[int, str]:
        """The exit code and all that was said."""
        process = self.command("run", *words, cache=cache)
        out, err = process.communicate(timeout=60)
        return process.returncode, out + err

    def states(self, *words: str) -> dict[str, str]:
        found = self.run("--format", "json", *words)[1]
        rows = [json.loads(line) for line in found.splitlines() if line.startswith("{")]
        return {row["note"].removeprefix("pages/").removesuffix(".md"): row["state"] for row in rows}

    def records(self) -> dict[str, Any]:
        found = {}
        for path in sorted((self.folder / "kb/.kbtool/records").rglob("*")):
            if path.is_file():
                name, data = str(path.relative_to(self.folder)), path.read_bytes()
                found[name] = without_times(json.loads(data)) if name.endswith(".json") else data
        return found


def without_times(told: Any) -> Any:
    if isinstance(told, dict):
        return {name: without_times(value) for name, value in told.items() if name not in TIMES}
    return [without_times(one) for one in told] if isinstance(told, list) else told


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path)


def rich(base: Base) -> None:
    """Notes that use all that is sent: code of other notes, inputs, modules, figures, warnings."""
    (base.folder / "kb/data").mkdir()
    (base.folder / "kb/data/a.csv").write_text("x\n1\n2\n")
    (base.folder / "kb/helper.py").write_text(MODULE)
    exporting = "- ```python export\n  def three():\n      return 3\n  ```\n"
    (base.folder / "kb/pages/lib.md").write_text(exporting)
    base.note(
        "a",
        "print(open('data/a.csv').read())",
        "import helper\nprint(helper.double(21))",
        head="inputs:: data/*.csv\n\n",
    )
    base.note("b", "from kb.lib import three\nx = three()\nprint(x)\nx")
    base.note("c", "import random\nprint(random.random())", "import warnings\nwarnings.warn('Achtung')")
    base.note("d", "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()")
    base.note("f", "import os\nprint(sorted(os.environ))")
    if LAUNCHES:
        base.note("e", RANKS, head="launch:: torchrun:2\n\n")


def test_records_are_those_of_a_local_run(base: Base, cluster: Cluster) -> None:
    rich(base)
    code, said = base.run("--record", cache="here")
    assert (code, f"{6 + LAUNCHES} ran" in said) == (0, True), said
    local = base.records()
    for path in (base.folder / "kb/.kbtool/records").rglob("*.json"):
        path.unlink()
    code, said = base.run("--record", "--on", cluster.address)
    assert code == 0, said
    assert base.records() == local
    assert "42" in str(local)  # as a control: something was compared
    assert len(local) > 4


def test_outputs_call_the_base_as_they_do_here(base: Base, cluster: Cluster) -> None:
    (base.folder / "kb/helper.py").write_text(MODULE)
    base.note("a", "import helper\nprint(helper.PLACE)")
    there = base.run("a#1", "--on", cluster.address)
    assert there == base.run("a#1")
    assert "helper.py" in there[1]


def test_outcomes_hold_here(base: Base, cluster: Cluster) -> None:
    rich(base)
    assert set(base.states("--on", cluster.address).values()) == {"ran"}
    assert set(base.states().values()) == {"cached"}
    (base.folder / "kb/helper.py").write_text(MODULE.replace("2 *", "3 *"))
    assert base.states()["a"] == "ran"


def test_what_was_not_sent_makes_an_outcome_that_does_not_hold_here(base: Base, cluster: Cluster) -> None:
    (base.folder / "kb/helper.py").write_text(MODULE)
    (base.folder / "kb/data.csv").write_text("x")
    look = "import helper\nfrom pathlib import Path\nprint((Path(helper.PLACE).parent / {!r}).is_file())"
    base.note("a", look.format("data.csv"))
    base.note("b", look.format("helper.py"))
    assert base.states("--on", cluster.address) == {"a": "ran", "b": "ran"}
    assert base.states() == {"a": "ran", "b": "cached"}


def test_failures_are_those_of_a_local_run(base: Base, cluster: Cluster) -> None:
    base.note("a", "print(1)", "def f():\n    return 1 / 0\nf()")
    (base.folder / "kb/pages/b.md").write_text("- ```python timeout=1\n  while True: pass\n  ```\n")
    here = base.run("--force")
    there = base.run("--force", "--on", cluster.address)
    without = [text.rpartition(" in ")[0] for _, text in (here, there)]
    assert (here[0], without[0]) == (there[0], without[1])
    assert "ZeroDivisionError" in here[1]


def bare(base: Base, wanted: Wanted = DEFAULT) -> Settings:
    return Settings(base.folder / "cache", Environment("p", "l"), threads=1, base=base.folder, wanted=wanted)


def dask(base: Base, cluster: Cluster) -> cluster_module.Cluster:
    here = machine(Environment("p", "l"), base.folder, Digests(base.folder / "cache"), 1)
    return cluster_module.Cluster(cluster.address, here)


def test_what_happens_is_told_as_it_is_here(base: Base, cluster: Cluster) -> None:
    sessions = plan([made("1", "print(2)").note], Config(), Environment("p", "l")).sessions

    def told(run: Callable[[Callable[[Event], None]], Iterable[Outcome]]) -> list[tuple[str, int, int]]:
        events: list[Event] = []
        (outcome,) = run(events.append)
        assert not outcome.failed
        return [(one.kind, one.done, one.total) for one in events if one.kind in ("started", "cell", "finished")]

    there = told(lambda on_event: on_cluster(sessions, bare(base), dask(base, cluster), on_event))
    assert there == told(lambda on_event: run_here(sessions, bare(base), on_event))
    assert len(there) == 4


def test_what_no_worker_has_is_said(base: Base, cluster: Cluster) -> None:
    base.note("a", "1", head="device:: cuda\ngpu-mem:: 8G\n\n")
    base.note("b", "1", head="cpus:: 64\n\n")
    base.note("c", "print('gut')")
    code, said = base.run("--on", cluster.address)
    assert code == 1
    assert "no worker of the cluster offers GPU=1 GPU_MEMORY=8589934592" in said
    assert 'dask worker --resources "CPU=64"' in said
    assert base.states("--on", cluster.address)["c"] == "cached"


def test_a_resource_is_had(base: Base, frail: Cluster) -> None:
    frail.worker()
    frail.worker("--resources", "CPU=4")
    base.note("a", "import os\nprint(os.environ['OMP_NUM_THREADS'])", head="cpus:: 4\n\n")
    assert base.states("--on", frail.address) == {"a": "ran"}


def test_a_session_whose_worker_is_lost_goes_on_elsewhere(base: Base, frail: Cluster) -> None:
    first, second = frail.worker(), frail.worker()
    mark = base.folder / "mark"
    base.note(
        "a",
        f"import os, time\nmark = {str(mark)!r}\nopen(mark, 'a').write('x')\n"
        "while not os.path.exists(mark + '2'):\n    time.sleep(.01)",
    )
    run = base.command("run", "--on", frail.address, "--sandbox", "none")
    wait_for(mark.exists)
    busy = first if has_child(first) else second
    busy.kill()
    wait_for(lambda: mark.read_text() == "xx")
    (base.folder / "mark2").touch()
    out, err = run.communicate(timeout=60)
    assert (run.returncode, "1 ran" in out) == (0, True), out + err


def has_child(part: Part) -> bool:
    """Whether a worker runs a session: its processes beside its own."""
    pid = part.process.pid
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return any((task / "children").read_text().strip() for task in tasks)


def test_a_session_that_kills_its_workers_has_failed(base: Base, frail: Cluster) -> None:
    for _ in range(3):
        frail.worker()
    base.note("a", "print('erst')", KILL)
    base.note("b", "print('gut')")
    code, said = base.run("--on", frail.address, "--sandbox", "none")
    assert (code, "WorkerLost: the worker that ran it was lost" in said) == (1, True), said
    assert "1 ran, 1 failed" in said
    assert sum(part.process.poll() is not None for part in frail.parts) == 2  # the third one lives


def test_without_any_worker_left_nothing_waits_for_ever(
    base: Base, frail: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster_module, "_PATIENCE", 1.0)
    worker, mark = frail.worker(), base.folder / "mark"
    sessions = plan(
        [made("1", f"import time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(60)").note],
        Config(),
        Environment("p", "l"),
    ).sessions

    def kill() -> None:
        wait_for(mark.exists)
        worker.kill()

    killing = threading.Thread(target=kill)
    killing.start()
    (outcome,) = on_cluster(sessions, bare(base, Wanted("none")), dask(base, frail))
    killing.join()
    assert [one.state for one in outcome.cells] == ["skipped", "failed"]
    assert outcome.cells[1].error == CellError("NeedsWorker", "the cluster has no worker left", 0)


def test_after_a_failure_no_other_session_begins(base: Base, cluster: Cluster) -> None:
    codes = ("1 / 0", *("import time; time.sleep(1)" for _ in range(9)))
    notes = [made(code, path=f"pages/{number}.md").note for number, code in enumerate(codes)]
    sessions = plan(notes, Config(), Environment("p", "l")).sessions
    there = replace(bare(base), fail_fast=True)
    notes_that_ran = [one.note for one in on_cluster(sessions, there, dask(base, cluster))]
    assert "pages/0.md" in notes_that_ran
    assert len(notes_that_ran) < 9


def test_no_scheduler(base: Base) -> None:
    base.note("a", "1")
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        code, said = base.run("--on", f"tcp://127.0.0.1:{closed.getsockname()[1]}")
    assert (code, "no Dask scheduler answers at" in said, "Traceback" in said) == (2, True, False), said


def test_no_certificates(base: Base) -> None:
    base.note("a", "1")
    code, said = base.run("--on", "tls://127.0.0.1:1")
    assert (code, "distributed.comm.tls" in said, "Traceback" in said) == (2, True, False), said


def test_no_worker(base: Base, frail: Cluster) -> None:
    wait_for(lambda: "Scheduler at" in frail.scheduler.log.read_text("utf-8"))
    base.note("a", "1")
    code, said = base.run("--on", frail.address)
    assert (code, "has no worker" in said) == (2, True), said


def test_a_lost_scheduler_is_an_error_and_what_had_come_in_is_kept(base: Base, frail: Cluster) -> None:
    frail.worker()
    mark = base.folder / "mark"
    base.note("a", "print('gut')")
    base.note("b", f"import time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(60)")
    run = base.command("run", "--on", frail.address, "--sandbox", "none")
    wait_for(mark.exists)
    wait_for(lambda: any((base.folder / "cache/kbtool").glob("outcomes-*/*.json")))
    frail.scheduler.kill()
    out, err = run.communicate(timeout=30)
    assert (run.returncode, "the connection to the scheduler" in err) == (2, True), out + err
    assert "Traceback" not in err
    assert base.states("a") == {"a": "cached"}


def test_interrupted_it_ends_what_runs_there(base: Base, cluster: Cluster) -> None:
    mark = base.folder / "mark"
    base.note("a", f"import os, time\nopen({str(mark)!r}, 'w').write(str(os.getpid()))\ntime.sleep(60)")
    run = base.command("run", "--on", cluster.address, "--sandbox", "none")
    wait_for(lambda: mark.exists() and mark.read_text() != "")
    run.send_signal(signal.SIGINT)
    _, err = run.communicate(timeout=30)
    assert (run.returncode, "Traceback" in err) == (130, False), err
    wait_for(lambda: not Path(f"/proc/{mark.read_text()}").exists())


def test_another_kbtool_is_refused(base: Base, frail: Cluster, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "sitecustomize.py").write_text("import kbtool\nkbtool.__version__ = '0.0.1'\n")
    frail.worker(PYTHONPATH=f"{other}{os.pathsep}{ROOT}")
    base.note("a", "1")
    code, said = base.run("--on", frail.address)
    assert (code, "it has kbtool 0.0.1" in said) == (2, True), said


def test_without_dask_it_says_what_to_install(base: Base, tmp_path: Path) -> None:
    base.note("a", "1")
    blocked = "import sys\nsys.modules['distributed'] = None\nfrom kbtool.cli import main\nsys.exit(main(sys.argv[1:]))"
    done = subprocess.run(
        [sys.executable, "-c", blocked, "run", "--on", "tcp://127.0.0.1:1"],
        cwd=base.folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "pip install 'kbtool[cluster]'" in done.stderr) == (2, True), done.stderr


def package(base: Base) -> None:
    """A package beside the notes, with what a session could list beside its code."""
    for path, text in {
        "__init__.py": "from . import inner\nfrom helper import double\n",
        "inner.py": "X = 20\n",
        "deep/__init__.py": "Y = 1\n",
        "notes.txt": "",
    }.items():
        (base.folder / "kb/tools" / path).parent.mkdir(parents=True, exist_ok=True)
        (base.folder / "kb/tools" / path).write_text(text)
    (base.folder / "kb/helper.py").write_text(MODULE)
    base.note("a", "import tools.deep\nprint(tools.double(tools.inner.X) + tools.deep.Y)")


def test_a_package_beside_the_notes_is_sent_whole(base: Base, cluster: Cluster) -> None:
    package(base)
    code, said = base.run("a#1", "--on", cluster.address)
    assert (code, "41" in said) == (0, True), said
    assert base.states("--on", cluster.address) == {"a": "ran"}
    assert base.states() == {"a": "cached"}
    (base.folder / "kb/tools/inner.py").write_text("X = 21\n")
    assert base.states() == {"a": "ran"}


@pytest.mark.parametrize("address", ["foo", "tcp://", "http://x:1", "tcp://host", "tcp://host:port", "://", "x:0"])
def test_what_is_no_address_is_said_in_one_breath(base: Base, address: str) -> None:
    base.note("a", "1")
    code, said = base.run("--on", address)
    assert (code, said) == (
        2,
        f"error: --on {address}: no address of a scheduler\nhelp: name one as tcp://host:8786, or tls://host:8786\n",
    )


def other_kbtool(folder: Path) -> dict[str, str]:
    """What makes a worker have another kbtool, and another package of those that Dask itself compares."""
    (folder / "numpy-9.9.9.dist-info").mkdir(parents=True)
    (folder / "numpy-9.9.9.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 9.9.9\n")
    (folder / "sitecustomize.py").write_text("import kbtool\nkbtool.__version__ = '0.0.1'\n")
    return {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}


def test_a_worker_that_differs_gets_no_session_and_that_is_said(base: Base, frail: Cluster, tmp_path: Path) -> None:
    frail.worker(**other_kbtool(tmp_path / "other"))
    frail.worker()
    for name in "abcdef":
        base.note(name, f"print({name!r})")
    code, said = base.run("--on", frail.address)
    assert (code, "6 ran" in said) == (0, True), said
    assert "gets no session: it differs: it has kbtool 0.0.1" in said
    assert "VersionMismatch" not in said  # Dask's own word of it


def held(mark: Path, code: str) -> str:
    """What leaves a mark and waits for another one before it does its work."""
    return (
        f"import time, os\nopen({str(mark)!r}, 'a').write('x')\n"
        f"while not os.path.exists({str(mark)!r} + '2'):\n    time.sleep(.01)\n{code}"
    )


def test_a_worker_that_comes_later_and_differs_ends_nothing(base: Base, frail: Cluster, tmp_path: Path) -> None:
    frail.worker()
    mark = base.folder / "mark"
    for number in range(9):
        base.note(
            f"a{number}",
            held(mark, f"print({number})"),
        )
    run = base.command("run", "--on", frail.address, "--sandbox", "none")
    wait_for(mark.exists)
    frail.worker(**other_kbtool(tmp_path / "other"))
    time.sleep(3)
    (base.folder / "mark2").touch()
    out, err = run.communicate(timeout=60)
    assert (run.returncode, "9 ran" in out) == (0, True), out + err
    assert "gets no session: it differs: it has kbtool 0.0.1" in err


def test_a_frozen_worker_is_a_lost_one(base: Base, frail: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "_SILENT", 4.0)
    parts = {part.process.pid: part for part in (frail.worker(), frail.worker())}
    mark = base.folder / "mark"
    code = held(mark, "print('gut')")
    sessions = plan([made(code).note], Config(), Environment("p", "l")).sessions

    def freeze() -> None:
        wait_for(mark.exists)
        busy = next(part for part in parts.values() if has_child(part))
        os.kill(busy.process.pid, signal.SIGSTOP)
        wait_for(lambda: mark.read_text() == "xx")
        (base.folder / "mark2").touch()

    freezing = threading.Thread(target=freeze)
    freezing.start()
    (outcome,) = on_cluster(sessions, bare(base, Wanted("none")), dask(base, frail))
    freezing.join()
    assert not outcome.failed
