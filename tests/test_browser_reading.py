"""What a reader does with a page, in a real browser."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browsing import built, served
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
}


def written(folder: Path, notes: Mapping[str, str]) -> Path:
    """A base with a mkdocs.yml."""
    for name, text in {**{f"kb/{name}": text for name, text in notes.items()}, "mkdocs.yml": SETTINGS}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def git(folder: Path, *words: str, date: str = "2026-01-01T12:00:00+00:00") -> None:
    names = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    env = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date, "PATH": "/usr/bin:/bin", "HOME": str(folder)}
    subprocess.run(["git", *names, *words], cwd=folder, env=env, check=True, capture_output=True)


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


def test_references_without_a_script_stand_there_unfiltered(browser: Browser, home: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{home}цель/")
    assert page.locator(".kb-quote:visible").count() == 3
    assert not page.locator(".kb-filter").is_visible()
    context.close()


def test_an_unwritten_name_leads_to_what_mentions_it(page: Page, home: str, trouble: list[str]) -> None:
    page.goto(f"{home}цель/")
    page.get_by_role("link", name="сбоку").first.click()
    page.wait_for_url("**/%D1%81%D0%B1%D0%BE%D0%BA%D1%83/")
    assert page.locator("h1").inner_text() == "сбоку"
    assert page.get_by_text("цель и сбоку").is_visible()
    assert trouble == []
