"""The whole site as a value: the notes' pages, the pages made for it, and the files that belong to them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from kbtool.graph import ToAsset
from kbtool.layout import laid_out
from kbtool.names import title
from kbtool.render.context import Entry, RenderContext
from kbtool.render.graph import GRAPH, data, graph_page, web
from kbtool.render.graph_words import graph_words
from kbtool.render.html import element, escape
from kbtool.render.urls import HOME, Place, is_published
from kbtool.render.words import words
from kbtool.values import File, Heading, Page, Slug

ALL = Slug("all")
"""The place of the list of all pages."""


@dataclass(frozen=True, slots=True)
class SiteInput:
    """What the site is made of.

    `assets` are paths in the base of the files that notes refer to, `files` what was made for the site as a whole.
    """

    pages: tuple[Page, ...]
    assets: tuple[str, ...]
    files: tuple[File, ...] = ()


def assemble(context: RenderContext, pages: Sequence[Page], rules: Sequence[Page] = ()) -> SiteInput:
    """The site of these notes' pages: with their graph, and a list of all, the home page too where no note is that.

    `rules` are the pages of the rules, the table of all first; the list of all pages leads there.
    """
    made = [_all_pages(context, ALL, rules)]
    if not any(page.slug == HOME for page in pages):
        made.append(_all_pages(context, HOME, rules))
    found = web(context)
    layout = laid_out(len(found.notes), found.edges, {}).layout
    files = (data(found, layout, context),)
    return SiteInput((*pages, *made, graph_page(found, context), *rules), _assets(context.entries.values()), files)


def _assets(entries: Iterable[Entry]) -> tuple[str, ...]:
    targets = (target for entry in entries for _, target in entry.mentions)
    return tuple(sorted({t.path for t in targets if isinstance(t, ToAsset) and is_published(t.path)}))


# ---------------------------------------------------------------- the list of all pages


def _all_pages(context: RenderContext, slug: Slug, rules: Sequence[Page]) -> Page:
    says = words(context.look.language)
    place = Place(slug, context.look.directory_urls)
    entries = sorted(context.entries.values(), key=_order)
    letters = "".join(_letter(place, letter, group) for letter, group in groupby(entries, _initial))
    count = element("span", {"class": "kb-count"}, str(len(entries)))
    html = element("header", {"class": "kb-head"}, element("h1", {"id": "all"}, f"{says.all_pages} {count}"))
    graph = element("a", {"href": place.page(GRAPH)}, graph_words(context.look.language).title)
    html += element("p", {"class": "kb-index__graph"}, graph)
    body = element("div", {"class": "kb-index", "data-search-exclude": ""}, letters)
    if rules:
        link = element("a", {"href": place.page(rules[0].slug)}, says.rules)
        body += element("p", {"class": "kb-index__rules"}, link)
    return Page(slug, says.all_pages, html + body, (Heading(says.all_pages, "all", 1),), "", ())


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
