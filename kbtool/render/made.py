"""Pages that no note is: names that are linked but not written, all references of a page, and the list of tags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from kbtool import names
from kbtool.graph import Missing, ToNothing
from kbtool.note import Note
from kbtool.queries.rows import Rows
from kbtool.render.anchors import heading_anchor
from kbtool.render.backlinks import Group, backlinks_html, chunks, groups, head_html, is_cut, may_be_cut, part_html
from kbtool.render.context import Backlink, Entry, RenderContext, Scope
from kbtool.render.graph import local_html
from kbtool.render.html import element, escape
from kbtool.render.macros import special_html
from kbtool.render.namespaces import crumbs_html, inside_html
from kbtool.render.outline import embed_html
from kbtool.render.reading_words import reading_words
from kbtool.render.urls import Place, references_slug
from kbtool.render.written import markdown_html
from kbtool.values import Heading, Name, NoteId, Page, Slug, shut

TAGS = Slug("tags")
"""The place of the list of tags."""
_QUOTES = 150
"""Quoting blocks on one page of references."""
_NO_PAGE = frozenset({"whiteboard", "template"})


class Unwritten(NamedTuple):
    """Names that are linked, or are namespaces, and have no page: their places by the keys of rows and references."""

    names: Mapping[str, str]
    places: Mapping[str, Slug]


def unwritten(entries: Mapping[NoteId, Entry], rows: Rows, pages: Collection[str]) -> Unwritten:
    """What the shown notes name without there being a page; `pages` are the keys of all that are."""
    found: dict[str, str] = {}
    spelled: dict[str, str] = {}
    for entry in entries.values():
        for reference, target in entry.mentions:
            open_ = isinstance(target, Missing) or (isinstance(target, ToNothing) and target.why not in _NO_PAGE)
            row = (
                rows.pages.get(rows.key(reference.name))
                if open_ and reference.kind in ("page", "tag", "embed")
                else None
            )
            if row and row.note is None and row.name.strip():
                found[row.key], spelled[reference.key] = row.name, row.key
        for parent in names.parents(entry.note.name):
            key = rows.key(parent)
            if key in rows.pages and rows.pages[key].note is None and names.key(parent) not in pages:
                found[key], spelled[names.key(parent)] = rows.pages[key].name, key
    taken = {entry.slug for entry in entries.values()}
    slugs = names.slugs({NoteId(key): name for key, name in found.items()}, None, taken)
    return Unwritten(found, {key: slugs[NoteId(own)] for key, own in (spelled | {key: key for key in found}).items()})


def unwritten_pages(name: str, place: Slug, links: Sequence[Backlink], context: RenderContext) -> tuple[Page, ...]:
    """The page of a name without one: what lies inside it and mentions it; and all references, if they are many."""
    says = reading_words(context.look.language)
    scope = blank(context, name, place)
    shown = names.title(name)
    title = Heading(escape(shown, quote=False), heading_anchor(shown), 1)
    crumbs = crumbs_html(scope, name)
    last = (title.title.rsplit("/", 1)[-1] or title.title) if crumbs else title.title
    html = element("header", {"class": "kb-head"}, crumbs + element("h1", {"id": title.anchor}, last))
    html += element("p", {"class": "kb-unwritten"}, says.unwritten_page)
    html += local_html(scope.place, context.look) + inside_html(scope) + backlinks_html(scope, links)
    return (_page(scope, title, html)._replace(listed=False),)


class Part(NamedTuple):
    """Some of the mentions of a page that has more than it can show itself: which of how many, of so many pages."""

    name: str
    slug: Slug
    groups: tuple[Group, ...]
    number: int
    last: int
    pages: int


def reference_parts(context: RenderContext, named: tuple[str, Slug], links: Sequence[Backlink]) -> Iterator[Part]:
    """All mentions of the page with this name at this place, by pages of their own; none where few mention it."""
    if not may_be_cut(links):
        return
    found = groups(context, links)
    parts = list(chunks(found, _QUOTES)) if is_cut(found) else []
    yield from (Part(*named, part, number, len(parts), len(found)) for number, part in enumerate(parts, 1))


def reference_pages(part: Part, context: RenderContext) -> tuple[Page, ...]:
    """The page of a part of the mentions."""
    says = reading_words(context.look.language)
    name = names.title(part.name)
    title = Heading(escape(f"{says.references_to} «{name}»", quote=False), "references", 1)
    scope = blank(context, part.name, references_slug(part.slug, part.number))
    back = element("a", {"href": scope.place.page(part.slug)}, escape(name, quote=False))
    head = element("nav", {"class": "kb-crumbs"}, back) + element("h1", {"id": title.anchor}, title.title)
    steps = _steps(scope, part.slug, part.number, part.last)
    section = head_html(scope.words.backlinks, part.pages) + part_html(scope, part.groups, part.slug)
    html = element("header", {"class": "kb-head"}, head) + steps
    html += element("section", {"class": "kb-backlinks", "data-search-exclude": ""}, section) + steps
    return (_page(scope, title, html)._replace(listed=False),)


def _steps(scope: Scope, slug: Slug, number: int, last: int) -> str:
    says = reading_words(scope.context.look.language)
    if last == 1:
        return ""
    before = element("a", {"href": scope.place.page(references_slug(slug, number - 1)), "rel": "prev"}, says.newer)
    after = element("a", {"href": scope.place.page(references_slug(slug, number + 1)), "rel": "next"}, says.older)
    shown = [before] * (number > 1) + [f"{number} / {last}"] + [after] * (number < last)
    return element("nav", {"class": "kb-steps"}, " ".join(shown))


def blank(context: RenderContext, name: str, slug: Slug) -> Scope:
    """The scope of a page that no note is."""
    note = Note(NoteId(""), Name(name), None, (), (), (), (), (), (), ())
    place = Place(slug, context.look.directory_urls)
    return Scope(context, place, Entry(note, "", slug, (), ()), {}, {}, embed_html, special_html, markdown_html)


def _page(scope: Scope, title: Heading, html: str) -> Page:
    whole = element("div", {"class": "kb-page"}, html)
    return Page(scope.place.slug, names.title(scope.entry.name), shut(whole), (title,), "", ())


# ---------------------------------------------------------------- tags


def tags_pages(context: RenderContext) -> Iterator[Page]:
    """All tags with the number of pages that have them, where there are any."""
    says = reading_words(context.look.language)
    rows = context.asking.rows
    counts = Counter(key for entry in context.entries.values() for key in _tags(entry, context))
    if not counts:
        return
    scope = blank(context, says.tags, TAGS)
    ordered = sorted(counts.items(), key=lambda one: (rows.pages[one[0]].name.casefold(), one[0]))
    items = "".join(element("li", {"class": "kb-chip"}, _tag(scope, key, count)) for key, count in ordered)
    content = element("ul", {"class": "kb-chips kb-tags"}, items)
    title = Heading(says.tags, "tags", 1)
    html = element("header", {"class": "kb-head"}, element("h1", {"id": title.anchor}, title.title))
    yield _page(scope, title, html + element("div", {"data-search-exclude": ""}, content))


def _tags(entry: Entry, context: RenderContext) -> set[str]:
    """The tags of a note that have a page; of others, such as pages that are not published, no list may tell."""
    named = (r.name for r, _ in entry.mentions if r.kind == "tag" or r.property == "tags")
    return {key for key in map(context.asking.rows.key, named) if _tag_slug(context, key) is not None}


def _tag_slug(context: RenderContext, key: str) -> Slug | None:
    row = context.asking.rows.pages.get(key)
    entry = context.entries.get(row.note) if row and row.note else None
    return entry.slug if entry else context.unwritten.get(key)


def _tag(scope: Scope, key: str, count: int) -> str:
    name = escape(names.title(scope.context.asking.rows.pages[key].name), quote=False)
    slug = _tag_slug(scope.context, key)
    label = element("a", {"href": scope.place.page(slug)}, name) if slug is not None else name
    return f'{label} <span class="kb-count">{count}</span>'
