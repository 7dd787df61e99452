"""The bytes of installed packages, as one digest each: a version says what was released, not what is on the disk.

A distribution's RECORD has the digests of its files as they were installed. A file that was written later, or has
another size, is read.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from collections.abc import Iterable, Iterator
from importlib import metadata
from typing import NamedTuple

from kbtool.cells.digests import Digests

_CODE = (".py", ".so", ".pyd", ".dll", ".dylib", ".pyx")
_GRAIN = 2.0
"""Seconds within which all files of an installation are written at one time with its RECORD."""


class _Row(NamedTuple):
    path: str
    digest: str
    size: int


class Packages:
    """The state of distributions, each looked at once; `known` are those that were."""

    __slots__ = ("_digests", "known")

    def __init__(self, digests: Digests) -> None:
        self._digests = digests
        self.known: dict[str, str] = {}

    def states(self, distributions: Iterable[str]) -> dict[str, str]:
        """The digest of the code of each distribution; its name may have a version (`torch==2.13.0`)."""
        return {one: self.state(one.partition("==")[0]) for one in distributions}

    def state(self, name: str) -> str:
        """The digest of a distribution's code; empty when it is not installed."""
        if name not in self.known:
            self.known[name] = self._state(name)
        return self.known[name]

    def _state(self, name: str) -> str:
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            return ""
        record = found.read_text("RECORD") or ""
        root = str(found.locate_file(""))
        written = _written(os.path.join(root, f"{_folder(record)}/RECORD"))  # noqa: PTH118
        digest = hashlib.sha256(found.version.encode())
        for row in sorted(_rows(record)):
            digest.update(f"{row.path}\0{self._of(row, root, written)}\n".encode("utf-8", "surrogateescape"))
        return digest.hexdigest()

    def _of(self, row: _Row, root: str, written: float) -> str:
        path = os.path.join(root, row.path)  # noqa: PTH118
        try:
            status = os.stat(path)  # noqa: PTH116
            as_installed = status.st_size == row.size and status.st_mtime <= written + _GRAIN
            return row.digest if as_installed else self._digests.of(path)
        except OSError:
            return "absent"


def _rows(record: str) -> Iterator[_Row]:
    for row in csv.reader(io.StringIO(record)):
        if len(row) == 3 and row[0].endswith(_CODE):
            yield _Row(row[0], row[1], int(row[2]) if row[2].isdigit() else -1)


def _folder(record: str) -> str:
    """The name of the folder in which a RECORD names itself."""
    own = next((line for line in record.splitlines() if line.partition(",")[0].endswith(".dist-info/RECORD")), "")
    return own.partition("/")[0]


def _written(path: str) -> float:
    try:
        return os.stat(path).st_mtime  # noqa: PTH116
    except OSError:
        return 0.0
