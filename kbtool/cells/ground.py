"""What results of cells were looked up by, and whether it is all as it was: then no cell need be looked at.

Beside the notes, which the caller watches, that is: files, folders and variables that cells had looked at, the bytes of
packages, the machine, and the folder of outcomes, where other runs may put some.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from kbtool import cache
from kbtool.cells.environment import cores, machine_device, processor
from kbtool.disk import stamp

if TYPE_CHECKING:
    from kbtool.cells.keeping import Keeper
    from kbtool.cells.observed import FactKind


class Ground(NamedTuple):
    """Facts and the digests of packages, each as it was found; the machine; the folder of outcomes and its stamp.

    All of it is plain. `threads` are what a session has.
    """

    facts: tuple[tuple[FactKind, str, str], ...] = ()
    packages: tuple[tuple[str, str], ...] = ()
    threads: int = 0
    machine: tuple[str, ...] = ()
    place: str = ""
    outcomes: tuple[int, ...] = ()


NO_GROUND = Ground()


def ground(keeper: Keeper) -> Ground:
    """All that a keeper has looked at."""
    if not keeper.sessions:
        return NO_GROUND
    facts = tuple((*key, state) for key, state in keeper.machine.world.known.items())
    packages = tuple(keeper.machine.packages.known.items())
    place = str(keeper.store.place)
    return Ground(facts, packages, keeper.machine.threads, _machine(), place, _outcomes(place))


def holds(base: Path, old: Ground) -> bool:
    """Whether all of it is as it was."""
    if old == NO_GROUND:
        return True
    if (_machine(), _outcomes(old.place)) != (old.machine, old.outcomes):
        return False
    from kbtool.cells.digests import Digests
    from kbtool.cells.observed import World
    from kbtool.cells.packages import Packages
    from kbtool.cells.process import stable_environment

    digests = Digests(cache.default_folder())
    world, packages = World(str(base), digests, stable_environment(old.threads)), Packages(digests)
    return all(world.state(kind, what) == state for kind, what, state in old.facts) and all(
        packages.state(name) == state for name, state in old.packages
    )


def _machine() -> tuple[str, ...]:
    return str(cores()), machine_device(), processor()


def _outcomes(place: str) -> tuple[int, ...]:
    with suppress(OSError):
        return stamp(os.stat(place))  # noqa: PTH116
    return ()
