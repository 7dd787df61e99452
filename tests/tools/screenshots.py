"""Pictures of a site's kinds of pages, on a desk and on a phone, light and dark: to be looked at.

`python -m tests.tools.screenshots SITE FOLDER` takes those of a built site; `--only NAME` one kind alone.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browsing import ARGUMENTS, served
from tests.conftest import find_chromium

SIZES = {"desk": (1280, 860), "phone": (390, 844)}
SCHEMES = ("light", "dark")
_QUALITY = 84


def _stay(_page: Page) -> None:
    pass


def _search(page: Page) -> None:
    page.keyboard.press("/")
    page.wait_for_timeout(400)
    page.keyboard.type("градиент")
    page.keyboard.press("End")  # letters that no key of the driver has come without the event that search waits for
    page.locator(".md-search-result__link").first.wait_for(state="visible")


def _to(selector: str) -> Callable[[Page], None]:
    def scroll(page: Page) -> None:
        page.locator(selector).first.evaluate(
            "each => scrollTo(0, each.getBoundingClientRect().top + scrollY - innerHeight / 3)"
        )

    return scroll


def _figure(page: Page) -> None:
    """The last figure stands at the lower edge, below the code that drew it."""
    page.locator(".kb-figure").last.evaluate("each => each.scrollIntoView({ block: 'end' })")
    page.mouse.wheel(0, 30)


def _open(selector: str) -> Callable[[Page], None]:
    def unfold(page: Page) -> None:
        page.locator(selector).first.locator("summary").click()
        _to(selector)(page)

    return unfold


class Kind(NamedTuple):
    """A kind of page: what its HTML has or its file's name, and what to do before the picture is taken."""

    sign: str
    before: Callable[[Page], None] = _stay
    named: str = ""


KINDS: Mapping[str, Kind] = {
    "home": Kind("", named="index.html"),
    "note": Kind("", _figure, named="softmax.html"),
    "plot": Kind('class="kb-figure', _to(".kb-figure")),
    "code": Kind('class="kb-cell kb-cell--ok"', _to(".kb-cell--ok")),
    "formulas": Kind('class="kb-formula"', _to(".kb-formula")),
    "provenance": Kind('<details class="kb-state', _open("details.kb-state")),
    "links": Kind('class="kb-backlinks"', _to(".kb-backlinks")),
    "query": Kind('class="kb-query', _to(".kb-query")),
    "calendar": Kind('class="kb-month', _to(".kb-month")),
    "all": Kind("", named="all.html"),
    "graph": Kind("", named="graph.html"),
    "search": Kind("", _search, named="index.html"),
    "missing": Kind("", named="404.html"),
    "rule": Kind("", named="rules/missing-page.html"),
}


def chosen(site: Path) -> Iterator[tuple[str, str]]:
    """The kinds of pages that a site has, each with the page that has most of it."""
    texts = {path.relative_to(site).as_posix(): path.read_text("utf-8") for path in sorted(site.rglob("*.html"))}
    for name, kind in KINDS.items():
        if kind.named:
            folder = kind.named.replace(".html", "/index.html")
            yield from ((name, file) for file in (kind.named, folder) if file in texts)
            continue
        counts = {file: text.count(kind.sign) for file, text in texts.items() if not file.startswith("rules/")}
        best = max(counts, key=lambda file: (counts[file], -len(texts[file])))
        if counts[best]:
            yield name, best


def take(browser: Browser, address: str, kind: Kind, look: tuple[str, str]) -> bytes:
    """A picture of a page, as PNG."""
    scheme, size = look
    width, height = SIZES[size]
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": height},
        has_touch=size == "phone",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_load_state("networkidle")
    kind.before(page)
    page.wait_for_timeout(400)
    picture = page.screenshot()
    context.close()
    return picture


def main() -> None:
    """Takes the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("site", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=KINDS)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with served(options.site) as address, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS)
        for name, file in chosen(options.site):
            for look in [(scheme, size) for scheme in SCHEMES for size in SIZES if options.only in (None, name)]:
                picture = Image.open(io.BytesIO(take(browser, address + quote(file), KINDS[name], look)))
                picture.save(options.folder / f"{name}-{'-'.join(look)}.webp", quality=_QUALITY, method=6)
            print(f"{name}: {file}", flush=True)
        browser.close()


if __name__ == "__main__":
    main()
