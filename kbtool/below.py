"""What lies below a folder, however deep: Python's own walks recurse, and somebody else's folders may be too deep."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path


def below(folder: str | Path, closed: Collection[str] = ()) -> Iterator[os.DirEntry[str]]:
    """All that lies below a folder, folders before what is in them; links are not followed, `closed` names not opened.

    What may not be looked into has nothing in it.
    """
    pending = [os.fspath(folder)]
    while pending:
        with suppress(OSError), os.scandir(pending.pop()) as found:
            for one in found:
                if one.name not in closed and one.is_dir(follow_symlinks=False):
                    pending.append(one.path)
                yield one
