"""What is shown of each session: what ran here, else what was recorded, and how far it can be believed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from kbtool.cells.archive import Archive
from kbtool.cells.drift import drifted
from kbtool.cells.keeping import Keeper
from kbtool.cells.plan import Session
from kbtool.cells.recorded import Record
from kbtool.note import Note
from kbtool.outcomes import Difference, Outcome, Result
from kbtool.values import NoteId

LACKING = ("NeedsDevice", "LaunchError")
"""The errors of a session that this machine cannot run."""


class _Judged(NamedTuple):
    """A record that can be read, its outcome as the note's cells are numbered, and what changed since in its source."""

    record: Record
    outcome: Outcome
    changes: tuple[Difference, ...]


def results(keeper: Keeper, known: Mapping[NoteId, Outcome], stale: bool = False) -> dict[NoteId, Result]:
    """What is shown of each session, given the outcomes that are known here.

    A record stands in where there is none, or where this machine has not the device or the launcher that the note
    needs; one whose source has changed only when `stale` ones are wanted.
    """
    archive = Archive(keeper.base)
    found = ((session.note, _result(keeper, archive, session, (known, stale))) for session in keeper.sessions)
    return {note: result for note, result in found if result is not None}


def _result(
    keeper: Keeper, archive: Archive, session: Session, given: tuple[Mapping[NoteId, Outcome], bool]
) -> Result | None:
    known, stale = given
    judged = sorted(_judged(keeper, archive, session), key=lambda one: _fitness(session, one), reverse=True)
    holding, broken = [one for one in judged if not one.changes], [one for one in judged if one.changes]
    outcome = known.get(session.note)
    if outcome is not None and not is_lacking(outcome):
        return _own(session, outcome, [one.outcome for one in holding], keeper.notes[session.note])
    if holding:
        first, *rest = holding
        differences = tuple(keeper.elsewhere(session, first.outcome))
        others = tuple(one.outcome for one in rest)
        return Result("recorded", first.outcome, session.seed, differences, others)
    if broken and stale:
        return _old(broken[0])
    changes = broken[0].changes if broken else ()
    if outcome is not None:
        return Result("failed", outcome, session.seed, differences=changes)
    return Result("none", differences=changes) if changes else None


def is_lacking(outcome: Outcome) -> bool:
    """Whether a session failed only because this machine has not the device or the launcher that it needs."""
    return any(
        cell.error is not None and cell.error.name in LACKING for cell in outcome.cells if cell.state == "failed"
    )


def _judged(keeper: Keeper, archive: Archive, session: Session) -> Iterator[_Judged]:
    for record in archive.of(session.note):
        if record.outcome is not None and not record.fault:
            outcome = keeper.placed(replace(record.outcome, key=session.key, note=session.note))
            yield _Judged(record, outcome, tuple(keeper.source_changes(session, record)))


def _fitness(session: Session, one: _Judged) -> tuple[bool, str]:
    """Results of the device that the note asks for come first, then the newest."""
    wanted = "cuda" if session.device == "cuda" else "cpu"
    return one.record.device.startswith(wanted), one.outcome.provenance.started


def _own(session: Session, outcome: Outcome, recorded: Sequence[Outcome], note: Note) -> Result:
    """What ran here, beside what was recorded elsewhere."""
    if outcome.failed:
        return Result("failed", outcome, session.seed)
    others = tuple(one for one in recorded if one.provenance.device != outcome.provenance.device)
    # No run verifies itself.
    started = outcome.provenance.started
    equal = any(one.provenance.started != started and not drifted(note, one, outcome) for one in recorded)
    return Result("verified" if equal else "fresh", outcome, session.seed, others=others)


def _old(one: _Judged) -> Result:
    seed = one.record.source.get("seed", 0)
    return Result("stale", one.outcome, seed if isinstance(seed, int) else 0, one.changes)
