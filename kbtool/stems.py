"""Words without their endings, in Russian and English, so that `весов` and `вес` are the same word."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from posixpath import commonprefix
from typing import TYPE_CHECKING, NamedTuple

from kbtool import word_forms
from kbtool.patterns import regex

if TYPE_CHECKING:
    import re

    from snowballstemmer.basestemmer import BaseStemmer  # type: ignore[import-untyped]

# What English inflection adds, also behind a doubled consonant (running).
_ENDINGS = frozenset(("", "ing", "ed", "s", "es", "e", "y", "ies", "ied", "d"))
_LONGEST = 60  # letters of a word that has endings
_LONGEST_PREFIX = 11  # letters before a root, and one
_STOP_WORDS = frozenset(
    "и или а но да не ни на в во с со к ко у о об от до из за по под над при для без через про между как так "
    "что чтобы если когда где куда кто чей это этот эта эти того тому тот та те то он она оно они его ее их им "
    "ему ей мы вы ты я мой твой свой наш ваш себя весь вся все всё всего всех всем всеми был была было были "
    "быть есть будет будут нет уже еще ещё тоже также только лишь даже ли же бы вот там тут здесь потом затем "
    "теперь сейчас потому поэтому можно нужно надо очень более менее самый такой какой который один два три "
    "раз ведь хотя пусть тем теми другой каждый любой сам "
    "the a an and or but not no nor of to in on at by for from with without into "
    "onto over under as is are was were be been being do does did done has have had having it its this that "
    "these those there here then than when where which who whom whose what why how if else so such can could "
    "may might must shall should will would we you he she they me him her them us our your his their my mine "
    "one two all any some each every both more most less least other another same only just also too very own "
    "about after before again out up down off new old use used using see get let".split()
)
_WHOLE = regex(word_forms.WHOLE)


def is_common(word: str) -> bool:
    """Whether a lower-case word says nothing by itself."""
    return word in _STOP_WORDS


def common_words() -> frozenset[str]:
    """All words of which `is_common` says so."""
    return _STOP_WORDS


class Stems:
    """Gives the stems of lower-case words and remembers them: a base has few words, each of them often."""

    __slots__ = ("_known", "_stemmer")

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._stemmer: BaseStemmer | None = None

    def stem(self, word: str) -> str:
        """What stays the same in a word's forms; `ё` counts as `е`."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._made(word.replace("ё", "е"))
        return known

    def are_forms(self, word: str, other: str) -> bool:
        """Whether two words of one stem are forms of one word, which English ones may not be: author, authority."""
        if word == other or not (word.isascii() and other.isascii()):
            return True
        word, other = _forms().base(word), _forms().base(other)
        shared = len(commonprefix((word, other)))
        doubled = word[shared - 1 : shared]
        return all(
            rest.removeprefix(doubled) in _ENDINGS or rest in _ENDINGS for rest in (word[shared:], other[shared:])
        )

    def _made(self, word: str) -> str:
        if len(word) > _LONGEST or not word.isalpha():
            return word
        if word.isascii():
            if self._stemmer is None:
                import snowballstemmer  # type: ignore[import-untyped]  # waits for the first word

                self._stemmer = snowballstemmer.stemmer("english")
            return str(self._stemmer.stemWord(_forms().base(word)))
        if not "а" <= word[-1] <= "я":
            return word  # no ending of Russian: most words of a base in Chinese
        return _forms().russian(word)


class _Forms(NamedTuple):
    """The tables of `word_forms`, ready for use."""

    irregular: Mapping[str, str]
    roots: Mapping[str, str]
    prefixes: frozenset[str]
    rules: Mapping[str, Sequence[tuple[re.Pattern[str], str]]]

    def base(self, word: str) -> str:
        if word in self.irregular or not word.isascii():
            return self.irregular.get(word, word)
        for prefix in word_forms.ENGLISH_PREFIXES:
            if word.startswith(prefix) and word[len(prefix) :] in self.irregular:
                return prefix + self.irregular[word[len(prefix) :]]
        return self._changed("latin", word) if word.endswith(("ses", "ices")) else word

    def russian(self, word: str) -> str:
        word = self._changed("reflexive", self.base(word))
        known = self._rooted(word)
        if known:
            return known
        bare = self._changed("verbs", word)
        if bare == word and not _WHOLE.search(word):
            bare = self._changed("endings", word)
        stem = self._changed("suffixes", bare.rstrip("ь")).rstrip("ь")
        return self._changed("fleeting", stem) if stem[-2:-1] in ("е", "о") else stem

    def _rooted(self, word: str) -> str:
        """The stem of a form whose root has several, empty when it is none."""
        for at in range(min(len(word), _LONGEST_PREFIX)):
            made = self.roots.get(word[at:])
            if made and word[:at] in self.prefixes and not made.startswith("=*"[not at]):
                return word[:at] + made.lstrip("=*")
        return ""

    def _changed(self, step: str, word: str) -> str:
        """The word as the first rule that it matches makes it."""
        for pattern, instead in self.rules[step]:
            found = pattern.match(word)
            if found:
                return found.expand(instead)
        return word


@cache
def _forms() -> _Forms:
    """Made ready when the first word comes: most commands need none."""
    rules = {
        step: [(regex(pattern), instead.replace("$", "\\")) for pattern, instead in rules]
        for step, rules in word_forms.RULES.items()
    }
    return _Forms(word_forms.irregular(), word_forms.roots(), word_forms.prefixes(), rules)
