"""`kbtool build`: checks, runs what changed, and builds the site."""

from __future__ import annotations

import argparse
from pathlib import Path

from kbtool import disk, swap, terminal, untouched
from kbtool.commands import isolating, opening, trusting
from kbtool.disk import Selection


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("-k", "--keep-going", action="store_true", help="build the site in spite of errors")
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")
    parser.add_argument("--no-run", action="store_true", help="execute nothing: show kept and recorded results")
    parser.add_argument("--allow-stale", action="store_true", help="show recorded results of code that has changed")
    parser.add_argument("--verify", action="store_true", help="build the site from nothing as well, and compare")
    isolating.add_jobs(parser, site=True)


def run(options: argparse.Namespace) -> int:
    """Builds the site of the nearest mkdocs.yml; with errors it is left as it was, unless told to keep going."""
    project = disk.find(Path.cwd())
    opened = opening.open_selection(Selection(project, None))
    site = opening.site_folder(project)
    swap.refuse(site, project.base)
    swap.sweep(site)
    asked = repr(sorted((name, value) for name, value in vars(options).items() if not callable(value)))
    before = untouched.Moment(project, site, asked)
    last = None if options.verify else untouched.last(before)
    if last is not None:
        terminal.say(opening.lines_of(project, last.found, last.notes) if last.found else ())
        terminal.say(last.said)
        return last.code
    trusting.refuse_code(project, options)
    from kbtool.commands import building  # imported late: what it takes to build takes longer to load than to look

    done = building.build(opened, options, site)
    if done is not None and not options.verify:
        untouched.keep(before, done)
    return 1 if done is None else done.code
