"""`kbtool tree`: prints the blocks of notes as Logseq sees them."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator

from kbtool import query, terminal
from kbtool.commands import opening
from kbtool.report.visible import visible
from kbtool.syntax.block_text import block_text


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")


def run(options: argparse.Namespace) -> int:
    """Prints one JSON line a note, or an indented outline."""
    opened = opening.open_base(options.paths)
    terminal.say(_json(opened) if options.format == "json" else _text(opened))
    return 0


def _json(opened: opening.Opened) -> Iterator[str]:
    for note in opened.snapshot.notes.values():
        if opened.asked(note.id):
            yield json.dumps(query.tree(opened.snapshot, note), ensure_ascii=False)


def _text(opened: opening.Opened) -> Iterator[str]:
    for note in opened.snapshot.notes.values():
        if opened.asked(note.id):
            yield visible(f"{note.name}  ({note.id})")
            for block in note.outline:
                first, *rest = block_text(opened.snapshot.text(note.id), block).splitlines() or [""]
                yield "  " * block.depth + visible(first) + (f"  (+{len(rest)} lines)" if rest else "")
