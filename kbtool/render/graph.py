"""The graph of the site: its data as a file, the page that shows it, and where a page's own surroundings are shown.

Without a script, or from disk where none may read a file, the page is a list of the most linked pages with what they
are linked with, and a page's surroundings are the links that stand on it already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kbtool.graph import Ambiguous, ToNote
from kbtool.layout import Layout
from kbtool.layout.communities import Edge
from kbtool.names import title
from kbtool.render.context import Entry, RenderContext
from kbtool.render.graph_words import graph_words
from kbtool.render.html import element, escape
from kbtool.render.urls import Place
from kbtool.values import File, Heading, NoteId, Page, Slug

GRAPH = Slug("graph")
"""The place of the graph's page."""
DATA = "assets/kb/graph.json"
"""Where the graph's data stand on the site."""
# What the text beside the drawing lists, whatever the size of the base.
_HUBS, _NEAR = 40, 12


class Web(NamedTuple):
    """The pages that a site shows, in the order of their numbers, and the links between them."""

    notes: tuple[NoteId, ...]
    edges: tuple[Edge, ...]


def web(context: RenderContext) -> Web:
    """The graph of all that the site shows: links, tags, embeds, quoted blocks and imports, of both directions."""
    notes = tuple(sorted(context.entries))
    numbers = {note: number for number, note in enumerate(notes)}
    counts: dict[tuple[int, int], int] = {}
    for one, other in _links(context):
        if one != other and one in numbers and other in numbers:
            pair = numbers[one], numbers[other]
            pair = pair if pair[0] < pair[1] else pair[::-1]
            counts[pair] = counts.get(pair, 0) + 1
    return Web(notes, tuple((*pair, counts[pair]) for pair in sorted(counts)))


def _links(context: RenderContext) -> Iterator[tuple[NoteId, NoteId]]:
    for note, entry in context.entries.items():
        for _, target in entry.mentions:
            if isinstance(target, ToNote | Ambiguous):
                yield note, target.note
    for note, users in context.users.items():
        for user in users:
            yield user, note


# ---------------------------------------------------------------- the file


def data(found: Web, layout: Layout, context: RenderContext) -> File:
    """The graph as the script reads it, column by column; `links` has for each page those with higher numbers."""
    entries = [context.entries[note] for note in found.notes]
    links: list[list[int]] = [[] for _ in entries]
    for one, other, _ in found.edges:
        links[one].append(other)
    columns = {
        "folders": context.look.directory_urls,
        "names": [title(entry.note.name) for entry in entries],
        "slugs": [entry.slug for entry in entries],
        "x": layout.xs,
        "y": layout.ys,
        "groups": layout.groups,
        "links": links,
    }
    return File(DATA, json.dumps(columns, ensure_ascii=False, separators=(",", ":")))


# ---------------------------------------------------------------- the page


def graph_page(found: Web, context: RenderContext) -> Page:
    """The page of the whole graph."""
    says = graph_words(context.look.language)
    place = Place(GRAPH, context.look.directory_urls)
    count = element("span", {"class": "kb-count"}, str(len(found.notes)))
    head = element("h1", {"id": "graph"}, f"{says.title} {count}") + element("p", {"class": "kb-meta"}, says.about)
    drawing = element("div", {"class": "kb-graph", "data-graph": place.file(DATA)}, "")
    html = element("header", {"class": "kb-head"}, head) + drawing + _hubs(found, context, place)
    toc = (Heading(says.title, "graph", 1),)
    return Page(GRAPH, says.title, html, toc, "", ())


def _hubs(found: Web, context: RenderContext, place: Place) -> str:
    near = _near(found)
    order = sorted(range(len(near)), key=lambda node: (-len(near[node]), node))
    hubs = [node for node in order[:_HUBS] if near[node]]
    if not hubs:
        return ""
    says = graph_words(context.look.language)
    links = [_link(context.entries[note], place) for note in found.notes]
    items = []
    for hub in hubs:
        others = sorted(near[hub], key=lambda node: (-near[hub][node], -len(near[node]), node))
        named = "".join(element("li", {}, links[node]) for node in others[:_NEAR])
        if len(others) > _NEAR:
            named += element("li", {"class": "kb-hubs__more"}, f"{says.more} {len(others) - _NEAR}")
        count = element("span", {"class": "kb-count"}, str(len(others)))
        items.append(element("li", {}, links[hub] + count + element("ul", {}, named)))
    body = element("h2", {"id": "hubs"}, says.hubs) + element("ol", {}, "".join(items))
    return element("section", {"class": "kb-hubs", "data-search-exclude": ""}, body)


def _near(found: Web) -> Sequence[Mapping[int, int]]:
    near: list[dict[int, int]] = [{} for _ in found.notes]
    for one, other, count in found.edges:
        near[one][other] = near[other][one] = count
    return near


def _link(entry: Entry, place: Place) -> str:
    return element("a", {"href": place.page(entry.slug)}, escape(title(entry.note.name), quote=False))


# ---------------------------------------------------------------- what is near a page


def local_html(entry: Entry, context: RenderContext) -> str:
    """Where a page shows its surroundings once a reader asks for them; the script does without a file where it must."""
    says = graph_words(context.look.language)
    place = Place(entry.slug, context.look.directory_urls)
    pairs = {"class": "kb-local", "data-graph": place.file(DATA), "data-slug": entry.slug, "data-search-exclude": ""}
    return element("details", pairs, element("summary", {}, says.local))
