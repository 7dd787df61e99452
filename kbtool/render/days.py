"""Days as readers write them, and the first words of a note."""

from __future__ import annotations

from datetime import UTC, datetime

from kbtool.render.context import Entry
from kbtool.render.html import element
from kbtool.render.plain import plain_title
from kbtool.render.words import Language


def day_of(seconds: int) -> str:
    """The day of a moment, `yyyy-mm-dd`; everywhere the same, so that a site is too."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")


def iso(day: int) -> str:
    """A day, yyyymmdd, with its hyphens."""
    return f"{day // 10_000:04}-{day // 100 % 100:02}-{day % 100:02}"


def shown_day(day: str, language: Language) -> str:
    """A day as readers write it."""
    return ".".join(reversed(day.split("-"))) if language == "ru" else day


def day_html(day: str, language: Language) -> str:
    """A day as an element that says which it is."""
    return element("time", {"datetime": day}, shown_day(day, language))


def excerpt(entry: Entry, length: int) -> str:
    """The first words of a note as plain text, cut at a word."""
    found = ""
    for block in entry.note.outline:
        words = plain_title(entry.text, block) if not block.heading else ""
        found += (" · " if found and words else "") + words
        if len(found) > length:
            return found[:length].rsplit(" ", 1)[0].rstrip(" ·") + " …"
    return found
