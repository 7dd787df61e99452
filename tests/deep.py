"""Folders in folders, as hostile code and hostile bases make them."""

from __future__ import annotations

import os
from pathlib import Path


def deepen(folder: Path, levels: int) -> None:
    """Makes a folder with so many folders in each other, and a file at the end."""
    home = os.open(".", os.O_RDONLY)
    folder.mkdir(parents=True, exist_ok=True)
    os.chdir(folder)
    for _ in range(levels):
        os.mkdir("a")  # noqa: PTH102
        os.chdir("a")
    Path("deep.json").write_text("{}")
    os.fchdir(home)
    os.close(home)
