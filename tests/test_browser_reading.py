"""What a reader does with a page, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests import demo
from tests.browsing import built, served, until
from tests.conftest import Run

SETTINGS = """\
site_name: Чтение
site_url: http://127.0.0.1/
repo_url: https://github.com/example/notes
edit_uri: edit/main/kb/
docs_dir: kb
theme: {name: material, language: ru, font: false}
plugins:
  - search: {lang: [ru, en]}
  - kbtool: {wanted: [сбоку]}
"""
PAPER = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>endobj
trailer<</Root 1 0 R>>
"""
NOTES: Mapping[str, str] = {
    "logseq/config.edn": '{:journal/page-title-format "yyyy-MM-dd" :default-home {:page "Дом"}}',
    "pages/Дом.md": """\
- Родитель
  id:: 00000000-0000-4000-8000-0000000000aa
	- Ребёнок
		- Внук
- Закрытый автором
  collapsed:: true
	- Тайное
- Последний
""",
    "pages/цель.md": "- На неё ссылаются",
    "pages/первая.md": "- [[цель]] и [[сбоку]]\n- ещё [[цель]]",
    "pages/вторая.md": "- просто [[цель]]",
    "pages/отбор.md": 'filters:: {"мимо" false}\n\n- Что-то отобрано',
    "pages/мимо.md": "- Мимо",
    "pages/край.md": "- Край",
    "pages/к отбору.md": "- [[отбор]] и [[мимо]]\n- [[отбор]] и [[край]]\n- просто [[отбор]]",
    "pages/картины.md": """\
alias:: полотна

- ((00000000-0000-4000-8000-0000000000aa)) и [[вторая]]
- ![красное](../assets/red.png){:width 60}
- ![бумага](../assets/paper.pdf)
- | число | слово |
  |---|---|
  | 10 | б |
  | 9,5 | а |
  | −1 | в |
  | | г |
""",
    "journals/2026_01_30.md": "- день у [[вторая]], https://example.org/a и [слово](https://example.org/b)",
    "journals/2026_02_01.md": "- другой день",
}


def written(folder: Path, notes: Mapping[str, str]) -> Path:
    """A base with a mkdocs.yml."""
    for name, text in {**{f"kb/{name}": text for name, text in notes.items()}, "mkdocs.yml": SETTINGS}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    (folder / "kb/assets").mkdir()
    (folder / "kb/assets/red.png").write_bytes(demo.png(200, 100))
    (folder / "kb/assets/paper.pdf").write_bytes(PAPER)
    return folder


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> Path:
    return built(kbtool, written(tmp_path_factory.mktemp("reading"), NOTES))


@pytest.fixture(scope="module")
def home(site: Path) -> Iterator[str]:
    with served(site) as address:
        yield address


def block(page: Page, text: str) -> Locator:
    """The block whose own line is a text."""
    return page.locator(".kb-block", has=page.locator(":scope > p, :scope > details > summary", has_text=text)).last


# ---------------------------------------------------------------- the outline


def test_a_folded_block_stays_folded(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(home)
    page.get_by_text("Родитель").hover()
    block(page, "Родитель").locator("> .kb-toggle").click()
    assert not page.get_by_text("Внук").is_visible()
    page.reload()
    assert not page.get_by_text("Внук").is_visible()
    page.get_by_text("Родитель").hover()
    block(page, "Родитель").locator("> .kb-toggle").click()
    page.reload()
    assert page.get_by_text("Внук").is_visible()
    assert page.evaluate("localStorage.getItem('kb-folds:/')") is None
    assert trouble == []


def test_what_the_author_folded_is_remembered_open(page: Page, home: str) -> None:
    page.goto(home)
    assert not page.get_by_text("Тайное").is_visible()
    page.get_by_text("Закрытый автором").click()
    page.get_by_text("Тайное").wait_for()
    page.reload()
    assert page.get_by_text("Тайное").is_visible()


def test_all_blocks_fold_and_unfold(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_role("button", name="Развернуть всё").click()
    assert page.get_by_text("Тайное").is_visible()
    page.get_by_role("button", name="Свернуть всё").click()
    assert not page.get_by_text("Тайное").is_visible()
    assert not page.get_by_text("Ребёнок").is_visible()
    assert page.get_by_text("Родитель").is_visible()


def test_the_outline_is_one_stop_for_the_keyboard(page: Page, home: str) -> None:
    page.goto(home)
    assert page.locator(".kb-outline a.kb-bullet[tabindex='0']").count() == 1
    page.locator(".kb-outline a.kb-bullet[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    assert not page.get_by_text("Ребёнок").is_visible()
    page.keyboard.press("ArrowDown")
    assert focused(page) == "Закрытый автором"
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert focused(page) == "Ребёнок"


def focused(page: Page) -> str:
    """The line of the block that has the focus."""
    return str(
        page.evaluate("document.activeElement.closest('.kb-block').querySelector('p, summary').innerText")
    ).strip()


def test_a_link_to_a_folded_block_unfolds_what_is_around(page: Page, home: str) -> None:
    page.goto(home)
    inside = page.locator(".kb-block", has_text="Тайное").last.get_attribute("id")
    page.goto(f"{home}all/")
    page.goto(f"{home}#{inside}")
    assert page.get_by_text("Тайное").is_visible()


def test_a_blocks_link_is_copied(browser: Browser, home: str) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(home)
    page.get_by_text("Родитель").hover()
    page.get_by_role("button", name="Скопировать ссылку").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    context.close()
    assert copied == f"{home}#00000000-0000-4000-8000-0000000000aa"


def test_a_block_leads_to_its_source(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_text("Последний").hover()
    found = page.get_by_role("link", name="Исходный текст").get_attribute("href")
    assert found == "https://github.com/example/notes/blob/main/kb/pages/%D0%94%D0%BE%D0%BC.md#L8"


# ---------------------------------------------------------------- references


def test_references_are_filtered(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}цель/")
    page.locator(".kb-filter button", has_text="сбоку").click()
    assert [one.inner_text() for one in page.locator(".kb-quote:visible p").all()] == ["цель и сбоку"]
    page.locator(".kb-filter button", has_text="сбоку").click()
    assert page.locator(".kb-quote:visible").count() == 3
    page.locator(".kb-filter button", has_text="сбоку").focus()
    page.keyboard.press("Shift+Enter")
    assert page.locator(".kb-quote:visible", has_text="сбоку").count() == 0
    assert page.locator(".kb-quote:visible").count() == 2
    assert trouble == []


def test_a_pages_own_filters_hold_from_the_start(page: Page, home: str) -> None:
    page.goto(f"{home}отбор/")
    assert [one.inner_text() for one in page.locator(".kb-quote:visible p").all()] == ["отбор и край", "просто отбор"]
    page.locator(".kb-filter button", has_text="мимо").click(modifiers=["Shift"])
    assert page.locator(".kb-quote:visible").count() == 3


def test_references_without_a_script_stand_there_unfiltered(browser: Browser, home: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{home}цель/")
    assert page.locator(".kb-quote:visible").count() == 3
    assert not page.locator(".kb-filter").is_visible()
    context.close()


def test_search_engines_pass_over_names_without_a_page(page: Page, home: str) -> None:
    robots = page.locator("meta[name=robots]")
    page.goto(home)
    assert robots.count() == 0
    page.goto(f"{home}сбоку/")
    assert robots.get_attribute("content") == "noindex"


def test_an_unwritten_name_leads_to_what_mentions_it(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}цель/")
    page.get_by_role("link", name="сбоку").first.click()
    page.wait_for_url("**/%D1%81%D0%B1%D0%BE%D0%BA%D1%83/")
    assert page.locator("h1").inner_text() == "сбоку"
    assert page.get_by_text("цель и сбоку").is_visible()
    assert trouble == []


# ---------------------------------------------------------------- previews


def test_a_link_is_previewed_when_pointed_at(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}первая/")
    assert page.locator(".kb-preview").count() == 0
    page.locator(".kb-page > .kb-outline a", has_text="цель").first.hover()
    page.locator(".kb-preview").wait_for(state="visible")
    assert "На неё ссылаются" in page.locator(".kb-preview").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator(".kb-preview").is_visible()
    assert trouble == []


def test_a_block_reference_is_previewed_with_what_lies_below(page: Page, home: str) -> None:
    page.goto(f"{home}картины/")
    page.locator("a.kb-ref", has_text="Родитель").hover()
    page.locator(".kb-preview").wait_for(state="visible")
    text = page.locator(".kb-preview").inner_text()
    assert "Внук" in text
    assert "Последний" not in text
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map(e => e.id)).size") == page.evaluate(
        "document.querySelectorAll('[id]').length"
    )


def test_a_link_is_previewed_when_the_keyboard_reaches_it(page: Page, home: str) -> None:
    page.goto(f"{home}первая/")
    page.locator(".kb-page > .kb-outline .headerlink, .kb-page > .kb-outline a.kb-bullet").first.focus()
    page.keyboard.press("Tab")
    page.locator(".kb-preview").wait_for(state="visible")
    page.keyboard.press("Escape")
    assert not page.locator(".kb-preview").is_visible()


def test_a_long_press_previews_and_does_not_follow(browser: Browser, home: str) -> None:
    context = browser.new_context(has_touch=True, viewport={"width": 390, "height": 800})
    page = context.new_page()
    page.goto(f"{home}первая/")
    link = page.locator(".kb-page > .kb-outline a", has_text="цель").first
    at = link.bounding_box()
    assert at is not None
    point = {
        "clientX": at["x"] + 3,
        "clientY": at["y"] + 3,
        "pointerType": "touch",
        "bubbles": True,
        "cancelable": True,
    }
    link.dispatch_event("pointerdown", point)
    page.locator(".kb-preview").wait_for(state="visible")
    link.dispatch_event("pointerup", point)
    link.dispatch_event("click", {"bubbles": True, "cancelable": True})
    assert page.url == page.evaluate("new URL('/%D0%BF%D0%B5%D1%80%D0%B2%D0%B0%D1%8F/', location).href")
    assert page.locator(".kb-preview").is_visible()
    link.tap()
    page.wait_for_url("**/%D1%86%D0%B5%D0%BB%D1%8C/")
    context.close()


# ---------------------------------------------------------------- tables, pictures, what is not there


def column(page: Page) -> list[str]:
    return page.locator(".kb-table tbody td:first-child").all_inner_texts()


def test_tables_are_sorted_by_click_and_by_keyboard(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}картины/")
    assert column(page) == ["10", "9,5", "−1", ""]
    page.locator("th", has_text="число").click()
    assert column(page) == ["−1", "9,5", "10", ""]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.get_by_role("button", name="Сортировать по столбцу «число»").focus()
    page.keyboard.press("Enter")
    assert column(page) == ["10", "9,5", "−1", ""]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "descending"
    page.keyboard.press("Enter")
    assert page.locator("th[aria-sort]").count() == 0
    page.locator("th", has_text="слово").click()
    assert column(page) == ["9,5", "10", "−1", ""]
    assert trouble == []


def test_a_picture_is_enlarged_and_closed(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}картины/")
    image = page.get_by_role("button", name="Увеличить: красное")
    assert image.get_attribute("width") == "60"
    image.focus()
    page.keyboard.press("Enter")
    assert page.locator("dialog.kb-zoom[open] img").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("dialog.kb-zoom").is_visible()
    assert page.evaluate("document.activeElement.alt") == "красное"
    image.click()
    page.locator("dialog.kb-zoom").click()
    assert not page.locator("dialog.kb-zoom").is_visible()
    assert trouble == []


def test_a_document_is_read_in_place_when_it_is_unfolded(page: Page, home: str, trouble: list[str]) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{home}картины/")
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith(".pdf")]
    page.locator("summary", has_text="бумага").click()
    page.locator("iframe.kb-pdf__pages").wait_for(state="visible")
    until(page, lambda: any(url.endswith(".pdf") for url in asked))
    assert [url for url in asked if url.endswith(".pdf")]
    # The viewer is a part of the browser, and speaks for itself.
    assert [one for one in trouble if "chrome" not in one] == []


def test_what_is_not_there_suggests_near_names(page: Page, home: str) -> None:
    page.goto(f"{home}картина/")
    page.locator(".kb-not-found__near a").first.wait_for()
    assert page.locator(".kb-not-found__near a").first.inner_text() == "картины"
    page.locator(".kb-not-found__near a").first.click()
    page.wait_for_url("**/%D0%BA%D0%B0%D1%80%D1%82%D0%B8%D0%BD%D1%8B/")
    page.goto(f"{home}сбок/")  # a name that is linked, without a note
    page.locator(".kb-not-found__near a").first.click()
    page.wait_for_url("**/%D1%81%D0%B1%D0%BE%D0%BA%D1%83/")
    page.goto(f"{home}xyzzyx/")
    page.wait_for_load_state("networkidle")
    assert page.locator(".kb-not-found__near a").count() == 0


# ---------------------------------------------------------------- days, redirects, paper


def test_a_calendar_leads_to_a_day_and_from_there_to_the_next(browser: Browser, home: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{home}journals/")
    page.locator(".kb-month a", has_text="30").click()
    page.wait_for_url("**/2026-01-30/")
    page.locator(".kb-days a[rel=next]").click()
    page.wait_for_url("**/2026-02-01/")
    context.close()


def test_another_name_leads_to_the_page(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}полотна/")
    page.wait_for_url("**/%D0%BA%D0%B0%D1%80%D1%82%D0%B8%D0%BD%D1%8B/")
    assert trouble == []


def test_paper_has_all_that_is_folded_and_nothing_to_click(page: Page, home: str) -> None:
    page.goto(home)
    page.get_by_role("button", name="Свернуть всё").click()
    page.emulate_media(media="print")
    assert page.get_by_text("Внук").is_visible()
    assert page.get_by_text("Тайное").is_visible()
    assert not page.locator(".kb-tools, .md-header, .kb-toggle").first.is_visible()
    assert len(page.pdf()) > 1_000


def test_paper_has_the_addresses_that_links_do_not_say(page: Page, home: str) -> None:
    page.goto(f"{home}2026-01-30/")
    page.emulate_media(media="print")
    behind = "links => links.map(link => getComputedStyle(link, '::after').content.includes('example.org'))"
    assert page.locator(".md-content .kb-external").evaluate_all(behind) == [False, True]


def test_nothing_of_these_pages_is_wider_than_a_phone(browser: Browser, home: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 800})
    for path in ("", "цель/", "картины/", "journals/", "2026-01-30/", "all/", "nowhere/"):
        page.goto(home + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
    page.close()
