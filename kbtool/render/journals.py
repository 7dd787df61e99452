"""Journals: a page for each year with its calendar and its days, the newest first; the way from one day to the next."""

from __future__ import annotations

from calendar import monthcalendar
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import NamedTuple

from kbtool.names import title
from kbtool.render.context import Entry, RenderContext, Scope
from kbtool.render.days import excerpt, iso
from kbtool.render.html import element, escape
from kbtool.render.reading_words import ReadingWords, reading_words
from kbtool.render.urls import Place
from kbtool.values import Heading, NoteId, Page, Slug, shut

JOURNALS = Slug("journals")
"""The place of the last year; the years before it are below."""
_EXCERPT = 160


class _Year(NamedTuple):
    number: int
    days: Mapping[int, Entry]
    place: Place
    says: ReadingWords


def reserved(journals: Iterable[int | None]) -> frozenset[str]:
    """The places that the years of some journals may need."""
    return frozenset(f"{JOURNALS}/{day // 10_000}" for day in journals if day is not None)


def neighbours(entries: Mapping[NoteId, Entry]) -> Mapping[NoteId, tuple[NoteId | None, NoteId | None]]:
    """For each journal the one before and the one after it."""
    notes: list[NoteId | None] = [None, *(entry.note.id for _, entry in sorted(_by_day(entries).items())), None]
    return {note: (notes[i - 1], notes[i + 1]) for i, note in enumerate(notes) if note is not None}


def _by_day(entries: Mapping[NoteId, Entry]) -> dict[int, Entry]:
    """The journal of each day; of several the first by path."""
    found: dict[int, Entry] = {}
    for entry in entries.values():
        if entry.note.journal is not None:
            found.setdefault(entry.note.journal, entry)
    return found


def neighbours_html(scope: Scope) -> str:
    """The way from a journal to those around it, and to the calendar."""
    around = scope.context.days.get(scope.entry.note.id)
    if around is None:
        return ""
    says = reading_words(scope.context.look.language)
    before, after = (scope.context.entries[note] if note else None for note in around)
    links = [
        _step(scope, before, says.earlier_day, "prev"),
        element("a", {"href": scope.place.page(JOURNALS)}, says.journals),
        _step(scope, after, says.later_day, "next"),
    ]
    return element("nav", {"class": "kb-steps kb-days"}, "".join(filter(None, links)))


def _step(scope: Scope, entry: Entry | None, label: str, way: str) -> str:
    if entry is None:
        return ""
    name = escape(title(entry.name), quote=False)
    content = f"← {name}" if way == "prev" else f"{name} →"
    return element("a", {"href": scope.place.page(entry.slug), "rel": way, "title": label}, content)


# ---------------------------------------------------------------- the pages of years


def journal_pages(context: RenderContext) -> Iterator[Page]:
    """A page for each year that has journals; the last one's is the first."""
    days = _by_day(context.entries)
    years = sorted({day // 10_000 for day in days}, reverse=True)
    for year in years:
        slug = _slug(year, years)
        place = Place(slug, context.look.directory_urls)
        own = {day: entry for day, entry in days.items() if day // 10_000 == year}
        yield _page(_Year(year, own, place, reading_words(context.look.language)), years)


def _slug(year: int, years: list[int]) -> Slug:
    return JOURNALS if year == years[0] else Slug(f"{JOURNALS}/{year}")


def _page(year: _Year, years: list[int]) -> Page:
    text = f"{year.says.journals} {year.number}"
    head = element("header", {"class": "kb-head"}, element("h1", {"id": "journals"}, text))
    links = "".join(_year_link(year, other, years) for other in years) if len(years) > 1 else ""
    nav = element("nav", {"class": "kb-steps kb-years"}, links) if links else ""
    months = "".join(_month(year, month) for month in range(1, 13) if any(_month_of(day) == month for day in year.days))
    listed = "".join(_listed(year, month, list(days)) for month, days in _newest_first(year))
    body = element("div", {"class": "kb-months"}, months) + listed
    html = element("div", {"class": "kb-page"}, head + nav + element("div", {"data-search-exclude": ""}, body))
    return Page(year.place.slug, text, shut(html), (Heading(text, "journals", 1),), "", ())


def _month_of(day: int) -> int:
    return day // 100 % 100


def _newest_first(year: _Year) -> Iterable[tuple[int, Iterable[int]]]:
    return groupby(sorted(year.days, reverse=True), _month_of)


def _year_link(year: _Year, other: int, years: list[int]) -> str:
    current = "page" if other == year.number else None
    return element("a", {"href": year.place.page(_slug(other, years)), "aria-current": current}, str(other))


def _month(year: _Year, month: int) -> str:
    names = [element("th", {"scope": "col", "abbr": full}, short) for short, full in year.says.weekdays]
    rows = (
        element("tr", {}, "".join(_cell(year, year.number * 10_000 + month * 100 + day if day else 0) for day in week))
        for week in monthcalendar(year.number, month)
    )
    content = element("caption", {}, year.says.months[month - 1])
    content += element("thead", {}, element("tr", {}, "".join(names))) + element("tbody", {}, "".join(rows))
    return element("table", {"class": "kb-month"}, content)


def _cell(year: _Year, day: int) -> str:
    if not day:
        return "<td></td>"
    entry = year.days.get(day)
    if entry is None:
        return element("td", {}, str(day % 100))
    return element(
        "td", {}, element("a", {"href": year.place.page(entry.slug), "title": title(entry.name)}, str(day % 100))
    )


def _listed(year: _Year, month: int, days: list[int]) -> str:
    items = "".join(_item(year, day) for day in days)
    return element("h2", {}, year.says.months[month - 1]) + element("ul", {"class": "kb-entries"}, items)


def _item(year: _Year, day: int) -> str:
    entry = year.days[day]
    # As its page is called, so that a day has one form.
    named = element("time", {"datetime": iso(day)}, escape(title(entry.name), quote=False))
    link = element("a", {"href": year.place.page(entry.slug)}, named)
    words = escape(excerpt(entry, _EXCERPT), quote=False)
    return element("li", {}, link + (" " + element("span", {"class": "kb-entries__words"}, words) if words else ""))
