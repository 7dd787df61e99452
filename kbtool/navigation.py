"""What stands in the site's navigation: what its author wrote, else the pages that lead everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kbtool.render import urls
from kbtool.render.site import ALL, LISTS
from kbtool.values import Page


def home_path(nav: Any) -> str:
    """The path that the navigation begins with, empty when it begins with a section."""
    first = nav[0] if isinstance(nav, list) and nav else ""
    if isinstance(first, dict):
        first = next(iter(first.values()), "")
    return first if isinstance(first, str) else ""


def navigation(nav: Any, pages: Mapping[str, Page]) -> Any:
    """The navigation in the form that MkDocs takes; `pages` are by the names that it knows them under."""
    if not nav:
        return _lists(pages)
    return _named(nav, {page.path: name for name, page in pages.items() if page.path})


def _lists(pages: Mapping[str, Page]) -> list[str]:
    """The navigation where nobody wrote one: the home page, and the lists that lead everywhere."""
    places = {page.slug: name for name, page in pages.items()}
    return [places[slug] for slug in (urls.HOME, *LISTS, ALL) if slug in places]


def _named(nav: Any, by_path: Mapping[str, str]) -> Any:
    """The user's navigation with notes' paths replaced by our pages' names."""
    match nav:
        case str():
            return by_path.get(nav, nav)
        case list():
            return [_named(item, by_path) for item in nav]
        case dict():
            return {title: _named(item, by_path) for title, item in nav.items()}
        case _:
            return nav
