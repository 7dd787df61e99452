"""The workers of a cluster: which of them may have sessions, and of which nothing has been heard for too long."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from kbtool.cells.attributes import processes
from kbtool.cells.plan import Session
from kbtool.cells.shipping import described, difference
from kbtool.config import KbError
from kbtool.outcomes import CellError

_SILENT = 60.0
"""Seconds without a heartbeat after which a worker counts as lost; in a cluster of ten thousand one comes each 51."""
_ANSWER = 20.0
"""Seconds in which workers have to say what they have."""


class Fleet:
    """The workers that there are; one that differs from here, or that is silent, gets no session.

    Every worker must have the kbtool and the packages that are here: a key says which they are. `refused` says by
    address why one may have none; `silent` are those of which nothing was heard for too long.
    """

    __slots__ = ("_client", "_fine", "_heard", "_needs", "_offers", "refused", "silent")

    def __init__(self, client: Any, address: str, sessions: Sequence[Session]) -> None:
        self._client = client
        self._needs = _needs(sessions)
        self._fine: set[str] = set()
        self._heard: dict[str, tuple[float, float]] = {}
        self._offers: dict[str, Mapping[str, float]] = {}
        self.refused: dict[str, str] = {}
        self.silent: frozenset[str] = frozenset()
        self.look()
        if not self._offers:
            raise KbError(f"the cluster of {address} has no worker\nstart one with `dask worker {address}`")

    def look(self) -> None:
        """See who is there, and ask those who are new what they have; a KbError when none of them will do."""
        workers, now = self._client.scheduler_info(n_workers=-1)["workers"], time.monotonic()
        self._offers = {worker: told.get("resources") or {} for worker, told in workers.items()}
        # By our own clock: theirs may be another one.
        last = {worker: told.get("last_seen", 0.0) for worker, told in workers.items()}
        same = {worker for worker in last if self._heard.get(worker, (None, now))[0] == last[worker]}
        self._heard = {worker: (last[worker], self._heard[worker][1] if worker in same else now) for worker in last}
        self.silent = frozenset(worker for worker, (_, heard) in self._heard.items() if now - heard > _SILENT)
        new = workers.keys() - self._fine - self.refused.keys() - self.silent
        told = _asked(self._client, sorted(new), list(self._needs["packages"])) if new else {}
        for worker, there in told.items():
            if why := _why_not(there, self._needs):
                self.refuse(worker, why)
            else:
                self._fine.add(worker)

    def refuse(self, worker: str, why: str) -> None:
        """Send nothing more to a worker; a KbError when no other one is there."""
        self.refused[worker] = why
        self._fine.discard(worker)
        if self._offers.keys() <= self.refused.keys():
            raise KbError(f"the worker {worker} {why}")

    def fit(self) -> list[str]:
        """The workers that may have sessions."""
        return sorted(self._offers.keys() - self.refused.keys() - self.silent)

    def is_whole(self) -> bool:
        """Whether all that are there may have sessions, so that the scheduler can choose, and those who come later."""
        return not self.refused.keys() & self._offers.keys() and not self.silent

    def has(self, worker: str) -> bool:
        """Whether a worker is there and was heard of."""
        return worker in self._offers and worker not in self.silent

    def lacks(self, session: Session, memory: int) -> CellError | None:
        """Why no worker can have a session, if none can."""
        asked = asks(session, memory)
        offers = [self._offers[worker] for worker in self.fit()]
        if any(all(has.get(name, 0) >= amount for name, amount in asked.items()) for has in offers):
            return None
        words = " ".join(f"{name}={amount:.0f}" for name, amount in asked.items())
        if not words:
            return CellError("NeedsWorker", "the cluster has no worker left", 0)
        why = f'no worker of the cluster offers {words} (`dask worker --resources "{words}"`)'
        return CellError("NeedsDevice" if asked.get("GPU") else "NeedsWorker", why, 0)


def asks(session: Session, memory: int) -> dict[str, float]:
    """The resources that a worker must have declared."""
    asked = {
        "GPU": int(session.device == "cuda"),
        "CPU": session.cpus * processes(session.launch),
        "GPU_MEMORY": session.gpu_memory,
    }
    return {name: amount for name, amount in {**asked, "MEMORY": memory}.items() if amount}


def _needs(sessions: Iterable[Session]) -> dict[str, Any]:
    """What a worker must have; the packages are those that the sessions' keys say."""
    packages = {name: found for one in sessions for name, found in json.loads(one.decides)["packages"].items()}
    return {**described(()), "packages": packages}


def _asked(client: Any, workers: Sequence[str], packages: list[str]) -> dict[str, object]:
    """What each worker says that it has, or the exception instead."""
    try:
        return dict(client.run(described, packages, workers=workers, on_error="return", callback_timeout=_ANSWER))
    except TimeoutError as error:
        if len(workers) == 1:
            return {workers[0]: error}
        return {worker: there for one in workers for worker, there in _asked(client, [one], packages).items()}


def _why_not(there: object, here: Mapping[str, Any]) -> str:
    match there:
        case ImportError():
            return f"has no kbtool: {there}\ninstall kbtool {here['kbtool']} there"
        case TimeoutError():
            return f"does not answer within {_ANSWER:.0f} s\nlook at its log"
        case Exception():
            return f"cannot be asked what it has: {there}\nlook at its log"
        case dict() if why := difference(here, there):
            return f"differs: {why}\ninstall the same there"
    return ""
