"""The files of a base that code may read: declared inputs, and modules that lie beside the notes."""

from __future__ import annotations

import ast
import hashlib
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from kbtool.below import below
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
        if path.is_file() and _is_own(base, path):
            try:
                yield path.relative_to(base).as_posix(), digests.of(os.fspath(path))
            except OSError:
                continue


def _is_own(base: Path, path: Path) -> bool:
    """Whether no link is on the way from the base to a file: it may lead to anything that the person may read."""
    return os.path.realpath(path) == os.path.join(os.path.realpath(base), path.relative_to(base))  # noqa: PTH118


def modules(base: Path, names: Iterable[str], digests: Digests) -> dict[str, str]:
    """The digests of the modules of these names that lie in the base, each with those that it imports in turn."""
    found = _modules(base, names)
    texts = {name: _digest(base, one.files, digests) for name, one in found.items()}
    return {name: _with_needs(name, texts, found) for name in found}


def module_files(base: Path, names: Iterable[str]) -> tuple[str, ...]:
    """The files in the base of the modules of these names, and of those that they import in turn; no links."""
    files = (path for one in _modules(base, names).values() for path in one.files)
    return tuple(path for path in files if _is_own(base, base / path))


class _Module(NamedTuple):
    """A module's files, by path in the base: one, or all those of a package; and the names that they import."""

    files: tuple[str, ...]
    needs: tuple[str, ...]


def _modules(base: Path, names: Iterable[str]) -> dict[str, _Module]:
    found: dict[str, _Module] = {}
    waiting = sorted(set(names))
    while waiting:
        name = waiting.pop()
        files = () if name in found else tuple(_module(base, name))
        if files:
            imported = set[str]().union(*(_imported(base / path) for path in files))
            found[name] = _Module(files, tuple(sorted(imported)))
            waiting += found[name].needs
    return found


def _module(base: Path, name: str) -> Iterator[str]:
    """The files of a module that can be read; of a package, which comes before a file of that name, all its code."""
    if (base / name / "__init__.py").is_file():
        inside = sorted(Path(one.path).relative_to(base) for one in below(base / name) if _is_code(one))
        yield from (path.as_posix() for path in inside[:_MOST] if not any(part[0] == "." for part in path.parts))
    elif (base / f"{name}.py").is_file() and os.access(base / f"{name}.py", os.R_OK):
        yield f"{name}.py"


def _is_code(one: os.DirEntry[str]) -> bool:
    return one.name.endswith(".py") and one.is_file(follow_symlinks=False) and os.access(one.path, os.R_OK)


def _digest(base: Path, files: tuple[str, ...], digests: Digests) -> str:
    texts = [digests.of(os.fspath(base / path)) for path in files]
    if len(texts) == 1:
        return texts[0]
    return hashlib.sha256(
        "\n".join(f"{path} {text}" for path, text in zip(files, texts, strict=True)).encode()
    ).hexdigest()


def _with_needs(name: str, texts: Mapping[str, str], modules: Mapping[str, _Module]) -> str:
    found, waiting = set[str](), [name]
    while waiting:
        one = waiting.pop()
        if one in texts and one not in found:
            found.add(one)
            waiting += modules[one].needs
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
