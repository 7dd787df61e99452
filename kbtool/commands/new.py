"""`kbtool new`: starts a note under the file name that Logseq would give it."""

from __future__ import annotations

import argparse
from pathlib import Path

from kbtool import disk, edits, names, query, terminal
from kbtool.config import GraphSettings, KbError
from kbtool.dates import journal_day, journal_name
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
    edits.recover(base)
    files = disk.read(selection.project)
    _refuse_bad(options.name)
    _refuse_taken(options.name, query.named(Kb().snapshot(files), options.name))
    note = NoteId(path(options.name, files.settings))
    mkdocs = selection.project.mkdocs
    edits.create(base, note, template(options.name, files.settings, mkdocs.language if mkdocs else "").encode())
    terminal.say([disk.shown(base / note)])
    return 0


def path(name: str, settings: GraphSettings) -> str:
    """The file that a page is kept in, where and as the graph keeps such pages."""
    day = journal_day(name, settings.date_formats)
    if settings.dialect == "obsidian":
        if set(name) & set('\\:*?"<>|#^[]'):
            raise KbError(
                "in Obsidian's dialect the name is the file's: none of \\ : * ? \" < > | # ^ [ ] may stand in it"
            )
        return f"{name}.md"
    folder = settings.pages_directory if day is None else settings.journals_directory
    found = _stem(name, settings) + ".md"
    if len(found.encode()) > MAX_FILE_NAME:
        raise KbError(f"the name is too long: its file name would have {len(found.encode())} bytes of {MAX_FILE_NAME}")
    return f"{folder}/{found}"


def _stem(name: str, settings: GraphSettings) -> str:
    day = journal_day(name, settings.date_formats)
    return names.to_file(name if day is None else journal_name(day, settings.journal_files), settings.name_format)


def template(name: str, settings: GraphSettings, language: str) -> str:
    """A new note's text; a `title::` where the file name alone would be read as another name."""
    day = journal_day(name, settings.date_formats)
    status = "росток" if language == "ru" else "seedling"
    if settings.dialect == "obsidian":
        return f"---\ntype: concept\nstatus: {status}\n---\n\n"
    read = names.from_file(_stem(name, settings), settings.name_format)
    if day is not None and journal_day(read, settings.date_formats) == day:
        return "- \n"
    title = "" if read == name else f"title:: {name}\n"
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
