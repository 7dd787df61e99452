"""The words of a text as search compares them.

`site_assets/search/words.js` does the same in the browser: what is changed here is changed there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from kbtool.patterns import regex

LONGEST = 40
"""Letters of a word; a longer one is data and not indexed."""
_WORD = regex(r"[^\W_]+(?:_+[^\W_]+)*")
_CAMEL = regex(r"[^\W\d_]*(?:[a-zа-я\d][A-ZА-Я]|[A-ZА-Я]{2}[a-zа-я])\w*")
_HUMP = regex(r"[A-ZА-Я]+(?![a-zа-я])|[A-ZА-Я]?[a-zа-я]+|\d+")
# Letters that may carry marks; Cyrillic is not among them, whose й is a letter of its own.
_MARKED = regex("[\u00c0-\u024f\u0300-\u03ff\u1e00-\u1fff]")
_MARK = regex("[\u0300-\u036f]+")
# Written without spaces: Chinese and Japanese.
_UNSPACED = regex("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_SAME = str.maketrans({"ё": "е", "ς": "σ", "ß": "ss"})


def fold(text: str) -> str:
    """The text in lower case, without accents, `ё` as `е`."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFC", text).lower().translate(_SAME)
    return _MARKED.sub(_bare, lower) if _MARKED.search(lower) else lower


def words(text: str) -> Iterator[str]:
    """All words that the text is found by, folded, in its order: parts of identifiers beside the whole."""
    for word in _WORD.findall(fold(text)):
        if len(word) > LONGEST:
            continue
        if word.isascii() or not _UNSPACED.search(word):
            yield word
            if "_" in word:
                yield from (part for part in word.split("_") if len(part) > 1)
        else:
            yield from _pairs(word)
    for word in _CAMEL.findall(text):
        if len(word) <= LONGEST:
            yield from (fold(part) for part in _HUMP.findall(word) if len(part) > 1)


def _bare(letter: re.Match[str]) -> str:
    return _MARK.sub("", unicodedata.normalize("NFD", letter[0]))


def _pairs(word: str) -> Iterator[str]:
    """Each two neighbours of a text without spaces, and its last letter; other letters stay a word."""
    at = 0
    for run in _UNSPACED.finditer(word):
        if at < run.start():
            yield word[at : run.start()]
        yield from (run[0][i : i + 2] for i in range(len(run[0])))
        at = run.end()
    if at < len(word):
        yield word[at:]
