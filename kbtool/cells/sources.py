"""The source of a session: its code and what else decides its outcome, apart from the machine that it runs on. Pure.

Recorded results hold for a source. Code stands in it by digest, so that it is small and still tells which cell changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from kbtool.outcomes import Difference

_DIGITS = 16
"""Of a digest that only tells what changed."""
_SHOWN = 60
_KINDS = MappingProxyType({"inputs": "input", "modules": "module"})
_PACKAGES = "packages"
_ORDER = ("cells", "imported", "modules", "inputs", "seed", "device", "cpus", "launch", "output_limit", "semantics")


def source_of(decides: str) -> dict[str, Any]:
    """The source within what decides a session's outcome (`plan.Session.decides`)."""
    given = json.loads(decides)
    given["cells"] = [[kind, digest(code)[:_DIGITS], raises] for kind, code, raises in given["cells"]]
    given["imported"] = digest(json.dumps(given["imported"])) if given["imported"] else ""
    given["inputs"] = {pattern: digest(json.dumps(files)) for pattern, files in given["inputs"].items()}
    return dict(given)


def source_key(source: Mapping[str, Any]) -> str:
    """The digest of a source: two are the same when it is."""
    return digest(json.dumps(source, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def digest(text: str) -> str:
    """The digest of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    """What is another one in a source, the cells first."""
    for name in dict.fromkeys((*_ORDER, *new, *old)):
        before, after = old.get(name), new.get(name)
        if before == after or name == _PACKAGES:
            continue
        if name == "cells" and isinstance(before, list):
            yield from _cells(before, after or [])
        elif name in _KINDS and isinstance(before, dict):
            yield from _entries(_KINDS[name], before, after or {})
        elif name == "imported":
            yield Difference(name)
        elif name in _ORDER and not isinstance(before, list | dict):
            yield Difference(name, "", str(before)[:_SHOWN], str(after)[:_SHOWN])
        else:
            yield Difference("semantics")


def _cells(old: list[Any], new: list[Any]) -> Iterator[Difference]:
    for number, (before, after) in enumerate(zip_longest(old, new), 1):
        if before != after:
            kind = "new-cell" if before is None else "gone-cell" if after is None else "cell"
            yield Difference(kind, str(number))


def _entries(kind: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Difference(kind, key)


def version_changes(source: Mapping[str, Any], installed: Callable[[str], str]) -> Iterator[Difference]:
    """Packages that the code imports and that have another version; what is not installed could not have run."""
    found = source.get(_PACKAGES)
    pinned = {str(item) for items in found.values() for item in items} if isinstance(found, dict) else set()
    for name, _, old in sorted(item.partition("==") for item in pinned):
        here = public(installed(name))
        if here and here != old:
            yield Difference("version", name, old, here)


def public(version: str) -> str:
    """A version without its local tag, which names a build: `2.13.0+cpu` is 2.13.0."""
    return version.partition("+")[0]
