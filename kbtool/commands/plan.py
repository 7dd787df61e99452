"""`kbtool plan`: says what `run` would do, why, and how long that took the last time; executes nothing."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import NamedTuple

from kbtool import terminal
from kbtool.cells.environment import cores, machine_device
from kbtool.cells.keeping import Keeper, Reason
from kbtool.cells.plan import Session
from kbtool.cells.results import results
from kbtool.cells.schedule import wants_gpu
from kbtool.commands import isolating, targets
from kbtool.commands.refusing import Asked, asked
from kbtool.outcomes import Result
from kbtool.report.visible import visible

_WIDE = 60
"""Characters of a line of code that are shown."""


class Planned(NamedTuple):
    """A session, why it would run (nothing: it would not), and the seconds that it took when it last ran.

    `device` is where it would run, empty where this machine has not what it needs; `recorded` is then where its
    recorded results come from, or `stale`.
    """

    session: Session
    reasons: tuple[Reason, ...]
    seconds: float | None
    device: str = "cpu"
    recorded: str = ""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    targets.add_words(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")
    isolating.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints a line for each session, and what all that would run takes."""
    isolating.wanted(options)
    given = asked(targets.meant(options.notes).opened)
    found = [planned(given.keeper, session) for session in given.keeper.sessions]
    given.keeper.remember({})
    terminal.say(_json(found, given) if options.format == "json" else _text(found, given))
    return 0


def planned(keeper: Keeper, session: Session) -> Planned:
    """What would become of a session."""
    known = keeper.past.get(session.note)
    device = _device(session, machine_device())
    recorded = "" if device else _recorded(results(keeper, {}).get(session.note))
    return Planned(session, tuple(keeper.why(session)), known.seconds if known else None, device, recorded)


def _recorded(found: Result | None) -> str:
    made = found.outcome.provenance if found and found.outcome else None
    return f"{made.device}, {made.started[:10]}" if made else "stale" if found else ""


def _device(session: Session, machine: str) -> str:
    """Where a session would run; empty when this machine cannot run it."""
    if session.device == "cuda":
        return "" if machine == "cpu" else machine
    return machine if wants_gpu(session) else "cpu"


# ---------------------------------------------------------------- how it is printed


def _text(found: list[Planned], given: Asked) -> Iterator[str]:
    for one in found:
        if one.reasons:
            took = f" ({_seconds(one.seconds)} last time)" if one.seconds is not None else ""
            yield visible(f"{one.session.note}  {_fate(one)}{took}")
            yield from (f"  {line}" for line in reason_lines(one.reasons[0]))
    for note, problems in given.refused.items():
        yield visible(f"{note}  is refused: {problems[0].message}")
    yield _summary(found)


def _fate(one: Planned) -> str:
    """What would become of a session that runs, and where."""
    if not one.device:
        why = "its record is stale" if one.recorded == "stale" else f"its record is shown ({one.recorded})"
        return f"needs a GPU, and there is none here: {why if one.recorded else 'it has no record'}"
    threads = f", {one.session.cpus} threads" if one.session.cpus else ""
    launch = f", {one.session.launch}" if one.session.launch else ""
    return f"runs on {one.device}{threads}{launch}"


def reason_lines(reason: Reason) -> Iterator[str]:
    """A reason, with what was and what is."""
    old, new = (visible(text.strip())[:_WIDE] for text in (reason.old, reason.new))
    if not reason.old and not reason.new:
        yield visible(reason.what)
    elif reason.what.startswith("cell "):
        yield visible(reason.what)
        yield from (f"  {sign} {text}" for sign, text in (("-", old), ("+", new)) if text)
    else:
        yield visible(f"{reason.what}: {old or 'none'} → {new or 'none'}")


def _summary(found: list[Planned]) -> str:
    if not found:
        return "no code to run"
    runs = [one for one in found if one.reasons]
    held = f"{len(found) - len(runs)} of {len(found)} sessions hold"
    if not runs:
        return held
    would = f"{held}, {len(runs)} would run"
    known = [one.seconds for one in runs if one.seconds is not None]
    if not known:
        return would
    unknown = f", and {len(runs) - len(known)} that never ran here" if len(known) < len(runs) else ""
    return f"{would}: about {_seconds(max(sum(known) / cores(), *known))}{unknown}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds / 60:.1f} min"


def _json(found: list[Planned], given: Asked) -> Iterator[str]:
    rows = {
        one.session.note: {
            "state": "runs" if one.reasons else "holds",
            "reasons": [reason._asdict() for reason in one.reasons],
            "seconds": one.seconds,
            "device": one.device,
            "recorded": one.recorded,
            "cpus": one.session.cpus,
            "launch": one.session.launch,
        }
        for one in found
    }
    refused = {
        note: {"state": "refused", "reasons": [{"what": one.message} for one in problems]}
        for note, problems in given.refused.items()
    }
    for note, row in sorted((rows | refused).items()):
        yield json.dumps({"note": note, **row}, ensure_ascii=False)
