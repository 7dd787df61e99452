"""What a check worked out, kept between runs: two files a base, in the platform's cache folder.

The first has four parts, each with its checksum: a small table that is enough when nothing changed, a patch to the
bulk, the names of all notes, and where each note stands in the bulk. It is written beside its place and renamed, so
that of two processes the last one wins and nobody reads half a file. The bulk is a file of its own, of which records
are read one by one, and which is written anew only when many notes changed. What is cut short, damaged, foreign or of
another kbtool is as good as absent. Both may be deleted at any time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from kbtool.packed import Plain, digest, pack, unpack
from kbtool.values import NoteId

_MAGIC = b"kbcheck4"
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
        """The patch, the names and the bulk's index, None when one is damaged."""
        with self._file as file:
            try:
                sized = zip(self._sizes, self._marks, strict=True)
                patch, names, index = (Part(file.read(size), mark) for size, mark in sized)
            except OSError:
                return None
        whole = all(part(one.data).mark == one.mark for one in (patch, names, index))
        return (patch, names, index) if whole else None


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


# ---------------------------------------------------------------- the bulk


_Where = tuple[int, int, int, int]


class Damaged(Exception):
    """A record of the bulk is not what was written: all of the cache is as good as absent."""


class Bulk:
    """The records of notes, each read when it is asked for, and behind them what the checks of each looked up.

    `records` says where each stands: start, size, checksum, and the size of what was looked up.
    """

    __slots__ = ("_file", "_mark", "_start", "records")

    def __init__(self, file: FileIO, records: Mapping[NoteId, _Where], start: int, mark: int) -> None:
        self._file = file
        self.records = records
        self._start = start
        self._mark = mark

    def record(self, note: NoteId) -> bytes:
        """The record of a note."""
        start, size, mark, _ = self.records[note]
        return self._read(start, size, mark)

    def looked_up(self) -> dict[NoteId, bytes]:
        """What the checks of each note looked up."""
        data = self._read(self._start, sum(one[3] for one in self.records.values()), self._mark)
        found: dict[NoteId, bytes] = {}
        at = 0
        for note, (*_, size) in self.records.items():
            found[note] = data[at : at + size]
            at += size
        return found

    def _read(self, start: int, size: int, mark: int) -> bytes:
        try:
            data = os.pread(self._file.fileno(), size, start)
        except OSError:
            raise Damaged from None
        if len(data) != size or crc32(data) != mark:
            raise Damaged
        return data


def bulk(path: Path, index: Part) -> Bulk | None:
    """The bulk of a cache, None when it is not there."""
    name, records, start, mark = unpack(index.data)
    try:
        return Bulk(FileIO(path.with_name(name)), records, start, mark)
    except OSError:
        return None


def save_bulk(path: Path, notes: Iterable[tuple[NoteId, bytes, bytes]]) -> Part | None:
    """Writes the records and the lookups of all notes; the index for them, None where they can't be written."""
    records: dict[NoteId, _Where] = {}
    at = 0
    data: list[bytes] = []
    looked_up: list[bytes] = []
    for note, record, lookups in notes:
        records[note] = at, len(record), crc32(record), len(lookups)
        at += len(record)
        data.append(record)
        looked_up.append(lookups)
    behind = b"".join(looked_up)
    name = f"{path.stem}.{os.getpid()}-{time.time_ns()}.bulk"
    if not path.is_absolute():
        return None
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(path.with_name(name), (*data, behind))
    except OSError:
        return None
    return part(pack((name, records, at, crc32(behind))))


def forget_bulks(path: Path, index: Part) -> None:
    """Takes away the bulks of a base that its cache no longer means."""
    name = unpack(index.data)[0]
    with suppress(OSError):
        for entry in os.scandir(path.parent):
            if entry.name.startswith(f"{path.stem}.") and entry.name.endswith(".bulk") and entry.name != name:
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 -- of a list of paths


# ---------------------------------------------------------------- files


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
