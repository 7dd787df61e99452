"""What a check worked out, kept between runs: two files a base, in the platform's cache folder.

The head is small and written after each change: a table that tells whether anything changed since, and a patch to the
bulk. It is written beside its place and renamed, so that of two processes the last one wins and nobody reads half a
file. The bulk has what was true of all notes when it was written, in parts that are read as they are asked for; it is
written anew only when many notes changed. Each part has its checksum: what is cut short, damaged, foreign or of another
kbtool is as good as absent. Both files may be deleted at any time.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import NamedTuple, TypeAlias
from zlib import crc32

from kbtool import beside
from kbtool.packed import Plain, digest, pack, unpack
from kbtool.values import NoteId

_MAGIC = b"kbcheck6"
_DIGEST = 16
_PARTS = 2
_SUM = 4
_HEADER = len(_MAGIC) + _DIGEST + _PARTS * (8 + _SUM)
_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FORGOTTEN = 60 * 86400.0
"""Seconds after which the cache of a base that nobody changed is thrown away."""
_SHARDS = 64
"""Parts of a bulk's index: who asks for one record need not read where all the others are."""


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


def folder_of_site(base: Path) -> Path:
    """Where what is kept of a base's notes and pages lies."""
    return default_folder() / "sites" / digest(os.fsencode(base.resolve())).hex()


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
    """A head whose table was found whole; its patch is read only when it is asked for."""

    __slots__ = ("_file", "_mark", "_size", "table")

    def __init__(self, table: Plain, file: FileIO, size: int, mark: bytes) -> None:
        self.table = table
        self._file = file
        self._size = size
        self._mark = mark

    def patch(self) -> Part | None:
        """The patch, None when it is damaged."""
        with self._file as file:
            try:
                found = part(file.read(self._size))
            except OSError:
                return None
        return found if found.mark == self._mark else None


def load(path: Path, stamp: bytes) -> Kept | None:
    """The head at a place, None when there is none that can be trusted."""
    try:
        file = FileIO(os.open(path, _FLAGS))
    except OSError:
        return None
    try:
        kept = _opened(file, seal(path, stamp))
    except (OSError, ValueError, EOFError, TypeError):
        kept = None
    if kept is None:
        file.close()
    return kept


def seal(path: Path, stamp: bytes) -> bytes:
    """A stamp for one place alone: the file of another place is whole as well, and may have been moved here."""
    return digest(stamp, os.fsencode(path.parent.name), b"/", os.fsencode(path.name))


def _opened(file: FileIO, sealed: bytes) -> Kept | None:
    header = file.read(_HEADER)
    start = len(_MAGIC) + _DIGEST
    if len(header) < _HEADER or header[:start] != _MAGIC + sealed:
        return None
    sizes = [int.from_bytes(header[at : at + 8], "big") for at in range(start, start + 8 * _PARTS, 8)]
    marks = [header[at : at + _SUM] for at in range(start + 8 * _PARTS, _HEADER, _SUM)]
    if _HEADER + sum(sizes) != os.fstat(file.fileno()).st_size:
        return None
    table = file.read(sizes[0])
    return Kept(unpack(table), file, sizes[1], marks[1]) if part(table).mark == marks[0] else None


def save(path: Path, stamp: bytes, table: Plain, patch: Part) -> None:
    """Keeps a table and a patch; where that is not possible they will be worked out again."""
    parts = (part(pack(table)), patch)
    sizes = (len(one.data).to_bytes(8, "big") for one in parts)
    header = _MAGIC + seal(path, stamp) + b"".join(sizes) + b"".join(one.mark for one in parts)
    if not path.is_absolute():
        return  # nobody's home is known
    with suppress(OSError):
        _sweep(path.parent)
        beside.write(path, (header, *(one.data for one in parts)))


# ---------------------------------------------------------------- the bulk


_Where: TypeAlias = tuple[int, int, int]
"""Start, size and checksum of a part."""
Contents: TypeAlias = tuple[str, dict[str, _Where]]
"""Which file a bulk is, and where its named parts stand."""


class Damaged(Exception):
    """A part of the bulk is not what was written: all of the cache is as good as absent."""


class Bulk:
    """What was true of all notes when it was written: a record of each, and parts that speak of all."""

    __slots__ = ("_file", "_known", "_parts", "_stamps", "contents")

    def __init__(self, file: FileIO, contents: Contents) -> None:
        self._file = file
        self._parts = contents[1]
        self._known: dict[int, dict[NoteId, _Where]] = {}
        self._stamps: Plain = None
        self.contents = contents

    def record(self, note: NoteId) -> bytes | None:
        """The record of a note, None for one that was not there."""
        shard = _shard(note)
        known = self._known.get(shard)
        if known is None:
            known = self._known[shard] = self.value(f"index {shard}")
        return self._read(known[note]) if note in known else None

    def part(self, name: str) -> bytes:
        """A part, by its name."""
        return self._read(self._parts[name])

    def value(self, name: str) -> Plain:
        """The value that a part holds."""
        return unpack(self.part(name))

    @property
    def stamps(self) -> Plain:
        """The part of that name, which is asked for twice."""
        if self._stamps is None:
            self._stamps = self.value("stamps")
        return self._stamps

    def _read(self, where: _Where) -> bytes:
        start, size, mark = where
        try:
            data = os.pread(self._file.fileno(), size, start)
        except OSError:
            raise Damaged from None
        if len(data) != size or crc32(data) != mark:
            raise Damaged
        return data


def bulk(path: Path, contents: Contents) -> Bulk | None:
    """The bulk of a base that lies beside its head, None when it is not there."""
    try:
        return Bulk(FileIO(os.open(path.with_name(contents[0]), _FLAGS)), contents)
    except OSError:
        return None


def save_bulk(path: Path, records: Iterable[tuple[NoteId, bytes]], parts: Mapping[str, bytes]) -> Contents | None:
    """Writes the records of all notes, and parts that speak of all; None where they can't be written."""
    shards: list[dict[NoteId, _Where]] = [{} for _ in range(_SHARDS)]
    written: list[bytes] = []
    at = 0

    def place(data: bytes) -> _Where:
        nonlocal at
        written.append(data)
        at += len(data)
        return at - len(data), len(data), crc32(data)

    for note, record in records:
        shards[_shard(note)][note] = place(record)
    index = ((f"index {number}", pack(shard)) for number, shard in enumerate(shards))
    named = {name: place(data) for name, data in (*parts.items(), *index)}
    file = f"{path.stem}.{os.getpid()}-{time.time_ns()}.bulk"
    if not path.is_absolute():
        return None
    try:
        beside.write(path.with_name(file), written)
    except OSError:
        return None
    return file, named


def _shard(note: NoteId) -> int:
    return crc32(note.encode(errors="surrogatepass")) % _SHARDS


def forget_bulks(path: Path, contents: Contents) -> None:
    """Takes away the bulks of a base that its head no longer means."""
    with suppress(OSError):
        for entry in os.scandir(path.parent):
            if entry.name.startswith(f"{path.stem}.") and entry.name.endswith(".bulk") and entry.name != contents[0]:
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 -- of a list of paths


# ---------------------------------------------------------------- files


def _sweep(folder: Path) -> None:
    """Takes away what killed processes left, and the caches of bases that are no longer worked on."""
    now = time.time()
    beside.sweep(folder)
    with suppress(OSError):
        for entry in os.scandir(folder):
            with suppress(OSError):  # another process sweeps, too
                if now - entry.stat(follow_symlinks=False).st_mtime > _FORGOTTEN:
                    Path(entry.path).unlink()
