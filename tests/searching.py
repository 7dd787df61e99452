"""The site's search without a browser: its script under node, with files out of memory."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import unquote

from kbtool.front import search_worker
from kbtool.search_index import page_words
from kbtool.search_merge import search_files
from kbtool.search_words import Words
from kbtool.stems import Stems
from kbtool.values import File, Page, SearchEntry, SearchKind, Slug, shut

_READ = "const given = JSON.parse(require('fs').readFileSync(0, 'utf8'))\n"
_AROUND = """
globalThis.self = globalThis
self.location = { href: "http://127.0.0.1/assets/kb/search.js" }
self.addEventListener = () => {}
const harness = { fetched: [] }
self.fetch = async url => {
  const name = decodeURIComponent(url.pathname.slice(1))
  if (!(name in given.files)) throw new Error(name)
  harness.fetched.push(name)
  return { text: async () => given.files[name] }
}
"""
_ASK = """
const answers = []
const ask = async query => {
  const search = await searched(query)
  const data = await stretch(search)
  const first = harness.fetched.splice(0)
  const stretches = [data.items]
  for (let next; given.all && (next = await stretch(search)).items.length;) stretches.push(next.items)
  answers.push({ ...data, stretches, suggest: suggestions(search.words), fetched: first })
}
given.queries.reduce((before, query) => before.then(() => ask(query)), Promise.resolve())
  .then(() => console.log(JSON.stringify(answers)))
"""


class Answer(NamedTuple):
    """What search says to a query; `files` are those that it fetched for the first stretch of `items`.

    `total` is how many pages there are, at least so many where the answer `is_open`.
    """

    items: Sequence[Sequence[dict[str, Any]]]
    suggest: Sequence[str]
    files: Sequence[str]
    total: int
    is_open: bool
    stretches: Sequence[Sequence[Sequence[dict[str, Any]]]]

    @property
    def pages(self) -> list[str]:
        """The places of the pages found, best first."""
        return [next(one for one in places if "#" not in one) for places in self._places()]

    @property
    def blocks(self) -> list[str]:
        """The places of the blocks found."""
        return [one for places in self._places() for one in places if "#" in one]

    def _places(self) -> list[list[str]]:
        return [[unquote(one["location"]) for one in item] for item in self.items]

    @property
    def html(self) -> str:
        """Everything that the box would put on the page."""
        return "\n".join(one["title"] + one["text"] for item in self.items for one in item)


def run(node: str, script: str, given: object) -> Any:
    """What a script prints as JSON that is given a value."""
    source = f'"use strict"\n{_READ}{script}'
    done = subprocess.run(
        [node, "-e", source], input=json.dumps(given), capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def page(slug: str, title: str, *entries: tuple[str, str, str]) -> Page:
    """A page that is found by these entries."""
    found = tuple(SearchEntry(anchor, cast("SearchKind", kind), text) for anchor, kind, text in entries)
    return Page(Slug(slug), title, shut(""), (), f"pages/{title}.md", (), (), found)


def files(pages: Iterable[Page], directory_urls: bool = True) -> tuple[File, ...]:
    """The index of these pages."""
    return search_files([page_words(one, Words()) for one in pages], Stems(), directory_urls)


def ask(
    node: str, made: Iterable[File], *queries: str, directory_urls: bool = True, all_of_it: bool = False
) -> list[Answer]:
    """The answers to queries, asked one after the other; all stretches of each if wished."""
    given = {"files": {one.path: one.text for one in made}, "queries": queries, "all": all_of_it}
    answers = run(node, _AROUND + search_worker(directory_urls) + _ASK, given)
    return [
        Answer(one["items"], one["suggest"], one["fetched"], one["total"], one["isOpen"], one["stretches"])
        for one in answers
    ]
