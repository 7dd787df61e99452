"""Which sessions a base has, and under which key the outcome of each is kept. Pure: the world comes as a value.

A note's runnable cells are one session. Its key covers what decides the outcome and nothing else: where a cell stands
in its note does not count, so outcomes know nothing of the note's lines (see `cells.trace`).
"""

from __future__ import annotations

import ast
import hashlib
import json
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kbtool.config import Config
from kbtool.note import Note
from kbtool.outcomes import CellKey
from kbtool.python_source import is_transcript, python_text
from kbtool.values import Cell, NoteId

SEMANTICS = 2
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
    """The cells of a note that run, top to bottom in one process; `imports` are top-level modules, found statically."""

    note: NoteId
    key: CellKey
    steps: tuple[Step, ...]
    imports: tuple[str, ...]
    output_limit: int


@dataclass(frozen=True, slots=True)
class Plan:
    """The sessions of a base, in the order of its notes."""

    sessions: tuple[Session, ...]


def plan(notes: Iterable[Note], config: Config, environment: Environment) -> Plan:
    """The sessions that notes ask for; a cell that does not compile is in its session, and fails there."""
    sessions = (_session(note, config, environment) for note in notes)
    return Plan(tuple(session for session in sessions if session is not None))


def imported_modules(notes: Iterable[Note]) -> frozenset[str]:
    """The top-level modules that runnable cells import, as far as their text tells."""
    return frozenset(name for note in notes for cell in runnable(note) for name in _imports(cell.code))


def runnable(note: Note) -> tuple[Cell, ...]:
    """The cells of a note that `run` executes: not `norun`, and no transcripts."""
    return tuple(cell for cell in note.cells if not cell.options.norun and not is_transcript(cell.code))


def _session(note: Note, config: Config, environment: Environment) -> Session | None:
    cells = runnable(note)
    if not cells:
        return None
    steps = tuple(_step(cell, config) for cell in cells)
    imports = tuple(sorted({name for step in steps for name in _imports(step.code)}))
    return Session(note.id, _key(steps, imports, config, environment), steps, imports, config.output_limit)


def _step(cell: Cell, config: Config) -> Step:
    options = cell.options
    timeout = config.timeout if options.timeout is None else options.timeout
    return Step(cell.number, python_text(cell.code), options.raises, timeout)


def _key(steps: tuple[Step, ...], imports: tuple[str, ...], config: Config, environment: Environment) -> CellKey:
    decides = {
        "semantics": SEMANTICS,
        "cells": [[step.index, step.code, step.raises] for step in steps],
        "packages": {name: [_public(item) for item in environment.packages.get(name, ())] for name in imports},
        "python": environment.python,
        "platform": environment.platform,
        "seed": SEED,
        # It cuts what a cell shows.
        "output_limit": config.output_limit,
    }
    text = json.dumps(decides, sort_keys=True, separators=(",", ":"))
    return CellKey(hashlib.sha256(text.encode()).hexdigest())


def _public(distribution: str) -> str:
    """`torch==2.13.0+cpu` without its local tag, which names a build and not a version."""
    return distribution.partition("+")[0]


def _imports(code: str) -> frozenset[str]:
    if "import" not in code:
        return frozenset()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(code)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return frozenset()
    names = (name for node in ast.walk(tree) for name in _imported_by(node))
    return frozenset(name.partition(".")[0] for name in names)


def _imported_by(node: ast.AST) -> tuple[str, ...]:
    match node:
        case ast.Import(names=names):
            return tuple(alias.name for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            return (module,)
    return ()
