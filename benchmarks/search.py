"""The site's search, measured against Pagefind and Material's own, on the same pages.

    python -m benchmarks.search [--notes N] [--runs N] [--out FILE]

The notes are made up: Russian and English mixed, words by Zipf's law, most of them in one of their forms; every tenth
query word is asked in a form that it was not written in. A query is timed in Chromium from its last letter to its
results on the page, each in a fresh browser profile, so that nothing is fetched before; bytes are those of all
responses that came after the page was loaded, without compression. Pagefind has no search box of its own here: it is
timed from the call to the texts of its first ten results. It takes part where `pip install pagefind pagefind-bin`
was run; Material's index is read whole, so more than 2,000 notes are not worth the wait: `--lunr` has it take part.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from functools import partial
from html import escape
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Response, sync_playwright

from kbtool.mkdocs_plugin import build
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.search_index import page_words
from kbtool.search_merge import search_files
from kbtool.search_words import Words
from kbtool.stems import Stems
from kbtool.values import File, Page, SearchEntry, Slug, shut
from tests.conftest import find_chromium

SETTINGS = """
site_name: Search
docs_dir: kb
theme: {name: material, language: ru, font: false}
plugins: [search: {lang: [ru, en]}, %s]
"""
RUSSIAN = "градиент слой вектор тензор модел матриц сет признак параметр выборк функци потер внимани оценк вероятност "
RUSSIAN += "задач алгоритм памят поток решени пример метод узел граф ошибк обучени точност распределени"
ENGLISH = "transform layer train token embed optimiz schedul model predict comput attend learn sampl cluster encod"
ENDINGS = {
    "ru": ("", "а", "у", "ом", "е", "ы", "ов", "ам", "ами", "ах"),
    "en": ("", "s", "ed", "ing", "er", "ers"),
}
SYLLABLES = {"ru": "бо ре ка лу ми сто пра вле жи дро ту ве ло ша", "en": "ba re co lu mi sto pra ver de tri no ga"}
BLOCKS, WORDS_OF_BLOCK = 14, 22
QUERIES = ("градиентом", "тензоры", "transformers", "вниманию", "обучением модели", "трансформера", "embedder token")
FIRST = ".md-search-result__link"
SEARCH = re.compile(r"search|lunr|pagefind")
SHOWN = re.compile(r"Найдено|Совпадений")
PAGEFIND = """<!doctype html><script type=module>
import * as pagefind from "/pagefind/pagefind.js"
window.ask = async query => {
  const found = await pagefind.search(query)
  await Promise.all(found.results.slice(0, 10).map(one => one.data()))
  return found.results.length
}
</script>"""


class Measured(NamedTuple):
    """What a search costs: seconds to make its index, bytes of it, files; bytes and milliseconds of each query."""

    seconds: float
    size: int
    files: int
    queries: dict[str, tuple[int, float, int]]


# ---------------------------------------------------------------- notes


def vocabulary(chance: random.Random) -> Iterator[tuple[str, ...]]:
    """Words with their forms, the frequent ones first."""
    for language, real in (("ru", RUSSIAN), ("en", ENGLISH)):
        yield from (tuple(word + ending for ending in ENDINGS[language]) for word in real.split())
    for language, share in (("ru", 30_000), ("en", 15_000)):
        parts = SYLLABLES[language].split()
        for _ in range(share):
            word = "".join(chance.choices(parts, k=chance.randrange(2, 5))) + chance.choice(
                "нтрл" if language == "ru" else "ntrl"
            )
            yield tuple(word + ending for ending in ENDINGS[language])


def notes(number: int) -> list[Page]:
    """Pages of 2,400 characters each, three headings, one piece of code."""
    chance = random.Random(1)
    words = list(vocabulary(chance))
    known = words[: len(RUSSIAN.split()) + len(ENGLISH.split())]
    rest = words[len(known) :]
    chance.shuffle(known)
    chance.shuffle(rest)
    words = known + rest
    weights = list(accumulate(1 / (rank + 10) for rank in range(len(words))))

    def text(size: int) -> str:
        return " ".join(chance.choice(forms) for forms in chance.choices(words, cum_weights=weights, k=size))

    pages = []
    for at in range(number):
        entries = []
        for block in range(BLOCKS):
            kind: Any = "heading" if block % 5 == 0 else "code" if block == 7 else "text"
            entries.append(SearchEntry(f"b-{at}-{block}", kind, text(3 if kind == "heading" else WORDS_OF_BLOCK)))
        pages.append(Page(Slug(f"заметка-{at}"), text(2), shut(""), (), f"pages/{at}.md", (), (), tuple(entries)))
    return pages


# ---------------------------------------------------------------- the three


def ours(pages: Sequence[Page], folder: Path) -> tuple[float, Path]:
    start = time.process_time()
    known = Words()
    made = search_files([page_words(page, known) for page in pages], Stems(), True)
    spent = time.process_time() - start
    return spent, site(folder, "kbtool", made)


def material(pages: Sequence[Page], folder: Path) -> tuple[float, Path]:
    """Its own plugin reads pages' HTML; here it gets what it would find there, and its time is not told."""
    found = site(folder, "kbtool", ())
    index = json.loads((found / "search/search_index.json").read_text("utf-8"))
    for page in pages:
        index["docs"].append({"location": f"{page.slug}/", "title": page.title, "text": ""})
        for entry in page.search:
            if entry.kind == "heading":
                index["docs"].append({"location": f"{page.slug}/#{entry.anchor}", "title": entry.text, "text": ""})
            else:
                index["docs"][-1]["text"] += f"<p>{escape(entry.text)}</p>"
    (found / "search/search_index.json").write_text(json.dumps(index), "utf-8")
    worker = next((found / "assets/javascripts/workers").glob("search.*.js"))
    home = found / "index.html"
    theirs = worker.relative_to(found).as_posix()
    home.write_text(home.read_text("utf-8").replace("assets/kb/search.js", theirs), "utf-8")
    return 0.0, found


def site(folder: Path, plugin: str, files: Sequence[File]) -> Path:
    """A site of one page that has a search box."""
    (folder / "kb").mkdir(parents=True)
    (folder / "mkdocs.yml").write_text(SETTINGS % plugin, "utf-8")
    home = Page(Slug("index"), "Home", shut("<h1>Home</h1>"), (), "", ())

    def compiled(_: Look) -> SiteInput:
        return SiteInput((home,), (), tuple(files))

    build(folder / "mkdocs.yml", folder / "site", compiled)
    return folder / "site"


def pagefind(pages: Sequence[Page], folder: Path) -> tuple[float, Path]:
    """Its command, over pages with nothing but their text."""
    for page in pages:
        place = folder / page.slug / "index.html"
        place.parent.mkdir(parents=True)
        body = "".join(f'<p id="{entry.anchor}">{escape(entry.text)}</p>' for entry in page.search)
        place.write_text(f"<html lang=ru><body data-pagefind-body><h1>{escape(page.title)}</h1>{body}", "utf-8")
    spec = find_spec("pagefind_bin")
    assert spec is not None
    command = [str(Path(str(spec.origin)).parent / "pagefind"), "--site", str(folder)]
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    spent = time.perf_counter() - start
    (folder / "index.html").write_text(PAGEFIND, "utf-8")
    return spent, folder


# ---------------------------------------------------------------- in the browser


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def asked(browser: Browser, address: str, query: str, is_box: bool) -> tuple[int, float, int]:
    """Bytes, milliseconds since the page was asked for, and number of results of a query in a fresh profile."""
    context = browser.new_context()
    page = context.new_page()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))  # noqa: PLW0108 - playwright marks what it is given
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    if is_box:
        page.locator(".md-search__input").click()
        page.keyboard.insert_text(query)
        page.keyboard.press("End")
        page.locator(".md-search-result__meta", has_text=SHOWN).wait_for(timeout=120_000)
        count = page.locator(FIRST).count()
    else:
        page.wait_for_function("() => Boolean(window.ask)")
        count = page.evaluate("query => window.ask(query)", query)
    spent = (time.perf_counter() - start) * 1000
    of_search = [one for one in answers if SEARCH.search(one.url)]
    size = sum(len(one.body()) for one in of_search)
    context.close()
    return size, spent, count


def measured(browser: Browser, made: tuple[float, Path], index: str, runs: int) -> Measured:
    seconds, folder = made
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}/"
    queries = {}
    for query in QUERIES:
        found = [asked(browser, address, query, index != "pagefind") for _ in range(runs)]
        queries[query] = found[0][0], statistics.median(one[1] for one in found), found[0][2]
    server.shutdown()
    files = [path for path in (folder / index).rglob("*") if path.is_file()]
    return Measured(seconds, sum(path.stat().st_size for path in files), len(files), queries)


def edited(pages: Sequence[Page]) -> tuple[int, int]:
    """How many files of ours an edit of one block changes, of how many."""
    known, stems = Words(), Stems()
    kept = [page_words(page, known) for page in pages]
    before = {one.path: one.text for one in search_files(kept, stems, True)}
    block = pages[0].search[3]._replace(text="несколько слов вместо тех, что были")
    kept[0] = page_words(pages[0]._replace(search=(*pages[0].search[:3], block, *pages[0].search[4:])), known)
    after = {one.path: one.text for one in search_files(kept, stems, True)}
    return sum(before.get(path) != after.get(path) for path in before.keys() | after.keys()), len(before)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--notes", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lunr", action="store_true", help="have Material's own search take part")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    folder, pages = Path(tempfile.mkdtemp()), notes(options.notes)
    found: dict[str, Any] = {"notes": options.notes, "edit": edited(pages)}
    chosen: list[tuple[str, Any, str]] = [("ours", ours, "search")]
    chosen += [("material", material, "search")] if options.lunr else []
    chosen += [("pagefind", pagefind, "pagefind")] if find_spec("pagefind_bin") else []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox", "--disable-gpu"])
        for name, make, index in chosen:
            found[name] = measured(browser, make(pages, folder / name), index, options.runs)._asdict()
            print(json.dumps({name: found[name]}, ensure_ascii=False), file=sys.stderr)
        browser.close()
    shutil.rmtree(folder)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    if options.out:
        options.out.write_text(text, "utf-8")
    print(text)


if __name__ == "__main__":
    main()
