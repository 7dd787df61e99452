"""What `build` does: brings a site to what the notes say, a part of it where that is enough, else by way of MkDocs."""

from __future__ import annotations

import argparse
import functools
import gc
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from kbtool import disk, git, outside, past, publish, standing, swap, terminal
from kbtool.cells.ground import ground
from kbtool.commands import isolating, opening, recording, sessions
from kbtool.commands import run as running
from kbtool.commands.revealing import revealed
from kbtool.disk import Project
from kbtool.outcomes import Result
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.report.visible import visible
from kbtool.standing import Built
from kbtool.untouched import Done
from kbtool.values import Diagnostic, NoteId

Compiled = Callable[[Look], SiteInput]


def build(opened: opening.Opened, options: argparse.Namespace, site: Path) -> Done | None:
    """Checks, runs what is to be run, and brings the site up to date; None where errors are in the way."""
    # All that a base is made of would be looked through for cycles again and again, and has none.
    with uncollected():
        return _build(opened, options, site)


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage is looked for meanwhile; what lives on is not looked through afterwards either."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collecting:
            gc.enable()


@contextmanager
def collected() -> Iterator[None]:
    """Garbage is looked for meanwhile, which MkDocs makes, among what is made from now on."""
    collecting = gc.isenabled()
    gc.freeze()
    gc.enable()
    try:
        yield
    finally:
        if not collecting:
            gc.disable()


def _build(opened: opening.Opened, options: argparse.Namespace, site: Path) -> Done | None:
    opened.snapshot  # noqa: B018 -- the site's and the report's notes shall be the same
    found = opening.check(opened)
    opened.work.keep_notes()
    if opening.failed(found, opened, options.strict) and not options.keep_going:
        _stopped(opened, found, site)
        return None
    how = sessions.How(wanted=isolating.wanted(options))
    use = running.Use(not options.no_run, options.allow_stale)
    ran = running.execute(opened, options.jobs, how, use)
    found += revealed(opened, ran.results)
    found = tuple(dict.fromkeys((*found, *ran.failures)))  # what `check` said of attributes, `run` says again
    outdated = _outdated(ran.results)
    if (opening.failed(found, opened, options.strict) or outdated) and not options.keep_going:
        _stopped(opened, found, site)
        return None
    watched = publish_into(opened, ran.results, site)
    differ = options.verify and differs(opened, ran.results, site)
    if found:
        opening.print_report(opened, found, "text")
    where = f"site: {disk.shown(site)}/index.html"
    terminal.say([running.summary(ran), where])
    code = int(opening.failed(found, opened, options.strict) or outdated or differ)
    again = None if outdated or opened.snapshot.files.warnings else running.again(ran, use)
    said = (running.summary(again), where) if again else ()
    notes = len(opened.snapshot.notes)
    return Done(found, notes, said, code, watched if again else (), ground(ran.keeper))


def _outdated(results: Mapping[NoteId, Result]) -> bool:
    """Whether there are sessions that were not run, and whose recorded results hold no longer; says which."""
    notes = sorted(note for note, one in results.items() if one.differences and one.state in ("none", "failed"))
    for note in notes:
        first = recording.told(results[note].differences[0])
        terminal.warn(visible(f"error: {note}: not run here, and its recorded results are stale: {first}"))
    if notes:
        terminal.warn("record them again (kbtool run --record), or show them as they are: kbtool build --allow-stale")
    return bool(notes)


def _stopped(opened: opening.Opened, found: tuple[Diagnostic, ...], site: Path) -> None:
    opening.print_report(opened, found, "text")
    old = f"{disk.shown(site)} is as it was" if site.exists() else "nothing was written"
    terminal.warn(f"no site was built ({old}); mend the errors, or build all the same: kbtool build --keep-going")


def publish_into(opened: opening.Opened, results: Mapping[NoteId, Result], site: Path) -> tuple[str, ...]:
    """Brings a site to what a snapshot says: of the last build all that is the same is kept.

    Gives the settings and templates that decide beside the base; nothing where other programs' code may, too.
    """
    gc.freeze()
    store = past.Store(opened.project.base, site)
    known, before = store.site(), store.pages()
    remembered = publish.Past(opened.kb, outside.code(), before)
    remembered.layout = laid = store.layout()
    remembered.around = around = store.around()

    def settled(look: Look) -> SiteInput:
        made = publish.compiled(opened.snapshot, results, look, remembered)
        remembered.settle()
        return made

    compiled = once(settled)
    if known and _updated(opened, compiled, (known, store), site):
        watched = known.watched
    else:
        store.keep_site(None)
        with swap.staged(site) as staged:
            built = built_into(opened, compiled, staged)
        now = what_stands(opened.project, compiled(built.look), built)
        store.keep_site(past.Site(now, built.watched, swap.listing(site)) if now else None)
        watched = built.watched
    store.keep_pages(remembered.pages, before)
    store.keep_layout(remembered.layout, laid)
    store.keep_around(remembered.around, around)
    opened.work.keep_notes()
    return watched


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
    if outside.outside(known.watched) != old.outside or not site.is_dir():
        return False
    made = compiled(replace(old.look, history=git.history(opened.project.base)))
    if not past.has_same_assets(opened.project.base, old, made.assets):
        return False
    change = standing.change(old, made)
    if change is None:
        return False
    if not change.files:
        return swap.listing(site) == known.listing
    listing = swap.update(site, change.files, known.listing, store.spare)
    if listing is None:
        return False
    store.keep_site(past.Site(change.after, known.watched, listing))
    return True


def what_stands(project: Project, made: SiteInput, built: Built) -> standing.Standing | None:
    """What the next build of a project can go on from, None where other programs' code decides too."""
    if not built.watched:
        return None
    assets = past.stamps(project.base, {*made.assets, *built.named}, project.found)
    return standing.standing(made, built, outside.outside(built.watched, project.found), assets)


def differs(opened: opening.Opened, results: Mapping[NoteId, Result], site: Path) -> bool:
    """Whether a clean build is another one; says where. That is a fault of kbtool, which the clean build mends."""
    with tempfile.TemporaryDirectory(prefix=f"kbtool-{os.getpid()}-") as folder:
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
    from kbtool.mkdocs_plugin import build as build_by_mkdocs

    def uninterrupted(look: Look) -> SiteInput:
        with uncollected():
            return compiled(look)

    progress = terminal.ProgressLine("writing pages")
    with collected():
        built = build_by_mkdocs(opening.mkdocs_yml(opened.project), folder, uninterrupted, progress)
    progress.end()
    for warning in built.warnings:
        terminal.warn(f"mkdocs: {warning}")
    return built
