"""Runs sessions, each in a fresh process and several at once, under time and output limits.

One loop in the caller's thread reads from all of them. A scheduler over processes that fork from a warm parent, or
over other machines, would take the place of this module and of `cells.process`, and of nothing else.
"""

from __future__ import annotations

import json
import platform
import selectors
import sys
import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, Literal

from kbtool.cells import process as processes
from kbtool.cells import reports
from kbtool.cells.environment import available_memory, cores, distributions, gpu_memory, processor
from kbtool.cells.events import Event, OnEvent, Ticks, ignore
from kbtool.cells.history import Past
from kbtool.cells.observed import Looked
from kbtool.cells.plan import Environment, Session, Step
from kbtool.cells.reports import FAR_TOO_MUCH, BadReportError, Piece
from kbtool.cells.sandbox import DEFAULT, Wanted, found
from kbtool.cells.schedule import Budget, fitting, longest_first
from kbtool.cells.stowing import Stowage
from kbtool.cells.weighing import CROWDED, FRAYED, HEAVY, STOWED
from kbtool.outcomes import CellError, CellOutcome, Observed, Outcome, OutputKind, Provenance
from kbtool.values import NoteId

_START = 120.0  # seconds for what runs before a cell: Python itself, and importing what is seeded
_KILL = 10.0  # seconds to kill a session's processes, which takes some milliseconds
_DUMP = 0.5  # seconds for a dump, which takes a millisecond when the machine is idle
_MESSAGE = 64 << 20  # bytes of one report: some figures at their limit
_QUIET = 0.1  # seconds between two events about output lines


@dataclass(frozen=True, slots=True)
class Settings:
    """How sessions are run: `jobs` at once (0: one a core), each on so many `threads` (0: an equal share of the cores);
    `folder` is the cache folder; what is installed.

    `past` says what is known of earlier runs; `memory` is what all sessions together may take, and one of them by
    itself, in bytes (0: what the machine has to spare). `base` is where inputs and modules lie. `observe` tells what
    the outcome of a session stands on, of what it looked at, the packages that it imported, and when it started.
    `fail_fast`: after a session that failed no other one starts. `wanted` is how far they are kept apart from the
    machine. `shown` is what outputs call the folder of the base, where that is not its path.
    """

    folder: Path
    environment: Environment
    jobs: int = 0
    past: Mapping[NoteId, Past] = field(default_factory=dict)
    memory: int = 0
    base: Path | None = None
    observe: Observe | None = None
    fail_fast: bool = False
    wanted: Wanted = DEFAULT
    threads: int = 0
    shown: str = ""


Observe = Callable[[Session, Looked, tuple[Sequence[str], float]], Observed]


def run(sessions: Iterable[Session], settings: Settings, on_event: OnEvent = ignore) -> Generator[Outcome, None, None]:
    """Outcomes as sessions finish; when the caller stops asking or is interrupted, all that runs is killed.

    An outcome knows only its cells' own lines; `cells.failures.located` gives it the note's.
    """
    waiting = longest_first(sessions, settings.past)
    if not waiting:
        return
    jobs = settings.jobs or cores()
    threads = settings.threads or max(1, cores() // jobs)
    budget = Budget(settings.past, settings.memory or available_memory(), jobs * threads, threads, gpu_memory())
    sandbox = found(settings.wanted)
    plots, states = settings.folder / "matplotlib", settings.folder / "state"
    house = processes.House(plots, states, settings.base, sandbox, budget.memory, settings.shown)
    live: list[_Live] = []
    nursery = processes.nursery(waiting, threads, house)
    with selectors.DefaultSelector() as selector:
        around = _Around(selector, on_event, nursery, dict(settings.environment.packages), settings.observe)
        ticks = Ticks(on_event)
        try:
            while waiting or live:
                while session := fitting(waiting, [one.session for one in live], budget):
                    waiting.remove(session)
                    live.append(_Live(session, around))
                patience = min(one.deadline for one in live) - time.monotonic()
                for key, _ in selector.select(max(0.0, min(patience, ticks.patience()))):
                    key.data()
                for one in live if ticks.tell() else ():
                    one.tell_line()
                    one.look()
                for one in [one for one in live if one.is_over()]:
                    live.remove(one)
                    outcome = one.outcome()
                    if settings.fail_fast and outcome.failed:
                        waiting.clear()
                    yield outcome
        finally:
            for one in live:
                processes.kill(one.process)
            for one in live:
                processes.end(one.process)
            nursery.close()


@dataclass(frozen=True, slots=True)
class _Around:
    """What the sessions of one run share; `packages` grows with what they turn out to import."""

    selector: selectors.BaseSelector
    on_event: OnEvent
    nursery: processes.Nursery
    packages: dict[str, tuple[str, ...]]
    observe: Observe | None

    def versions(self, modules: Iterable[str]) -> tuple[str, ...]:
        """The distributions that modules come from."""
        unknown = set(modules) - self.packages.keys()
        self.packages.update(dict.fromkeys(unknown, ()) | dict(distributions(unknown)))
        return tuple(sorted({version for name in modules for version in self.packages[name]}))


class _Live:
    """A session that runs, and what is known of it so far."""

    __slots__ = (
        *("session", "around", "process", "paths", "started", "wall", "deadline", "told"),
        *("step", "pieces", "printed", "cells", "inbox", "device", "modules"),
        *("dump", "ending", "killed", "ended", "status", "peak", "untold", "looked", "reported", "stowage"),
    )

    def __init__(self, session: Session, around: _Around) -> None:
        self.session = session
        self.around = around
        self.process = processes.start(session, around.nursery)
        self.paths = processes.machine_paths(self.process.scratch, around.nursery.house)
        self.started = datetime.now(UTC)
        self.wall = self.told = time.monotonic()
        self.deadline = self.wall + _START
        self.step: Step | None = None  # the cell that runs
        self.pieces: list[Piece] = []
        self.printed = 0
        self.cells: list[CellOutcome] = []
        self.inbox = bytearray()
        self.device = "cpu"
        self.modules: tuple[str, ...] = session.imports
        self.dump = b""
        self.ending: CellError | None = None  # why it is stopped
        self.killed = self.ended = False
        self.status = -1
        self.peak = 0  # of the memory that its processes took together, in bytes
        self.untold = ""
        self.looked = Looked()
        self.stowage = Stowage((self.process.scratch, str(around.nursery.house.states / session.key)))
        self.reported = False  # whether it came to its end, and said what it looked at
        for end, hear in self.ears():
            around.selector.register(end, selectors.EVENT_READ, hear)
        self.tell("started")

    def ears(self) -> tuple[tuple[Any, Callable[[], object]], ...]:
        """The ends of pipes, and what takes in what they bring."""
        pipes = self.process.pipes
        return (
            (pipes.control, self.hear),
            (pipes.stdout, lambda: self.take(pipes.stdout, "stdout")),
            (pipes.stderr, lambda: self.take(pipes.stderr, "stderr")),
            (pipes.dumps, self.take_dump),
            (pipes.line, self.take_status),
        )

    def tell(self, kind: Literal["started", "cell", "line", "finished"], text: str = "") -> None:
        seconds = time.monotonic() - self.wall
        done, total = len(self.cells), len(self.session.steps)
        self.around.on_event(Event(kind, self.session.note, done, total, seconds, text, self.peak))

    # ------------------------------------------------------------ what comes in

    def read(self, end: Any) -> bytes:
        """What an end of a pipe has; at its end nobody listens to it any more."""
        data = processes.read(end)
        if data == b"":
            with suppress(KeyError):
                self.around.selector.unregister(end)
        return data or b""

    def take(self, end: IO[bytes], kind: OutputKind) -> bool:
        """Take output; whether there was any. Beyond the limit it is read and dropped."""
        data = self.read(end)
        limit = self.session.output_limit
        room = limit - self.printed
        self.printed += len(data)
        if room >= 0 and data:
            self.pieces.append((kind, data[:room]))
        if room >= 0 and len(data) > room:
            self.pieces.append(("stderr", reports.cut_mark(limit)))
        if self.printed > FAR_TOO_MUCH * limit:
            self.stop(reports.printed_too_much(limit))
        self.untold = data.decode("utf-8", "replace").rstrip().rpartition("\n")[2] or self.untold
        self.tell_line()
        return bool(data)

    def tell_line(self) -> None:
        """Tell the last line, if there is a new one and it is time."""
        if self.untold and time.monotonic() - self.told > _QUIET:
            self.told = time.monotonic()
            self.tell("line", self.untold)
            self.untold = ""

    def drain(self) -> None:
        """Take what was written before now; others of the session may go on writing for ever, so not more than that."""
        pipes = self.process.pipes
        for _ in range(64):
            if not self.take(pipes.stdout, "stdout"):
                break
        for _ in range(64):
            if not self.take(pipes.stderr, "stderr"):
                break

    def take_dump(self) -> None:
        self.dump = (self.dump + self.read(self.process.pipes.dumps))[-(1 << 20) :]
        if self.ending is not None:  # the frames arrive within a moment of each other
            self.deadline = min(self.deadline, time.monotonic() + 0.02)

    def take_status(self) -> None:
        data = self.read(self.process.pipes.line)
        for said in data.splitlines():
            status, _, peak = said.partition(b" ")
            if status.isdigit() and peak.isdigit():
                self.status, self.peak = int(status), int(peak)
        if self.status in (CROWDED, HEAVY, FRAYED, STOWED):
            self.stop(reports.outgrown(self.status, (self.peak, self.around.nursery.house.memory)))
        self.ended = not data

    def hear(self) -> bool:
        """Take the runner's messages; whether there was anything."""
        data = self.read(self.process.pipes.control)
        self.inbox += data
        while b"\n" in data and self.ending is None:
            line, _, rest = bytes(self.inbox).partition(b"\n")
            self.inbox = bytearray(rest)
            data = rest
            try:
                self.obey(json.loads(line))
            except (ValueError, RecursionError, BadReportError):
                self.stop(CellError("Crash", "the session sent a report that cannot be read", 0))
        if len(self.inbox) > _MESSAGE:
            self.stop(CellError("Crash", "the session sent a report that is too long", 0))
        return bool(data)

    def obey(self, message: Any) -> None:
        """Act on a message, and let the runner go on if it waits."""
        match message:
            case {"begin": int(index)}:
                self.begin_cell(index)
                return
            case {"lost": int(rank), "status": int(status)}:
                self.stop(reports.lost(rank, status))
                return
            case {"sync": True}:
                self.drain()
            case {"end": _}:
                self.drain()
                self.end_cell(message)
            case {"device": str(device), "modules": modules, "trace": trace}:
                if not self.may_use(device):
                    raise BadReportError
                self.device, self.modules, self.looked = (
                    reports.readable(device),
                    reports.read_names(modules),
                    reports.read_trace(trace),
                )
                self.reported = True
            case _:
                raise BadReportError
        processes.answer(self.process)

    def may_use(self, device: str) -> bool:
        """Whether a session can have computed on a device: code says what it likes, and records stand under it."""
        wanted = self.around.nursery.house.sandbox.wanted
        return device == "cpu" or wanted.level == "none" or "gpu" in wanted.grants

    def begin_cell(self, index: int) -> None:
        step = self.next_step()
        if step is None or step.index != index or self.step is not None:  # whoever begins again has time anew
            raise BadReportError
        self.step = step
        self.deadline = time.monotonic() + step.timeout

    def end_cell(self, message: Mapping[str, Any]) -> None:
        report = reports.read_report(message, self.session.output_limit)
        if self.step is None or self.step.index != report.index:
            raise BadReportError
        self.cells.append(reports.outcome_of(report, reports.streams(self.pieces, self.paths), self.paths))
        self.step, self.pieces, self.printed = None, [], 0
        self.deadline = time.monotonic() + _START
        self.tell("cell")

    def next_step(self) -> Step | None:
        steps = self.session.steps
        return steps[len(self.cells)] if len(self.cells) < len(steps) else None

    # ------------------------------------------------------------ how it ends

    def stop(self, why: CellError) -> None:
        """Have the session killed, after asking where it is."""
        if self.ending is None:
            self.ending = why
            self.deadline = time.monotonic() + _DUMP
            processes.ask_for_dump(self.process)

    def look(self) -> None:
        """See whether its files have outgrown the disk's room for it."""
        if why := self.stowage.look():
            self.stop(CellError("FileLimit", why, 0))

    def is_over(self) -> bool:
        """Whether the process has ended; sees to its time."""
        if self.ended or time.monotonic() < self.deadline:
            return self.ended
        if self.ending is None:
            self.time_is_up()
        elif not self.killed:
            processes.kill(self.process)
            self.killed = True
            self.deadline = time.monotonic() + _KILL
        else:
            self.ended = True
        return self.ended

    def time_is_up(self) -> None:
        """Stop the session, unless the caller was busy and the end of the cell has come in meanwhile."""
        step = self.step
        while self.hear():
            pass
        if self.ending is None and time.monotonic() >= self.deadline:
            self.stop(reports.timed_out(step) if step else CellError("Timeout", f"no start after {_START:g} s", 0))

    def outcome(self) -> Outcome:
        """The outcome of a session that has ended, which is cleared away."""
        while self.hear():
            pass
        self.drain()
        self.take_dump()
        for end, _ in self.ears():
            with suppress(KeyError, ValueError):
                self.around.selector.unregister(end)
        processes.end(self.process)
        self.tell("finished")
        seconds = round(time.monotonic() - self.wall, 3)
        cells = self.all_cells()
        failed = any(cell.state != "ok" for cell in cells)
        session, made = self.session, self.provenance()
        if not failed:
            processes.forget_state(session, self.around.nursery)
        observed = Observed()
        if self.around.observe is not None and not failed:
            observed = self.around.observe(session, self.looked, (made.packages, self.started.timestamp()))
        return Outcome(session.key, session.note, failed, cells, seconds, made, observed, session.decides)

    def all_cells(self) -> tuple[CellOutcome, ...]:
        """The outcomes of all cells: those that came to their end, the one that the session broke off in, the rest."""
        cells = list(self.cells)
        if len(cells) == len(self.session.steps) and not self.reported and cells[-1].state == "ok":
            # It ended between its last cell and its own end: nobody knows what its results stand on.
            cells[-1] = replace(cells[-1], state="failed", error=self.why())
        step = self.next_step()
        if step is not None and not any(cell.state == "failed" for cell in cells):
            why = self.why()
            error, trace = reports.stopped(self.session, step, why, self.dump.decode("ascii", "replace"))
            seconds = step.timeout if why.name == "Timeout" else 0.0
            cells.append(
                CellOutcome(step.index, "failed", (*reports.streams(self.pieces, self.paths), trace), seconds, error)
            )
        cells += (CellOutcome(step.index, "skipped", (), 0.0) for step in self.session.steps[len(cells) :])
        return tuple(cells)

    def why(self) -> CellError:
        """Why the session ended before its time."""
        lost = reports.gone(self.pieces, begun=bool(self.cells or self.step))
        return self.ending or (lost if self.status < 0 else reports.crashed(self.status))

    def provenance(self) -> Provenance:
        version, started = platform.python_version(), self.started.isoformat(timespec="seconds")
        name = version if sys.implementation.name == "cpython" else f"{version} ({sys.implementation.name})"
        where = f"{sys.platform}-{platform.machine()}"
        made = Provenance(started, name, where, self.device, self.around.versions(self.modules), processor())
        return replace(made, isolation=self.around.nursery.house.sandbox.name)
