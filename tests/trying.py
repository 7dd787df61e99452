"""Commands of kbtool as forked processes of one that has loaded everything: a try costs what the command does.

A try may be given a fault: the n-th of its operations on files fails, or kills it. What a command starts by itself
(workers, sessions) has no faults. Operations are known by their place, which is the lines of all functions that were
called on the way there: what a loop does a thousand times has one.
"""

from __future__ import annotations

import builtins
import contextlib
import errno
import gc
import importlib
import io
import os
import pkgutil
import random
import select
import signal
import stat
import sys
import tempfile
from collections.abc import Callable, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple

PATIENCE = 60.0
"""Seconds after which a command hangs."""
CHANGING = "open-write mkdir rename replace unlink rmdir link symlink fsync write truncate ftruncate sendfile chmod"
READING = ("open-read", "scandir", "listdir", "read")
HANGS = -1000


class Fault(NamedTuple):
    """The n-th operation that fails, of those that change files or those that read them, and in which way.

    A kind is an errno's name, `short` (half of it is written, and then the disk is full) or `kill`. Number 0 counts.
    With a `place` it is the n-th of those made there.
    """

    number: int
    kind: str
    reads: bool = False
    place: str = ""


class Tried(NamedTuple):
    """How a command ended: a negative code is a signal's; how many operations it made; and the place of each."""

    code: int
    out: str
    err: str
    operations: int
    places: tuple[str, ...] = ()


class Running:
    """A command at work."""

    def __init__(self, pid: int, project: Path, words: Sequence[str]) -> None:
        self.pid = pid
        self.words = tuple(words)
        self._said = project.parent / f"said-{pid}"

    def ended(self) -> Tried:
        """Waits for its end; what hangs is killed."""
        handle = os.pidfd_open(self.pid)
        ready = select.select([handle], [], [], PATIENCE)[0]
        os.close(handle)
        if not ready:
            os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        texts = []
        for name in ("out", "err", "count"):
            path = self._said.with_suffix(f".{name}")
            texts.append(path.read_text("utf-8", "replace") if path.exists() else "")
            path.unlink(missing_ok=True)
        code = os.waitstatus_to_exitcode(status) if ready else HANGS
        done, *places = texts[2].split() or ["0"]
        return Tried(code, texts[0], texts[1], int(done), tuple(places))


def load_all() -> None:
    """Loads what commands load, so that forked ones need not."""
    import kbtool

    for module in pkgutil.walk_packages(kbtool.__path__, "kbtool."):
        if not module.name.endswith(("__main__", "cells.cluster", "cells.runner", "cells.session", "cells.zygote")):
            importlib.import_module(module.name)
    gc.freeze()


def start(
    project: Path, *words: str, fault: Fault | None = None, sabotage: Callable[[], None] | None = None
) -> Running:
    """Starts a command in a project; `sabotage` breaks something of it on purpose."""
    pid = os.fork()
    if pid:
        return Running(pid, project, words)
    code = 70
    try:
        code = _child(project, words, fault, sabotage)
    finally:
        os._exit(code)


def tried(project: Path, *words: str, fault: Fault | None = None, sabotage: Callable[[], None] | None = None) -> Tried:
    """A command from its start to its end."""
    return start(project, *words, fault=fault, sabotage=sabotage).ended()


def _child(
    project: Path, words: Sequence[str], fault: Fault | None, sabotage: Callable[[], None] | None
) -> int:  # pragma: no cover -- in another process
    from kbtool.cli import main

    said = project.parent / f"said-{os.getpid()}"
    os.chdir(project)
    streams = [said.with_suffix(f".{name}").open("w", encoding="utf-8") for name in ("out", "err", "count")]
    for stream, number in zip(streams, (1, 2), strict=False):
        os.dup2(stream.fileno(), number)
    os.environ["XDG_CACHE_HOME"] = str(project / "cache")
    random.seed()
    tempfile._name_sequence = None  # type: ignore[attr-defined]
    if sabotage:
        sabotage()
    faulty = Faulty(fault) if fault else None
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        if faulty:
            faulty.put_in()
        try:
            code = main(list(words))
        except SystemExit as error:
            code = int(error.code or 0)
        except BaseException:  # noqa: BLE001 -- whatever it is, it is told
            import traceback

            traceback.print_exc()
            code = 1
        if faulty:
            faulty.armed = False
            streams[2].write(" ".join([str(faulty.done), *faulty.places]))
    for stream in streams:
        stream.flush()
    return code


class Faulty:
    """Counts operations on files, and lets one of them fail."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.done = 0
        self.places: list[str] = []
        self.armed = True
        self._home = os.getpid()
        self._full = False

    def fails(self) -> bool:
        """Whether this operation is the one; of what was forked none is."""
        if not self.armed or os.getpid() != self._home:
            return False
        if self._full:
            return True
        if self.fault.place and _place() != self.fault.place:
            return False
        self.done += 1
        if not self.fault.number:
            self.places.append(_place())
        if self.done != self.fault.number:
            return False
        if self.fault.kind == "kill":
            os.kill(self._home, signal.SIGKILL)
        return True

    def broken(self) -> OSError:
        """What the failing operation raises."""
        number = getattr(errno, self.fault.kind, errno.ENOSPC)
        return OSError(number, os.strerror(number))

    def half(self, write: Callable[[bytes], Any], data: Any) -> Any:
        """Writes half of what is to be written, where the fault is of that kind; after it the disk is full."""
        whole = bytes(data)
        if self.fault.kind != "short" or self._full or len(whole) < 2:
            raise self.broken()
        self._full = True
        return write(whole[: len(whole) // 2])

    def put_in(self) -> None:
        """From now on operations are counted."""
        reads = self.fault.reads
        for name in READING[1:] if reads else CHANGING.split()[1:]:
            setattr(os, name, self._wrapped(name))
        os.open = self._opened(os.open)
        faulty, opened = self, builtins.open

        class Raw(io.FileIO):
            def write(self, data: Any) -> Any:
                if not reads and self.fileno() > 2 and faulty.fails():
                    return faulty.half(super().write, data)
                return super().write(data)

        def open_file(file: Any, mode: str = "r", *more: Any, **named: Any) -> Any:
            writes = any(sign in mode for sign in "wax+")
            if writes == reads or (not writes and isinstance(file, int)):
                return opened(file, mode, *more, **named)
            if not isinstance(file, int) and faulty.fails():
                raise faulty.broken()
            if not writes or "+" in mode:
                return opened(file, mode, *more, **named)
            raw = Raw(file, mode.replace("b", "").replace("t", ""), closefd=named.get("closefd", True))
            if "b" in mode:
                return io.BufferedWriter(raw)
            encoding, newline = named.get("encoding") or (more[1] if len(more) > 1 else "utf-8"), named.get("newline")
            return io.TextIOWrapper(io.BufferedWriter(raw), encoding, named.get("errors"), newline)

        builtins.open = io.open = open_file
        if not reads:
            from kbtool import swap

            exchanged = swap._exchanged
            swap._exchanged = lambda new, site: not self.fails() and exchanged(new, site)

    def _wrapped(self, name: str) -> Callable[..., Any]:
        original = getattr(os, name)

        def operation(*arguments: Any, **named: Any) -> Any:
            if name in ("write", "read") and not stat.S_ISREG(os.fstat(arguments[0]).st_mode):  # no pipe fails so
                return original(*arguments, **named)
            if self.fails():
                if name == "write":
                    return self.half(lambda data: original(arguments[0], data), arguments[1])
                raise self.broken()
            return original(*arguments, **named)

        return operation

    def _opened(self, original: Callable[..., int]) -> Callable[..., int]:
        changing = os.O_WRONLY | os.O_RDWR | os.O_CREAT

        def opened(path: Any, flags: int, *more: Any, **named: Any) -> int:
            if bool(flags & changing) != self.fault.reads and path != os.devnull and self.fails():
                raise self.broken()
            return original(path, flags, *more, **named)

        return opened


def _place() -> str:
    """What tells the operation that is being made from those made elsewhere."""
    frame, lines = sys._getframe(1), []
    while (frame := frame.f_back) and frame.f_code is not _child.__code__:  # type: ignore[assignment]
        lines.append(f"{frame.f_code.co_filename}:{frame.f_lineno}")
    return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()


def kill(running: Running) -> None:
    """As the kernel kills when memory is short; it may have ended already."""
    os.kill(running.pid, signal.SIGKILL)
