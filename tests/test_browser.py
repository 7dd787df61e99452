"""The site in a real browser: nothing fails, nothing is asked of another host, nothing of a note runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import until

PATHS = ("", "понятие/", "пространство/имён/", "2026-01-02/", "all/")


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
    until(page, lambda: len(trouble) >= 3)
    assert len(trouble) >= 3


def test_links_of_the_home_page_lead_on(page: Page, address: str, trouble: list[str]) -> None:
    page.goto(address)
    page.get_by_role("link", name="с подписью").click()
    page.get_by_role("heading", level=1, name="Понятие", exact=True).wait_for()
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
    page.get_by_role("heading", level=1, name="Понятие", exact=True).wait_for()
    assert trouble == []


def test_search_works_from_disk(page: Page, bases: dict[str, Path], trouble: list[str]) -> None:
    page.goto((bases["disk"] / "site/index.html").as_uri())
    page.locator(".md-search__input").click()
    page.keyboard.type("градиентный")
    page.keyboard.press("End")
    page.locator(".md-search-result__link").first.wait_for(state="visible")
    assert trouble == []
