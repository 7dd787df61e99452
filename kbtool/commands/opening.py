"""What every command begins with: the base that its PATH arguments mean, compiled."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from kbtool import disk, edits, terminal
from kbtool.config import KbError
from kbtool.disk import Project, Selection
from kbtool.kb import BaseFiles, Kb, Snapshot
from kbtool.report import Format, ReportOptions, render
from kbtool.report.visible import visible
from kbtool.rules import severity
from kbtool.values import Diagnostic, NoteId


@dataclass(frozen=True, slots=True)
class Opened:
    """A base, read and compiled, and the notes of it that were asked for (None: all)."""

    project: Project
    snapshot: Snapshot
    kb: Kb
    selected: frozenset[NoteId] | None

    def asked(self, note: NoteId) -> bool:
        """Whether a note was asked for."""
        return self.selected is None or note in self.selected


def add_paths(parser: argparse.ArgumentParser) -> None:
    """The `[PATH…]` that check, graph, tree and run take."""
    parser.add_argument(
        "paths",
        metavar="PATH",
        nargs="*",
        type=Path,
        help="a folder of a graph, or notes; without it the base of the nearest mkdocs.yml upward",
    )


def open_base(paths: list[Path]) -> Opened:
    """Reads and compiles what the paths mean; an empty base is an error that says so."""
    selection = disk.select(paths)
    return open_selection(selection)


def open_selection(selection: Selection) -> Opened:
    """Reads and compiles a selection."""
    edits.recover(selection.project.base)
    files = disk.read(selection.project)
    for warning in files.warnings:
        terminal.warn(f"warning: {visible(warning)}")
    if not files.sources and not files.problems:
        raise KbError(f"no notes in {selection.project.base}\nnotes are files that end in .md; kbtool new starts one")
    _refuse_strangers(selection, files)
    kb = Kb()
    progress = terminal.ProgressLine("reading notes")
    snapshot = kb.snapshot(files, progress)
    progress.end()
    return Opened(selection.project, snapshot, kb, selection.notes)


def _refuse_strangers(selection: Selection, files: BaseFiles) -> None:
    known = files.sources.keys() | {problem.note for problem in files.problems}
    for note in sorted((selection.notes or frozenset()) - known):
        raise KbError(f"{selection.project.base / note}: not a note of the base (hidden, or a link)")


def check(opened: Opened) -> tuple[Diagnostic, ...]:
    """The diagnostics of the notes that were asked for."""
    progress = terminal.ProgressLine("checking notes")
    found = opened.kb.check(opened.snapshot, progress)
    progress.end()
    return tuple(one for one in found if opened.asked(one.note))


def print_report(opened: Opened, found: Iterable[Diagnostic], form: Format) -> None:
    """Prints diagnostics to standard output in a format."""
    terminal.say(report_lines(opened, found, form))


def report_lines(opened: Opened, found: Iterable[Diagnostic], form: Format) -> Iterable[str]:
    """Diagnostics in a format, paths as seen from here (in JSON: as in the base)."""
    sources = {ident: source.text for ident, source in opened.snapshot.files.sources.items()}
    prefix = "" if form == "json" else from_here(opened.project.base)
    notes = len(sources) if opened.selected is None else len(opened.selected)
    options = ReportOptions(
        prefix=prefix,
        config=opened.project.config,
        color=terminal.color(),
        width=terminal.columns(),
        notes=notes,
    )
    return render(found, sources, form, options)


def from_here(base: Path) -> str:
    """A base's path as seen from the working folder, with a `/` behind it; empty for the folder itself."""
    relative = os.path.relpath(base, Path.cwd())
    if relative == ".":
        return ""
    return (str(base) if relative.startswith("../..") else relative) + "/"


def failed(found: Iterable[Diagnostic], opened: Opened, strict: bool) -> bool:
    """Whether diagnostics make a command fail."""
    grave = {"error", "warning"} if strict else {"error"}
    return any(severity(one.rule, opened.project.config) in grave for one in found)
