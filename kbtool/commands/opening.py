"""What every command begins with: the base that its PATH arguments mean, compiled."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kbtool import checking, disk, terminal
from kbtool.checking import Checked
from kbtool.config import KbError
from kbtool.disk import Project, Selection, Texts
from kbtool.filters import filtered, in_order
from kbtool.report import Format, ReportOptions, render
from kbtool.report.visible import visible
from kbtool.rules import severity
from kbtool.values import Diagnostic, NoteId

if TYPE_CHECKING:
    from kbtool.kb import Kb, Snapshot
    from kbtool.shelf import FileShelf


class _Work:
    """A project compiled as far as somebody asked for it."""

    def __init__(self, selection: Selection, kb: Kb | None = None) -> None:
        self._selection = selection
        self._kb = kb

    @cached_property
    def kb(self) -> Kb:
        from kbtool.kb import Kb

        return self._kb or Kb(self._shelf)

    @cached_property
    def _shelf(self) -> FileShelf:
        from kbtool.shelf import FileShelf

        return FileShelf(self._selection.project.base)

    def keep_notes(self) -> None:
        """Keeps what was worked out of notes for the next command, and not in memory: a site takes enough of that."""
        if self._kb is None:
            self._shelf.save(self.snapshot.notes)
            self.kb.forget_check()

    @cached_property
    def snapshot(self) -> Snapshot:
        files = disk.read(self._selection.project)
        self._receive(files.warnings, {*files.sources, *(problem.note for problem in files.problems)})
        progress = terminal.ProgressLine("reading notes")
        snapshot = self.kb.snapshot(files, progress)
        progress.end()
        if self._kb is None:
            self._shelf.save(snapshot.notes)
        return snapshot

    @cached_property
    def checked(self) -> Checked:
        progress = terminal.ProgressLine("checking notes")
        config = self._selection.project.config
        # Words that could be links are looked for in the trees of all notes.
        if self.has_snapshot() or severity("unlinked-mention", config) != "off":
            files = self.snapshot.files
            checked = Checked(self.kb.check(self.snapshot, progress), files.sources.keys(), files.warnings, {})
        else:
            checked = checking.check(self._selection.project, progress)
            self._receive(checked.warnings, {*checked.notes, *(one.note for one in checked.found)})
            counted = filtered(checked.found, checked.comments, config)
            checked = checked._replace(found=counted)
        progress.end()
        return checked

    def has_snapshot(self) -> bool:
        return "snapshot" in self.__dict__

    def _receive(self, warnings: Iterable[str], known: Collection[NoteId]) -> None:
        """Says what the settings hold wrong; refuses an empty base, and notes that are none of it."""
        base = self._selection.project.base
        for warning in warnings:
            terminal.warn(f"warning: {visible(warning)}")
        if not known:
            raise KbError(f"no notes in {base}\nnotes are files that end in .md; kbtool new starts one")
        for note in sorted((self._selection.notes or frozenset()).difference(known)):
            raise KbError(f"{base / note}: not a note of the base (hidden, or a link)")


class Opened(NamedTuple):
    """A base, and the notes of it that were asked for (None: all).

    `check` works on the notes' records alone; a command that needs their trees asks for the `snapshot`.
    """

    project: Project
    selected: frozenset[NoteId] | None
    work: _Work

    def asked(self, note: NoteId) -> bool:
        """Whether a note was asked for."""
        return self.selected is None or note in self.selected

    @property
    def snapshot(self) -> Snapshot:
        """The base, read and compiled."""
        return self.work.snapshot

    def having(self, snapshot: Snapshot) -> Opened:
        """The same base, as a snapshot that was made of other texts says."""
        work = _Work(Selection(self.project, self.selected))
        work.snapshot = snapshot
        return Opened(self.project, self.selected, work)

    @property
    def kb(self) -> Kb:
        """What compiles the snapshot."""
        return self.work.kb

    @property
    def checked(self) -> Checked:
        """What the check says: of the snapshot, if there is one, else of the files by way of the cache."""
        return self.work.checked

    @property
    def texts(self) -> Mapping[NoteId, str]:
        """The notes' texts; without a snapshot each is read when it is asked for."""
        if self.work.has_snapshot():
            return {note: source.text for note, source in self.snapshot.files.sources.items()}
        return Texts(self.project.base, self.checked.notes)


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
    """What the paths mean; nothing is read before it is asked for."""
    return open_selection(disk.select(paths))


def open_selection(selection: Selection, kb: Kb | None = None) -> Opened:
    """The same for a selection; what an earlier change of notes could not finish is finished first.

    A `kb` that compiled the base before does not compute again what did not change.
    """
    if (selection.project.base / disk.UNFINISHED).exists():
        from kbtool import edits

        edits.recover(selection.project.base)
    return Opened(selection.project, selection.notes, _Work(selection, kb))


def check(opened: Opened) -> tuple[Diagnostic, ...]:
    """The diagnostics of the notes that were asked for."""
    found = with_records(opened, opened.checked.found, opened.snapshot if opened.work.has_snapshot() else None)
    return found if opened.selected is None else tuple(one for one in found if opened.asked(one.note))


def with_records(
    opened: Opened, found: tuple[Diagnostic, ...], snapshot: Snapshot | None = None
) -> tuple[Diagnostic, ...]:
    """The same with what is wrong with recorded results, where there are some; without a snapshot as the files are."""
    if not (opened.project.base / disk.RECORDS).is_dir():
        return found
    return in_order([*found, *_of_records(opened, snapshot)])


def _of_records(opened: Opened, snapshot: Snapshot | None) -> tuple[Diagnostic, ...]:
    """What is wrong with records: as it was kept, if nothing changed since, and the texts are those of the files."""
    from kbtool import verdicts

    mark = verdicts.mark(opened.project) if snapshot is None else None
    known = verdicts.kept(opened.project, mark) if mark else None
    if known is not None:
        return known
    from kbtool import stale

    notes = opened.snapshot.notes if opened.work.has_snapshot() else opened.checked.notes
    found = stale.problems(opened.project, notes, snapshot)
    if mark:
        verdicts.keep(opened.project, mark, found)
    return found


def print_report(opened: Opened, found: Iterable[Diagnostic], form: Format) -> None:
    """Prints diagnostics to standard output in a format."""
    terminal.say(report_lines(opened, found, form))


def report_lines(opened: Opened, found: Iterable[Diagnostic], form: Format) -> Iterable[str]:
    """Diagnostics in a format, paths as seen from here (in JSON: as in the base)."""
    texts = opened.texts
    notes = len(texts) if opened.selected is None else len(opened.selected)
    return render(found, texts, form, _options(opened.project, notes, form))


def lines_of(project: Project, found: Collection[Diagnostic], notes: int) -> Iterable[str]:
    """Diagnostics of a base of so many notes as text; only the texts of those are read that they show."""
    texts = Texts(project.base, {one.note for one in found})
    return render(found, texts, "text", _options(project, notes, "text"))


def _options(project: Project, notes: int, form: Format) -> ReportOptions:
    prefix = "" if form == "json" else from_here(project.base)
    return ReportOptions(project.config, notes, prefix, terminal.columns(), terminal.color())


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


def site_folder(project: Project) -> Path:
    """Where the site goes."""
    site_dir = project.mkdocs.site_dir if project.mkdocs else "site"
    return mkdocs_yml(project).parent / site_dir


def mkdocs_yml(project: Project) -> Path:
    """The project's mkdocs.yml, which a site needs."""
    if project.mkdocs_yml is None:
        raise KbError("building a site needs a mkdocs.yml\nkbtool init starts one")
    return project.mkdocs_yml
