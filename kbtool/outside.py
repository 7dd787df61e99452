"""What decides about a site: beside the base kbtool itself, settings, templates, the day; whether any of it changed."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from kbtool import cache, terminal
from kbtool.below import below
from kbtool.disk import OWN, Project, Stamp, stamp, walk
from kbtool.front import ASSETS
from kbtool.packed import digest

# Seconds by which a file system's clock may lag behind.
_TICK = 0.01


def code() -> bytes:
    """A digest of what decides about every page beside the base: kbtool itself, Python, installed packages."""
    parts = [cache.writer()]
    for path in sorted(one for one in ASSETS.rglob("*") if one.is_file()):
        parts += [os.fsencode(path.relative_to(ASSETS)), path.read_bytes()]
    return digest(*parts)


def outside(watched: Iterable[str], began: float = math.inf) -> bytes:
    """The same with the settings and templates at these places, and the day, which sitemaps tell.

    Of a site that was begun at this time, in seconds since the epoch, nobody knows whether it shows what changed later:
    then no two digests are the same.
    """
    parts = [code(), str(terminal.today()).encode(), os.environ.get("SOURCE_DATE_EPOCH", "").encode()]
    parts.append(datetime.now(UTC).date().isoformat().encode())
    for place in watched:
        path = Path(place)
        for one in (path, *sorted(path.rglob("*"))) if path.is_dir() else (path,):
            with suppress(OSError):
                status = one.stat()
                known = stamp(status)
                parts.append(repr((str(one), known[:2], one.read_bytes() if one.is_file() else b"")).encode())
                if is_later(status, began):
                    parts.append(os.urandom(16))
    return digest(*parts)


def is_later(status: os.stat_result, moment: float) -> bool:
    """Whether a file was changed after a moment, in seconds since the epoch, or just then."""
    # Windows tells in `st_ctime` when a file was made.
    changed = status.st_ctime if os.name == "posix" else status.st_mtime
    return changed > moment - _TICK


def fingerprint(project: Project) -> frozenset[tuple[str, Stamp]]:
    """Paths and stamps of all that a build reads: when they change, so may the site."""
    found = set()
    for folder, entry in walk(project.base):
        with suppress(OSError):  # gone between the two looks
            found.add((folder + entry.name, stamp(entry.stat(follow_symlinks=False))))
    own = (Path(one.path) for one in below(project.base / OWN) if one.name.endswith(".json"))
    for path in filter(None, (project.mkdocs_yml, *own)):
        with suppress(OSError):
            found.add((str(path), stamp(path.stat())))
    return frozenset(found)
