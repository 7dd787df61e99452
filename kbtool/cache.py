"""What a check worked out, kept between runs: one file a base, in the platform's cache folder.

The file has four parts, each with its checksum: a small table that is enough when nothing changed, the bulk, a patch to
it, so that after a small change the bulk is copied as it is, and the names of all notes. It is written beside its place
and renamed, so that of two processes the last one wins and nobody reads half a file; what is cut short, damaged,
foreign or of another kbtool is as good as absent. It may be deleted at any time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from kbtool.packed import Plain, digest, pack, unpack

_MAGIC = b"kbcheck3"
_DIGEST = 16
_PARTS = 4
_SUM = 4
_HEADER = len(_MAGIC) + _DIGEST + _PARTS * (8 + _SUM)
_ABANDONED = 600.0
"""Seconds after which a half-written file is nobody's."""
_FORGOTTEN = 60 * 86400.0
"""Seconds after which the cache of a base that nobody changed is thrown away."""


def default_folder() -> Path:
    """The folder of `cells.store`, found on Linux without the 20 ms that importing platformdirs takes."""
    here = sys.platform
    if here == "linux":
        named = os.environ.get("XDG_CACHE_HOME", "").strip()
        home = os.path.expanduser("~/.cache")  # noqa: PTH111 -- Path's own raises where there is no home
        return Path(named if named.startswith("/") else home) / "kbtool"
    import platformdirs

    return Path(platformdirs.user_cache_dir("kbtool"))


def place(base: Path) -> Path:
    """Where the cache of a base lies."""
    return default_folder() / "checks" / (digest(os.fsencode(base.resolve())).hex() + ".kb")


def writer() -> bytes:
    """A digest of what decides the outcome of a check beside the base: kbtool itself, Python, installed packages."""
    parts = [sys.version.encode()]
    for path in sorted(_sources(os.fspath(Path(__file__).parent))):
        with FileIO(path) as file:
            parts.append(file.readall())
    # The first entry is where this program lies, or where it was called.
    for folder in filter(None, sys.path if sys.flags.safe_path else sys.path[1:]):
        with suppress(OSError):
            names = (name for name in os.listdir(folder) if not name.startswith("."))  # noqa: PTH208
            parts.append("\0".join(sorted(names)).encode(errors="surrogateescape"))
    return digest(*parts)


def _sources(folder: str) -> Iterator[str]:
    for entry in os.scandir(folder):
        if entry.name.endswith(".py"):
            yield entry.path
        elif entry.is_dir() and not entry.name.startswith("_"):
            yield from _sources(entry.path)


class Part(NamedTuple):
    """Bytes and their checksum."""

    data: bytes
    mark: bytes


def part(data: bytes) -> Part:
    """Bytes, with the checksum made: what a disk does to them shows, and it takes a tenth of a digest's time."""
    return Part(data, crc32(data).to_bytes(_SUM, "big"))


class Kept:
    """A cache file whose table was found whole; the rest is read only when it is asked for."""

    __slots__ = ("_file", "_marks", "_sizes", "table")

    def __init__(self, table: Plain, file: FileIO, sizes: Sequence[int], marks: Sequence[bytes]) -> None:
        self.table = table
        self._file = file
        self._sizes = sizes
        self._marks = marks

    def rest(self) -> tuple[Part, Part, Part] | None:
        """The bulk, the patch and the names, None when one is damaged."""
        with self._file as file:
            try:
                sized = zip(self._sizes, self._marks, strict=True)
                bulk, patch, names = (Part(file.read(size), mark) for size, mark in sized)
            except OSError:
                return None
        whole = all(part(one.data).mark == one.mark for one in (bulk, patch, names))
        return (bulk, patch, names) if whole else None


def load(path: Path, stamp: bytes) -> Kept | None:
    """The cache file at a place, None when there is none that can be trusted."""
    try:
        file = FileIO(os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)))
    except OSError:
        return None
    try:
        kept = _opened(file, stamp)
    except (OSError, ValueError, EOFError, TypeError):
        kept = None
    if kept is None:
        file.close()
    return kept


def _opened(file: FileIO, stamp: bytes) -> Kept | None:
    header = file.read(_HEADER)
    start = len(_MAGIC) + _DIGEST
    if len(header) < _HEADER or header[:start] != _MAGIC + stamp:
        return None
    sizes = [int.from_bytes(header[at : at + 8], "big") for at in range(start, start + 8 * _PARTS, 8)]
    marks = [header[at : at + _SUM] for at in range(start + 8 * _PARTS, _HEADER, _SUM)]
    if _HEADER + sum(sizes) != os.fstat(file.fileno()).st_size:
        return None
    table = file.read(sizes[0])
    return Kept(unpack(table), file, sizes[1:], marks[1:]) if part(table).mark == marks[0] else None


def save(path: Path, stamp: bytes, table: Plain, rest: tuple[Part, Part, Part]) -> None:
    """Keeps all four parts; where that is not possible they will be worked out again."""
    parts = (part(pack(table)), *rest)
    sizes = (len(one.data).to_bytes(8, "big") for one in parts)
    header = _MAGIC + stamp + b"".join(sizes) + b"".join(one.mark for one in parts)
    if not path.is_absolute():
        return  # nobody's home is known
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sweep(path.parent)
        _write(path, (header, *(one.data for one in parts)))


def _write(path: Path, parts: Iterable[bytes]) -> None:
    beside = path.with_name(f"{path.name}.{os.getpid()}-{time.time_ns()}.tmp")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
        # Not flushed to the disk: after a power cut the digests tell.
        beside.replace(path)
    except OSError:
        with suppress(OSError):
            beside.unlink()
        raise


def _sweep(folder: Path) -> None:
    """Takes away what killed processes left, and the caches of bases that are no longer worked on."""
    now = time.time()
    for entry in os.scandir(folder):
        with suppress(OSError):  # another process sweeps, too
            age = now - entry.stat(follow_symlinks=False).st_mtime
            if age > (_ABANDONED if entry.name.endswith(".tmp") else _FORGOTTEN):
                Path(entry.path).unlink()
