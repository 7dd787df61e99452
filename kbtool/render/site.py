"""The whole site as a value: the notes' pages, the pages made for it, and the files that belong to them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from kbtool.graph import ToAsset
from kbtool.names import title
from kbtool.render.context import Entry, RenderContext
from kbtool.render.graph import GRAPH
from kbtool.render.html import element, escape
from kbtool.render.journals import JOURNALS
from kbtool.render.made import TAGS
from kbtool.render.recent import CHANGES
from kbtool.render.urls import HOME, Place, is_published
from kbtool.render.words import words
from kbtool.values import File, Heading, Page, Slug, shut

ALL = Slug("all")
"""The place of the list of all pages."""
LISTS = (JOURNALS, TAGS, GRAPH, CHANGES)
"""The places of lists, where a base has something to list."""


@dataclass(frozen=True, slots=True)
class SiteInput:
    """What the site is made of.

    `assets` are paths in the base of the files that notes refer to, `files` what was made for the site as a whole.
    """

    pages: tuple[Page, ...]
    assets: tuple[str, ...]
    files: tuple[File, ...] = ()


def assemble(context: RenderContext, pages: Sequence[Page], rules: Sequence[Page] = ()) -> SiteInput:
    """The site of these notes' pages: with a list of all, which is the home page too where no note is that.

    `rules` are the pages of the rules, the table of all first; the list of all pages leads there.
    """
    lists = [page for page in pages if page.slug in LISTS] + list(rules[:1])
    made = [_all_pages(context, ALL, lists)]
    if not any(page.slug == HOME for page in pages):
        made.append(_all_pages(context, HOME, lists))
    return SiteInput((*pages, *made, *rules), _assets(context.entries.values()))


def _assets(entries: Iterable[Entry]) -> tuple[str, ...]:
    targets = (target for entry in entries for _, target in entry.mentions)
    return tuple(sorted({t.path for t in targets if isinstance(t, ToAsset) and is_published(t.path)}))


# ---------------------------------------------------------------- the list of all pages


def _all_pages(context: RenderContext, slug: Slug, lists: Sequence[Page]) -> Page:
    says = words(context.look.language)
    place = Place(slug, context.look.directory_urls)
    entries = sorted(context.entries.values(), key=_order)
    letters = "".join(_letter(place, letter, group) for letter, group in groupby(entries, _initial))
    count = element("span", {"class": "kb-count"}, str(len(entries)))
    html = element("header", {"class": "kb-head"}, element("h1", {"id": "all"}, f"{says.all_pages} {count}"))
    body = element("div", {"class": "kb-index", "data-search-exclude": ""}, letters)
    links = " · ".join(element("a", {"href": place.page(page.slug)}, escape(page.title)) for page in lists)
    if links:
        body = element("p", {"class": "kb-index__lists"}, links) + body
    return Page(slug, says.all_pages, shut(html + body), (Heading(says.all_pages, "all", 1),), "", ())


def _order(entry: Entry) -> tuple[bool, str, str]:
    """Letters first, each with its marks off, then the rest."""
    folded = unicodedata.normalize("NFKD", title(entry.note.name).casefold())
    bare = "".join(char for char in folded if not unicodedata.combining(char)).lstrip("[(«\"'# ")
    return not bare[:1].isalpha(), bare, entry.note.name


def _initial(entry: Entry) -> str:
    other, bare, _ = _order(entry)
    return "…" if other else bare[:1].upper()


def _letter(place: Place, letter: str, entries: Iterable[Entry]) -> str:
    items = "".join(element("li", {}, _item(place, entry)) for entry in entries)
    return element("section", {"class": "kb-index__letter"}, element("h2", {}, letter) + element("ul", {}, items))


def _item(place: Place, entry: Entry) -> str:
    return element("a", {"href": place.page(entry.slug)}, escape(title(entry.note.name), quote=False))
