"""Results as they are recorded beside the notes: small and sorted, so that a diff says what changed. Pure.

A note's file has one outcome a class of devices. Each carries a digest of itself; what is large or no text lies beside
it in a file that is named by its digest.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from kbtool.cells.sources import digest, source_key
from kbtool.cells.store import read_cell, read_observed, read_provenance
from kbtool.outcomes import CellKey, CellOutcome, Outcome
from kbtool.rich import FORMS, PNG, SVG
from kbtool.values import NoteId

FORMAT = 1
_INLINE = 4096
"""Bytes of a text that stands in the file itself."""
_WIDTH = 110
"""Characters of a line that is not broken."""
_BRIEF = 16
_DEPTH = 20
_SUFFIXES = (".svg", ".png", ".txt")
_HEX = frozenset("0123456789abcdef")
_TIMES = ("digest", "seconds", "started")
Blobs = dict[str, bytes]
Read = Callable[[str], bytes | None]
"""Gives the content of the blob of this name, None when there is none."""


@dataclass(frozen=True, slots=True)
class Record:
    """Results that were recorded on one class of devices; `fault` says why not to trust them, and then that is all.

    `source` is what of the base they hold for (see `sources`).
    """

    device: str
    source: Mapping[str, Any]
    outcome: Outcome | None
    fault: str = ""


class Untold(NamedTuple):
    """What a record says beside its outcome."""

    source: Mapping[str, Any]
    facts: Iterable[tuple[str, str, str]]
    gaps: Iterable[str]


# ---------------------------------------------------------------- writing


def encoded(outcome: Outcome, said: Untold) -> tuple[dict[str, Any], Blobs]:
    """An outcome as it stands in a note's file, and its blobs."""
    blobs: Blobs = {}
    made, states = outcome.provenance, dict(outcome.observed.packages)
    body = {
        "cells": [_cell(cell, blobs) for cell in outcome.cells],
        "device": made.device,
        "facts": [list(fact) for fact in said.facts],
        "gaps": list(said.gaps),
        "isolation": made.isolation,
        "packages": {name: states.get(name, "")[:_BRIEF] for name in made.packages},
        "platform": made.platform,
        "processor": made.processor,
        "python": made.python,
        "seconds": round(outcome.seconds, 3),
        "source": said.source,
        "source_key": source_key(said.source),
        "started": made.started,
        "where": dict(outcome.observed.where),
    }
    return {**body, "digest": _digest(body)}, blobs


def _cell(cell: CellOutcome, blobs: Blobs) -> dict[str, Any]:
    made: dict[str, Any] = {"seconds": round(cell.seconds, 3), "state": cell.state}
    if cell.outputs:
        made["outputs"] = [
            {"kind": one.kind, "text": _packed(one.text, SVG if one.kind == "figure" else "", blobs)}
            | ({"data": {kind: _packed(content, kind, blobs) for kind, content in one.data}} if one.data else {})
            for one in cell.outputs
        ]
    if cell.error:
        made["error"] = {"name": cell.error.name, "message": cell.error.message, "line": cell.error.line}
    if cell.values:
        made["values"] = [list(value) for value in cell.values]
    return made


def _packed(text: str, kind: str, blobs: Blobs) -> Any:
    """A text, its lines, or the name of its blob."""
    data, suffix = text.encode("utf-8", "surrogatepass"), ".svg" if kind == SVG else ".txt"
    if kind == PNG and (picture := _picture(text)):
        data, suffix = picture, ".png"
    elif len(data) <= _INLINE:
        lines = text.split("\n")
        return lines if len(lines) > 1 else text
    name = f"{sha256(data).hexdigest()}{suffix}"
    blobs[name] = data
    return {"blob": name}


def _picture(text: str) -> bytes:
    """The bytes that base64 stands for, where they stand for it as well."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if base64.b64encode(data).decode("ascii") == text else b""


def _digest(body: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in body.items() if name != "digest"}
    return digest(json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


def is_news(old: Any, new: Mapping[str, Any]) -> bool:
    """Whether what is to be written says anything else than what is there, apart from when and how long."""
    if not isinstance(old, dict) or old.get("digest") != _digest(old):
        return True
    return _timeless(old) != _timeless(new)


def _timeless(body: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in body.items() if name not in _TIMES}
    rest["cells"] = [{name: value for name, value in cell.items() if name != "seconds"} for cell in body["cells"]]
    return json.dumps(rest, sort_keys=True)


def written(outcomes: Mapping[str, Any]) -> bytes:
    """A note's file, with what each class of devices gave."""
    return f"{_pretty({'format': FORMAT, 'outcomes': outcomes})}\n".encode("utf-8", "surrogatepass")


def _pretty(value: Any, depth: int = 0) -> str:
    """JSON with sorted keys, in which what is short stands on a line."""
    flat = json.dumps(value, sort_keys=True, ensure_ascii=False)
    if (depth > 2 and len(flat) + depth <= _WIDTH) or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (depth + 1)
    if isinstance(value, dict):
        ends = "{}"
        rows = [f"{json.dumps(key, ensure_ascii=False)}: {_pretty(value[key], depth + 1)}" for key in sorted(value)]
    else:
        ends, rows = "[]", [_pretty(one, depth + 1) for one in value]
    return f"{ends[0]}\n" + ",\n".join(inner + row for row in rows) + f"\n{inner[1:]}{ends[1]}"


# ---------------------------------------------------------------- reading, where nothing is taken on trust


def bodies(data: bytes) -> dict[str, Any]:
    """What a note's file has for each class of devices; ValueError when it is none."""
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise ValueError from error
    if not isinstance(found, dict) or found.get("format") != FORMAT or not isinstance(found.get("outcomes"), dict):
        raise ValueError("no record of this version of kbtool")
    if _is_deep(found):
        raise ValueError("deeper than anything that we write")
    return dict(found["outcomes"])


def _is_deep(value: Any) -> bool:
    """Whether walking through it could come to an end of the stack."""
    level = [value]
    for _ in range(_DEPTH):
        lists = [one for one in level if isinstance(one, list)]
        level = [inner for one in level if isinstance(one, dict) for inner in one.values()]
        level += (inner for one in lists for inner in one)
    return bool(level)


def decoded(note: NoteId, data: bytes, read: Read) -> tuple[Record, ...]:
    """The records in a note's file, those with a fault among them."""
    try:
        found = bodies(data)
    except ValueError:
        return (Record("", {}, None, fault="the file cannot be read"),)
    return tuple(_record(note, device, body, read) for device, body in sorted(found.items()))


def _record(note: NoteId, device: str, body: Any, read: Read) -> Record:
    try:
        if body["digest"] != _digest(body) or body["device"] != device:
            return Record(device, {}, None, fault="its digest is another one")
        if body["source_key"] != source_key(body["source"]):
            return Record(device, {}, None, fault="its source is another one")
        return Record(device, dict(body["source"]), _outcome(note, body, read))
    except _LostBlobError as error:
        return Record(device, {}, None, fault=str(error))
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return Record(device, {}, None, fault="it cannot be read")


class _LostBlobError(Exception):
    """A blob that is not there, or is not what its name says."""


def _outcome(note: NoteId, body: Mapping[str, Any], read: Read) -> Outcome:
    cells = tuple(read_cell(_whole(index, cell, read)) for index, cell in enumerate(body["cells"]))
    if any(cell.state != "ok" for cell in cells):
        raise ValueError("what failed is not recorded")
    seen = {"facts": body["facts"], "gaps": body["gaps"], "packages": body["packages"].items()}
    observed = read_observed({**seen, "where": body["where"].items()})
    if not all(kind != "name" and _is_inside(what) for kind, what, _ in observed.facts):
        raise ValueError("a record looks at nothing outside the base")
    made = read_provenance({**body, "packages": list(body["packages"])})
    return Outcome(CellKey(body["source_key"]), note, False, cells, float(body["seconds"]), made, observed)


def _is_inside(path: str) -> bool:
    parts = path.replace("\\", "/").split("/")
    return not path.startswith(("/", "\\")) and ".." not in parts and parts[0] != ".git"


def _whole(index: int, cell: Mapping[str, Any], read: Read) -> Mapping[str, Any]:
    """A cell as outcomes in the cache have it."""
    outputs = [
        {
            "kind": one["kind"],
            "text": _unpacked(one["text"], read),
            "data": [(kind, _unpacked(content, read)) for kind, content in _in_order(one.get("data", {}))],
        }
        for one in cell.get("outputs", ())
    ]
    return {"error": None, "values": (), **cell, "index": index, "outputs": outputs}


def _in_order(data: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Forms, the richest first: keys are sorted in a file."""
    return sorted(data.items(), key=lambda pair: FORMS.index(pair[0]))


def _unpacked(packed: Any, read: Read) -> str:
    if isinstance(packed, str):
        return packed
    if isinstance(packed, list):
        return "\n".join(packed)
    name = packed["blob"]
    data = read(name) if is_blob(name) else None
    if data is None or sha256(data).hexdigest() != name[:64]:
        raise _LostBlobError(f"the blob {str(name)[:12]}… is not there, or is another one")
    return base64.b64encode(data).decode("ascii") if name.endswith(".png") else data.decode("utf-8", "surrogatepass")


def is_blob(name: object) -> bool:
    """Whether this is the name of a blob, which is safe to be a file's."""
    return isinstance(name, str) and name.endswith(_SUFFIXES) and len(name) == 68 and set(name[:64]) <= _HEX


def blobs_of(body: Any) -> set[str]:
    """The names of the blobs that a body speaks of, whatever it is."""
    if isinstance(body, dict):
        own = {body["blob"]} if is_blob(body.get("blob")) else set()
        return own.union(*map(blobs_of, body.values()))
    return set().union(*map(blobs_of, body)) if isinstance(body, list) else set()
