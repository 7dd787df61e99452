"""What a note asks of the process that runs it: a seed, threads, a device. Each test starts processes."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, TypeAlias

import pytest

from kbtool.cells import graphics, runner, warm
from kbtool.cells.failures import failures
from kbtool.cells.plan import Environment, Session, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.outcomes import Outcome
from kbtool.values import CellOptions, NoteId, NoteOptions
from tests.cells_notes import Made, made

Run: TypeAlias = Callable[..., Outcome]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def asking(options: NoteOptions, *codes: str | tuple[str, CellOptions]) -> Made:
    """A note that asks for something."""
    given = made(*codes)
    return given._replace(note=given.note._replace(options=options))


def session(options: NoteOptions, *codes: str | tuple[str, CellOptions]) -> Session:
    (only,) = plan([asking(options, *codes).note], Config(timeout=60), Environment("", "")).sessions
    return only


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(tmp_path_factory.mktemp("cache"), Environment("", ""))


@pytest.fixture(params=["warm", "alone"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sessions of a warm parent, and ones that start by themselves."""
    if request.param == "alone":
        monkeypatch.setattr(warm.Zygote, "fork", lambda *_: None)


def printed(outcomes: Iterable[Outcome]) -> str:
    (only,) = outcomes
    assert not only.failed, only.cells
    return "".join(output.text for cell in only.cells for output in cell.outputs).strip()


RANDOM = "import random, numpy, torch\nprint(random.random(), numpy.random.rand(), torch.rand(1).item())"


@pytest.mark.usefixtures("way")
def test_the_seed_decides_what_is_random(settings: Settings) -> None:
    sessions = [replace(session(NoteOptions(seed=seed), RANDOM), note=NoteId(str(seed))) for seed in (None, 0, 7)]
    said = {one.note: printed([one]).split() for one in run(sessions, settings)}
    assert said[NoteId("None")] == said[NoteId("0")]
    assert not set(said[NoteId("0")]) & set(said[NoteId("7")])


@pytest.mark.usefixtures("way")
def test_threads_are_those_that_the_note_asks_for(settings: Settings) -> None:
    code = "import torch, os\nprint(torch.get_num_threads(), os.environ['OMP_NUM_THREADS'])"
    assert printed(run([session(NoteOptions(cpus=3), code)], settings)) == "3 3"


THREADS = "import numpy, os\nx = numpy.ones((900, 900))\ny = x @ x\nprint(len(os.listdir('/proc/self/task')))"


@pytest.mark.skipif(CORES < 2 or not Path("/proc/self/task").exists(), reason="needs Linux and two cores")
@pytest.mark.usefixtures("way")
def test_numpy_computes_with_as_many(settings: Settings) -> None:
    assert int(printed(run([session(NoteOptions(cpus=CORES), THREADS)], settings))) == CORES
    assert printed(run([session(NoteOptions(cpus=1), THREADS)], settings)) == "1"


VISIBLE = "import os\nprint(repr(os.environ.get('CUDA_VISIBLE_DEVICES')))"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("device", "seen"), [("cpu", "''"), ("auto", "'0'")])
def test_a_session_for_the_cpu_sees_no_gpu(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, device: str, seen: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    assert printed(run([session(NoteOptions(device=device), VISIBLE)], settings)) == seen  # type: ignore[arg-type]


CUDA = NoteOptions(device="cuda")


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever this machine has, sessions see no GPU."""
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")


@pytest.mark.usefixtures("way", "no_gpu")
def test_without_a_gpu_nothing_of_a_note_for_one_is_run(settings: Settings, tmp_path: Path) -> None:
    codes = (f"open({str(tmp_path / 'ran')!r}, 'w')", CellOptions(raises="Exception")), "2"
    (outcome,) = run([session(CUDA, *codes)], settings)
    assert not (tmp_path / "ran").exists()
    assert [cell.state for cell in outcome.cells] == ["failed", "skipped"]
    assert outcome.failed
    note = asking(CUDA, *codes)
    (problem,) = failures(note.note, outcome)
    assert problem.rule == "needs-device"
    assert problem.span == note.note.cells[0].span
    assert problem.message == "the note asks for `device=cuda`: PyTorch finds no CUDA device on this machine"


@pytest.mark.parametrize(("seen", "hidden"), [("", True), ("0", False), (None, False)])
def test_a_gpu_that_was_not_granted_is_hidden(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, seen: str | None, hidden: bool
) -> None:
    (tmp_path / "0000:00:1e.0").mkdir()
    monkeypatch.setattr(graphics, "_GPUS", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if seen is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen)
    assert graphics.is_hidden() is hidden


def test_a_hidden_gpu_is_named_with_what_grants_it() -> None:
    assert runner._lacking("cuda", 0, hidden=True) == "sessions may not use this machine's GPU without `--allow gpu`"
    assert runner._lacking("cpu", 0, hidden=True) == ""


def test_a_machine_without_a_gpu_hides_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(graphics, "_GPUS", str(tmp_path / "none"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not graphics.is_hidden()


class Gpu:
    """What a session sees of PyTorch where there is a GPU."""

    def is_available(self) -> bool:
        return True

    def get_device_name(self) -> str:
        return "NVIDIA A40"

    def get_device_properties(self, number: int) -> SimpleNamespace:
        return SimpleNamespace(total_memory=(48 << 30) - number)


@pytest.mark.parametrize(
    ("device", "memory", "why"),
    [
        ("cuda", 0, ""),
        ("cuda", 40 << 30, ""),
        ("cuda", 80 << 30, "it needs 80.0 GiB of a GPU's memory, and NVIDIA A40 has 48.0 GiB"),
        ("auto", 80 << 30, ""),
    ],
)
def test_a_gpu_must_have_the_memory(monkeypatch: pytest.MonkeyPatch, device: str, memory: int, why: str) -> None:
    monkeypatch.setitem(sys.modules, "torch", ModuleType("torch"))
    monkeypatch.setitem(sys.modules, "torch.cuda", Gpu())
    assert runner._lacking(device, memory, hidden=False) == why


DONE: dict[str, Any] = {
    "end": 3,
    "state": "ok",
    "outputs": [["value", "1", []]],
    "error": None,
    "seconds": 1.0,
    "values": [],
}


def test_what_a_gpu_was_asked_for_must_have_used_it() -> None:
    assert runner._asserted(DONE, "cuda:NVIDIA A40") is DONE
    failed = runner._asserted(DONE, "cpu")
    assert (failed["state"], failed["error"][0]) == ("failed", "DeviceError")
    assert failed["outputs"][0] == DONE["outputs"][0]


class Driver:
    """CUDA's driver as `cuda.h` has it, for two GPUs: on which of them there is a context, and whose own is current."""

    MODELS = (b"NVIDIA A40", b"NVIDIA H100")

    def __init__(self, primary: tuple[int, ...] = (), own: int | None = None, error: int = 0) -> None:
        self.primary, self.own, self.error = primary, own, error

    def cuDeviceGetCount(self, count: Any) -> int:  # noqa: N802 -- its names
        count._obj.value = len(self.MODELS)
        return self.error

    def cuDevicePrimaryCtxGetState(self, number: int, _: Any, active: Any) -> int:  # noqa: N802
        active._obj.value = number in self.primary
        return 0

    def cuCtxGetCurrent(self, context: Any) -> int:  # noqa: N802
        context._obj.value = None if self.own is None else 0xC0DE
        return 0

    def cuCtxGetDevice(self, number: Any) -> int:  # noqa: N802
        number._obj.value = self.own
        return 0

    def cuDeviceGetName(self, name: Any, _: int, number: int) -> int:  # noqa: N802
        name.value = self.MODELS[number]
        return 0


@pytest.mark.parametrize(
    ("driver", "device"),
    [
        (None, "cpu"),  # nobody has loaded it
        (Driver(primary=(0,), error=3), "cpu"),  # nobody has begun with it
        (Driver(), "cpu"),  # it was asked what there is, and nothing was computed
        (Driver(primary=(0, 1)), "cuda:NVIDIA A40"),
        (Driver(primary=(1,)), "cuda:NVIDIA H100"),
        (Driver(own=1), "cuda:NVIDIA H100"),
    ],
)
def test_a_gpu_is_used_where_there_is_a_context(
    monkeypatch: pytest.MonkeyPatch, driver: Driver | None, device: str
) -> None:
    monkeypatch.setattr(graphics, "_driver", lambda: driver)
    assert graphics.device() == device


@pytest.mark.usefixtures("no_gpu")
def test_other_notes_of_the_run_are_run(settings: Settings) -> None:
    both = [session(CUDA, "1"), session(NoteOptions(), "2")]
    assert sorted(outcome.failed for outcome in run(both, settings)) == [False, True]


def test_a_note_for_a_gpu_has_pytorch_imported_in_advance() -> None:
    assert warm.preloads([session(CUDA, "1")]) == ("torch",)
    assert warm.preloads([session(NoteOptions(), "1")]) == ()
