"""What stands where on a page, and on paper, in a real browser: nothing covers another thing, all can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browsing import built, served, until
from tests.conftest import Run

SETTINGS = """\
site_name: Вид
site_url: http://127.0.0.1/
docs_dir: kb
theme: {name: material, language: ru, font: false, palette: [{scheme: default}]}
plugins:
  - search
  - kbtool
"""
LINE = (
    "Строка, которой хватает на всю ширину страницы и ещё на одну строку, так что у её правого края стоят слова. " * 2
)
DRAWN = """\
```mermaid
graph LR
  A --> B
```"""
NOTES: Mapping[str, str] = {
    "logseq/config.edn": '{:journal/page-title-format "yyyy-MM-dd" :default-home {:page "Дом"}}',
    "pages/Дом.md": f"""\
- {LINE}
  id:: 00000000-0000-4000-8000-0000000000aa
- {LINE}
- [[ссылки]]
- <span>x = 1</span> `код`
- {DRAWN.replace(chr(10), chr(10) + "  ")}
""",
    "pages/ссылки.md": "- ((00000000-0000-4000-8000-0000000000aa))\n\t- [[Дом]]\n- \n\t- [[Дом]]",
}
OWN_TEXT = "main h1, main .kb-page > .kb-outline > li > :is(p, .kb-p)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> Path:
    folder = tmp_path_factory.mktemp("look")
    for name, text in {**{f"kb/{name}": text for name, text in NOTES.items()}, "mkdocs.yml": SETTINGS}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return built(kbtool, folder)


@pytest.fixture(scope="module")
def home(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


def dark(page: Page) -> None:
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")


# ---------------------------------------------------------------- fingers


def test_a_preview_stays_when_the_finger_lifts(browser: Browser, home: str) -> None:
    context = browser.new_context(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(home)
    page.evaluate("addEventListener('click', () => window.lifted = true, true)")
    at = page.locator(".kb-page > .kb-outline a.kb-link", has_text="ссылки").bounding_box()
    assert at is not None
    finger, point = context.new_cdp_session(page), {"x": at["x"] + 5, "y": at["y"] + 5}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    preview = page.locator(".kb-preview")
    preview.wait_for(state="visible")
    finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    until(page, lambda: bool(page.evaluate("window.lifted")))
    assert page.evaluate("window.lifted")
    assert preview.is_visible()
    assert page.url == home
    page.touchscreen.tap(200, at["y"] - 60)
    preview.wait_for(state="hidden")
    context.close()


def test_the_keyboard_previews_after_a_press(browser: Browser, home: str) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(home)
    link = page.locator(".kb-page > .kb-outline a.kb-link", has_text="ссылки")
    at = link.bounding_box()
    assert at is not None
    finger, point = context.new_cdp_session(page), {"x": at["x"] + 5, "y": at["y"] + 5}
    finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.locator(".kb-preview").wait_for(state="visible")
    finger.send("Input.dispatchTouchEvent", {"type": "touchCancel", "touchPoints": []})
    page.keyboard.press("Escape")
    page.locator(".kb-preview").wait_for(state="hidden")
    link.focus()
    page.locator(".kb-preview").wait_for(state="visible")
    context.close()


# ---------------------------------------------------------------- paper


def lightness(page: Page, selector: str, name: str) -> list[float]:
    """How light a colour of elements is, from 0 to 1."""
    return list(
        page.evaluate(
            """([selector, name]) => [...document.querySelectorAll(selector)].map(each => {
              const [r, g, b] = getComputedStyle(each)[name].match(/[\\d.]+/g).map(Number)
              return (r + g + b) / 765
            })""",
            [selector, name],
        )
    )


def test_paper_is_light_also_from_the_dark(page: Page, home: str) -> None:
    page.goto(home)
    dark(page)
    assert min(lightness(page, OWN_TEXT, "color")) > 0.7  # the screen is dark
    page.emulate_media(media="print")
    until(page, lambda: max(lightness(page, f"{OWN_TEXT}, main code", "color")) < 0.4)  # colours change bit by bit
    assert max(lightness(page, f"{OWN_TEXT}, main code", "color")) < 0.4
    assert min(lightness(page, "body, main code", "backgroundColor")) > 0.9


def test_paper_has_diagrams_as_they_are_in_the_light(page: Page, home: str) -> None:
    page.goto(home)
    dark(page)
    seen = """[...document.querySelectorAll(".kb-diagram img")]
      .filter(each => each.checkVisibility()).map(each => each.src.split("#")[1])"""
    assert page.evaluate(seen) == ["only-dark"]
    page.emulate_media(media="print")
    assert page.evaluate(seen) == ["only-light"]


# ---------------------------------------------------------------- one beside another

COVERED = """selector => [...document.querySelectorAll(selector)].filter(each => {
  each.scrollIntoView({ block: "center" })
  const at = each.getBoundingClientRect()
  return !each.contains(document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2))
}).length"""


@pytest.mark.parametrize("width", [320, 390, 1000, 1280])
def test_the_number_of_references_stands_at_its_own_block_and_unfolds(browser: Browser, home: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.goto(home)
    badge = page.locator(".kb-quoted > summary")
    assert badge.count() == 1
    page.get_by_text("Строка, которой").first.hover()
    assert page.evaluate(COVERED, ".kb-quoted > summary") == 0
    at, own = badge.bounding_box(), page.locator(".kb-block", has=badge).locator("> p").bounding_box()
    assert at is not None
    assert own is not None
    assert own["y"] <= at["y"] + at["height"] / 2 <= own["y"] + own["height"]
    assert own["x"] + own["width"] <= at["x"]  # and not on its words
    badge.click(timeout=2_000)
    page.locator(".kb-quoted a", has_text="ссылки").click()
    page.wait_for_url("**/%D1%81%D1%81%D1%8B%D0%BB%D0%BA%D0%B8/**")
    page.close()


TOUCHING = """([one, other]) => {
  const box = selector => {
    const range = document.createRange()
    range.selectNodeContents(document.querySelector(selector))
    return [...range.getClientRects()]
  }
  return box(one).some(a => box(other).some(b =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom))
}"""


@pytest.mark.parametrize("width", [320, 390, 1280, 1440])
def test_the_buttons_that_fold_all_leave_the_sessions_line_alone(browser: Browser, own_site: Path, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    with served(own_site) as address:
        page.goto(f"{address}наша-первая-нейронка.html")
        page.locator(".kb-tools").wait_for()
        assert not page.evaluate(TOUCHING, [".kb-tools", ".kb-session"])
        assert not page.evaluate(TOUCHING, [".kb-tools", ".kb-head"])
        assert not page.evaluate(TOUCHING, [".kb-tools", ".kb-outline"])
        page.evaluate("document.querySelector('.kb-tools').style.position = 'absolute'")
        page.evaluate("document.querySelector('.kb-session').prepend(document.querySelector('.kb-tools'))")
        assert page.evaluate(TOUCHING, [".kb-tools", ".kb-session"])  # what touches is noticed
    page.close()


def test_the_header_names_the_site_until_the_title_is_scrolled_away(browser: Browser, home: str) -> None:
    page = browser.new_page(viewport={"width": 1280, "height": 300})
    page.goto(home)
    active = page.locator(".md-header__title--active")
    page.wait_for_load_state("networkidle")
    page.evaluate("dispatchEvent(new Event('scroll'))")
    assert active.count() == 0
    page.evaluate("scrollTo(0, 200)")
    active.wait_for()
    page.evaluate("scrollTo(0, 0)")
    active.wait_for(state="detached")
    page.close()


def test_an_address_with_a_stray_percent_sign_is_no_trouble(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}#50%")
    page.goto(f"{home}#51%")
    page.wait_for_load_state("networkidle")
    assert trouble == []
