"""The process of one session, as its caller holds it: started, read without waiting, and killed with all it started."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kbtool.cells.library import named_cells
from kbtool.cells.plan import Session
from kbtool.cells.warm import Zygote, preloads
from kbtool.config import KbError

_PASSED = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "CUDA_HOME", "SYSTEMROOT")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_CHUNK = 1 << 16  # what a pipe holds


@dataclass(frozen=True, slots=True)
class Pipes:
    """The caller's ends: the supervisor's line, the runner's, what `faulthandler` dumps, and the two streams."""

    line: socket.socket
    control: socket.socket
    dumps: IO[bytes]
    stdout: IO[bytes]
    stderr: IO[bytes]


@dataclass(frozen=True, slots=True)
class Process:
    """A running session; `scratch` is its working directory, empty at first.

    `pid` is its supervisor's, `child` is None when somebody else started it.
    """

    pid: int
    child: subprocess.Popen[bytes] | None
    pipes: Pipes
    scratch: str


@dataclass(frozen=True, slots=True)
class Nursery:
    """What all sessions of a run start with: threads for each, and the folder where matplotlib keeps its font list.

    `base` is where inputs and modules lie, `states` where sessions that did not come to their end keep checkpoints.
    `zygote` is their warm parent, None where each starts by itself.
    """

    threads: int
    plots: Path
    base: Path | None
    states: Path
    zygote: Zygote | None

    def close(self) -> None:
        """End the warm parent."""
        if self.zygote is not None:
            self.zygote.close()


def nursery(sessions: Sequence[Session], threads: int, plots: Path, base: Path | None = None) -> Nursery:
    """What sessions start with."""
    can_fork = sys.platform == "linux"  # on macOS a fork of what has used its frameworks may crash
    environment = _environment(str(plots), threads, plots)
    try:
        zygote = Zygote(preloads(sessions), environment, "/") if can_fork else None
    except OSError:
        zygote = None
    return Nursery(threads, plots, base, plots.with_name("state"), zygote)


def start(session: Session, given: Nursery) -> Process:
    """Start a session's process."""
    if sys.platform == "win32":
        raise KbError("running cells needs Linux or macOS\non Windows, use WSL")
    try:
        scratch = tempfile.mkdtemp(prefix="kbtool-")
        with ExitStack() as undo:  # Ctrl-C comes while the warm parent imports, too
            undo.callback(shutil.rmtree, scratch, ignore_errors=True)
            _lay_out(session, scratch, given.base)
            started = _start(session, scratch, given)
            undo.pop_all()
        return started
    except OSError as error:
        raise KbError(f"cannot start a process for {session.note}: {error.strerror}\nfree memory or disk") from error


def _state(session: Session, given: Nursery) -> str:
    """The folder in which a session finds what it kept when it did not come to its end; empty where there is none."""
    folder = given.states / session.key
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
    return ""


def forget_state(session: Session, given: Nursery) -> None:
    """Take away the checkpoints of a session that came to its end."""
    shutil.rmtree(given.states / session.key, ignore_errors=True)


def _lay_out(session: Session, scratch: str, base: Path | None) -> None:
    """Copy the session's inputs into its folder: it finds them by their paths in the base, and cannot change them."""
    if base is None:
        return
    for path in session.files:
        copy = Path(scratch, path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):  # gone since it was listed: the session finds that out
            shutil.copyfile(base / path, copy)


def _start(session: Session, scratch: str, given: Nursery) -> Process:
    threads = session.cpus or given.threads
    no_gpu = {"CUDA_VISIBLE_DEVICES": ""} if session.device == "cpu" else {}
    environment = {**_environment(scratch, threads, given.plots), **no_gpu, "KBTOOL_STATE": _state(session, given)}
    line, its_line = socket.socketpair()
    control, its_control = socket.socketpair()
    (dumps, its_dumps), (stdout, its_stdout), (stderr, its_stderr) = os.pipe(), os.pipe(), os.pipe()
    pipes = Pipes(line, control, os.fdopen(dumps, "rb"), os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb"))
    with its_line, its_control, _task(session, scratch, given) as task:
        ends = (its_line.fileno(), its_control.fileno(), its_dumps, task.fileno())
        try:
            request = {"folder": scratch, "environment": environment, "threads": threads}
            pid = given.zygote.fork(request, (*ends, its_stdout, its_stderr)) if given.zygote else None
            child = _spawned(ends, (its_stdout, its_stderr), (scratch, environment)) if pid is None else None
        finally:
            for fd in (its_dumps, its_stdout, its_stderr):
                os.close(fd)
    for end in (pipes.line, pipes.control, pipes.dumps, pipes.stdout, pipes.stderr):
        os.set_blocking(end.fileno(), False)
    return Process(child.pid if child else pid or 0, child, pipes, scratch)


def _spawned(
    ends: tuple[int, ...], streams: tuple[int, int], where: tuple[str, Mapping[str, str]]
) -> subprocess.Popen[bytes]:
    """A session's process without a warm parent."""
    return subprocess.Popen(
        # -P and -s: no module comes from the working directory, from this file's, or from the home directory.
        [sys.executable, "-P", "-s", str(Path(__file__).with_name("session.py")), *map(str, ends)],
        stdin=subprocess.DEVNULL,
        stdout=streams[0],
        stderr=streams[1],
        cwd=where[0],
        env=where[1],
        pass_fds=ends,
        start_new_session=True,
    )


def _task(session: Session, scratch: str, given: Nursery) -> IO[bytes]:
    """The session's task as a file without a name, from which the child reads."""
    own = {scratch, str(given.plots), str(given.states), *_python_folders()}
    modules = [{"name": one.name, "cells": named} for one, named in named_cells(session.imported)]
    task = {
        "cells": [
            {"index": step.index, "kind": step.kind, "code": step.code, "raises": step.raises} for step in session.steps
        ],
        "imports": session.imports,
        "imported": {"modules": modules, "meant": session.imported.meant},
        "seed": session.seed,
        "cpus": session.cpus,
        "device": session.device,
        "gpu_memory": session.gpu_memory,
        "launch": session.launch,
        "output_limit": session.output_limit,
        "base": str(given.base or ""),
        "own": sorted({f"{folder.rstrip('/')}/" for folder in own}),
    }
    file = tempfile.TemporaryFile()  # noqa: SIM115 -- the caller closes it
    file.write(json.dumps(task).encode())
    file.seek(0)
    return file


def _environment(scratch: str, threads: int, plots: Path) -> Mapping[str, str]:
    """The whole environment of a session: nothing of the person's gets in but where programs and devices are."""
    fixed = {
        "HOME": scratch,
        "TMPDIR": scratch,
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONHASHSEED": "0",
        "PYTHONUTF8": "1",
        "MPLBACKEND": "Agg",
        "MPLCONFIGDIR": str(plots) if os.access(plots, os.W_OK) else scratch,
        "KBTOOL": "1",
    }
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    return passed | fixed | dict.fromkeys(_THREADS, str(threads))


def stable_environment(threads: int) -> Mapping[str, str]:
    """The environment of sessions, with `.` for folders that each has for itself."""
    return _environment(".", threads, Path())


def read(end: IO[bytes] | socket.socket) -> bytes | None:
    """What there is to read, empty at the end of file, None when there is nothing yet."""
    try:
        return os.read(end.fileno(), _CHUNK)
    except BlockingIOError:
        return None
    except OSError:
        return b""


def answer(process: Process) -> None:
    """Let the runner go on."""
    with suppress(OSError):
        process.pipes.control.send(b".")


def ask_for_dump(process: Process) -> None:
    """Make the runner write where it is, even if it hangs in C."""
    with suppress(OSError):
        process.pipes.line.send(b"d")


def kill(process: Process) -> None:
    """Have the session killed, with all it started; its line ends when that is done."""
    with suppress(OSError):
        process.pipes.line.shutdown(socket.SHUT_WR)


def end(process: Process) -> None:
    """Take away what is left of a session: its process, its pipes, and its working directory."""
    pipes = process.pipes
    if not _has_ended(pipes.line):  # somebody stopped the supervisor itself
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.child is not None:
        process.child.wait()
    for one in (pipes.line, pipes.control, pipes.dumps, pipes.stdout, pipes.stderr):
        one.close()
    shutil.rmtree(process.scratch, ignore_errors=True)


def _has_ended(line: socket.socket) -> bool:
    """Whether the supervisor's line ends within two seconds, as it does when the supervisor has killed everything."""
    line.settimeout(2)
    with suppress(OSError):
        while line.recv(64):
            pass
        return True
    return False


def _python_folders() -> set[str]:
    """Where Python, the installed packages and kbtool itself lie."""
    ours = str(Path(__file__).parents[1])
    return {*sysconfig.get_paths().values(), sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), ours}


def machine_paths(scratch: str) -> tuple[tuple[str, str], ...]:
    """Folders of this machine and what stands for them on a page, longer ones first."""
    paths = sysconfig.get_paths()
    packages = {folder: "site-packages" for name in ("purelib", "platlib") if (folder := paths[name])}
    known = packages | {paths["stdlib"]: "python", sys.prefix: "python", sys.base_prefix: "python"}
    known |= {os.path.realpath(scratch): ".", scratch: "."}
    home = str(Path("~").expanduser())
    if len(home) > 1:
        known[home + "/"] = "~/"
    return tuple(sorted(known.items(), key=lambda pair: -len(pair[0])))
