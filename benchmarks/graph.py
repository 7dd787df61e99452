"""The graph of generated notes: how long its layout takes, how large its data are, how smoothly Chromium draws it.

    python -m benchmarks.graph [--notes N,N,…]

Layout, and the files of what is near each page, are in seconds of the processor, cold and after one link was taken away
(median of several). Of these files a reader fetches one for a page, and the list of them. A reader drags,
zooms and points in headless Chromium, which draws without a graphics card: a redraw is the time of our script for one
frame, a frame is the time from one to the next, raster included; of both the median and the 95th percentile in
milliseconds.
"""

from __future__ import annotations

import argparse
import gzip
import importlib.util
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.check import generate
from kbtool import disk, publish, query
from kbtool.config import Config
from kbtool.disk import Project
from kbtool.front import script, stylesheet
from kbtool.kb import Kb
from kbtool.layout import Laid, laid_out
from kbtool.queries.filters import Here
from kbtool.render.context import Look, RenderContext
from kbtool.render.graph import DATA, Web, data, web
from kbtool.render.surroundings import files, surroundings
from tests.browsing import served

if TYPE_CHECKING:
    from playwright.sync_api import Page

ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><link rel="stylesheet" href="../kb.css">
<body data-md-color-scheme="default"><div class="kb-page kb-graph" data-graph="../assets/kb/graph.json"></div>
<script src="../kb.js"></script>"""
STEPS = 120
FRAMES = """steps => new Promise(done => {
  const view = document.querySelector('.kb-graph').view, frames = []
  view.times = []
  let before = 0, count = 0
  const step = now => {
    if (before) frames.push(now - before)
    before = now
    if (count++ < steps) return ACT, requestAnimationFrame(step)
    done([view.times, frames])
  }
  requestAnimationFrame(step)
})"""
ACTS = {
    "drag": "view.go({ ...view.look, x: view.look.x + (count % 60 < 30 ? 4 : -4) / view.look.zoom }, false)",
    "drag, near": "view.go({ ...view.look, y: view.look.y + 6 / view.look.zoom }, false)",
    "zoom": "view.zoomBy(count % 80 < 40 ? 1.05 : 1 / 1.05)",
    "point": "(view.hovered = view.graph.order[count * 7 % view.graph.size], view.draw())",
}


EDITS = 9


class Drawn(NamedTuple):
    """A graph as its page gets it, and what it cost."""

    pages: int
    links: int
    cold: float
    known: float
    text: str
    around: str


def drawn(base: Path) -> Drawn:
    """The data of a base's graph."""
    snapshot = Kb().snapshot(disk.read(Project(base, None, None, Config())))
    look = Look("en", today=date(2026, 1, 1))
    entries = publish.entries(snapshot, {}, None)
    asking = query.asking(snapshot, Here(date(2026, 1, 1)), entries)
    context = RenderContext(entries, snapshot.names, look, snapshot.files.settings, asking, {})
    found = web(context)
    start = time.process_time()
    first = laid_out(len(found.nodes), found.edges)
    cold = time.process_time() - start
    text = data(found, first.layout, look).text
    return Drawn(len(found.nodes), len(found.edges), cold, after_edits(found, first), text, told(found))


def after_edits(found: Web, first: Laid) -> float:
    """The median time of a layout after one of the links was taken away."""
    times = []
    for at in range(0, len(found.edges), max(1, len(found.edges) // EDITS)):
        start = time.process_time()
        laid_out(len(found.nodes), (*found.edges[:at], *found.edges[at + 1 :]), first)
        times.append(time.process_time() - start)
    return statistics.median(times)


def told(found: Web) -> str:
    """What the files of what is near each page cost, and what of them is fetched."""
    start = time.process_time()
    first = surroundings(found, True)
    cold, edited = time.process_time() - start, []
    for at in range(0, len(found.edges), max(1, len(found.edges) // EDITS)):
        start = time.process_time()
        surroundings(found._replace(edges=(*found.edges[:at], *found.edges[at + 1 :])), True, first)
        edited.append(time.process_time() - start)
    directory, *others = (file.text.encode() for file in files(first))
    fetched = [(len(directory) + len(one)) / 1000 for one in others]
    packed = statistics.median((len(gzip.compress(directory, 9)) + len(gzip.compress(one, 9))) / 1000 for one in others)
    return (
        f"near a page: {cold:.2f} s, one link less {statistics.median(edited):.2f} s; {len(others)} files, "
        f"{sum(map(len, others)) / 1e6:.1f} MB; fetched {statistics.median(fetched):.0f} kB (packed {packed:.0f} kB), "
        f"at most {max(fetched):.0f} kB"
    )


def write(folder: Path, graph: Drawn) -> None:
    """Writes a site of nothing but the graph."""
    for name, text in (("kb.css", stylesheet()), ("kb.js", script()), ("graph/index.html", PAGE), (DATA, graph.text)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")


def measured(page: Page, address: str) -> dict[str, Sequence[Sequence[float]]]:
    """Times of redraws and frames for each thing that a reader does, and until the first is drawn."""
    start = time.perf_counter()
    page.goto(address)
    page.wait_for_function("() => document.querySelector('.kb-graph').view?.drawn")
    found: dict[str, Any] = {"ready": [[1000 * (time.perf_counter() - start)], [0.0]]}
    for name, act in ACTS.items():
        if name == "drag, near":
            page.evaluate("document.querySelector('.kb-graph').view.zoomBy(6)")
        page.wait_for_timeout(500)
        found[name] = page.evaluate(FRAMES.replace("ACT", act), STEPS)
    return found


def percentiles(times: Sequence[float]) -> str:
    """The median and the 95th percentile."""
    last = statistics.quantiles(times, n=20)[-1] if len(times) > 1 else times[0]
    return f"{statistics.median(times):7.1f} {last:7.1f}"


def main() -> int:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--notes", default="1000,10000", help="how many notes (default: %(default)s)")
    options = parser.parse_args()
    chromium = shutil.which("chromium") if importlib.util.find_spec("playwright") else None
    for notes in map(int, options.notes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            generate(notes, Path(folder) / "kb")
            graph = drawn(Path(folder) / "kb")
            packed = len(gzip.compress(graph.text.encode(), 9)) / 1000
            print(
                f"{graph.pages:,} pages, {graph.links:,} links: "
                f"layout {graph.cold:.2f} s, one link less {graph.known:.2f} s"
            )
            print(f"  data {len(graph.text.encode()) / 1000:,.0f} kB, packed {packed:,.0f} kB")
            print(f"  {graph.around}")
            if chromium:
                write(Path(folder) / "site", graph)
                with served(Path(folder) / "site") as address:
                    draw(chromium, address + "graph/")
    return 0


def draw(chromium: str, address: str) -> None:
    """Prints how smoothly a graph is drawn."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        for name, (redraws, frames) in measured(page, address).items():
            print(
                f"  {name:12} redraw {percentiles(redraws)}" + (f"   frame {percentiles(frames)}" if frames[0] else "")
            )
        browser.close()


if __name__ == "__main__":
    sys.exit(main())
