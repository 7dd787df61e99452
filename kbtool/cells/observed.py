"""What a session looked at, as it was then: files, folders, variables. When all is as it was, its outcome holds.

A file's state is the digest of its bytes, kept for as long as its stamp is the same (`digests`); a folder's that of the
names in it; what is not there is `absent`.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Literal, NamedTuple, get_args

from kbtool.cells.digests import Digests

FactKind = Literal["file", "folder", "seen", "name"]
ABSENT = "absent"


class Fact(NamedTuple):
    """Something that was looked at: `what` is a path or the name of a variable, `state` how it was found."""

    kind: FactKind
    what: str
    state: str


def fact_of(row: tuple[str, str, str]) -> Fact:
    """A fact that was kept; of a kind that nobody knows it does not hold."""
    kind, what, state = row
    return Fact(kind, what, state) if kind in get_args(FactKind) else Fact("name", what, "of no known kind")  # type: ignore[arg-type]


class Looked(NamedTuple):
    """What a session says that it looked at: absolute paths, and names of variables; `gaps` could not be followed.

    Folders that nothing but Python's import listed are `searched`.
    """

    read: Sequence[str] = ()
    listed: Sequence[str] = ()
    seen: Sequence[str] = ()
    names: Sequence[str] = ()
    gaps: Sequence[str] = ()
    searched: Sequence[str] = ()


class World:
    """The files and variables as they are now; what a path is within the base, is told so.

    `known` are the states that were asked for.
    """

    __slots__ = ("_base", "_digests", "_environment", "_made", "known")

    def __init__(self, base: str, digests: Digests, environment: Mapping[str, str]) -> None:
        self._base = base.rstrip("/") + "/"
        self._digests = digests
        self._environment = environment
        self._made = frozenset(_devices(("/proc", "/sys", "/dev")))
        self.known: dict[tuple[FactKind, str], str] = {}

    def facts(self, looked: Looked) -> tuple[Fact, ...]:
        """How what a session looked at is now."""
        return tuple(self._facts(looked))

    def _facts(self, looked: Looked) -> Iterator[Fact]:
        read = set(looked.read)
        named: Iterable[tuple[FactKind, Sequence[str]]] = (
            ("file", looked.read),
            ("folder", sorted({*looked.listed, *looked.searched})),
            ("seen", [path for path in looked.seen if path not in read]),
        )
        for kind, paths in named:
            for path in paths:
                short = self._short(path)
                yield Fact(kind, short, self.state(kind, short))
        for name in looked.names:
            yield Fact("name", name, self.state("name", name))

    def state(self, kind: FactKind, what: str) -> str:
        """How a thing is found now."""
        found = self.known[kind, what] = self._state(kind, what)
        return found

    def _state(self, kind: str, what: str) -> str:
        if kind == "name":
            return self._variable(what)
        path = os.path.join(self._base, what)  # noqa: PTH118 -- an absolute path stays what it is
        try:
            status = os.stat(path)  # noqa: PTH116
            if stat.S_ISDIR(status.st_mode):
                return "folder" if kind != "folder" else _names(path)
            if not stat.S_ISREG(status.st_mode) or status.st_dev in self._made:
                return "no file"
            return f"{status.st_size} bytes" if kind == "seen" else self._digests.of(path)
        except (OSError, ValueError):
            return ABSENT

    def _variable(self, name: str) -> str:
        if name == "*":
            return _digest(repr(sorted(self._environment.items())))
        return _digest(self._environment[name]) if name in self._environment else ABSENT

    def _short(self, path: str) -> str:
        return path.removeprefix(self._base)

    def broken(self, facts: Iterable[Fact]) -> Iterator[tuple[Fact, str]]:
        """The facts that hold no longer, each with the state that there is now."""
        for fact in facts:
            now = self.state(fact.kind, fact.what)
            if now != fact.state:
                yield fact, now


def _devices(folders: Iterable[str]) -> Iterator[int]:
    """The file systems that the kernel makes up: a file there may have no end."""
    for folder in folders:
        with suppress(OSError):
            yield os.stat(folder).st_dev  # noqa: PTH116


def _names(folder: str) -> str:
    """The digest of the names in a folder, but for the one in which records lie: a record would make itself stale."""
    return _digest("\0".join(sorted(name for name in os.listdir(folder) if name != ".kbtool")))  # noqa: PTH208


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
