"""Runs a session as several processes under PyTorch's own launcher, the one behind `torchrun`.

It is loaded by `runner` and imports nothing but the standard library and PyTorch. The process that executes the cells
of other sessions becomes the launcher here; the ranks are forked from it, and each executes all cells. A cell begins
where rank 0 begins it, and ends when all ranks have come to its end. Rank 0 speaks for all. A rank whose cell fails
writes down why and leaves; then the launcher stops the others, and what the first one wrote is told.
"""

from __future__ import annotations

import ctypes
import faulthandler
import json
import multiprocessing
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.util import Finalize
from typing import Any, NamedTuple, NoReturn

_HERE = "127.0.0.1"
_OF_GLOO = "/sys/bus/pci/devices"  # where Gloo looks for network devices; it gives up where it may not
_LOOK = 0.05  # seconds between two looks of the launcher at its processes
_GRACE = 0.3  # seconds in which a rank that crashed is seen before those leave that failed because of it
_SEEN = 2.0  # seconds in which the launcher sees that a rank ended badly, and stops the others
_DUMP = 0.2  # seconds for all ranks to write where they are
_DUMPED = 60_000  # bytes: what a pipe holds
_ENDINGS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
_ALL = 1_000_000  # more than any priority of what is done when a process of `multiprocessing` ends
_BLIND = "PYTORCH_NVML_BASED_CUDA_CHECK"  # CUDA that was begun before a fork cannot be used after it


class _Rank(NamedTuple):
    """What a rank is known by: files without names for what it reports and dumps, and a line to rank 0."""

    number: int
    report: int
    dump: int
    near: socket.socket  # rank 0's end
    far: socket.socket


def launch(work: dict[str, Any], ends: tuple[Any, int], perform: Callable[[Any], None]) -> str:
    """Run `perform` in each rank and leave; else why no rank could begin.

    `ends` are the line to the caller, and where dumps go; `perform` executes all cells and reports on them to a line.
    """
    if why := _refusal(work):
        return why
    line, dumps = ends
    ranks = [_rank(number) for number in range(work["processes"])]
    streams = _put_aside()
    faulthandler.unregister(signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, lambda *_: _dump(ranks, dumps))
    api = sys.modules["torch.distributed.launcher.api"]
    errors = sys.modules["torch.distributed.elastic.multiprocessing.errors"]
    os.environ[_BLIND] = "1"
    _let_go_after_forks(ranks)
    try:
        api.elastic_launch(_settings(api, len(ranks)), lambda: _be_rank(ranks, streams, (line, perform)))()
    except errors.ChildFailedError as error:
        _tell_failure(ranks, {rank: failure.exitcode for rank, failure in error.failures.items()}, ends)
    except Exception as error:  # noqa: BLE001 -- its own, of many kinds
        return f"PyTorch's launcher gave up: {type(error).__name__}: {error}"
    os._exit(0)


def _rank(number: int) -> _Rank:
    report, dump = (os.memfd_create(f"kbtool-{what}") for what in ("report", "dump"))
    return _Rank(number, report, dump, *socket.socketpair())


def _refusal(work: dict[str, Any]) -> str:
    """Why a session cannot be run so here; empty when it can."""
    if any(cell["kind"] == "bash" for cell in work["cells"]):
        return "PyTorch's launcher runs Python, and a cell of this note is bash: put that into another note"
    if sys.platform != "linux":
        return "a session of several processes needs Linux"
    try:
        __import__("torch.distributed")
        if not sys.modules["torch.distributed"].is_available():
            return "this PyTorch is built without torch.distributed: install another build of it"
        __import__("torch.distributed.launcher.api")
    except Exception as error:  # noqa: BLE001 -- whatever an import raises
        return f"it needs PyTorch, which cannot be imported ({error}): install the package torch"
    try:
        socket.create_server((_HERE, 0)).close()
        with suppress(FileNotFoundError):
            os.listdir(_OF_GLOO)  # noqa: PTH208
    except OSError as error:
        return (
            f"its processes talk over {_HERE}, which a sandbox without bubblewrap does not allow ({error.strerror}): "
            "install bubblewrap"
        )
    return ""


def _settings(api: Any, count: int) -> Any:
    """As of `torchrun --standalone --nproc-per-node N`: one machine, a free port, no second try."""
    logs = sys.modules["torch.distributed.elastic.multiprocessing"].DefaultLogsSpecs(log_dir=os.devnull)
    return api.LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        run_id="kbtool",
        rdzv_backend="c10d",
        rdzv_endpoint=f"{_HERE}:0",
        local_addr=_HERE,
        max_restarts=0,
        monitor_interval=_LOOK,
        start_method="fork",
        logs_specs=logs,
    )


def _put_aside() -> tuple[int, int]:
    """Keep the two streams for rank 0: what the launcher itself and other ranks print is shown nowhere."""
    kept = os.dup(1), os.dup(2)
    nothing = os.open(os.devnull, os.O_WRONLY)
    for fd in (1, 2):
        os.dup2(nothing, fd)
    os.close(nothing)
    return kept


def _let_go_after_forks(ranks: Sequence[_Rank]) -> None:
    """Have the launcher close the ranks' lines when all are forked: so a rank that ends is noticed by the others."""
    launcher, left = os.getpid(), [rank.number for rank in ranks]

    def forked() -> None:
        if os.getpid() == launcher and left:
            left.pop()
            for rank in [] if left else ranks:
                _close(rank.near, rank.far)

    os.register_at_fork(after_in_parent=forked)


def _close(*ends: socket.socket) -> None:
    for end in ends:
        end.close()


# ---------------------------------------------------------------- a rank


def _be_rank(ranks: Sequence[_Rank], streams: tuple[int, int], given: tuple[Any, Callable[[Any], None]]) -> None:
    """Execute the cells as the rank that this process is."""
    line, perform = given
    mine = ranks[int(os.environ["RANK"])]
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG: not without the launcher
    for number in _ENDINGS:  # the launcher's own way with them would wait for Python, which may wait for another rank
        signal.signal(number, signal.SIG_DFL)
    faulthandler.enable(mine.dump, all_threads=False)
    faulthandler.register(signal.SIGUSR1, mine.dump, all_threads=False)
    os.environ.pop(_BLIND, None)
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    if mine.number == 0:
        for kept, fd in zip(streams, (1, 2), strict=True):
            os.dup2(kept, fd)
    for kept in streams:
        os.close(kept)
    for rank in ranks:
        _close(*([rank.far] if mine.number == 0 else [rank.near, rank.far] if rank is not mine else [rank.near]))
    perform(_First(mine, line, ranks[1:]) if mine.number == 0 else _Other(mine, line))
    # What follows is the launcher's; then it leaves without waiting for threads, as every session does.
    Finalize(None, os._exit, (0,), exitpriority=_ALL)


def _leave_if_failed(rank: _Rank, report: dict[str, Any]) -> None:
    """A cell that failed ends its rank."""
    if report.get("state") == "failed":
        os.write(rank.report, json.dumps({"time": time.monotonic(), "report": report}).encode())
        time.sleep(_GRACE)
        os._exit(1)


class _First:
    """The line of rank 0, which speaks for all."""

    def __init__(self, rank: _Rank, line: Any, others: Sequence[_Rank]) -> None:
        self.rank = rank
        self.line = line
        self.owner = os.getpid()
        self.others = [(one.number, one.near, one.near.makefile("rb")) for one in others]

    def tell(self, message: dict[str, Any]) -> None:
        """Begin a cell, and let the others begin it."""
        self.line.tell(message)
        self.let_go_on()

    def let_go_on(self) -> None:
        """Have the others go on, who wait."""
        for _, near, _ in self.others:
            with suppress(OSError):  # it has ended: that is noticed below
                near.send(b".")

    def ask(self, message: dict[str, Any]) -> None:
        """Report on a cell, or on the session, when all have come so far."""
        if "sync" in message:
            self.line.ask(message)
            return
        _leave_if_failed(self.rank, message)
        said = [self.said(number, file) for number, _, file in self.others]
        if "trace" in message:
            self.line.ask(_together(message, said))
            self.let_go_on()
        else:
            self.line.ask(message)

    def said(self, number: int, file: Any) -> dict[str, Any]:
        """What another rank says when it has come to an end."""
        told = b""
        with suppress(OSError):
            told = file.readline()
        found: dict[str, Any] = json.loads(told or _tell_missing(number, self.line))
        return found


class _Other:
    """The line of another rank, to rank 0."""

    def __init__(self, rank: _Rank, line: Any) -> None:
        self.rank = rank
        self.line = line
        self.owner = os.getpid()

    def tell(self, _message: dict[str, Any]) -> None:
        """Wait until rank 0 begins the cell, or leaves."""
        with suppress(OSError):
            if self.rank.far.recv(1):
                return
        _tell_missing(0, self.line)

    def ask(self, message: dict[str, Any]) -> None:
        """Report on a cell, or on the session."""
        if "sync" not in message:
            _leave_if_failed(self.rank, message)
            with suppress(OSError):  # rank 0 has ended: that is noticed below
                self.rank.far.sendall(json.dumps(message if "trace" in message else {}).encode() + b"\n")
        if "trace" in message:
            self.tell({})


def _tell_missing(number: int, line: Any) -> NoReturn:
    """Another rank is gone: if the launcher does not mind, it has left as if all were well."""
    time.sleep(_SEEN)
    line.tell({"lost": number, "status": 0})
    while True:
        signal.pause()


def _together(message: dict[str, Any], others: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What all ranks imported, computed on and looked at."""
    said = [message, *others]
    device = next((one["device"] for one in said if one["device"] != "cpu"), "cpu")
    trace = {kind: sorted({name for one in said for name in one["trace"][kind]}) for kind in message["trace"]}
    return {"device": device, "modules": sorted({name for one in said for name in one["modules"]}), "trace": trace}


# ---------------------------------------------------------------- what went wrong


def _tell_failure(ranks: Sequence[_Rank], codes: dict[int, int], ends: tuple[Any, int]) -> None:
    """Tell the caller which rank failed first, and why; `codes` are of those that the launcher saw leave."""
    line, dumps = ends
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    reports = {rank.number: json.loads(data) for rank in ranks if (data := _content(rank.report))}
    gone = [number for number in sorted(codes) if number not in reports]
    if gone or not reports:
        lost = gone[0] if gone else 0
        _pass_on([ranks[lost]], dumps)
        line.tell({"lost": lost, "status": codes[lost] % 256})
        return
    first = min(reports.values(), key=lambda one: one["time"])["report"]["error"]
    number = next(one for one in sorted(reports) if reports[one]["report"]["error"] == first)
    line.ask(_of_rank(number, reports[number]["report"]))


def _of_rank(number: int, report: dict[str, Any]) -> dict[str, Any]:
    """The report of a rank on a cell that failed, under its name; of others than rank 0 only the error is shown."""
    name, message, at = report["error"]
    outputs = [
        [kind, f"On rank {number}:\n{text}" if kind == "error" else text, forms]
        for kind, text, forms in report["outputs"]
        if kind == "error" or number == 0
    ]
    return {**report, "outputs": outputs, "error": [name, f"rank {number}: {message}", at]}


def _content(file: int) -> bytes:
    return os.pread(file, os.fstat(file).st_size, 0)


def _dump(ranks: Sequence[_Rank], dumps: int) -> None:
    """Write where all ranks are."""
    for child in multiprocessing.active_children():
        with suppress(OSError):
            os.kill(child.pid or 0, signal.SIGUSR1)
    deadline = time.monotonic() + _DUMP
    while time.monotonic() < deadline and not all(_content(rank.dump) for rank in ranks):
        time.sleep(0.005)
    time.sleep(0.02)  # a dump is written piece by piece
    _pass_on(ranks, dumps)


def _pass_on(ranks: Sequence[_Rank], dumps: int) -> None:
    """Write what ranks have dumped, each under its name."""
    found = b"".join(b"rank %d\n%s\n" % (rank.number, data) for rank in ranks if (data := _content(rank.dump)))
    with suppress(OSError):
        os.write(dumps, found[:_DUMPED])
