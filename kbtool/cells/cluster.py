"""Runs sessions on a Dask cluster: `distributed` is asked for places, and each session runs there as it does here.

Nobody else imports it. A task is one session (`shipping`). Dask waits for ever where no worker has what a task asks
for, and hands a task whose worker was lost to the next one: so what may be asked for is looked up before, and a session
that lost two workers is a failed one.
"""

from __future__ import annotations

import json
import logging
import queue
import time
import uuid
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from kbtool.cells.attributes import processes
from kbtool.cells.events import Event, OnEvent, Ticks, ignore
from kbtool.cells.machine import Machine
from kbtool.cells.plan import Session
from kbtool.cells.reports import ended
from kbtool.cells.schedule import longest_first
from kbtool.cells.shipping import Parcel, described, difference, parcel, performed, unpacked
from kbtool.cells.workers import Settings
from kbtool.config import KbError
from kbtool.outcomes import CellError, Outcome
from kbtool.values import NoteId

_LIVES = 2
"""Workers that a session may lose."""
_CONNECT = 10  # seconds
_LOOK = 2.0
"""Seconds between two looks at which workers there are."""
_PATIENCE = 30.0
"""Seconds in which a worker may come back that has what a session asks for."""
_ROOM = 256 << 20
"""Bytes of files that wait for their turn on the scheduler."""
_INSTALL = "install Dask with `pip install 'kbtool[cluster]'`"


class Cluster(NamedTuple):
    """Where sessions are sent, as `tcp://host:8786`, and the machine on which their outcomes shall hold."""

    address: str
    here: Machine


def run(
    sessions: Iterable[Session], settings: Settings, cluster: Cluster, on_event: OnEvent = ignore
) -> Generator[Outcome, None, None]:
    """Outcomes as sessions finish, as `workers.run` gives them; `settings.jobs` may be sent at once (0: all).

    When the caller stops asking or is interrupted, all that runs there is killed.
    """
    waiting = longest_first(sessions, settings.past)
    if not waiting:
        return
    with _client(cluster.address) as client:
        _compare(client, waiting, cluster.address)
        sent = _Sent(client, (waiting, settings, cluster), on_event)
        try:
            yield from sent.outcomes()
        finally:
            sent.cancel()


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A connection to the scheduler; what goes wrong with it later is a KbError, too."""
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise KbError(f"--on {address} needs the package distributed\n{_INSTALL}") from error
    for name in ("distributed", "distributed.client", "distributed.comm", "distributed.core", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it is told once, and by us
    if address.startswith("tls:") and Security().get_connection_args("client")["ssl_context"] is None:
        raise KbError(f"{address} needs certificates\nname them in Dask's own settings, distributed.comm.tls")
    try:
        client = Client(address, timeout=_CONNECT, set_as_default=False)
    except (OSError, ValueError, ImportError) as error:
        why = str(error).strip().partition("\n")[0] or type(error).__name__
        raise KbError(f"no Dask scheduler answers at {address}: {why}\nstart one with `dask scheduler`") from error
    try:
        yield client
    except OSError as error:
        raise _gone(address) from error
    finally:
        with suppress(OSError):
            client.close(timeout=2)


def _gone(address: str) -> KbError:
    return KbError(f"the connection to the scheduler {address} is lost\nwhat had come in is kept: run again")


def _compare(client: Any, sessions: Sequence[Session], address: str) -> None:
    """Every worker must have the kbtool and the packages that are here: a key says which they are."""
    here = _needs(sessions)
    found = client.run(described, list(here["packages"]), on_error="return")
    if not found:
        raise KbError(f"the cluster of {address} has no worker\nstart one with `dask worker {address}`")
    for worker, there in sorted(found.items()):
        if isinstance(there, ImportError):
            raise KbError(f"the worker {worker} has no kbtool: {there}\ninstall kbtool {here['kbtool']} there")
        if isinstance(there, Exception):
            raise KbError(f"the worker {worker} cannot be asked what it has: {there}\nrun again")
        if why := difference(here, there):
            raise KbError(f"the worker {worker} differs: {why}\ninstall the same there")


def _needs(sessions: Iterable[Session]) -> dict[str, Any]:
    """What a worker must have; the packages are those that the sessions' keys say."""
    packages = {name: found for one in sessions for name, found in json.loads(one.decides)["packages"].items()}
    return {**described(()), "packages": packages}


def _asks(session: Session, memory: int) -> dict[str, float]:
    """The resources that a worker must have declared."""
    asked = {
        "GPU": int(session.device == "cuda"),
        "CPU": session.cpus * processes(session.launch),
        "GPU_MEMORY": session.gpu_memory,
    }
    return {name: amount for name, amount in {**asked, "MEMORY": memory}.items() if amount}


def _lacking(asked: Mapping[str, float], workers: Iterable[Mapping[str, float]]) -> CellError | None:
    """Why no worker can have a session, if none can."""
    there = list(workers)
    if any(all(has.get(name, 0) >= amount for name, amount in asked.items()) for has in there):
        return None
    words = " ".join(f"{name}={amount:g}" for name, amount in asked.items())
    if not words:
        return CellError("NeedsWorker", "the cluster has no worker left", 0)
    why = f'no worker of the cluster offers {words} (`dask worker --resources "{words}"`)'
    return CellError("NeedsDevice" if asked.get("GPU") else "NeedsWorker", why, 0)


# ---------------------------------------------------------------- on a worker


class _Cancelled(Exception):
    """Nobody wants the outcome any more."""


def _perform(task: str, files: Mapping[str, bytes], topic: str) -> str:
    """What a worker does: JSON of an outcome, or why there is none."""
    from distributed import get_client, get_worker

    worker = get_worker()
    key = worker.get_current_task()
    client = get_client()
    begun = client.get_metadata([key, "begun"], 0)
    if begun >= _LIVES:
        return json.dumps({"lost": "and so was the next one"})
    client.set_metadata([key, "begun"], begun + 1)
    needs = json.loads(task)["session"]["decides"]
    packages = json.loads(needs)["packages"]
    if why := difference({**described(()), "packages": packages}, described(packages)):
        return json.dumps({"wrong": f"the worker {worker.address} differs: {why}\ninstall the same there"})
    last = [0.0, 0]

    def tell(event: Event) -> None:
        state = worker.state.tasks.get(key)
        if state is None or state.state == "cancelled":
            raise _Cancelled
        if event.kind == "finished":
            last[:] = [event.seconds, event.memory]
        elif event.kind != "tick":
            row = [event.kind, event.note, event.done, event.total, event.seconds, event.text]
            worker.log_event(topic, [worker.address, *row])

    try:
        answer = performed(Parcel(task, files), tell)
    except KbError as error:
        return json.dumps({"wrong": f"the worker {worker.address}: {error}"})
    return json.dumps({"answer": answer, "last": last})


# ---------------------------------------------------------------- here


class _Sent:
    """The sessions of a run that are sent to a cluster, and what is known of each."""

    __slots__ = (
        *("client", "waiting", "settings", "cluster", "on_event", "news", "topic"),
        *("futures", "sizes", "began", "done", "place", "unmet", "looked", "sessions"),
    )

    def __init__(self, client: Any, given: tuple[list[Session], Settings, Cluster], on_event: OnEvent) -> None:
        self.client = client
        self.waiting, self.settings, self.cluster = given
        self.on_event = on_event
        self.sessions = {one.note: one for one in self.waiting}
        self.news: queue.SimpleQueue[tuple[NoteId, Any]] = queue.SimpleQueue()
        self.topic = f"kbtool-{uuid.uuid4().hex}"
        self.futures: dict[NoteId, Any] = {}
        self.sizes: dict[NoteId, int] = {}
        self.began: dict[NoteId, float] = {}
        self.done: dict[NoteId, int] = {}
        self.place: dict[NoteId, str] = {}  # the worker that began it last
        self.unmet: dict[NoteId, float] = {}
        self.looked = 0.0
        client.subscribe_topic(self.topic, lambda event: self.news.put((event[1][2], event[1])))

    def cancel(self) -> None:
        """Nothing of it is wanted any more."""
        with suppress(OSError):
            self.client.unsubscribe_topic(self.topic)
        if self.futures and self.client.status == "running":
            with suppress(OSError):
                self.client.cancel(list(self.futures.values()), force=True)

    def outcomes(self) -> Iterator[Outcome]:
        """The outcomes of all of them as they come."""
        ticks = Ticks(self.on_event)
        while self.waiting or self.futures:
            yield from self.told(self.look())
            self.send()
            with suppress(queue.Empty):
                note, what = self.news.get(timeout=max(0.01, ticks.patience()))
                if what is not None:
                    self.follow(note, what)
                elif note in self.futures:
                    yield from self.told([self.outcome(note)])
            if self.client.status != "running":
                raise _gone(self.cluster.address)
            ticks.tell()

    def told(self, outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        """The outcomes; after one that failed nothing else begins, if that was asked for."""
        for outcome in outcomes:
            if self.settings.fail_fast and outcome.failed:
                self.waiting.clear()
                for note in [note for note in self.futures if note not in self.began]:
                    self.client.cancel([self.futures.pop(note)], force=True)
            yield outcome

    def send(self) -> None:
        """Send what there is room for, the longest first."""
        while self.waiting and len(self.futures) < (self.settings.jobs or len(self.sessions)):
            if self.futures and sum(self.sizes[note] for note in self.futures if note not in self.began) > _ROOM:
                return
            session = self.waiting.pop(0)
            made, note = parcel(session, self.settings), session.note
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that inputs are large is known
                future = self.client.submit(
                    _perform,
                    *(made.task, dict(made.files), self.topic),
                    key=f"{self.topic}-{len(self.sizes)}",
                    resources=_asks(session, self.settings.memory) or None,
                    pure=False,
                )
            self.futures[note], self.sizes[note] = future, made.size
            future.add_done_callback(self.teller(note))

    def teller(self, note: NoteId) -> Callable[[Any], None]:
        return lambda _: self.news.put((note, None))

    def look(self) -> list[Outcome]:
        """The outcomes of sessions for which there is no worker, or none any more; looks now and then."""
        now = time.monotonic()
        if self.looked and now - self.looked < _LOOK:
            return []
        patience, self.looked = (_PATIENCE if self.looked else 0.0), now
        workers = self.client.scheduler_info(n_workers=-1)["workers"]
        offers = [worker.get("resources") or {} for worker in workers.values()]
        found = []
        for note in [*self.futures, *(one.note for one in self.waiting)]:
            runs = self.place.get(note) in workers
            error = None if runs else _lacking(_asks(self.sessions[note], self.settings.memory), offers)
            if error is None:
                self.unmet.pop(note, None)
            elif now - self.unmet.setdefault(note, now) >= patience:
                found.append(self.without(note, error))
        return found

    def follow(self, note: NoteId, what: Sequence[Any]) -> None:
        """Take in what a worker tells of a session."""
        worker, kind, _, done, total, seconds, text = what
        if note not in self.futures:
            return
        self.done[note], self.place[note] = done, worker
        if kind == "started" and note in self.began:
            kind, text = "line", f"its worker was lost; again on {worker}"
        elif kind == "started":
            self.began[note] = time.monotonic()
        self.on_event(Event(kind, note, done, total, seconds, text))

    def outcome(self, note: NoteId) -> Outcome:
        """The outcome of a session whose task came to its end."""
        from distributed import CancelledError, KilledWorker

        try:
            told = json.loads(self.futures[note].result())
        except KilledWorker:
            told = {"lost": "and the cluster tries no other one"}
        except CancelledError as error:
            raise _gone(self.cluster.address) from error
        if "wrong" in told:
            raise KbError(told["wrong"])
        if "lost" in told:
            return self.without(
                note, CellError("WorkerLost", "the worker that ran it was lost, and so was the next", 0)
            )
        session = self.sessions[note]
        outcome = unpacked(told["answer"], session, self.cluster.here)
        seconds, memory = told["last"]
        self.forget(note, (len(session.steps), seconds, memory))
        return outcome

    def without(self, note: NoteId, error: CellError) -> Outcome:
        """The outcome of a session that gave none."""
        session, now = self.sessions[note], time.monotonic()
        at = min(self.done.get(note, 0), len(session.steps) - 1)
        seconds = now - self.began.get(note, now)
        self.forget(note, (at, seconds, 0))
        self.waiting = [one for one in self.waiting if one.note != note]
        return ended(session, at, error, round(seconds, 3))

    def forget(self, note: NoteId, last: tuple[int, float, int]) -> None:
        """A session is over."""
        done, seconds, memory = last
        future = self.futures.pop(note, None)
        if future is not None:
            self.client.cancel([future], force=True)
        self.on_event(Event("finished", note, done, len(self.sessions[note].steps), seconds, "", memory))
