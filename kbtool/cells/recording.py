"""`kbtool run --record`: keeps results beside the notes, to be committed; what must not be published is refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from kbtool.cells.archive import Archive
from kbtool.cells.environment import own_names
from kbtool.cells.keeping import Keeper
from kbtool.cells.machine import CHANGED
from kbtool.cells.observed import ABSENT
from kbtool.cells.plan import Session
from kbtool.cells.recorded import Untold, bodies, encoded, is_news, written
from kbtool.cells.revealing import is_words, texts
from kbtool.cells.secrets import Private, findings, secret_forms
from kbtool.cells.sources import source_of
from kbtool.edits import alone
from kbtool.outcomes import Outcome
from kbtool.values import NoteId

NOTE_LIMIT = 5 << 20
"""Bytes that are recorded of a note."""
OUTPUT_LIMIT = 2 << 20
"""Bytes of one output."""


class Recorded(NamedTuple):
    """What became of the results that were to be recorded: notes, and with those refused why."""

    written: tuple[NoteId, ...]
    same: tuple[NoteId, ...]
    refused: tuple[tuple[NoteId, str], ...]
    removed: tuple[NoteId, ...]


def record(keeper: Keeper, outcomes: Mapping[NoteId, Outcome], gone: tuple[NoteId, ...] = ()) -> Recorded:
    """Records the outcomes that did not fail, and takes away the files of notes that are gone."""
    archive, private = Archive(keeper.base), private_here(keeper.base)
    became: dict[str, list[Any]] = {"written": [], "same": [], "refused": []}
    with alone(keeper.base):
        for session in keeper.sessions:
            outcome = outcomes.get(session.note)
            if outcome is not None and not outcome.failed:
                said = _recorded(archive, session, outcome, private)
                kind = said if said in became else "refused"
                became[kind].append((session.note, said) if kind == "refused" else session.note)
        for note in gone:
            archive.remove(note)
        archive.prune()
    return Recorded(tuple(became["written"]), tuple(became["same"]), tuple(became["refused"]), gone)


def _recorded(archive: Archive, session: Session, outcome: Outcome, private: Private) -> str:
    """`written`, `same`, or why not."""
    why = next(_objections(outcome, private), "")
    if why:
        return why
    body, blobs = encoded(outcome, _untold(session, outcome))
    others: dict[str, Any] = {}
    with suppress(ValueError):  # what cannot be read is written anew
        others = bodies(archive.read(session.note) or b"")
    device = outcome.provenance.device
    whole = all(record.fault == "" for record in archive.of(session.note) if record.device == device)
    if whole and not is_news(others.get(device), body):
        return "same"
    data = written({**others, device: body})
    size = len(data) + sum(map(len, blobs.values()))
    if size > NOTE_LIMIT:
        return f"its results have {size:,} bytes, and {NOTE_LIMIT:,} are recorded of a note: show less"
    try:
        archive.write(session.note, data, blobs)
    except OSError as error:
        return f"it cannot be written: {error.strerror or error}"
    return "written"


def _untold(session: Session, outcome: Outcome) -> Untold:
    """What the outcome stands on, as far as it can be known elsewhere: files of the base.

    That something is not there, or is a folder, is so on most machines; what git keeps changes with each commit.
    """
    facts, gaps = [], list(outcome.observed.gaps)
    for kind, what, state in outcome.observed.facts:
        if kind != "name" and not Path(what).is_absolute() and Path(what).parts[:1] != (".git",):
            facts.append((kind, what, state))
        elif state not in (ABSENT, "folder"):
            gaps.append("variables" if kind == "name" else "files elsewhere")
    return Untold(source_of(session.decides), facts, dict.fromkeys(gaps))


# ---------------------------------------------------------------- what is refused


def private_here(base: Path) -> Private:
    """What names this machine, words and folders, and the secrets in its environment."""
    folders = {"the home folder": str(Path.home()), "the folder of the base": str(base)}
    names = {**own_names(), **{what: folder for what, folder in folders.items() if len(folder) > 1}}
    return Private(names, secret_forms(os.environ))


def _objections(outcome: Outcome, private: Private) -> Iterator[str]:
    if CHANGED in outcome.observed.gaps:
        yield "a file that it read changed while it ran: run it again"
    for place, text in texts(outcome):
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > OUTPUT_LIMIT:
            yield f"{place} has {size:,} bytes, and {OUTPUT_LIMIT:,} are recorded of one: show less"
        if is_words(text):
            yield from (f"{place} has {what}, and records are published" for what in findings(text, private))
