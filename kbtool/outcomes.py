"""What running the cells of a note gave."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NewType, TypeAlias

from kbtool.values import NoteId

OutputKind = Literal["stdout", "stderr", "value", "figure", "error"]
CellState = Literal["ok", "failed", "skipped"]
SessionState = Literal["ran", "cached", "recorded", "stale", "failed", "skipped"]
ResultState = Literal["fresh", "verified", "recorded", "stale", "failed", "none"]
CellKey = NewType("CellKey", str)
"""Digest of all that decides a session's outcome."""
Value: TypeAlias = tuple[str, str, float | None]
"""A name, its value's text, and its number."""


@dataclass(frozen=True, slots=True)
class Output:
    """One thing that a cell showed, in order: a piece of a stream, a value's repr, an SVG figure, a traceback.

    `data` are richer forms, by MIME type, the richest first and what is binary as base64 (see `rich`); a figure that
    is too large as SVG has no text and is a picture there.
    """

    kind: OutputKind
    text: str
    data: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class CellError:
    """Why a cell failed; `line` is 1-based in the cell's code, 0 when unknown."""

    name: str
    message: str
    line: int


@dataclass(frozen=True, slots=True)
class CellOutcome:
    """What one cell gave; an error that `raises=` expected leaves the state `ok`.

    `values` are the plain values of the names that it bound or changed: name, what Python writes for the value, and
    the number where it is a finite one. The text is empty where a name has a plain value no longer.
    """

    index: int
    state: CellState
    outputs: tuple[Output, ...]
    seconds: float
    error: CellError | None = None
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where and when a session ran; `started` is ISO 8601 in UTC, `packages` are `name==version`.

    `device` is a class (`cpu`, `cuda:NVIDIA A40`), `processor` the model of what else computes. `isolation` is what
    kept it apart from the machine (see `cells.sandbox`).
    """

    started: str
    python: str
    platform: str
    device: str
    packages: tuple[str, ...]
    processor: str = ""
    isolation: str = "none"


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


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is another one now: its kind (`cell`, `package`, …), which one, as it was, and as it is."""

    kind: str
    name: str = ""
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What a page shows of a note's code, and how far it can be believed.

    `differences` are what is other here than where it was recorded; of results that are stale, or for that reason not
    there, what changed in their source. `others` were recorded on other devices and hold as well.
    """

    state: ResultState
    outcome: Outcome | None = None
    seed: int = 0
    differences: tuple[Difference, ...] = ()
    others: tuple[Outcome, ...] = ()
