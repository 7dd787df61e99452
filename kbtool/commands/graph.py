"""`kbtool graph`: prints the pages of a base and the links between them."""

from __future__ import annotations

import argparse
import json

from kbtool import query, terminal
from kbtool.commands import opening
from kbtool.report.visible import visible


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")


def run(options: argparse.Namespace) -> int:
    """Prints the graph; with notes as PATH the links that go out from them."""
    opened = opening.open_base(options.paths)
    found = query.graph(opened.snapshot)
    if opened.selected is not None:
        found["links"] = [link for link in found["links"] if link["path"] in opened.selected]
    if options.format == "json":
        terminal.say([json.dumps(found, ensure_ascii=False)])
    else:
        terminal.say(visible(f"{link['from']} → {link['to']}  ({link['kind']})") for link in found["links"])
    return 0
