"""What the site says around its graphs, by language; what the drawings themselves say stands in their script."""

from __future__ import annotations

from typing import NamedTuple

from kbtool.render.words import Language


class GraphWords(NamedTuple):
    """Texts about graphs."""

    title: str
    about: str
    hubs: str
    more: str
    local: str


_RUSSIAN = GraphWords(
    title="Граф",
    about="Страницы и ссылки между ними; рядом стоит то, что связано теснее.",
    hubs="Страницы, с которыми связано больше всего других",
    more="и ещё",
    local="Граф: что рядом с этой страницей",
)
_ENGLISH = GraphWords(
    title="Graph",
    about="Pages and the links between them; what is linked more closely stands together.",
    hubs="Pages that most others are linked with",
    more="and more:",
    local="Graph: what is near this page",
)


def graph_words(language: Language) -> GraphWords:
    """The texts in one language."""
    return _RUSSIAN if language == "ru" else _ENGLISH
