"""The files of recorded results: `.kbtool/records/` in the base, to be committed with its notes.

`pages/a.md.json` is of the note `pages/a.md`, `blobs/ab/abcd….svg` a content that is named by its digest. They may
have come from anywhere, so nothing is followed out of the base, and nothing is read that is larger than we write.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kbtool import beside
from kbtool.cells.recorded import Record, blobs_of, bodies, decoded, is_blob
from kbtool.config import KbError
from kbtool.values import NoteId

FOLDER = ".kbtool/records"
_BLOBS = "blobs"
_NOTES = (".md.json", ".markdown.json")
_LIMIT = 16 << 20
"""Bytes of a file that is read, and of a note's blobs together."""
_READ = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True, slots=True)
class Archive:
    """The recorded results of a base."""

    base: Path

    def notes(self) -> tuple[NoteId, ...]:
        """The notes that have a file here, whether or not they exist."""
        paths = (path for path in self._walk() if path.lower().endswith(_NOTES))
        return tuple(sorted(NoteId(path.removesuffix(".json")) for path in paths))

    def place(self, note: NoteId) -> str:
        """The path of a note's file in the base."""
        return f"{FOLDER}/{note}.json"

    def of(self, note: NoteId) -> tuple[Record, ...]:
        """What is recorded of a note."""
        data, left = self.read(note), _LIMIT

        def blob(name: str) -> bytes | None:
            """A blob, as long as all that a note asks for, the same one twice too, is not beyond measure."""
            nonlocal left
            content = _contents(self._blob_path(name))
            left -= len(content or b"")
            return content if left >= 0 else None

        return () if data is None else decoded(note, data, blob)

    def read(self, note: NoteId) -> bytes | None:
        """A note's file, None when there is none; of one that is no file of ours nothing."""
        return _contents(self.base / self.place(note))

    def _blob_path(self, name: str) -> Path:
        return self.base / FOLDER / _BLOBS / name[:2] / name

    def _walk(self) -> Iterator[str]:
        """Paths of regular files, from here."""
        pending = [""]
        while pending:
            folder = pending.pop()
            with suppress(OSError), os.scandir(self.base / FOLDER / folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(f"{folder}{entry.name}/")
                    elif entry.is_file(follow_symlinks=False):
                        yield folder + entry.name

    # ------------------------------------------------------------ writing

    def write(self, note: NoteId, data: bytes, blobs: Mapping[str, bytes]) -> None:
        """Keeps a note's file, and before it the blobs that it speaks of; OSError where that is not possible."""
        for name, content in blobs.items():
            path = self._blob_path(name)
            if _contents(path) != content:
                self._put(path, content)
        self._put(self.base / self.place(note), data)

    def _put(self, path: Path, data: bytes) -> None:
        """Writes a file."""
        self._expect_own(path)
        beside.write(path, (data,), lasting=True, mode=0o644)  # it is committed, and others read it

    def _expect_own(self, path: Path) -> None:
        """Refuses what a symbolic link on the way would put elsewhere."""
        for folder in (path, *path.parents):
            if folder == self.base:
                return
            if folder.is_symlink():
                raise KbError(f"{folder}: a symbolic link, and kbtool writes to none")

    def remove(self, note: NoteId) -> None:
        """Takes a note's file away."""
        self._unlink(self.base / self.place(note))

    def prune(self) -> int:
        """Takes away the blobs that no file speaks of, and what was left of writing; how many there were."""
        needed: set[str] = set()
        for note in self.notes():
            with suppress(ValueError):
                needed |= blobs_of(bodies(self.read(note) or b""))
        idle = [path for path in self._walk() if _is_idle(path, needed)]
        for path in idle:
            self._unlink(self.base / FOLDER / path)
        return len(idle)

    def _unlink(self, path: Path) -> None:
        self._expect_own(path)
        path.unlink(missing_ok=True)
        for folder in path.parents:
            if folder == self.base:
                return
            try:
                folder.rmdir()
            except OSError:
                return  # there is something in it


def _is_idle(path: str, needed: set[str]) -> bool:
    folder, _, name = path.rpartition("/")
    if beside.is_half(name):
        return True
    return folder == f"{_BLOBS}/{name[:2]}" and is_blob(name) and name not in needed


def _contents(path: Path) -> bytes | None:
    """A regular file's bytes; nothing of what is none or too large, None when it is not there."""
    try:
        descriptor = os.open(path, _READ)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return b""
        data = file.read(_LIMIT + 1)
    return data if len(data) <= _LIMIT else b""
