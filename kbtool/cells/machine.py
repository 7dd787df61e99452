"""What outcomes stand on beside their keys, on the machine that runs them: its Python, its packages, its files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from kbtool.cells.digests import Digests
from kbtool.cells.environment import machine_device
from kbtool.cells.observed import Looked, World
from kbtool.cells.packages import Packages
from kbtool.cells.plan import Environment, Session
from kbtool.cells.process import stable_environment
from kbtool.outcomes import Observed

CHANGED = "changed while it ran"
"""A gap: what was read is another file now than it was then, so that the outcome stands on nothing that is there."""
HERE = "."
"""What facts from elsewhere call the base itself."""
_COMPILED = "/__pycache__/"


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine that runs sessions, each on so many `threads`; the world is looked at once.

    `base` is where inputs and modules lie. `sees_gpu`: whether sessions may use a graphics processor that there is.
    """

    environment: Environment
    base: str
    threads: int
    digests: Digests
    packages: Packages
    world: World
    sees_gpu: bool = True

    def where(self, session: Session) -> tuple[tuple[str, str], ...]:
        """What a session runs on, as far as that may decide what it gives."""
        found = {
            "Python": self.environment.python,
            "the platform": self.environment.platform,
            "threads": str(session.cpus or self.threads),
        }
        if "torch" in session.imports and session.device != "cpu":
            found["the device"] = machine_device() if self.sees_gpu else "cpu"
        return tuple(found.items())

    def observed(self, session: Session, looked: Looked, ran: tuple[Sequence[str], float]) -> Observed:
        """What the outcome of a session that has just run stands on; `ran` are its packages, and when it started."""
        packages, started = ran
        self.digests.forget()
        facts = self.world.facts(looked)
        gaps = [*looked.gaps, *([CHANGED] if _any_newer(looked.read, started) else [])]
        states = self.packages.states(packages)
        rows = tuple((fact.kind, fact.what, fact.state) for fact in facts)
        return Observed(rows, tuple(gaps), tuple(sorted(states.items())), self.where(session))

    def taken_over(self, observed: Observed, searched: Iterable[str]) -> Observed:
        """What an outcome from elsewhere stands on, said of this base, of which a part lay there in a folder `HERE`.

        Two things that are not sent are looked at by Python's import alone, and what it can find by them is in the key:
        compiled modules, and, of folders of the base that were `searched`, the names in them. So they are told as they
        are here.
        """
        rows = [self._of_here(*fact) for fact in observed.facts]
        for folder in searched:
            what = self.base if folder == HERE else folder
            rows.append(("folder", what, self.world.state("folder", what)))
        return replace(observed, facts=tuple(rows))

    def _of_here(self, kind: str, what: str, state: str) -> tuple[str, str, str]:
        if kind == "file" and _COMPILED in f"/{what}" and not what.startswith("/"):
            state = self.world.state("file", what)
        return kind, self.base if what == HERE else what, state


def machine(environment: Environment, base: Path, digests: Digests, threads: int) -> Machine:
    """This machine."""
    world = World(str(base), digests, stable_environment(threads))
    return Machine(environment, str(base), threads, digests, Packages(digests), world)


def _any_newer(paths: Iterable[str], started: float) -> bool:
    for path in paths:
        try:
            if os.stat(path).st_mtime > started:  # noqa: PTH116
                return True
        except OSError:
            continue
    return False
