"""What may go wrong, tried out: commands killed at work, files spoiled, operations that fail, each with its control.

    python -m tests.scenarios NAME PROJECT SEED COUNT [control]

A line of JSON says how many tries there were, what happened in them, and what was wrong afterwards. As a control
something that protects is taken out of kbtool, and then there must be something wrong.
"""

from __future__ import annotations

import random
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests import sabotage, spoiling, trying
from tests.trial_project import NOTES, Plan, Report, computed, litter, prepare, shown, text, write
from tests.trying import Fault, Tried

AT_ONCE = 8
COMMANDS = (("check",), ("run",), ("build",), ("run", "--record"), ("plan",))
KINDS = ("ENOSPC", "EIO", "EACCES", "short", "kill")


# ---------------------------------------------------------------- many at once, and killed


def killed(project: Path, plan: Plan) -> Report:
    """Eight commands at once, half of them killed, in so many rounds; the notes change all the time."""
    report, version, chance = Report(), 0, plan.chance
    broken = sabotage.outcomes_in_place if plan.control else None
    for number in range(plan.tries):
        if number % 3 == 2:
            version += 1
            write(project, version)
        running = [trying.start(project, *chance.choice(COMMANDS), sabotage=broken) for _ in range(AT_ONCE)]
        time.sleep(chance.uniform(0.1, 0.95) ** 3)  # most often within what a command takes on a fast machine
        for one in chance.sample(running, AT_ONCE // 2):
            trying.kill(one)
        for one in running:
            _ended(report, one.words, one.ended())
    for words in (("build",), ("check",)):
        last = trying.tried(project, *words)
        report.expect(last.code == 0, "afterwards", words, last)
    report.expect(shown(project) == computed(version), "shown", shown(project), "for", version)
    again = trying.tried(project, "run", "--format", "json")
    report.expect('"state": "ran"' not in again.out, "run again", again)
    report.expect(not list((project / "cache").rglob("*.bad")), "damaged outcomes")
    verified = trying.tried(project, "build", "--verify")
    report.expect(verified.code == 0, "verified", verified)
    report.expect(not litter(project), "litter", litter(project))
    return report


def _ended(report: Report, words: Sequence[str], end: Tried) -> None:
    report.tries += 1
    report.ends["killed" if end.code == -signal.SIGKILL else words[-1]] += 1
    report.expect("Traceback" not in end.out + end.err, words, end)
    # Two that build or record at the same time may refuse each other, and say so.
    report.expect(end.code in (0, -signal.SIGKILL) or (end.code in (1, 2) and "error" in end.err), words, end)


# ---------------------------------------------------------------- operations that fail in turn


class Work:
    """A command to be tried with faults: what goes before each try, and what must hold after it.

    The notes have one of so many `versions`, which is `now`, after another, which was `then`.
    """

    versions = 1 << 30
    then = now = 0

    def __init__(self, project: Path, report: Report) -> None:
        self.project = project
        self.report = report
        self.number = 0

    def words(self) -> tuple[str, ...]:
        """The command."""
        raise NotImplementedError

    def before(self) -> None:
        """Gives the command something to do."""
        self.number += 1
        self.then, self.now = self.now, self.number % self.versions
        write(self.project, self.now)

    def after(self, end: Tried) -> None:
        """What holds at once."""
        raise NotImplementedError

    def healed(self, end: Tried) -> None:
        """What holds when the command was called once more."""
        self.report.expect(end.code == 0, "healed", end)

    def sources(self) -> None:
        """The notes are what a person wrote."""
        for note in range(NOTES):
            found = (self.project / f"kb/pages/n{note}.md").read_text("utf-8")
            self.report.expect(found == text(note, self.now), "note", note, found)


class Build(Work):
    """Brings the site up to date; sometimes from nothing."""

    def words(self) -> tuple[str, ...]:
        return ("build",)

    def after(self, end: Tried) -> None:
        self.sources()
        found = shown(self.project)
        right = [computed(self.now)] + ([computed(self.then)] if end.code else [])
        self.report.expect(found in right, "shown", found, "not", right)

    def healed(self, end: Tried) -> None:
        super().healed(end)
        self.after(end)
        if self.number % 3 == 0:
            verified = trying.tried(self.project, "build", "--verify")
            self.report.expect(verified.code == 0, "verified", verified)


class Whole(Build):
    """Has MkDocs write the site; outcomes are kept, as sessions are the same for any build."""

    versions = 2

    def before(self) -> None:
        super().before()
        shutil.rmtree(self.project / "cache/kbtool/sites", ignore_errors=True)


class Record(Work):
    """Records results."""

    def words(self) -> tuple[str, ...]:
        return ("run", "--record")

    def after(self, end: Tried) -> None:
        self.sources()
        said = trying.tried(self.project, "check", "--format", "json")
        self.report.expect("tampered" not in said.out and "Traceback" not in said.err, "records", said)
        if end.code == 0:
            self.report.expect("stale" not in said.out and said.code == 0, "not recorded", said)

    def healed(self, end: Tried) -> None:
        super().healed(end)
        self.after(end)


class Check(Work):
    """Says what is wrong."""

    def words(self) -> tuple[str, ...]:
        return ("check", "--format", "concise")

    def after(self, end: Tried) -> None:
        self.sources()
        self.report.expect(end.code != 0 or end.out == "", "said", end)

    def healed(self, end: Tried) -> None:
        self.report.expect((end.code, end.out) == (0, ""), "healed", end)


class Mend(Work):
    """Makes fixes in two notes."""

    BROKEN, SOUND = "- $$\\\\frac{1}{2}$$ [[n%d]]\n", "- $$\\frac{1}{2}$$ [[n%d]]\n"

    def words(self) -> tuple[str, ...]:
        return ("check", "--fix")

    def before(self) -> None:
        for number in (0, 1):
            (self.project / f"kb/pages/n{number}.md").write_text(self.BROKEN % (number + 1), "utf-8")

    def after(self, end: Tried) -> None:
        for number in (0, 1):
            found = (self.project / f"kb/pages/n{number}.md").read_text("utf-8")
            right = (self.SOUND % (number + 1), *((self.BROKEN % (number + 1),) if end.code else ()))
            self.report.expect(found in right, "note", number, repr(found))

    def healed(self, end: Tried) -> None:
        super().healed(end)
        self.after(end)


class New(Work):
    """Starts a note."""

    def words(self) -> tuple[str, ...]:
        return ("new", f"Новая заметка {self.number}")

    def before(self) -> None:
        self.number += 1

    def after(self, end: Tried) -> None:
        path = self.project / f"kb/pages/{self.words()[1]}.md"
        whole = path.exists() and path.read_bytes().endswith(b"\n")
        self.report.expect(whole or (end.code != 0 and not path.exists()), "new note", end)

    def healed(self, end: Tried) -> None:
        self.report.expect(end.code == 0 or "exists already" in end.err, "healed", end)
        self.after(Tried(0, "", "", 0))


class Accept(Work):
    """Keeps what cells give as what they must give."""

    def words(self) -> tuple[str, ...]:
        return ("accept",)

    def before(self) -> None:
        super().before()
        path = self.project / "kb/pages/n0.md"
        path.write_text(path.read_text("utf-8").replace("```python", "```python expect name=total"), "utf-8")
        trying.tried(self.project, "run")

    def after(self, end: Tried) -> None:
        if end.code == 0:
            said = trying.tried(self.project, "run")
            self.report.expect(said.code == 0, "not accepted", said)

    def healed(self, end: Tried) -> None:
        super().healed(end)
        self.after(end)


WORK: dict[str, Callable[[Path, Report], Work]] = {
    "build": Build,
    "whole": Whole,
    "record": Record,
    "check": Check,
    "fix": Mend,
    "new": New,
    "accept": Accept,
}


def failing(work: Work, plan: Plan, reads: bool) -> None:
    """A command with one operation after the other that fails, as many of them as are planned."""
    project, report = work.project, work.report
    trying.tried(project, "build")
    broken = sabotage.notes_in_place if plan.control else None
    for _ in range(2):  # what is done for the first time alone would not be met again
        work.before()
        trying.tried(project, *work.words(), sabotage=broken)
    work.before()
    counted = trying.tried(project, *work.words(), fault=Fault(0, "count", reads), sabotage=broken)
    report.expect(counted.operations >= 3, "operations", counted.operations)
    for fault in _faults(counted.places, plan, reads):
        work.before()
        end = trying.tried(project, *work.words(), fault=fault, sabotage=broken)
        found = len(report.wrong)
        met = end.code < 0 or end.operations >= fault.number
        report.tries += 1
        report.ends["not met" if not met else "well" if end.code == 0 else "ill"] += 1
        report.expect("Traceback" not in end.out + end.err, end.err)
        expected = (-signal.SIGKILL,) if fault.kind == "kill" and met else (0, 1, 2) if met else (0,)
        report.expect(end.code in expected, "exit code", end)
        report.expect(end.code <= 0 or "error" in end.err + end.out, "not a word", end)
        work.after(end)
        work.healed(trying.tried(project, *work.words()))
        report.expect(not litter(project), "litter", litter(project))
        report.wrong[found:] = [f"{work.words()[0]} {fault}: {one}" for one in report.wrong[found:]]


def _faults(places: Sequence[str], plan: Plan, reads: bool) -> Iterator[Fault]:
    """Some faults, spread over all operations; or all ways at each place, first, last, and once in between."""
    kinds = KINDS[1:3] if reads else KINDS
    for at in range(plan.tries):
        number = 1 + int((at + plan.chance.random()) * len(places) / plan.tries)
        yield Fault(number, kinds[at % len(kinds)], reads)
    for place, times in Counter(() if plan.tries else places).items():
        numbers = {1, times, plan.chance.randint(1, times)}
        yield from (Fault(number, kind, reads, place) for number in sorted(numbers) for kind in kinds)


# ---------------------------------------------------------------- the command


def scenario(name: str, project: Path, plan: Plan) -> Report:
    """Tries one out."""
    if name == "killed":
        return killed(project, plan)
    if name == "spoiled":
        return spoiling.spoiled(project, plan)
    what, _, reads = name.partition("-")
    report = Report()
    failing(WORK[what](project, report), plan, bool(reads))
    return report


def main(name: str, folder: str, *numbers: str) -> None:
    """Prints the report of a scenario."""
    project = Path(folder)
    seed, count, *control = numbers
    prepare(project)
    trying.load_all()
    plan = Plan(int(count), random.Random(int(seed)), bool(control))
    sys.stdout.write(scenario(name, project, plan).said() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
