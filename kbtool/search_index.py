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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import NamedTuple

from kbtool.search_words import words
from kbtool.stems import Stems, common_words, is_common
from kbtool.values import File, Page, SearchEntry, Slug

FOLDER = "search/"
_WORD_BYTES = 24_000
_TEXT_BYTES = 24_000
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_NUMBERS = 1 << 20  # of pages
_KINDS: Mapping[str, int] = {"code": 0, "text": 1, "heading": 2, "alias": 3}
_TITLE = 3
_WHOLE = 16  # added to the value of a word that is all of a title
_EVERYWHERE = 63
_SECTIONS = 6


class PageWords(NamedTuple):
    """What the index takes of one page, and all it takes: its words, each followed by its value, and its text."""

    slug: Slug
    words: str
    text: str


# ---------------------------------------------------------------- one page


def page_words(page: Page) -> PageWords:
    """The page's part of the index, made from it alone."""
    text = json.dumps(
        [page.slug, page.title, [(anchor, _KINDS[kind], text) for anchor, kind, text in page.search]],
        ensure_ascii=False,
        separators=(",", ":"),
    )
    found = _counted([(_EVERYWHERE, SearchEntry("", "alias", page.title)), *_in_sections(page.search)])
    return PageWords(page.slug, " ".join(f"{word} {_value(*of)}" for word, of in found.items()), text)


def _in_sections(entries: Sequence[SearchEntry]) -> Iterator[tuple[int, SearchEntry]]:
    """The entries, each with the bit of its section: words whose bits meet may stand near each other."""
    section = 1
    for entry in entries:
        if entry.kind == "heading":
            section = 1 << zlib.crc32(entry.anchor.encode()) % _SECTIONS
        yield _EVERYWHERE if entry.kind == "alias" else section, entry


def _counted(entries: Iterable[tuple[int, SearchEntry]]) -> dict[str, tuple[int, int, int, bool]]:
    """For each word its best kind, how often it stands on the page, its sections, and whether it is a whole title."""
    found: dict[str, tuple[int, int, int, bool]] = {}
    for section, entry in entries:
        kind = _KINDS[entry.kind]
        all_words = list(words(entry.text))
        whole = kind == _TITLE and len(all_words) == 1
        for word in all_words:
            best, times, sections, was_whole = found.get(word, (0, 0, 0, False))
            found[word] = max(kind, best), times + 1, sections | section, whole or was_whole
    return {word: of for word, of in found.items() if of[0] > 1 or not is_common(word)}


def _value(kind: int, times: int, sections: int, whole: bool) -> str:
    often = min(times, 3) - 1 if times < 6 else 3
    return _DIGITS[kind + 4 * often + _WHOLE * whole] + _DIGITS[sections]


# ---------------------------------------------------------------- all pages


def search_files(pages: Iterable[PageWords], stems: Stems, directory_urls: bool) -> tuple[File, ...]:
    """The index as files; scripts where the site is to be read from disk, because browsers read no JSON there."""
    numbered = sorted(_numbered(pages))
    texts = dict(_text_files(numbered))
    named = dict(_word_files(numbered, stems))
    directory = {
        "pages": len(numbered),
        "folders": directory_urls,
        "common": " ".join(sorted(common_words())),
        "words": [part for stem, (name, _) in named.items() for part in (stem, name)],
        "texts": "".join(texts),
    }
    made = {
        "index": json.dumps(directory, ensure_ascii=False, separators=(",", ":")),
        **{f"words/{name}": content for name, content in named.values()},
        **{f"texts/{name}": content for name, content in texts.items()},
    }
    return tuple(_file(name, content, directory_urls) for name, content in made.items())


def _file(name: str, content: str, directory_urls: bool) -> File:
    if directory_urls:
        return File(f"{FOLDER}{name}.json", content)
    return File(f"{FOLDER}{name}.js", f'kbSearchFile("{name}",{content})')


def _numbered(pages: Iterable[PageWords]) -> Iterator[tuple[int, PageWords]]:
    """Each page with a number that hardly ever depends on other pages."""
    taken: set[int] = set()
    for page in sorted(pages):
        number = int.from_bytes(hashlib.blake2b(page.slug.encode(), digest_size=4).digest()) % _NUMBERS
        while number in taken:
            number = (number + 1) % _NUMBERS
        taken.add(number)
        yield number, page


def _text_files(pages: Sequence[tuple[int, PageWords]]) -> Iterator[tuple[str, str]]:
    names = [f"{number:05x}" for number, _ in pages]
    parts = [f'"{name}":{page.text}' for name, (_, page) in zip(names, pages, strict=True)]
    for start, end in _cut(names, [len(part.encode()) for part in parts], _TEXT_BYTES):
        yield names[start], "{" + ",\n".join(parts[start:end]) + "}"


def _word_files(pages: Sequence[tuple[int, PageWords]], stems: Stems) -> Iterator[tuple[str, tuple[str, str]]]:
    """By the first stem of each file: its name and content. The first file begins with the empty stem."""
    groups = _by_stem(_lists(pages), stems)
    order = sorted(groups)
    taken: set[str] = set()
    for start, end in _cut(order, [len(groups[stem].encode()) for stem in order], _WORD_BYTES):
        first = order[start] if start else ""
        digest = hashlib.blake2b(first.encode()).hexdigest()
        name = next(digest[:size] for size in range(6, len(digest)) if digest[:size] not in taken)
        taken.add(name)
        yield first, (name, "{" + ",\n".join(groups[stem] for stem in order[start:end]) + "}")


def _by_stem(lists: Mapping[str, bytearray], stems: Stems) -> dict[str, str]:
    """The forms with their pages, as they stand in a file."""
    found: dict[str, str] = {}
    for word in sorted(lists):
        stem, part = stems.stem(word), f'"{word}":"{lists[word].decode()}"'
        found[stem] = f"{found[stem]},{part}" if stem in found else part
    return found


def _lists(pages: Sequence[tuple[int, PageWords]]) -> dict[str, bytearray]:
    """For each word the pages that have it: how far each number is from the one before, then the word's value there."""
    lists: dict[str, bytearray] = {}
    last: dict[str, int] = {}
    steps: dict[int, bytes] = {}
    for number, page in pages:
        parts = page.words.split(" ") if page.words else ()
        for word, value in zip(parts[::2], parts[1::2], strict=True):
            step = number - last.get(word, 0)
            last[word] = number
            code = steps.get(step)
            if code is None:
                code = steps[step] = _digits(step)
            if word in lists:
                lists[word] += code + value.encode()
            else:
                lists[word] = bytearray(code + value.encode())
    return lists


def _digits(number: int) -> bytes:
    """A number in digits of five bits, the lowest first; all but the last have the sixth bit set."""
    found = ""
    while number >= 32:
        found += _DIGITS[number % 32 + 32]
        number //= 32
    return (found + _DIGITS[number]).encode()


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
