"""The site's search in a real browser, from a server and from disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browsing import built, served
from tests.conftest import Run

SETTINGS = """
site_name: Проба
docs_dir: kb
use_directory_urls: {folders}
theme: {{name: material, language: ru, font: false, features: [search.highlight, search.suggest]}}
plugins: [search, kbtool]
"""
NOTES = {
    "Градиентный спуск": "- # Скорость обучения\n  - Вектор градиента указывает, куда растёт функция.\n- Ещё шаг",
    "Внимание": "alias:: self-attention\n\n- Словам достаётся то, чему уделили внимание.\n- Transformers read at once.",
    "Сигмоида": "- Логит $\\sigma^{-1}(p) = \\ln\\frac{p}{1-p}$, а <u>логистическая</u> регрессия",
    "Чужое": '- Здесь <img src=x onerror="window.hit=1"> и `<script>window.hit=1</script>` опасно',
    "Тайное": "public:: false\n\n- Секретный градиент",
    **{f"Опыт {at}": f"- Тензор номер {at}\n- Ещё один тензор" for at in range(1, 38)},
}


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> dict[str, Path]:
    """The site for a server and for reading from disk."""
    found = {}
    for name, folders in (("server", "true"), ("disk", "false")):
        folder = tmp_path_factory.mktemp(name)
        (folder / "kb/pages").mkdir(parents=True)
        (folder / "mkdocs.yml").write_text(SETTINGS.format(folders=folders), "utf-8")
        for title, text in NOTES.items():
            (folder / f"kb/pages/{title}.md").write_text(text, "utf-8")
        found[name] = built(kbtool, folder)
    return found


@pytest.fixture(scope="module")
def addresses(sites: dict[str, Path]) -> Iterator[dict[str, str]]:
    """Where the sites' home pages are."""
    with served(sites["server"]) as address:
        yield {"server": address, "disk": (sites["disk"] / "index.html").as_uri()}


@pytest.fixture(autouse=True)
def nothing_goes_wrong(trouble: list[str]) -> Iterator[None]:
    yield
    assert trouble == []


def search(page: Page, query: str) -> Locator:
    """Types a query without touching the mouse; gives the results."""
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type(query)
    return page.locator(".md-search-result__link")


def test_who_waits_for_the_first_answer_is_not_told_to_type(page: Page, addresses: dict[str, str]) -> None:
    page.route("**/search/words/**", lambda _route: None)  # these are never answered
    page.goto(addresses["server"])
    said = page.locator(".md-search-result__meta")
    page.keyboard.press("/")
    expect(said).to_have_text("Начните печатать для поиска")
    page.keyboard.type("градиент")
    expect(said).to_have_text("Инициализация поиска")


@pytest.mark.parametrize("place", ["server", "disk"])
@pytest.mark.parametrize(
    "asked",
    [
        ("градиентом", "Градиентный спуск", "градиента"),
        ("вниманию", "Внимание", "внимание"),
        ("transformer", "Внимание", "Transformers"),
        ("вектор градиенты", "Градиентный спуск", "Вектор"),
        ("граидент", "Градиентный спуск", "градиента"),
        ("dybvfybt", "Внимание", "внимание"),
    ],
)
def test_every_form_finds_its_block(
    page: Page, addresses: dict[str, str], place: str, asked: tuple[str, str, str]
) -> None:
    query, title, mark = asked
    page.goto(addresses[place])
    results = search(page, query)
    expect(results.first.locator("h1")).to_have_text(title)
    expect(page.locator(".md-search-result__list mark", has_text=mark).first).to_be_visible()
    assert any("#" in (link.get_attribute("href") or "") for link in results.all())


def test_an_excerpt_reads_as_text_and_marks_what_was_asked(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    excerpt = search(page, "логита логистической").locator("p", has_text="Логит").first
    expect(excerpt).to_have_text("Логит σ⁻¹(p) = ln p/(1−p), а логистическая регрессия")
    assert excerpt.locator("mark").all_inner_texts() == ["Логит", "логистическая"]


@pytest.mark.parametrize("place", ["server", "disk"])
def test_the_keyboard_alone_leads_to_the_block(page: Page, addresses: dict[str, str], place: str) -> None:
    page.goto(addresses[place])
    page.keyboard.press("/")
    page.keyboard.insert_text("градиенту")  # at once: results of what is typed so far would come and go
    expect(page.locator(".md-search-result__link").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**#**")
    expect(page.locator("h1").first).to_have_text("Градиентный спуск")
    expect(page.locator("article mark", has_text="градиента")).to_be_visible()


def test_enter_opens_the_best_result(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    expect(search(page, "вниманию").first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("article h1")).to_have_text("Внимание")


def test_what_is_being_typed_is_completed(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    expect(search(page, "transf").first).to_be_visible()
    expect(page.locator(".md-search__suggest")).to_have_text("transformers")


def test_text_that_no_key_typed_is_searched(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    page.keyboard.press("/")
    page.evaluate("addEventListener('keyup', event => (window.typed ||= event.isTrusted), true)")
    page.keyboard.insert_text("transformer")  # as pasting by mouse and dictation do
    expect(page.locator(".md-search-result__link").first.locator("h1")).to_have_text("Внимание")
    assert not page.evaluate("window.typed")


def test_private_pages_are_not_found(page: Page, addresses: dict[str, str], sites: dict[str, Path]) -> None:
    page.goto(addresses["server"])
    search(page, "секретный")
    expect(page.locator(".md-search-result__meta")).to_have_text("Совпадений не найдено")
    files = [path for folder in sites.values() for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if "екретный" in path.read_text("utf-8", "replace")] == []


def test_nothing_of_a_note_runs(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    expect(search(page, "опасно").first).to_be_visible()
    assert page.evaluate("window.hit") is None
    assert page.locator(".md-search-result__list img").count() == 0


def test_without_a_script_there_is_a_list_of_all_pages(browser: Browser, addresses: dict[str, str]) -> None:
    context = browser.new_context(java_script_enabled=False)
    found = context.new_page()
    found.goto(addresses["server"] + "внимание/")
    assert not found.locator(".md-search__input").is_visible()
    found.locator("article").get_by_role("link", name="Все страницы").click()
    expect(found.locator(".kb-index")).to_be_visible()
    context.close()


@pytest.mark.parametrize("place", ["server", "disk"])
def test_more_results_come_when_the_last_one_is_seen(page: Page, addresses: dict[str, str], place: str) -> None:
    page.goto(addresses[place])
    results = search(page, "тензоры").locator("h1")
    expect(results).to_have_count(10)
    expect(page.locator(".md-search-result__meta")).to_have_text("Найдено совпадений: 37 · 1–10")
    expect(page.get_by_role("status").filter(has_text="37")).to_be_visible()
    for seen in (20, 30, 37):
        page.locator(".md-search-result__item").last.scroll_into_view_if_needed()
        expect(results).to_have_count(seen)
    expect(page.locator(".md-search-result__meta")).to_have_text("Найдено совпадений: 37")
    assert len(set(results.all_inner_texts())) == 37


def test_what_comes_later_looks_like_what_came_first(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    items = search(page, "тензоры").locator("xpath=..")
    page.locator(".md-search-result__item").last.scroll_into_view_if_needed()
    expect(items.nth(19)).to_be_attached()
    shape = """item => [...item.querySelectorAll("*")].map(one => `${one.tagName}.${one.className}`).join(" ")"""
    first, later = (page.locator(".md-search-result__item").nth(at).evaluate(shape) for at in (0, 19))
    assert "MARK" in first
    assert later == first


def test_the_arrow_goes_on_from_the_last_result(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    expect(search(page, "тензоры").locator("h1")).to_have_count(10)
    items = page.locator(".md-search-result__item")
    expect(items.and_(page.locator("[aria-posinset]"))).to_have_count(10)
    items.last.locator("a").last.focus()
    page.keyboard.press("ArrowDown")
    expect(items.nth(10).locator("a").first).to_be_focused()
    assert items.nth(10).get_attribute("aria-posinset") == "11"
    assert items.nth(10).get_attribute("aria-setsize") == "37"
    page.keyboard.press("ArrowUp")
    expect(items.nth(9).locator("a").last).to_be_focused()


def test_a_new_query_begins_anew(page: Page, addresses: dict[str, str]) -> None:
    page.goto(addresses["server"])
    results = search(page, "тензоры").locator("h1")
    page.locator(".md-search-result__item").last.scroll_into_view_if_needed()
    expect(results).to_have_count(20)
    page.locator(".md-search__input").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("вниманию")
    expect(page.locator(".md-search-result__meta")).to_have_text("Найдено 1 совпадение")
    expect(results).to_have_count(1)
