"""What the site says about finding one's way: references, names without a page, tags, journals, changes."""

from __future__ import annotations

from dataclasses import dataclass

from kbtool.render.words import Language


@dataclass(frozen=True, slots=True)
class ReadingWords:
    """One text for each thing that lists and references say."""

    unwritten_page: str
    all_references: str
    references_to: str
    filter: str
    filter_help: str
    inside: str
    tags: str
    no_tags: str
    older: str
    newer: str


RUSSIAN = ReadingWords(
    unwritten_page="Эта страница ещё не написана. Вот где её упоминают.",
    all_references="Все ссылки",
    references_to="Ссылки на страницу",
    filter="Упомянуто рядом",
    filter_help="Нажмите, чтобы оставить только эти блоки; с Shift — чтобы убрать их",
    inside="Страницы внутри",
    tags="Метки",
    no_tags="Меток пока нет",
    older="Дальше",
    newer="Назад",
)

ENGLISH = ReadingWords(
    unwritten_page="This page is not written yet. Here is where it is mentioned.",
    all_references="All references",
    references_to="References to",
    filter="Mentioned beside",
    filter_help="Click to keep these blocks alone; with Shift to leave them out",
    inside="Pages inside",
    tags="Tags",
    no_tags="There are no tags yet",
    older="Next",
    newer="Back",
)


def reading_words(language: Language) -> ReadingWords:
    """The texts in one language."""
    return RUSSIAN if language == "ru" else ENGLISH
