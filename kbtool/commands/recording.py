"""`kbtool run --record`: says what became of the results that were to be recorded."""

from __future__ import annotations

from collections.abc import Mapping

from kbtool import terminal
from kbtool.cells.archive import Archive
from kbtool.cells.keeping import Keeper
from kbtool.cells.plan import runnable
from kbtool.cells.recording import record as record_outcomes
from kbtool.commands import opening
from kbtool.outcomes import Difference, Outcome
from kbtool.render.result_words import CHANGES, changed
from kbtool.report.visible import visible
from kbtool.values import NoteId


def record(opened: opening.Opened, keeper: Keeper, made: Mapping[NoteId, Outcome]) -> bool:
    """Records outcomes of this machine; whether none was refused. Files of notes that are gone go, too."""
    done = record_outcomes(keeper, made, _gone(opened) if opened.selected is None else ())
    for note, why in done.refused:
        terminal.warn(visible(f"error: {note}: not recorded: {why}"))
    counts = (("written", done.written), ("unchanged", done.same), ("refused", done.refused), ("removed", done.removed))
    told = ", ".join(f"{len(notes)} {what}" for what, notes in counts if notes)
    terminal.warn(f"records: {told or 'none'}")
    return not done.refused


def _gone(opened: opening.Opened) -> tuple[NoteId, ...]:
    """The notes that have recorded results and no code any more."""
    notes = opened.snapshot.notes
    recorded = Archive(opened.project.base).notes()
    return tuple(note for note in recorded if note not in notes or not runnable(notes[note]))


def told(difference: Difference) -> str:
    """A difference in words."""
    return changed(CHANGES["en"], (difference.kind, difference.name, difference.old, difference.new))
