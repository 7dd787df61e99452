"""Cold `kbtool check` of generated notes against markdown-it-py that only tokenises the same notes.

    python -m benchmarks.check [--notes N] [--runs N] [--out FILE]

Each run starts a fresh process for either side, one after the other, so that a busy machine slows both: the ratio is
what to compare, with another day or another machine. Files are read once before, so both find them in memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOKENISE = """
import pathlib, sys
from markdown_it import MarkdownIt
parser = MarkdownIt("commonmark")
for path in pathlib.Path(sys.argv[1]).rglob("*.md"):
    parser.parse(path.read_text("utf-8"))
"""


def seconds(command: list[str]) -> float:
    """Wall time of one process, its start included."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    start = time.perf_counter()
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def generate(notes: int, graph: Path) -> None:
    script = ROOT / "tests" / "tools" / "make_graph.py"
    command = [sys.executable, str(script), f"--notes={notes}", "--seed=1", f"--out={graph}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measure(graph: Path, runs: int) -> list[tuple[float, float]]:
    """(check, tokenise) of each run; one more run before them is not counted."""
    check = [sys.executable, "-m", "kbtool", "check", "--format", "concise", str(graph)]
    tokenise = [sys.executable, "-c", TOKENISE, str(graph)]
    return [(seconds(check), seconds(tokenise)) for _ in range(runs + 1)][1:]


def table(notes: int, size: int, pairs: list[tuple[float, float]]) -> str:
    """A Markdown table of medians, with the extremes."""
    check, tokenise = zip(*pairs, strict=True)
    ratios = [first / second for first, second in pairs]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    rows = [
        f"{notes} notes, {size / 1e6:.2f} MB; median of {len(pairs)} runs (least to most); {machine}",
        "",
        "| whole process | seconds |",
        "|---|---|",
        f"| `kbtool check`, cold | {spread(check)} |",
        f"| markdown-it-py {metadata.version('markdown-it-py')}, tokens only | {spread(tokenise)} |",
        f"| ratio | {spread(ratios)} |",
    ]
    return "\n".join(rows) + "\n"


def spread(values: tuple[float, ...] | list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--out", type=Path, help="write the table to this file too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "graph"
        generate(options.notes, graph)
        size = sum(path.stat().st_size for path in graph.rglob("*.md"))
        text = table(options.notes, size, measure(graph, options.runs))
    print(text, end="")
    if options.out:
        options.out.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
