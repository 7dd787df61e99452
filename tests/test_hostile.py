"""Hostile texts in a real browser: with the sanitiser alone nothing runs, and nothing runs with the policy alone.

A control without either shows that most of them would run.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from playwright.sync_api import Browser, Page, Request

from kbtool import publish
from kbtool.cells.recorded import Untold, decoded, encoded, written
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.mkdocs_plugin import build
from kbtool.outcomes import CellError, CellKey, CellOutcome, Difference, Outcome, Output, Provenance, Result
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.rich import HTML as RICH_HTML
from kbtool.rich import LATEX as RICH_LATEX
from kbtool.rich import MARKDOWN as RICH_MARKDOWN
from kbtool.values import NoteId, Slug, Source, shut
from kbtool.values import Page as Made
from tests.browsing import Quiet, own
from tests.payloads import HTML, LATEX, MARKUP, SVG, drawing
from tests.test_render_safety import PLACES

STRIKE = (Path(__file__).parent / "hostile/strike.js").read_text("utf-8")
MINE = "window.hit = () => { top.hits = (top.hits || 0) + 1; if (top.struck) top.struck(window) }"
SETTINGS = "site_name: Проба\ndocs_dir: kb\ntheme: {name: material, language: ru%s}\nplugins: [search, kbtool]\n"
# A template that shows what the theme's shows, and nothing else, so that a thousand pages open quickly.
TEMPLATE = """<!doctype html><html lang="ru"><head><title>{{ page.title }} - {{ config.site_name }}</title></head><body>
{% macro list(items) %}<ul>{% for one in items %}<li><a href="{{ one.url }}" title="{{ one.title | striptags | e }}">
{{ one.title }}</a>{{ list(one.children) }}</li>{% endfor %}</ul>{% endmacro %}
{{ list(page.toc) }}<span class="md-ellipsis">{{ page.title }}</span>{{ page.content }}</body></html>"""
POLICY = b'<meta http-equiv="Content-Security-Policy"'
OF_PAGES = ("page property", "alias", "title", "icon")
"""Places of which a page has one."""
TOGETHER = 20


CELL = "- ```python name=c{0}\n  x = {0}\n  ```\n- {{{{val c{0}.x}}}}"

# ---------------------------------------------------------------- notes and results


def chunks(payloads: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (payloads[at : at + TOGETHER] for at in range(0, len(payloads), TOGETHER))


def notes() -> dict[str, str]:
    """Texts that have each payload in each place."""
    found = {"Цель": "- x"}
    for place, template in PLACES.items():
        for number, group in enumerate(() if place in OF_PAGES else chunks((*HTML, *MARKUP))):
            found[f"{place} {number}"] = "\n".join(template.replace("{}", below(one)) for one in group)
    for number, one in enumerate((*HTML, *MARKUP)):
        found[f"alone {number}"] = f"- [[Цель]] {below(one)}"
        found[f"page {number}"] = f"title:: {one} T\nalias:: {one} A\ntags:: {one} G\nicon:: {one}\nx:: {one}\n\n- x"
    for number, group in enumerate(chunks(LATEX)):
        found[f"formulas {number}"] = "\n".join(f"- ${one}$\n- $${one}$$" for one in group)
    found["drawings"] = "\n".join(f"- ![x](../assets/{number}.svg)" for number in range(len(SVG)))
    return {f"pages/{name}.md": text for name, text in found.items()} | named()


def below(payload: str) -> str:
    """The payload in a block, whatever lines it has."""
    return payload.replace("\n", "\n  ")


def named() -> dict[str, str]:
    """Notes that have a payload for a name."""
    fit = [one for one in HTML if one.isprintable() and "/" not in one and len(one.encode()) < 200]
    return {f"pages/{one}.md": f"- [[{one}]] #[[{one}]]" for one in fit}


def results() -> tuple[dict[str, str], dict[NoteId, Result]]:
    """Notes with a cell for each payload, and what running them gave: in each kind of output, and recorded."""
    texts: dict[str, str] = {}
    found: dict[NoteId, Result] = {}
    for number, group in enumerate((*chunks(HTML), *chunks(tuple(map(drawing, SVG))))):
        note = NoteId(f"pages/outputs {number}.md")
        cells = "\n".join(
            f"- ```python name=c{at}\n  x = {at}\n  ```\n- {{{{val c{at}.x}}}}" for at in range(len(group))
        )
        texts[note] = cells
        outcome = Outcome(CellKey("k"), note, False, tuple(map(cell, range(len(group)), group)), 1.0, made(group[0]))
        text = group[-1]
        gone = (Difference("package", text, text, text), Difference("cell", "1", text, text))
        found[note] = Result("recorded", recorded(outcome), differences=gone, others=(replace(outcome, seconds=2.0),))
        failed = NoteId(f"pages/failed {number}.md")
        texts[failed] = cells
        error = CellError(text, text, 1)
        cut = tuple(replace(one, state="failed", error=error) for one in outcome.cells)
        found[failed] = Result("failed", replace(outcome, note=failed, failed=True, cells=cut))
    return texts, found


def cell(index: int, text: str) -> CellOutcome:
    kinds = ("stdout", "stderr", "error", "figure", "value")
    forms = tuple((form, text) for form in (RICH_LATEX, RICH_HTML, RICH_MARKDOWN))
    outputs = tuple(Output(kind, text) for kind in kinds)  # type: ignore[arg-type]
    rich = tuple(Output("value", text, (form,)) for form in forms)
    return CellOutcome(index, "ok", (*outputs, *rich), 0.5, values=(("x", text, None),))


def made(text: str) -> Provenance:
    return Provenance("2026-11-23T09:41:00+00:00", text, text, text, (text, f"{text}==1"), text)


def recorded(outcome: Outcome) -> Outcome:
    """The outcome as it is read from a file that came with the base."""
    body, blobs = encoded(outcome, Untold({}, (), (outcome.provenance.python,)))
    (found,) = decoded(outcome.note, written({outcome.provenance.device: body}), blobs.get)
    assert found.outcome is not None, found.fault
    return found.outcome


# ---------------------------------------------------------------- sites


def site(folder: Path, compiled: Callable[[Look], SiteInput], thin: bool = True) -> Path:
    """A site that is built from this, by the theme's templates."""
    (folder / "kb/assets").mkdir(parents=True)
    for number, inside in enumerate(SVG):
        (folder / f"kb/assets/{number}.svg").write_text(drawing(inside), "utf-8")
    if thin:
        (folder / "own").mkdir()
        (folder / "own/base.html").write_text(TEMPLATE)
    (folder / "mkdocs.yml").write_text(SETTINGS % (", custom_dir: own" if thin else ""), "utf-8")
    build(folder / "mkdocs.yml", folder / "site", compiled)
    (folder / "site/harness.html").write_text("<!doctype html><title>x</title>")
    return folder / "site"


def compiled(look: Look, texts: Mapping[str, str], found: Mapping[NoteId, Result]) -> SiteInput:
    sources = {NoteId(path): Source(NoteId(path), text) for path, text in texts.items()}
    assets = frozenset(f"assets/{number}.svg" for number in range(len(SVG)))
    return publish.compiled(Kb().snapshot(BaseFiles(sources, assets, Config(), GraphSettings())), found, look)


def unsanitised(_look: Look) -> SiteInput:
    """Pages that a sanitiser never saw."""
    pages = [Made(Slug(f"p{number}"), "x", shut(f"<h1>x</h1>{one}"), (), "", ()) for number, one in enumerate(HTML)]
    return SiteInput((Made(Slug("index"), "x", shut("<h1>x</h1>"), (), "", ()), *pages), ())


class Bare(Quiet):
    """Serves a site's files, below `bare/` without their policy."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:  # noqa: N802 - the method that is replaced
        if not self.path.startswith("/bare/"):
            super().do_GET()
            return
        self.path = self.path.removeprefix("/bare")
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if path.suffix != ".html":
            super().do_GET()
            return
        html = path.read_bytes()
        before, _, after = html.partition(POLICY)
        body = before + after.partition(b">")[2]
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Target:
    """A site that is open in a browser, and what it asked other hosts for."""

    def __init__(self, folder: Path, address: str, page: Page) -> None:
        self.folder = folder
        self.address = address
        self.page = page
        self.asked: list[str] = []
        page.on("request", lambda one: self.asked.append(one.url) if leaves(one) else None)
        page.on("requestfailed", lambda one: self.asked.remove(one.url) if leaves(one) and is_stopped(one) else None)
        page.add_init_script(MINE)

    def files(self, pattern: str) -> list[str]:
        found = sorted(path.relative_to(self.folder).as_posix() for path in self.folder.rglob(pattern))
        return [quote(name) for name in found if name not in ("harness.html", "404.html")]

    def struck(self, addresses: list[str]) -> set[str]:
        """Those of the addresses that ran something."""
        self.page.goto(f"{self.address}harness.html")
        found = set(self.page.evaluate(STRIKE, addresses))
        self.page.wait_for_timeout(500)  # what is still to be heard of requests
        return found


def leaves(request: Request) -> bool:
    """Whether a page asks another host for something that belongs to it; where a link leads is no such thing."""
    return not own(request.url) and not request.is_navigation_request()


def is_stopped(request: Request) -> bool:
    """Whether a request was never made: the policy, or the rules for all pages, forbid it."""
    return request.failure in ("csp", "origin")


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Callable[[Path], Target]]:
    servers, contexts = [], []

    def start(folder: Path) -> Target:
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), partial(Bare, directory=str(folder))))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        contexts.append(browser.new_context())
        return Target(folder, f"http://127.0.0.1:{servers[-1].server_address[1]}/", contexts[-1].new_page())

    yield start
    for context in contexts:
        context.close()
    for server in servers:
        server.shutdown()
        server.server_close()
    shutil.rmtree(tmp_path, ignore_errors=True)


# ---------------------------------------------------------------- tests


def test_the_sanitiser_alone_lets_nothing_run(opened: Callable[[Path], Target], tmp_path: Path) -> None:
    texts, found = results()
    target = opened(site(tmp_path, lambda look: compiled(look, {**notes(), **texts}, found)))
    pages, pictures = target.files("*.html"), [name for name in target.files("*.svg") if name.startswith("media/")]
    assert (len(pages) > 1_000, len(pictures) > len(SVG)) == (True, True)
    assert target.struck([*(f"bare/{name}" for name in pages), *pictures]) == set()
    assert target.asked == []
    # So that each was there without its policy, and none is without one otherwise.
    assert [name for name in pages if POLICY not in (target.folder / unquote(name)).read_bytes()] == []


def test_the_policy_alone_lets_nothing_run(opened: Callable[[Path], Target], tmp_path: Path) -> None:
    target = opened(site(tmp_path, unsanitised))
    pages = [f"p{number}/" for number in range(len(HTML))]
    assert len(pages) >= 200
    assert target.struck(pages) == set()
    assert target.asked == []
    # Control: without the policy most of them run, and other hosts are asked.
    assert len(target.struck([f"bare/{name}" for name in pages])) > 0.65 * len(pages)
    assert len(target.asked) > 10


def test_pictures_as_they_come_would_run(opened: Callable[[Path], Target], tmp_path: Path) -> None:
    for number, inside in enumerate(SVG):
        (tmp_path / f"{number}.svg").write_text(drawing(inside), "utf-8")
    (tmp_path / "harness.html").write_text("")
    target = opened(tmp_path)
    assert len(target.struck(target.files("*.svg"))) > 0.65 * len(SVG)


def test_the_themes_scripts_run_nothing_of_a_note(opened: Callable[[Path], Target], tmp_path: Path) -> None:
    texts = {path: text for path, text in notes().items() if path.endswith((" 0.md", " 5.md", "Цель.md"))}
    target = opened(site(tmp_path, lambda look: compiled(look, {**texts, **named()}, {}), thin=False))
    page = target.page
    for name in target.files("*.html")[::7]:
        page.goto(f"{target.address}bare/{name.removesuffix('index.html')}")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.hits") is None, name
    page.locator(".md-search__input").click()
    page.keyboard.type("onerror")
    page.locator(".md-search-result__link").first.wait_for(state="visible")
    page.wait_for_timeout(500)
    assert page.evaluate("window.hits") is None
    assert target.asked == []
