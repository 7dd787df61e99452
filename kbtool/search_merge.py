"""The search index: small files of which the reader's browser fetches those that a query needs.

*Words*: for each form of a word, the pages that have it. Forms of one stem stand together, in the order of stems.
*Texts*: the pages' blocks, out of which the browser makes the results. *The directory* says where each of these files
begins. The files of an order are cut where digests of its members tell, not by counting: so an edit changes the files
of the words that it adds or takes away, its page's text, and no other. `site_assets/search/` reads all this.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from kbtool.search_index import DIGITS, VALUES, PageWords
from kbtool.stems import Stems, common_words
from kbtool.values import File

FOLDER = "search/"
"""Where the index stands on the site."""
_WORD_BYTES = 24_000
_TEXT_BYTES = 16_000
_NUMBERS = 1 << 20  # of pages


def search_files(pages: Iterable[PageWords], stems: Stems, directory_urls: bool) -> tuple[File, ...]:
    """The index as files; scripts where the site is to be read from disk, because browsers read no JSON there."""
    return SearchIndex(stems).files(pages, directory_urls)


class SearchIndex:
    """Makes the index of pages, and remembers it, so that the next costs what is different."""

    __slots__ = ("_forms", "_lists", "_pages", "_sizes", "_stems", "_texts", "_words")

    def __init__(self, stems: Stems) -> None:
        self._stems = stems
        self._pages: Mapping[int, PageWords] = {}
        self._lists: dict[str, bytearray] = {}
        self._forms: dict[str, tuple[str, ...]] = {}
        self._sizes: dict[str, int] = {}
        self._words: Mapping[str, _Stretch] = {}
        self._texts: Mapping[str, _Stretch] = {}

    def files(self, pages: Iterable[PageWords], directory_urls: bool) -> tuple[File, ...]:
        """The index of these pages, as `search_files` makes it."""
        old, self._pages = self._pages, dict(sorted(_numbered(pages)))
        stems = self._take(_lists(self._pages.items()) if not old else self._changed_lists(old))
        self._words = self._word_files(stems)
        self._texts = self._text_files({n for n in self._pages if self._pages[n] is not old.get(n)})
        named = dict(_named(list(self._words)))
        texts = [int(name, 16) for name in self._texts]
        directory = {
            "pages": len(self._pages),
            "common": " ".join(sorted(common_words())),
            "words": " ".join(f"{_least(self._words[first])} {name}" for first, name in named.items()),
            "texts": "".join(_digits(after - before) for before, after in pairwise([0, *texts])),
        }
        made = [("index", json.dumps(directory, ensure_ascii=False, separators=(",", ":")))]
        made += [(f"words/{named[first]}", one.content) for first, one in self._words.items()]
        made += [(f"texts/{name}", one.content) for name, one in self._texts.items()]
        return tuple(_file(name, content, directory_urls) for name, content in made)

    # ------------------------------------------------------------ words

    def _changed_lists(self, old: Mapping[int, PageWords]) -> Mapping[str, bytearray]:
        """The lists of words that other pages have than before, or otherwise; empty when none has a word."""
        changes: defaultdict[str, dict[int, str]] = defaultdict(dict)
        for number in old.keys() | self._pages.keys():
            before, after = old.get(number), self._pages.get(number)
            if before is not after:
                was, has = _values(before), _values(after)
                for word in was.keys() | has.keys():
                    if was.get(word) != has.get(word):
                        changes[word][number] = has.get(word, "")
        return {word: _patched(self._lists.get(word, b""), change) for word, change in changes.items()}

    def _take(self, lists: Mapping[str, bytearray]) -> set[str]:
        """Takes lists over; gives the stems whose forms or lists are others."""
        touched: defaultdict[str, set[str]] = defaultdict(set)
        for word, made in lists.items():
            touched[self._stems.stem(word)].add(word)
            if made:
                self._lists[word] = made
            else:
                del self._lists[word]
        for stem, words in touched.items():
            forms = tuple(sorted(one for one in words.union(self._forms.get(stem, ())) if one in self._lists))
            if forms:
                self._forms[stem] = forms
                self._sizes[stem] = sum(len(one.encode()) + len(self._lists[one]) + 6 for one in forms)
            else:
                del self._forms[stem], self._sizes[stem]
        return set(touched)

    def _word_files(self, touched: set[str]) -> Mapping[str, _Stretch]:
        """The files by their first stems; the first of all begins with the empty one."""
        order = sorted(self._forms)

        def content(start: int, end: int) -> str:
            groups = (self._forms[stem] for stem in order[start:end])
            return (
                "{" + ",\n".join(f'"{word}":"{self._lists[word].decode()}"' for forms in groups for word in forms) + "}"
            )

        cuts = _cut(order, [self._sizes[stem] for stem in order], _WORD_BYTES)
        return _stretches(_Order(order, cuts, sorted(touched), ""), self._words, content)

    # ------------------------------------------------------------ texts

    def _text_files(self, touched: set[int]) -> Mapping[str, _Stretch]:
        """The files by the names of their first texts."""
        texts = {f"{number:05x}{part}": text for number, page in self._pages.items() for part, text in page.texts}
        order = list(texts)

        def content(start: int, end: int) -> str:
            return "{" + ",\n".join(f'"{name}":{texts[name]}' for name in order[start:end]) + "}"

        cuts = _cut(order, [len(text.encode()) + 10 for text in texts.values()], _TEXT_BYTES)
        changed = sorted(f"{number:05x}{part}" for number in touched for part, _ in self._pages[number].texts)
        return _stretches(_Order(order, cuts, changed), self._texts, content)


# ---------------------------------------------------------------- pages and their numbers


def _numbered(pages: Iterable[PageWords]) -> Iterator[tuple[int, PageWords]]:
    """Each page with a number that hardly ever depends on other pages."""
    taken: set[int] = set()
    for page in sorted(pages, key=lambda one: one.slug):
        number = int.from_bytes(hashlib.blake2b(page.slug.encode(), digest_size=4).digest()) % _NUMBERS
        while number in taken:
            number = (number + 1) % _NUMBERS
        taken.add(number)
        yield number, page


def _values(page: PageWords | None) -> dict[str, str]:
    parts = page.words.split(" ") if page and page.words else ()
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _lists(pages: Iterable[tuple[int, PageWords]]) -> Mapping[str, bytearray]:
    """For each word the pages that have it: how far each number is from the one before, then the word's value there."""
    lists: defaultdict[str, bytearray] = defaultdict(bytearray)
    last: defaultdict[str, int] = defaultdict(int)
    values = _value_bytes()
    steps: dict[int, bytes] = {}
    for number, page in pages:
        parts = page.words.split(" ") if page.words else ()
        for word, value in zip(parts[::2], parts[1::2], strict=True):
            step = number - last[word]
            if step not in steps:
                steps[step] = _digits(step).encode()
            lists[word] += steps[step] + values[value]
            last[word] = number
    return lists


@cache
def _value_bytes() -> Mapping[str, bytes]:
    return {value[1:]: value[1:].encode() for value in VALUES}


def _patched(made: bytes | bytearray, change: Mapping[int, str]) -> bytearray:
    """A list in which pages have other values, or, where these are empty, none."""
    values = {**dict(_listed(made.decode())), **change}
    found, last = bytearray(), 0
    for number in sorted(number for number, value in values.items() if value):
        found += (_digits(number - last) + values[number]).encode()
        last = number
    return found


def _listed(text: str) -> Iterator[tuple[int, str]]:
    at = number = 0
    while at < len(text):
        shift = 0
        while True:
            digit = DIGITS.index(text[at])
            number += (digit & 31) << shift
            at, shift = at + 1, shift + 5
            if digit < 32:
                break
        yield number, text[at : at + 2]
        at += 2


def _digits(number: int) -> str:
    """A number in digits of five bits, the lowest first; all but the last have the sixth bit set."""
    found = ""
    while number >= 32:
        found += DIGITS[number % 32 + 32]
        number //= 32
    return found + DIGITS[number]


# ---------------------------------------------------------------- files


class _Stretch(NamedTuple):
    """A file's share of an order: its first and last member, the one before, and how many there are."""

    before: str
    first: str
    last: str
    size: int
    content: str


class _Order(NamedTuple):
    """Members in order, where they are cut, which of them are new or changed, and what the first file is called."""

    members: Sequence[str]
    cuts: Sequence[tuple[int, int]]
    touched: Sequence[str]
    first: str | None = None


def _stretches(
    order: _Order, known: Mapping[str, _Stretch], content: Callable[[int, int], str]
) -> Mapping[str, _Stretch]:
    """The files by their names; the content of those whose members did not change is the known one."""
    found: dict[str, _Stretch] = {}
    for start, end in order.cuts:
        first, last = order.members[start], order.members[end - 1]
        name = first if start or order.first is None else order.first
        old = known.get(name)
        at = bisect_left(order.touched, first)
        is_touched = at < len(order.touched) and order.touched[at] <= last
        if old is None or is_touched or (old.first, old.last, old.size) != (first, last, end - start):
            text = content(start, end)
        else:
            text = old.content
        found[name] = _Stretch(order.members[start - 1] if start else "", first, last, end - start, text)
    return found


def _named(firsts: Iterable[str]) -> Iterator[tuple[str, str]]:
    """A file name for each first stem."""
    taken: set[str] = set()
    for first in firsts:
        digest = hashlib.blake2b(first.encode()).hexdigest()
        name = next(digest[:size] for size in range(6, len(digest)) if digest[:size] not in taken)
        taken.add(name)
        yield first, name


def _least(file: _Stretch) -> str:
    """The beginning of a file's first stem that no stem before it reaches; empty for the first file."""
    if not file.before:
        return ""
    return next(
        (file.first[:size] for size in range(1, len(file.first)) if file.first[:size] > file.before), file.first
    )


def _file(name: str, content: str, directory_urls: bool) -> File:
    if directory_urls:
        return File(f"{FOLDER}{name}.json", content)
    return File(f"{FOLDER}{name}.js", f'kbSearchFile("{name}",{content})')


def _cut(members: Sequence[str], sizes: Sequence[int], limit: int) -> list[tuple[int, int]]:
    """Stretches of an order, no larger than the limit where one member is not.

    A stretch that is too large is cut before the member with the least digest. Members that come or go elsewhere do not
    change that, so stretches stay what they are.
    """
    ranks = [(zlib.crc32(member.encode()), member) for member in members]
    sums = [0, *accumulate(sizes)]
    found, open_ones = [], [(0, len(members))]
    while open_ones:
        start, end = open_ones.pop()
        if end - start < 2 or sums[end] - sums[start] <= limit:
            found.append((start, end))
            continue
        middle = min(range(start + 1, end), key=ranks.__getitem__)
        open_ones += ((middle, end), (start, middle))
    return [one for one in found if one[0] < one[1]]
