"""`kbtool serve`: shows the site on this machine, and builds it again when the base changes; runs no code."""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from kbtool import disk, publish, server, terminal
from kbtool.commands import opening
from kbtool.commands.build import build_into, mkdocs_yml
from kbtool.config import KbError
from kbtool.disk import Project, Selection
from kbtool.kb import Kb

# Seconds between two looks at the base: soon enough for a person, and nothing for the machine.
_INTERVAL = 0.4


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--port", type=int, default=8000, help="the port on 127.0.0.1 (default: 8000)")


def run(options: argparse.Namespace) -> int:
    """Serves until Ctrl-C; an error in mkdocs.yml leaves the last site up."""
    project = disk.find(Path.cwd())
    mkdocs_yml(project)
    with tempfile.TemporaryDirectory(prefix="kbtool-serve-") as folder:
        site = server.Site(Path(folder))
        seen, kb = disk.fingerprint(project), Kb()
        _build(project, site, kb)
        with server.start(site, options.port) as address:
            terminal.warn(f"serving {address} (Ctrl-C ends it); results are kept or recorded ones")
            while True:
                time.sleep(_INTERVAL)
                now = disk.fingerprint(project)
                if now != seen:
                    seen = now
                    _rebuild(site, kb)


def _rebuild(site: server.Site, kb: Kb) -> None:
    try:
        _build(disk.find(Path.cwd()), site, kb)
    except KbError as error:
        terminal.warn(f"error: {error}")


def _build(project: Project, site: server.Site, kb: Kb) -> None:
    began = time.monotonic()
    opened = opening.open_selection(Selection(project, None), kb)
    opened.snapshot  # noqa: B018 -- the site's and the report's notes shall be the same
    found = opening.check(opened)
    if found:
        opening.print_report(opened, found, "text")
    build_into(opened, publish.stored(opened.snapshot, opened.project.base), site.next())
    site.show()
    terminal.warn(f"built {len(opened.snapshot.notes)} notes in {time.monotonic() - began:.1f} s")
