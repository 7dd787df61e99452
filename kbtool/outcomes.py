"""What running the cells of a note gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType

from kbtool.values import NoteId

OutputKind = Literal["stdout", "stderr", "value", "figure", "error"]
CellState = Literal["ok", "failed", "skipped"]
SessionState = Literal["ran", "cached", "failed", "skipped"]
CellKey = NewType("CellKey", str)
"""Digest of all that decides a session's outcome."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a cell showed, in order: a piece of a stream, a value's repr, an SVG figure, a traceback."""

    kind: OutputKind
    text: str


@dataclass(frozen=True, slots=True)
class CellError:
    """Why a cell failed; `line` is 1-based in the cell's code, 0 when unknown."""

    name: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What one cell gave; an error that `raises=` expected leaves the state `ok`."""

    index: int
    state: CellState
    outputs: tuple[Output, ...]
    seconds: float
    error: CellError | None = None


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where and when a session ran; `started` is ISO 8601 in UTC, `packages` are `name==version`."""

    started: str
    python: str
    platform: str
    device: str
    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Observed:
    """What a session's outcome stands on beside its key; it holds where all of that is as it was.

    `facts` are what its code looked at (kind, what, state: see `cells.observed`), `gaps` what could not be followed.
    `packages` are the digests of the code of distributions, `where` what it ran on, both as pairs.
    """

    facts: tuple[tuple[str, str, str], ...] = ()
    gaps: tuple[str, ...] = ()
    packages: tuple[tuple[str, str], ...] = ()
    where: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one session (all cells of a note) gave; `failed` when a cell failed or was not reached.

    `decides` is what its key is a digest of, as JSON.
    """

    key: CellKey
    note: NoteId
    failed: bool
    cells: tuple[CellOutcome, ...]
    seconds: float
    provenance: Provenance
    observed: Observed = Observed()
    decides: str = ""
