"""`kbtool check` of generated notes, measured against markdown-it-py that only tokenises the same notes.

    python -m benchmarks.check [--notes N] [--runs N] [--curve N,N,…] [--out FILE]

The unit is the time of that tokenising, in one process. Each run starts fresh processes one after the other, so that a
busy machine slows all of them: the ratios are what to compare, with another day or another machine. Files are read once
before, so all find them in memory. Times are those of whole processes, start and end included. On a busy machine two
processes gain little; processor seconds then tell more, of which a cold check divides most among its processes.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from benchmarks.process import ROOT, Spent, run

MLDOC = ROOT / "tests" / "oracle" / "node_modules" / "mldoc"
TOKENISE = """
import pathlib, sys
from markdown_it import MarkdownIt
parser = MarkdownIt("commonmark")
for path in pathlib.Path(sys.argv[1]).rglob("*.md"):
    parser.parse(path.read_text("utf-8"))
"""
TOKENS, COLD, WARM, WORD, NAME = "markdown-it-py", "cold", "warm", "word", "name"
TITLES = {
    TOKENS: f"markdown-it-py {metadata.version('markdown-it-py')}, tokens only: the unit",
    COLD: "`kbtool check`, no cache",
    WARM: "`kbtool check`, nothing changed",
    WORD: "`kbtool check`, a word added to one note",
    NAME: "`kbtool check`, an alias added to one note",
}
AIMS = {COLD: 0.6, WARM: 0.02, WORD: 0.03, NAME: 0.03}
"""Most units that each may take, on the clock."""
MEMORY = {1_000: 150, 10_000: 800}
"""Most megabytes at so many notes."""
EDIT, START, MLDOC_AIM, GROWTH = 50, 60, 6, 2.3
SAMPLE = 1_000
"""Notes that mldoc parses: of all it would take minutes."""
OLD = 1_000_000_000
"""A time long ago: files written just now are read again at the next check, which is not what is measured."""


def generate(notes: int, graph: Path) -> None:
    script = ROOT / "tests" / "tools" / "make_graph.py"
    command = [sys.executable, str(script), f"--notes={notes}", "--seed=1", f"--out={graph}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def check(graph: Path) -> list[str]:
    return [sys.executable, "-m", "kbtool", "check", "--format", "concise", str(graph)]


def round_of(graph: Path, cache: Path) -> dict[str, Spent]:
    """All measurements once; the notes are as before afterwards."""
    shutil.rmtree(cache, ignore_errors=True)
    tokens = run([sys.executable, "-c", TOKENISE, str(graph)], cache)
    found = {TOKENS: tokens, COLD: run(check(graph), cache)}
    run(check(graph), cache)  # now it believes the files' times
    found[WARM] = run(check(graph), cache)
    path = sorted(graph.rglob("*.md"))[37]
    text = path.read_text("utf-8")
    for name, changed in ((WORD, text + "\n- word\n"), (NAME, "alias:: another name\n\n" + text)):
        path.write_text(changed, "utf-8")
        found[name] = run(check(graph), cache)
    path.write_text(text, "utf-8")
    return found


def rows(rounds: Sequence[dict[str, Spent]]) -> Iterator[str]:
    yield "| whole process | seconds | units | aim | met | processor seconds | units of them | MB |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, title in TITLES.items():
        spent = [one[name] for one in rounds]
        ratio = statistics.median(one[name].wall / one[TOKENS].wall for one in rounds)
        aim = f"{AIMS[name]:g} | {met(ratio <= AIMS[name])}" if name in AIMS else " | "
        cpu, memory = statistics.median(one.cpu for one in spent), max(one.memory for one in spent)
        work = statistics.median(one[name].cpu / one[TOKENS].cpu for one in rounds)
        wall = spread([one.wall for one in spent])
        yield f"| {title} | {wall} | {ratio:.3f} | {aim} | {cpu:.2f} | {work:.3f} | {memory:.0f} |"


def met(holds: bool) -> str:
    return "yes" if holds else "NO"


def memory(rounds: Sequence[dict[str, Spent]], notes: int) -> str:
    most = max(one.memory for given in rounds for name, one in given.items() if name != TOKENS)
    aim = MEMORY.get(notes)
    return f"Memory of all its processes together: {most:.0f} MB at most" + (
        f" (aim: {aim}; met: {met(most < aim)})." if aim else "."
    )


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


# ---------------------------------------------------------------- beside the table


def mldoc(graph: Path, cache: Path, rounds: Sequence[dict[str, Spent]]) -> Iterator[str]:
    node = shutil.which("node")
    if node is None or not MLDOC.is_dir():
        yield "Logseq's own parser was not measured: no node, or no `npm install` in tests/oracle."
        return
    notes = sorted(graph.rglob("*.md"))
    sample = cache.with_name("sample")
    sample.mkdir()
    for number, path in enumerate(notes[:: max(1, len(notes) // SAMPLE)]):
        shutil.copyfile(path, sample / f"{number}.md")
    share = sum(path.stat().st_size for path in sample.iterdir()) / sum(path.stat().st_size for path in notes)
    spent = run([node, str(ROOT / "benchmarks" / "parse_with_mldoc.cjs"), str(sample), str(MLDOC)], cache)
    wall = statistics.median(spent.wall / share / one[COLD].wall for one in rounds)
    work = statistics.median(spent.cpu / share / one[COLD].cpu for one in rounds)
    yield (
        f"mldoc {version_of(MLDOC)} in Node, parsing alone {share:.0%} of the text: {spent.wall:.2f} s, so all of it "
        f"in {wall:.1f} cold checks (aim: {MLDOC_AIM}; met: {met(wall >= MLDOC_AIM)}), in processor seconds {work:.1f}."
    )


def version_of(package: Path) -> str:
    return str(json.loads((package / "package.json").read_text("utf-8"))["version"])


def start_up(cache: Path, runs: int) -> str:
    bare = statistics.median(run([sys.executable, "-c", "pass"], cache).wall for _ in range(4 * runs))
    ours = statistics.median(run([sys.executable, "-m", "kbtool", "--version"], cache).wall for _ in range(4 * runs))
    over = (ours - bare) * 1000
    return f"`kbtool --version`: {over:.0f} ms over `python -c pass` (aim: {START}; met: {met(over <= START)})."


def edits(graph: Path) -> str:
    command = [sys.executable, "-m", "benchmarks.editing", str(graph)]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    spent = ", ".join(f"{name} {ms:.0f} ms" for name, ms in found.items())
    typical = met(max(found["a word typed"], found["a link to nothing"]) < EDIT)
    return f"In one process, from an edit to all diagnostics: {spent} (aim: {EDIT} for what is typed; met: {typical})."


def curve(sizes: Sequence[int], folder: Path) -> Iterator[str]:
    if not sizes:
        return
    head = "| notes | cold, seconds | ms a note | times the row above | processor seconds | times the row above | MB |"
    yield from ("", f"Growth (aim: {GROWTH} times for twice the notes)", "", head, "|---|---|---|---|---|---|---|")
    before: Spent | None = None
    for notes in sizes:
        graph = folder / f"curve-{notes}"
        generate(notes, graph)
        spent = run(check(graph), folder / f"cache-{notes}")
        times = [f"{a / b:.2f}" for a, b in zip(spent[:2], before[:2], strict=True)] if before else ["", ""]
        each = f"{spent.wall / notes * 1000:.2f}"
        work = f"{spent.cpu:.2f} | {times[1]} | {spent.memory:.0f}"
        yield f"| {notes:,} | {spent.wall:.2f} | {each} | {times[0]} | {work} |"
        before = spent
        shutil.rmtree(graph)


def report(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    graph, cache = folder / "graph", folder / "cache"
    compileall.compile_dir(ROOT / "kbtool", quiet=1)  # as an installed package has it
    generate(options.notes, graph)
    for path in graph.rglob("*"):
        os.utime(path, (OLD, OLD))
    size = sum(path.stat().st_size for path in graph.rglob("*.md"))
    rounds = [round_of(graph, cache) for _ in range(options.runs)]
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    yield f"{options.notes} notes, {size / 1e6:.2f} MB; median of {options.runs} runs (least to most); {machine}"
    yield ""
    yield from rows(rounds)
    yield ""
    yield memory(rounds, options.notes)
    yield from mldoc(graph, cache, rounds)
    yield edits(graph)
    yield start_up(cache, options.runs)
    yield from curve([int(word) for word in options.curve.split(",") if word], folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--notes", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--curve", default="", help="sizes of bases, to see how time grows: 6250,12500,25000,50000")
    parser.add_argument("--out", type=Path, help="write the report to this file too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for line in report(options, Path(folder)):
            print(line, flush=True)
            lines.append(line + "\n")
    if options.out:
        options.out.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
