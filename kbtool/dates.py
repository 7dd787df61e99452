"""Dates: which page names are journal days, and how a graph writes them.

The reader is Logseq's: a format is letters (`yyyy MM dd d do MMM MMMM E EEE EEEE`), text in quotes, and signs. A number
may have fewer digits than letters, and takes as many as it can.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from kbtool.patterns import regex
from kbtool.values import TITLE_FORMAT

_ALWAYS_READ = (TITLE_FORMAT, "yyyy-MM-dd", "yyyy_MM_dd")
_MONTHS = "January February March April May June July August September October November December".split()
_WEEKDAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_TOKEN = regex(r"'(?P<quoted>[^']*)'?|(?P<letters>([A-Za-z])\3*)|(?P<signs>[^A-Za-z']+)")
_NUMBERS: Mapping[str, str] = {
    **dict.fromkeys(("yyyy", "y", "YYYY", "Y"), r"(?P<year>\d{1,4}+)"),
    **dict.fromkeys(("yy", "YY"), r"(?P<year>\d{1,2}+)"),
    **dict.fromkeys(("M", "MM"), r"(?P<month>\d{1,2}+)"),
    **dict.fromkeys(("d", "dd"), r"(?P<day>\d{1,2}+)"),
    "o": "(?:st|nd|rd|th)",
}
_DIGIT = regex(r"\d")
_NEVER = "(?!)"


def journal_day(name: str, formats: Iterable[str]) -> int | None:
    """The day, yyyymmdd, that a name stands for in the graph's own format or one of the three that all graphs know."""
    if len(name) > 100 or _DIGIT.search(name) is None:
        return None
    words = " ".join(word[:1].upper() + word[1:].lower() for word in name.split(" "))
    for pattern in (*formats, *_ALWAYS_READ):
        day = _read(words, pattern)
        if day is not None:
            return day
    return None


def journal_name(day: int, pattern: str) -> str:
    """The day as the graph's title format writes it."""
    when = date(day // 10000, day // 100 % 100, day % 100)
    return "".join(_written(m, when) for m in _TOKEN.finditer(pattern))


def _written(token: re.Match[str], when: date) -> str:
    if token["letters"] is None:
        return token["signs"] or token["quoted"] or "'"
    words: Mapping[str, str] = {
        **dict.fromkeys(("yyyy", "y", "YYYY", "Y"), f"{when.year:04}"),
        **dict.fromkeys(("yy", "YY"), f"{when.year % 100:02}"),
        "MMMM": _MONTHS[when.month - 1],
        "MMM": _MONTHS[when.month - 1][:3],
        "MM": f"{when.month:02}",
        "M": str(when.month),
        "dd": f"{when.day:02}",
        "d": str(when.day),
        "o": "th" if 10 < when.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th"),
        "EEEE": _WEEKDAYS[when.weekday()],
        **dict.fromkeys(("EEE", "E"), _WEEKDAYS[when.weekday()][:3]),
    }
    return words.get(token["letters"], token["letters"])


def _read(name: str, pattern: str) -> int | None:
    reader = _compiled(pattern)
    m = reader.fullmatch(name) if reader else None
    if not m:
        return None
    fields = m.groupdict()
    year, day, month = fields.get("year"), fields.get("day"), fields.get("month") or _month(fields.get("name"))
    if not year or not day or not month:
        return None
    try:
        when = date(int(year) + 2000 if len(year) <= 2 else int(year), int(month), int(day))
    except ValueError:
        return None
    return when.year * 10000 + when.month * 100 + when.day


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """A format as a regular expression, made once: there are few formats and many names."""
    try:
        return re.compile("".join(map(_reader, _TOKEN.finditer(pattern))), re.ASCII)
    except re.error:
        return None  # a format that names a field twice


def _reader(token: re.Match[str]) -> str:
    """What a piece of a format reads, as a regular expression."""
    letters = token["letters"]
    if letters is None:
        # Logseq takes its signs for a pattern: a dot stands for any character.
        return f"(?i:{re.escape(token['signs'] or token['quoted'] or chr(39))})".replace(r"\.", ".")
    if letters in ("MMM", "MMMM"):
        return f"(?P<name>{_alternatives(_MONTHS)})"
    if letters in ("E", "EEE", "EEEE"):
        return f"(?:{_alternatives(_WEEKDAYS)})"
    return _NUMBERS.get(letters, _NEVER)


def _alternatives(names: Iterable[str]) -> str:
    """Names in full, or their first three letters."""
    return "|".join(f"{name[:3]}(?:{name[3:]})?+" for name in names)


def _month(name: str | None) -> str:
    return next((str(i) for i, month in enumerate(_MONTHS, 1) if name and month.startswith(name)), "")
