"""The process of a session: the program that `cells.process` starts, or that a warm parent becomes.

It imports nothing but the standard library, and is two processes. The supervisor, which the caller starts or has
`zygote` fork, adopts whatever the note's code leaves behind and kills it when the session ends, when the caller says
so, or when the process that it comes from is gone. The runner, which it forks, executes the cells (see `runner`).

Arguments: file descriptors of the supervisor's line to the caller (end of file: kill; `d`: dump where the runner is;
it tells how the session stands and the bytes that it took, when it has outgrown its limits and when it has ended),
of the runner's line (JSON a line; the caller answers questions with a byte), of the dumps, and of the task (JSON); and
the bytes of memory that the session may take, 0 for any. With one descriptor alone it is the warm parent of sessions
(see `zygote`).
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
from math import inf
from typing import Any, NoReturn

_PROCESSES = 512  # of one session at once
_LAST = 1.0  # seconds for the caller to ask where a session is that has outgrown its limits


def main() -> NoReturn:
    """The session of a process of its own, or the warm parent of many."""
    given, programs = [int(word) for word in sys.argv[1:]], (_sibling("runner"), _sibling("weighing"))
    if len(given) == 1:
        _sibling("zygote").serve(given[0], lambda asked: supervise(asked, programs))
    supervise(given, programs)


def _sibling(name: str) -> types.ModuleType:
    """A module beside this file, which is run by its path and belongs to no package."""
    module = types.ModuleType(f"_kbtool_{name}")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{name}.py")  # noqa: PTH118, PTH120, PTH100
    SourceFileLoader(module.__name__, path).exec_module(module)
    return module


def supervise(given: list[int], programs: tuple[types.ModuleType, types.ModuleType]) -> NoReturn:
    """Fork the runner and watch over it, as long as the process that this one comes from is there."""
    caller = os.getppid()
    line, control, dumps, task, memory = given
    program, weighing = programs
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
    with suppress(OSError):  # root alone may, whose processes the kernel does not count: thousands would leave no time
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    _supervise(runner, (line, caller), weighing.Scales(memory, _PROCESSES))


def _prctl(option: int, value: int) -> None:
    """Linux alone has it; elsewhere a process that leaves its group outlives the session."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


# ---------------------------------------------------------------- the supervisor


def _supervise(runner: int, above: tuple[int, int], scales: Any) -> NoReturn:
    (line, caller), until = above, inf
    watched = [line]
    with suppress(AttributeError, OSError):  # Linux; elsewhere the runner's end is noticed a little later
        watched.append(os.pidfd_open(runner))
    status: int | None = None
    while status is None and time.monotonic() < until:
        ready, _, _ = select.select(watched, [], [], scales.patience if len(watched) > 1 else 0.02)
        word = os.read(line, 1) if line in ready else b"-"
        if word == b"d":
            os.kill(runner, signal.SIGUSR1)
            os.kill(runner, signal.SIGCONT)  # where it was stopped
        status = _reap().get(runner)
        if not word or os.getppid() != caller:
            break
        if not ready and until == inf and (outgrown := scales.look()):
            if outgrown != scales.heavy:  # what multiplies would go on meanwhile
                _stop(runner)
            _say(line, outgrown, scales.peak)
            until = time.monotonic() + _LAST
    _kill_everything(runner)
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss << (0 if sys.platform == "darwin" else 10)
    told = -1 if status is None else os.waitstatus_to_exitcode(status) % 256
    if not _say(line, told, max(largest, scales.peak)):  # nobody else takes the working directory away
        _sibling("removing").remove(os.getcwd())  # noqa: PTH109
    os._exit(0)


def _stop(runner: int) -> None:
    with suppress(OSError):
        os.killpg(runner, signal.SIGSTOP)


def _say(line: int, status: int, memory: int) -> bool:
    """Tell the caller how the session stands and how much memory it took; whether there is still a caller."""
    try:
        os.write(line, b"%d %d\n" % (status, memory))
    except OSError:
        return False
    return True


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
