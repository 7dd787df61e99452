"""Names: the one normalisation of page names, file names and slugs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Literal
from urllib.parse import unquote

from kbtool.patterns import regex
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

_PERCENT = regex(r"%[0-9a-fA-F]{2}")
_URL = regex(r"\s*(?:https?|ftp|wss?):[/\\]*[^/\\?#\s<>^|\[\]%]+(?:[/\\?#]|\Z)", re.IGNORECASE)
_UNSAFE_RUN = regex(r'[:\\*?"<>|#]+')
_DEVICE = regex(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)
# A local PDF's time of import, or a digest.
_ADDED = regex(r"_\d{13}_\d$|__-?\d+$")
_WORD = regex(r"[^\W_]+(?:[’'][^\W_]+)*", re.UNICODE)


_BLANKS = 4
"""`_` in an identifier for which `_`, space and `-` are tried one by one; of more all are taken for the same."""


def key(name: str) -> Key:
    """What page names are compared by: one `/` off each side, lower case, NFC; nothing else."""
    return Key(unicodedata.normalize("NFC", name.removeprefix("/").removesuffix("/").lower()))


def spoken(identifier: str) -> Iterator[str]:
    """The names for which an identifier may stand beside itself: `_` is written for a space or `-`, too."""
    parts = identifier.split("_")
    if len(parts) == 1:
        return
    if len(parts) - 1 > _BLANKS:
        yield from (sign.join(parts) for sign in " -")
        return
    for signs in product("_ -", repeat=len(parts) - 1):
        yield "".join(part + sign for part, sign in zip(parts, (*signs, ""), strict=True))


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
    # Each escape alone: a letter of several bytes stays as it is written.
    decoded = _PERCENT.sub(lambda m: _decoded(m[0]) or m[0], stem.replace("___", "/"))
    return "/".join(part for part in decoded.split("/") if part)


def to_file(name: str, name_format: NameFormat = "triple-lowbar") -> str:
    """The file stem that Logseq gives a page; `from_file` leads back, save where no stem does."""
    name = unicodedata.normalize("NFC", name)
    return _to_legacy(name) if name_format == "legacy" else _to_triple_lowbar(name)


def _to_triple_lowbar(name: str) -> str:
    name = _PERCENT.sub(lambda m: "%25" + m[0][1:], name)
    name = _UNSAFE_RUN.sub(lambda m: "".join(f"%{ord(char):02X}" for char in m[0]), name)
    name = name.replace("___", "%5F%5F%5F").replace("_/", "%5F/").replace("/_", "/%5F")
    if name.startswith("."):
        name = "%2E" + name[1:]
    if name.endswith(".") or _DEVICE.fullmatch(name):
        name += "/"
    return name.replace("/", "___")


def is_device(stem: str) -> bool:
    """Whether Windows takes a file's stem for a device."""
    return _DEVICE.fullmatch(stem) is not None


def _to_legacy(name: str) -> str:
    """Dots and slashes are escaped: a dot that stands in a file's name is read as a slash."""
    escaped = name.replace("%", "%25").replace(".", "%2E").replace("/", "%2F")
    return _UNSAFE_RUN.sub(lambda m: "".join(f"%{ord(char):02X}" for char in m[0]), escaped)


def _decoded(text: str) -> str | None:
    """The text with its escapes read as UTF-8; None where one is cut short or they are none."""
    if "%" in _PERCENT.sub("", text):
        return None
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return None


def title(name: str) -> str:
    """A name as pages show it: that of a PDF's highlights is the PDF's, without what Logseq adds to file names.

    A page may have an empty name (`title::`), which nobody could see or click.
    """
    if not name.startswith("hls__"):
        return name if name.strip() else "—"
    return _ADDED.sub("", name.removeprefix("hls__")).replace("_", " ").rstrip() or name


# ---------------------------------------------------------------- places on the site


def slug(name: str) -> Slug:
    """A readable place: words of the name in lower case joined by `-`, namespaces kept as folders."""
    parts = ("-".join(_WORD.findall(unicodedata.normalize("NFC", part).lower())) for part in name.split("/"))
    return Slug("/".join(part[:80].strip("-") for part in parts if part) or "page")


def slugs(names: Mapping[NoteId, str], home: NoteId | None, reserved: Iterable[str] = ()) -> dict[NoteId, Slug]:
    """A slug for each note, all different; the home note is `index`. The first by note path keeps the plain one.

    `reserved` are slugs that no note gets.
    """
    taken = {*reserved, "index", "404", "all", "tags", "search", "sitemap", "assets", "javascripts", "stylesheets"}
    taken |= {"journals", "changes", "feed", "media", "graph"}
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
