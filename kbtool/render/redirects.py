"""Old addresses: small files that lead from other names of a page, and from those that its file had, to where it is."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Set

from kbtool import names
from kbtool.render.context import Entry, RenderContext
from kbtool.render.html import element, escape, void
from kbtool.render.made import Unwritten
from kbtool.render.policy import ON_THE_WAY, meta
from kbtool.render.reading_words import reading_words
from kbtool.render.urls import HOME, Place, page_file
from kbtool.values import File, Slug

NAMES = "assets/kb/names.json"
"""Where the names of all pages stand, which only the page for what is not there reads."""


def redirects(context: RenderContext, taken: Set[Slug]) -> tuple[File, ...]:
    """A file at each place that no page has; of two pages that had a name the first by path gets it."""
    found: dict[Slug, Entry] = {}
    for kind in (_aliases, _old_names):
        for entry in context.entries.values():
            for name in kind(context, entry):
                found.setdefault(names.slug(name), entry)
    return tuple(_file(context, slug, entry) for slug, entry in sorted(found.items()) if slug not in taken)


def near_names(context: RenderContext, wanted: Unwritten) -> File:
    """All pages, also of names without a note, with addresses and other names: where a wrong address may have meant."""
    place = Place(HOME, context.look.directory_urls)
    rows = [
        [names.title(entry.name), place.page(entry.slug), *_aliases(context, entry), *_old_names(context, entry)]
        for entry in context.entries.values()
    ]
    rows += [[names.title(name), place.page(wanted.places[key])] for key, name in sorted(wanted.names.items())]
    return File(NAMES, json.dumps(rows, ensure_ascii=False, separators=(",", ":")))


def _aliases(_context: RenderContext, entry: Entry) -> Iterator[str]:
    return (d.name for d in entry.note.defines if d.kind == "alias")


def _old_names(context: RenderContext, entry: Entry) -> Iterator[str]:
    change, settings = context.changes.get(entry.note.id), context.settings
    for path in change.paths if change else ():
        stem, suffix = posixpath.splitext(posixpath.basename(path))
        if suffix == ".md":
            yield stem if settings.dialect == "obsidian" else names.from_file(stem, settings.name_format)


def _file(context: RenderContext, slug: Slug, entry: Entry) -> File:
    place = Place(slug, context.look.directory_urls)
    address, name = place.page(entry.slug), escape(names.title(entry.name), quote=False)
    says = reading_words(context.look.language)
    head = "".join(
        (
            void("meta", {"charset": "utf-8"}),
            meta(ON_THE_WAY),
            element("title", {}, name),
            void("meta", {"name": "robots", "content": "noindex"}),
            void("link", {"rel": "canonical", "href": address}),
            void("meta", {"http-equiv": "refresh", "content": f"0; url={address}"}),
            void("link", {"rel": "icon", "href": "data:,"}),
            void("meta", {"name": "viewport", "content": "width=device-width"}),
        )
    )
    body = element("p", {}, f"{says.moved}: {element('a', {'href': address}, name)}")
    page = element("html", {"lang": context.look.language}, element("head", {}, head) + element("body", {}, body))
    return File(page_file(slug, context.look.directory_urls), f"<!doctype html>\n{page}\n")
