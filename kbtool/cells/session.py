"""The process of a session: the program that `cells.process` starts, or that a warm parent becomes.

It imports nothing but the standard library, and is two processes. The supervisor, which the caller starts or has
`zygote` fork, adopts whatever the note's code leaves behind and kills it when the session ends, when the caller says
so, or when the process that it comes from is gone. The runner, which it forks, executes the cells (see `runner`).

Arguments: file descriptors of the supervisor's line to the caller (end of file: kill; `d`: dump where the runner is),
of the runner's line (JSON a line; the caller answers questions with a byte), of the dumps, and of the task (JSON). With
one descriptor alone it is the warm parent of sessions (see `zygote`).
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import time
import types
from contextlib import suppress
from importlib.machinery import SourceFileLoader
from typing import NoReturn

_PATIENCE = 0.5  # seconds between two looks at what the session has become
_PROCESSES = 512  # of one session at once
_CROWDED = 256  # the exit status, which no process can have, of a session that had more


def main() -> NoReturn:
    """The session of a process of its own, or the warm parent of many."""
    ends, runner = [int(word) for word in sys.argv[1:]], _sibling("runner")
    if len(ends) == 1:
        _sibling("zygote").serve(ends[0], lambda given: supervise(given, runner))
    supervise(ends, runner)


def _sibling(name: str) -> types.ModuleType:
    """A module beside this file, which is run by its path and belongs to no package."""
    module = types.ModuleType(f"_kbtool_{name}")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")  # noqa: PTH118, PTH120, PTH100
    SourceFileLoader(module.__name__, path).exec_module(module)
    return module


def supervise(ends: list[int], program: types.ModuleType) -> NoReturn:
    """Fork the runner and watch over it, as long as the process that this one comes from is there."""
    caller = os.getppid()
    line, control, dumps, task = ends
    _prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: orphans of this session become children of this process
    runner = os.fork()
    if runner == 0:
        os.close(line)
        _prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        program.run((control, dumps, task), _sibling)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for held in (control, dumps, task, 1, 2):
        os.close(held)
    _supervise(runner, line, caller)


def _prctl(option: int, value: int) -> None:
    """Linux alone has it; elsewhere a process that leaves its group outlives the session."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# ---------------------------------------------------------------- the supervisor


def _supervise(runner: int, line: int, caller: int) -> NoReturn:
    watched, crowded = [line], False
    with suppress(AttributeError, OSError):  # Linux; elsewhere the runner's end is noticed a little later
        watched.append(os.pidfd_open(runner))
    status: int | None = None
    while status is None:
        ready, _, _ = select.select(watched, [], [], _PATIENCE if len(watched) > 1 else 0.02)
        word = os.read(line, 1) if line in ready else b"-"
        if word == b"d":
            os.kill(runner, signal.SIGUSR1)
        status = _reap().get(runner)
        crowded = not ready and _is_crowded()
        if not word or crowded or os.getppid() != caller:
            break
    _kill_everything(runner)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> (10 if sys.platform == "darwin" else 0)
    try:
        told = -1 if status is None else os.waitstatus_to_exitcode(status) % 256
        os.write(line, b"%d %d\n" % (_CROWDED if crowded else told, peak))
    except OSError:  # the caller is gone: nobody else takes the working directory away
        _sibling("removing").remove(os.getcwd())  # noqa: PTH109
    os._exit(0)


def _is_crowded() -> bool:
    """Whether this process has more descendants than a session may have, which the kernel does not count for root."""
    parents: dict[int, int] = {}
    with suppress(OSError):
        for name in os.listdir("/proc"):  # noqa: PTH208
            with suppress(OSError, ValueError, IndexError):
                if name.isdigit():
                    with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                        parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
    if len(parents) <= _PROCESSES:
        return False
    ours = {os.getpid()}
    for pid in sorted(parents):  # numbers rise with age, but for those that begin anew
        if parents[pid] in ours:
            ours.add(pid)
    return len(ours) > _PROCESSES


def _reap() -> dict[int, int]:
    """The statuses of the children that have ended."""
    ended = {}
    with suppress(ChildProcessError):
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            ended[pid] = status
    return ended


def _kill_everything(runner: int) -> None:
    """Kill the runner and all that came of it: whoever loses its parent becomes a child of this process."""
    with suppress(OSError):
        os.killpg(runner, signal.SIGKILL)
    # A process in the kernel's hands cannot be killed; five seconds are more than others need.
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for child in _children():
            with suppress(OSError):
                os.kill(child, signal.SIGKILL)
        _reap()
        try:
            os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        time.sleep(0.001)


def _children() -> list[int]:
    own = os.getpid()
    with suppress(OSError), open(f"/proc/{own}/task/{own}/children", encoding="ascii") as file:  # noqa: PTH123
        return [int(word) for word in file.read().split()]
    return []


if __name__ == "__main__":
    main()
