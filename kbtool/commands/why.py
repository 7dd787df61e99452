"""`kbtool why`: says why a note's code would run again, or what its results stand on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from kbtool import terminal
from kbtool.cells.keeping import Keeper
from kbtool.cells.plan import Session
from kbtool.commands import isolating, opening, targets
from kbtool.commands.plan import reason_lines
from kbtool.commands.refusing import asked
from kbtool.config import KbError
from kbtool.outcomes import Outcome
from kbtool.report.visible import visible

_SHOWN = 20
"""Things of a kind that are listed."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    what = "a note's file, or its page's name; a cell is one with its note"
    parser.add_argument("note", metavar="NOTE[#CELL]", help=what)
    isolating.arguments(parser)


def run(options: argparse.Namespace) -> int:
    """Prints all reasons, or what the outcome stands on."""
    isolating.wanted(options)
    opened, _ = targets.meant([options.note])
    given = asked(opened)
    note = next(iter(opened.selected or ()), None)
    if note is None or len(opened.selected or ()) != 1:
        raise KbError(f"{options.note}: more than a note\nname a note, by its path, its page's name or an alias")
    if note in given.refused:
        opening.print_report(opened, given.refused[note], "text")
        return 1
    session = next((one for one in given.keeper.sessions if one.note == note), None)
    if session is None:
        raise KbError(f"{note} has no code that runs")
    terminal.say(_lines(given.keeper, session))
    given.keeper.remember({})
    return 0


def _lines(keeper: Keeper, session: Session) -> Iterator[str]:
    reasons = tuple(keeper.why(session))
    if reasons:
        yield visible(f"{session.note} would run again:")
        for reason in reasons:
            yield from (f"  {line}" for line in reason_lines(reason))
        return
    outcome = keeper.held()[session.note]
    yield visible(f"{session.note} holds: nothing that decides it has changed since {_when(outcome)}")
    yield from (f"  {line}" for line in _standing(outcome))


def _when(outcome: Outcome) -> str:
    return outcome.provenance.started[:16].replace("T", " ") + " UTC"


def _standing(outcome: Outcome) -> Iterator[str]:
    """What an outcome stands on beside its code."""
    observed = outcome.observed
    yield from (visible(f"{name}: {value}") for name, value in observed.where)
    packages = ", ".join(name for name, _ in observed.packages)
    if packages:
        yield visible(f"packages, byte by byte: {packages}")
    for kind, title in (("file", "files"), ("folder", "folders"), ("seen", "looked for"), ("name", "variables")):
        found = [what for one, what, _ in observed.facts if one == kind]
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            yield visible(f"{title}: {', '.join(found[:_SHOWN])}{more}")
    for gap in observed.gaps:
        yield visible(f"could not be followed: {gap}")
