"""The graph of the site: its data as a file, the page that shows it, and where a page's own surroundings are shown.

Without a script, or from disk where none may read a file, the page is a list of the most linked pages with what they
are linked with, and a page's surroundings are the links that stand on it already.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from kbtool.graph import Ambiguous, Missing, ToNote, ToNothing
from kbtool.layout import Layout
from kbtool.layout.communities import Edge
from kbtool.names import key, parents, title
from kbtool.render.context import Entry, Look, RenderContext
from kbtool.render.graph_words import GraphWords, graph_words
from kbtool.render.html import element, escape
from kbtool.render.urls import Place
from kbtool.values import File, Heading, Page, Slug, shut

GRAPH = Slug("graph")
"""The place of the graph's page."""
DATA = "assets/kb/graph.json"
"""Where the graph's data stand on the site."""
AROUND = "assets/kb/near/"
"""Where what is near each page stands (`surroundings.py`), and what says which files there are."""
AROUND_DIRECTORY = f"{AROUND}index.json"
# What the text beside the drawing lists, whatever the size of the base.
_HUBS, _NEAR = 40, 12


class Node(NamedTuple):
    """A page of the site; one that is only mentioned is not `written`."""

    name: str
    slug: Slug
    journal: bool = False
    written: bool = True


class Web(NamedTuple):
    """The pages that a site shows, numbered from 0, those that are not written last, and the links between them."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def web(context: RenderContext) -> Web:
    """The graph of all that the site shows: links, tags, embeds, quoted blocks, imports and namespaces."""
    numbers: dict[Slug, int] = {}
    nodes: list[Node] = []
    for _, entry in sorted(context.entries.items()):
        numbers[entry.slug] = len(nodes)
        nodes.append(Node(title(entry.name), entry.slug, entry.note.journal is not None))
    counts: dict[tuple[int, int], int] = {}
    for one, other in _links(context):
        if other.slug not in numbers:
            numbers[other.slug] = len(nodes)
            nodes.append(other)
        pair = numbers[one], numbers[other.slug]
        pair = pair if pair[0] < pair[1] else pair[::-1]
        if pair[0] != pair[1]:
            counts[pair] = counts.get(pair, 0) + 1
    return Web(tuple(nodes), tuple((*pair, counts[pair]) for pair in sorted(counts)))


def _links(context: RenderContext) -> Iterator[tuple[Slug, Node]]:
    """Links by where they stand and what they lead to, in the order of the notes."""
    entries = context.entries
    for _, entry in sorted(entries.items()):
        for reference, target in entry.mentions:
            if isinstance(target, ToNote | Ambiguous):
                if target.note in entries:
                    yield entry.slug, _node(entries[target.note])
            elif isinstance(target, Missing | ToNothing) and reference.key in context.unwritten:
                yield entry.slug, Node(title(reference.name), context.unwritten[reference.key], written=False)
        for parent in parents(entry.name)[-1:]:
            yield from ((entry.slug, node) for node in _named(context, parent))
    for note, users in sorted(context.users.items()):
        if note in entries:
            yield from ((entries[user].slug, _node(entries[note])) for user in users if user in entries)


def _node(entry: Entry) -> Node:
    return Node(title(entry.name), entry.slug)


def _named(context: RenderContext, name: str) -> Iterator[Node]:
    """The page with a name, written or not."""
    notes = [note for note in context.pages.get(key(name), ()) if note in context.entries]
    if notes:
        yield _node(context.entries[notes[0]])
    elif key(name) in context.unwritten:
        yield Node(title(name), context.unwritten[key(name)], written=False)


# ---------------------------------------------------------------- the file


def data(found: Web, layout: Layout, look: Look) -> File:
    """The graph as the script reads it, column by column.

    `links` has for each page those with higher numbers, `written` says how many pages are, `journals` which are days.
    """
    links: list[list[int]] = [[] for _ in found.nodes]
    for one, other, _ in found.edges:
        links[one].append(other)
    columns = {
        "folders": look.directory_urls,
        "written": sum(node.written for node in found.nodes),
        "journals": [number for number, node in enumerate(found.nodes) if node.journal],
        "names": [node.name for node in found.nodes],
        "slugs": [node.slug for node in found.nodes],
        "x": layout.xs,
        "y": layout.ys,
        "groups": layout.groups,
        "links": links,
    }
    return File(DATA, json.dumps(columns, ensure_ascii=False, separators=(",", ":")))


# ---------------------------------------------------------------- the page


def graph_page(found: Web, look: Look) -> Page:
    """The page of the whole graph."""
    says = graph_words(look.language)
    place = Place(GRAPH, look.directory_urls)
    count = element("span", {"class": "kb-count"}, str(len(found.nodes)))
    head = element("h1", {"id": "graph"}, f"{says.title} {count}") + element("p", {"class": "kb-meta"}, says.about)
    drawing = element("div", {"class": "kb-graph", "data-graph": place.file(DATA)}, "")
    html = element("header", {"class": "kb-head"}, head) + drawing + _hubs(found, place, says)
    return Page(GRAPH, says.title, shut(html), (Heading(says.title, "graph", 1),), "", ())


def _hubs(found: Web, place: Place, says: GraphWords) -> str:
    near = _near(found)
    order = sorted(range(len(near)), key=lambda node: (-len(near[node]), node))
    items = []
    for hub in order[:_HUBS]:
        others = sorted(near[hub], key=lambda node: (-near[hub][node], -len(near[node]), node))
        if others:
            named = "".join(element("li", {}, _link(found.nodes[node], place)) for node in others[:_NEAR])
            if len(others) > _NEAR:
                named += element("li", {"class": "kb-hubs__more"}, f"{says.more} {len(others) - _NEAR}")
            count = element("span", {"class": "kb-count"}, str(len(others)))
            items.append(element("li", {}, _link(found.nodes[hub], place) + count + element("ul", {}, named)))
    if not items:
        return ""
    body = element("h2", {"id": "hubs"}, says.hubs) + element("ol", {}, "".join(items))
    return element("section", {"class": "kb-hubs", "data-search-exclude": ""}, body)


def _near(found: Web) -> Sequence[Mapping[int, int]]:
    near: list[dict[int, int]] = [{} for _ in found.nodes]
    for one, other, count in found.edges:
        near[one][other] = near[other][one] = count
    return near


def _link(node: Node, place: Place) -> str:
    return element("a", {"href": place.page(node.slug)}, escape(node.name, quote=False))


# ---------------------------------------------------------------- what is near a page


def local_html(place: Place, look: Look) -> str:
    """Where a page shows its surroundings once a reader asks for them; the script does without a file where it must."""
    near = place.file(AROUND_DIRECTORY)
    pairs = {"class": "kb-local", "data-near": near, "data-slug": place.slug, "data-search-exclude": ""}
    return element("details", pairs, element("summary", {}, graph_words(look.language).local))
