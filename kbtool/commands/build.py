"""`kbtool build`: checks, runs what changed, and builds the site."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Mapping
from pathlib import Path

from kbtool import disk, publish, swap, terminal
from kbtool.commands import opening, recording
from kbtool.commands import run as running
from kbtool.config import KbError
from kbtool.disk import Project, Selection
from kbtool.outcomes import Result
from kbtool.report.visible import visible
from kbtool.values import Diagnostic, NoteId


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("-k", "--keep-going", action="store_true", help="build the site in spite of errors")
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")
    parser.add_argument("--no-run", action="store_true", help="execute nothing: show kept and recorded results")
    parser.add_argument("--allow-stale", action="store_true", help="show recorded results of code that has changed")
    running.add_jobs(parser)


def run(options: argparse.Namespace) -> int:
    """Builds the site of the nearest mkdocs.yml; with errors it is left as it was, unless told to keep going."""
    project = disk.find(Path.cwd())
    opened = opening.open_selection(Selection(project, None))
    site = site_folder(project)
    swap.refuse(site, project.base)
    opened.snapshot  # noqa: B018 -- the site's and the report's notes shall be the same
    found = opening.check(opened)
    if opening.failed(found, opened, options.strict) and not options.keep_going:
        return _stopped(opened, found, site)
    ran = running.execute(opened, options.jobs, use=running.Use(not options.no_run, options.allow_stale))
    found = tuple(dict.fromkeys((*found, *ran.failures)))  # what `check` said of attributes, `run` says again
    outdated = _outdated(ran.results)
    if (opening.failed(found, opened, options.strict) or outdated) and not options.keep_going:
        return _stopped(opened, found, site)
    with swap.staged(site) as staged:
        build_into(opened, ran.results, staged)
    if found:
        opening.print_report(opened, found, "text")
    terminal.say([running.summary(ran), f"site: {disk.shown(site)}/index.html"])
    return int(opening.failed(found, opened, options.strict) or outdated)


def _outdated(results: Mapping[NoteId, Result]) -> bool:
    """Whether there are sessions that were not run, and whose recorded results hold no longer; says which."""
    notes = sorted(note for note, one in results.items() if one.differences and one.state in ("none", "failed"))
    for note in notes:
        first = recording.told(results[note].differences[0])
        terminal.warn(visible(f"error: {note}: not run here, and its recorded results are stale: {first}"))
    if notes:
        terminal.warn("record them again (kbtool run --record), or show them as they are: kbtool build --allow-stale")
    return bool(notes)


def site_folder(project: Project) -> Path:
    """Where the site goes."""
    site_dir = project.mkdocs.site_dir if project.mkdocs else "site"
    return mkdocs_yml(project).parent / site_dir


def mkdocs_yml(project: Project) -> Path:
    """The project's mkdocs.yml, which a site needs."""
    if project.mkdocs_yml is None:
        raise KbError("building a site needs a mkdocs.yml\nkbtool init starts one")
    return project.mkdocs_yml


def build_into(opened: opening.Opened, results: Mapping[NoteId, Result], folder: Path) -> None:
    """Has MkDocs write the site of a snapshot into a folder."""
    from kbtool.mkdocs_plugin import build

    compiled = functools.partial(publish.compiled, opened.snapshot, results, past=publish.Past(opened.kb))
    progress = terminal.ProgressLine("writing pages")
    warnings = build(mkdocs_yml(opened.project), folder, compiled, progress)
    progress.end()
    for warning in warnings:
        terminal.warn(f"mkdocs: {warning}")


def _stopped(opened: opening.Opened, found: tuple[Diagnostic, ...], site: Path) -> int:
    opening.print_report(opened, found, "text")
    old = f"{disk.shown(site)} is as it was" if site.exists() else "nothing was written"
    terminal.warn(f"no site was built ({old}); mend the errors, or build all the same: kbtool build --keep-going")
    return 1
