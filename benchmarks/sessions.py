"""Ten notes that each import PyTorch and multiply two matrices, run by kbtool and by peers, side by side.

    python -m benchmarks.sessions [--runs N] [--peers VENV] [--myst FOLDER] [--out FILE]

Each row is a whole command, from its start to its end, with nothing cached; the runs take turns, so that a busy machine
slows all of them: the ratios are what to compare. Peers are measured where they are installed:

    python -m venv VENV
    VENV/bin/pip install nbclient ipykernel jupyter_server markdown-exec pymdown-extensions mkdocs torch
    npm install --prefix FOLDER mystmd

What each printed is checked. MyST fetches the theme of its site from the web after it has run the pages; where that
fails its exit code says so, and the pages are run all the same.
"""

from __future__ import annotations

import argparse
import compileall
import json
import os
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kbtool.cells.events import Event
from kbtool.cells.plan import Environment, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.kb import Kb
from kbtool.values import NoteId, Source

ROOT = Path(__file__).parents[1]
NOTES, SUM = 10, 262144
CODE = "import torch\nx = torch.ones(64, 64)\nprint(int((x @ x).sum()))  # {}"
"""With the note's number in it: MyST runs the same code only once."""
OURS, NBCLIENT, MYST, EXEC = "kbtool run", "nbclient", "mystmd", "markdown-exec"
AIMS: Mapping[str, float] = {NBCLIENT: 1 / 8, MYST: 1 / 4, EXEC: 1.3}
"""What kbtool may take of each peer's time."""
START = 40
"""Milliseconds that a session may take with PyTorch there already."""
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
for path in sys.argv[1:]:
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, timeout=120).execute()
    assert "262144" in notebook.cells[0].outputs[0].text
"""
Job = Callable[[], None]


def fence(language: str, number: int) -> str:
    return f"```{language}\n{CODE.format(number)}\n```\n"


def check(done: subprocess.CompletedProcess[str], found: int) -> None:
    if found != NOTES:
        sys.exit(f"{' '.join(map(str, done.args))}: {found} of {NOTES} notes ran\n{done.stdout}\n{done.stderr}")


def command(words: Sequence[str | Path], folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs to the command's end; what it leaves behind (MyST its Jupyter server) is killed."""
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(
            words, cwd=folder, env=os.environ | env, stdout=out, stderr=out, text=True, start_new_session=True
        )
        code = process.wait()
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        out.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), "")


# ---------------------------------------------------------------- what is measured


def ours(folder: Path) -> Job:
    base = folder / "kb"
    base.mkdir()
    for number in range(NOTES):
        (base / f"n{number}.md").write_text("- x\n  " + fence("python", number).replace("\n", "\n  "), "utf-8")
    cache = folder / "cache"

    def go() -> None:
        shutil.rmtree(cache / "kbtool" / "outcomes-1", ignore_errors=True)
        for kept in cache.glob("kbtool/outcomes-*"):
            shutil.rmtree(kept)
        words = [sys.executable, "-m", "kbtool", "run", "--format", "json", str(base)]
        done = command(words, folder, XDG_CACHE_HOME=str(cache), PYTHONPATH=str(ROOT))
        check(done, done.stdout.count('"state": "ran"'))

    go()  # makes matplotlib's and the bytecode's caches, as a second use has them
    return go


def nbclient(folder: Path, peers: Path) -> Job:
    paths = []
    for number in range(NOTES):
        cell: dict[str, object] = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": []}
        cell |= {"execution_count": None, "source": CODE.format(number)}
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": [cell]}
        paths.append(folder / f"n{number}.ipynb")
        paths[-1].write_text(json.dumps(notebook), "utf-8")

    def go() -> None:
        done = command([peers / "bin" / "python", "-c", EXECUTE, *paths], folder, PATH=with_path(peers / "bin"))
        check(done, NOTES if done.returncode == 0 else 0)

    return go


def markdown_exec(folder: Path, peers: Path) -> Job:
    site = folder / "mkdocs"
    (site / "docs").mkdir(parents=True)
    settings = ("site_name: x", "plugins: [markdown-exec]", "markdown_extensions: [pymdownx.superfences]")
    (site / "mkdocs.yml").write_text("\n".join((*settings, "theme: {name: mkdocs}\n")), "utf-8")
    for number in range(NOTES):
        (site / "docs" / f"n{number}.md").write_text(fence('python exec="on"', number), "utf-8")

    def go() -> None:
        shutil.rmtree(site / "site", ignore_errors=True)
        done = command([peers / "bin" / "mkdocs", "build", "-q"], site)
        check(done, sum(str(SUM) in path.read_text("utf-8") for path in site.glob("site/n*/index.html")))

    return go


def mystmd(folder: Path, myst: Path, peers: Path) -> Job:
    site = folder / "myst"
    site.mkdir()
    (site / "myst.yml").write_text("version: 1\nproject: {title: x}\nsite: {title: x}\n", "utf-8")
    (site / "jupyter").mkdir()
    allowed = json.dumps({"ServerApp": {"allow_root": True}})  # who is root must say so
    (site / "jupyter" / "jupyter_server_config.json").write_text(allowed, "utf-8")
    head = "---\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n\n"
    for number in range(NOTES):
        (site / f"n{number}.md").write_text(head + fence("{code-cell} python", number), "utf-8")

    def go() -> None:
        shutil.rmtree(site / "_build", ignore_errors=True)
        program = myst / "node_modules" / ".bin" / "myst"
        words: list[str | Path] = [program, "build", "--execute", "--execute-parallel", "2"]
        done = command(words, site, PATH=with_path(peers / "bin"), JUPYTER_CONFIG_DIR=str(site / "jupyter"))
        found = sum(str(SUM) in path.read_text("utf-8") for path in site.glob("_build/**/n*.json"))
        check(done, found)

    return go


def with_path(folder: Path) -> str:
    return f"{folder}{os.pathsep}{os.environ['PATH']}"


def jobs(options: argparse.Namespace, folder: Path) -> tuple[dict[str, Job], list[str]]:
    """What can be measured here, and what cannot."""
    found, absent = {OURS: ours(folder)}, []
    peers: Path | None = options.peers and options.peers.resolve()
    if peers and (peers / "bin" / "jupyter").exists():
        found[NBCLIENT] = nbclient(folder, peers)
    else:
        absent.append(NBCLIENT)
    if peers and (peers / "bin" / "mkdocs").exists():
        found[EXEC] = markdown_exec(folder, peers)
    else:
        absent.append(EXEC)
    if peers and options.myst:
        found[MYST] = mystmd(folder, options.myst.resolve(), peers)
    else:
        absent.append(MYST)
    return found, absent


# ---------------------------------------------------------------- one session


def starts(folder: Path) -> list[float]:
    """Milliseconds of sessions with a trivial cell, one after the other, that have PyTorch there."""
    texts = {
        NoteId(f"n{n}.md"): Source(NoteId(f"n{n}.md"), f"- x\n  ```python\n  {n}\n  import torch\n  ```\n")
        for n in range(30)
    }
    notes = Kb().snapshot(BaseFiles(texts, frozenset(), Config(), GraphSettings())).notes.values()
    found: list[float] = []

    def take(event: Event) -> None:
        if event.kind == "finished":
            found.append(event.seconds * 1000)

    sessions = plan(notes, Config(), Environment("", "")).sessions
    for outcome in run(sessions, Settings(folder, Environment("", ""), 1), take):
        if outcome.failed:
            sys.exit("a session failed")
    return found[1:]


# ---------------------------------------------------------------- the report


def report(options: argparse.Namespace, folder: Path) -> Iterator[str]:
    compileall.compile_dir(ROOT / "kbtool", quiet=1)
    measured, absent = jobs(options, folder)
    spent: dict[str, list[float]] = {name: [] for name in measured}
    for _ in range(options.runs):
        for name, job in measured.items():
            began = time.perf_counter()
            job()
            spent[name].append(time.perf_counter() - began)
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    yield f"{NOTES} notes; median of {options.runs} runs (least to most); {machine}"
    yield ""
    yield "| whole command | seconds | kbtool takes of it | aim | met |"
    yield "|---|---|---|---|---|"
    for name, times in spent.items():
        shown = f"{statistics.median(times):.2f} ({min(times):.2f} to {max(times):.2f})"
        if name == OURS:
            yield f"| {name} | {shown} | | | |"
            continue
        ratio = statistics.median(a / b for a, b in zip(spent[OURS], times, strict=True))
        yield f"| {name} | {shown} | {ratio:.3f} | {AIMS[name]:.3f} | {'yes' if ratio <= AIMS[name] else 'NO'} |"
    if absent:
        yield f"Not measured, because not installed: {', '.join(absent)}."
    yield ""
    times = starts(folder)
    met = "yes" if statistics.median(times) <= START else "NO"
    yield (
        f"A session with PyTorch there already, from its start to its end: {statistics.median(times):.0f} ms "
        f"({min(times):.0f} to {max(times):.0f}; aim: {START}; met: {met})."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", type=Path, help="a virtual environment with the Python peers")
    parser.add_argument("--myst", type=Path, help="a folder in which npm has installed mystmd")
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
