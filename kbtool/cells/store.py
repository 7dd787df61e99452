"""Outcomes on disk: one JSON file a key, outside the base, in a folder that can be deleted at any time.

A file is written beside its place, flushed, and renamed, so that of two processes the last one wins and nobody ever
reads half a file. It carries a digest of its content; what does not agree with it is set aside and counts as absent.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args

from kbtool.outcomes import (
    CellError,
    CellKey,
    CellOutcome,
    CellState,
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


def default_folder() -> Path:
    """The platform's cache folder for kbtool."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("kbtool"))


@dataclass(frozen=True, slots=True)
class Store:
    """The outcomes kept in a cache folder."""

    folder: Path

    def load(self, key: CellKey) -> Outcome | None:
        """The outcome kept under a key; None when there is none, or none that can be trusted.

        A failed outcome is given, too: pages show it, and `run` runs the session again. Of two notes with the same
        cells, its `note` is the one that ran.
        """
        path = _path(self.folder, key)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            if path.is_dir():
                _set_aside(path)
            return None
        try:
            return _decode(data, key)
        except (ValueError, KeyError, TypeError, RecursionError):
            _set_aside(path)
            return None

    def save(self, outcome: Outcome) -> str:
        """Keep an outcome; a warning when that is not possible, else an empty string."""
        path = _path(self.folder, outcome.key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, _encode(outcome))
        except OSError as error:
            return f"the outcome of {outcome.note} is not kept and will be computed again: {error}"
        return ""


def _path(folder: Path, key: CellKey) -> Path:
    return folder / f"outcomes-{_FORMAT}" / f"{key}.json"


def _write(path: Path, data: bytes) -> None:
    fd, beside = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).replace(path)
    except OSError:
        with suppress(OSError):
            Path(beside).unlink()
        raise


def _set_aside(path: Path) -> None:
    """Out of the way, where a person can look at it."""
    with suppress(OSError):
        path.replace(path.with_name(f"{path.name}.bad"))


def _encode(outcome: Outcome) -> bytes:
    body = asdict(outcome)
    return json.dumps({"digest": _digest(body), "outcome": body}, ensure_ascii=False, indent=1).encode()


def _digest(body: Any) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


# ---------------------------------------------------------------- reading, where nothing is taken on trust


def _decode(data: bytes, key: CellKey) -> Outcome:
    file = json.loads(data)
    body = file["outcome"]
    if file["digest"] != _digest(body) or body["key"] != key:
        raise ValueError("not what was written under this key")
    cells, failed = tuple(map(_cell, body["cells"])), _one_of((False, True), body["failed"])
    seconds = _number(body["seconds"])
    return Outcome(key, NoteId(_text(body["note"])), failed, cells, seconds, _provenance(body["provenance"]))


def _provenance(made: Any) -> Provenance:
    packages = tuple(_text(package) for package in made["packages"])
    started, python, platform = _text(made["started"]), _text(made["python"]), _text(made["platform"])
    return Provenance(started, python, platform, _text(made["device"]), packages)


def _cell(cell: Any) -> CellOutcome:
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
