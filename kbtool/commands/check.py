"""`kbtool check`: says what is wrong with a base; executes nothing, and asks the web only when told to."""

from __future__ import annotations

import argparse

from kbtool.commands import opening

FORMATS = ("text", "concise", "json", "github")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--external", action="store_true", help="ask the web whether links to it still lead somewhere")
    parser.add_argument("--strict", action="store_true", help="count warnings as errors")


def run(options: argparse.Namespace) -> int:
    """0 when no error is shown, 1 when one is."""
    opened = opening.open_base(options.paths)
    found = opening.check(opened)
    if options.external:
        from kbtool.commands.external import external

        found = (*found, *external(opened))
    opening.print_report(opened, found, options.format)
    return int(opening.failed(found, opened, options.strict))
