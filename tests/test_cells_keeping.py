"""One thing changes: a session runs again when that can change what it gives, and only then."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from textwrap import indent

import pytest

from kbtool.cells import environment, machine, plan, process
from kbtool.cells.packages import Packages
from kbtool.cells.sandbox import Wanted
from kbtool.commands import opening, run
from kbtool.commands.sessions import How
from kbtool.config import Config
from kbtool.disk import Project, Selection
from kbtool.outcomes import SessionState
from kbtool.values import NoteId

NOTE = NoteId("pages/a.md")
Change = Callable[["Base"], object]


class Base:
    """A base with one note that runs, and what it may look at."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.patch = monkeypatch
        self.config = Config()
        self.jobs = 0
        self.head = ""
        self.words = ""
        self.cells = ["x = 1", "print(x)"]
        self.prose = "- Текст.\n"
        for name in ("pages", "data", "assets"):
            (folder / name).mkdir()
        (folder / "data" / "x.csv").write_text("1,2\n")
        (folder / "data" / "y.csv").write_text("3,4\n")
        (folder / "helper.py").write_text("import deeper\nX = 1\n")
        (folder / "deeper.py").write_text("Y = 1\n")
        (folder / "pages" / "b.md").write_text("- Другая.\n")

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")

    def text(self) -> str:
        words = [self.words, *([""] * len(self.cells))]
        pairs = zip(words, self.cells, strict=False)
        fences = (f"- ```python{word}\n{indent(code, '  ')}\n  ```\n" for word, code in pairs)
        return self.head + self.prose.join(["", *fences])

    def run(self) -> SessionState:
        """What becomes of the note's session; files look as if they had been written long ago."""
        self.write(NOTE, self.text())
        past = time.time() - 9999
        for path in self.folder.rglob("*.*"):
            if path.stat().st_mtime > past + 1:
                os.utime(path, (past, past))
        opened = opening.open_selection(Selection(Project(self.folder, None, None, self.config), frozenset({NOTE})))
        how = How(wanted=Wanted("none"))  # what cells look at may lie anywhere
        return run.execute(opened, self.jobs, how).states[NOTE]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "kb"
    folder.mkdir()
    return Base(folder, monkeypatch)


def cells(*codes: str) -> Change:
    return lambda base: setattr(base, "cells", list(codes))


def words(text: str) -> Change:
    return lambda base: setattr(base, "words", f" {text}")


def head(text: str) -> Change:
    return lambda base: setattr(base, "head", text)


def file(name: str, text: str = "other") -> Change:
    return lambda base: base.write(name, text)


def gone(name: str) -> Change:
    return lambda base: (base.folder / name).unlink()


def config(**options: object) -> Change:
    return lambda base: setattr(base, "config", Config(**options))  # type: ignore[arg-type]


def variable(name: str, value: str | None) -> Change:
    def change(base: Base) -> None:
        passed = (*process._PASSED, name)
        base.patch.setattr(process, "_PASSED", passed)
        if value is None:
            base.patch.delenv(name, raising=False)
        else:
            base.patch.setenv(name, value)

    return change


def packages(state: str) -> Change:
    """Another state of every installed package."""
    return lambda base: base.patch.setattr(Packages, "state", lambda _own, name: f"{state} {name}")


def versions(version: str) -> Change:
    def change(base: Base) -> None:
        known = environment.distributions

        def others(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
            return {one: (f"{one}=={version}",) for one in known(names)}

        base.patch.setattr(environment, "distributions", others)

    return change


def python(version: str) -> Change:
    def change(base: Base) -> None:
        import platform

        base.patch.setattr(platform, "python_version", lambda: version)

    return change


def both(*changes: Change) -> Change:
    def change(base: Base) -> None:
        for one in changes:
            one(base)

    return change


def nothing(_base: Base) -> None:
    pass


HERE = "import os; B = os.path.dirname(__import__('helper').__file__)\n"
READ = cells(f"{HERE}print(open(B + '/data/x.csv').read())")
LIST = cells(f"{HERE}print(sorted(os.listdir(B + '/data')))")
SEEN = cells(f"{HERE}print(os.path.exists(B + '/data/new.csv'))")
TRIED = cells(f"{HERE}try:\n    open(B + '/data/new.csv')\nexcept OSError as error:\n    print('none')")
NUMPY = cells("import numpy; print(numpy.int8(1))")
TORCH = cells("import torch; print(1)")
HELPER = cells("import helper; print(helper.X)")
INPUT = both(words("inputs=data/*.csv"), cells("import os; print(os.listdir('data'), open('data/x.csv').read())"))
ENVIRON = cells("import os; print(os.environ.get('KB_A'), os.environ.get('PATH') is None)")

MISSES: Mapping[str, tuple[Change, Change]] = {
    "a character of code": (nothing, cells("x = 2", "print(x)")),
    "a space in code": (nothing, cells("x =  1", "print(x)")),
    "a comment in code": (nothing, cells("x = 1", "print(x)  # so")),
    "another cell": (nothing, cells("x = 1", "print(x)", "print(2)")),
    "a cell less": (nothing, cells("x = 1")),
    "the order of cells": (cells("print(1)", "print(2)"), cells("print(2)", "print(1)")),
    "a cell in two": (cells("x = 1\nprint(x)"), cells("x = 1", "print(x)")),
    "an empty line in a string": (cells("print('''a\nb''')"), cells("print('''a\n\nb''')")),
    "norun": (nothing, words("norun")),
    "raises": (cells("1 / 0"), words("raises=ZeroDivisionError")),
    "another raises": (
        both(cells("1 / 0"), words("raises=ZeroDivisionError")),
        words("raises=ArithmeticError"),
    ),
    "seed": (nothing, words("seed=7")),
    "another seed": (words("seed=7"), words("seed=8")),
    "seed as a property": (nothing, head("seed:: 7\n\n")),
    "device": (nothing, words("device=cpu")),
    "threads asked for": (nothing, words("cpus=2")),
    "other threads asked for": (words("cpus=2"), words("cpus=1")),
    "launcher": (nothing, words("launch=torchrun:2")),
    "inputs declared": (nothing, words("inputs=data/x.csv")),
    "other inputs declared": (words("inputs=data/x.csv"), words("inputs=data/y.csv")),
    "a declared input's bytes": (INPUT, file("data/x.csv")),
    "a new file of a declared pattern": (INPUT, file("data/z.csv")),
    "a file less of a declared pattern": (INPUT, gone("data/y.csv")),
    "a declared input unused": (words("inputs=data/y.csv"), file("data/y.csv")),
    "a read file's bytes": (READ, file("data/x.csv")),
    "a read file by one bit": (READ, file("data/x.csv", "1,3\n")),
    "a read file gone": (both(READ, file("data/n.csv")), both(gone("data/x.csv"))),
    "a file in a listed folder": (LIST, file("data/new.csv")),
    "a file less in a listed folder": (LIST, gone("data/y.csv")),
    "a file appears that was asked for": (SEEN, file("data/new.csv")),
    "a file appears that was to be opened": (TRIED, file("data/new.csv")),
    "a local module's bytes": (HELPER, file("helper.py", "import deeper\nX = 2\n")),
    "a local module of a local module": (HELPER, file("deeper.py", "Y = 2\n")),
    "a local module gone": (HELPER, gone("deeper.py")),
    "a local module in place of a missing one": (
        cells("try:\n    import later\nexcept ImportError:\n    print('none')"),
        file("later.py", "Z = 1\n"),
    ),
    "a module imported by its name": (
        cells("import importlib; print(importlib.import_module('helper').X)"),
        file("helper.py", "import deeper\nX = 2\n"),
    ),
    "a variable that was read": (both(variable("KB_A", "1"), ENVIRON), variable("KB_A", "2")),
    "a variable that was missing": (both(variable("KB_A", None), ENVIRON), variable("KB_A", "2")),
    "a variable less": (both(variable("KB_A", "1"), ENVIRON), variable("KB_A", None)),
    "a path variable that was read": (ENVIRON, variable("PATH", os.environ.get("PATH", "") + ":/nowhere")),
    "any variable, of all that were walked through": (
        both(variable("KB_A", "1"), cells("import os; print(len(dict(os.environ)) > 0)")),
        variable("KB_A", "2"),
    ),
    "the version of a package": (NUMPY, versions("9.9")),
    "the code of a package": (NUMPY, packages("patched")),
    "the code of a package that a package needs": (
        cells("import matplotlib; print(1)"),
        lambda base: base.patch.setattr(
            Packages,
            "state",
            lambda own, name, known=Packages.state: "patched" if name == "numpy" else known(own, name),
        ),
    ),
    "a package that is imported by its name": (
        cells("import importlib; importlib.import_module('numpy')"),
        packages("patched"),
    ),
    "Python": (nothing, python("3.99.0")),
    "the platform": (nothing, lambda base: base.patch.setattr(environment.sys, "platform", "linux2")),  # type: ignore[attr-defined]
    "the device that there is": (TORCH, lambda base: base.patch.setattr(machine, "machine_device", lambda: "H100")),
    "threads": (lambda base: setattr(base, "jobs", 1), lambda base: setattr(base, "jobs", 64)),
    "how cells are run": (nothing, lambda base: base.patch.setattr(plan, "SEMANTICS", 999)),
    "the limit of output": (nothing, config(output_limit=77)),
    "a read file in a folder above": (
        both(cells(f"{HERE}print(open(os.path.dirname(B) + '/beside.txt').read())"), file("../beside.txt", "1")),
        file("../beside.txt", "2"),
    ),
    "a file read by pathlib": (
        cells(f"{HERE}import pathlib; print(pathlib.Path(B, 'data/x.csv').read_bytes())"),
        file("data/x.csv"),
    ),
    "a file read by numpy": (
        cells(f"{HERE}import numpy; print(numpy.loadtxt(B + '/data/x.csv', delimiter=','))"),
        file("data/x.csv", "5,6\n"),
    ),
    "a file read by os": (
        cells(f"{HERE}print(os.read(os.open(B + '/data/x.csv', os.O_RDONLY), 99))"),
        file("data/x.csv"),
    ),
    "a file found by a pattern": (cells(f"{HERE}import glob; print(glob.glob(B + '/data/*'))"), file("data/z.csv")),
    "a file's size": (cells(f"{HERE}print(os.path.getsize(B + '/data/x.csv'))"), file("data/x.csv", "longer\n")),
    "a note that is read as a file": (cells(f"{HERE}print(open(B + '/pages/b.md').read())"), file("pages/b.md")),
    "a database that is read": (
        both(
            lambda base: sqlite3.connect(base.folder / "data" / "d.db").executescript("create table t (x)").close(),
            cells(f"{HERE}import sqlite3; print(list(sqlite3.connect(B + '/data/d.db').execute('select * from t')))"),
        ),
        lambda base: sqlite3.connect(base.folder / "data" / "d.db").executescript("insert into t values (1)").close(),
    ),
    "a folder that appears": (
        cells(f"{HERE}print(os.path.isdir(B + '/data/sub'))"),
        lambda base: (base.folder / "data" / "sub").mkdir(),
    ),
    "a type comment of the page's property": (words("device=cpu"), head("device:: cpu\nseed:: 3\n\n")),
}

HITS: Mapping[str, tuple[Change, Change]] = {
    "nothing": (nothing, nothing),
    "prose": (nothing, lambda base: setattr(base, "prose", "- Другой текст.\n- И ещё.\n")),
    "lines shift": (nothing, head("- Начало.\n" * 7)),
    "a page's title": (nothing, head("title:: Другое имя\n\n")),
    "hide": (nothing, words("hide")),
    "a name": (nothing, words("name=first")),
    "patience": (nothing, words("timeout=5")),
    "configured patience": (nothing, config(timeout=5.0)),
    "volatile": (nothing, words("volatile")),
    "expect": (nothing, words("expect=1e-3")),
    "export": (nothing, words("export")),
    "memory of a GPU": (nothing, words("gpu_mem=8G")),
    "a cell that does not run": (
        nothing,
        lambda base: setattr(base, "prose", "- Текст.\n- ```python norun\n  y = ...\n  ```\n"),
    ),
    "an unrelated note": (nothing, file("pages/b.md", "- Совсем другая.\n")),
    "another new note": (nothing, file("pages/c.md", "- Новая.\n")),
    "a file that is not read": (READ, file("data/y.csv")),
    "a new file beside one that is read": (READ, file("data/new.csv")),
    "times of a read file": (READ, lambda base: os.utime(base.folder / "data" / "x.csv", (99, 99))),
    "bytes of a file in a listed folder": (LIST, file("data/x.csv")),
    "a local module that is not imported": (nothing, file("helper.py", "X = 9\n")),
    "a variable that is not read": (variable("KB_A", "1"), variable("KB_A", "2")),
    "the device that there is, without PyTorch": (
        nothing,
        lambda base: base.patch.setattr(machine, "machine_device", lambda: "H100"),
    ),
    "the code of a package that is not imported": (nothing, packages("patched")),
    "the wanted names": (nothing, config(wanted=("нет",))),
    "an attribute in another order": (words("seed=1 cpus=1"), words("cpus=1 seed=1")),
    "an attribute as a property": (words("seed=1"), both(words(""), head("seed:: 1\n\n"))),
    "the ends of lines": (nothing, lambda base: setattr(base, "text", lambda: Base.text(base).replace("\n", "\r\n"))),
}


@pytest.mark.parametrize("name", MISSES)
def test_what_can_change_the_outcome_makes_it_run_again(base: Base, name: str) -> None:
    prepare, change = MISSES[name]
    prepare(base)
    base.run()
    assert base.run() == ("failed" if name == "raises" else "cached")
    change(base)
    assert base.run() != "cached"


@pytest.mark.parametrize("name", HITS)
def test_what_cannot_change_the_outcome_does_not(base: Base, name: str) -> None:
    prepare, change = HITS[name]
    prepare(base)
    assert base.run() == "ran"
    change(base)
    assert base.run() == "cached"


def test_there_are_enough_of_both() -> None:
    assert len(MISSES) >= 60
    assert len(HITS) >= 20
