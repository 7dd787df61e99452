"""What a session's own code looks at: files, folders and variables, so that their change is noticed later.

It is loaded by `runner` and imports nothing but the standard library. An audit hook and some wrapped functions write
down what is asked for. That is bookkeeping, no wall: code that means to hide something can. What reads without asking
Python (native readers, other programs, the network) cannot be followed and is said (`gaps`), but not where an installed
package does it while it is imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

_WRITES = os.O_WRONLY | os.O_TRUNC
_SYSTEM = ("/proc/", "/dev/", "/sys/")
_NATIVE = frozenset({"pyarrow", "h5py", "netCDF4", "tables", "ctypes", "cffi", "osgeo", "rasterio"})
"""Modules that read files without asking Python."""
_READERS = ("read_parquet", "read_feather", "read_orc", "read_hdf")
"""Functions of pandas that leave it to such modules."""
_MOST = 10_000
"""Facts that are written down; of more the rest is a gap."""
_PROGRAMS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty")
_NETWORK = ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto")


class Trace:
    """Writes down what is looked at, from `start` on; `own` are folders that do not count (`/` behind each)."""

    def __init__(self, own: list[str]) -> None:
        self._own = (*own, *_SYSTEM)
        self._on = False
        self._modules: frozenset[str] = frozenset()
        self.read: dict[str, None] = {}
        self.listed: dict[str, None] = {}
        self.searched: dict[str, None] = {}
        self.seen: dict[str, None] = {}
        self.names: dict[str, None] = {}
        self.gaps: dict[str, None] = {}

    def start(self) -> None:
        """Begin, before the first cell."""
        sys.addaudithook(self._hear)
        for name in ("stat", "lstat", "access"):
            self._wrap(name)
        _follow_names(self.names)
        self._modules = frozenset(sys.modules)
        self._on = True

    def stop(self, code: str) -> None:
        """End, after the last cell; `code` is that of all cells."""
        self._on = False
        if any(word in code for word in _READERS) or any(
            name.partition(".")[0] in _NATIVE for name in self._imported_by_cells()
        ):
            self.gaps["native"] = None

    def facts(self) -> dict[str, list[str]]:
        """What was written down, as it is reported."""
        names = {"*": None} if "*" in self.names else self.names
        kinds = {"read": self.read, "listed": self.listed, "seen": self.seen, "names": names, "gaps": self.gaps}
        return {kind: sorted(found) for kind, found in {**kinds, "searched": self.searched}.items()}

    # ------------------------------------------------------------ files and folders

    def _hear(self, event: str, given: tuple[Any, ...]) -> None:
        if not self._on:
            return
        if event == "open":
            self._opened(given[0], given[2] if len(given) > 2 else 0)
        elif event in ("os.listdir", "os.scandir"):
            kind = self.searched if _looks_for_modules() else self.listed
            self._add(kind, "." if given[0] is None else given[0])
        elif event == "sqlite3.connect":
            self._add(self.read, given[0])
        elif event in _PROGRAMS and not _within_an_import():
            self.gaps["program"] = None
        elif event in _NETWORK and not _within_an_import():
            self.gaps["network"] = None

    def _opened(self, path: Any, flags: Any) -> None:
        # What is only written is no input; what is read and written is.
        if not (isinstance(flags, int) and flags & _WRITES):
            self._add(self.read, path)

    def _add(self, kind: dict[str, None], path: Any) -> None:
        place = _absolute(path)
        if place is None or f"{place}/".startswith(self._own):
            return
        if kind is self.seen and any(own.startswith(f"{place}/") for own in self._own):
            return  # on the way to what does not count
        if len(kind) < _MOST:
            kind[place] = None
        else:
            self.gaps["too many files"] = None

    def _wrap(self, name: str) -> None:
        function: Callable[..., Any] = getattr(os, name)

        def asked(path: Any, *rest: Any, **named: Any) -> Any:
            if self._on:
                self._add(self.seen, path)
            return function(path, *rest, **named)

        asked.__name__ = asked.__qualname__ = name
        setattr(os, name, asked)
        for others in (os.supports_fd, os.supports_dir_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if function in others:
                others.add(asked)

    # ------------------------------------------------------------ modules

    def _imported_by_cells(self) -> Iterator[str]:
        """The modules that the note's own code holds, and not only a package that it imports."""
        values = list(vars(sys.modules["__main__"]).values())
        for value in values:
            name = getattr(value, "__name__", "") if type(value) is type(sys) else getattr(value, "__module__", "")
            if isinstance(name, str):
                yield name


def _absolute(path: Any) -> str | None:
    """A path as it is from the root; None for what is none (a descriptor, nothing at all)."""
    try:
        text = os.fsdecode(path)
    except (TypeError, ValueError):
        return None
    return os.path.normpath(os.path.join(os.getcwd(), text)) if text and "\0" not in text else None  # noqa: PTH109, PTH118


def _within_an_import() -> bool:
    """Whether a module is being imported just now."""
    frame: Any = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == "_find_and_load":
            return True
        frame = frame.f_back
    return False


def _looks_for_modules() -> bool:
    """Whether it is Python's import itself that lists a folder, and not the code of a module."""
    code = sys._getframe(2).f_code
    return code.co_name == "_fill_cache" and code.co_filename.startswith("<frozen importlib")


def _follow_names(names: dict[str, None]) -> None:
    """Write down which variables are asked for; `*` when all are walked through."""
    kind = type(os.environ)

    def get(own: Any, name: str) -> str:
        names[str(name)] = None
        return kind.__getitem__(own, name)

    def holds(own: Any, name: object) -> bool:
        names[str(name)] = None
        return kind.__contains__(own, name)

    def walk(own: Any) -> Iterator[str]:
        names["*"] = None
        return kind.__iter__(own)

    os.environ.__class__ = type("Followed", (kind,), {"__getitem__": get, "__contains__": holds, "__iter__": walk})
