"""Note code where bubblewrap is missing: what the other walls hold, and what cannot be had there is said at once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kbtool.cells.failures import failures
from kbtool.cells.plan import Environment, plan
from kbtool.cells.sandbox import Wanted, features
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.outcomes import CellError, Outcome
from tests.cells_notes import made

Ran = Callable[..., Outcome]
pytestmark = pytest.mark.skipif(not features()[2].works, reason=f"no seccomp: {features()[2].why}")
WHY = "a session without bubblewrap has no UNIX sockets"
LOADER = """import torch
from torch.utils.data import DataLoader
batches = list(DataLoader(torch.arange(8.0), batch_size=2, num_workers={workers}))
print(len(batches), float(sum(one.sum() for one in batches)))"""
MANAGER = """import multiprocessing
with multiprocessing.get_context("fork").Manager() as manager:
    print(len(manager.list([1, 2])))"""
QUEUE = """import torch
context = torch.multiprocessing.get_context("fork")
queue, taken = context.Queue(), context.Event()
def give():
    queue.put(torch.ones(2))
    taken.wait()
context.Process(target=give).start()
print(queue.get())
taken.set()"""
ASKS = {"a loader": LOADER.format(workers=2), "a manager": MANAGER, "a queue of tensors": QUEUE}
DOES = {
    "a loader of its own": LOADER.format(workers=0),
    "a pool": "import multiprocessing as m\nwith m.get_context('fork').Pool(2) as pool:\n    pool.map(abs, [-1])",
    "a pipe": "import multiprocessing\nnear, far = multiprocessing.Pipe()\nnear.send(1)\nprint(far.recv())",
    "asyncio": "import asyncio\nasync def f():\n    await asyncio.sleep(0)\nasyncio.run(f())",
    "bash": "import subprocess\nsubprocess.run(['bash', '-c', 'echo a | cat'], check=True)",
}


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ran:
    """Runs cells without bubblewrap."""
    monkeypatch.setattr("kbtool.cells.sandbox.shutil.which", lambda *_, **__: None)

    def call(*codes: str, wanted: Wanted | None = None) -> Outcome:
        environment = Environment("", "")
        planned = plan([made(*codes).note], Config(timeout=50), environment)
        (found,) = run(planned.sessions, Settings(tmp_path, environment, wanted=wanted or Wanted("auto")))
        return found

    return call


def wrong(outcome: Outcome) -> CellError:
    error = outcome.cells[-1].error
    assert error is not None
    return error


@pytest.mark.parametrize("code", ASKS.values(), ids=ASKS)
def test_what_needs_a_unix_socket_fails_at_once(alone: Ran, code: str) -> None:
    outcome = alone(code)
    assert wrong(outcome).name == "PermissionError", outcome.cells[-1].outputs
    assert WHY in wrong(outcome).message


@pytest.mark.parametrize("code", ASKS.values(), ids=ASKS)
def test_without_a_sandbox_it_works(alone: Ran, code: str) -> None:
    outcome = alone(code, wanted=Wanted("none"))
    assert not outcome.failed, outcome.cells[-1].outputs


@pytest.mark.parametrize("code", DOES.values(), ids=DOES)
def test_what_needs_none_goes_on(alone: Ran, code: str) -> None:
    outcome = alone(code)
    assert not outcome.failed, outcome.cells[-1].outputs


def test_where_a_gpu_is_granted_its_driver_s_sockets_are_there(alone: Ran) -> None:
    outcome = alone(MANAGER, wanted=Wanted("auto", frozenset({"gpu"})))
    assert not outcome.failed, outcome.cells[-1].outputs


COPY = "import shutil\nopen('a', 'w').close()\nshutil.copy('a', 'b')"


@pytest.mark.parametrize(
    ("code", "hinted"), [(COPY, True), (COPY.replace("copy(", "copyfile("), None), ("1 / 0", False)]
)
def test_what_bubblewrap_would_allow_is_told(alone: Ran, code: str, hinted: bool | None) -> None:
    outcome = alone(code)
    told = [
        one.help.startswith("without bubblewrap cells have no UNIX sockets")
        for one in failures(made(code).note, outcome)
    ]
    assert told == ([] if hinted is None else [hinted])
