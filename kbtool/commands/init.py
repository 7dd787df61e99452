"""`kbtool init`: starts a base that builds at once."""

from __future__ import annotations

import argparse
import pkgutil
import shlex
from pathlib import Path

from kbtool import disk, edits, terminal
from kbtool.config import KbError
from kbtool.values import NoteId

FILES = (
    ("mkdocs.yml", "mkdocs.yml"),
    ("kb/logseq/config.edn", "config.edn"),
    ("kb/pages/Start.md", "Start.md"),
    ("kb/pages/First note.md", "First note.md"),
)
"""Where each file of a new base goes, and its template."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", metavar="DIR", type=Path, help="the folder; made if it does not exist")


def run(options: argparse.Namespace) -> int:
    """Writes the base's files; a folder that holds any of them is left alone."""
    folder: Path = options.folder
    if folder.exists() and not folder.is_dir():
        raise KbError(f"{folder}: is a file\nname a folder")
    graph = next((name for name in ("logseq", "pages", "journals") if (folder / name).is_dir()), None)
    if graph:
        raise KbError(
            f"{folder} is a graph already: it holds {graph}/\n"
            "check it as it is: kbtool check FOLDER; to build it, write a mkdocs.yml beside it with docs_dir: its name"
        )
    for path, _ in FILES:
        if (folder / path).exists():
            raise KbError(f"{folder / path} exists already\nname a new folder, or an empty one")
    folder.mkdir(parents=True, exist_ok=True)
    for path, template in FILES:
        edits.create(folder, NoteId(path), pkgutil.get_data("kbtool", f"templates/{template}") or b"")
    go = "" if folder.resolve() == Path.cwd() else f"cd {shlex.quote(disk.shown(folder))} && "
    terminal.say([f"a new base in {disk.shown(folder)}", f"next: {go}kbtool build && kbtool serve"])
    return 0
