"""The warm parent of sessions: imports what they will need once, and forks a process for each.

It is loaded by `session`, imports nothing but the standard library and what it is told to, and runs no code of notes.
Its line to the caller brings the modules to import, then a request for each session with six file descriptors; when
the line ends, so does it.

A session shall not see what others need: what was imported here is taken out of `sys.modules` in each of them, and put
back when it is imported there, with all that came with it.
"""

from __future__ import annotations

import array
import builtins
import ctypes
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
import types
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.machinery import ModuleSpec
from typing import Any, NoReturn

_REQUEST, _CHUNK = 1 << 16, 1 << 12
_LAST = 1.0  # seconds for what is left of sessions when the caller needs no more
_LARGE = 1 << 21
_COLLAPSE = 25  # MADV_COLLAPSE, since Linux 6.1
_SET_THREADS = tuple(f"{build}openblas_set_num_threads{ints}" for build in ("scipy_", "") for ints in ("64_", ""))
"""What OpenBLAS calls this function, by its build."""
_ENDS = 6
"""Descriptors of a session: those of `session`, and its standard output and error."""


def serve(end: int, supervise: Callable[[list[int]], NoReturn]) -> NoReturn:
    """Import what is asked for, then fork for as long as the caller asks."""
    line = socket.socket(fileno=end)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the caller ends us
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: for sessions whose supervisor is killed
    # Native threads that only wait (OpenBLAS has some) are no danger to a fork.
    warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
    kept = _Kept()
    for name in json.loads(line.recv(_REQUEST) or b"[]"):
        kept.preload(name)
    gc.collect()
    gc.freeze()  # a collection in a child would copy the memory that it shares with us
    if kept.packages:
        _join_pages()
    _tell(line, b".")
    ours = _children()
    ended, told = _noticing_ends()
    while True:
        ready, _, _ = select.select([end, ended], [], [])
        if ended in ready:
            os.read(ended, _CHUNK)
            _clear(ours)
        if end not in ready:
            continue
        request, ends = _received(line)
        if not request:
            _leave(ours)
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            for held in (ended, told, line.detach()):
                os.close(held)
            supervise(_become(kept, json.loads(request), ends))
        ours.add(pid)
        for held in ends:
            os.close(held)
        _hand_over(line, pid)


def _tell(line: socket.socket, word: bytes) -> None:
    try:
        line.send(word)
    except OSError:  # the caller is gone
        os._exit(0)


def _hand_over(line: socket.socket, pid: int) -> None:
    """Give the caller a process as a descriptor: its number may be another one where the caller is."""
    handle = os.pidfd_open(pid)
    try:
        socket.send_fds(line, [b"."], [handle])
    except OSError:
        os._exit(0)
    os.close(handle)


def _received(line: socket.socket) -> tuple[bytes, list[int]]:
    """A request and its descriptors; nothing when the caller is gone."""
    ends = array.array("i")
    room = socket.CMSG_SPACE(_ENDS * ends.itemsize)
    try:
        request, others, _, _ = line.recvmsg(_REQUEST, room, socket.MSG_CMSG_CLOEXEC)
    except OSError:
        return b"", []
    for level, kind, data in others:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
            ends.frombytes(data[: len(data) - len(data) % ends.itemsize])
    return request, ends.tolist()


def _noticing_ends() -> tuple[int, int]:
    """A pipe that brings something when a child has ended."""
    ended, told = os.pipe()
    for end in (ended, told):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(told, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    return ended, told


def _children() -> set[int]:
    with suppress(OSError), open(f"/proc/self/task/{os.getpid()}/children", encoding="ascii") as file:  # noqa: PTH123
        return {int(word) for word in file.read().split()}
    return set()


def _clear(ours: set[int]) -> None:
    """Kill what was not forked here: it came to be a child of this process when code had killed its supervisor."""
    with suppress(ChildProcessError):
        while pid := os.waitpid(-1, os.WNOHANG)[0]:
            ours.discard(pid)
    for orphan in _children() - ours:
        with suppress(OSError):
            os.kill(orphan, signal.SIGKILL)


def _leave(ours: set[int]) -> NoReturn:
    """End when no child is left, or soon: the orphans of a session that has just ended may not be here yet."""
    deadline = time.monotonic() + _LAST
    while time.monotonic() < deadline:
        _clear(ours)
        if not _children():
            break
        time.sleep(0.002)
    os._exit(0)


def _join_pages() -> None:
    """Have the kernel put our memory into large pages, which halves the time of a fork; some kernels can't."""
    with suppress(Exception), open("/proc/self/maps", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        libc = ctypes.CDLL(None)
        libc.madvise.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        for line in file.read().splitlines():
            place, rights, *_ = line.split(maxsplit=2)
            if rights.startswith("rw-p"):
                start, end = (int(word, 16) for word in place.split("-"))
                for at in range(-(-start // _LARGE) * _LARGE, end - _LARGE + 1, _LARGE):
                    libc.madvise(at, _LARGE, _COLLAPSE)


def _become(kept: _Kept, request: dict[str, Any], ends: list[int]) -> list[int]:
    """From here on this process is a session's supervisor; the numbers that it is given (see `session`)."""
    os.setsid()
    for name in ("SIGINT", "SIGCHLD"):
        signal.signal(signal.Signals[name], signal.SIG_DFL)
    *given, out, error = ends
    for end, number in ((os.open(os.devnull, os.O_RDONLY), 0), (out, 1), (error, 2)):
        os.dup2(end, number)
        os.close(end)
    os.chdir(request["folder"])
    others = os.environ.get("OPENBLAS_NUM_THREADS") != request["environment"].get("OPENBLAS_NUM_THREADS")
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    if "tempfile" in sys.modules:  # it keeps where it found room when something here asked
        vars(sys.modules["tempfile"])["tempdir"] = None
    kept.hide(request["threads"])
    if others and "numpy" in kept.packages:
        _set_threads(request["threads"])
    return [*given, request["memory"]]


def _set_threads(threads: int) -> None:
    """Tell NumPy's OpenBLAS, which counted its threads when it was loaded, that this session has others."""
    with suppress(Exception), open("/proc/self/maps", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        for path in {line.split()[-1] for line in file if "openblas" in line}:
            library = ctypes.CDLL(path)
            for name in _SET_THREADS:
                if hasattr(library, name):
                    getattr(library, name)(threads)


# ---------------------------------------------------------------- modules


class _Kept:
    """The modules that were imported here, and what each import brought or used."""

    def __init__(self) -> None:
        self.packages: dict[str, dict[str, types.ModuleType]] = {}
        self.needs: dict[str, frozenset[str]] = {}

    def preload(self, name: str) -> None:
        """Import a module; what cannot be imported fails where a note asks for it."""
        before = set(sys.modules)
        with _watching() as asked, suppress(BaseException):
            importlib.import_module(name)
            if name == "torch":
                sys.modules["torch"].set_num_threads(1)
        new = [one for one in sys.modules.keys() - before if _top(one) not in sys.stdlib_module_names]
        for one in new:
            self.packages.setdefault(_top(one), {})[one] = sys.modules[one]
        tops = {_top(one) for one in (*new, *asked)} & self.packages.keys()
        self.needs[_top(name)] = self.needs.get(_top(name), frozenset()) | tops

    def hide(self, threads: int) -> None:
        """Take the modules out of sight, until they are imported."""
        for modules in self.packages.values():
            for name in modules:
                sys.modules.pop(name, None)
        sys.meta_path.insert(0, _Restoring(self, threads))

    def all_needed(self, top: str) -> set[str]:
        """The packages that a package came with."""
        found, waiting = set[str](), [top]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting += self.needs.get(one, frozenset())
        return found


def _top(name: str) -> str:
    return name.partition(".")[0]


@contextmanager
def _watching() -> Iterator[set[str]]:
    """Which packages `import` statements name, already imported or not."""
    asked: set[str] = set()
    original = builtins.__import__

    def spy(name: str, *rest: Any, **named: Any) -> Any:
        if name:
            asked.add(_top(name))
        return original(name, *rest, **named)

    builtins.__import__ = spy
    try:
        yield asked
    finally:
        builtins.__import__ = original


class _Restoring:
    """Finds hidden modules, for the import system, and with a package all that it came with."""

    def __init__(self, kept: _Kept, threads: int) -> None:
        self._kept = kept
        self._threads = threads
        self._hidden = dict(kept.packages)

    def find_spec(self, name: str, _path: Sequence[str] | None = None, _target: Any = None) -> ModuleSpec | None:
        """The specification of a hidden module."""
        if name not in self._hidden:  # of a package's modules that itself comes first
            return None
        for top in self._kept.all_needed(name):
            sys.modules.update(self._hidden.pop(top, {}))
        module = sys.modules.pop(name, None)
        if module is None:
            return None
        loader: Any = _Given(module, self._ready)
        return ModuleSpec(name, loader)

    def _ready(self, module: types.ModuleType) -> None:
        if module.__name__ == "torch":
            module.set_num_threads(self._threads)


class _Given:
    """Loads a module that is there already."""

    def __init__(self, module: types.ModuleType, ready: Callable[[types.ModuleType], None]) -> None:
        self._module = module
        self._specification = module.__spec__
        self._ready = ready

    def create_module(self, _spec: ModuleSpec) -> types.ModuleType:
        """The module itself."""
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing but to undo what the import system wrote on it."""
        module.__spec__ = self._specification
        self._ready(module)
