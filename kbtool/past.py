"""What the last builds of a base left in the cache folder: finished pages with what they were made of, and what stands.

Files are written beside their places and renamed, hold for one kbtool (a digest of its sources) and have a checksum:
what is damaged, foreign or half written is as good as absent. All of it may be deleted at any time.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from jinja2.bccache import Bucket, BytecodeCache

from kbtool import cache, terminal
from kbtool.disk import stamp
from kbtool.front import ASSETS
from kbtool.layout import NO_LAYOUT, Laid, Layout
from kbtool.packed import Plain, digest, pack, unpack
from kbtool.render.font import woff
from kbtool.search_index import PageWords
from kbtool.standing import Standing, from_plain, plain
from kbtool.trace import Kept, Recalled
from kbtool.values import File, Heading, Page, SearchEntry, Slug

_MAGIC = b"kbsite01"
_DIGEST = 16
_SHARDS = 64


def code() -> bytes:
    """A digest of what decides about every page beside the base: kbtool itself, Python, installed packages."""
    parts = [cache.writer()]
    for path in sorted(one for one in ASSETS.rglob("*") if one.is_file()):
        parts += [os.fsencode(path.relative_to(ASSETS)), path.read_bytes()]
    return digest(*parts)


def outside(watched: Iterable[str]) -> bytes:
    """The same with the settings and templates at these places, and the day, which sitemaps tell."""
    parts = [code(), str(terminal.today()).encode(), os.environ.get("SOURCE_DATE_EPOCH", "").encode()]
    parts.append(datetime.now(UTC).date().isoformat().encode())
    for place in watched:
        path = Path(place)
        for one in (path, *sorted(path.rglob("*"))) if path.is_dir() else (path,):
            with suppress(OSError):
                known = stamp(one.stat())
                parts.append(repr((str(one), known[:2], one.read_bytes() if one.is_file() else b"")).encode())
    return digest(*parts)


def stamps(base: Path, paths: Iterable[str]) -> dict[str, tuple[int, ...]]:
    """The stamps of files of the base; empty for one that is not there."""
    found: dict[str, tuple[int, ...]] = {}
    for path in paths:
        found[path] = ()
        with suppress(OSError, ValueError):
            found[path] = stamp((base / path).resolve().stat())
    return found


def packed_font(font: Path) -> bytes:
    """A font as browsers take it; packing one takes a third of a second, so it is kept."""
    source = font.read_bytes()
    place, mark = cache.default_folder() / "sites" / "font", digest(source)
    kept = _read(place, mark)
    if kept is None:
        kept = woff(source)
        _write(place, mark, kept)
    return bytes(kept)


class TemplateCode(BytecodeCache):
    """Templates that Jinja has compiled, which takes it half a second for Material's.

    Beside the source, which Jinja compares, the mark tells what code depends on: packages, and how Jinja is set up.
    """

    def __init__(self, setup: str) -> None:
        self._folder = cache.default_folder() / "sites" / "templates"
        self._mark = digest(cache.writer(), setup.encode())

    def load_bytecode(self, bucket: Bucket) -> None:
        """As the base's method."""
        # Where nobody's home is known, the place would be one in the project, which may be a stranger's.
        found = _read(self._folder / bucket.key, self._mark) if self._folder.is_absolute() else None
        if found is not None:
            bucket.bytecode_from_string(bytes(found))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """As the base's method."""
        _write(self._folder / bucket.key, self._mark, bucket.bytecode_to_string())


class Site(NamedTuple):
    """What stands, which places were looked at for `outside`, and a digest of the folder's listing."""

    standing: Standing
    watched: tuple[str, ...]
    listing: bytes


class Store:
    """The files of one base; `site` is where it is published."""

    __slots__ = ("_folder", "_site", "_writer")

    def __init__(self, base: Path, site: Path) -> None:
        self._folder = cache.default_folder() / "sites" / digest(os.fsencode(base.resolve())).hex()
        self._writer = cache.writer()
        self._site = f"site-{digest(os.fsencode(site.absolute())).hex()}"

    def site(self) -> Site | None:
        """What stands on the site, None when nobody knows."""
        found = _read(self._folder / self._site, self._writer)
        if found is None:
            return None
        standing, watched, listing = found
        return Site(from_plain(standing), watched, listing)

    def keep_site(self, site: Site | None) -> None:
        """Keeps what stands; None: it is not known any more."""
        if site is None:
            with suppress(OSError):
                (self._folder / self._site).unlink(missing_ok=True)
        else:
            _write(self._folder / self._site, self._writer, (plain(site.standing), site.watched, site.listing))

    def pages(self) -> Recalled:
        """The pages that were made before."""
        kept: dict[str, Kept] = {}
        bases: set[bytes] = set()
        for number in range(_SHARDS):
            found = _read(self._folder / f"pages-{number:02}", self._writer)
            if found is not None:
                bases.add(found[0])
                kept.update((note, _kept(*one)) for note, one in found[1].items())
        return Recalled(bases.pop() if len(bases) == 1 else b"", kept, None)

    def keep_pages(self, now: Recalled, before: Recalled) -> None:
        """Keeps pages; files of which none is another one are left."""
        shards: list[dict[str, Kept]] = [{} for _ in range(_SHARDS)]
        other = [now.base != before.base] * _SHARDS
        for note, one in now.kept.items():
            shards[_shard(note)][note] = one
            other[_shard(note)] |= before.kept.get(note) is not one
        for note in before.kept.keys() - now.kept.keys():
            other[_shard(note)] = True
        for number, shard in enumerate(shards):
            if other[number]:
                value = {note: _plain(one) for note, one in shard.items()}
                _write(self._folder / f"pages-{number:02}", self._writer, (now.base, value))

    def layout(self) -> Laid:
        """The layout of the graph that was worked out before."""
        found = _read(self._folder / "graph", self._writer)
        return Laid(Layout(*found[0]), *found[1:]) if found else NO_LAYOUT

    def keep_layout(self, now: Laid, before: Laid) -> None:
        """Keeps a layout that is another one."""
        if now is not before:
            _write(self._folder / "graph", self._writer, (tuple(now.layout), now.links, dict(now.communities)))


def _shard(note: str) -> int:
    return digest(note.encode("utf-8", "surrogatepass"))[0] % _SHARDS


def _kept(trace: Plain, pages: Plain, words: Plain) -> Kept:
    return Kept(trace, tuple(map(_page, pages)), tuple(PageWords(*one) for one in words))


def _plain(one: Kept) -> Plain:
    """As `_kept` takes it; named tuples are made plain where there are some."""
    trace = [((table, tuple(key) if isinstance(key, tuple) else key), answer) for (table, key), answer in one.trace]
    return tuple(trace), tuple(map(_plain_page, one.pages)), tuple(map(tuple, one.words))


def _plain_page(page: Page) -> Plain:
    slug, title, html, toc, path, tags, files, search = page
    lists = [tuple(map(tuple, of)) for of in (toc, files, search)]
    return slug, title, html, lists[0], path, tags, lists[1], lists[2]


def _page(value: Plain) -> Page:
    slug, title, html, toc, path, tags, files, search = value
    return Page(
        Slug(slug),
        title,
        html,
        tuple(Heading(*one) for one in toc),
        path,
        tags,
        tuple(File(*one) for one in files),
        tuple(SearchEntry(*one) for one in search),
    )


def _read(path: Path, writer: bytes) -> Plain:
    """The value in a file, None where there is none that can be trusted."""
    with suppress(OSError, ValueError, EOFError, TypeError):
        data = path.read_bytes()
        start = len(_MAGIC) + _DIGEST
        body = data[start + _DIGEST :]
        if data[:start] == _MAGIC + writer and data[start : start + _DIGEST] == digest(body):
            return unpack(body)
    return None


def _write(path: Path, writer: bytes, value: Plain) -> None:
    if not path.is_absolute():
        return  # nobody's home is known
    data = pack(value)
    beside = path.with_name(f"{path.name}.{os.getpid()}")
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            beside.write_bytes(b"".join((_MAGIC, writer, digest(data), data)))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
