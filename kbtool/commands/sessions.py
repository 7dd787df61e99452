"""Has sessions run as a command asks for it, and keeps what they gave."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal, NamedTuple

from kbtool import terminal
from kbtool.cells import expected, workers
from kbtool.cells.drift import drifted, not_deterministic, unexpected
from kbtool.cells.events import OnEvent
from kbtool.cells.keeping import Keeper
from kbtool.cells.plan import Session, runnable
from kbtool.cells.reports import beyond, ended
from kbtool.cells.sandbox import DEFAULT, Wanted
from kbtool.commands.watching import Watch
from kbtool.note import Note
from kbtool.outcomes import CellKey, Outcome
from kbtool.values import Cell, Diagnostic, NoteId


class How(NamedTuple):
    """How sessions are run; `memory` is what they may take together, in bytes (0: what there is).

    `anew` says why sessions run whose outcomes hold: because somebody wants it (`force`), or to compare two runs with
    each other (`twice`) or a run with what is kept (`verify`). `fail_fast`: after a failure no other one starts.
    `wanted` is how far code is kept apart from the machine. `on` is the scheduler of a cluster, empty for this machine.
    `cell`: of the only session the cells up to this one, or
    with `alone` it and no other; nothing of that is kept.
    """

    memory: int = 0
    anew: Literal["", "force", "twice", "verify"] = ""
    fail_fast: bool = False
    cell: Cell | None = None
    alone: bool = False
    wanted: Wanted = DEFAULT
    on: str = ""


AS_USUAL = How()


class Done(NamedTuple):
    """The outcomes of sessions that ran, and what comparing them has shown to be wrong."""

    outcomes: tuple[Outcome, ...]
    problems: tuple[Diagnostic, ...] = ()


def run_all(keeper: Keeper, waiting: Sequence[Session], how: How, held: Mapping[NoteId, Outcome]) -> Done:
    """Runs sessions; `held` are the outcomes that hold, with which `verify` compares.

    One that asks for more than it may has failed, and nothing of it is kept.
    """
    if how.cell is not None:
        waiting = [_part(session, keeper, (how.cell, how.alone)) for session in waiting]
    greedy = {one.note: ended(one, *found) for one in waiting if (found := beyond(one, how.wanted.most))}
    if greedy and how.fail_fast:
        waiting = ()
    done = _run_these(keeper, [one for one in waiting if one.note not in greedy], how, held)
    return Done((*map(keeper.placed, greedy.values()), *done.outcomes), done.problems)


def _run_these(keeper: Keeper, waiting: Sequence[Session], how: How, held: Mapping[NoteId, Outcome]) -> Done:
    if how.cell is not None:
        return Done(tuple(map(keeper.placed, _run(keeper, waiting, how))))
    if how.anew == "twice":
        return _twice(keeper, waiting, how)
    finished: list[Outcome] = []
    problems: list[Diagnostic] = []
    with closing(_run(keeper, waiting, how)) as outcomes:
        for outcome in outcomes:
            placed = keeper.placed(outcome)
            found = _drifted(keeper, held.get(outcome.note), placed) if how.anew == "verify" else ()
            if not found:
                _keep(keeper, outcome)
            problems += found
            finished.append(placed)
    return Done(tuple(finished), tuple(problems))


def _drifted(keeper: Keeper, kept: Outcome | None, now: Outcome) -> tuple[Diagnostic, ...]:
    """What of an outcome is not as it was kept; why a session failed is told anyway."""
    if kept is None:
        terminal.warn(f"{now.note} had no outcome to compare with")
    return drifted(keeper.notes[now.note], kept, now) if kept is not None and not now.failed else ()


def _twice(keeper: Keeper, waiting: Sequence[Session], how: How) -> Done:
    """Runs all sessions, and then all once more, so that each has a process of its own; keeps what came out alike.

    Of two outcomes that differ the one that failed is given, if one did.
    """
    with closing(_run(keeper, waiting, how)) as outcomes:
        first = {outcome.note: outcome for outcome in outcomes}
    finished: list[Outcome] = []
    problems: list[Diagnostic] = []
    with closing(_run(keeper, [session for session in waiting if session.note in first], how)) as outcomes:
        for second in outcomes:
            before, after = keeper.placed(first[second.note]), keeper.placed(second)
            found = not_deterministic(keeper.notes[second.note], before, after)
            if not found:
                _keep(keeper, second)
            problems += found
            finished.append(before if before.failed else after)
    return Done(tuple(finished), tuple(problems))


def _part(session: Session, keeper: Keeper, wanted: tuple[Cell, bool]) -> Session:
    """A session as far as a cell."""
    cell, alone = wanted
    at = runnable(keeper.notes[session.note]).index(cell)
    # Checkpoints are the whole session's: a part that succeeds must not take them away.
    return replace(session, key=CellKey(f"{session.key}-part"), steps=session.steps[at if alone else 0 : at + 1])


def not_as_accepted(base: Path, note: Note, outcome: Outcome) -> tuple[Diagnostic, ...]:
    """What the cells of a note with `expect` gave and nobody accepted."""
    if not any(cell.options.expect for cell in runnable(note)):
        return ()
    return unexpected(note, expected.entries(note, outcome), expected.load(base, note.id))


def _keep(keeper: Keeper, outcome: Outcome) -> None:
    problem = keeper.save(outcome)
    if problem:
        terminal.warn(f"warning: {problem}")


def _run(keeper: Keeper, waiting: Sequence[Session], how: How) -> Generator[Outcome, None, None]:
    settings = workers.Settings(
        keeper.store.folder,
        keeper.environment,
        keeper.jobs,
        keeper.past,
        memory=how.memory,
        base=keeper.base,
        observe=keeper.machine.observed,
        fail_fast=how.fail_fast,
        wanted=how.wanted,
    )
    watch = Watch(waiting, settings.past, settings.jobs)
    keeper.store.sweep()
    try:
        with closing(_outcomes(keeper, waiting, (settings, how.on), watch.on_event)) as outcomes:
            yield from outcomes
    finally:
        watch.end()
        if how.cell is None:  # a part takes less than the whole
            keeper.remember(watch.ran)


def _outcomes(
    keeper: Keeper, waiting: Sequence[Session], where: tuple[workers.Settings, str], on_event: OnEvent
) -> Generator[Outcome, None, None]:
    """The outcomes of this machine, or of a cluster."""
    settings, on = where
    if not on:
        return workers.run(waiting, settings, on_event)
    from kbtool.cells.cluster import Cluster, run

    there = replace(settings, jobs=keeper.asked_jobs, threads=keeper.machine.threads)
    return run(waiting, there, Cluster(on, keeper.machine), on_event)
