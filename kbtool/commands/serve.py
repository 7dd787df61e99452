"""`kbtool serve`: shows the site on this machine, and an edit at once; runs no code unless it is told to."""

from __future__ import annotations

import argparse
import functools
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from watchdog import events
from watchdog.observers import Observer

from kbtool import disk, git, outside, past, publish, server, standing, terminal
from kbtool.commands import isolating, opening, sessions, trusting
from kbtool.commands import run as running
from kbtool.commands.building import built_into, once, what_stands
from kbtool.commands.opening import mkdocs_yml
from kbtool.config import KbError
from kbtool.disk import Project, Selection
from kbtool.kb import Snapshot
from kbtool.outcomes import Result
from kbtool.render.context import Look
from kbtool.render.urls import page_file
from kbtool.report.place import Places
from kbtool.rules import LEVELS, severity
from kbtool.standing import Standing
from kbtool.values import Diagnostic, NoteId

# Seconds between two looks at the base where the system tells nothing.
_INTERVAL = 1.0
# An editor writes a file in several steps.
_SETTLING = 0.01
# All that is not shown at once waits so long: it would take the processor from the browser that asks for the page.
_PAINTING = 0.25


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--port", type=int, default=8000, help="the port on 127.0.0.1 (default: 8000)")
    parser.add_argument("--run", action="store_true", help="run the notes' code when it changes")
    isolating.arguments(parser, site=True)


def run(options: argparse.Namespace) -> int:
    """Serves until Ctrl-C; an error in mkdocs.yml leaves the last site up."""
    project = disk.find(Path.cwd())
    mkdocs_yml(project)
    trusting.refuse_code(project, options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that the folder goes, too
    # By its name the next run knows whose it was, and takes it away.
    with tempfile.TemporaryDirectory(prefix=f"kbtool-{os.getpid()}-") as folder, _changes(project) as changed:
        how = sessions.How(wanted=isolating.wanted(options)) if options.run else None
        seen, show = outside.fingerprint(project), _Show(Path(folder), how)
        show.update(project)
        with server.start(show.site, options.port) as address:
            said = "code is run when it changes" if options.run else "results are kept or recorded ones"
            terminal.warn(f"serving {address} (Ctrl-C ends it); {said}")
            while True:
                changed.wait(_INTERVAL)
                time.sleep(_SETTLING)
                changed.clear()
                now = outside.fingerprint(project)
                if now != seen:
                    seen = now
                    _again(show, options)


def _again(show: _Show, options: argparse.Namespace) -> None:
    try:
        project = disk.find(Path.cwd())
        trusting.refuse_code(project, options)
        show.update(project)
    except KbError as error:
        terminal.warn(f"error: {error}")
        show.tell_error(str(error))


# That a file was read is not among them: a build reads all, and to be told of each takes longer than to read it.
_EDITS = (
    *(events.FileCreatedEvent, events.FileModifiedEvent, events.FileMovedEvent, events.FileDeletedEvent),
    *(events.DirCreatedEvent, events.DirModifiedEvent, events.DirMovedEvent, events.DirDeletedEvent),
)


class _Told(events.FileSystemEventHandler):
    """Notes that something happened to files."""

    def __init__(self, changed: threading.Event) -> None:
        self._changed = changed

    def on_any_event(self, _: events.FileSystemEvent) -> None:
        """Told by the system."""
        self._changed.set()


@contextmanager
def _changes(project: Project) -> Iterator[threading.Event]:
    """Set when something in the base changes, as far as the system tells."""
    changed = threading.Event()
    observer = Observer()
    observer.schedule(_Told(changed), str(project.base), recursive=True, event_filter=list(_EDITS))
    observer.schedule(_Told(changed), str(mkdocs_yml(project).parent), recursive=False, event_filter=list(_EDITS))
    observer.start()
    try:
        yield changed
    finally:
        observer.stop()


class _Last(NamedTuple):
    """The last build: what it was made of, what stands, and the notes of its files."""

    snapshot: Snapshot
    results: Mapping[NoteId, Result]
    look: Look
    standing: Standing
    watched: tuple[str, ...]
    notes: Mapping[str, NoteId]


class _Show:
    """What is shown, and what is remembered to show the next edit at once; `how` code is run, None: not at all."""

    def __init__(self, folder: Path, how: sessions.How | None) -> None:
        self.site = server.Site()
        self._folder = folder
        self._builds = 0
        self._how = how
        self._past = publish.Past(code=outside.code())
        self._last: _Last | None = None
        self._problems: list[dict[str, object]] = []

    def tell_error(self, message: str) -> None:
        """Says on each page why the last edit is not shown, above what was wrong before."""
        self.site.tell_problems([{"severity": "error", "message": message}, *self._problems])

    def _tell(self, opened: opening.Opened, found: Iterable[Diagnostic]) -> None:
        notes = self._last.notes if self._last else {}
        pages = {note: server.address_of(f"/{file}") for file, note in notes.items()}
        self._problems = list(_problems(opened, found, pages))
        self.site.tell_problems(self._problems)

    def update(self, project: Project) -> None:
        """Shows the base as it is: first the pages that somebody edits or looks at, then all."""
        began = time.monotonic()
        opened = opening.open_selection(Selection(project, None), self._past.kb)
        snapshot = opened.snapshot
        if self._last:
            self._at_once(self._last, snapshot)
        found = opening.check(opened)
        self._tell(opened, found)
        if found:
            opening.print_report(opened, found, "text")
        if self._how:
            results = running.execute(opened, 0, self._how, running.Use(True, True)).results
        else:
            results = publish.stored(snapshot, project.base)
        if not (self._last and self._changed(self._last, opened, results)):
            self._built(opened, results)
            self._tell(opened, found)  # pages may have other places now
        terminal.warn(f"built {len(snapshot.notes)} notes in {time.monotonic() - began:.1f} s")

    def _at_once(self, last: _Last, snapshot: Snapshot) -> None:
        old = last.snapshot.files.sources
        edited = {note for note, source in snapshot.files.sources.items() if old.get(note) is not source}
        looked_at = {last.notes[file] for file in self.site.opened() if file in last.notes}
        pages = publish.at_once(snapshot, last.results, last.look, self._past)(edited | looked_at)
        files = [standing.file_of(last.standing, page) for page in pages]
        shown = dict(file for file in files if file)
        self.site.change(shown)
        if shown and self.site.opened():
            time.sleep(_PAINTING)

    def _changed(self, last: _Last, opened: opening.Opened, results: Mapping[NoteId, Result]) -> bool:
        """Whether it was enough to show some files of the site anew."""
        if outside.outside(last.watched) != last.standing.outside:
            return False
        look = replace(last.standing.look, history=git.history(opened.project.base))
        made = publish.compiled(opened.snapshot, results, look, self._past)
        if not past.has_same_assets(opened.project.base, last.standing, made.assets):
            return False
        change = standing.change(last.standing, made)
        if change is None:
            return False
        self.site.change(change.files)
        self._last = last._replace(snapshot=opened.snapshot, results=results, look=look, standing=change.after)
        return True

    def _built(self, opened: opening.Opened, results: Mapping[NoteId, Result]) -> None:
        compiled = once(functools.partial(publish.compiled, opened.snapshot, results, past=self._past))
        self._builds += 1
        folder = self._folder / str(self._builds)
        built = built_into(opened, compiled, folder)
        self.site.show(folder)
        for old in self._folder.iterdir():
            if old != folder:
                shutil.rmtree(old, ignore_errors=True)
        made = compiled(built.look)
        now = what_stands(opened.project, made, built)
        notes = {page_file(page.slug, built.look.directory_urls): NoteId(page.path) for page in made.pages if page.path}
        self._last = _Last(opened.snapshot, results, built.look, now, built.watched, notes) if now else None


def _problems(
    opened: opening.Opened, found: Iterable[Diagnostic], pages: Mapping[NoteId, str]
) -> Iterator[dict[str, object]]:
    """Diagnostics as pages show them, the gravest first; `page` is the address of the page that one is about."""
    places = Places(opened.texts, opening.from_here(opened.project.base))
    for one in sorted(found, key=lambda one: -LEVELS.index(severity(one.rule, opened.project.config))):
        at = places.position(one.note, one.span.start)
        yield {
            "path": places.path(one.note),
            "line": at.line,
            "column": at.column,
            "severity": severity(one.rule, opened.project.config),
            "message": one.message,
            "page": pages.get(one.note, ""),
        }
