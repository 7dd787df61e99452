"""Outputs that people have accepted, of cells with `expect`: one JSON file a note, committed with the notes.

The files are made to be reviewed as diffs: sorted, one line a line of output; figures are files of their own beside it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from kbtool import disk, edits
from kbtool.cells.comparing import Part, digested, figure_part, is_digest, parts
from kbtool.cells.naming import label
from kbtool.cells.plan import runnable
from kbtool.config import KbError
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.render.svg import pixels_as_svg
from kbtool.values import NoteId

Entries: TypeAlias = Mapping[str, tuple[Part, ...]]
"""What each cell of a note gives, by its name, or its number among those that run."""
FOLDER = f"{edits.OWN}/expected"
_LIMIT = 64 << 20
"""Bytes of a file that is read."""
_FIGURE = 512 << 10
"""Bytes of a figure that is kept; of a larger one that is its digest."""
_NAME = 80
"""Bytes of a cell's name that its figures are called by."""
_SUFFIXES = (".svg", ".png")
BROKEN = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file raises that is none of ours."""
_KINDS = ("stdout", "stderr", "value", "figure", "error")


def entries(note: Note, outcome: Outcome) -> Entries:
    """What the cells of a note with `expect` that came to their end gave."""
    ended = {one.index: one for one in outcome.cells if one.state == "ok"}
    cells = (cell for cell in runnable(note) if cell.options.expect and cell.number in ended)
    return {label(note, cell): tuple(map(_kept, parts(ended[cell.number]))) for cell in cells}


def _kept(part: Part) -> Part:
    return digested(part) if part.kind == "figure" and len(_content(part)[1]) > _FIGURE else part


def _content(figure: Part) -> tuple[str, bytes]:
    """A figure as a file: its suffix and its bytes; what is nothing but pixels is a PNG."""
    svg = "\n".join(figure.lines)
    png = svg.partition('href="data:image/png;base64,')[2].partition('"')[0]
    if png and figure_part(pixels_as_svg(png)) == figure:
        return ".png", base64.b64decode(png)
    return ".svg", (svg + "\n").encode("utf-8", "surrogatepass")


def _figure(name: str, content: bytes) -> Part:
    """The same, back from a file."""
    if name.endswith(".png"):
        return figure_part(pixels_as_svg(base64.b64encode(content).decode("ascii")))
    return figure_part(content.decode("utf-8", "surrogatepass"))


# ---------------------------------------------------------------- as files


def place(note: NoteId) -> NoteId:
    """Where the accepted outputs of a note lie in its base."""
    return NoteId(f"{FOLDER}/{note}.json")


def _folder(note: NoteId) -> str:
    """Where its accepted figures lie."""
    return f"{FOLDER}/{note}.figures"


def files(note: NoteId, found: Entries) -> Mapping[NoteId, bytes]:
    """The files of a note's accepted outputs; none where there is nothing to expect."""
    if not found:
        return {}
    figures: dict[str, bytes] = {}
    stems: set[str] = set()
    body = {name: _body(given, _stem(name, stems), figures) for name, given in sorted(found.items())}
    text = json.dumps(body, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    made = {NoteId(f"{_folder(note)}/{name}"): content for name, content in figures.items()}
    return {place(note): text.encode("utf-8", "backslashreplace"), **made}


def _stem(name: str, taken: set[str]) -> str:
    """What the files of a cell's figures begin with: file systems may take upper and lower case for the same."""
    stem = name if len(name.encode()) <= _NAME else sha256(name.encode()).hexdigest()[:16]
    while stem.casefold() in taken:
        stem += "_"
    taken.add(stem.casefold())
    return stem


def _body(given: tuple[Part, ...], stem: str, figures: dict[str, bytes]) -> Mapping[str, object]:
    outputs: list[Mapping[str, object]] = []
    for part in given:
        if part.kind == "figure" and not is_digest(part.lines):
            suffix, content = _content(part)
            name = f"{stem}-{len(outputs) + 1}{suffix}"
            figures[name] = content
            outputs.append({"kind": "figure", "file": name})
        elif part.kind != "name":
            outputs.append({"kind": part.kind, "lines": list(part.lines)})
    values = {part.name: "\n".join(part.lines) for part in given if part.kind == "name"}
    return {name: content for name, content in (("outputs", outputs), ("values", values)) if content}


def present(base: Path, note: NoteId) -> Mapping[NoteId, bytes]:
    """The files of a note's accepted outputs that are there."""
    folder = base / _folder(note)
    names = sorted(path.name for path in folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []
    wanted = [place(note), *(NoteId(f"{_folder(note)}/{name}") for name in names if name.endswith(_SUFFIXES))]
    found = ((path, _read(base / path)) for path in wanted)
    return {path: content for path, content in found if content is not None}


def _read(path: Path) -> bytes | None:
    try:
        return disk.read_bytes(path, _LIMIT)
    except (FileNotFoundError, NotADirectoryError):
        return None


def load(base: Path, note: NoteId) -> Entries:
    """The accepted outputs of a note; files that are none of ours are a KbError."""
    there = present(base, note)
    try:
        return read(note, there)
    except BROKEN as error:
        line = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        advice = "mend it, or accept the outputs anew: kbtool accept"
        raise KbError(f"{base / place(note)}{line}: not as kbtool accept writes it\n{advice}") from error


def read(note: NoteId, there: Mapping[NoteId, bytes]) -> Entries:
    """What the files of a note say; one of `BROKEN` when they are none of ours."""
    text = there.get(place(note), b"").decode(errors="replace")
    figures = {path.rpartition("/")[2]: content for path, content in there.items() if path != place(note)}
    return {name: tuple(_parts(body, figures)) for name, body in json.loads(text or "{}").items()}


def _parts(body: Any, figures: Mapping[str, bytes]) -> list[Part]:
    found = [
        _figure(one["file"], figures[one["file"]])
        if "file" in one
        else Part(_kind(one["kind"]), "", _lines(one["lines"]))
        for one in body.get("outputs", [])
    ]
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


def write(base: Path, wanted: Mapping[NoteId, bytes]) -> None:
    """Writes files, or takes those away that have no content; a note's own after its figures."""
    ordered = sorted(wanted, key=lambda path: (path.endswith(".json"), path))
    old = {path: content for path in ordered if (content := _read(base / path)) is not None}
    for path in ordered:
        if wanted[path] and path not in old:
            edits.create(base, path, wanted[path])
    edits.apply(base, [edits.Change(path, old[path], wanted[path]) for path in old if wanted[path]])
    for path in reversed(ordered):
        if path in old and not wanted[path]:
            edits.remove(base, path)
