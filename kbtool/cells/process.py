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
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from kbtool.cells.plan import SEED, Session
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
    """A running session; `scratch` is its working directory, empty at first."""

    child: subprocess.Popen[bytes]
    pipes: Pipes
    scratch: str


def start(session: Session, threads: int, plots: Path) -> Process:
    """Start a session's process; `plots` is the folder where matplotlib keeps its font list."""
    if sys.platform == "win32":
        raise KbError("running cells needs Linux or macOS\non Windows, use WSL")
    try:
        scratch = tempfile.mkdtemp(prefix="kbtool-")
        try:
            return _start(session, scratch, _environment(scratch, threads, plots))
        except OSError:
            shutil.rmtree(scratch, ignore_errors=True)
            raise
    except OSError as error:
        raise KbError(f"cannot start a process for {session.note}: {error.strerror}\nfree memory or disk") from error


def _start(session: Session, scratch: str, environment: Mapping[str, str]) -> Process:
    line, its_line = socket.socketpair()
    control, its_control = socket.socketpair()
    (dumps, its_dumps), (stdout, its_stdout), (stderr, its_stderr) = os.pipe(), os.pipe(), os.pipe()
    pipes = Pipes(line, control, os.fdopen(dumps, "rb"), os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb"))
    with its_line, its_control, _task(session) as task:
        given = (its_line.fileno(), its_control.fileno(), its_dumps, task.fileno())
        try:
            child = subprocess.Popen(
                # -P and -s: no module comes from the working directory, from this file's, or from the home directory.
                [sys.executable, "-P", "-s", str(Path(__file__).with_name("session.py")), *map(str, given)],
                stdin=subprocess.DEVNULL,
                stdout=its_stdout,
                stderr=its_stderr,
                cwd=scratch,
                env=environment,
                pass_fds=given,
                start_new_session=True,
            )
        finally:
            for fd in (its_dumps, its_stdout, its_stderr):
                os.close(fd)
    for end in (pipes.line, pipes.control, pipes.dumps, pipes.stdout, pipes.stderr):
        os.set_blocking(end.fileno(), False)
    return Process(child, pipes, scratch)


def _task(session: Session) -> IO[bytes]:
    """The session's task as a file without a name, from which the child reads."""
    cells = [{"index": step.index, "code": step.code, "raises": step.raises} for step in session.steps]
    task = {"cells": cells, "imports": session.imports, "seed": SEED, "output_limit": session.output_limit}
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
    try:
        process.child.wait(timeout=2)
    except subprocess.TimeoutExpired:  # somebody stopped the supervisor itself
        with suppress(OSError):
            os.killpg(process.child.pid, signal.SIGKILL)
        process.child.wait()
    pipes = process.pipes
    for one in (pipes.line, pipes.control, pipes.dumps, pipes.stdout, pipes.stderr):
        one.close()
    shutil.rmtree(process.scratch, ignore_errors=True)


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
