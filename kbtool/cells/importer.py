"""Gives the code of a session what it imports from other notes: the module `kb`, and one for each note.

It is loaded by `session` and imports nothing but the standard library. A note's `export` cells run in a module of
their own when the session's code first asks for it; so a traceback leads from the line that asked to the one that
failed. What they print or plot is not shown.
"""

from __future__ import annotations

import linecache
import os
import sys
import types
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import Any

_FUTURE = 0x1FF0000  # the compiler's flags that `from __future__` sets
_BASE = "kb"


def install(given: Mapping[str, Any]) -> None:
    """Put `kb` among the session's modules; `given` has modules (name, cells), and the numbers that pages mean."""
    library = _Library(given)
    sys.modules[_BASE] = _Base(library)  # type: ignore[assignment]
    sys.meta_path.insert(0, library)


class _Library:
    """The modules by number; each is made when it is first asked for."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given: Sequence[Mapping[str, Any]] = given["modules"]
        self.meant: Mapping[tuple[str, str], int] = {(how, name): number for how, name, number in given["meant"]}
        self.made: dict[int, types.ModuleType] = {}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """How `kb.page` is imported, if the note's code says so."""
        page = name.removeprefix(f"{_BASE}.")
        return ModuleSpec(name, self) if page != name and ("module", page) in self.meant else None  # type: ignore[arg-type]

    def create_module(self, _spec: ModuleSpec) -> None:
        """The module that Python makes does: `exec_module` puts the note's in its place."""

    def exec_module(self, module: types.ModuleType) -> None:
        """Put the note's module into the place of one that was just made."""
        name = module.__name__
        sys.modules[name] = self.module("module", name.removeprefix(f"{_BASE}."))

    def module(self, how: str, page: str) -> types.ModuleType:
        """The module of the note that a page's name or identifier means; runs its cells the first time."""
        number = self.meant.get((how, page))
        if number is None:
            said = f'no page of the name {page!r} is imported by the text of this note; name it in the code: kb["page"]'
            raise ModuleNotFoundError(said, name=f"{_BASE}.{page}")
        if number not in self.made:
            self.make(number)
        return self.made[number]

    def make(self, number: int) -> None:
        """Run the `export` cells of a note in a new module."""
        given = self.given[number]
        name = f"{_BASE}.{given['name']}"
        module = self.made[number] = sys.modules[name] = types.ModuleType(name)
        done = False
        try:
            with _silence(), _no_plots():
                _run(given["cells"], vars(module))
            done = True
        finally:
            if not done:  # as Python does, so that the next import tries again
                del self.made[number]
                sys.modules.pop(name, None)


def _run(cells: Sequence[tuple[str, str]], names: dict[str, Any]) -> None:
    flags = 0
    for file, code in cells:
        linecache.cache[file] = (len(code), None, [f"{line}\n" for line in code.split("\n")], file)
        body = compile(code, file, "exec", flags, dont_inherit=True)
        flags |= body.co_flags & _FUTURE
        exec(body, names)  # noqa: S102 -- what this program is for


class _Base:
    """What stands for the module `kb`; Python takes any object for a module that has what it looks for."""

    def __init__(self, library: _Library) -> None:
        self.__name__ = _BASE
        self.__path__: list[str] = []  # so that Python looks for `kb.page`
        self.__spec__ = None
        self._library = library

    def __repr__(self) -> str:
        return f"<module '{_BASE}'>"

    def __getitem__(self, page: str) -> types.ModuleType:
        return self._library.module("page", page)

    def __getattr__(self, name: str) -> types.ModuleType:
        if ("module", name) not in self._library.meant:
            raise AttributeError(f"module '{_BASE}' has no attribute {name!r}")
        return import_module(f"{_BASE}.{name}")


# ---------------------------------------------------------------- what is not shown


@contextmanager
def _silence() -> Iterator[None]:
    """Whatever is written to the two streams meanwhile is lost, also below Python."""
    streams = [stream for stream in (sys.stdout, sys.stderr) if stream is not None]
    _flush(streams)
    kept = [os.dup(fd) for fd in (1, 2)]
    nothing = os.open(os.devnull, os.O_WRONLY)
    try:
        for fd in (1, 2):
            os.dup2(nothing, fd)
        yield
    finally:
        _flush(streams)
        for fd, old in zip((1, 2), kept, strict=True):
            os.dup2(old, fd)
        for fd in (*kept, nothing):
            os.close(fd)


def _flush(streams: Sequence[Any]) -> None:
    for stream in streams:
        with suppress(ValueError, OSError, AttributeError):  # the note's code may have closed it
            stream.flush()


@contextmanager
def _no_plots() -> Iterator[None]:
    """Figures that are made meanwhile are closed, and those that were open before are out of reach."""
    before = _figures()
    kept = dict(before or {})
    if before is not None:
        before.clear()
    try:
        yield
    finally:
        plots = sys.modules.get("matplotlib.pyplot")
        if plots is not None:
            plots.close("all")
        after = _figures()
        if after is not None:
            after.update(kept)


def _figures() -> Any:
    """The open figures as matplotlib keeps them, None where it was not imported."""
    return getattr(getattr(sys.modules.get("matplotlib._pylab_helpers"), "Gcf", None), "figs", None)
