"""Words without their endings, in Russian and English, so that `весов` and `вес` are the same word."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snowballstemmer.basestemmer import BaseStemmer  # type: ignore[import-untyped]

_VOWELS = frozenset("аеиоуыэюя")
# Letters behind a vowel that comes and goes: нейронка and нейронок, отец and отца, окно and окон.
_FLEETING = frozenset("кцн")
_STOP_WORDS = frozenset(
    "и или а но да не ни на в во с со к ко у о об от до из за по под над при для без через про между как так "
    "что чтобы если когда где куда кто чей это этот эта эти того тому тот та те то он она оно они его ее их им "
    "ему ей мы вы ты я мой твой свой наш ваш себя весь вся все всё всего всех всем всеми был была было были "
    "быть есть будет будут нет уже еще ещё тоже также только лишь даже ли же бы вот там тут здесь потом затем "
    "теперь сейчас потому поэтому можно нужно надо очень более менее самый такой какой который один два три "
    "раз другой каждый любой сам the a an and or but not no nor of to in on at by for from with without into "
    "onto over under as is are was were be been being do does did done has have had having it its this that "
    "these those there here then than when where which who whom whose what why how if else so such can could "
    "may might must shall should will would we you he she they me him her them us our your his their my mine "
    "one two all any some each every both more most less least other another same only just also too very own "
    "about after before again out up down off new old use used using see get let".split()
)


def is_common(word: str) -> bool:
    """Whether a lower-case word says nothing by itself."""
    return word in _STOP_WORDS


def common_words() -> frozenset[str]:
    """All words of which `is_common` says so."""
    return _STOP_WORDS


class Stems:
    """Gives the stems of lower-case words and remembers them: a base has few words, each of them often."""

    __slots__ = ("_english", "_known", "_russian")

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._russian: BaseStemmer | None = None
        self._english: BaseStemmer | None = None

    def stem(self, word: str) -> str:
        """What stays the same in a word's forms; `ё` counts as `е`."""
        known = self._known.get(word)
        if known is None:
            known = self._known[word] = self._made(word.replace("ё", "е"))
        return known

    def _made(self, word: str) -> str:
        if self._russian is None or self._english is None:
            import snowballstemmer  # type: ignore[import-untyped]  # waits for the first word: most commands need none

            self._russian, self._english = snowballstemmer.stemmer("russian"), snowballstemmer.stemmer("english")
        if len(word) > 60 or not word.isalpha():
            return word
        if word.isascii():
            return str(self._english.stemWord(word))
        if not "а" <= word[-1] <= "я":
            return word  # no ending of Russian: most words of a base in Chinese
        return _without_fleeting(str(self._russian.stemWord(word)))


def _without_fleeting(stem: str) -> str:
    if len(stem) > 3 and stem[-1] in _FLEETING and stem[-2] in "ое" and stem[-3] not in _VOWELS:
        return stem[:-2] + stem[-1]
    return stem
