"""What the last builds of a base left in the cache folder: finished pages with what they were made of, and what stands.

Files are written beside their places and renamed, hold for one kbtool (a digest of its sources) and have a checksum:
what is damaged, foreign or half written is as good as absent. All of it may be deleted at any time.
"""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from jinja2.bccache import Bucket, BytecodeCache

from kbtool import cache
from kbtool.disk import stamp
from kbtool.kept import Kept
from kbtool.kept import from_plain as kept_from
from kbtool.kept import plain as plain_kept
from kbtool.layout import NO_LAYOUT, Laid, Layout
from kbtool.outside import is_later
from kbtool.packed import Plain, digest, pack, unpack
from kbtool.render.font import woff
from kbtool.render.graph import Node, Web
from kbtool.render.surroundings import NOTHING_AROUND, Around
from kbtool.standing import Standing, from_plain, plain
from kbtool.trace import NOTHING, Recalled, plain_keys

_MAGIC = b"kbsite02"
_DIGEST = 16
_SHARDS = 256
_LATER = (-1,)


def stamps(base: Path, paths: Iterable[str], began: float = math.inf) -> dict[str, tuple[int, ...]]:
    """The stamps of files of the base; empty for one that is not there, and no stamp for one that changed later."""
    found: dict[str, tuple[int, ...]] = {}
    for path in paths:
        found[path] = ()
        with suppress(OSError, ValueError):
            status = (base / path).resolve().stat()
            found[path] = _LATER if is_later(status, began) else stamp(status)
    return found


def published_file(base: Path, path: str) -> Path | None:
    """The regular file of the base with this path, None when a link leads out of the base."""
    root = base.resolve()
    found = (root / path).resolve()
    if not found.is_relative_to(root) or not found.exists() or not stat.S_ISREG(found.stat().st_mode):
        return None
    return found


def has_same_assets(base: Path, old: Standing, wanted: Iterable[str]) -> bool:
    """Whether a site would have the same files of the base as the one that stands: these, and those settings name."""
    paths = {*wanted, *old.named}
    return paths == old.assets.keys() and stamps(base, paths) == old.assets


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

    __slots__ = ("_folder", "_site", "_tokens", "_writer")

    def __init__(self, base: Path, site: Path) -> None:
        self._folder = cache.folder_of_site(base)
        self._writer = cache.writer()
        self._site = f"site-{digest(os.fsencode(site.absolute())).hex()}"
        self._tokens: tuple[bytes, ...] = (b"",) * _SHARDS

    @property
    def spare(self) -> Path | None:
        """Where the site that stood before the last one may lie."""
        return self._folder / f"spare-{self._site}" if self._folder.is_absolute() else None

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
        found = _read(self._folder / "keys", self._writer)
        if found is None:
            return NOTHING
        base, self._tokens, keys, answers = found
        kept: dict[str, Kept] = {}
        for number, token in enumerate(self._tokens):
            shard = _read(self._folder / f"pages-{number:03}", self._writer)
            if shard is not None and shard[0] == token:
                kept.update((note, kept_from(one)) for note, one in shard[1].items())
        return Recalled(base, kept, keys, answers)

    def keep_pages(self, now: Recalled, before: Recalled) -> None:
        """Keeps pages; files of which none is another one are left.

        Pages hold with the answers to their keys, which stand in a file of their own. That is written last and names
        the files that go with it: what a killed build left, or another one at the same time, does not count.
        """
        shards: list[dict[str, Kept]] = [{} for _ in range(_SHARDS)]
        other = [now.base != before.base] * _SHARDS
        for note, one in now.kept.items():
            shards[_shard(note)][note] = one
            other[_shard(note)] |= before.kept.get(note) is not one
        for note in before.kept.keys() - now.kept.keys():
            other[_shard(note)] = True
        if not any(other) and now.found == before.found:
            return
        tokens = list(self._tokens)
        for number in [number for number, shard in enumerate(shards) if other[number]]:
            tokens[number] = os.urandom(8)
            value = {note: plain_kept(one) for note, one in shards[number].items()}
            _write(self._folder / f"pages-{number:03}", self._writer, (tokens[number], value))
        _write(self._folder / "keys", self._writer, (now.base, tuple(tokens), plain_keys(now.keys), now.found))

    def layout(self) -> Laid:
        """The layout of the graph that was worked out before."""
        found = _read(self._folder / "graph", self._writer)
        return Laid(Layout(*found[0]), *found[1:]) if found else NO_LAYOUT

    def keep_layout(self, now: Laid, before: Laid) -> None:
        """Keeps a layout that is another one."""
        if now is not before:
            _write(self._folder / "graph", self._writer, (tuple(now.layout), now.links, dict(now.communities)))

    def around(self) -> Around:
        """The files of what is near each page that were made before."""
        found = _read(self._folder / "near", self._writer)
        if found is None:
            return NOTHING_AROUND
        nodes, edges, folders, files = found
        return Around(Web(tuple(Node(*node) for node in nodes), edges), folders, files)

    def keep_around(self, now: Around, before: Around) -> None:
        """Keeps such files that are others."""
        if now is not before:
            web = tuple(map(tuple, now.web.nodes)), now.web.edges
            _write(self._folder / "near", self._writer, (*web, now.folders, dict(now.files)))


def _shard(note: str) -> int:
    return digest(note.encode("utf-8", "surrogatepass"))[0] % _SHARDS


def _read(path: Path, writer: bytes) -> Plain:
    """The value in a file, None where there is none that can be trusted."""
    with suppress(OSError, ValueError, EOFError, TypeError):
        data = path.read_bytes()
        start = len(_MAGIC) + _DIGEST
        body = data[start + _DIGEST :]
        if data[:start] == _MAGIC + cache.seal(path, writer) and data[start : start + _DIGEST] == digest(body):
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
            beside.write_bytes(b"".join((_MAGIC, cache.seal(path, writer), digest(data), data)))
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
