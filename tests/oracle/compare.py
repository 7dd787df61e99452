"""Compares kbtool's tree of a graph with what Logseq's own parser sees.

    python tests/oracle/compare.py [--show N] [GRAPH…]        (first `npm install` in tests/oracle)

Both sides give one JSON object per file, `{"path", "page", "blocks": [{"depth", "line", "text", "page_refs",
"block_refs", "properties", "marker", "priority"}]}`. `page_refs` are the keys of all pages that the block refers to in
Logseq's sense: links, tags, embeds, property values and names, marker, priority, and the namespaces above any of them.
`properties` maps each valid key of the block's first drawer to its value: a list of page names, a truth value, a
number or a text. `marker` and `priority` are null where absent. Blocks are paired by their line.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

ROOT = Path(__file__).parents[2]
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
FACTS = ("depth", "text", "page_refs", "block_refs", "properties", "marker", "priority")

Block: TypeAlias = Mapping[str, Any]


class File(NamedTuple):
    """One side's reading of a note; `blocks` by their line."""

    page: str
    blocks: Mapping[int, Block]


Files: TypeAlias = Mapping[str, File]


class Difference(NamedTuple):
    """`kind` is file, page, block (only one side has it) or one of the facts about a block."""

    kind: str
    path: str
    line: int
    ours: Any
    logseq: Any


class Comparison(NamedTuple):
    """What differs, and how many blocks were looked at."""

    differences: tuple[Difference, ...]
    blocks: int

    @property
    def share(self) -> float:
        """Share of blocks with at least one difference."""
        return len({(item.path, item.line) for item in self.differences if item.line}) / max(self.blocks, 1)


def rows(command: list[str], graph: Path) -> Iterator[dict[str, Any]]:
    """The JSON lines that a command prints when run in the graph."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=graph, env=env, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode and not done.stdout:
        raise SystemExit(f"{command[0]} failed in {graph}:\n{done.stderr}")
    yield from map(json.loads, filter(None, done.stdout.split("\n")))


def our_files(graph: Path) -> dict[str, File]:
    """What `kbtool tree` sees; blank files are no pages."""
    found = rows([sys.executable, "-m", "kbtool", "tree", "--format", "json", "."], graph)
    return {os.path.normpath(row["path"]): File(row["page"], by_line(row["blocks"])) for row in found if row["blocks"]}


def logseq_files(graph: Path, node: str = "node") -> dict[str, File]:
    """What the oracle sees; files that its parser cannot read are left out."""
    script = str(ROOT / "tests" / "oracle" / "mldoc_oracle.mjs")
    found = rows([node, script, "--tree", "--graph", ".", "."], graph)
    return {row["path"]: logseq_file(row) for row in found if row.get("blocks")}


def logseq_file(row: Mapping[str, Any]) -> File:
    name = row["page"].get("journal_title", row["page"]["name"])
    return File(name, by_line(map(logseq_block, row["tree"])))


def logseq_block(block: Block) -> Block:
    return {"marker": None, "priority": None, "properties": {}, **block, "page_refs": block["refs"]}


def by_line(blocks: Iterable[Block]) -> dict[int, Block]:
    return {block["line"]: block for block in blocks}


def compare(ours: Files, logseq: Files) -> Comparison:
    """All differences, in the order of paths and lines."""
    found: list[Difference] = []
    blocks = 0
    for path in sorted(ours.keys() | logseq.keys()):
        if path not in ours or path not in logseq:
            found.append(Difference("file", path, 0, path in ours, path in logseq))
            continue
        found.extend(differences(path, ours[path], logseq[path]))
        blocks += len(ours[path].blocks.keys() | logseq[path].blocks.keys())
    return Comparison(tuple(found), blocks)


def differences(path: str, ours: File, logseq: File) -> Iterator[Difference]:
    if logseq.page != ours.page:
        yield Difference("page", path, 0, ours.page, logseq.page)
    for line in sorted(ours.blocks.keys() | logseq.blocks.keys()):
        mine, theirs = ours.blocks.get(line), logseq.blocks.get(line)
        if mine is None or theirs is None:
            yield Difference("block", path, line, mine and mine["text"], theirs and theirs["text"])
            continue
        for kind in FACTS:
            if alike(shown(kind, mine[kind])) != alike(shown(kind, theirs[kind])):
                yield Difference(kind, path, line, mine[kind], theirs[kind])


def shown(kind: str, value: Any) -> Any:
    # A block reference in an embed also makes a page of that name in Logseq, which nothing ever shows.
    return [key for key in value if not UUID.fullmatch(key)] if kind == "page_refs" else value


def alike(value: Any) -> Any:
    """Without what Logseq itself does not look at: order and repetition, an id's letter case, the ends of lines."""
    match value:
        case str():
            return UUID.sub(lambda found: found[0].lower(), value.replace("\r\n", "\n").rstrip("\n"))
        case list():
            return sorted({alike(item) for item in value})
        case dict():
            return {key: alike(item) for key, item in value.items()}
    return value


def report(comparison: Comparison, show: int) -> Iterator[str]:
    """The first differences, then a count by kind."""
    for item in comparison.differences[:show]:
        yield f"{item.path}:{item.line}: {item.kind}\n    kbtool {item.ours!r}\n    logseq {item.logseq!r}"
    kinds = Counter(item.kind for item in comparison.differences)
    counts = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common()) or "no difference"
    yield f"{comparison.blocks} blocks, {comparison.share:.4%} of them differ: {counts}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Compare kbtool's tree with what Logseq's own parser sees.")
    parser.add_argument("graphs", nargs="*", type=Path, default=[ROOT / "kb"], metavar="GRAPH")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="differences to print of each graph (20)")
    options = parser.parse_args()
    different = False
    for graph in options.graphs:
        comparison = compare(our_files(graph), logseq_files(graph))
        print(f"{graph}:", *report(comparison, options.show), sep="\n")
        different |= bool(comparison.differences)
    return int(different)


if __name__ == "__main__":
    sys.exit(main())
