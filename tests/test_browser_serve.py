"""`kbtool serve` in a real browser: an edit comes into the page that is open, and leaves the reader where they are."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browsing import until
from tests.conftest import ROOT

pytestmark = pytest.mark.usefixtures("chromium")

if TYPE_CHECKING:
    from playwright.sync_api import Page

MKDOCS = """
site_name: Notes
docs_dir: kb
theme: {{name: material, language: {language}}}
plugins: [search, kbtool]
"""
LONG = "".join(f"- paragraph {number}\n" for number in range(80))
HOSTILE = "<script>window.ran = 1</script><img src=x onerror='window.ran = 1'>"
INDEXED = """async () => {
  const texts = async url => (await fetch(url)).text()
  const { words } = JSON.parse(await texts("/search/index.json"))
  const names = words.split(" ").filter((_, at) => at % 2 === 1)
  return (await Promise.all(names.map(name => texts(`/search/words/${name}.json`)))).join()
}"""
NOTE = f"- # One\n  - inside\n{LONG}"


@contextmanager
def serving(base: Path) -> Iterator[str]:
    words = [sys.executable, "-m", "kbtool", "serve", "--port", "0"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_CACHE_HOME": str(base / "cache")}
    process = subprocess.Popen(words, cwd=base, env=env, stderr=subprocess.PIPE, text=True)
    try:
        for line in process.stderr or ():
            if found := re.search(r"serving (http\S+)", line):
                yield found[1]
                break
        else:
            pytest.fail("the server did not begin")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def note(base: Path, text: str, name: str = "a") -> None:
    (base / "kb" / "pages").mkdir(parents=True, exist_ok=True)
    (base / "kb" / "pages" / f"{name}.md").write_text(text, "utf-8")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def address(base: Path) -> Iterator[str]:
    begin(base, "first")
    with serving(base) as found:
        yield found


def begin(base: Path, name: str) -> None:
    place, settings = base / "mkdocs.yml", MKDOCS.format(language="en")
    if not place.exists() or place.read_text("utf-8") != settings:
        place.write_text(settings, "utf-8")
    note(base, NOTE)
    note(base, f"- see [[a]] {name}\n", "b")


@pytest.fixture
def shown(base: Path, address: str, page: Page, request: pytest.FixtureRequest) -> Page:
    """The note's page, opened and read to some place; what was written on its window is gone when it is loaded anew."""
    begin(base, request.node.name)
    page.goto(f"{address}a/")
    shows(page, request.node.name)
    page.wait_for_function("() => document.documentElement.lang === 'en'")
    page.evaluate("window.isSamePage = true; scrollTo(0, 300)")
    return page


def shows(page: Page, text: str) -> None:
    page.wait_for_function("text => document.querySelector('.md-content')?.textContent.includes(text)", arg=text)


def test_an_edit_leaves_the_reader_where_they_are(shown: Page, base: Path, trouble: list[str]) -> None:
    note(base, f"{NOTE}- # Two\n- added [[b]]\n")
    shows(shown, "added")
    assert shown.evaluate("window.isSamePage") is True
    assert shown.evaluate("scrollY") == 300
    assert shown.locator(".md-sidebar--secondary a", has_text="Two").count() == 1
    assert trouble == []


def test_what_was_edited_folds_and_is_previewed(shown: Page, base: Path) -> None:
    shown.evaluate("scrollTo(0, 0)")
    note(base, NOTE.replace("- # One\n  - inside", "- see [[b]]\n- # One\n  - another"))
    shows(shown, "another")
    shown.locator(".kb-block--heading .kb-toggle").first.click()
    assert not shown.get_by_text("another", exact=True).is_visible()
    shown.locator(".kb-page > .kb-outline a", has_text="b").first.hover()
    shown.locator(".kb-preview").get_by_text("see").wait_for()


def test_a_preview_shows_what_stands_there_now(shown: Page, base: Path) -> None:
    note(base, f"- see [[b]]\n{NOTE}")
    shown.evaluate("scrollTo(0, 0)")
    link = shown.locator(".kb-page > .kb-outline a", has_text="b").first
    link.hover()
    shown.locator(".kb-preview").get_by_text("see").wait_for()
    shown.mouse.move(0, 0)
    shown.locator(".kb-preview").wait_for(state="hidden")
    note(base, "- seen anew, with [[a]]\n", "b")
    shows(shown, "seen anew")  # among the references below the text
    link.hover()
    shown.locator(".kb-preview").get_by_text("seen anew").wait_for()


def test_what_was_typed_stays(shown: Page, base: Path) -> None:
    shown.keyboard.press("f")
    shown.locator(".md-search__input").fill("paragraph")
    note(base, f"{NOTE}- added\n")
    shows(shown, "added")
    assert shown.locator(".md-search__input").input_value() == "paragraph"


def test_search_finds_what_was_edited(shown: Page, base: Path) -> None:
    def results(word: str) -> None:
        shown.locator(".md-search__input").fill(word)
        shown.locator(".md-search-result__link", has_text=word).first.wait_for()

    shown.keyboard.press("f")
    results("paragraph")  # so that the index is known
    note(base, f"{NOTE}- marmalade\n")
    shows(shown, "marmalade")
    until(shown, lambda: "marmalade" in str(shown.evaluate(INDEXED)))
    assert shown.evaluate("window.isSamePage") is True
    results("marmalade")


def test_problems_are_shown_with_their_places(shown: Page, base: Path) -> None:
    note(base, f"- [[nowhere]]\n{NOTE}")
    problem = shown.locator(".kb-live", has_text="kb/pages/a.md:1:3")
    problem.wait_for(state="attached")
    assert "nowhere" in (problem.text_content() or "")


def test_another_language_loads_the_page_anew(shown: Page, base: Path) -> None:
    (base / "mkdocs.yml").write_text(MKDOCS.format(language="ru"), "utf-8")
    shown.wait_for_function("() => document.documentElement.lang === 'ru'")
    assert shown.evaluate("window.isSamePage") is None


def test_a_page_that_is_gone_is_no_longer_shown(shown: Page, base: Path, address: str) -> None:
    note(base, "- alone\n", "c")
    until(shown, lambda: bool(shown.evaluate("fetch('/c/').then(answer => answer.ok)")))
    shown.goto(f"{address}c/")
    shows(shown, "alone")
    shown.evaluate("window.isSamePage = true")
    (base / "kb" / "pages" / "c.md").unlink()
    shown.wait_for_function("() => document.querySelector('.kb-not-found')")
    assert shown.evaluate("window.isSamePage") is None


def test_scripts_that_an_edit_brings_do_not_run(shown: Page, base: Path) -> None:
    note(base, f"- {HOSTILE} added\n- ![x](data:image/svg+xml,<svg onload=window.ran=1>)\n{NOTE}")
    shows(shown, "added")
    shown.wait_for_timeout(200)
    assert shown.evaluate("window.ran") is None
    other = shown.context.new_page()
    other.set_content(HOSTILE)
    other.wait_for_function("() => window.ran === 1")  # control
