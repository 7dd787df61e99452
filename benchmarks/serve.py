"""From saving a note to seeing it: `kbtool serve` of generated notes, looked at with Chromium.

    python -m benchmarks.serve [--notes N] [--edits N]

The clock starts when the note is written, and stops when the browser has painted the page with what was written.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.check import generate, met
from benchmarks.process import ROOT

AIM = 300
"""Milliseconds."""
MKDOCS = """
site_name: Notes
docs_dir: kb
theme: {name: material, language: ru}
plugins: [search, kbtool]
nav: [all.md]
"""
TELL = """
const told = new Set()
const look = () => {
  const found = /edited-(\\d+)/.exec(document.querySelector("article")?.textContent ?? "")?.[1]
  if (!found || told.has(found)) return
  told.add(found)
  requestAnimationFrame(() => setTimeout(() => console.log("painted", found, Date.now(), Math.round(scrollY))))
}
new MutationObserver(look).observe(document, { childList: true, subtree: true })
addEventListener("load", look)
"""


class Watched:
    """What the page said when it was painted: the number of the edit that it shows, when, and how far it is down."""

    def __init__(self, page: Page) -> None:
        self.painted: dict[str, tuple[float, int]] = {}
        page.on("console", lambda message: self._told(message.text))

    def _told(self, text: str) -> None:
        words = text.split()
        if words[:1] == ["painted"]:
            self.painted.setdefault(words[1], (float(words[2]), int(words[3])))


def measure(page: Page, note: Path, edits: int) -> list[float]:
    watched, text = Watched(page), note.read_text("utf-8")
    page.reload()
    page.evaluate("scrollTo(0, 200)")
    found = []
    for number in range(edits):
        time.sleep(1.5)  # the rest of the site is brought up to date meanwhile
        began = time.time() * 1000
        note.write_text(f"{text}\n- edited-{number}\n", "utf-8")
        while str(number) not in watched.painted and time.time() * 1000 < began + 20_000:
            page.wait_for_timeout(5)
        when, scrolled = watched.painted[str(number)]
        if scrolled != 200:
            sys.exit(f"the page stands at {scrolled} and not at 200")
        found.append(when - began)
    note.write_text(text, "utf-8")
    return found


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--notes", type=int, default=1_000)
    parser.add_argument("--edits", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        generate(options.notes, folder / "kb")
        (folder / "mkdocs.yml").write_text(MKDOCS, "utf-8")
        env = os.environ | {"PYTHONPATH": str(ROOT), "XDG_CACHE_HOME": str(folder / "cache")}
        command = [sys.executable, "-m", "kbtool", "serve", "--port", "8731"]
        server = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            for line in server.stderr or ():
                if b"serving" in line:
                    break
            with sync_playwright() as playwright:
                chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
                page = chromium.new_page()
                page.add_init_script(TELL)
                note = sorted((folder / "kb" / "journals").glob("*.md"))[37]
                page.goto("http://127.0.0.1:8731/" + note.stem.replace("_", "-") + "/")
                times = measure(page, note, options.edits)
                chromium.close()
        finally:
            server.terminate()
            server.wait()
    middle = statistics.median(times)
    print(f"{options.notes:,} notes, {len(times)} edits: {middle:.0f} ms ({min(times):.0f} to {max(times):.0f})")
    print(f"aim: {AIM} ms; met: {met(middle <= AIM)}")


if __name__ == "__main__":
    main()
