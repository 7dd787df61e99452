"""The words of a text as search compares them.

`site_assets/search/words.js` does the same in the browser: what is changed here is changed there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from kbtool.patterns import regex

LONGEST = 40
"""Letters of a word; a longer one is data and not indexed."""
_IDENTIFIERS = 200
"""Letters of a stretch in which identifiers' parts are looked for: that takes time that grows with its square."""
# C++, C#, .NET: signs that belong to a name; the same in a formula or a tag do not.
_STRETCH = regex(
    r"(?:(?<![^ \t\n(\[«\"'])\.(?=[^\W\d_]))?[\w\u0300-\u036f]+"
    r"(?:(?<=[^\W\d_])(?:\+\+(?![^\W\d]|\+)|\#(?![\w+#])))?"
)
_WORD = regex(r"[^\W_]+(?:_+[^\W_]+)*")
_CAMEL = regex(r"[^\W\d_]*(?:[a-zа-я\d][A-ZА-Я]|[A-ZА-Я]{2}[a-zа-я])\w*")
_HUMP = regex(r"[A-ZА-Я]+(?![a-zа-я])|[A-ZА-Я]?[a-zа-я]+|\d+")
# Letters that may carry marks; Cyrillic is not among them, whose й is a letter of its own.
_MARKED = regex("[\u00c0-\u024f\u0300-\u03ff\u1e00-\u1fff]")
_MARK = regex("[\u0300-\u036f]+")
# Written without spaces: Chinese and Japanese.
_UNSPACED = regex("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_RUN = regex("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[^\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
# Words of a stretch that is remembered: of Chinese a stretch is half a sentence, and hardly comes again.
_KEPT = 6
_GREEK_RUN = regex("[\u0370-\u03ff]+")
_SYMBOLS = 3
"""Greek letters in a row that are signs of a formula, each for itself; more are a word."""
GREEK: Mapping[str, str] = {
    word[0]: word[1:]
    for word in (
        "αalpha βbeta γgamma δdelta εepsilon ϵepsilon ζzeta ηeta θtheta ϑtheta ιiota κkappa λlambda μmu νnu ξxi "
        "οomicron πpi ϖpi ρrho ϱrho σsigma τtau υupsilon φphi ϕphi χchi ψpsi ωomega"
    ).split()
}
"""Names of Greek letters, as LaTeX has them."""
_SAME = str.maketrans({"ё": "е", "ς": "σ", "ß": "ss"})


def fold(text: str) -> str:
    """The text in lower case, without accents, `ё` as `е`."""
    if text.isascii():
        return text.lower()
    lower = unicodedata.normalize("NFC", text).lower().translate(_SAME)
    return _MARKED.sub(_bare, lower) if _MARKED.search(lower) else lower


def stretches(text: str) -> list[str]:
    """What of a text stands between blanks and signs, as it is written."""
    found: list[str] = _STRETCH.findall(text)
    return found


class Words:
    """Gives the words that a stretch is found by and remembers them: a base has few of them, each often."""

    __slots__ = ("_known",)

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, stretch: str) -> tuple[str, ...]:
        """The stretch, folded, also without signs, an identifier's parts, a formula's signs; of Chinese its pairs."""
        known = self._known.get(stretch)
        if known is None:
            known = tuple(_words(stretch))
            if len(known) <= _KEPT:
                self._known[stretch] = known
        return known


def _words(stretch: str) -> Iterator[str]:
    if not stretch.isascii() and _UNSPACED.search(stretch):
        yield from (part for word in _WORD.findall(fold(stretch)) for part in _pairs(word))
        return
    if (stretch[0] == "." or stretch[-1] in "+#") and len(stretch) <= LONGEST:
        yield fold(stretch)
    for word in _WORD.findall(fold(stretch)):
        if len(word) <= LONGEST:
            yield word
            yield from (part for part in word.split("_") if len(part) > 1 and part != word)
    if not stretch.isascii() and len(stretch) <= LONGEST:
        yield from _symbols(fold(stretch))
    for word in _CAMEL.findall(stretch) if len(stretch) <= _IDENTIFIERS else ():
        if len(word) <= LONGEST:
            yield from (fold(part) for part in _HUMP.findall(word) if len(part) > 1)


def _symbols(word: str) -> Iterator[str]:
    """The Greek letters in a word and their names, where they are signs: αβ in a formula."""
    for run in _GREEK_RUN.findall(word):
        for letter in run if len(run) <= _SYMBOLS else "":
            if letter != word:
                yield letter
            if letter in GREEK:
                yield GREEK[letter]


def _bare(letter: re.Match[str]) -> str:
    return _MARK.sub("", unicodedata.normalize("NFD", letter[0]))


def _pairs(word: str) -> Iterator[str]:
    """Each two neighbours of a text without spaces, and its last letter; other letters stay a word."""
    for run in _RUN.findall(word):
        if _UNSPACED.match(run):
            yield from (run[i : i + 2] for i in range(len(run)))
        elif len(run) <= LONGEST:
            yield run
