"""Did-you-mean: the nearest of many words to one that nobody knows.

`rapidfuzz` measures the distances: `difflib` needs 50 ms for one word among 10,000 page names, `rapidfuzz` a
millisecond, and grouping the words by length and by their parts makes that a tenth. Its import takes 40 ms, so it waits
for the first miss.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

COMMON = 300
"""A part that more words share than this tells nothing about which of them was meant."""
COVERED = 0.5
"""Least share of the longer of two names that the shorter one must make up: half a name missing is still it."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words to choose from, as they are compared, by their length and by each of their space-separated parts."""

    by_length: Mapping[int, Sequence[str]]
    by_part: Mapping[str, Sequence[str]]


def vocabulary(words: Iterable[str]) -> Vocabulary:
    """Prepare words, which are compared as they stand, for many questions."""
    by_length: dict[int, list[str]] = {}
    by_part: dict[str, list[str]] = {}
    for word in words:
        by_length.setdefault(len(word), []).append(word)
        for part in word.split():
            by_part.setdefault(part, []).append(word)
    return Vocabulary(by_length, by_part)


def closest(word: str, known: Vocabulary) -> str | None:
    """The known word that `word` was probably meant to be: a few letters away, or with some of its parts left out."""
    return _misspelled(word, known) or _shortened(word, known)


def did_you_mean(word: str, candidates: Iterable[str]) -> str | None:
    """The nearest of a few candidates, whatever their case."""
    folded = {candidate.lower(): candidate for candidate in candidates}
    nearest = closest(word.lower(), vocabulary(folded))
    return None if nearest is None else folded[nearest]


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
        bucket = known.by_length.get(length, ())
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
        words = known.by_part.get(part, ())
        if len(words) <= COMMON:
            sharing.update(dict.fromkeys(words))
    nested = [found for found in sharing if parts <= (other := set(found.split())) or other <= parts]
    ranked = [(-min(len(word), len(found)) / max(len(word), len(found)), found) for found in nested]
    best = min(ranked, default=(0.0, ""))
    return best[1] if -best[0] >= COVERED else None
