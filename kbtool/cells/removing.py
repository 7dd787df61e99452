"""Takes folders away that note code has filled: whatever it left there, however deep, no error comes of it.

Loaded by `session` as well; imports nothing but the standard library.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import NamedTuple

_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def remove(folder: str | os.PathLike[str]) -> None:
    """Remove a folder with all in it as far as that is allowed; symbolic links are not followed."""
    with suppress(OSError):
        if os.unlink in os.supports_dir_fd:  # Windows, where nothing runs, has no such thing
            _empty(folder)
        os.rmdir(folder)  # noqa: PTH106


def _empty(folder: str | os.PathLike[str]) -> None:
    """Goes down and up from folder to folder, so that no path is too long, no recursion too deep, no file left open."""
    here, above = _opened(folder, None), list[_Level]()
    level = _looked_into("", here)
    try:
        while level.folders or above:
            if level.folders:
                below = _below(level.folders.pop(), here)
                if below is not None:
                    above.append(level)
                    here, level = _instead(here, below[0]), below[1]
                continue
            name, level = level.name, above.pop()
            here = _instead(here, os.open("..", _FLAGS, dir_fd=here))
            if not os.path.samestat(os.fstat(here), level.stat):  # somebody moved it: what lies there is not ours
                return
            with suppress(OSError):
                os.rmdir(name, dir_fd=here)
    finally:
        os.close(here)


def _below(name: str, within: int) -> tuple[int, _Level] | None:
    """A folder in another, opened and looked into; None if that is not allowed."""
    with suppress(OSError):
        folder = _opened(name, within)
        try:
            return folder, _looked_into(name, folder)
        except OSError:
            os.close(folder)
    return None


class _Level(NamedTuple):
    """A folder on the way down: its name in the one above, what it is, and the folders in it that are left."""

    name: str
    stat: os.stat_result
    folders: list[str]


def _looked_into(name: str, folder: int) -> _Level:
    """What is left of a folder when all but folders is gone from it."""
    os.fchmod(folder, 0o700)
    left = [one for one in os.listdir(folder) if not _unlinked(one, folder)]
    return _Level(name, os.fstat(folder), left)


def _opened(folder: str | os.PathLike[str], within: int | None) -> int:
    """A folder's descriptor; whoever owns the folder may look into it."""
    try:
        return os.open(folder, _FLAGS, dir_fd=within)
    except PermissionError:  # no link: that would be another error
        os.chmod(folder, 0o700, dir_fd=within)
        return os.open(folder, _FLAGS, dir_fd=within)


def _instead(old: int, new: int) -> int:
    os.close(old)
    return new


def _unlinked(name: str, within: int) -> bool:
    """Whether something is gone, which folders are not."""
    with suppress(OSError):
        os.unlink(name, dir_fd=within)
        return True
    return False
