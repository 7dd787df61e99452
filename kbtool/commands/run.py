"""`kbtool run`: runs the sessions whose outcomes are not in the cache."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from kbtool import terminal
from kbtool.cells.claims import hand_typed
from kbtool.cells.failures import failures
from kbtool.cells.keeping import Keeper
from kbtool.cells.plan import Session
from kbtool.cells.results import results
from kbtool.commands import changes, ending, isolating, opening, recording, refusing, targets
from kbtool.commands.sessions import AS_USUAL, How, not_as_accepted, run_all
from kbtool.commands.watching import stopwatch
from kbtool.config import KbError
from kbtool.facts import facts
from kbtool.filters import filtered
from kbtool.kb import Snapshot
from kbtool.outcomes import Outcome, Result, SessionState
from kbtool.values import Diagnostic, NoteId

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
    targets.add_words(parser, ", or one cell as NOTE#name or NOTE#number, whose outputs are printed")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")
    which = parser.add_argument_group("which sessions")
    changes.add_changed(which, "run")  # type: ignore[arg-type]
    only = "just what was named: with --changed not the notes that import these, of NOTE#cell not the cells above it"
    which.add_argument("--only", action="store_true", help=only)
    anew = which.add_mutually_exclusive_group()
    anew.set_defaults(anew="")
    constant = {"action": "store_const", "dest": "anew"}
    anew.add_argument("--force", **constant, const="force", help="run sessions whose outcomes hold, too")  # type: ignore[arg-type]
    twice = "run each session two times, and say where the outputs differ"
    anew.add_argument("--twice", **constant, const="twice", help=twice)  # type: ignore[arg-type]
    verify = "run sessions whose outcomes hold, and say where the outputs differ from what is kept"
    anew.add_argument("--verify", **constant, const="verify", help=verify)  # type: ignore[arg-type]
    parts = parser.add_argument_group("how they run")
    isolating.add_jobs(parts)  # type: ignore[arg-type]
    memory = "what sessions together may take, as 4G (default: most of what is free)"
    parts.add_argument("--memory", type=isolating.a_size, default=0, metavar="SIZE", help=memory)
    ends = parts.add_mutually_exclusive_group()
    ends.add_argument("-k", "--keep-going", action="store_true", help="a failure ends its own session alone (default)")
    ends.add_argument("--fail-fast", action="store_true", help="start no other session after one that failed")
    where = "where: local (the default), or the scheduler of a Dask cluster, as tcp://host:8786"
    parts.add_argument("--on", default="local", metavar="WHERE", help=where)
    record = "keep the results beside the notes, to be committed (.kbtool/records)"
    parser.add_argument("--record", action="store_true", help=record)


def run(options: argparse.Namespace) -> int:
    """0 when all sessions ran well, 1 when one failed."""
    seconds = stopwatch()
    opened, cell = _asked(options)
    whole = [what for what in ("changed", "record") if getattr(options, what)]
    whole += [options.anew] if options.anew not in ("", "force") else []
    if cell is not None and whole:
        raise KbError(f"--{whole[0]} is about whole sessions\nname a note without a cell")
    on = "" if options.on == "local" else options.on
    how = How(options.memory, options.anew, options.fail_fast, cell, options.only, isolating.wanted(options), on)
    ran = execute(opened, options.jobs, how)
    if cell is not None and ran.outcomes:
        (outcome,) = ran.outcomes.values()
        if options.format == "json":
            terminal.say([ending.cell_json(opened.snapshot, outcome, cell)])
        else:
            ending.say_cell(opened.snapshot, outcome, cell)
    elif options.format == "json":
        terminal.say(_json(ran))
    if options.format == "text":
        _say_end(opened, ran, seconds if cell is None else None)
    recorded = recording.record(opened, ran.keeper, ran.made) if options.record else True
    return int(opening.failed(ran.failures, opened, strict=False) or not recorded)


def _asked(options: argparse.Namespace) -> targets.Meant:
    """The notes, or the cell, that the command line means."""
    path, revision = changes.path_and_revision(options.changed)
    opened, cell = targets.meant([*([path] if path else []), *options.notes])
    if revision is None:
        return targets.Meant(opened, cell)
    return targets.Meant(targets.only_changed(opened, revision, not options.only), cell)


def _say_end(opened: opening.Opened, ran: Ran, seconds: Callable[[], float] | None) -> None:
    """What failed, and how long it took, if that is of interest."""
    if ran.failures:
        opening.print_report(opened, ran.failures, "text")
    terminal.say(ending.failed_lines(opened, ran.failures))
    if seconds is not None:
        took = f" in {seconds():.1f} s" if ran.states else ""
        terminal.say([summary(ran) + took])


def execute(opened: opening.Opened, jobs: int, how: How = AS_USUAL, use: Use = USUAL) -> Ran:
    """Runs what the cache lacks or `how` asks for, keeps the outcomes, and says on standard error what happens.

    Records stand in for what this machine cannot run or, where nothing is to be run, for all that the cache lacks.
    """
    asked, refused, keeper = refusing.asked(opened, jobs)
    said = {note: facts(opened.snapshot.notes[note]).suppressions for note in (*refused, *(one.id for one in asked))}
    held = keeper.held()
    known = {} if how.anew or how.cell else {note: one for note, one in held.items() if not (one.failed and use.run)}
    states: dict[NoteId, SessionState] = {note.id: "skipped" for note in asked if note.cells}
    states |= {note: "failed" if outcome.failed else "cached" for note, outcome in known.items()}
    waiting = [session for session in keeper.sessions if session.note not in known] if use.run else []
    done = run_all(keeper, waiting, how, _compared(keeper, held) if how.anew == "verify" else {})
    for name in sorted({outcome.provenance.isolation for outcome in done.outcomes} - {""}):
        terminal.warn(f"isolation: {name}")
    for outcome in done.outcomes:
        known[outcome.note] = outcome
        states[outcome.note] = "failed" if outcome.failed else "ran"
    doubtful = {one.note for one in done.problems}
    made = {note: outcome for note, outcome in known.items() if note not in doubtful}
    shown = {} if how.cell else results(keeper, known, use.stale)
    if how.cell is None:
        known = {note: result.outcome for note, result in shown.items() if result.outcome is not None}
    states |= {note: one.state for note, one in shown.items() if one.state in ("recorded", "stale")}
    states |= dict.fromkeys(refused, "failed")
    problems = [found for session in keeper.sessions for found in _failures(session, known, opened.snapshot)]
    problems += done.problems
    texts = opened.snapshot.files.sources
    whole = [note for note in asked if note.id in known and how.cell is None]
    problems += (d for note in whole for d in hand_typed(note, texts[note.id].text, known[note.id]))
    problems += (d for note in whole for d in not_as_accepted(keeper.base, note, known[note.id]))
    problems += (d for one in refused.values() for d in one)
    return Ran(states, known, filtered(problems, said, opened.project.config, whole=False), shown, made, keeper)


def _compared(keeper: Keeper, held: Mapping[NoteId, Outcome]) -> dict[NoteId, Outcome]:
    """What `--verify` compares with: the outcomes that hold here, else those that were recorded."""
    good = {note: outcome for note, outcome in held.items() if not outcome.failed}
    shown = results(keeper, good)
    return {note: result.outcome for note, result in shown.items() if result.outcome is not None}


def _failures(session: Session, known: Mapping[NoteId, Outcome], snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    others = [snapshot.notes[module.note] for module in session.imported.modules]
    return failures(snapshot.notes[session.note], known[session.note], others) if session.note in known else ()


def again(ran: Ran, use: Use) -> Ran | None:
    """What would come of the same once more; None where a session would run."""
    held = ran.keeper.held() if "ran" in ran.states.values() else ran.outcomes
    new = [note for note, state in ran.states.items() if state == "ran"]
    if any(note not in held or held[note].failed for note in new) or (use.run and "failed" in ran.states.values()):
        return None
    return replace(ran, states={**ran.states, **dict.fromkeys(new, "cached")})


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
