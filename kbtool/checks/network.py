"""Checks of the base as a whole: pages that nothing mentions, files that nothing shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kbtool import names
from kbtool.checks.context import Base
from kbtool.facts import Facts
from kbtool.values import Diagnostic, NoteId, Span

_TOP = Span(0, 0)
_ENTRANCES = frozenset({"contents", "favorites", "index", "readme", "home"})
_HIGHLIGHTS = "hls__"


def orphan_page(base: Base) -> Iterator[Diagnostic]:
    """Pages that no other note mentions, and that no list of Logseq's shows."""
    mentioned = _mentioned(base)
    for note in base.notes.values():
        if note.defines and not _is_entrance(note, base) and not _is_mentioned(note, mentioned):
            advice = "mention it where a reader would look for it, or give it `tags::`"
            yield Diagnostic("orphan-page", note.id, _TOP, "no other note mentions this page", (), advice)


def _mentioned(base: Base) -> dict[str, NoteId | None]:
    """For each key the note that mentions it, None for several."""
    found: dict[str, NoteId | None] = {}
    for note in base.notes.values():
        for key in {reference.key for reference in note.refers}:
            found[key] = note.id if key not in found else None
    return found


def _is_mentioned(note: Facts, mentioned: Mapping[str, NoteId | None]) -> bool:
    """Whether another note mentions one of its names or blocks."""
    return any(mentioned.get(one.key, note.id) != note.id for one in note.defines)


def _is_entrance(note: Facts, base: Base) -> bool:
    """Pages that a reader finds without links: journals, the first page, templates, namespaces, by their properties."""
    key = note.defines[0].key
    return (
        note.journal is not None
        or key in _ENTRANCES
        or key == names.key(base.names.home)
        or key.startswith(_HIGHLIGHTS)
        or "template" in note.id.lower()
        or "шаблон" in note.id.lower()
        or key in base.names.parents
        or any(names.key(parent) in base.names.pages for parent in names.parents(note.name))
        or any(reference.property and reference.block == 0 for reference in note.refers)
    )


# ---------------------------------------------------------------- files


def unused_asset(base: Base) -> Iterator[Diagnostic]:
    """Files in `assets/` and `draws/` that no note names; what belongs to a PDF goes with it."""
    candidates = {path for path in base.names.assets if path.startswith(("assets/", "draws/"))}
    used = {one.key for note in base.notes.values() for one in note.refers if one.kind == "asset"}
    lengths = sorted({len(path) for path in candidates})
    for note in base.notes.values():
        for tail in note.files:
            used.update(tail[:length] for length in lengths if tail[:length] in candidates)
    read = {note.name[len(_HIGHLIGHTS) :] for note in base.notes.values() if note.name.startswith(_HIGHLIGHTS)}
    for path in sorted(candidates - used):
        owner = _owner(path)
        if owner not in read and f"assets/{owner}.pdf" not in used:
            message = f"no note shows or links `{path}`"
            yield Diagnostic("unused-asset", NoteId(path), _TOP, message, (), "delete the file, or link it")


def _owner(path: str) -> str:
    """The name of the PDF that a file may belong to: `F` for `assets/F.pdf`, `assets/F.edn`, `assets/F/1.png`."""
    inside = path.partition("/")[2]
    return inside.partition("/")[0] if "/" in inside else inside.rpartition(".")[0]
