"""`kbtool run`: runs the sessions whose outcomes are not in the cache."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kbtool import query, terminal
from kbtool.cells import workers
from kbtool.cells.claims import hand_typed
from kbtool.cells.failures import failures
from kbtool.cells.keeping import Keeper
from kbtool.cells.library import Library
from kbtool.cells.plan import Session
from kbtool.cells.results import results
from kbtool.checks import check_imports
from kbtool.checks.context import base
from kbtool.commands import opening, recording
from kbtool.commands.watching import Watch
from kbtool.facts import facts
from kbtool.filters import filtered
from kbtool.kb import Snapshot
from kbtool.note import Note
from kbtool.outcomes import Outcome, Result, SessionState
from kbtool.values import Diagnostic, NoteId

_REFUSED = ("bad-attribute", "dynamic-import")
_STATES: tuple[SessionState, ...] = ("ran", "cached", "recorded", "stale", "failed", "skipped")


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of each session that was asked for, the outcomes, and what they show to be wrong.

    That is cells that failed, and numbers in prose that are not those that were computed. `results` are what a page
    shows, `made` the outcomes of this machine, which the `keeper` keeps.
    """

    states: Mapping[NoteId, SessionState]
    outcomes: Mapping[NoteId, Outcome]
    failures: tuple[Diagnostic, ...]
    results: Mapping[NoteId, Result]
    made: Mapping[NoteId, Outcome]
    keeper: Keeper


class Use(NamedTuple):
    """How results are come by: whether code is `run` at all, and whether `stale` records may stand in for it."""

    run: bool = True
    stale: bool = False


USUAL = Use()


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")
    parser.add_argument("--record", action="store_true", help="keep the results beside the notes, to be committed")
    add_jobs(parser)


def add_jobs(parser: argparse.ArgumentParser) -> None:
    """The `--jobs` of run and build."""
    parser.add_argument("--jobs", type=_positive, default=0, metavar="N", help="sessions at once (default: one a core)")


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: not a number from 1 up")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """0 when all sessions ran well, 1 when one failed."""
    opened = opening.open_base(options.paths)
    ran = execute(opened, options.jobs)
    if options.format == "json":
        terminal.say(_json(ran))
    else:
        if ran.failures:
            opening.print_report(opened, ran.failures, "text")
        terminal.say([summary(ran)])
    recorded = recording.record(opened, ran.keeper, ran.made) if options.record else True
    return int(opening.failed(ran.failures, opened, strict=False) or not recorded)


def execute(opened: opening.Opened, jobs: int, use: Use = USUAL) -> Ran:
    """Runs what the cache lacks, keeps the outcomes, and says on standard error what happens.

    Records stand in for what this machine cannot run or, where nothing is to be run, for all that the cache lacks.
    """
    asked = [note for note in query.pages(opened.snapshot) if opened.asked(note.id)]
    said = {note.id: facts(note).suppressions for note in asked}
    config = opened.project.config
    misunderstood = _misunderstood(asked, opened.snapshot)
    refused = {note: found for note, given in misunderstood if (found := filtered(given, said, config, whole=False))}
    asked = [note for note in asked if note.id not in refused]
    library = Library(opened.snapshot.notes, opened.snapshot.names)
    keeper = Keeper(opened.project.base, asked, (config, library), jobs)
    held = keeper.held()
    known = {note: outcome for note, outcome in held.items() if not (outcome.failed and use.run)}
    states: dict[NoteId, SessionState] = {note.id: "skipped" for note in asked if note.cells}
    states |= {note: "failed" if outcome.failed else "cached" for note, outcome in known.items()}
    waiting = [session for session in keeper.sessions if session.note not in known] if use.run else []
    for outcome in _run(keeper, waiting):
        known[outcome.note] = keeper.placed(outcome)
        states[outcome.note] = "failed" if outcome.failed else "ran"
    made, shown = known, results(keeper, known, use.stale)
    known = {note: result.outcome for note, result in shown.items() if result.outcome is not None}
    states |= {note: one.state for note, one in shown.items() if one.state in ("recorded", "stale")}
    states |= dict.fromkeys(refused, "failed")
    problems = [found for session in keeper.sessions for found in _failures(session, known, opened.snapshot)]
    texts = opened.snapshot.files.sources
    problems += (d for note in asked if note.id in known for d in hand_typed(note, texts[note.id].text, known[note.id]))
    problems += (d for one in refused.values() for d in one)
    return Ran(states, known, filtered(problems, said, config, whole=False), shown, made, keeper)


def _misunderstood(notes: Iterable[Note], snapshot: Snapshot) -> Iterator[tuple[NoteId, tuple[Diagnostic, ...]]]:
    """Why notes are not run: words after ```python that nobody knows, of which one may be a misspelled `norun`, and
    imports from other notes that lead nowhere."""
    said = {note.id: facts(note) for note in query.pages(snapshot)}
    known = base(said, snapshot.names, snapshot.files.config)
    for note in notes:
        yield note.id, (*(one for one in note.diagnostics if one.rule in _REFUSED), *check_imports(note.id, known))


def _failures(session: Session, known: Mapping[NoteId, Outcome], snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    others = [snapshot.notes[module.note] for module in session.imported.modules]
    return failures(snapshot.notes[session.note], known[session.note], others) if session.note in known else ()


def _run(keeper: Keeper, waiting: list[Session]) -> list[Outcome]:
    settings = workers.Settings(
        keeper.store.folder,
        keeper.environment,
        keeper.jobs,
        keeper.past,
        base=keeper.base,
        observe=keeper.observed,
    )
    watch = Watch(waiting, settings.past, settings.jobs)
    finished: list[Outcome] = []
    try:
        for outcome in workers.run(waiting, settings, watch.on_event):
            finished.append(outcome)
            problem = keeper.save(outcome)
            if problem:
                terminal.warn(f"warning: {problem}")
    finally:
        watch.end()
        keeper.remember(watch.ran)
    return finished


def summary(ran: Ran) -> str:
    """`3 ran, 9 cached, 1 failed`, or that there is no code."""
    states = list(ran.states.values())
    counts = [f"{states.count(kind)} {kind}" for kind in _STATES if kind in states]
    return f"sessions: {', '.join(counts)}" if counts else "no code to run"


def _json(ran: Ran) -> list[str]:
    def seconds(note: NoteId) -> float:
        return round(ran.outcomes[note].seconds, 3) if note in ran.outcomes else 0.0

    return [
        json.dumps({"note": note, "state": state, "seconds": seconds(note)}, ensure_ascii=False)
        for note, state in sorted(ran.states.items())
    ]
