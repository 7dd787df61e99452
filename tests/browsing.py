"""A real browser for tests: the demo base built and served, and a page that writes down what goes wrong on it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import demo

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Request

    from tests.conftest import Run

ROOT = Path(__file__).parents[1]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def send_error(self, code: int, *_: object) -> None:
        """As hosts of static sites do: the site's own page for what is not there."""
        page = Path(self.directory) / "404.html"
        content = page.read_bytes() if code == 404 and page.exists() else b""
        self.send_response(code)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def served(site: Path) -> Iterator[str]:
    """The address of a folder that is served meanwhile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def built(kbtool: Run, base: Path) -> Path:
    """The site of a base."""
    done = kbtool("build", cwd=base, XDG_CACHE_HOME=str(base / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    return base / "site"


@pytest.fixture(scope="session")
def bases(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> dict[str, Path]:
    """The demo base, built for a server and for reading from disk."""
    found = {}
    for name, folders in (("server", True), ("disk", False)):
        found[name] = demo.make(tmp_path_factory.mktemp(name), folders=folders)
        built(kbtool, found[name])
    return found


@pytest.fixture(scope="session")
def own_site(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> Path:
    """The site of the project's own base, with recorded results alone."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(ROOT / "kb", folder / "kb")
    shutil.copy(ROOT / "mkdocs.yml", folder)
    done = kbtool("build", "--no-run", cwd=folder, XDG_CACHE_HOME=str(folder / "cache"))
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.fixture(scope="session")
def address(bases: dict[str, Path]) -> Iterator[str]:
    """Where the demo base's site is served."""
    with served(bases["server"] / "site") as found:
        yield found


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """Chromium, one for all tests."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield found
        found.close()


@pytest.fixture
def trouble() -> list[str]:
    """What went wrong on the page: console errors, exceptions, failed requests, requests of other hosts."""
    return []


@pytest.fixture
def page(browser: Browser, trouble: list[str]) -> Iterator[Page]:
    """A page with a storage of its own."""
    context = browser.new_context()
    found = context.new_page()
    watch(found, trouble)
    yield found
    context.close()


def until(page: Page, holds: Callable[[], bool]) -> None:
    """Lets a page go on until something holds, for twenty seconds at most."""
    for _ in range(200):
        if holds():
            return
        page.wait_for_timeout(100)


def watch(page: Page, trouble: list[str]) -> None:
    """Has what goes wrong on a page written down."""
    page.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("requestfailed", lambda request: None if left(request) else trouble.append(f"failed: {request.url}"))
    page.on("response", lambda response: trouble.append(response.url) if response.status >= 400 else None)
    page.on("request", lambda request: None if own(request.url) else trouble.append(f"other host: {request.url}"))


def left(request: Request) -> bool:
    """Whether a request was given up because the page was left."""
    return request.failure == "net::ERR_ABORTED"


def own(url: str) -> bool:
    """Whether a request stays on the site."""
    return url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:"))
