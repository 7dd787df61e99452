"""What tests share: tools that a machine may lack, generated graphs, and the command as a user runs it."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest
from hypothesis import settings

from kbtool.cells.sandbox import Wanted
from kbtool.commands import isolating
from tests.browsing import address, bases, browser, own_site, page, trouble

__all__ = ["address", "bases", "browser", "own_site", "page", "trouble"]

# A test that is quick enough on a machine with nothing else to do may take long on one that others use, too.
settings.register_profile("kbtool", deadline=None)
settings.load_profile("kbtool")
# What a shell runs in the background does not hear Ctrl-C, and nor does what it starts.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).parents[1]
ORACLE = ROOT / "tests" / "oracle"
AXE = ROOT / "tests" / "axe" / "node_modules" / "axe-core" / "axe.min.js"
CORPORA = ROOT.parent / "shared" / "corpora"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")

Run: TypeAlias = Callable[..., subprocess.CompletedProcess[str]]


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, CHROMIUM)), None) if importlib.util.find_spec("playwright") else None


def find_node() -> str | None:
    return shutil.which("node")


def find_oracle() -> str | None:
    return shutil.which("node") if (ORACLE / "node_modules" / "mldoc").is_dir() else None


def find_katex() -> str | None:
    return shutil.which("node") if (ORACLE / "node_modules" / "katex").is_dir() else None


def find_axe() -> str | None:
    return str(AXE) if AXE.is_file() else None


def find_corpora() -> str | None:
    return str(CORPORA) if CORPORA.is_dir() else None


def find_properdocs() -> str | None:
    return "properdocs" if importlib.util.find_spec("properdocs") else None


class Need(NamedTuple):
    """A fixture that a machine may lack: tests that ask for it are left out there, and the summary says so."""

    fixture: str
    tests: str
    without: str
    find: Callable[[], str | None]
    in_ci: bool


NEEDS = (
    Need("chromium", "browser tests", "no Chromium", find_chromium, True),
    Need("node", "tests of the site's search", "no node", find_node, True),
    Need("oracle", "comparisons with Logseq's parser", "no node, or no npm install in tests/oracle", find_oracle, True),
    Need("katex", "comparisons with KaTeX", "no node, or no npm install in tests/oracle", find_katex, True),
    Need("axe", "looks for what keeps people from using pages", "no npm install in tests/axe", find_axe, True),
    Need("properdocs", "comparisons with ProperDocs", "no properdocs (extra `dev`)", find_properdocs, True),
    Need("corpora", "comparisons on public graphs", "no ../shared/corpora", find_corpora, False),
)
LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_configure() -> None:
    """In CI nothing may be missing."""
    missing = [f"{need.tests}: {need.without}" for need in NEEDS if need.in_ci and not need.find()]
    if os.environ.get("CI") and missing:
        raise pytest.UsageError("these cannot run: " + "; ".join(missing))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves out what the machine lacks; files of few tests come first, which take long, so that none ends alone."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: tests[item.path])
    config.stash[LEFT_OUT] = []
    for need in NEEDS:
        asking = [item for item in items if need.fixture in getattr(item, "fixturenames", ())]
        if not asking or need.find():
            continue
        items[:] = [item for item in items if item not in asking]
        config.hook.pytest_deselected(items=asking)
        config.stash[LEFT_OUT].append(f"left out: {len(asking)} {need.tests} ({need.without})")


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process of `pytest -n` hands on what it left out; each collects all tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left out"] = session.config.stash[LEFT_OUT]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Its counterpart in the process that asked."""
    node.config.stash[LEFT_OUT] = getattr(node, "workeroutput", {}).get("left out", [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session", autouse=True)
def cache_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test reads or writes the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    return find_chromium() or ""


@pytest.fixture(scope="session")
def node() -> str:
    """Path of node."""
    return find_node() or ""


@pytest.fixture(scope="session")
def oracle() -> str:
    """Path of node, with Logseq's parser installed beside the oracle's script."""
    return find_oracle() or ""


@pytest.fixture(scope="session")
def katex() -> str:
    """Path of node, with KaTeX installed beside the oracle's script."""
    return find_katex() or ""


@pytest.fixture(scope="session")
def axe() -> str:
    """Path of the script that looks for what keeps people from using a page."""
    return find_axe() or ""


@pytest.fixture(scope="session")
def properdocs() -> str:
    """Name of the module that builds sites where MkDocs 1 ends."""
    return find_properdocs() or ""


@pytest.fixture(scope="session")
def corpora() -> Path:
    """Folder of public graphs."""
    return CORPORA


@pytest.fixture(scope="session")
def kbtool() -> Run:
    """`kbtool(*words, cwd=…)`: the command in a process of its own."""

    def run(*words: str, cwd: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
        # The tree under test, also where another copy is installed.
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        command = [sys.executable, "-m", "kbtool", *words]
        everything = os.environ | {"PYTHONPATH": path, "PYTHONUTF8": "1"} | env
        return subprocess.run(
            command, cwd=cwd, env=everything, capture_output=True, text=True, encoding="utf-8", check=False
        )

    return run


class Generated(NamedTuple):
    """A generated graph and what a correct tool must find in it."""

    graph: Path
    truth: dict[str, Any]


@pytest.fixture(scope="session")
def generate(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Generated]:
    """`generate(notes=…, seed=…, broken=…)`: each graph is made once in a session."""

    @functools.cache
    def make(**options: int) -> Generated:
        graph = tmp_path_factory.mktemp("generated") / "graph"
        words = [f"--{key}={value}" for key, value in options.items()]
        script = ROOT / "tests" / "tools" / "make_graph.py"
        subprocess.run([sys.executable, script, *words, "--out", graph], check=True, capture_output=True)
        return Generated(graph, json.loads((graph.parent / "truth.json").read_text("utf-8")))

    return make


def without_isolation(text: str) -> str:
    """What a command says, but for how sessions were kept apart, which differs by machine."""
    return re.sub(r"^isolation: .*\r?\n", "", text, flags=re.MULTILINE)


@pytest.fixture
def unconfined(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands of this process let note code do all: what a test's cells do outside can be seen."""
    monkeypatch.setattr(isolating, "own", lambda: Wanted("none"))
