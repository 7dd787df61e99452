"""`kbtool check` of ever larger bases: processor seconds, by whom, and memory.

    python -m benchmarks.scale [--sizes N,N,…] [--graphs FOLDER]

Bases are generated, or taken from FOLDER, where each lies under its number of notes. Processor seconds are what to
compare, because a busy machine changes them little. Memory is that of all processes together, what they share counted
once (PSS), looked at four times a second; or the most that the command itself had, where that is more.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from benchmarks.check import OLD, generate
from benchmarks.process import ROOT

CHECK = """
import json, os, resource, sys
from kbtool import cli
leave = os._exit
def told(code):
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    with open(sys.argv[2], "w") as file:
        json.dump([*(one.ru_utime + one.ru_stime for one in (own, others)), own.ru_maxrss / 1024], file)
    leave(code)
os._exit = told
told(cli.main(["check", "--format", "concise", sys.argv[1]]))
"""
_LOOK = 0.25
"""Seconds between two looks at memory."""


class Cost(NamedTuple):
    """Processor seconds of the process and of those that it started, and megabytes at most."""

    own: float
    others: float
    memory: float


def check(graph: Path, cache: Path) -> Cost:
    """One check, with this cache folder."""
    env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(cache)}
    told = cache.with_suffix(".json")
    command = [sys.executable, "-c", CHECK, str(graph), str(told)]
    process = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    over, most = threading.Event(), [0.0]

    def watch() -> None:
        while not over.wait(_LOOK):
            most[0] = max(most[0], sum(map(_share, _family(process.pid))))

    watching = threading.Thread(target=watch)
    watching.start()
    process.wait()
    over.set()
    watching.join()
    own, others, memory = json.loads(told.read_text("utf-8"))
    return Cost(own, others, max(memory, most[0]))


def _family(pid: int) -> Iterator[int]:
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _share(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def rows(notes: int, graph: Path, cache: Path) -> Iterator[str]:
    """What a base costs from nothing, when nothing changed, and after an edit."""
    size = sum(path.stat().st_size for path in graph.rglob("*.md"))
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir(parents=True)
    costs = {"cold": check(graph, cache)}
    check(graph, cache)  # it believes the files' times from here on
    costs["nothing changed"] = check(graph, cache)
    path = sorted(graph.rglob("*.md"))[37]
    text = path.read_text("utf-8")
    for name, changed in (("a word typed", text + "\n- word\n"), ("a name given", "alias:: another name\n\n" + text)):
        path.write_text(changed, "utf-8")
        costs[name] = check(graph, cache)
    path.write_text(text, "utf-8")
    kept = sum(file.stat().st_size for file in cache.rglob("*") if file.is_file())
    for name, one in costs.items():
        own, each = f"{one.own:.2f} | {one.others:.2f}", (one.own + one.others) / notes * 1e6
        yield f"| {notes:,} ({size / 1e6:.0f} MB) | {name} | {own} | {each:.0f} | {one.memory:.0f} | {kept / 1e6:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", default="10000,50000", help="numbers of notes")
    parser.add_argument("--graphs", type=Path, help="where bases lie, each under its number of notes")
    options = parser.parse_args()
    print("| notes | check | its own processor s | of its workers | µs a note | MB at most | MB kept |")
    print("|---|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for notes in map(int, options.sizes.split(",")):
            graph = options.graphs / str(notes) / "graph" if options.graphs else Path(folder) / str(notes) / "graph"
            if not graph.is_dir():
                generate(notes, graph)
            for path in graph.rglob("*"):
                os.utime(path, (OLD, OLD))
            for row in rows(notes, graph, Path(folder) / f"cache-{notes}"):
                print(row, flush=True)


if __name__ == "__main__":
    main()
