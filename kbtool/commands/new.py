"""`kbtool new`: starts a note under the file name that Logseq would give it."""

from __future__ import annotations

import argparse
from pathlib import Path

from kbtool import disk, edits, names, query, terminal
from kbtool.config import GraphSettings, KbError
from kbtool.kb import Kb
from kbtool.values import NoteId

MAX_FILE_NAME = 255
"""Bytes that a file name may have on all usual file systems."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("name", metavar="NAME", help="the page's name, as links will spell it")
    parser.add_argument("--base", metavar="FOLDER", type=Path, help="the base; default: that of the nearest mkdocs.yml")


def run(options: argparse.Namespace) -> int:
    """Creates the note and prints its path; refuses to overwrite a note or to take a name that is taken."""
    selection = disk.select([options.base] if options.base else [])
    base = selection.project.base
    files = disk.read(selection.project)
    _refuse_bad(options.name)
    _refuse_taken(options.name, query.named(Kb().snapshot(files), options.name))
    note = NoteId(f"pages/{file_name(options.name)}")
    mkdocs = selection.project.mkdocs
    edits.create(base, note, template(options.name, files.settings, mkdocs.language if mkdocs else "").encode())
    terminal.say([disk.shown(base / note)])
    return 0


def file_name(name: str) -> str:
    """The file that a page is kept in."""
    found = names.to_file(name) + ".md"
    if len(found.encode()) > MAX_FILE_NAME:
        raise KbError(f"the name is too long: its file name would have {len(found.encode())} bytes of {MAX_FILE_NAME}")
    return found


def template(name: str, settings: GraphSettings, language: str) -> str:
    """A new note's text; a `title::` where the file name alone would be read as another name."""
    stem = names.to_file(name)
    title = "" if names.from_file(stem, settings.name_format) == name else f"title:: {name}\n"
    status = "росток" if language == "ru" else "seedling"
    return f"{title}type:: concept\nstatus:: {status}\n\n- \n"


def _refuse_bad(name: str) -> None:
    if not name.strip() or name != name.strip():
        raise KbError("a page's name must not be empty, nor begin or end with white space")
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise KbError("a page's name must not hold control characters or line ends")
    if not names.key(name) or "]]" in name or "[[" in name:
        raise KbError("a page's name must not be `/`, nor hold [[ or ]]: no link could name it")


def _refuse_taken(name: str, taken: tuple[str, ...]) -> None:
    if taken:
        raise KbError(f"«{name}» exists already: {taken[0]}\nnames are compared without regard to capital letters")
