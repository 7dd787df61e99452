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
from urllib.parse import urlsplit

from kbtool.cells.events import Event, OnEvent, Ticks, ignore
from kbtool.cells.fleet import Fleet, asks
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
_SCHEMES = ("tcp", "tls", "ws", "wss", "ucx", "ucxx")
_LOOK = 2.0
"""Seconds between two looks at which workers there are."""
_PATIENCE = 30.0
"""Seconds in which a worker may come back that has what a session asks for."""
_ROOM = 256 << 20
"""Bytes of files that wait for their turn on the scheduler."""
_LOST = CellError("WorkerLost", "the worker that ran it was lost, and so was the next", 0)
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
    with _client(_address(cluster.address)) as client:
        sent = _Sent(client, (waiting, settings, cluster), on_event)
        try:
            yield from sent.outcomes()
        finally:
            sent.cancel()


def _address(told: str) -> str:
    """The scheduler's address, as Dask wants it: `host:8786` is one, too."""
    address = told if "://" in told else f"tcp://{told}"
    try:
        parts = urlsplit(address)
        if parts.scheme in _SCHEMES and parts.hostname and parts.port:
            return address
    except ValueError:
        pass
    raise KbError(f"--on {told}: no address of a scheduler\nname one as tcp://host:8786, or tls://host:8786")


@contextmanager
def _client(address: str) -> Iterator[Any]:
    """A connection to the scheduler; what goes wrong with it later is a KbError, too."""
    try:
        from distributed import Client, Security
    except ImportError as error:
        raise KbError(f"--on {address} needs the package distributed\n{_INSTALL}") from error
    for name in ("distributed", "distributed.client", "distributed.comm", "distributed.core", "tornado"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # it is told once, and by us
    warnings.filterwarnings("ignore", module="distributed")  # so is a worker with other packages
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
        return json.dumps({"wrong": f"differs: {why}\ninstall the same there", "worker": worker.address})
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
        return json.dumps({"wrong": f"cannot run it: {error}", "worker": worker.address})
    return json.dumps({"answer": answer, "last": last})


# ---------------------------------------------------------------- here


class _Sent:
    """The sessions of a run that are sent to a cluster, and what is known of each."""

    __slots__ = (
        *("client", "waiting", "settings", "cluster", "on_event", "news", "topic"),
        *("futures", "sizes", "began", "done", "place", "unmet", "looked", "sessions"),
        *("fleet", "number", "lives", "warned"),
    )

    def __init__(self, client: Any, given: tuple[list[Session], Settings, Cluster], on_event: OnEvent) -> None:
        self.client = client
        self.waiting, self.settings, self.cluster = given
        self.on_event = on_event
        self.sessions = {one.note: one for one in self.waiting}
        self.fleet = Fleet(client, self.cluster.address, self.waiting)
        self.news: queue.SimpleQueue[tuple[NoteId, Any]] = queue.SimpleQueue()
        self.topic = f"kbtool-{uuid.uuid4().hex}"
        self.futures: dict[NoteId, Any] = {}
        self.sizes: dict[NoteId, int] = {}
        self.began: dict[NoteId, float] = {}
        self.done: dict[NoteId, int] = {}
        self.place: dict[NoteId, str] = {}  # the worker that began it last
        self.unmet: dict[NoteId, float] = {}
        self.lives: dict[NoteId, int] = {}
        self.warned: set[str] = set()
        self.looked = 0.0
        self.number = 0
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
                if isinstance(what, tuple | list):
                    self.follow(note, what)
                elif self.futures.get(note) is what:
                    yield from self.told(self.outcome(note))
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
                    key=f"{self.topic}-{self.number}",
                    resources=asks(session, self.settings.memory) or None,
                    workers=None if self.fleet.is_whole() else self.fleet.fit(),
                    pure=False,
                )
            self.number += 1
            self.futures[note], self.sizes[note] = future, made.size
            future.add_done_callback(self.teller(note))

    def teller(self, note: NoteId) -> Callable[[Any], None]:
        return lambda future: self.news.put((note, future))

    def look(self) -> list[Outcome]:
        """The outcomes of sessions for which there is no worker, or none any more; looks now and then."""
        now = time.monotonic()
        if self.looked and now - self.looked < _LOOK:
            return []
        patience, self.looked = (_PATIENCE if self.looked else 0.0), now
        self.fleet.look()
        self.warn()
        found = list(self.frozen())
        for note in [*self.futures, *(one.note for one in self.waiting)]:
            runs = note in self.futures and self.fleet.has(self.place.get(note, ""))
            error = None if runs else self.fleet.lacks(self.sessions[note], self.settings.memory)
            if error is None:
                self.unmet.pop(note, None)
            elif now - self.unmet.setdefault(note, now) >= patience:
                found.append(self.without(note, error))
        return found

    def warn(self) -> None:
        """Say which workers get no session."""
        for worker, why in self.fleet.refused.items():
            if worker not in self.warned:
                text = f"the worker {worker} gets no session: it {why.partition(chr(10))[0]}"
                self.on_event(Event("warning", NoteId(""), 0, 0, 0.0, text))
        self.warned |= self.fleet.refused.keys()

    def frozen(self) -> Iterator[Outcome]:
        """Sessions that a silent worker has begin again elsewhere, or have failed; Dask waits for minutes."""
        if not self.fleet.silent:
            return
        held = self.client.processing(workers=sorted(self.fleet.silent))
        notes = {future.key: note for note, future in self.futures.items()}
        for worker, keys in held.items():
            for note in [notes[key] for key in map(str, keys) if key in notes]:
                self.lives[note] = self.lives.get(note, 0) + (note in self.began)
                if self.lives[note] >= _LIVES:
                    yield self.without(note, _LOST)
                else:
                    self.again(note, f"nothing is heard of {worker}")

    def again(self, note: NoteId, why: str) -> None:
        """A session is sent once more."""
        self.client.cancel([self.futures.pop(note)], force=True)
        self.place.pop(note, None)
        self.waiting.insert(0, self.sessions[note])
        self.on_event(Event("line", note, 0, len(self.sessions[note].steps), 0.0, f"{why}; again elsewhere"))

    def follow(self, note: NoteId, what: Sequence[Any]) -> None:
        """Take in what a worker tells of a session."""
        worker, kind, _, done, total, seconds, text = what
        if note not in self.futures or worker in self.fleet.silent:
            return
        self.done[note], self.place[note] = done, worker
        if kind == "started" and note in self.began:
            kind, text = "line", f"its worker was lost; again on {worker}"
        elif kind == "started":
            self.began[note] = time.monotonic()
        self.on_event(Event(kind, note, done, total, seconds, text))

    def outcome(self, note: NoteId) -> list[Outcome]:
        """The outcome of a session whose task came to its end; none where it goes on elsewhere."""
        from distributed import CancelledError, KilledWorker

        try:
            told = json.loads(self.futures[note].result())
        except KilledWorker:
            told = {"lost": "and the cluster tries no other one"}
        except CancelledError as error:
            raise _gone(self.cluster.address) from error
        if "wrong" in told:
            self.fleet.refuse(told["worker"], told["wrong"])
            self.again(note, f"the worker {told['worker']} {told['wrong'].partition(chr(10))[0]}")
            self.warn()
            return []
        if "lost" in told:
            return [self.without(note, _LOST)]
        session = self.sessions[note]
        outcome = unpacked(told["answer"], session, self.cluster.here)
        seconds, memory = told["last"]
        self.forget(note, (len(session.steps), seconds, memory))
        return [outcome]

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
