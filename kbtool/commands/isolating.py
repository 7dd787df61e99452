"""How far a command keeps note code apart from the machine: the person's command line, else their own settings.

The base is not asked: who writes notes cannot give them rights.
"""

from __future__ import annotations

import argparse

from kbtool.cells.attributes import is_valid, size
from kbtool.cells.grants import SITE, hide, own
from kbtool.cells.plan import Ceilings
from kbtool.cells.sandbox import GRANTS, LEVELS, Wanted


def arguments(parser: argparse.ArgumentParser, *, site: bool = False) -> None:
    """The arguments of commands that run code, or say what would run; those of a site may let MkDocs run some."""
    level = "keep code apart from the machine: as well as can be (auto, the default), wholly, or not at all"
    parser.add_argument("--sandbox", choices=LEVELS, help=level)
    what = "what code may use all the same: the network, the graphics processor; may be given twice"
    what += "; mkdocs: run what mkdocs.yml names (hooks, templates, other plugins)" if site else ""
    parser.add_argument("--allow", choices=(*GRANTS, SITE) if site else GRANTS, action="append", help=what)
    seconds = "the most seconds that a base may give a cell with `timeout` (default: 3600)"
    parser.add_argument("--max-timeout", type=_positive, metavar="SECONDS", help=seconds)
    output = "the most bytes that it may let one print with `output_limit` (default: 16M)"
    parser.add_argument("--max-output", type=a_size, metavar="SIZE", help=output)


def add_jobs(parser: argparse.ArgumentParser, *, site: bool = False) -> None:
    """How sessions of run and build run: `--jobs`, and how far apart from the machine."""
    parser.add_argument("--jobs", type=_positive, default=0, metavar="N", help="sessions at once (default: one a core)")
    arguments(parser, site=site)


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: not a number from 1 up")
    return int(text)


def a_size(text: str) -> int:
    """The bytes of a size on the command line."""
    if not is_valid("gpu_mem", text):
        raise argparse.ArgumentTypeError(f"{text}: not a size such as 4G or 512M")
    return size(text)


def wanted(options: argparse.Namespace) -> Wanted:
    """What the command line asks for, and where it says nothing the person's own settings."""
    asked = own()
    if options.sandbox:
        asked = asked._replace(level=options.sandbox)
    if options.allow:
        asked = asked._replace(grants=frozenset(options.allow) - {SITE})
    seconds, output = options.max_timeout or asked.most.timeout, options.max_output or asked.most.output
    asked = asked._replace(most=Ceilings(seconds, output))
    hide(asked)
    return asked
