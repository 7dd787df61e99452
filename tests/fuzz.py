"""Notes that nobody would write, through everything that reads notes: none may crash, hang, or say what is not so.

python -m tests.fuzz [--seed N] [--notes N] [--processes N]      a longer run than `make test` makes
python -m tests.fuzz --seed N --show KIND NUMBER                  the text of the note that a failure named
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Iterable, Iterator
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from kbtool.config import Config, GraphSettings
from kbtool.facts import facts
from kbtool.kb import BaseFiles, Kb, Snapshot
from kbtool.note import Note
from kbtool.publish import Past, compiled
from kbtool.render.context import Look
from kbtool.syntax.block_text import block_text
from kbtool.syntax.parse import VERBATIM, parse
from kbtool.syntax.tree import (
    Block,
    Code,
    Container,
    Emphasis,
    Fence,
    FootnoteText,
    Html,
    Inline,
    Link,
    Math,
    MathBlock,
    PageLink,
    Parsed,
    Part,
    Prose,
    Quote,
    Table,
    Tag,
)
from kbtool.values import NoteId, Source, Span
from tests.tools.make_notes import KINDS, note, seeds_from

ROOT = Path(__file__).parents[1]
CORPORA = ROOT.parent / "shared" / "corpora"
IDENT = NoteId("pages/x.md")
# A note of some hundred characters takes milliseconds; who takes so many seconds hangs.
_HANGS = 60
_CHUNK = 100
# Of so many notes one is shown, which takes most of the time; and of so many one is checked twice.
_SHOWN, _TWICE = 2, 8


class Failure(NamedTuple):
    """A note that broke a rule: how to make it again, and what was wrong."""

    kind: str
    seed: int
    number: int
    problem: str

    def __str__(self) -> str:
        return f"python -m tests.fuzz --seed {self.seed} --show {self.kind} {self.number}\n{self.problem}"


# ---------------------------------------------------------------- what holds for any text


def hold(text: str) -> None:
    """All that must hold for any text; an AssertionError says what does not."""
    files = BaseFiles({IDENT: Source(IDENT, text)}, frozenset(), Config(), GraphSettings())
    kb = Kb()
    snapshot = kb.snapshot(files)
    found = snapshot.notes[IDENT]
    blocks_cover(text, parse(files.sources[IDENT]))
    for block in found.outline:
        parts_nest(block.span, block.parts)
        block_text(text, block)
    references_stand_outside_code(text, found)
    diagnostics = kb.check(snapshot)
    assert all(0 <= one.span.start <= one.span.end <= len(text) for one in diagnostics), "diagnostic outside the text"
    if len(text) % _TWICE == 0:
        assert diagnostics == Kb().check(Kb().snapshot(files)), "another order the second time"
    assert facts(found).refers == found.refers
    if len(text) % _SHOWN == 0:
        rendered(snapshot, Past(kb))


def rendered(snapshot: Snapshot, past: Past) -> None:
    made = compiled(snapshot, {}, Look(), past)
    assert all(page.html for page in made.pages)


def blocks_cover(text: str, parsed: Parsed) -> None:
    """Blocks follow each other; between them stands nothing but indentation."""
    at = 0
    for block in parsed.blocks:
        assert at <= block.span.start <= block.span.end <= len(text), "blocks overlap"
        assert not text[at : block.span.start].strip(" \t\x1a\x0c\r\n"), "text outside blocks"
        at = block.span.end
    assert not parsed.blocks or at == len(text), "text behind the last block"
    depths = [0, *(block.depth for block in parsed.blocks)]
    assert all(b <= a + 1 for a, b in pairwise(depths)), "a block deeper than a child"


def parts_nest(span: Span, parts: Iterable[Part]) -> None:
    at = span.start
    for part in parts:
        assert at <= part.span.start <= part.span.end <= span.end, f"parts out of order: {part!r}"
        at = part.span.end
        match part:
            case Quote() | Container():
                parts_nest(part.span, part.parts)
            case Fence(lines=lines):
                assert all(part.span.start <= line <= part.span.end for line in lines), "code line outside its fence"
        for inner, nodes in inlines(part):
            nodes_nest(inner, nodes)


def inlines(part: Part) -> Iterator[tuple[Span, tuple[Inline, ...]]]:
    match part:
        case Prose() | FootnoteText():
            yield part.span, part.inlines
        case Table(_, head, rows):
            yield from ((cell.span, cell.inlines) for cell in (*head, *(cell for row in rows for cell in row)))


def nodes_nest(span: Span, nodes: Iterable[Inline]) -> None:
    at = span.start
    for node in nodes:
        assert at <= node.span.start < node.span.end <= span.end, f"nodes out of order: {node!r}"
        at = node.span.end
        match node:
            case Emphasis(inner=inner, children=children) | Link(label=inner, children=children):
                nodes_nest(inner, children)
            case PageLink(nested=nested) | Tag(nested=nested):
                nodes_nest(node.span, nested)
            case Code(inner=inner) | Math(inner=inner):
                assert node.span.start < inner.start <= inner.end < node.span.end, "marks of no width"


def references_stand_outside_code(text: str, found: Note) -> None:
    opaque = sorted(span for block in found.outline for span in unread(block))
    for reference in found.refers:
        start, end = reference.span
        assert 0 <= start <= end <= len(text), "reference outside the text"
        assert reference.property or not any(a < start and end < b for a, b in opaque), f"in code: {reference!r}"


def unread(block: Block) -> Iterator[Span]:
    pending = list(block.parts)
    while pending:
        part = pending.pop()
        match part:
            case Fence() | MathBlock() | Html():
                yield part.span
            case Container(name=name) if name in VERBATIM:
                yield part.span
            case Quote() | Container():
                pending += part.parts
        for _, nodes in inlines(part):
            yield from (node.span for node in nodes if isinstance(node, Code | Math | Html))


# ---------------------------------------------------------------- many of them


@cache
def seeds() -> tuple[str, ...]:
    """The texts that notes are mutated from."""
    return tuple(seeds_from([ROOT / "kb", ROOT / "tests" / "oracle" / "cases", CORPORA]))


def too_long(_signal: int, _frame: object) -> None:
    raise TimeoutError(f"it took more than {_HANGS} seconds")


def tried(kind: str, seed: int, number: int) -> Failure | None:
    """One note through everything."""
    signal.alarm(_HANGS)
    try:
        hold(note(kind, number, seed, seeds()))
    except Exception:  # noqa: BLE001 -- whatever it is, it is what is looked for
        return Failure(kind, seed, number, traceback.format_exc(limit=-4))
    finally:
        signal.alarm(0)
    return None


def stretch(seed: int, work: tuple[str, int, int]) -> list[Failure]:
    """Some notes in a row, in a process of their own."""
    signal.signal(signal.SIGALRM, too_long)
    kind, first, last = work
    return [found for number in range(first, last) if (found := tried(kind, seed, number))]


def run(seed: int, notes: int, processes: int) -> list[Failure]:
    """All failures among so many notes, half of each kind."""
    each = notes // len(KINDS)
    work = [(kind, at, min(at + _CHUNK, each)) for at in range(0, each, _CHUNK) for kind in KINDS]
    seeds()
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        return [one for failures in pool.imap_unordered(partial(stretch, seed), work) for one in failures]


def main() -> int:
    parser = argparse.ArgumentParser(description="Notes that nobody would write, through everything that reads notes.")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same notes (0)")
    parser.add_argument("--notes", type=int, default=100_000, metavar="N", help="how many notes (100,000)")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, metavar="N", help="how many at once")
    parser.add_argument("--show", nargs=2, metavar=("KIND", "NUMBER"), help="print the note that a failure named")
    options = parser.parse_args()
    if options.show:
        sys.stdout.buffer.write(note(options.show[0], int(options.show[1]), options.seed, seeds()).encode())
        return 0
    failures = run(options.seed, options.notes, options.processes)
    print(*failures[:20], f"{len(failures)} of {options.notes} notes failed (seed {options.seed})", sep="\n")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
