"""`kbtool cache`: says what is kept outside of bases, and takes away what is of no use any more."""

from __future__ import annotations

import argparse
import os
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kbtool import terminal
from kbtool.below import below
from kbtool.cells.store import default_folder

_OLD = 90 * 86400
"""Seconds after which what nobody asked for is taken away."""
_KINDS = (
    ("outcomes-*", "outcomes of sessions"),
    ("checks", "what checks found"),
    ("sites", "pages of sites"),
    ("history", "how long sessions took"),
    ("state", "checkpoints of sessions that did not come to their end"),
    ("external*", "answers of the web"),
    ("matplotlib", "matplotlib's list of fonts"),
    ("digests.json", "digests of files"),
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--gc", action="store_true", help="take away what was not used for 90 days")


def run(options: argparse.Namespace) -> int:
    """Prints where the cache lies and what is in it; all of it may be deleted at any time."""
    folder = default_folder()
    if options.gc:
        gone = list(_old(folder, time.time() - _OLD))
        for path, _ in gone:
            with suppress(OSError):
                path.unlink()
        _without_empty(folder)
        terminal.say([f"took away {len(gone)} files, {_size(sum(size for _, size in gone))}"])
    terminal.say(_lines(folder))
    return 0


def _lines(folder: Path) -> Iterator[str]:
    yield f"{folder}"
    total = 0
    for pattern, title in _KINDS:
        sizes = [size for place in folder.glob(pattern) for _, _, size in _files(place)]
        total += sum(sizes)
        if sizes:
            yield f"  {_size(sum(sizes)):>9}  {title}"
    yield f"  {_size(total):>9}  in all"


def _files(place: Path) -> Iterator[tuple[Path, float, int]]:
    """The files at a place with their times and sizes."""
    for path in (place, *(Path(one.path) for one in below(place))):
        with suppress(OSError):
            status = path.lstat()
            if not stat.S_ISDIR(status.st_mode):
                yield path, max(status.st_mtime, status.st_atime), status.st_size


def _old(folder: Path, before: float) -> Iterator[tuple[Path, int]]:
    for pattern, _ in _KINDS:
        for place in folder.glob(pattern):
            yield from ((path, size) for path, used, size in _files(place) if used < before)


def _without_empty(folder: Path) -> None:
    folders = [one.path for one in below(folder) if one.is_dir(follow_symlinks=False)]
    for path in reversed(folders):  # what is inside comes first
        with suppress(OSError):  # not empty
            os.rmdir(path)  # noqa: PTH106 -- of a list of paths


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.1f} kB"
