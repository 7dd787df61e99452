"""Publishing the site of generated notes, measured against plain MkDocs with Material that builds the same notes.

    python -m benchmarks.site [--notes N] [--runs N]

The unit is an ordinary `mkdocs build` of these notes as plain Markdown with links: Material with its search, and a
curated navigation, so that the other side is at its best. Each run starts fresh processes one after the other; the
ratios are what to compare. *Publishing pages* begins with pages' bodies and ends with a finished site, below it the
same begins with compiled notes; both in a process that compiled them before, in processor seconds. What is above are
whole processes. The notes' code is not to be run.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
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
PAGES, AGAIN, EDIT = "pages", "again", "edit"
TITLES = {
    PEER: "`mkdocs build`, Material, no search",
    PEER_SEARCH: "`mkdocs build`, Material, with search: the unit",
    WHOLE: "`kbtool build`, no cache",
    UNCHANGED: "`kbtool build`, nothing changed",
    EDITED: "`kbtool build`, a word added to one note",
    PAGES: "publishing pages, all",
    AGAIN: "publishing pages, nothing changed",
    EDIT: "publishing pages, a word added to one note",
    f"{PAGES} made": "the same with rendering and search, all",
    f"{AGAIN} made": "the same, nothing changed",
    f"{EDIT} made": "the same, a word added to one note",
}
AIMS = {
    PAGES: {1_000: 0.25, 10_000: 0.2},
    AGAIN: {1_000: 0.1, 10_000: 0.1},
    EDIT: {1_000: 0.12, 10_000: 0.03},
}
"""Most units of processor seconds, by the number of notes."""
PUBLISH = """
import json, sys, time
from pathlib import Path
from kbtool import disk, publish
from kbtool.commands import build, opening
from kbtool.disk import Selection
project, site = disk.find(Path.cwd()), Path("out")
found, now, real = {}, time.process_time, publish.compiled
note = sorted((project.base / "journals").glob("*.md"))[37]
text, kb = note.read_text("utf-8"), publish.Kb()
for name, more in (("pages", ""), ("again", ""), ("edit", "\\n- word\\n")):
    note.write_text(text + more, "utf-8")
    opened = opening.open_selection(Selection(project, None), kb)
    results = publish.stored(opened.snapshot, project.base)
    began, making = now(), []
    def compiled(*given, real=real, making=making, **more):
        start = now()
        made = real(*given, **more)
        making.append(now() - start)
        return made
    publish.compiled = compiled
    build.publish_into(opened, results, site)
    whole, made = now() - began, sum(making)
    found[name], found[name + " made"] = whole - made, whole
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


def round_of(folder: Path) -> dict[str, Spent]:
    ours, plain = folder / "ours", folder / "plain"
    found = {}
    for name in (PEER, PEER_SEARCH):
        settings = f"{name.replace(' ', '-')}.yml"
        found[name] = timed(plain, "-m", "mkdocs", "build", "-q", "-f", settings, "-d", str(folder / "peer"))
    for place in (folder / "cache", ours / "site", ours / "out"):
        shutil.rmtree(place, ignore_errors=True)
    build = ("-m", "kbtool", "build", "--keep-going", "--no-run")
    found[WHOLE], found[UNCHANGED] = timed(ours, *build), timed(ours, *build)
    note = sorted((ours / "kb" / "journals").glob("*.md"))[37]
    text = note.read_text("utf-8")
    note.write_text(text + "\n- word\n", "utf-8")
    found[EDITED] = timed(ours, *build)
    note.write_text(text, "utf-8")
    shutil.rmtree(folder / "cache", ignore_errors=True)
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
