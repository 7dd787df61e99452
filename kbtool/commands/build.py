"""`kbtool build`: checks, runs what changed, and builds the site."""

from __future__ import annotations

import argparse
import functools
import gc
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from kbtool import disk, git, past, publish, standing, swap, terminal
from kbtool.commands import isolating, opening, recording, sessions
from kbtool.commands import run as running
from kbtool.commands.revealing import revealed
from kbtool.config import KbError
from kbtool.disk import Project, Selection
from kbtool.outcomes import Result
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.report.visible import visible
from kbtool.standing import Built
from kbtool.values import Diagnostic, NoteId

Compiled = Callable[[Look], SiteInput]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("-k", "--keep-going", action="store_true", help="build the site in spite of errors")
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")
    parser.add_argument("--no-run", action="store_true", help="execute nothing: show kept and recorded results")
    parser.add_argument("--allow-stale", action="store_true", help="show recorded results of code that has changed")
    parser.add_argument("--verify", action="store_true", help="build the site from nothing as well, and compare")
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
    how = sessions.How(wanted=isolating.wanted(options))
    ran = running.execute(opened, options.jobs, how, running.Use(not options.no_run, options.allow_stale))
    found += revealed(opened, ran.results)
    found = tuple(dict.fromkeys((*found, *ran.failures)))  # what `check` said of attributes, `run` says again
    outdated = _outdated(ran.results)
    if (opening.failed(found, opened, options.strict) or outdated) and not options.keep_going:
        return _stopped(opened, found, site)
    publish_into(opened, ran.results, site)
    differs = options.verify and _differs(opened, ran.results, site)
    if found:
        opening.print_report(opened, found, "text")
    terminal.say([running.summary(ran), f"site: {disk.shown(site)}/index.html"])
    return int(opening.failed(found, opened, options.strict) or outdated or differs)


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


def publish_into(opened: opening.Opened, results: Mapping[NoteId, Result], site: Path) -> None:
    """Brings a site to what a snapshot says: of the last build all that is the same is kept."""
    # All that a base is made of would be looked through for cycles again and again, and has none.
    gc.freeze()
    store = past.Store(opened.project.base, site)
    known, before = store.site(), store.pages()
    remembered = publish.Past(opened.kb, past.code(), before)
    remembered.layout = laid = store.layout()
    compiled = once(functools.partial(publish.compiled, opened.snapshot, results, past=remembered))
    if not (known and _updated(opened, compiled, (known, store), site)):
        store.keep_site(None)
        with swap.staged(site) as staged:
            built = built_into(opened, compiled, staged)
        store.keep_site(_standing(opened, compiled(built.look), built, site))
    store.keep_pages(remembered.pages, before)
    store.keep_layout(remembered.layout, laid)


def once(compiled: Compiled) -> Compiled:
    """Gives the last answer again for the same look."""
    known: list[tuple[Look, SiteInput]] = []

    def answer(look: Look) -> SiteInput:
        if not known or known[0][0] != look:
            known[:] = [(look, compiled(look))]
        return known[0][1]

    return answer


def _updated(opened: opening.Opened, compiled: Compiled, kept: tuple[past.Site, past.Store], site: Path) -> bool:
    """Whether it was enough to change some files of the site."""
    known, store = kept
    old = known.standing
    if past.outside(known.watched) != old.outside or not site.is_dir():
        return False
    made = compiled(replace(old.look, history=git.history(opened.project.base)))
    if past.stamps(opened.project.base, {*made.assets, *old.assets}) != old.assets:
        return False
    change = standing.change(old, made)
    if change is None:
        return False
    if not change.files:
        return swap.listing(site) == known.listing
    listing = swap.update(site, change.files, known.listing)
    if listing is None:
        return False
    store.keep_site(past.Site(change.after, known.watched, listing))
    return True


def _standing(opened: opening.Opened, made: SiteInput, built: Built, site: Path) -> past.Site | None:
    if not built.watched:
        return None
    assets = past.stamps(opened.project.base, {*made.assets, *built.named})
    now = standing.standing(made, built, past.outside(built.watched), assets)
    return past.Site(now, built.watched, swap.listing(site))


def _differs(opened: opening.Opened, results: Mapping[NoteId, Result], site: Path) -> bool:
    """Whether a clean build is another one; says where. That is a fault of kbtool, which the clean build mends."""
    with tempfile.TemporaryDirectory(prefix="kbtool-verify-") as folder:
        clean = Path(folder) / "site"
        build_into(opened, results, clean)
        found = swap.different(clean, site)
    for path in found:
        terminal.warn(f"error: {disk.shown(site)}/{visible(path)} is not what a clean build gives")
    terminal.warn(f"verified: {len(found)} files differ from a clean build" if found else "verified: as a clean build")
    return bool(found)


def build_into(opened: opening.Opened, results: Mapping[NoteId, Result], folder: Path) -> None:
    """Has MkDocs write the site of a snapshot into a folder, from nothing."""
    compiled = functools.partial(publish.compiled, opened.snapshot, results, past=publish.Past(opened.kb))
    built_into(opened, compiled, folder)


def built_into(opened: opening.Opened, compiled: Compiled, folder: Path) -> Built:
    """Has MkDocs write a site into a folder."""
    from kbtool.mkdocs_plugin import build

    progress = terminal.ProgressLine("writing pages")
    built = build(mkdocs_yml(opened.project), folder, compiled, progress)
    progress.end()
    for warning in built.warnings:
        terminal.warn(f"mkdocs: {warning}")
    return built


def _stopped(opened: opening.Opened, found: tuple[Diagnostic, ...], site: Path) -> int:
    opening.print_report(opened, found, "text")
    old = f"{disk.shown(site)} is as it was" if site.exists() else "nothing was written"
    terminal.warn(f"no site was built ({old}); mend the errors, or build all the same: kbtool build --keep-going")
    return 1
