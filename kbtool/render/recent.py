"""What changed: the dates of a page, the list of the last changes, and the feed of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from urllib.parse import urljoin

from kbtool.changes import Change
from kbtool.names import title
from kbtool.render.context import Entry, RenderContext, Scope
from kbtool.render.days import day_html, day_of, excerpt, shown_day
from kbtool.render.html import element, escape, void
from kbtool.render.quotes import page_link
from kbtool.render.reading_words import reading_words
from kbtool.render.urls import HOME, Place
from kbtool.values import File, Heading, Page, Slug, shut

CHANGES = Slug("changes")
"""The place of the list of changes."""
FEED = "feed.xml"
"""The place of the feed of changes."""
_LISTED, _FED, _EXCERPT = 200, 30, 400


def dates_html(scope: Scope) -> str:
    """When a page was made and changed, empty where that is not known."""
    change = scope.context.changes.get(scope.entry.note.id)
    if change is None:
        return ""
    says, language = reading_words(scope.context.look.language), scope.context.look.language
    created, changed = day_of(change.created), day_of(change.changed)
    text = f"{says.created} {day_html(created, language)}"
    if changed != created:
        text += f" · {says.changed} {day_html(changed, language)}"
    return element("p", {"class": "kb-dates"}, text)


def _newest(context: RenderContext) -> list[tuple[Change, Entry]]:
    """Shown notes with their changes, the last first."""
    found = [(context.changes[note], entry) for note, entry in context.entries.items() if note in context.changes]
    return sorted(found, key=lambda one: (-one[0].changed, one[1].name, one[1].note.id))


def changes_pages(context: RenderContext, scope: Scope) -> Iterator[Page]:
    """The list of the last changes by day; none where no changes are known. `scope` is the page's."""
    newest = _newest(context)[:_LISTED]
    if not newest:
        return
    says = reading_words(context.look.language)
    days = groupby(newest, lambda one: day_of(one[0].changed))
    body = "".join(_day(scope, day, list(changes)) for day, changes in days)
    note = says.changes_note
    if context.look.url:
        note += " · " + element("a", {"href": scope.place.file(FEED), "type": "application/atom+xml"}, says.feed)
    head = element("h1", {"id": "changes"}, says.changes) + element("p", {"class": "kb-meta"}, note)
    html = element("header", {"class": "kb-head"}, head) + element("div", {"data-search-exclude": ""}, body)
    whole = element("div", {"class": "kb-page"}, html)
    yield Page(CHANGES, says.changes, shut(whole), (Heading(says.changes, "changes", 1),), "", ())


def _day(scope: Scope, day: str, changes: Sequence[tuple[Change, Entry]]) -> str:
    items = "".join(element("li", {}, _changed(scope, *one)) for one in changes)
    shown = shown_day(day, scope.context.look.language)
    return element("h2", {"id": f"d-{day}"}, shown) + element("ul", {"class": "kb-entries"}, items)


def _changed(scope: Scope, change: Change, entry: Entry) -> str:
    new = day_of(change.created) == day_of(change.changed)
    says = reading_words(scope.context.look.language)
    mark = " " + element("span", {"class": "kb-entries__new"}, says.new) if new else ""
    words = element("span", {"class": "kb-entries__words"}, escape(excerpt(entry, 120), quote=False))
    return page_link(scope, entry) + mark + " " + words


# ---------------------------------------------------------------- the feed


def feed(context: RenderContext) -> tuple[File, ...]:
    """The last changes as Atom, which needs to know where the site is."""
    newest = _newest(context)[:_FED]
    root = context.look.url
    if not newest or not root:
        return ()
    content = "".join(
        (
            element("title", {}, escape(context.look.title, quote=False)),
            element("id", {}, escape(root, quote=False)),
            element("updated", {}, _moment(newest[0][0].changed)),
            element("author", {}, element("name", {}, escape(context.look.title, quote=False))),
            _link(root, ""),
            _link(urljoin(root, FEED), "self"),
            *(_entry(context, *one) for one in newest),
        )
    )
    pairs = {"xmlns": "http://www.w3.org/2005/Atom", "xml:lang": context.look.language}
    return (File(FEED, '<?xml version="1.0" encoding="utf-8"?>\n' + element("feed", pairs, content) + "\n"),)


def _entry(context: RenderContext, change: Change, entry: Entry) -> str:
    way = Place(HOME, context.look.directory_urls).page(entry.slug)
    address = urljoin(context.look.url, way.removeprefix("./"))
    content = (
        element("title", {}, _text(title(entry.name))),
        element("id", {}, escape(address, quote=False)),
        _link(address, ""),
        element("published", {}, _moment(change.created)),
        element("updated", {}, _moment(change.changed)),
        element("summary", {}, _text(excerpt(entry, _EXCERPT))),
    )
    return element("entry", {}, "".join(content))


def _link(address: str, kind: str) -> str:
    return void("link", {"href": address, "rel": kind or None}).removesuffix(">") + "/>"


def _moment(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(text: str) -> str:
    """Text as XML may hold it."""
    return escape("".join(char if char >= " " and char.isprintable() else " " for char in text), quote=False)
