"""What decides about every page of a site beside the base: kbtool itself, settings, templates, the day."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from kbtool import cache, terminal
from kbtool.disk import stamp
from kbtool.front import ASSETS
from kbtool.packed import digest


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
