"""A built site as a crawler sees it: where each page leads, what it loads, and what is wrong with its HTML."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import html5lib

_URL = re.compile(r"""url\(["']?([^"')#][^"')]*)""")
_UNREAD = re.compile(r"<!--.*?-->|(<(script|style)\b[^>]*>).*?(?=</\2>)", re.DOTALL)
# Those tags that have an attribute with a value; Python's own parser takes three times as long.
_TAG = re.compile(r"""<([a-z][^\s/>]*)(\s(?:"[^"]*"|'[^']*'|[^"'>])*)>""")
_ATTRIBUTE = re.compile(r"""([^\s"'>/=]+)=(?:["']((?<=")[^"]*|(?<=')[^']*)["']|([^\s"'>]+))""")
_LOADED = {"src", "poster", "data"}
_ADDRESSES = _LOADED | {"href", "cite"}


class Page(NamedTuple):
    """The ids of a page, and its addresses: tag, address, and whether a browser loads it by itself."""

    ids: tuple[str, ...]
    addresses: tuple[tuple[str, str, bool], ...]


class Dead(NamedTuple):
    """An address that leads nowhere."""

    page: str
    address: str
    why: str


def _page(html: str) -> Page:
    ids: list[str] = []
    addresses: list[tuple[str, str, bool]] = []
    for tag, said in _TAG.findall(_UNREAD.sub(r"\1", html)):
        given = {name: unescape(value or plain) for name, value, plain in _ATTRIBUTE.findall(said)}
        loads = tag == "link" and bool({"stylesheet", "icon", "preload"} & set(given.get("rel", "").split()))
        for key, value in given.items():
            if key == "id":
                ids.append(value)
            elif key in _ADDRESSES and not (tag == "object" and key != "data"):
                addresses.append((tag, value, key in _LOADED or loads))
            elif key == "srcset" and value:
                addresses += ((tag, one.split()[0], True) for one in value.split(","))
    return Page(tuple(ids), tuple(addresses))


def crawl(site: Path) -> dict[Path, Page]:
    """All pages of a site."""
    return {path.resolve(): _page(path.read_text("utf-8")) for path in site.rglob("*.html")}


def dead(site: Path, pages: Mapping[Path, Page], root: str = "/") -> Iterator[Dead]:
    """Addresses that lead nowhere, and loads from other hosts; `root` is the path that the site is served under."""
    ids = {path: frozenset(page.ids) for path, page in pages.items()}
    for path, page in pages.items():
        name = path.relative_to(site.resolve()).as_posix()
        for _, address, loads in page.addresses:
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                if loads and parts.scheme != "data":
                    yield Dead(name, address, "loads from another host")
                continue
            target = _target(site, path, unquote(parts.path), root)
            if target is None or not target.exists():
                yield Dead(name, address, "is not there")
            elif target.suffix != ".html":
                continue  # a picture's mark for light or dark, a page of a PDF
            elif parts.fragment and unquote(parts.fragment) not in ids.get(target.resolve(), frozenset()):
                yield Dead(name, address, "has no such anchor")


def _target(site: Path, page: Path, path: str, root: str) -> Path | None:
    if not path:
        return page
    if path.startswith("/") and not path.startswith(root):
        return None
    target = site / path.removeprefix(root) if path.startswith("/") else page.parent / path
    return target / "index.html" if target.is_dir() else target


def repeated(pages: Mapping[Path, Page]) -> list[tuple[str, str]]:
    """Ids that stand on a page more than once."""
    return [(path.name, one) for path, page in pages.items() for one, times in Counter(page.ids).items() if times > 1]


def faults(html: str) -> list[str]:
    """What a strict reader of HTML complains of."""
    parser = html5lib.HTMLParser()
    parser.parse(html)
    lines = html.split("\n")
    return [
        f"{code}: {lines[line - 1][max(0, column - 60) : column + 20]}" for (line, column), code, _ in parser.errors
    ]


def dead_in_styles(site: Path) -> Iterator[tuple[str, str]]:
    """Addresses in stylesheets that lead nowhere."""
    for path in site.rglob("*.css"):
        for found in _URL.findall(path.read_text("utf-8")):
            parts = urlsplit(found)
            if parts.scheme not in ("data", "") or (not parts.scheme and not (path.parent / parts.path).exists()):
                yield path.relative_to(site).as_posix(), found
