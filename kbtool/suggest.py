"""Did-you-mean: the nearest of many words to one that nobody knows.

`rapidfuzz` measures the distances: `difflib` needs 50 ms for one word among 10,000 page names, `rapidfuzz` a
millisecond, and grouping the words by length and by their parts makes that a tenth. Its import takes 40 ms, so it waits
for the first miss, and so do the tables here. Stems, which take long, are made only of words that begin alike.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Literal, NamedTuple, TypeAlias, TypeVar

COMMON = 300
"""A part that more words share than this tells nothing about which of them was meant."""
COVERED = 0.5
"""Least share of the longer of two names that the shorter one must make up: half a name missing is still it."""

How: TypeAlias = Literal["look", "keyboard", "inflected", "sound", "typo", "part"]

_Group = TypeVar("_Group")

_BEGIN = 2
"""Inflected forms of a word have so many first letters in common; of shorter words there are none."""
_ENDING = 4
"""Letters of the longest ending in Russian."""
_ENGLISH_ENDINGS = frozenset(("", "s", "es", "ies", "y", "e", "d", "ed", "ing", "'s", "’s"))
_LOOKS = str.maketrans(
    "асеорхуіѕјһԁ" + "ё" + "‐‑‒–—―−" + "«»„“”" + "‘’ʼ",
    "aceopxyisjhd" + "e" + "-------" + '"""""' + "'''",
)
"""Letters that look alike in two alphabets, dashes, quotes, apostrophes, and the first of each kind."""
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбю"
_ENGLISH = "qwertyuiop[]asdfghjkl;'zxcvbnm,."
_SOUNDS: Mapping[str, str] = {
    **dict(zip("абвгдезийклмнопрстуф", "abvgdesiiklmnoprstuf", strict=True)),
    "ё": "e",
    "ж": "zh",
    "х": "h",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sh",
    "ъ": "",
    "ы": "i",
    "ь": "",
    "э": "e",
    "ю": "iu",
    "я": "ia",
}
_ENGLISH_SOUNDS = (
    *(("ciy", "tsii"), ("cij", "tsii"), ("cii", "tsii")),  # `-ция`, as in `tokenizaciya`
    *(("ph", "f"), ("qu", "kv"), ("ck", "k"), ("kh", "h"), ("shch", "sh"), ("sch", "sh"), ("th", "t"), ("ch", "4")),
    *(("x", "ks"), ("q", "k"), ("c", "k"), ("w", "v"), ("y", "i"), ("j", "i"), ("z", "s"), ("4", "ch"), ("sh", "6")),
)


class Near(NamedTuple):
    """A known word near another one; `only` when no second one is as near."""

    word: str
    how: How
    only: bool


class Vocabulary:
    """Words to choose from, as they are compared; tables about them are made when first asked for. Make it once."""

    __slots__ = (
        "_begins",
        "_endless",
        "_known_looks",
        "_lengths",
        "_looks",
        "_parts",
        "_sounds",
        "_stems",
        "_voices",
        "words",
    )

    def __init__(self, words: Iterable[str], looks: Mapping[str, Sequence[str]] | None) -> None:
        self.words = frozenset(words)
        self._known_looks = looks
        self._lengths: dict[int, list[str]] = {}
        self._parts: dict[str, list[str]] = {}
        self._looks: dict[str, list[str]] = {}
        self._begins: dict[str, list[str]] = {}
        self._stems: dict[tuple[str, ...], Mapping[tuple[str, ...], Sequence[str]]] = {}
        self._endless: dict[str, str] = {}
        self._sounds: dict[str, list[str]] = {}
        self._voices: dict[str, Mapping[str, Sequence[str]]] = {}

    def of_length(self, length: int) -> Sequence[str]:
        """The words of so many characters, in order: of many that are equally near the first few are looked at."""
        if not self._lengths:
            for word in sorted(self.words):
                self._lengths.setdefault(len(word), []).append(word)
        return self._lengths.get(length, ())

    def with_part(self, part: str) -> Sequence[str]:
        """The words that have this among their space-separated parts."""
        if not self._parts:
            for word in self.words:
                for each in word.split():
                    self._parts.setdefault(each, []).append(word)
        return self._parts.get(part, ())

    def inflecting(self, word: str) -> Sequence[str]:
        """The words whose parts, one by one, have the same stems; only those that begin alike are stemmed."""
        if not self._begins:
            for each in self.words:
                self._begins.setdefault(_first_letters(each), []).append(each)
        begin = _begin(word)
        if begin not in self._stems:
            near = (each for each in self._begins.get(_first_letters(word), ()) if _begin(each) == begin)
            self._stems[begin] = _grouped(near, self._stemmed)
        return self._stems[begin].get(self._stemmed(word), ())

    def looking(self, shape: str) -> Sequence[str]:
        """The words that look like this (see `look`)."""
        if self._known_looks is not None:
            return self._known_looks.get(shape, ())
        if not self._looks:
            for word in self.words:
                self._looks.setdefault(look(word), []).append(word)
        return self._looks.get(shape, ())

    def sounding(self, voice: str) -> Sequence[str]:
        """The words that sound like this (see `_voice`); only those that begin with the same sound are looked at."""
        if not self._sounds:
            for letter, words in _grouped(self.words, lambda word: word[:1]).items():
                self._sounds.setdefault(_first_sound(letter), []).extend(words)
        first = _first_sound(voice)
        if first not in self._voices:
            self._voices[first] = _grouped(self._sounds.get(first, ()), _voice)
        return self._voices[first].get(voice, ())

    def _stemmed(self, word: str) -> tuple[str, ...]:
        return tuple([self._stem(part) for part in word.split()])

    def _stem(self, part: str) -> str:
        if part not in self._endless:
            self._endless[part] = _stemmer("russian" if _is_cyrillic(part) else "english")(part.replace("ё", "е"))
        return self._endless[part]


def _grouped(words: Iterable[str], by: Callable[[str], _Group]) -> Mapping[_Group, Sequence[str]]:
    found: dict[_Group, list[str]] = {}
    for word in words:
        found.setdefault(by(word), []).append(word)
    return found


def vocabulary(words: Iterable[str], looks: Mapping[str, Sequence[str]] | None = None) -> Vocabulary:
    """Prepare words, which are compared as they stand, for many questions; `looks` has them by `look`, if known."""
    return Vocabulary(words, looks)


def nearest(word: str, known: Vocabulary) -> Near | None:
    """The known name that a word was probably meant to be: surer reasons go before less sure ones."""
    ways: tuple[tuple[How, Callable[[str, Vocabulary], Iterable[str]]], ...] = (
        ("look", _alike),
        ("keyboard", _other_keyboard),
        ("inflected", _inflected),
        ("sound", _spoken),
    )
    for how, way in ways:
        found = sorted(set(way(word, known)) - {word})
        if found:
            return Near(found[0], how, len(found) == 1)
    typo = _misspelled(word, known)
    if typo:
        return Near(typo, "typo", True)
    part = _shortened(word, known)
    return Near(part, "part", True) if part else None


def closest(word: str, known: Vocabulary) -> str | None:
    """The known word that `word` was probably meant to be: a few letters away, or with some of its parts left out."""
    return _misspelled(word, known) or _shortened(word, known)


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The nearest of a few candidates, whatever their case."""
    folded = {candidate.lower(): candidate for candidate in candidates}
    near = closest(word.lower(), vocabulary(folded))
    return None if near is None else folded[near]


# ---------------------------------------------------------------- looks and keyboards


def look(key: str) -> str:
    """What a name looks like: white space, dashes, ё and letters of two alphabets made one, invisible ones left out."""
    if key.isascii():
        return " ".join(key.split()) if "  " in key or key[:1] == " " or key[-1:] == " " else key
    folded = unicodedata.normalize("NFKC", key).translate(_LOOKS)
    if not folded.isprintable():
        folded = "".join(char for char in folded if char.isspace() or unicodedata.category(char) not in ("Cf", "Cc"))
    return " ".join(folded.split())


def _alike(word: str, known: Vocabulary) -> Iterable[str]:
    return known.looking(look(word))


def _other_keyboard(word: str, known: Vocabulary) -> Iterator[str]:
    for one, other in ((_ENGLISH, _RUSSIAN), (_RUSSIAN, _ENGLISH)):
        typed = word.translate(str.maketrans(one, other))
        if typed in known.words and len(word) > _BEGIN:
            yield typed


# ---------------------------------------------------------------- endings


def _inflected(word: str, known: Vocabulary) -> Iterable[str]:
    return (found for found in known.inflecting(word) if _only_endings(word.split(), found.split()))


def _only_endings(parts: Sequence[str], others: Sequence[str]) -> bool:
    """Whether nothing but inflections differ: `compilation` and `compiling` are no forms of `compiler`."""
    for one, other in zip(parts, others, strict=True):
        pairs = enumerate(zip(one, other, strict=False))
        common = next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))
        endings = one[common:], other[common:]
        known = all(len(end) <= _ENDING if _is_cyrillic(one) else end in _ENGLISH_ENDINGS for end in endings)
        if not known:
            return False
    return True


def _begin(word: str) -> tuple[str, ...]:
    return tuple([part[:_BEGIN].replace("ё", "е") for part in word.split()])


def _first_letters(word: str) -> str:
    """Those of the first part: words that begin otherwise need not be taken apart."""
    return word.lstrip()[:_BEGIN].rstrip().replace("ё", "е")


def _is_cyrillic(part: str) -> bool:
    return any("а" <= char <= "ё" for char in part)


def _stemmer(language: str) -> Callable[[str], str]:
    import snowballstemmer  # type: ignore[import-untyped]

    return snowballstemmer.stemmer(language).stemWord  # type: ignore[no-any-return]


# ---------------------------------------------------------------- sounds


def _spoken(word: str, known: Vocabulary) -> Iterable[str]:
    """Names that are written otherwise, in another alphabet or with other letters, and sound the same."""
    return known.sounding(_voice(word)) if len(word) > _BEGIN + 1 else ()


def _voice(word: str) -> str:
    """Latin letters for how a word sounds, whatever its alphabet: `софтмакс` and `softmax` are `softmaks`."""
    plain = "".join(_SOUNDS.get(char, char) for char in word)
    for letters, sound in _ENGLISH_SOUNDS:
        if letters in plain:
            plain = plain.replace(letters, sound)
    return "".join(char for char, before in zip(plain, " " + plain, strict=False) if char != before)


def _first_sound(word: str) -> str:
    return _voice(word[:1])[:1].replace("6", "s").replace("p", "f")


# ---------------------------------------------------------------- slips


def _misspelled(word: str, known: Vocabulary) -> str | None:
    from rapidfuzz import process
    from rapidfuzz.distance import OSA, Levenshtein

    # In short words one other letter makes another word: `health` is not meant to be `death`.
    allowed = 0 if len(word) <= 3 else 1 if len(word) <= 7 else 2 if len(word) <= 13 else 3
    if not allowed:
        return None
    # Swapped letters are two edits for the quick measure and one for the exact one.
    loose = max(2, allowed)
    best: tuple[int, str] | None = None
    for length in range(len(word) - loose, len(word) + loose + 1):
        bucket = known.of_length(length)
        for found, _, _ in process.extract(word, bucket, scorer=Levenshtein.distance, score_cutoff=loose, limit=5):
            rank = (OSA.distance(word, found), found)
            if rank[0] <= min(allowed, length - 1) and (best is None or rank < best):
                best = rank
    return best[1] if best else None


def _shortened(word: str, known: Vocabulary) -> str | None:
    """The known word most like this one among those with all of its parts and more, or with fewer and no other."""
    parts = set(word.split())
    sharing: dict[str, None] = {}
    for part in parts:
        words = known.with_part(part)
        if len(words) <= COMMON:
            sharing.update(dict.fromkeys(words))
    nested = [found for found in sharing if parts <= (other := set(found.split())) or other <= parts]
    ranked = [(-min(len(word), len(found)) / max(len(word), len(found)), found) for found in nested]
    best = min(ranked, default=(0.0, ""))
    return best[1] if -best[0] >= COVERED else None
