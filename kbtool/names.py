"""Names: the one normalisation of page names, file names, dates and slugs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal
from urllib.parse import unquote

from kbtool.values import Key, NoteId, Slug

NameFormat = Literal["triple-lowbar", "legacy"]

BUILT_IN = frozenset(
    "todo doing now later done waiting wait canceled cancelled started in-progress a b c "
    "card contents favorites".split()
)
"""Keys of the pages that Logseq has in every graph."""

RESERVED = frozenset(
    "alias aliases tags title icon template template-including-parent public filters exclude-from-graph-view "
    "logseq.query/nlp-date macro filetags logseq.color logseq.table.version logseq.table.compact logseq.table.headers "
    "logseq.table.hover logseq.table.borders logseq.table.stripes logseq.table.max-width id custom-id background-color "
    "heading collapsed created-at updated-at last-modified-at query-table query-properties query-sort-by "
    "query-sort-desc ls-type hl-type hl-page hl-stamp hl-color logseq.macro-name logseq.macro-arguments "
    "logseq.order-list-type logseq.tldraw.page logseq.tldraw.shape todo doing now later done".split()
)
"""Property keys that Logseq keeps for itself; they never become pages."""

_PERCENT = re.compile(r"%[0-9a-fA-F]{2}")
_URL = re.compile(r"\s*(?:https?|ftp|wss?):[/\\]*[^/\\?#\s<>^|\[\]%]+(?:[/\\?#]|\Z)", re.IGNORECASE)
_UNSAFE_RUN = re.compile(r'[:\\*?"<>|#]+')
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W_]+(?:[’'][^\W_]+)*", re.UNICODE)
_MONTHS = "january february march april may june july august september october november december".split()
_DATE_TOKEN = re.compile(r"yyyy|yy|MMMM|MMM|MM|M|dd|do|d|EEEE|EEE|EE|E|[^a-zA-Z]+|[a-zA-Z]")
_DEFAULT_DATES = ("MMM do, yyyy", "yyyy-MM-dd", "yyyy_MM_dd")


def key(name: str) -> Key:
    """What page names are compared by: one `/` off each side, lower case, NFC; nothing else."""
    return Key(unicodedata.normalize("NFC", name.removeprefix("/").removesuffix("/").lower()))


def property_key(text: str) -> str:
    """A property's key: lower case, `_` and spaces as `-`, `custom-id` as `id`."""
    found = text.lower().replace("_", "-").replace(" ", "-")
    return "id" if found == "custom-id" else found


def parents(name: str) -> tuple[str, ...]:
    """The namespace parents of a name: `a/b/c` has `a` and `a/b`; a path or a URL has none."""
    if "/" not in name or name.startswith(("../", "./")) or _URL.match(name):
        return ()
    parts = name.split("/")
    while parts and not parts[-1]:
        parts.pop()
    return tuple(p for p in ("/".join(parts[: i + 1]) for i in range(len(parts) - 1)) if p)


# ---------------------------------------------------------------- files


def from_file(stem: str, name_format: NameFormat) -> str:
    """The page name that a file's stem stands for."""
    stem = unicodedata.normalize("NFC", stem)
    if name_format == "legacy":
        dotted = stem.replace(".", "/")
        return _decoded(dotted) or dotted
    decoded = _PERCENT.sub(lambda m: _decoded(m[0]) or m[0], stem.replace("___", "/"))
    return "/".join(part for part in decoded.split("/") if part)


def to_file(name: str) -> str:
    """The file stem that Logseq gives a page (`:triple-lowbar`); `from_file` leads back, odd slashes apart."""
    name = unicodedata.normalize("NFC", name)
    name = _PERCENT.sub(lambda m: "%25" + m[0][1:], name)
    name = _UNSAFE_RUN.sub(lambda m: "".join(f"%{ord(char):02X}" for char in m[0]), name)
    name = name.replace("___", "%5F%5F%5F").replace("_/", "%5F/").replace("/_", "/%5F")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if name.endswith(".") or _DEVICE.fullmatch(name):
        name += "/"
    return name.replace("/", "___")


def _decoded(text: str) -> str | None:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


# ---------------------------------------------------------------- dates


def journal_day(name: str, formats: Iterable[str]) -> int | None:
    """The day, yyyymmdd, that a name stands for in the graph's own format or one of the three that all graphs know."""
    if not any(char.isdigit() for char in name):
        return None
    for pattern in (*formats, *_DEFAULT_DATES):
        day = _read_date(name, pattern)
        if day is not None:
            return day
    return None


def journal_name(day: int, pattern: str) -> str:
    """The day as the graph's title format writes it."""
    when = date(day // 10000, day // 100 % 100, day % 100)
    return "".join(_write_token(token, when) for token in _DATE_TOKEN.findall(pattern))


def _write_token(token: str, when: date) -> str:
    suffix = "th" if 10 < when.day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(when.day % 10, "th")
    words: Mapping[str, str] = {
        "yyyy": f"{when.year:04}",
        "yy": f"{when.year % 100:02}",
        "MMMM": _MONTHS[when.month - 1].title(),
        "MMM": _MONTHS[when.month - 1][:3].title(),
        "MM": f"{when.month:02}",
        "M": str(when.month),
        "dd": f"{when.day:02}",
        "do": f"{when.day}{suffix}",
        "d": str(when.day),
        "EEEE": when.strftime("%A"),
    }
    return words.get(token, when.strftime("%a") if token[0] == "E" else token)


def _read_date(name: str, pattern: str) -> int | None:
    tokens = _DATE_TOKEN.findall(pattern)
    m = re.fullmatch("".join(_token_pattern(tokens, i) for i in range(len(tokens))), name, re.IGNORECASE)
    if not m:
        return None
    fields = m.groupdict()
    year, day = fields.get("y"), fields.get("d")
    month = _month(fields.get("n")) if fields.get("n") else int(fields.get("m") or 0)
    if not year or not day or not month:
        return None
    try:
        when = date(int(year) + 2000 if len(year) <= 2 else int(year), month, int(day))
    except ValueError:
        return None
    return when.year * 10000 + when.month * 100 + when.day


def _month(word: str | None) -> int:
    lower = (word or "").lower()
    return next((i for i, month in enumerate(_MONTHS, 1) if lower in (month, month[:3])), 0)


def _token_pattern(tokens: list[str], i: int) -> str:
    token = tokens[i]
    # Digits that touch other digits have a fixed width.
    neighbours = [tokens[k] for k in (i - 1, i + 1) if 0 <= k < len(tokens)]
    tight = any(re.fullmatch(r"y+|MM?|dd?", other) for other in neighbours)
    if token[0] == "y":
        return r"(?P<y>\d{4})" if tight else r"(?P<y>\d{1,4})"
    if token in ("MMMM", "MMM"):
        return r"(?P<n>[a-z]+)"
    if token[0] == "M":
        return r"(?P<m>\d{2})" if tight else r"(?P<m>\d{1,2})"
    if token == "do":
        return r"(?P<d>\d{1,2})(?:st|nd|rd|th)"
    if token[0] == "d":
        return r"(?P<d>\d{2})" if tight else r"(?P<d>\d{1,2})"
    if token[0] == "E":
        return r"(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*"
    return re.escape(token)


# ---------------------------------------------------------------- places on the site


def slug(name: str) -> Slug:
    """A readable place: words of the name in lower case joined by `-`, namespaces kept as folders."""
    parts = ("-".join(_WORD.findall(unicodedata.normalize("NFC", part).lower())) for part in name.split("/"))
    return Slug("/".join(part[:80].strip("-") for part in parts if part) or "page")


def slugs(names: Mapping[NoteId, str], home: NoteId | None) -> dict[NoteId, Slug]:
    """A slug for each note, all different; the home note is `index`. The first by note path keeps the plain one."""
    taken = {"index", "404", "all", "tags", "search", "sitemap", "assets", "javascripts", "stylesheets"}
    found: dict[NoteId, Slug] = {}
    for note in sorted(names):
        if note == home:
            found[note] = Slug("index")
            continue
        plain = slug(names[note])
        chosen, number = plain, 1
        while chosen in taken:
            number += 1
            chosen = Slug(f"{plain}-{number}")
        taken.add(chosen)
        found[note] = chosen
    return found
