"""Which sessions a base has, and under which key the outcome of each is kept. Pure: the world comes as a value.

A note's runnable cells are one session. Its key covers what decides the outcome and nothing else: where a cell stands
in its note does not count, so outcomes know nothing of the note's lines (see `cells.trace`).
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from kbtool.cells.library import NOTHING, Imported, Library, imported
from kbtool.config import Config
from kbtool.note import Note
from kbtool.outcomes import CellKey
from kbtool.python_imports import MODULE
from kbtool.python_source import python_text, runs, tree_of
from kbtool.values import Cell, NoteId

SEMANTICS = 1
"""Version of the way in which cells are run; raised whenever the same code may give another outcome."""
SEED = 0
"""What `random`, NumPy's and PyTorch's generators are seeded with before a session's first cell."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What sessions run on. `packages` gives the distributions (`name==version`) of each installed top-level module."""

    python: str
    platform: str
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of a session; `index` is the cell's in the note, `timeout` is in seconds."""

    index: int
    code: str
    raises: str
    timeout: float


@dataclass(frozen=True, slots=True)
class Session:
    """The cells of a note that run, top to bottom in one process, and what they import from other notes.

    `imports` are the top-level modules of all that, found statically.
    """

    note: NoteId
    key: CellKey
    steps: tuple[Step, ...]
    imports: tuple[str, ...]
    output_limit: int
    imported: Imported = NOTHING


@dataclass(frozen=True, slots=True)
class Plan:
    """The sessions of a base, in the order of its notes."""

    sessions: tuple[Session, ...]


def plan(notes: Iterable[Note], config: Config, environment: Environment, library: Library | None = None) -> Plan:
    """The sessions that notes ask for; a cell that does not compile is in its session, and fails there.

    Without a library notes import nothing from each other.
    """
    given = ((note, imported(note, library) if library else NOTHING) for note in notes if runnable(note))
    return Plan(tuple(_session(note, found, config, environment) for note, found in given))


def imported_modules(notes: Iterable[Note], library: Library | None = None) -> frozenset[str]:
    """The top-level modules that runnable cells, and those that they import, import; as far as their text tells."""
    return frozenset(
        name
        for note in notes
        if (cells := runnable(note))
        for name in _modules((cell.code for cell in cells), imported(note, library) if library else NOTHING)
    )


def runnable(note: Note) -> tuple[Cell, ...]:
    """The cells of a note that `run` executes: not `norun`, and no transcripts."""
    return tuple(cell for cell in note.cells if runs(cell))


def _session(note: Note, found: Imported, config: Config, environment: Environment) -> Session:
    steps = tuple(_step(cell, config) for cell in runnable(note))
    imports = tuple(sorted(_modules((step.code for step in steps), found)))
    session = Session(note.id, CellKey(""), steps, imports, config.output_limit, found)
    return replace(session, key=_key(session, environment))


def _step(cell: Cell, config: Config) -> Step:
    options = cell.options
    timeout = config.timeout if options.timeout is None else options.timeout
    return Step(cell.number, python_text(cell.code), options.raises, timeout)


def _key(session: Session, environment: Environment) -> CellKey:
    packages = environment.packages
    decides: dict[str, object] = {
        "semantics": SEMANTICS,
        "cells": [[step.index, step.code, step.raises] for step in session.steps],
        "packages": {name: [_public(item) for item in packages.get(name, ())] for name in session.imports},
        "python": environment.python,
        "platform": environment.platform,
        "seed": SEED,
        # It cuts what a cell shows.
        "output_limit": session.output_limit,
    }
    if session.imported.modules:
        decides["imported"] = [[module.codes for module in session.imported.modules], session.imported.meant]
    text = json.dumps(decides, sort_keys=True, separators=(",", ":"))
    return CellKey(hashlib.sha256(text.encode()).hexdigest())


def _public(distribution: str) -> str:
    """`torch==2.13.0+cpu` without its local tag, which names a build and not a version."""
    return distribution.partition("+")[0]


def _modules(codes: Iterable[str], found: Imported) -> frozenset[str]:
    """The top-level modules that code and its imports from notes import; `kb` is none that can be installed."""
    everything = (*codes, *(code for module in found.modules for code in module.codes))
    return frozenset(name for code in everything for name in _imports(code)) - {MODULE}


def _imports(code: str) -> frozenset[str]:
    if "import" not in code:
        return frozenset()
    tree = tree_of(code)
    names = (name for node in ast.walk(tree) for name in _imported_by(node)) if tree is not None else ()
    return frozenset(name.partition(".")[0] for name in names)


def _imported_by(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Import(names=names):
            return tuple(alias.name for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            return (module,)
    return ()
