"""Outcomes on disk: JSON files by key, outside the base, in a folder that can be deleted at any time.

Under one key there may be some, of other machines' parts or of other files that the code read: see `keeping`.

A file is written beside its place and renamed, so that nobody ever reads half of one. It carries a digest of its
content; what does not agree with it is set aside and counts as absent.
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from kbtool import beside
from kbtool.outcomes import (
    CellError,
    CellKey,
    CellOutcome,
    CellState,
    Observed,
    Outcome,
    Output,
    OutputKind,
    Provenance,
    Value,
)
from kbtool.rich import is_sound
from kbtool.values import NoteId

_FORMAT = 2
"""Version of the files; another version has another folder, so that two versions of kbtool share a cache."""
_MOST = 4
"""Outcomes that are kept under one key."""


def default_folder() -> Path:
    """The platform's cache folder for kbtool."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("kbtool"))


@dataclass(frozen=True, slots=True)
class Store:
    """The outcomes kept in a cache folder."""

    folder: Path

    @property
    def place(self) -> Path:
        """The folder of the outcomes' files."""
        return _folder(self.folder)

    def load(self, key: CellKey) -> list[Outcome]:
        """The outcomes kept under a key, the newest first, but for those that cannot be trusted.

        Failed outcomes are given, too: pages show them, and `run` runs the session again. Of two notes with the same
        cells, the `note` of an outcome is the one that ran.
        """
        found = ((path, self._read(path, key)) for path in self.paths(key))
        return [outcome for _, outcome in found if outcome is not None]

    def paths(self, key: CellKey) -> list[Path]:
        """The files under a key, the newest first."""
        try:
            return sorted(_folder(self.folder).glob(f"{key}-*.json"), key=_age)
        except OSError:
            return []

    def _read(self, path: Path, key: CellKey) -> Outcome | None:
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            if path.is_dir():
                _set_aside(path)
            return None
        try:
            return decode(data, key)
        except (ValueError, KeyError, TypeError, RecursionError):
            _set_aside(path)
            return None

    def save(self, outcome: Outcome) -> str:
        """Keep an outcome; a warning when that is not possible, else an empty string."""
        path = _path(self.folder, outcome)
        try:
            beside.write(path, (encode(outcome),), lasting=True)
            for old in self.paths(outcome.key)[_MOST:]:
                old.unlink(missing_ok=True)
        except OSError as error:
            return f"the outcome of {outcome.note} is not kept and will be computed again: {error}"
        return ""

    def sweep(self) -> None:
        """Take away what killed processes left."""
        beside.sweep(_folder(self.folder))


def _folder(folder: Path) -> Path:
    return folder / f"outcomes-{_FORMAT}"


def _path(folder: Path, outcome: Outcome) -> Path:
    """A name of its own for each outcome that stands on something else; a failed one stands on nothing."""
    ident = "failed" if outcome.failed else _digest(asdict(outcome.observed))[:12]
    return _folder(folder) / f"{outcome.key}-{ident}.json"


def _age(path: Path) -> float:
    try:
        return -path.stat().st_mtime
    except OSError:
        return 0.0


def _set_aside(path: Path) -> None:
    """Out of the way, where a person can look at it."""
    with suppress(OSError):
        path.replace(path.with_name(f"{path.name}.bad"))


def encode(outcome: Outcome) -> bytes:
    """An outcome as it is written and sent."""
    body = asdict(outcome)
    return json.dumps({"digest": _digest(body), "outcome": body}, ensure_ascii=False, indent=1).encode()


def _digest(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- reading, where nothing is taken on trust


def decode(data: bytes, key: CellKey) -> Outcome:
    """What was written under a key; raises like `read_cell` for anything else."""
    file = json.loads(data)
    body = file["outcome"]
    if file["digest"] != _digest(body) or body["key"] != key:
        raise ValueError("not what was written under this key")
    cells, failed = tuple(map(read_cell, body["cells"])), _one_of((False, True), body["failed"])
    seconds = _number(body["seconds"])
    note, made = NoteId(_text(body["note"])), read_provenance(body["provenance"])
    return Outcome(key, note, failed, cells, seconds, made, read_observed(body["observed"]), _text(body["decides"]))


def read_observed(found: Any) -> Observed:
    """What an outcome stands on as it was written; raises like `read_cell`."""
    facts, packages, where = (_rows(found[name], size) for name, size in (("facts", 3), ("packages", 2), ("where", 2)))
    return Observed(facts, tuple(map(_text, found["gaps"])), packages, where)


def _rows(found: Any, size: int) -> tuple[Any, ...]:
    rows = tuple(tuple(map(_text, row)) for row in found)
    if any(len(row) != size for row in rows):
        raise ValueError("a row of another length")
    return rows


def read_provenance(made: Any) -> Provenance:
    """Where a session ran as it was written; raises like `read_cell`."""
    packages = tuple(_text(package) for package in made["packages"])
    started, python, platform = _text(made["started"]), _text(made["python"]), _text(made["platform"])
    device, processor = _text(made["device"]), _text(made.get("processor", ""))
    return Provenance(started, python, platform, device, packages, processor, _text(made.get("isolation", "none")))


def read_cell(cell: Any) -> CellOutcome:
    """The outcome of a cell as it was written; raises ValueError, KeyError or TypeError for anything else."""
    outputs, values = tuple(map(_output, cell["outputs"])), tuple(_value(*one) for one in cell["values"])
    state, seconds = _one_of(get_args(CellState), cell["state"]), _number(cell["seconds"])
    return CellOutcome(_whole(cell["index"]), state, outputs, seconds, _error(cell["error"]), values)


def _output(output: Any) -> Output:
    data = tuple((_text(kind), _text(content)) for kind, content in output["data"])
    if not all(is_sound(*one) for one in data):
        raise ValueError("a form that nobody made")
    return Output(_one_of(get_args(OutputKind), output["kind"]), _text(output["text"]), data)


def _value(name: Any, text: Any, number: Any) -> Value:
    return _text(name), _text(text), None if number is None else _number(number)


def _error(error: Any) -> CellError | None:
    if error is None:
        return None
    return CellError(_text(error["name"]), _text(error["message"]), _whole(error["line"]))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a string")
    return value


def _whole(value: Any) -> int:
    if type(value) is not int:
        raise TypeError("not a whole number")
    return value


def _number(value: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError("not a number")
    return float(value)


def _one_of(known: tuple[Any, ...], value: Any) -> Any:
    if value not in known:
        raise ValueError(f"not one of {known}")
    return value
