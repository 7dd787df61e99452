"""What was kept of a base's sessions, whether it holds here and now, and if not, why.

Three things must be as they were: the key (the code, and what else was known before it ran), what it ran on (the bytes
of packages, threads, the machine's device), and what its code looked at (`observed`). The first is a file's name, the
others are looked at only when there is such a file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from kbtool.cells import history
from kbtool.cells.digests import Digests
from kbtool.cells.environment import cores, device_differences, has_device, installed, read_environment
from kbtool.cells.history import Past
from kbtool.cells.inputs import inputs, modules
from kbtool.cells.library import Library
from kbtool.cells.machine import CHANGED, machine
from kbtool.cells.observed import Fact, fact_of
from kbtool.cells.plan import Session, imported_modules, plan, runnable
from kbtool.cells.recorded import Record
from kbtool.cells.revealing import texts
from kbtool.cells.secrets import Private, given_away, secret_forms
from kbtool.cells.sources import changes, source_of, version_changes
from kbtool.cells.store import Store, default_folder
from kbtool.config import Config
from kbtool.note import Note
from kbtool.outcomes import Difference, Outcome
from kbtool.values import NoteId

_WHERE = (("Python", "python"), ("the platform", "platform"), ("threads", "threads"))
_SHOWN = 12
"""Characters of a digest that are shown."""


class Reason(NamedTuple):
    """Why a session would run: what is another one than it was, as it was and as it is."""

    what: str
    old: str = ""
    new: str = ""


class Keeper:
    """The sessions of notes, and what is kept of them; the world is looked at once."""

    def __init__(self, base: Path, notes: Sequence[Note], given: tuple[Config, Library], jobs: int = 0) -> None:
        self.base = base
        self.notes = {note.id: note for note in notes}
        self.store = Store(default_folder())
        self.asked_jobs = jobs  # 0: nobody said how many
        self.jobs = jobs or cores()
        digests = Digests(self.store.folder)
        config, library = given
        imported = imported_modules(notes, library)
        self.environment = read_environment(imported)._replace(
            modules=modules(base, imported, digests),
            inputs=inputs(base, {pattern for note in notes for pattern in note.options.inputs}, digests),
        )
        self.machine = machine(self.environment, base, digests, max(1, cores() // self.jobs))
        self.sessions = plan(notes, config, self.environment, library).sessions
        self.past: Mapping[NoteId, Past] = history.load(self.store.folder, base)
        self._secrets = Private({}, secret_forms(os.environ))

    def held(self) -> dict[NoteId, Outcome]:
        """The outcomes that hold, by note; where none does, one that failed, if there is one."""
        found = ((session.note, self._held(session)) for session in self.sessions)
        outcomes = {note: self.placed(outcome) for note, outcome in found if outcome is not None}
        self.machine.digests.save()
        return outcomes

    def placed(self, outcome: Outcome) -> Outcome:
        """An outcome whose cells have the numbers that they have in the note, where cells may stand that do not run."""
        cells = runnable(self.notes[outcome.note]) if outcome.note in self.notes else ()
        if any(one.index >= len(cells) for one in outcome.cells):
            return outcome
        return replace(outcome, cells=tuple(replace(one, index=cells[one.index].number) for one in outcome.cells))

    def _held(self, session: Session) -> Outcome | None:
        kept = self.store.load(session.key)
        good = (one for one in kept if not one.failed and next(self._broken(session, one), None) is None)
        found = next(good, None) or next((one for one in kept if one.failed), None)
        return replace(found, note=session.note) if found else None  # the same cells may have run in another note

    def _broken(self, session: Session, outcome: Outcome) -> Iterator[Reason]:
        """What an outcome under the session's key stands on and is another one now."""
        known, where = outcome.observed, dict(self.machine.where(session))
        for name, old in known.where:
            if where.get(name, "") != old:
                yield Reason(name, old, where.get(name, ""))
        for package, old in known.packages:
            now = self.machine.packages.state(package.partition("==")[0])
            if now != old:
                yield Reason(f"the code of {package}", old[:_SHOWN], now[:_SHOWN] or "not installed")
        for fact, now in self.machine.world.broken(map(fact_of, known.facts)):
            yield Reason(_named(fact), fact.state[:_SHOWN], now[:_SHOWN])

    # ------------------------------------------------------------ what was recorded

    def source_changes(self, session: Session, record: Record) -> Iterator[Difference]:
        """What of the base is another one than when a session's results were recorded."""
        yield from changes(record.source, source_of(session.decides))
        if has_device(record.device):  # of a GPU that is not here, packages have versions of their own
            yield from version_changes(record.source, installed)
        facts = record.outcome.observed.facts if record.outcome else ()
        yield from (Difference("file", fact.what) for fact, _ in self.machine.world.broken(map(fact_of, facts)))

    def elsewhere(self, session: Session, recorded: Outcome) -> Iterator[Difference]:
        """What is another one here than where results were recorded, the packages last."""
        where = dict(self.machine.where(session))
        for name, kind in _WHERE:
            old = dict(recorded.observed.where).get(name, "")
            if old and old != where[name]:
                yield Difference(kind, "", old, where[name])
        made = recorded.provenance
        yield from device_differences(made)
        for package, state in recorded.observed.packages:
            name, _, version = package.partition("==")
            here = installed(name)
            if here != version:
                yield Difference("package", name, version, here)
            elif state and not self.machine.packages.state(name).startswith(state):
                yield Difference("code", package)

    # ------------------------------------------------------------ what ran

    def save(self, outcome: Outcome) -> str:
        """Keeps an outcome, if it stands on something; a warning when it cannot be kept."""
        if CHANGED in outcome.observed.gaps:
            return ""
        secret = next(_given_away(outcome, self._secrets), "") if self._secrets.secrets else ""
        return f"{outcome.note}: {secret}: its results are not kept" if secret else self.store.save(outcome)

    def remember(self, ran: Mapping[NoteId, Past]) -> None:
        """Keeps what sessions took, for the next plan."""
        keys = {session.note: session.key for session in self.sessions}
        found = {note: past._replace(key=keys[note]) for note, past in ran.items()}
        if found:
            history.save(self.store.folder, self.base, found)
        self.machine.digests.save()

    # ------------------------------------------------------------ why

    def why(self, session: Session) -> Iterator[Reason]:
        """Why a session would run, the first reason first; nothing when its outcome holds."""
        kept = self.store.load(session.key)
        good = [one for one in kept if not one.failed]
        if good:
            broken = [tuple(self._broken(session, one)) for one in good]
            if all(broken):
                yield from broken[0]
            return
        if kept:
            yield Reason("it failed when it last ran")
            return
        before = self._before(session)
        yield from differences(before, json.loads(session.decides)) if before else [Reason("it never ran here")]

    def _before(self, session: Session) -> Mapping[str, Any] | None:
        """What decided the outcome of the last run of the session's note, if that is still kept."""
        past = self.past.get(session.note)
        kept = self.store.load(past.key) if past and past.key else []  # type: ignore[arg-type]
        return json.loads(kept[0].decides) if kept and kept[0].decides else None


def _given_away(outcome: Outcome, private: Private) -> Iterator[str]:
    """The secrets of the environment that results hold."""
    for place, text in texts(outcome):
        yield from (f"{place} has {what}" for what, _, _ in given_away(text, private))


def _named(fact: Fact) -> str:
    return {
        "file": f"the file {fact.what}",
        "folder": f"what lies in {fact.what}",
        "seen": f"whether there is {fact.what}",
        "name": f"the variable {fact.what}",
    }[fact.kind]


# ---------------------------------------------------------------- two keys compared

_NAMES = MappingProxyType(
    {
        "semantics": "the way in which kbtool runs cells",
        "output_limit": "the option output_limit",
        "seed": "the seed",
        "device": "the device",
        "cpus": "the threads",
        "launch": "the launcher",
    }
)
_ORDER = ("cells", "imported", "modules", "inputs", "seed", "device", "cpus", "launch", "packages")


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    """What is another one in what decides a session's outcome: the note's own first."""
    for name in dict.fromkeys((*_ORDER, *new, *old)):
        before, after = old.get(name), new.get(name)
        if before == after:
            continue
        if name == "cells":
            yield from _cells(before or [], after or [])
        elif name == "imported":
            yield _imported(before or [[], []], after or [[], []])
        elif isinstance(before or {}, dict) and isinstance(after or {}, dict):
            yield from _entries(name, before or {}, after or {})
        else:
            yield Reason(_NAMES.get(name, name), str(before), str(after))


def _cells(old: Sequence[Any], new: Sequence[Any]) -> Iterator[Reason]:
    for number, (before, after) in enumerate(zip_longest(old, new), 1):
        if before is None:
            yield Reason(f"cell {number} is new")
        elif after is None:
            yield Reason(f"cell {number} is gone")
        elif before[1] != after[1]:
            yield _line(number, before[1], after[1])
        elif before != after:
            yield Reason(f"the attributes of cell {number}", str(before[2:]), str(after[2:]))


def _imported(old: Any, new: Any) -> Reason:
    """What is another one first in the code that a session imports from other notes."""
    (codes, meant), (others, means) = old, new
    for module, (before, after) in enumerate(zip_longest(codes, others, fillvalue=())):
        name = next((name for _, name, number in (means if after else meant) if number == module), "")
        for cell, (was, now) in enumerate(zip_longest(before, after, fillvalue=""), 1):
            if was != now:
                first = _line(cell, was, now)
                return first._replace(what=f"{first.what} of what it imports as `{name}`")
    return Reason("which notes its imports mean")


def _line(number: int, old: str, new: str) -> Reason:
    """The first line of a cell's code that is another one."""
    for line, (before, after) in enumerate(zip_longest(old.split("\n"), new.split("\n")), 1):
        if before != after:
            return Reason(f"cell {number}, line {line}", before or "", after or "")
    return Reason(f"cell {number}")


def _entries(name: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Reason]:
    titles = {"packages": "the package {}", "modules": "the module {}", "inputs": "the input {}"}
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield Reason(titles.get(name, f"{name} {{}}").format(key), _shown(old.get(key)), _shown(new.get(key)))


def _shown(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, list):
        return ", ".join(_shown(one[0] if isinstance(one, list) and one else one) for one in value) or "none"
    return str(value)[:60] if not isinstance(value, str) or len(value) != 64 else value[:_SHOWN]
