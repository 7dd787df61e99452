"""Puts a finished site in the old one's place, at once: no reader sees a mixture, and a failure changes nothing."""

from __future__ import annotations

import ctypes
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kbtool.config import KbError

MARKER = ".kbtool-site"
"""A file that every site of ours holds; a folder without it is not ours to replace."""
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def refuse(site: Path, base: Path) -> None:
    """Refuses an output folder that holds what is not a site of ours."""
    site, base = site.absolute(), base.absolute()
    if site == base or base.is_relative_to(site) or site in (Path.home(), Path("/")):
        raise KbError(f"{site}: site_dir would overwrite the base or your files\ncorrect site_dir in mkdocs.yml")
    if site.is_symlink() or (site.exists() and not site.is_dir()):
        raise KbError(f"{site}: is no folder\nremove it, or correct site_dir in mkdocs.yml")
    if site.is_dir() and any(site.iterdir()) and not (site / MARKER).exists() and not (site / "sitemap.xml").exists():
        raise KbError(f"{site}: is not empty, and no site of kbtool\nempty it, or correct site_dir in mkdocs.yml")


def is_ours(site: Path) -> bool:
    """Whether a folder holds a site that kbtool built."""
    return site.is_dir() and not site.is_symlink() and (site / MARKER).is_file()


@contextmanager
def staged(site: Path) -> Iterator[Path]:
    """A folder beside the site to build into; on success it takes the site's place, on failure it goes."""
    site.parent.mkdir(parents=True, exist_ok=True)
    _sweep(site)
    new = site.parent / f"{site.name}.new-{os.getpid()}"
    try:
        yield new
        (new / MARKER).write_bytes(b"")
        _exchange(new, site)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def _exchange(new: Path, site: Path) -> None:
    os.sync()
    if not site.exists():
        new.rename(site)
        return
    if _exchanged(new, site):
        return
    old = site.parent / f"{site.name}.old-{os.getpid()}"
    site.rename(old)
    try:
        new.rename(site)
    except OSError:
        old.rename(site)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchanged(new: Path, site: Path) -> bool:
    """Swaps two folders in one step, where the kernel and the file system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(site), _RENAME_EXCHANGE) == 0)


def _sweep(site: Path) -> None:
    """Takes away what killed builds left, and puts a site back that a kill caught between two renames."""
    for left in site.parent.glob(f"{site.name}.old-*"):
        if not site.exists():
            left.rename(site)
    for left in (*site.parent.glob(f"{site.name}.new-*"), *site.parent.glob(f"{site.name}.old-*")):
        if not _alive(left.name.rpartition("-")[2]):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: str) -> bool:
    with suppress(ValueError, OSError):
        os.kill(int(pid), 0)
        return True
    return False
