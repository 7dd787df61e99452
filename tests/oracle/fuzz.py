"""Looks for notes that kbtool reads otherwise than Logseq's own parser, and cuts each one found down to its core.

    python tests/oracle/fuzz.py [--seed N] [--notes N] [--kind grammar|mutated] [--from FOLDER]… [--keep FOLDER]

Notes come in two kinds: `grammar` puts together constructs of the dialect in combinations that nobody writes, `mutated`
splices and breaks the lines of real notes. The same seed gives the same notes. Exit status 1 when something differs.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from tests.oracle.compare import Difference, compare, logseq_files, our_files  # noqa: E402 -- a script of this folder
from tests.tools.make_notes import KINDS, note, seeds_from  # noqa: E402 -- as above

_BATCH = 400
_UNITS = (re.compile(r"[^\n]*\n|[^\n]+"), re.compile(r"\S+|\s"), re.compile(r"[\s\S]"))


class Found(NamedTuple):
    """A note that is read in two ways, and its first difference."""

    text: str
    difference: Difference


def differing(texts: Sequence[str]) -> dict[int, Difference]:
    """The first difference of each text that has one."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder)
        (graph / "logseq").mkdir()
        (graph / "logseq" / "config.edn").write_text("{:file/name-format :triple-lowbar}", "utf-8")
        for number, text in enumerate(texts):
            (graph / f"n{number:06}.md").write_bytes(text.encode("utf-8"))
        found: dict[int, Difference] = {}
        for item in compare(our_files(graph), logseq_files(graph)).differences:
            # A file that only one side has is one that Logseq's parser crashed on.
            if item.kind != "file":
                found.setdefault(int(item.path[1:7]), item)
        return found


def shrunk(text: str, kind: str) -> str:
    """The smallest text found that still differs in that way: lines go first, then words, then characters."""
    for unit in _UNITS:
        pieces = unit.findall(text)
        size = max(1, len(pieces) // 2)
        while size:
            cuts = [pieces[:at] + pieces[at + size :] for at in range(0, len(pieces), size)][:_BATCH]
            found = differing(["".join(cut) for cut in cuts])
            kept = next((cuts[number] for number, item in sorted(found.items()) if item.kind == kind), None)
            if kept is None:
                size //= 2
            else:
                pieces = kept
                size = min(size, max(1, len(pieces) // 2)) if pieces else 0
        text = "".join(pieces)
    return text


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def search(texts: Iterable[str], report: Callable[[Found], None], limit: int) -> tuple[int, int]:
    """Reports up to `limit` differing notes, shrunk and each only once; how many differed of how many."""
    seen: set[str] = set()
    wrong = number = 0
    for batch in batches(texts):
        number += len(batch)
        for index, difference in differing(batch).items():
            wrong += 1
            if len(seen) < limit:
                small = shrunk(batch[index], difference.kind)
                if small not in seen:
                    seen.add(small)
                    report(Found(small, differing([small]).get(0, difference)))
    return wrong, number


def main() -> int:
    parser = argparse.ArgumentParser(description="Look for notes that kbtool reads otherwise than Logseq's parser.")
    parser.add_argument("--seed", type=int, default=0, help="the same seed gives the same notes (0)")
    parser.add_argument("--notes", type=int, default=2000, metavar="N", help="notes to try of each kind (2000)")
    parser.add_argument("--kind", choices=KINDS, help="one kind alone")
    parser.add_argument("--from", action="append", type=Path, default=[], metavar="FOLDER", dest="folders",
                        help="notes to mutate, besides kb/ and the cases")  # fmt: skip
    parser.add_argument("--show", type=int, default=10, metavar="N", help="differing notes to cut down and print (10)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where to write them as cases")
    options = parser.parse_args()

    def report(found: Found) -> None:
        item = found.difference
        print(f"{found.text!r}\n  line {item.line}: {item.kind}\n    kbtool {item.ours!r}\n    logseq {item.logseq!r}")
        sys.stdout.flush()
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            (options.keep / f"{abs(hash(found.text)):x}.md").write_bytes(found.text.encode())

    seeds = seeds_from([ROOT / "kb", ROOT / "tests" / "oracle" / "cases", *options.folders])
    different = 0
    for kind in [options.kind] if options.kind else KINDS:
        notes = (note(kind, number, options.seed, seeds) for number in range(options.notes))
        wrong, number = search(notes, report, options.show)
        different += wrong
        print(f"{kind}, seed {options.seed}: {wrong} of {number} notes differ")
    return int(bool(different))


if __name__ == "__main__":
    sys.exit(main())
