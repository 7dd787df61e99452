"""`kbtool clean`: takes away what kbtool made of a base: its site, and what is kept of it in the cache."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from kbtool import cache, disk, swap, terminal
from kbtool.cells import history
from kbtool.commands import opening
from kbtool.commands.opening import site_folder
from kbtool.commands.refusing import asked


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    parser.add_argument("--dry-run", action="store_true", help="say what would go, and take nothing away")


def run(options: argparse.Namespace) -> int:
    """Takes away the site and what is kept of the base; notes and records stay."""
    opened = opening.open_base(options.paths)
    found = [path for path in _places(opened) if path.exists()]
    for path in () if options.dry_run else found:
        with suppress(OSError):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    verb = "would take away" if options.dry_run else "took away"
    terminal.say([f"{verb} {disk.shown(path)}" for path in found] or ["nothing to take away"])
    return 0


def _places(opened: opening.Opened) -> Iterator[Path]:
    project = opened.project
    if project.mkdocs is not None:
        site = site_folder(project)
        if swap.is_ours(site):
            yield site
    head = cache.place(project.base)
    yield from (*sorted(head.parent.glob(f"{head.stem}.*")), cache.folder_of_site(project.base))
    keeper = asked(opened).keeper
    yield history.place(keeper.store.folder, project.base)
    for session in keeper.sessions:
        yield from keeper.store.paths(session.key)
        yield keeper.store.folder / "state" / session.key
