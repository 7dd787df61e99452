"""What stands where on a page, and on paper, in a real browser: nothing covers another thing, all can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests import demo
from tests.browsing import built, served, until
from tests.conftest import Run
from tests.hindrances import hindrances

SETTINGS = """\
site_name: Вид
site_url: http://127.0.0.1/
docs_dir: kb
theme: {name: material, language: ru, font: false, palette: [{scheme: default}], features: [content.code.copy]}
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
    "pages/всякое.md": """\
- ## Заголовок со ссылкой на [[Дом]] и **[[ссылки]]**
  - Слово[^1] с примечанием и #справа среди слов, *наклонных и #формулы тоже*
  - [^1]: Примечание со ссылкой на [[Дом]] внутри
- ```python hide
  class Wide:
      def _repr_html_(self):
          rows = "<tr><th>строка</th>" + "<td>широкое_слово_без_пробелов</td>" * 30 + "</tr>"
          return "<table><tbody>" + rows * 3 + "</tbody></table>"
  Wide()
  ```
- ```python norun
  x = 1
  ```
- ```python norun
  y = 2
  ```
""",
    **{f"pages/много {at:02}.md": f"- [[цель]] и [[{'чёт' if at % 2 == 0 else 'нечёт'}]]" for at in range(45)},
    "pages/цель.md": "- На неё ссылаются многие",
    "pages/чёт.md": "- чёт",
    "pages/нечёт.md": "- нечёт",
    "pages/справа.md": "- שלום עולם\n- ## שלום\n- слева\n\n-\n\t- под пустой строкой\n",
    "pages/вещи.md": "- ![звук](../assets/sound.wav)\n- ![красное](../assets/red.png){:height 120, :width 240}\n",
    "pages/бумага.md": """\
автор:: [[справа]]
глава:: [[формулы]]

- первый
  logseq.order-list-type:: number
- <details><summary>шапка</summary><b>складка</b></details>
""",
    "pages/формулы.md": r"- $\cancel{x}$ $\begin{array}{c|c} a & b \\ \hline c & d \\ \hline \end{array}$",
    "journals/2026_01_30.md": "- день",
    "journals/2026_02_01.md": "- другой день",
    "pages/ссылки.md": "- ((00000000-0000-4000-8000-0000000000aa))\n\t- [[Дом]]\n- \n\t- [[Дом]]",
}
OWN_TEXT = "main h1, main .kb-page > .kb-outline > li > :is(p, .kb-p)"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> Path:
    folder = tmp_path_factory.mktemp("look")
    for name, text in {**{f"kb/{name}": text for name, text in NOTES.items()}, "mkdocs.yml": SETTINGS}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "kb/assets").mkdir()
    (folder / "kb/assets/red.png").write_bytes(demo.png(400, 225))
    (folder / "kb/assets/sound.wav").write_bytes(b"")
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
    until(page, lambda: min(lightness(page, "body, main code", "backgroundColor")) > 0.9)
    assert min(lightness(page, "body, main code", "backgroundColor")) > 0.9


def test_paper_has_numbers_of_lists_and_what_authors_fold_and_no_other_bullets(page: Page, home: str) -> None:
    page.goto(f"{home}бумага/")
    is_seen = "each => each.checkVisibility({ contentVisibilityAuto: true })"
    assert not page.locator("details b").evaluate(is_seen)
    page.emulate_media(media="print")
    assert page.locator(".kb-block--numbered > .kb-bullet").is_visible()
    assert page.locator("details b").evaluate(is_seen)
    assert page.locator(".kb-bullet:visible").count() == 1


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


# ---------------------------------------------------------------- readers who see less, or use no mouse


@pytest.mark.usefixtures("axe")
@pytest.mark.parametrize("look", [("light", 1280), ("dark", 390)])
def test_nothing_keeps_people_from_using_these_pages(browser: Browser, home: str, look: tuple[str, int]) -> None:
    addresses = [home + path for path in ("", "всякое/", "бумага/", "цель/", "цель/-references/")]
    assert hindrances(browser, addresses, look) == {}


def test_the_keyboard_stops_at_nothing_that_is_not_seen(page: Page, home: str) -> None:
    page.goto(home)
    page.wait_for_load_state("networkidle")
    stops = []
    for _ in range(8):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("[document.activeElement.className, document.activeElement.offsetHeight]"))
    assert any("md-search__input" in name for name, _ in stops)
    # The switch of colours is a radio button that cannot be seen; its label is, and carries the focus.
    assert [name for name, height in stops if not height and "md-option" not in name] == []


def test_the_sign_for_copying_is_seen(page: Page, home: str) -> None:
    page.goto(f"{home}всякое/")
    page.locator(".md-code__button").first.wait_for(state="attached")
    assert max(lightness(page, ".md-code__button", "color")) < 0.58  # 3:1 on what is nearly white
    dark(page)
    until(page, lambda: min(lightness(page, ".md-code__button", "color")) > 0.42)
    assert min(lightness(page, ".md-code__button", "color")) > 0.42


def test_what_a_formula_strikes_out_is_struck_out(page: Page, home: str) -> None:
    page.goto(f"{home}формулы/")
    assert "gradient" in page.locator("menclose").evaluate("each => getComputedStyle(each).backgroundImage")


def test_the_last_line_of_an_array_lies_below_its_last_row(page: Page, home: str) -> None:
    page.goto(f"{home}формулы/")
    rows = page.locator("mtr")
    assert [rows.nth(at).is_visible() for at in range(rows.count())] == [True, True, False]
    width = page.locator("mtable").evaluate("each => getComputedStyle(each).borderBottomWidth")
    assert float(width.removesuffix("px")) > 0


# ---------------------------------------------------------------- many references


def chip(page: Page, name: str) -> str:
    return page.locator(".kb-filter > button", has_text=name).inner_text().replace("\n", " ")


def test_filters_count_and_reach_references_that_stand_elsewhere(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}цель/")
    assert page.locator(".kb-backlink:visible").count() == 40
    assert chip(page, "нечёт").endswith("нечёт 22")
    page.locator(".kb-filter > button", has_text="нечёт").click()
    shown = page.locator(".kb-backlink:visible")
    until(page, lambda: shown.count() == 22)
    assert shown.count() == 22
    assert page.locator(".kb-backlinks__head .kb-count").inner_text() == "22 / 45"
    assert page.get_by_role("link", name="много 43").is_visible()  # read from the page of all references
    assert not page.locator(".kb-backlink a", has_text="много 44").is_visible()
    page.locator(".kb-filter > button", has_text="нечёт").click()
    until(page, lambda: shown.count() == 45)
    assert shown.count() == 45
    assert page.locator(".kb-backlinks__head .kb-count").inner_text() == "45"
    page.get_by_role("link", name="много 43").click()
    page.wait_for_url("**/%D0%BC%D0%BD%D0%BE%D0%B3%D0%BE-43/**")
    assert trouble == []


# ---------------------------------------------------------------- pictures, sound, other scripts, lists


@pytest.mark.parametrize("width", [320, 390])
def test_a_figure_is_seen_whole_on_a_phone_and_read_when_it_is_tapped(
    browser: Browser, own_site: Path, width: int
) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, has_touch=True)
    with served(own_site) as address:
        page.goto(f"{address}nvidia-a40.html")
        figure = page.locator(".kb-figure img:visible").first
        figure.scroll_into_view_if_needed()
        shown, around = figure.bounding_box(), page.locator(".kb-figure").first.bounding_box()
        assert shown is not None
        assert around is not None
        assert around["x"] <= shown["x"]
        assert shown["x"] + shown["width"] <= around["x"] + around["width"] <= width
        figure.tap()
        large = page.locator("dialog.kb-zoom[open] img")
        large.wait_for()
        assert large.evaluate("each => each.getBoundingClientRect().width") > 1.5 * width
        dialog = page.locator("dialog.kb-zoom")
        dialog.evaluate("each => { each.scrollLeft = 50 }")
        assert dialog.evaluate("each => each.scrollLeft") == 50
    page.close()


def test_sound_is_not_wider_than_a_phone_and_a_picture_has_the_size_that_it_is_given(
    browser: Browser, home: str
) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 800})
    page.goto(f"{home}вещи/")
    assert page.locator("audio").count() == 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.set_viewport_size({"width": 1280, "height": 800})
    picture = page.locator("img.kb-image")
    assert picture.evaluate("each => [each.clientWidth, each.clientHeight]") == [240, 120]
    page.close()


WORDS = """selector => [...document.querySelectorAll(selector)].map(each => {
  const range = document.createRange()
  range.selectNodeContents(each.firstChild)
  const words = range.getBoundingClientRect(), line = each.getBoundingClientRect()
  return words.left - line.left > line.right - words.right
})"""


def test_hebrew_stands_at_the_right(page: Page, home: str) -> None:
    page.goto(f"{home}справа/")
    assert page.evaluate(WORDS, ".kb-page > .kb-outline > li > p") == [True, False]
    assert page.evaluate(WORDS, ".kb-page > .kb-outline > li > h2") == [True]


def test_what_lies_below_an_empty_line_stands_below_it(page: Page, home: str) -> None:
    page.goto(f"{home}справа/")
    empty = page.locator(".kb-block--empty > .kb-bullet").bounding_box()
    below = page.locator(".kb-block--empty .kb-outline .kb-bullet").bounding_box()
    assert empty is not None
    assert below is not None
    assert below["y"] >= empty["y"] + empty["height"] - 6


def test_months_are_as_high_as_they_have_weeks_and_days_are_called_as_their_pages(page: Page, home: str) -> None:
    page.goto(f"{home}journals/")
    heights = page.locator(".kb-month tbody tr:first-child").evaluate_all("all => all.map(each => each.offsetHeight)")
    assert len(heights) == 2
    assert max(heights) - min(heights) <= 1
    assert page.locator(".kb-entries a").all_inner_texts() == ["2026-02-01", "2026-01-30"]


def test_heads_of_rows_have_the_lines_of_their_rows(page: Page, home: str) -> None:
    page.goto(f"{home}всякое/")
    lines = page.locator(".kb-output--rich tbody tr:last-child > *").evaluate_all(
        "all => [...new Set(all.map(each => getComputedStyle(each).borderTop))]"
    )
    assert len(lines) == 1


NAMES = """window.below = new Set()
window.above = new Set()
const write = CanvasRenderingContext2D.prototype.fillText
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  (this.canvas.isConnected ? window.above : window.below).add(text)
  return write.call(this, text, ...rest)
}"""


def test_no_name_near_a_page_is_left_in_the_shade(page: Page, home: str) -> None:
    page.add_init_script(NAMES)
    page.goto(f"{home}цель/")
    page.locator(".kb-local > summary").click()
    page.wait_for_function("() => document.querySelector('.kb-graph')?.view && window.above.size > 20")
    assert page.evaluate("window.below.size") > 20
    assert page.evaluate("[...window.below].filter(name => !window.above.has(name))") == []
