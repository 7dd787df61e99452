"""Outputs that people have accepted, of cells with `expect`: one JSON file a note, committed with the notes.

The files are made to be reviewed as diffs: sorted, one line a line of output, a figure by the digest of its SVG.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from kbtool import disk, edits
from kbtool.cells.comparing import Part, parts
from kbtool.cells.naming import label
from kbtool.cells.plan import runnable
from kbtool.config import KbError
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.values import NoteId

Entries: TypeAlias = Mapping[str, tuple[Part, ...]]
"""What each cell of a note gives, by its name, or its number among those that run."""
_FOLDER = f"{edits.OWN}/expected"
_LIMIT = 64 << 20
"""Bytes of a file that is read."""
BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that is none of ours."""
_KINDS = ("stdout", "stderr", "value", "figure", "error")


def entries(note: Note, outcome: Outcome) -> Entries:
    """What the cells of a note with `expect` that came to their end gave; of figures the digests."""
    ended = {one.index: one for one in outcome.cells if one.state == "ok"}
    cells = (cell for cell in runnable(note) if cell.options.expect and cell.number in ended)
    return {label(note, cell): tuple(map(_digested, parts(ended[cell.number]))) for cell in cells}


def _digested(part: Part) -> Part:
    if part.kind != "figure":
        return part
    digest = hashlib.sha256("\n".join(part.lines).encode("utf-8", "surrogatepass")).hexdigest()
    return part._replace(lines=(f"sha256 {digest}",))


# ---------------------------------------------------------------- as files


def place(note: NoteId) -> NoteId:
    """Where the accepted outputs of a note lie in its base."""
    return NoteId(f"{_FOLDER}/{note}.json")


def written(found: Entries) -> str:
    """The content of a note's file; nothing where there is nothing to expect."""
    if not found:
        return ""
    body = {name: _body(given) for name, given in found.items()}
    text = json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    return text.encode("utf-8", "backslashreplace").decode()


def _body(given: tuple[Part, ...]) -> Mapping[str, object]:
    outputs = [{"kind": part.kind, "lines": list(part.lines)} for part in given if part.kind != "name"]
    values = {part.name: "\n".join(part.lines) for part in given if part.kind == "name"}
    return {name: content for name, content in (("outputs", outputs), ("values", values)) if content}


def text_of(base: Path, note: NoteId) -> str:
    """What stands in a note's file; nothing where there is none."""
    try:
        data = disk.read_bytes(base / place(note), _LIMIT)
        return "" if data is None else data.decode(errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return ""


def load(base: Path, note: NoteId) -> Entries:
    """The accepted outputs of a note; a file that is none of ours is a KbError."""
    text = text_of(base, note)
    if not text:
        return {}
    try:
        return read(text)
    except BROKEN as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        advice = "mend it, or accept the outputs anew: kbtool accept"
        raise KbError(f"{base / place(note)}{line}: not as kbtool accept writes it\n{advice}") from error


def read(text: str) -> Entries:
    """What a file's content says; one of `BROKEN` when it is none of ours."""
    return {name: tuple(_parts(body)) for name, body in json.loads(text).items()}


def _parts(body: Any) -> list[Part]:
    found = [Part(_kind(one["kind"]), "", _lines(one["lines"])) for one in body.get("outputs", [])]
    values = sorted(body.get("values", {}).items())
    return found + [Part("name", name, _lines(text.split("\n"))) for name, text in values]


def _kind(kind: Any) -> str:
    if kind not in _KINDS:
        raise ValueError(f"{kind} is no kind of output")
    return str(kind)


def _lines(lines: Any) -> tuple[str, ...]:
    if not all(isinstance(line, str) for line in lines):
        raise TypeError("a line is no text")
    return tuple(lines)


def write(base: Path, texts: Mapping[NoteId, str]) -> None:
    """Writes the files of notes, or takes those away that have no content."""
    new = {place(note): text.encode() for note, text in texts.items()}
    old = {path: (base / path).read_bytes() for path in new if (base / path).exists()}
    edits.apply(base, [edits.Change(path, old[path], new[path]) for path in sorted(old) if new[path]])
    for path in sorted(new.keys() - old.keys()):
        if new[path]:
            edits.create(base, path, new[path])
    for path in sorted(old):
        if not new[path]:
            edits.remove(base, path)
