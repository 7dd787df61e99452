"""Publishing the site of generated notes, measured against plain MkDocs with Material that builds the same notes.

    TMPDIR=/dev/shm python -m benchmarks.site [--notes N] [--runs N]

The unit is an ordinary `mkdocs build` of these notes as plain Markdown with links: Material with its search, and a
curated navigation, so that the other side is at its best. Each run starts fresh processes one after the other; the
ratios are what to compare. *Publishing pages* begins with pages' bodies and ends with a finished site, below it the
same begins with compiled notes; both in one process that compiled them before, in processor seconds. What is above are
whole commands, with the processes that they start. The first edit after a full build makes links of all files, which
later ones begin with. What is kept for all bases, the theme's compiled templates and the packed font, is there. The
notes' code is not to be run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.check import OLD, generate, met, spread
from benchmarks.process import ROOT, Spent, run

THEME = "theme: {name: material, language: ru, font: false}\nsite_name: Notes\nsite_url: https://example.org/\n"
OURS = THEME + "docs_dir: kb\nplugins: [search, kbtool]\nnav: [all.md]\n"
PLAIN = THEME + (
    "docs_dir: docs\nnav: [index.md]\nnot_in_nav: '*'\nmarkdown_extensions: [tables, pymdownx.superfences]\n"
    "validation: {omitted_files: ignore, links: {not_found: ignore, unrecognized_links: ignore}}\n"
)
PEER, PEER_SEARCH, WHOLE, UNCHANGED, EDITED = "peer", "peer with search", "whole", "unchanged", "edited"
PAGES, AGAIN, EDIT, NEXT = "pages", "again", "edit", "next"
TITLES = {
    PEER: "`mkdocs build`, Material, no search",
    PEER_SEARCH: "`mkdocs build`, Material, with search: the unit",
    WHOLE: "`kbtool build`, no cache",
    UNCHANGED: "`kbtool build`, nothing changed",
    EDITED: "`kbtool build`, a word added to one note",
    PAGES: "publishing pages, all",
    AGAIN: "publishing pages, nothing changed",
    EDIT: "publishing pages, a word added to one note",
    NEXT: "publishing pages, another word added there",
    f"{PAGES} with search": "publishing pages and the search index, all",
    f"{EDIT} with search": "publishing pages and the search index, a word added",
    f"{PAGES} made": "the same with rendering and search, all",
    f"{AGAIN} made": "the same, nothing changed",
    f"{EDIT} made": "the same, a word added to one note",
    f"{NEXT} made": "the same, another word",
}
AIMS = {
    PAGES: {1_000: 0.25, 10_000: 0.2},
    AGAIN: {1_000: 0.1, 10_000: 0.1},
    EDIT: {1_000: 0.12, 10_000: 0.03},
    NEXT: {1_000: 0.12, 10_000: 0.03},
    f"{PAGES} with search": {1_000: 0.4, 10_000: 0.4},
}
"""Most units of processor seconds, by the number of notes."""
PUBLISH = """
import json, sys, time
from pathlib import Path
from kbtool import cache, crew, disk, publish
from kbtool.commands import building, opening
from kbtool.disk import Selection
from kbtool.search_merge import SearchIndex
project, site = disk.find(Path.cwd()), Path("out")
crew._PAGES = 1 << 40  # all in this process, whose seconds are counted
kept = cache.folder_of_site(project.base)
kept.rename(kept.with_name("aside"))
found, now, real, searching = {}, time.process_time, publish.compiled, []
def counted(function):
    def call(*given, **more):
        start = now()
        made = function(*given, **more)
        searching.append(now() - start)
        return made
    return call
publish.page_words, SearchIndex.files = counted(publish.page_words), counted(SearchIndex.files)
note = sorted((project.base / "journals").glob("*.md"))[37]
text, kb = note.read_text("utf-8"), publish.Kb()
for name, more in (("pages", ""), ("again", ""), ("edit", "\\n- word\\n"), ("next", "\\n- other\\n")):
    note.write_text(text + more, "utf-8")
    opened = opening.open_selection(Selection(project, None), kb)
    results = publish.stored(opened.snapshot, project.base)
    began, making, searching[:] = now(), [], []
    def compiled(*given, real=real, making=making, **more):
        start = now()
        made = real(*given, **more)
        making.append(now() - start)
        return made
    publish.compiled = compiled
    with building.uncollected():
        building.publish_into(opened, results, site)
    whole, made = now() - began, sum(making)
    found[name], found[name + " made"] = whole - made, whole
    found[name + " with search"] = whole - made + sum(searching)
note.write_text(text, "utf-8")
print(json.dumps(found))
"""


def plain_copy(graph: Path, docs: Path) -> None:
    """The notes as another program's Markdown: same texts, links between files; one folder, a page of its own each."""
    names = {}
    for path in sorted(graph.rglob("*.md")):
        title = path.stem.replace("___", "/").replace("_", "-" if path.parent.name == "journals" else "_")
        names[title.casefold()] = path.stem
    docs.mkdir(parents=True)

    def link(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        target = names.get(name.casefold())
        return f"[{name}]({target}.md)" if target else name

    for path in graph.rglob("*.md"):
        text = re.sub(r"#?\[\[([^\[\]]+)\]\]|(?<=\s)#(\w+)", link, path.read_text("utf-8"))
        # A property would be read as front matter.
        (docs / path.name).write_text(f"# {path.stem}\n\n{text.replace(':: ', ' – ')}\n", "utf-8")
    (docs / "index.md").write_text("# Notes\n", "utf-8")


def prepare(folder: Path, notes: int) -> None:
    graph = folder / "ours" / "kb"
    generate(notes, graph)
    for path in graph.rglob("*.md"):
        text = path.read_text("utf-8")
        path.write_text(re.sub(r"```python\b.*", "```python norun", text), "utf-8")
        os.utime(path, (OLD, OLD))
    (folder / "ours" / "mkdocs.yml").write_text(OURS, "utf-8")
    plain_copy(graph, folder / "plain" / "docs")
    for name, plugins in ((PEER, "plugins: []\n"), (PEER_SEARCH, "plugins: [search]\n")):
        (folder / "plain" / f"{name.replace(' ', '-')}.yml").write_text(PLAIN + plugins, "utf-8")


def timed(folder: Path, *words: str) -> Spent:
    here = Path.cwd()
    os.chdir(folder)
    try:
        return run([sys.executable, *words], folder.parent / "cache")
    finally:
        os.chdir(here)


def published(folder: Path) -> dict[str, Spent]:
    env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder.parent / "cache")}
    done = subprocess.run([sys.executable, "-c", PUBLISH], cwd=folder, env=env, check=True, capture_output=True)
    return {name: Spent(cpu, cpu, 0.0) for name, cpu in json.loads(done.stdout.splitlines()[-1]).items()}


def aside(folder: Path, *places: str) -> None:
    """Moves folders out of the way. Who deletes many files weighs on who makes some within the next minutes.

    That is `recently_deleted` in Linux's fs/ext4/ialloc.c.
    """
    for place in places:
        if (folder / place).exists():
            (folder / place).rename(Path(tempfile.mkdtemp(dir=folder)) / "aside")
    os.sync()


def round_of(folder: Path) -> dict[str, Spent]:
    ours, plain = folder / "ours", folder / "plain"
    found = {}
    for name in (PEER, PEER_SEARCH):
        settings = f"{name.replace(' ', '-')}.yml"
        aside(folder, "peer")
        found[name] = timed(plain, "-m", "mkdocs", "build", "-q", "-f", settings, "-d", str(folder / "peer"))
    aside(folder, "peer", "cache", "ours/site", "ours/out")
    build = ("-m", "kbtool", "build", "--keep-going", "--no-run")
    found[WHOLE], found[UNCHANGED] = timed(ours, *build), timed(ours, *build)
    note = sorted((ours / "kb" / "journals").glob("*.md"))[37]
    text = note.read_text("utf-8")
    note.write_text(text + "\n- word\n", "utf-8")
    found[EDITED] = timed(ours, *build)
    note.write_text(text, "utf-8")
    aside(folder, "ours/site")
    return found | published(ours)


def rows(rounds: Sequence[dict[str, Spent]], notes: int) -> Iterator[str]:
    yield "| | seconds | units | processor seconds | units of them | aim | met | MB |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, title in TITLES.items():
        spent = [one[name] for one in rounds]
        ratio = statistics.median(one[name].wall / one[PEER_SEARCH].wall for one in rounds)
        work = statistics.median(one[name].cpu / one[PEER_SEARCH].cpu for one in rounds)
        aim = AIMS.get(name, {}).get(notes)
        said = f"{aim:g} | {met(work <= aim)}" if aim else " | "
        cpu, memory = statistics.median(one.cpu for one in spent), max(one.memory for one in spent)
        # A part of a process is measured in processor seconds alone.
        clock = f"{spread([one.wall for one in spent])} | {ratio:.3f}" if memory else " | "
        size = f"{memory:.0f}" if memory else ""
        yield f"| {title} | {clock} | {cpu:.2f} | {work:.3f} | {said} | {size} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--notes", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.notes)
        rounds = [round_of(folder) for _ in range(options.runs)]
    print(
        f"{options.notes:,} notes, {options.runs} runs. The unit is the second row; aims are for processor seconds.\n"
    )
    print("\n".join(rows(rounds, options.notes)))


if __name__ == "__main__":
    main()
