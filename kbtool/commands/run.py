"""`kbtool run`: runs the sessions whose outcomes are not in the cache."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass

from kbtool import terminal
from kbtool.cells import workers
from kbtool.cells.claims import hand_typed
from kbtool.cells.failures import failures
from kbtool.cells.keeping import Keeper
from kbtool.cells.plan import Session
from kbtool.commands import opening, refusing
from kbtool.commands.watching import Watch
from kbtool.facts import facts
from kbtool.filters import filtered
from kbtool.kb import Snapshot
from kbtool.outcomes import Outcome, SessionState
from kbtool.values import Diagnostic, NoteId


@dataclass(frozen=True, slots=True)
class Ran:
    """What became of each session that was asked for, the outcomes, and what they show to be wrong.

    That is cells that failed, and numbers in prose that are not those that were computed.
    """

    states: Mapping[NoteId, SessionState]
    outcomes: Mapping[NoteId, Outcome]
    failures: tuple[Diagnostic, ...]


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    opening.add_paths(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")
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
    return int(opening.failed(ran.failures, opened, strict=False))


def execute(opened: opening.Opened, jobs: int) -> Ran:
    """Runs what the cache lacks, keeps the outcomes, and says on standard error what happens."""
    asked, refused, keeper = refusing.asked(opened, jobs)
    said = {note: facts(opened.snapshot.notes[note]).suppressions for note in (*refused, *(one.id for one in asked))}
    config = opened.project.config
    held = keeper.held()
    known = {note: outcome for note, outcome in held.items() if not outcome.failed}
    states: dict[NoteId, SessionState] = {note.id: "skipped" for note in asked if note.cells}
    states |= dict.fromkeys(known, "cached")
    for outcome in _run(keeper, [session for session in keeper.sessions if session.note not in known]):
        known[outcome.note] = keeper.placed(outcome)
        states[outcome.note] = "failed" if outcome.failed else "ran"
    states |= dict.fromkeys(refused, "failed")
    problems = [found for session in keeper.sessions for found in _failures(session, known, opened.snapshot)]
    texts = opened.snapshot.files.sources
    problems += (d for note in asked if note.id in known for d in hand_typed(note, texts[note.id].text, known[note.id]))
    problems += (d for one in refused.values() for d in one)
    return Ran(states, known, filtered(problems, said, config, whole=False))


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
    counts = [f"{states.count(kind)} {kind}" for kind in ("ran", "cached", "failed", "skipped") if kind in states]
    return f"sessions: {', '.join(counts)}" if counts else "no code to run"


def _json(ran: Ran) -> list[str]:
    def seconds(note: NoteId) -> float:
        return round(ran.outcomes[note].seconds, 3) if note in ran.outcomes else 0.0

    return [
        json.dumps({"note": note, "state": state, "seconds": seconds(note)}, ensure_ascii=False)
        for note, state in sorted(ran.states.items())
    ]
