"""Sessions and their keys."""

from __future__ import annotations

import pytest

from kbtool.cells.plan import Environment, Session, imported_modules, plan
from kbtool.config import Config
from kbtool.values import CellOptions
from tests.cells_notes import made

ENVIRONMENT = Environment("cpython-3.11.7", "linux-x86_64-glibc", {"torch": ("torch==2.13.0+cpu",)})
CODES = ("import torch\nx = 1", "print(x)")


def session(
    *codes: str | tuple[str, CellOptions], config: Config | None = None, environment: Environment = ENVIRONMENT
) -> Session:
    (only,) = plan([made(*codes).note], config or Config(), environment).sessions
    return only


def key(*codes: str | tuple[str, CellOptions]) -> str:
    return session(*codes).key


def test_a_note_is_a_session_of_its_runnable_cells() -> None:
    made_session = session(("1", CellOptions(norun=True)), "2", ("3", CellOptions(timeout=5)), ">>> 4\n4")
    steps = [(step.index, step.kind, step.code, step.timeout) for step in made_session.steps]
    assert steps == [(0, "python", "2", 60.0), (1, "python", "3", 5.0), (2, "transcript", ">>> 4\n4", 60.0)]


@pytest.mark.parametrize("codes", [(), (("1", CellOptions(norun=True)),), ((">>> 1", CellOptions(norun=True)),)])
def test_a_note_without_runnable_cells_is_no_session(codes: tuple[str, ...]) -> None:
    assert plan([made(*codes).note], Config(), ENVIRONMENT).sessions == ()


def test_sessions_stand_in_the_order_of_the_notes() -> None:
    notes = [made("1", path="pages/b.md").note, made("2", path="pages/a.md").note]
    assert [one.note for one in plan(notes, Config(), ENVIRONMENT).sessions] == ["pages/b.md", "pages/a.md"]


def test_a_cell_that_does_not_compile_is_in_its_session() -> None:
    assert [step.code for step in session("import numpy", "x = (").steps] == ["import numpy", "x = ("]


def test_imports_are_found_wherever_they_stand() -> None:
    notes = [made("import os.path as p, numpy", "def f():\n    from torch.nn import Linear\n    from . import x").note]
    assert imported_modules(notes) == {"os", "numpy", "torch"}
    assert imported_modules([made(">>> import numpy\n>>> numpy.pi\nimport os").note]) == {"numpy"}


def test_imports_of_cells_that_do_not_run_do_not_count() -> None:
    assert imported_modules([made(("import numpy", CellOptions(norun=True)), "import (").note]) == frozenset()


def test_a_key_is_a_digest() -> None:
    assert len(key(*CODES)) == 64
    assert int(key(*CODES), 16)


@pytest.mark.parametrize(
    "codes",
    [
        ("import torch\nx = 2", CODES[1]),
        (CODES[0], CODES[1], "1"),
        (CODES[0],),
        (CODES[1], CODES[0]),
        (CODES[0], (CODES[1], CellOptions(raises="NameError"))),
        ((CODES[0], CellOptions(norun=True)), CODES[1]),
        (CODES[0] + " ", CODES[1]),
        (CODES[0], ">>> print(x)"),
    ],
)
def test_what_decides_the_outcome_changes_the_key(codes: tuple[str, ...]) -> None:
    assert key(*codes) != key(*CODES)


@pytest.mark.parametrize(
    "options",
    [CellOptions(hide=True), CellOptions(name="train"), CellOptions(timeout=5)],
    ids=["hide", "name", "timeout"],
)
def test_looks_do_not_change_the_key(options: CellOptions) -> None:
    assert key(CODES[0], (CODES[1], options)) == key(*CODES)


def test_prose_and_place_do_not_change_the_key() -> None:
    note = made(*CODES).note
    moved = [cell._replace(lines=tuple(at + 100 for at in cell.lines), block=cell.block + 3) for cell in note.cells]
    (other,) = plan([note._replace(cells=tuple(moved))], Config(), ENVIRONMENT).sessions
    assert other == session(*CODES)


def test_line_ends_do_not_change_the_key() -> None:
    assert key("x = 1\r\ny = 2") == key("x = 1\ny = 2")


@pytest.mark.parametrize(
    "environment",
    [
        ENVIRONMENT._replace(packages={"torch": ("torch==2.14.0",)}),
        ENVIRONMENT._replace(packages={}),
    ],
    ids=["version", "not installed"],
)
def test_the_environment_changes_the_key(environment: Environment) -> None:
    assert session(*CODES, environment=environment).key != key(*CODES)


def test_where_it_runs_is_not_in_the_key_but_beside_it() -> None:
    elsewhere = ENVIRONMENT._replace(python="cpython-3.12.0", platform="darwin-arm64-darwin")
    assert session(*CODES, environment=elsewhere).key == key(*CODES)


@pytest.mark.parametrize(
    "packages",
    [{"torch": ("torch==2.13.0+cu130",)}, {"torch": ("torch==2.13.0",), "numpy": ("numpy==2.0",)}],
    ids=["local tag", "not imported"],
)
def test_other_packages_and_builds_do_not_change_the_key(packages: dict[str, tuple[str, ...]]) -> None:
    assert session(*CODES, environment=ENVIRONMENT._replace(packages=packages)).key == key(*CODES)


def test_the_output_limit_changes_the_key_and_the_timeout_does_not() -> None:
    assert session(*CODES, config=Config(output_limit=10)).key != key(*CODES)
    assert session(*CODES, config=Config(timeout=10)).key == key(*CODES)
