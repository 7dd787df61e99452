"""The files of a base that code may read: declared inputs, and modules that lie beside the notes."""

from __future__ import annotations

import ast
import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path

from kbtool.cells.digests import Digests

_MOST = 10_000
"""Files that a pattern may mean."""


def inputs(base: Path, patterns: Iterable[str], digests: Digests) -> dict[str, tuple[tuple[str, str], ...]]:
    """For each pattern the files below the base that it means, with their digests, in order; links are not followed."""
    return {pattern: tuple(_files(base, pattern, digests)) for pattern in patterns}


def _files(base: Path, pattern: str, digests: Digests) -> Iterator[tuple[str, str]]:
    parts = Path(pattern).parts
    if not parts or Path(pattern).is_absolute() or ".." in parts:
        return
    for number, path in enumerate(sorted(base.glob(pattern))):
        if number == _MOST:
            return
        if path.is_file() and not path.is_symlink():
            try:
                yield path.relative_to(base).as_posix(), digests.of(os.fspath(path))
            except OSError:
                continue


def modules(base: Path, names: Iterable[str], digests: Digests) -> dict[str, str]:
    """The digests of the modules of these names that lie in the base, each with those that it imports in turn."""
    needs = _needs(base, names)
    texts = {name: digests.of(os.fspath(base / f"{name}.py")) for name in needs}
    return {name: _with_needs(name, texts, needs) for name in needs}


def module_files(base: Path, names: Iterable[str]) -> tuple[str, ...]:
    """The files of the modules of these names that lie in the base, and of those that they import in turn."""
    return tuple(os.fspath(base / f"{name}.py") for name in _needs(base, names))


def _needs(base: Path, names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    needs: dict[str, tuple[str, ...]] = {}
    waiting = sorted(set(names))
    while waiting:
        name = waiting.pop()
        path = base / f"{name}.py"
        if name not in needs and path.is_file():
            needs[name] = tuple(sorted(_imported(path)))
            waiting += needs[name]
    return needs


def _with_needs(name: str, texts: dict[str, str], needs: dict[str, tuple[str, ...]]) -> str:
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one in texts and one not in found:
            found.add(one)
            waiting += needs[one]
    return hashlib.sha256("\n".join(f"{one} {texts[one]}" for one in sorted(found)).encode()).hexdigest()


def _imported(path: Path) -> set[str]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, MemoryError, RecursionError):
        return set()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found
