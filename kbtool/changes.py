"""When notes were made and changed, and what their files were called before: as git's log tells it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kbtool.values import NoteId

MARK = b"\x01"
"""What each commit of the log begins with; no path in it does."""


class Change(NamedTuple):
    """The first and the last commit of a note, in seconds since 1970, and the paths that its file had before."""

    created: int
    changed: int
    paths: tuple[str, ...] = ()


def read_log(log: bytes) -> Mapping[NoteId, Change]:
    """What a log says of each file, from the newest commit to the oldest.

    It is that of `git log --format=%x01%ct --name-status -z`: a file that was renamed is the one that it became.
    """
    found: dict[bytes, Change] = {}
    became: dict[bytes, bytes | None] = {}
    for time, status, old, path in _entries(log):
        file = became.get(path, path)
        if file is not None:
            known = found.get(file, Change(time, time))
            paths = (*known.paths, _text(old)) if old else known.paths
            found[file] = Change(min(known.created, time), max(known.changed, time), tuple(dict.fromkeys(paths)))
        # Older commits that name the path mean another file, which is gone.
        if status in b"AD" or old:
            became[path] = None
        if old:
            became[old] = file
    return {NoteId(_text(path)): change for path, change in found.items()}


def _entries(log: bytes) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """The time of the commit, the status, the old path of what was renamed, and the path, of each changed file."""
    time = 0
    fields = iter(log.split(b"\0"))
    for given in fields:
        field = given.lstrip(b"\n")
        if field.startswith(MARK):
            time = int(field[1:] or 0)
        elif field[:1] in (b"R", b"C"):
            old, path = next(fields, b""), next(fields, b"")
            yield time, field[:1], old if field[:1] == b"R" else b"", path
        elif field:
            yield time, field[:1], b"", next(fields, b"")


def _text(path: bytes) -> str:
    return path.decode("utf-8", "surrogateescape")
