"""Namespaces: the way down to a page, and the pages inside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from kbtool import names
from kbtool.graph import ToNote, ToNothing
from kbtool.queries.rows import Rows
from kbtool.render.context import Child, Entry, Scope, ToUnwritten
from kbtool.render.html import element, escape
from kbtool.render.inline import reference_html
from kbtool.render.reading_words import reading_words
from kbtool.values import NoteId, Slug

# Pages inside that are listed; a namespace of all days or all words is no list that anybody reads.
_LISTED = 200


def children(
    rows: Rows, entries: Mapping[NoteId, Entry], unwritten: Mapping[str, Slug]
) -> Mapping[Slug, tuple[Child, ...]]:
    """The pages directly inside each namespace, by the namespace's place."""
    places = {row.key: entries[row.note].slug for row in rows.pages.values() if row.note and row.note in entries}
    places |= {key: slug for key, slug in unwritten.items() if key not in places and key in rows.pages}
    inside = Counter(rows.pages[key].parent for key in places)
    found: dict[Slug, list[Child]] = {}
    for key, slug in sorted(places.items()):
        row = rows.pages[key]
        if row.parent in places:
            child = Child(row.name, slug, row.note is not None, inside[key])
            found.setdefault(places[row.parent], []).append(child)
    return {place: tuple(pages) for place, pages in found.items()}


def crumbs_html(scope: Scope, name: str) -> str:
    """The namespaces above a page, each with the way to it."""
    parts = name.split("/")
    if len(parts) < 2 or not all(parts):
        return ""
    above = ["/".join(parts[:i]) for i in range(1, len(parts))]
    return element("nav", {"class": "kb-crumbs"}, " › ".join(_crumb(scope, name) for name in above))


def _crumb(scope: Scope, name: str) -> str:
    label = escape(name.rsplit("/", 1)[-1], quote=False)
    notes = scope.context.pages.get(names.key(name), ())
    slug = scope.context.unwritten.get(names.key(name))
    if notes:
        return reference_html(scope, ToNote(notes[0], -1), label)
    return reference_html(scope, ToUnwritten(slug) if slug else ToNothing("namespace"), label)


def inside_html(scope: Scope) -> str:
    """The section of pages inside a namespace, empty when there are none; left out of the search."""
    inside = scope.context.children.get(scope.place.slug, ())
    if not inside:
        return ""
    items = "".join(element("li", {}, _item(scope, child)) for child in inside[:_LISTED])
    if len(inside) > _LISTED:
        items += element("li", {}, f"{scope.words.more} {len(inside) - _LISTED}")
    count = element("span", {"class": "kb-count"}, str(len(inside)))
    says = reading_words(scope.context.look.language)
    head = element("h2", {"class": "kb-backlinks__head"}, f"{says.inside} {count}")
    pairs = {"class": "kb-backlinks kb-inside", "data-search-exclude": ""}
    return element("section", pairs, head + element("ul", {}, items))


def _item(scope: Scope, child: Child) -> str:
    label = escape(child.name.rsplit("/", 1)[-1] or child.name, quote=False)
    css = None if child.written else "kb-wanted"
    count = f' <span class="kb-count">{child.inside}</span>' if child.inside else ""
    return element("a", {"href": scope.place.page(child.slug), "class": css}, label) + count
