"""Edits in one process, as an editor or `serve` makes them; prints milliseconds as JSON.

python -m benchmarks.editing GRAPH
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from kbtool import disk
from kbtool.files import BaseFiles
from kbtool.kb import Kb
from kbtool.values import Source

EDITS: dict[str, Callable[[str, int], str]] = {
    "a word typed": lambda text, _: text + "\n- word\n",
    "a link to nothing": lambda text, number: text + f"\n- [[nothing {number}]]\n",
    "another page name": lambda text, number: f"alias:: name {number}\n\n" + text,
}
TIMES = 7


def edited(files: BaseFiles, number: int, edit: Callable[[str, int], str]) -> BaseFiles:
    note = sorted(files.sources)[number * 31 % len(files.sources)]
    return files._replace(sources={**files.sources, note: Source(note, edit(files.sources[note].text, number))})


def main() -> None:
    files = disk.read(disk.select([Path(sys.argv[1])]).project)
    kb = Kb()
    kb.check_files(files)
    found = {}
    for name, edit in EDITS.items():
        spent = []
        for number in range(TIMES):
            files = edited(files, number, edit)
            start = time.perf_counter()
            kb.check_files(files)
            spent.append((time.perf_counter() - start) * 1000)
        found[name] = statistics.median(spent)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
