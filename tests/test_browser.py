"""The site in a real browser: nothing fails, nothing is asked of another host, nothing of a note runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests import demo
from tests.conftest import Run

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
PATHS = ("", "понятие/", "пространство/имён/", "2026-01-02/", "all/")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def bases(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> dict[str, Path]:
    """The demo base, built for a server and for reading from disk."""
    found = {}
    for name, folders in (("server", True), ("disk", False)):
        found[name] = demo.make(tmp_path_factory.mktemp(name), folders=folders)
        done = kbtool("build", cwd=found[name], XDG_CACHE_HOME=str(found[name] / "cache"))
        assert done.returncode == 0, done.stdout + done.stderr
    return found


@pytest.fixture(scope="module")
def address(bases: dict[str, Path]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(bases["server"] / "site")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
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
    found = browser.new_page()
    found.on("console", lambda message: trouble.append(message.text) if message.type == "error" else None)
    found.on("pageerror", lambda error: trouble.append(str(error)))
    found.on("requestfailed", lambda request: trouble.append(f"failed: {request.url}"))
    found.on("response", lambda response: trouble.append(response.url) if response.status >= 400 else None)
    found.on("request", lambda request: None if own(request.url) else trouble.append(f"other host: {request.url}"))
    yield found
    found.close()


def own(url: str) -> bool:
    return url.startswith(("http://127.0.0.1:", "file:", "data:", "blob:"))


@pytest.mark.parametrize("path", PATHS)
def test_page_loads_without_trouble(page: Page, address: str, trouble: list[str], path: str) -> None:
    page.goto(address + path)
    page.wait_for_load_state("networkidle")
    assert trouble == []
    assert page.evaluate("window.hit") is None
    assert page.locator("h1").count() == 1


def test_trouble_is_noticed(page: Page, address: str, trouble: list[str]) -> None:
    page.goto(address)
    page.evaluate("fetch('nowhere.json'); new Image().src = 'http://127.0.0.2:9/x'; console.error('x')")
    page.wait_for_timeout(300)
    assert len(trouble) >= 3


def test_links_of_the_home_page_lead_on(page: Page, address: str, trouble: list[str]) -> None:
    page.goto(address)
    page.get_by_role("link", name="с подписью").click()
    page.wait_for_url("**/понятие/" if "понятие" in page.url else "**")
    assert page.locator("h1").inner_text() == "Понятие"
    assert page.get_by_text("42", exact=True).first.is_visible()
    assert trouble == []


def test_collapsed_blocks_open(page: Page, address: str) -> None:
    page.goto(address)
    hidden = page.get_by_text("Скрыто, пока не раскроют")
    assert not hidden.is_visible()
    page.locator("summary", has_text="Второй раздел").click()
    assert hidden.is_visible()


def test_search_finds_a_word(page: Page, address: str, trouble: list[str]) -> None:
    page.goto(address)
    page.locator(".md-search__input").click()
    page.keyboard.type("градиентный")
    page.keyboard.press("End")  # letters that no key of the driver has come without the event that search waits for
    result = page.locator(".md-search-result__link").first
    result.wait_for(state="visible")
    assert "Понятие" in result.inner_text()
    assert trouble == []


def test_dark_mode(page: Page, address: str) -> None:
    page.goto(address)
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("label[for=__palette_1]").click()
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_nothing_overflows_on_a_phone(browser: Browser, address: str) -> None:
    phone = browser.new_page(viewport={"width": 390, "height": 800})
    for path in PATHS:
        phone.goto(address + path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 390, path
    phone.goto(address + "пространство/имён/")
    formula = phone.locator("p", has_text="Длинная формула")
    assert formula.evaluate("each => each.scrollWidth > each.clientWidth")  # there is something to scroll
    phone.close()


def test_reads_without_javascript(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    found = context.new_page()
    found.goto(address + "понятие/")
    assert found.locator("math").first.is_visible()
    assert found.get_by_text("Градиентный спуск").first.is_visible()
    context.close()


def test_reads_from_disk(page: Page, bases: dict[str, Path], trouble: list[str]) -> None:
    page.goto((bases["disk"] / "site/index.html").as_uri())
    page.get_by_role("link", name="с подписью").click()
    page.wait_for_load_state()
    assert page.locator("h1").inner_text() == "Понятие"
    assert trouble == []


def test_search_works_from_disk(page: Page, bases: dict[str, Path], trouble: list[str]) -> None:
    page.goto((bases["disk"] / "site/index.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type("градиентный")
    page.keyboard.press("End")
    page.locator(".md-search-result__link").first.wait_for(state="visible")
    assert trouble == []
