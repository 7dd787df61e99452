"""Days that queries name by their distance from today, which is given: a query's answer depends on nothing else."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

from kbtool.dates import journal_name
from kbtool.values import TITLE_FORMAT

_NAMED: Mapping[str, int] = {"today": 0, "yesterday": -1, "tomorrow": 1}
_UNITS: Mapping[str, str] = {"day": "d", "week": "w", "month": "m", "year": "y"}
_MOST = 40_000


def number(day: date) -> int:
    """A day as Logseq stores it, yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def relative(word: str, today: date) -> date | None:
    """The day that `today`, `yesterday`, `tomorrow`, `-7d`, `+2w`, `3m`, `1y` mean."""
    if word in _NAMED:
        return today + timedelta(days=_NAMED[word])
    amount, unit = word[:-1], word[-1:]
    digits = amount.lstrip("+-")
    if unit not in "dwmy" or not digits.isascii() or not digits.isdigit() or len(digits) > 6 or len(amount) > 7:
        return None
    return moved(today, -int(digits) if amount.startswith("-") else int(digits), unit)


def moved(day: date, amount: int, unit: str) -> date | None:
    """A day so many days, weeks, months or years later; None outside of the calendar."""
    amount = max(-_MOST, min(amount, _MOST))
    try:
        if unit in "dw":
            return day + timedelta(days=amount * (7 if unit == "w" else 1))
        months = day.year * 12 + day.month - 1 + amount * (12 if unit == "y" else 1)
        year, month = divmod(months, 12)
        return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    except (ValueError, OverflowError, IndexError):
        return None


def spoken(words: str, today: date) -> date | None:
    """The day of `<% 7 days ago %>`, `in 2 weeks`, `next month`, `last year`, and what `relative` knows."""
    parts = words.lower().split()
    match parts:
        case [word]:
            return relative(word, today) if word in _NAMED else None
        case [amount, unit, "ago"]:
            return _counted(amount, unit, today, -1)
        case ["in", amount, unit] | [amount, unit, "from", "now"]:
            return _counted(amount, unit, today, 1)
        case ["next" | "last" as direction, unit]:
            return _counted("1", unit, today, 1 if direction == "next" else -1)
    return None


def _counted(amount: str, unit: str, today: date, sign: int) -> date | None:
    letter = _UNITS.get(unit.removesuffix("s"))
    if amount in ("a", "an", "one"):
        amount = "1"
    if letter is None or not amount.isascii() or not amount.isdigit() or len(amount) > 6:
        return None
    return moved(today, sign * int(amount), letter)


def page_name(day: int, formats: tuple[str, ...]) -> str:
    """The name of a journal page."""
    return journal_name(day, formats[0] if formats else TITLE_FORMAT)


# ---------------------------------------------------------------- the words of `:inputs`


def input_value(word: str, today: date) -> int | None:
    """What `:today`, `:-7d`, `:+2w-start`, `:today-end`, `:3d-before` stand for: a day, or milliseconds."""
    word = word.removeprefix("today/")
    if word in ("start-of-today-ms", "end-of-today-ms", "right-now-ms"):
        return _milliseconds(today, "end" if word.startswith("end") else "start", "")
    for old, sign in (("d-before", "-"), ("d-after", "+")):
        amount, found, rest = word.partition(old)
        if found and amount.isascii() and amount.isdigit():
            return input_value(f"{sign}{amount}d{rest}", today)
    day = _signed(word, today)
    if day is not None:
        return number(day)
    head, dash, suffix = word.rpartition("-")
    day = _signed(head, today) if dash and head else None
    return None if day is None else _milliseconds(day, suffix, head[0])


def _signed(word: str, today: date) -> date | None:
    return relative(word, today) if word in _NAMED or word[:1] in ("+", "-") else None


def _milliseconds(day: date, suffix: str, sign: str) -> int | None:
    if suffix == "ms":
        suffix = "end" if sign == "+" else "start"
    if suffix in ("start", "end"):
        suffix = "235959999" if suffix == "end" else "000000000"
    if not suffix.isascii() or not suffix.isdigit() or len(suffix) not in (2, 4, 6, 9):
        return None
    digits = suffix.ljust(9, "0")
    hour, minute, second = (min(int(digits[i : i + 2]), top) for i, top in ((0, 23), (2, 59), (4, 59)))
    at = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
    return int(at.timestamp()) * 1000 + int(digits[6:9])
