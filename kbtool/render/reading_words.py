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
    older: str
    newer: str
    journals: str
    earlier_day: str
    later_day: str
    months: tuple[str, ...]
    weekdays: tuple[tuple[str, str], ...]
    changes: str
    changes_note: str
    feed: str
    created: str
    changed: str
    new: str
    moved: str
    near: str
    diagram: str
    diagram_source: str
    bad_diagram: str
    undrawn_diagram: str


RUSSIAN = ReadingWords(
    unwritten_page="Эта страница ещё не написана. Вот где её упоминают.",
    all_references="Все ссылки",
    references_to="Ссылки на страницу",
    filter="Упомянуто рядом",
    filter_help="Нажмите, чтобы оставить только эти блоки; с Shift — чтобы убрать их",
    inside="Страницы внутри",
    tags="Метки",
    older="Дальше",
    newer="Назад",
    journals="Журнал",
    earlier_day="Предыдущая запись",
    later_day="Следующая запись",
    months=tuple("Январь Февраль Март Апрель Май Июнь Июль Август Сентябрь Октябрь Ноябрь Декабрь".split()),
    weekdays=tuple(
        (pair[:2], pair[3:])
        for pair in "Пн/понедельник Вт/вторник Ср/среда Чт/четверг Пт/пятница Сб/суббота Вс/воскресенье".split()
    ),
    changes="Изменения",
    changes_note="Страницы, которые менялись последними",
    feed="Лента Atom",
    created="создано",
    changed="изменено",
    new="новая",
    moved="Страница переехала",
    near="Похожие страницы",
    diagram="Диаграмма",
    diagram_source="Исходный текст диаграммы",
    bad_diagram="Ошибка в диаграмме",
    undrawn_diagram="Диаграмма не нарисована",
)

ENGLISH = ReadingWords(
    unwritten_page="This page is not written yet. Here is where it is mentioned.",
    all_references="All references",
    references_to="References to",
    filter="Mentioned beside",
    filter_help="Click to keep these blocks alone; with Shift to leave them out",
    inside="Pages inside",
    tags="Tags",
    older="Next",
    newer="Back",
    journals="Journal",
    earlier_day="Earlier entry",
    later_day="Later entry",
    months=tuple("January February March April May June July August September October November December".split()),
    weekdays=tuple(
        (pair[:2], pair[3:])
        for pair in "Mo/Monday Tu/Tuesday We/Wednesday Th/Thursday Fr/Friday Sa/Saturday Su/Sunday".split()
    ),
    changes="Changes",
    changes_note="The pages that changed last",
    feed="Atom feed",
    created="created",
    changed="changed",
    new="new",
    moved="The page has moved",
    near="Pages with a name like that",
    diagram="Diagram",
    diagram_source="Source of the diagram",
    bad_diagram="Error in the diagram",
    undrawn_diagram="The diagram is not drawn",
)


def reading_words(language: Language) -> ReadingWords:
    """The texts in one language."""
    return RUSSIAN if language == "ru" else ENGLISH
