"""Takes folders away that note code has filled: whatever it left there, however deep, no error comes of it.

Loaded by `session` as well; imports nothing but the standard library.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count


def remove(folder: str | os.PathLike[str]) -> None:
    """Remove a folder with all in it as far as that is allowed; symbolic links are not followed.

    Folders inside are moved up before they are looked into, so that no path is too long and no recursion too deep.
    """
    with suppress(OSError):
        if os.unlink in os.supports_dir_fd:  # Windows, where nothing runs, has no such thing
            _empty(folder)
        os.rmdir(folder)  # noqa: PTH106


def _empty(folder: str | os.PathLike[str]) -> None:
    prefix, numbers = os.urandom(8).hex(), count()
    with _opened(folder, None) as top:
        waiting = [name for name in os.listdir(top) if not _unlinked(name, top)]  # noqa: PTH208
        while waiting:
            name = waiting.pop()
            with suppress(OSError), _opened(name, top) as inner:
                for one in os.listdir(inner):  # noqa: PTH208
                    if not _unlinked(one, inner):
                        moved = f"{prefix}-{next(numbers)}"
                        with suppress(OSError):
                            os.chmod(one, 0o700, dir_fd=inner)
                            os.rename(one, moved, src_dir_fd=inner, dst_dir_fd=top)
                            waiting.append(moved)
                os.rmdir(name, dir_fd=top)


@contextmanager
def _opened(folder: str | os.PathLike[str], within: int | None) -> Iterator[int]:
    """A folder's descriptor; whoever owns it may look into it and change it."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        fd = os.open(folder, flags, dir_fd=within)
    except PermissionError:  # no link: that would be another error
        os.chmod(folder, 0o700, dir_fd=within)
        fd = os.open(folder, flags, dir_fd=within)
    try:
        os.fchmod(fd, 0o700)
        yield fd
    finally:
        os.close(fd)


def _unlinked(name: str, within: int) -> bool:
    """Whether something is gone, which folders are not."""
    with suppress(OSError):
        os.unlink(name, dir_fd=within)
        return True
    return False
