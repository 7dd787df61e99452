"""What the search index takes of one page: its words with where they stand, and its text in the form for browsers.

`search_merge.py` makes the index of all pages out of these.
"""

from __future__ import annotations

import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kbtool.search_words import Words, stretches
from kbtool.stems import common_words
from kbtool.values import Page, SearchEntry, Slug

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
"""The digits of numbers in the index."""
VALUES = tuple(f" {first}{second}" for first in DIGITS for second in DIGITS)
"""What may follow a word, each with a blank before it."""
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
    whole = {word for name in names if len(stretches(name)) == 1 for word in _all_of(stretches(name)[0], known)}
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
            parts.append(word + VALUES[value * 64 + (packed // (2 * _SECTION_BIT) & _EVERYWHERE)])
    return " ".join(parts)


def _all_of(name: str, known: Words) -> tuple[str, ...]:
    """The words that a name is found by as a whole: C++ is not C."""
    return known.of(name) if name[0] != "." and name[-1] not in "+#" else known.of(name)[:1]


def _named(names: Sequence[str], known: Words) -> dict[str, int]:
    """The words of the page's names: of the best kind, how often they are there, and near all others."""
    counted = Counter(word for name in names for stretch in stretches(name) for word in known.of(stretch))
    return {word: _TITLE + times * _TIMES_BIT | 2 * _SECTION_BIT * _EVERYWHERE for word, times in counted.items()}
