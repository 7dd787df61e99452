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
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from kbtool.search_words import Words, stretches
from kbtool.stems import Stems, common_words
from kbtool.values import File, Page, SearchEntry, Slug

FOLDER = "search/"
_WORD_BYTES = 24_000
_TEXT_BYTES = 16_000
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_VALUES = tuple(f" {first}{second}" for first in _DIGITS for second in _DIGITS)
_NUMBERS = 1 << 20  # of pages
_KINDS: Mapping[str, int] = {"code": 0, "text": 1, "heading": 2, "alias": 3}
_TITLE = 3
_WHOLE = 16  # added to the value of a word that is all of a title
_OFTEN = (0, 0, 4, 8, 8, 8, 12)  # added to the value of a word that stands so often on the page
_IN_PARTS = 32  # added to the values of a long page's words
_EVERYWHERE = 63
_SECTIONS = 6
_BLOCKS = 8  # of a section without headings, about
# Where sections and times stand in the number that is kept of a word while a page is read; below is its kind.
_SECTION_BIT = 4
_TIMES_BIT = 1024
_LONG = 12_000  # characters of a text that is kept in parts, and of an entry that is kept


class PageWords(NamedTuple):
    """What the index takes of one page, and all it takes.

    `words` has each word followed by its value; `texts` has the page's text in one part (0), of a long page each
    section by its number (1 to 6).
    """

    slug: Slug
    words: str
    texts: tuple[tuple[int, str], ...]


# ---------------------------------------------------------------- one page


def page_words(page: Page, known: Words) -> PageWords:
    """The page's part of the index, made from it alone."""
    sections = list(_sections(page.search))
    whole = _text(page, page.search)
    is_long = len(whole) > _LONG
    texts = tuple(_parts(page, sections)) if is_long else ((0, whole),)
    return PageWords(page.slug, _counted(page, sections, known, _IN_PARTS if is_long else 0), texts)


def _sections(entries: Sequence[SearchEntry]) -> Iterator[int]:
    """The number, 1 to 6, of each entry's section: what begins with a heading, or, by its anchor, with any block.

    Words of sections with the same number may stand near each other. What is written elsewhere changes no number.
    """
    section, anchor = 1, ""
    for entry in entries:
        if entry.anchor != anchor:
            anchor = entry.anchor
            digest = zlib.crc32(anchor.encode())
            if entry.kind == "heading" or digest % _BLOCKS == 0:
                section = 1 + digest // _BLOCKS % _SECTIONS
        yield section


def _parts(page: Page, sections: Sequence[int]) -> Iterator[tuple[int, str]]:
    for number in range(1, _SECTIONS + 1):
        entries = [entry for entry, section in zip(page.search, sections, strict=True) if section == number]
        yield number, _text(page, entries)


def _text(page: Page, entries: Sequence[SearchEntry]) -> str:
    blocks = [(anchor, _KINDS[kind], text[:_LONG]) for anchor, kind, text in entries]
    return json.dumps([page.slug, page.title, blocks], ensure_ascii=False, separators=(",", ":"))


def _counted(page: Page, sections: Sequence[int], known: Words, more: int) -> str:
    """The words of the page, each followed by its value; `more` is added to that."""
    names = [page.title]
    texts: dict[tuple[int, int], list[str]] = {}
    for entry, section in zip(page.search, sections, strict=True):
        joined = names if entry.kind == "alias" else texts.setdefault((_KINDS[entry.kind], section), [])
        joined.append(entry.text)
    found = _named(names, known)
    whole = {word for name in names if len(stretches(name)) == 1 for word in known.of(stretches(name)[0])}
    for kind, section in sorted(texts, reverse=True):  # the best kind of a word is where it is first met
        first, bit = kind | _SECTION_BIT << section, _SECTION_BIT << section
        for stretch, times in Counter(stretches("\n".join(texts[kind, section]))).items():
            for word in known.of(stretch):
                found[word] = (found[word] | bit if word in found else first) + times * _TIMES_BIT
    common, parts = common_words(), []
    for word, packed in found.items():
        kind, times = packed & 3, packed // _TIMES_BIT
        if kind > 1 or word not in common:
            value = more + kind + _OFTEN[times if times < 7 else 6] + (_WHOLE if word in whole else 0)
            parts.append(word + _VALUES[value * 64 + (packed // (2 * _SECTION_BIT) & _EVERYWHERE)])
    return " ".join(parts)


def _named(names: Sequence[str], known: Words) -> dict[str, int]:
    """The words of the page's names: of the best kind, how often they are there, and near all others."""
    counted = Counter(word for name in names for stretch in stretches(name) for word in known.of(stretch))
    return {word: _TITLE + times * _TIMES_BIT | 2 * _SECTION_BIT * _EVERYWHERE for word, times in counted.items()}


# ---------------------------------------------------------------- all pages


def search_files(pages: Iterable[PageWords], stems: Stems, directory_urls: bool) -> tuple[File, ...]:
    """The index as files; scripts where the site is to be read from disk, because browsers read no JSON there."""
    numbered = sorted(_numbered(pages))
    texts = dict(_text_files(numbered))
    named = dict(_word_files(numbered, stems))
    directory = {
        "pages": len(numbered),
        "common": " ".join(sorted(common_words())),
        "words": " ".join(f"{first} {name}" for first, (name, _) in named.items()),
        "texts": "".join(
            _digits(after - before) for before, after in pairwise([0, *(int(name, 16) for name in texts)])
        ),
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
    texts = [(f"{number:05x}{part}", text) for number, page in pages for part, text in page.texts]
    names = [name for name, _ in texts]
    parts = [f'"{name}":{text}' for name, text in texts]
    for start, end in _cut(names, [len(part.encode()) for part in parts], _TEXT_BYTES):
        yield names[start], "{" + ",\n".join(parts[start:end]) + "}"


def _word_files(pages: Sequence[tuple[int, PageWords]], stems: Stems) -> Iterator[tuple[str, tuple[str, str]]]:
    """For the beginning of each file's first stem, which no stem before it reaches: the file's name and content."""
    groups = _by_stem(_lists(pages), stems)
    order = sorted(groups)
    taken: set[str] = set()
    for start, end in _cut(order, [len(groups[stem].encode()) for stem in order], _WORD_BYTES):
        first = order[start] if start else ""
        digest = hashlib.blake2b(first.encode()).hexdigest()
        name = next(digest[:size] for size in range(6, len(digest)) if digest[:size] not in taken)
        taken.add(name)
        before = order[start - 1] if start else ""
        shortest = next((first[:size] for size in range(1, len(first)) if first[:size] > before), first)
        yield shortest, (name, "{" + ",\n".join(groups[stem] for stem in order[start:end]) + "}")


def _by_stem(lists: Mapping[str, bytearray], stems: Stems) -> dict[str, str]:
    """The forms with their pages, as they stand in a file."""
    found: dict[str, str] = {}
    for word in sorted(lists):
        stem, part = stems.stem(word), f'"{word}":"{lists[word].decode()}"'
        found[stem] = f"{found[stem]},{part}" if stem in found else part
    return found


def _lists(pages: Sequence[tuple[int, PageWords]]) -> Mapping[str, bytearray]:
    """For each word the pages that have it: how far each number is from the one before, then the word's value there."""
    lists: defaultdict[str, bytearray] = defaultdict(bytearray)
    last: defaultdict[str, int] = defaultdict(int)
    values = {value[1:]: value[1:].encode() for value in _VALUES}
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


def _digits(number: int) -> str:
    """A number in digits of five bits, the lowest first; all but the last have the sixth bit set."""
    found = ""
    while number >= 32:
        found += _DIGITS[number % 32 + 32]
        number //= 32
    return found + _DIGITS[number]


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
