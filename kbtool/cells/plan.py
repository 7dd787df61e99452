"""Which sessions a base has, and under which key the outcome of each is kept. Pure: the world comes as a value.

A note's runnable cells are one session. Its key covers what decides the outcome and nothing else: where a cell stands
in its note does not count, so outcomes know nothing of the note's lines (see `cells.trace`).
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, NamedTuple

from kbtool.cells.library import NOTHING, Imported, Library, imported
from kbtool.config import Config
from kbtool.note import Note
from kbtool.outcomes import CellKey
from kbtool.python_imports import MODULE
from kbtool.python_source import code_of, is_transcript, python_text, tree_of
from kbtool.values import Cell, CellKind, NoteId

SEMANTICS = 2
"""Version of the way in which cells are run; raised whenever the same code may give another outcome."""
SEED = 0
"""What generators are seeded with before a session's first cell, where its note asks for no other seed."""


class Environment(NamedTuple):
    """What sessions run on. `packages` gives the distributions (`name==version`) of each installed top-level module.

    `modules` are the digests of the modules that lie beside the notes, each with what it imports of them. `inputs`
    gives for each pattern of an `inputs=` the files that it means, with their digests.
    """

    python: str
    platform: str
    packages: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    modules: Mapping[str, str] = MappingProxyType({})
    inputs: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType({})


class Ceilings(NamedTuple):
    """The most that a base may ask for by itself: seconds that a cell may run, and bytes that it may print.

    A person can grant more.
    """

    timeout: float = 3600.0
    output: int = 16 << 20


@dataclass(frozen=True, slots=True)
class Step:
    """One cell of a session; `index` counts the cells that run, `timeout` is in seconds.

    Of a transcript what was typed is executed, and the answers are compared.
    """

    index: int
    code: str
    raises: str
    timeout: float
    kind: CellKind = "python"


@dataclass(frozen=True, slots=True)
class Session:
    """The cells of a note that run, top to bottom in one process, and what they import from other notes.

    `imports` are the top-level modules of all that, found statically. `decides` is what the key is a digest of, as
    JSON. The rest is what the note asks for (see `values.NoteOptions`); `files` are those that `inputs` mean, `seed` is
    what `random`, NumPy's and PyTorch's generators begin with.
    """

    note: NoteId
    key: CellKey
    decides: str
    steps: tuple[Step, ...]
    imports: tuple[str, ...]
    output_limit: int
    device: Literal["auto", "cpu", "cuda"] = "auto"
    gpu_memory: int = 0
    cpus: int = 0
    inputs: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    seed: int = SEED
    launch: str = ""
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
        for name in _modules(cells, imported(note, library) if library else NOTHING)
    )


def runnable(note: Note) -> tuple[Cell, ...]:
    """The cells of a note that `run` executes."""
    return tuple(cell for cell in note.cells if not cell.options.norun)


def _session(note: Note, found: Imported, config: Config, environment: Environment) -> Session:
    asked, cells = note.options, runnable(note)
    session = Session(
        note=note.id,
        key=CellKey(""),
        decides="",
        steps=tuple(_step(index, cell, config) for index, cell in enumerate(cells)),
        imports=tuple(sorted(_modules(cells, found))),
        output_limit=config.output_limit,
        device=asked.device,
        gpu_memory=asked.gpu_memory,
        cpus=asked.cpus,
        inputs=asked.inputs,
        files=tuple(path for pattern in asked.inputs for path, _ in environment.inputs.get(pattern, ())),
        seed=SEED if asked.seed is None else asked.seed,
        launch=asked.launch,
        imported=found,
    )
    decides = json.dumps(_decides(session, environment), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = hashlib.sha256(decides.encode("utf-8", "surrogatepass")).hexdigest()
    return replace(session, key=CellKey(digest), decides=decides)


def _step(index: int, cell: Cell, config: Config) -> Step:
    options = cell.options
    timeout = config.timeout if options.timeout is None else options.timeout
    code = python_text(cell.code)
    kind: CellKind = "transcript" if cell.kind == "python" and is_transcript(code) else cell.kind
    return Step(index, code, options.raises, timeout, kind)


def _decides(session: Session, environment: Environment) -> Mapping[str, object]:
    """What decides a session's outcome; patience, looks and what a machine must have are left out."""
    packages, found = environment.packages, session.imported
    return {
        "semantics": SEMANTICS,
        "cells": [[step.kind, step.code, step.raises] for step in session.steps],
        "imported": [[module.codes for module in found.modules], found.meant] if found.modules else [],
        "packages": {name: [_public(item) for item in packages.get(name, ())] for name in session.imports},
        "seed": session.seed,
        "device": session.device,
        # How a sum is shared out among threads decides its last digits.
        "cpus": session.cpus,
        "inputs": {pattern: environment.inputs.get(pattern, ()) for pattern in session.inputs},
        "modules": {name: environment.modules[name] for name in session.imports if name in environment.modules},
        "launch": session.launch,
        # It cuts what a cell shows.
        "output_limit": session.output_limit,
    }


def _public(distribution: str) -> str:
    """`torch==2.13.0+cpu` without its local tag, which names a build and not a version."""
    return distribution.partition("+")[0]


def _modules(cells: Iterable[Cell], found: Imported) -> frozenset[str]:
    """The top-level modules that cells and what they import from notes import; `kb` is none that can be installed."""
    codes = [code_of(cell.number, cell).text for cell in cells if "import" in cell.code and cell.kind != "bash"]
    codes += (code for module in found.modules for code in module.codes)
    return frozenset(name for code in codes for name in _imports(code)) - {MODULE}


def _imports(code: str) -> frozenset[str]:
    """The top-level modules that code imports."""
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
