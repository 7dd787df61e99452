"""Checks of the base as a whole: pages that nothing mentions, files that nothing shows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from kbtool import names
from kbtool.checks.context import Base
from kbtool.facts import Used
from kbtool.graph import Names
from kbtool.packed import whole
from kbtool.values import Diagnostic, NoteId, Span

_TOP = Span(0, 0)
_ENTRANCES = frozenset({"contents", "favorites", "index", "readme", "home"})
_HIGHLIGHTS = "hls__"


def orphan_page(base: Base, used: Used) -> Iterator[Diagnostic]:
    """Pages that no other note mentions, and that no list of Logseq's shows."""
    found = _mentioned(base.names, used) | used.filed.keys()
    alone: dict[NoteId, list[str]] = {}
    for key, notes in whole(base.names.pages).items():
        if not found.issuperset(notes):
            for note in notes:
                if note not in found:
                    alone.setdefault(note, []).append(key)
    for note, keys in alone.items():
        if not any(_is_entrance(key, note, base.names) for key in keys):
            advice = "mention it where a reader would look for it, or give it `tags::`"
            yield Diagnostic("orphan-page", note, _TOP, "no other note mentions this page", (), advice)


def _mentioned(names: Names, used: Used) -> set[NoteId]:
    """The notes of which a name or a block is mentioned by another one or by a whiteboard, and all journals."""
    found = set(chain.from_iterable(whole(names.journals).values()))
    # Few notes mention themselves: the others need not be looked at one by one.
    doubtful = set(chain.from_iterable(whole(used.own).values()))
    counts, pages, blocks = whole(used.counts).keys(), whole(names.pages), whole(names.blocks)
    for keys in (counts - doubtful, names.whiteboards.mentioned):
        found.update(chain.from_iterable(map(pages.__getitem__, pages.keys() & keys)))
        found.update(site.note for key in blocks.keys() & keys for site in blocks[key])
    for key in doubtful:
        found.update(note for note in pages.get(key, ()) if _by_others(key, note, used))
        found.update(site.note for site in blocks.get(key, ()) if _by_others(key, site.note, used))
    return found


def _by_others(key: str, note: NoteId, used: Used) -> bool:
    """Whether another note mentions a key of a note."""
    mine = key in used.own.get(note, ())
    return used.counts.get(key, 0) > mine


def _is_entrance(key: str, note: NoteId, known: Names) -> bool:
    """Names of pages that a reader finds without links: the first page, templates, namespaces."""
    return (
        key in _ENTRANCES
        or key == names.key(known.home)
        or key.startswith(_HIGHLIGHTS)
        or "template" in note.lower()
        or "шаблон" in note.lower()
        or key in known.parents
        or any(names.key(parent) in known.pages for parent in names.parents(key))
    )


# ---------------------------------------------------------------- files


def unused_asset(base: Base, used: Used) -> Iterator[Diagnostic]:
    """Files in `assets/` and `draws/` that no note names; what belongs to a PDF goes with it."""
    candidates = {path for path in base.names.assets if path.startswith(("assets/", "draws/"))}
    if not candidates:
        return
    shown = {path for assets in used.assets.values() for path in assets}
    lengths = sorted({len(path) for path in candidates})
    for tail in {tail for files in used.files.values() for tail in files}:
        shown.update(tail[:length] for length in lengths if tail[:length] in candidates)
    spelled = (base.names.spelled[key] for key in whole(base.names.pages) if key.startswith(_HIGHLIGHTS))
    read = {name[len(_HIGHLIGHTS) :] for name in spelled}
    for path in sorted(candidates - shown):
        owner = _owner(path)
        pdf = f"assets/{owner}.pdf"
        beside = path.endswith(".edn") and pdf in candidates
        if not beside and owner not in read and pdf not in shown:
            message = f"no note shows or links `{path}`"
            yield Diagnostic("unused-asset", NoteId(path), _TOP, message, (), "delete the file, or link it")


def _owner(path: str) -> str:
    """The name of the PDF that a file may belong to: `F` for `assets/F.pdf`, `assets/F.edn`, `assets/F/1.png`."""
    inside = path.partition("/")[2]
    return inside.partition("/")[0] if "/" in inside else inside.rpartition(".")[0]
