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

from kbtool.cells.attributes import processes
from kbtool.cells.inputs import module_files
from kbtool.cells.library import named_cells
from kbtool.cells.plan import Session
from kbtool.cells.removing import remove
from kbtool.cells.sandbox import NONE, Folders, Sandbox, command, confinement, import_folders, python_folders
from kbtool.cells.warm import Zygote, first_to_go, preloads
from kbtool.config import KbError

_PASSED = ("PATH", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "CUDA_HOME", "SYSTEMROOT")
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
_SESSION = str(Path(__file__).with_name("session.py"))
_OWN = 0o700  # what code leaves there, which may set whose rights a program has, no other account may start
_OWN_PLOTS = "/tmp/.matplotlib"  # noqa: S108 -- matplotlib takes no folder that it cannot write into
_FONTS = 60.0
"""Seconds for a list of all fonts, from a cold disk."""
_CHUNK = 1 << 16  # what a pipe holds
_OURS = "kbtool-"


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

    Its supervisor is a `child`, or the warm parent's and known by a descriptor, `handle`.
    """

    child: subprocess.Popen[bytes] | None
    handle: int | None
    pipes: Pipes
    scratch: str


@dataclass(frozen=True, slots=True)
class House:
    """What sessions live in: `plots` is the folder where matplotlib keeps its font list, `states` where sessions that
    did not come to their end keep checkpoints, `base` where inputs and modules lie. `memory` is what all
    processes of one may take together, `shown` what outputs call the base, where that is not its path.
    """

    plots: Path
    states: Path
    base: Path | None = None
    sandbox: Sandbox = NONE
    memory: int = 0
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Nursery:
    """What all sessions of a run start with: threads for each, and the folder that their working directories lie in.

    `zygote` is their warm parent, None where each starts by itself.
    """

    house: House
    threads: int
    folder: Path
    zygote: Zygote | None

    def close(self) -> None:
        """End the warm parent, and take away the folder."""
        if self.zygote is not None:
            self.zygote.close()
        remove(self.folder)


def nursery(sessions: Sequence[Session], threads: int, house: House) -> Nursery:
    """What sessions start with."""
    # On macOS a fork of what has used its frameworks may crash.
    can_fork = sys.platform == "linux" and not house.sandbox.each
    try:
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=f"{_OURS}{os.getpid()}-"))
        for kept in (house.plots, house.states):
            with suppress(OSError):  # then each session makes its font list anew, and keeps no checkpoints
                kept.mkdir(mode=_OWN, parents=True, exist_ok=True)
                kept.chmod(_OWN)
        environment = _environment(str(house.plots), threads, house.plots)
        around = _around_all(house, folder)
        if house.sandbox.each and any("matplotlib" in one.imports for one in sessions):
            _list_fonts(house, (around, environment))
        zygote = Zygote(preloads(sessions), environment, around) if can_fork else None
    except OSError as error:
        raise KbError(f"cannot run anything: {error.strerror}\nfree memory or disk") from error
    return Nursery(house, threads, folder, zygote)


def _list_fonts(house: House, where: tuple[Sequence[str], Mapping[str, str]]) -> None:
    """Have matplotlib list fonts, once on a machine; a session that may not keep its list would make one each time."""
    if any(house.plots.glob("fontlist-*")):
        return
    around, environment = where
    words = [*around, sys.executable, "-P", "-s", "-c", "import matplotlib.font_manager"]
    with suppress(subprocess.TimeoutExpired):
        subprocess.run(words, env=environment, cwd="/", timeout=_FONTS, check=False, capture_output=True)


def _sweep() -> None:
    """Take away the folders of runs that were killed."""
    for left in Path(tempfile.gettempdir()).glob(f"{_OURS}[0-9]*-*"):
        pid = left.name.removeprefix(_OURS).partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            remove(left)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True


def _around_all(house: House, folder: Path) -> list[str]:
    """The command that puts the warm parent into the sandbox, and with it all sessions."""
    kept = [str(one) for one in (house.plots, house.states) if one.is_dir()]
    base = (str(house.base),) if house.base else ()
    return command(house.sandbox, Folders(base, (str(folder), *kept)), "/", house.memory)


def _around_one(session: Session, house: House, own: Sequence[str]) -> list[str]:
    """The command that puts a session into a sandbox of its own.

    A strict one shows of the base the modules that the session imports, and nothing else.
    """
    base = [house.base] if house.base else []
    if house.sandbox.wanted.level == "strict":
        base = [folder / path for folder in base for path in module_files(folder, session.imports)]
    lists = tuple((str(path), f"{_OWN_PLOTS}/{path.name}") for path in house.plots.glob("fontlist-*"))
    folders = Folders((str(house.plots), *map(str, base)), tuple(own), lists)
    return command(house.sandbox, folders, own[0], house.memory)


def start(session: Session, given: Nursery) -> Process:
    """Start a session's process."""
    if sys.platform == "win32":
        raise KbError("running cells needs Linux or macOS\non Windows, use WSL")
    try:
        scratch = tempfile.mkdtemp(dir=given.folder)
        with ExitStack() as undo:  # Ctrl-C comes while the warm parent imports, too
            undo.callback(remove, scratch)
            _lay_out(session, scratch, given.house.base)
            started = _start(session, scratch, given)
            undo.pop_all()
        return started
    except OSError as error:
        raise KbError(f"cannot start a process for {session.note}: {error.strerror}\nfree memory or disk") from error


def _state(session: Session, given: Nursery) -> str:
    """The folder in which a session finds what it kept when it did not come to its end; empty where there is none."""
    folder = given.house.states / session.key
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        return str(folder)
    return ""


def forget_state(session: Session, given: Nursery) -> None:
    """Take away the checkpoints of a session that came to its end."""
    remove(given.house.states / session.key)


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
    state = _state(session, given)
    plots = {"MPLCONFIGDIR": _OWN_PLOTS} if given.house.sandbox.each else {}
    environment = {**_environment(scratch, threads, given.house.plots), **no_gpu, **plots, "KBTOOL_STATE": state}
    own = [scratch, *([state] if state else [])]
    line, its_line = socket.socketpair()
    control, its_control = socket.socketpair()
    (dumps, its_dumps), (stdout, its_stdout), (stderr, its_stderr) = os.pipe(), os.pipe(), os.pipe()
    pipes = Pipes(line, control, os.fdopen(dumps, "rb"), os.fdopen(stdout, "rb"), os.fdopen(stderr, "rb"))
    with its_line, its_control, _task(session, own, given.house) as task:
        ends = (its_line.fileno(), its_control.fileno(), its_dumps, task.fileno())
        try:
            memory = given.house.memory
            request = {"folder": scratch, "environment": environment, "threads": threads, "memory": memory}
            handle = given.zygote.fork(request, (*ends, its_stdout, its_stderr)) if given.zygote else None
            around = [] if handle is not None else _around_one(session, given.house, own)
            words = (*ends, memory)
            child = _spawned(words, (its_stdout, its_stderr), (around, environment)) if handle is None else None
        finally:
            for fd in (its_dumps, its_stdout, its_stderr):
                os.close(fd)
    for end in (pipes.line, pipes.control, pipes.dumps, pipes.stdout, pipes.stderr):
        os.set_blocking(end.fileno(), False)
    return Process(child, handle, pipes, scratch)


def _spawned(
    given: tuple[int, ...], streams: tuple[int, int], where: tuple[Sequence[str], Mapping[str, str]]
) -> subprocess.Popen[bytes]:
    """A session's process without a warm parent, in a sandbox, with an environment; its home is where it works.

    What it is `given` are four descriptors, and the memory that it may take.
    """
    around, environment = where
    return subprocess.Popen(
        # -P and -s: no module comes from the working directory, from this file's, or from the home directory.
        first_to_go([*around, sys.executable, "-P", "-s", _SESSION, *map(str, given)]),
        stdin=subprocess.DEVNULL,
        stdout=streams[0],
        stderr=streams[1],
        cwd=environment["HOME"],
        env=environment,
        pass_fds=given[:4],
        start_new_session=True,
    )


def _task(session: Session, writable: Sequence[str], house: House) -> IO[bytes]:
    """The session's task as a file without a name, from which the child reads."""
    own = {writable[0], str(house.plots), str(house.states), *python_folders(), *import_folders()}
    base = str(house.base or "")
    readable = tuple(filter(None, (str(house.plots), base)))
    confined = confinement(house.sandbox, Folders(readable, tuple(writable)), house.memory)
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
        "processes": processes(session.launch) if session.launch else 0,
        "output_limit": session.output_limit,
        "base": base,
        "confinement": confined._asdict() if confined else None,
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
        "LOGNAME": "kbtool",  # who it is cannot be asked in a sandbox
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
            if process.child is not None:
                os.killpg(process.child.pid, signal.SIGKILL)
            elif process.handle is not None:
                signal.pidfd_send_signal(process.handle, signal.SIGKILL)
    if process.child is not None:
        process.child.wait()
    if process.handle is not None:
        os.close(process.handle)
    for one in (pipes.line, pipes.control, pipes.dumps, pipes.stdout, pipes.stderr):
        one.close()
    remove(process.scratch)


def _has_ended(line: socket.socket) -> bool:
    """Whether the supervisor's line ends within two seconds, as it does when the supervisor has killed everything."""
    line.settimeout(2)
    with suppress(OSError):
        while line.recv(64):
            pass
        return True
    return False


def machine_paths(scratch: str, house: House) -> tuple[tuple[str, str], ...]:
    """Folders of this machine and what stands for them on a page, longer ones first."""
    paths = sysconfig.get_paths()
    packages = {folder: "site-packages" for name in ("purelib", "platlib") if (folder := paths[name])}
    known = packages | {paths["stdlib"]: "python", sys.prefix: "python", sys.base_prefix: "python"}
    known |= {os.path.realpath(scratch): ".", scratch: "."}
    home = str(Path("~").expanduser())
    if len(home) > 1:
        known[home + "/"] = "~/"
    if house.base and house.shown:
        known[str(house.base)] = house.shown
    return tuple(sorted(known.items(), key=lambda pair: -len(pair[0])))
