"""A finished page as themes see one: with the attributes of MkDocs' pages that do not come from MkDocs' own work."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from kbtool.render.urls import HOME
from kbtool.values import Heading, Page


class Link:
    """An entry in a table of contents."""

    __slots__ = ("active", "children", "id", "level", "title")

    def __init__(self, heading: Heading) -> None:
        self.title = heading.title
        self.id = heading.anchor
        self.level = heading.level
        self.children: list[Link] = []
        self.active = False

    @property
    def url(self) -> str:
        """The way to it on its page."""
        return "#" + self.id


class Contents:
    """A table of contents."""

    __slots__ = ("items",)

    def __init__(self, items: list[Link]) -> None:
        self.items = items

    def __iter__(self) -> Iterator[Link]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def contents(headings: Sequence[Heading]) -> Contents:
    """The headings as the nested links that themes expect; the first is the active one."""
    top: list[Link] = []
    stack: list[Link] = []
    for heading in headings:
        link = Link(heading)
        while stack and stack[-1].level >= heading.level:
            stack.pop()
        (stack[-1].children if stack else top).append(link)
        stack.append(link)
    if top:
        top[0].active = True
    return Contents(top)


def title(page: Page) -> str:
    """The title, which themes show as it is."""
    return escape(page.title)


def meta(page: Page) -> dict[str, Any]:
    """What front matter would say."""
    found: dict[str, Any] = {"title": title(page)} if page.slug != HOME else {}
    found["search"] = {"exclude": True}  # the index is ours
    if not page.listed:
        found["robots"] = "noindex"
    if page.tags:
        found["tags"] = list(page.tags)
    return found


class Told(NamedTuple):
    """What MkDocs makes of a page's place."""

    url: str
    canonical_url: str | None
    abs_url: str | None
    edit_url: str | None


class Ready:
    """A page with all that shells are filled with, as MkDocs would have it."""

    __slots__ = ("_told", "content", "meta", "title", "toc")

    def __init__(self, page: Page, told: Told) -> None:
        self._told = told
        self.content = page.html
        self.meta = meta(page)
        self.title = title(page)
        self.toc = contents(page.toc)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._told, name)
