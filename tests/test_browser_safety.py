"""Every page in a real browser: it breaks no policy, asks no other host, and keeps nobody from using it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import served, until, watch
from tests.conftest import AXE
from tests.hindrances import FIND, hindrances

LOOKS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]
KINDS = ("kb-cell", "kb-formula", "kb-table", "kb-query", "kb-month", "kb-graph", "kb-state", "kb-index", "kb-rule")
"""What pages of the project's own site may have: each is on one of those that are looked at."""
PASSED = """async within => {
  const found = await axe.run(within, { resultTypes: ["passes"] })
  return found.passes.filter(one => one.nodes.length).map(one => one.id)
}"""


def names(site: Path) -> list[str]:
    """The pages of a site, apart from those that only lead on."""
    pages = (path for path in site.rglob("*.html") if 'http-equiv="refresh"' not in path.read_text("utf-8"))
    return sorted(path.relative_to(site).as_posix() for path in pages)


@pytest.fixture(scope="module")
def own_address(own_site: Path) -> Iterator[str]:
    with served(own_site) as found:
        yield found


@pytest.fixture(params=["server", "disk"])
def demo(request: pytest.FixtureRequest, bases: dict[str, Path], address: str) -> tuple[Path, str]:
    """The demo base's site and where it begins, served and from disk."""
    site = bases[request.param] / "site"
    return site, address if request.param == "server" else f"{site.as_uri()}/"


def use(page: Page) -> None:
    """Does what readers do: changes the colours, searches, prints."""
    page.locator("[for^=__palette]:visible").first.click()
    page.locator(".md-search__input").click()
    page.keyboard.type("градиент")
    page.keyboard.press("End")  # letters that no key of the driver has come without the event that search waits for
    page.locator(".md-search-result__link").first.wait_for(state="visible")
    page.keyboard.press("Escape")
    page.emulate_media(media="print")
    page.pdf()
    page.emulate_media(media="screen")


def test_no_page_of_the_projects_site_makes_trouble(
    page: Page, own_site: Path, own_address: str, trouble: list[str]
) -> None:
    page.goto(own_address)
    use(page)
    found = names(own_site)
    # Pages of rules are all alike; that notes load nothing from elsewhere is seen without a browser, too.
    rules, notes = ([name for name in found if name.startswith("rules/") is one] for one in (True, False))
    for name in (*notes[::2], *rules[::9]):
        page.goto(own_address + quote(name))
        assert trouble == [], name
    page.wait_for_timeout(500)
    assert trouble == []


def test_no_page_of_the_demo_makes_trouble(page: Page, demo: tuple[Path, str], trouble: list[str]) -> None:
    site, start = demo
    page.goto(f"{start}index.html")
    use(page)
    for name in names(site):
        if start.startswith("http") or name != "404.html":  # which a server alone shows: its addresses are absolute
            page.goto(start + quote(name))
            page.wait_for_load_state("networkidle")
    assert trouble == []


def test_a_script_that_got_into_a_page_does_not_run(page: Page, demo: tuple[Path, str], trouble: list[str]) -> None:
    page.goto(f"{demo[1]}index.html")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">')")
    until(page, lambda: any("Content Security Policy" in one for one in trouble))
    assert page.evaluate("window.hit") is None
    assert [one for one in trouble if "Content Security Policy" in one]


def test_colours_are_the_systems_until_the_reader_chooses(browser: Browser, address: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    # Before the theme's script has run, so that no page is ever painted in the other colours.
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(address)
    assert page.evaluate("document.body.dataset.mdColorScheme") == "slate"
    page.unroute("**/bundle.*.js")
    page.goto(address)
    page.locator("[for^=__palette]:visible").first.click()
    page.route("**/bundle.*.js", lambda route: route.abort())
    page.goto(address + "понятие/")
    assert page.evaluate("document.body.dataset.mdColorScheme") == "default"
    context.close()


@pytest.mark.usefixtures("axe")
@pytest.mark.parametrize("look", LOOKS[1:3])  # the others are those of the project's own site
def test_nothing_keeps_people_from_using_the_demo(
    browser: Browser, bases: dict[str, Path], address: str, look: tuple[str, int]
) -> None:
    addresses = [address + quote(name) for name in names(bases["server"] / "site")]
    assert hindrances(browser, addresses, look) == {}


@pytest.mark.usefixtures("axe")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_graph_and_its_words_are_looked_at(browser: Browser, address: str, scheme: Any) -> None:
    page = browser.new_page(color_scheme=scheme)
    page.goto(f"{address}graph/")
    page.wait_for_function("() => document.querySelector('.kb-graph')?.view")
    page.evaluate(AXE.read_text("utf-8"))
    assert {"aria-roles", "aria-valid-attr-value"} <= set(page.evaluate(PASSED, ".kb-graph canvas"))
    assert {"button-name", "color-contrast", "label"} <= set(page.evaluate(PASSED, ".kb-graph"))
    assert {"color-contrast", "heading-order", "link-name", "list"} <= set(page.evaluate(PASSED, ".kb-hubs"))
    assert page.evaluate(FIND) == []
    page.evaluate("document.querySelector('.kb-hubs a').textContent = ''")
    assert [one.partition(":")[0] for one in page.evaluate(FIND)] == ["link-name"]
    page.close()


@pytest.mark.usefixtures("axe")
@pytest.mark.parametrize("look", [LOOKS[0], LOOKS[-1]])
def test_nothing_keeps_people_from_using_the_projects_site(
    browser: Browser, own_site: Path, own_address: str, look: tuple[str, int]
) -> None:
    texts = {name: (own_site / name).read_text("utf-8") for name in names(own_site)}
    chosen = {next((name for name, text in texts.items() if f'class="{kind}' in text), "index.html") for kind in KINDS}
    assert len(chosen) > 4
    assert hindrances(browser, [own_address + quote(name) for name in sorted(chosen)], look) == {}


def test_hindrances_are_found(axe: str, browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<!doctype html><title>x</title><img src="x"><p style="color:#ccc">слово</p>')
    with served(tmp_path) as address:
        (found,) = hindrances(browser, [f"{address}a.html"], LOOKS[0]).values()
    assert {one.partition(":")[0] for one in found} >= {"image-alt", "color-contrast", "html-has-lang"}


def test_what_scrolls_is_reached_by_the_keyboard(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    watch(page, [])
    page.goto(address + "пространство/имён/")
    formula = page.locator("p", has_text="Длинная формула")
    assert formula.get_attribute("tabindex") == "0"
    formula.focus()
    page.keyboard.press("ArrowRight")
    until(page, lambda: formula.evaluate("each => each.scrollLeft") > 0)
    assert formula.evaluate("each => each.scrollLeft") > 0
    page.close()
