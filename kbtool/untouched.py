"""What the last build of a site said and looked at: when all of that is as it was, there is nothing to build.

It stands on the files of the base and of the site, by their stamps; on settings and templates; on the commit, for what
the site says of changes; on kbtool, its packages, the machine; and on what results of cells stand on (`cells.ground`).
"""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from kbtool import cache, git, outside, packed, swap, verdicts
from kbtool.cells.grants import settings_file
from kbtool.cells.ground import Ground, holds
from kbtool.disk import Project
from kbtool.packed import Plain
from kbtool.values import Diagnostic


class Done(NamedTuple):
    """What a build said: its diagnostics, of so many notes, its last lines, its exit code; and what it stands on.

    `watched` are the settings and templates that decide beside the base, empty where other programs' code may too.
    """

    found: tuple[Diagnostic, ...]
    notes: int
    said: tuple[str, ...]
    code: int
    watched: tuple[str, ...]
    ground: Ground


class Moment:
    """A project and its site as they are at this moment; `asked` is all that the command line says."""

    __slots__ = ("_asked", "_base", "_project", "_site", "place")

    def __init__(self, project: Project, site: Path, asked: str) -> None:
        self._project = project
        self._site = site
        self._asked = asked
        self._base = verdicts.mark(project)
        self.place = cache.place(project.base).with_suffix(f".{packed.digest(os.fsencode(site.absolute())).hex()}")

    def mark(self, watched: tuple[str, ...]) -> bytes | None:
        """A digest of it, None where nothing can tell whether it is another one."""
        if self._base is None or not watched or not self._site.is_dir():
            return None
        parts = [self._base, outside.outside(watched, self._project.found), swap.listing(self._site)]
        parts += [self._asked.encode(), _read(settings_file())]
        parts.append(repr((socket.gethostname(), os.environ.get("USER"), os.environ.get("LOGNAME"))).encode())
        parts.append(git.head(self._project.base).encode())
        return packed.digest(*(packed.digest(part) for part in parts))

    def now(self) -> Moment:
        """The same a moment later."""
        return Moment(self._project, self._site, self._asked)

    def as_before(self, before: Moment) -> bool:
        """Whether the base is what it was."""
        return self._base is not None and self._base == before._base

    def holds(self, ground: Ground) -> bool:
        """Whether results of cells still stand on what they stood on."""
        return holds(self._project.base, ground)


def last(now: Moment) -> Done | None:
    """What the last build said, if nothing is another one since."""
    kept = cache.load(now.place, cache.writer())
    if kept is None or kept.patch() is None:
        return None
    mark, found, notes, said, code, watched, ground = kept.table
    if mark != now.mark(watched) or not now.holds(Ground(*ground)):
        return None
    return Done(tuple(map(packed.diagnostic, found)), notes, said, code, watched, Ground(*ground))


def keep(before: Moment, done: Done) -> None:
    """Keeps what a build said, if nothing changed while it was at work."""
    now = before.now()
    mark = now.mark(done.watched) if now.as_before(before) else None
    if mark is None:
        with suppress(OSError):
            now.place.unlink(missing_ok=True)
        return
    found: Plain = tuple(map(packed.plain_diagnostic, done.found))
    table = (mark, found, done.notes, done.said, done.code, done.watched, tuple(done.ground))
    cache.save(now.place, cache.writer(), table, cache.part(b""))


def _read(path: Path) -> bytes:
    with suppress(OSError):
        return path.read_bytes()
    return b""
