"""Notes examined, and pages made, by several processes at once, where there is work enough for them."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from kbtool.examining import Examined, Job, crashed, examined
from kbtool.linking import Told
from kbtool.packed import Plain, pack, plain_diagnostic, unpack
from kbtool.record import Reading
from kbtool.values import NoteId

_SHARE = 600_000
"""Bytes of notes that keep a process busy for a quarter of a second; with less its start does not pay."""
_CHUNK = 60_000
"""Bytes of notes that are taken at a time."""
_MOST = 1_000
"""Chunks, whose numbers must fit into the smallest pipe that Linux makes, of 4096 bytes."""

_NOTES = 2_000
"""Notes whose checks against the others keep a process busy for an eighth of a second."""
_PAGES = 40
"""Pages that keep a process busy for a quarter of a second."""
_MAKERS = 4
"""Processes that make pages at most: each soon has a copy of its own of what they look at, 30 MB a thousand notes."""
_CROWD = 100_000
"""Notes whose names and links are too much memory to have in several processes: 6 MB a thousand in each."""

Work: TypeAlias = Callable[[Any], tuple[Plain, ...] | None]
"""From a job to its result: a plain tuple, or a named one whose fields are plain."""
Chunks: TypeAlias = Sequence[Sequence[Any]]


def examine_all(base: Path, jobs: Sequence[Job], reading: Reading) -> Iterator[Examined]:
    """What comes of all jobs, in any order; notes that are gone are left out."""

    def work(job: Job) -> Examined | None:
        return examined(base, job, reading)

    helpers = _useful(sum(job.size for job in jobs) // _SHARE)
    if helpers < 2:
        yield from filter(None, map(work, jobs))
        return
    for done in _shared(_chunks(jobs), work, helpers):
        yield from _again(done, work, base) if isinstance(done, _Lost) else (Examined(*done),)


def spread(check: Callable[[NoteId], Told], notes: Sequence[NoteId]) -> Iterator[Told]:
    """What checks of notes give, in any order, diagnostics plain; of many notes several processes take a part each."""

    def work(note: NoteId) -> Told:
        _, found, keys = check(note)
        return note, tuple(map(plain_diagnostic, found)), keys

    helpers = _useful(len(notes) // _NOTES) if len(notes) <= _CROWD else 1
    if helpers < 2:
        yield from map(work, notes)
        return
    yield from _together(work, (notes, max(100, len(notes) // _MOST + 1)), helpers)


def share_pages(make: Callable[[int], Plain], numbers: Sequence[int]) -> Iterator[Plain]:
    """What comes of making pages by their numbers, in any order; nothing where one process does it as well."""
    helpers = min(_MAKERS, _useful(len(numbers) // _PAGES))
    if helpers > 1:
        yield from _together(make, (numbers, max(4, len(numbers) // _MOST + 1)), helpers)


def _together(work: Work, jobs: tuple[Sequence[Any], int], helpers: int) -> Iterator[Any]:
    """What comes of jobs, so many at a time."""
    all_, size = jobs
    for done in _shared([all_[at : at + size] for at in range(0, len(all_), size)], work, helpers):
        # What ends a process shows itself again here.
        yield from map(work, done.jobs) if isinstance(done, _Lost) else (done,)


def _useful(most: int) -> int:
    """How many processes to start when the work is worth so many."""
    threads = sys.modules.get("threading")
    alone = threads is None or threads.active_count() == 1
    if not hasattr(os, "fork") or sys.platform == "darwin" or not alone:
        return 1  # a fork of a process with threads may hang, and so may any on macOS
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, most)


def _chunks(jobs: Sequence[Job]) -> Chunks:
    """Neighbours together, up to a size; of the last ones none is large, so that all end at one time."""
    most = max(_CHUNK, sum(job.size for job in jobs) // _MOST)
    chunks: list[list[Job]] = []
    room = 0
    for job in sorted(jobs, key=lambda one: one.size > most, reverse=True):
        if job.size > room or not chunks:
            chunks.append([])
            room = most
        chunks[-1].append(job)
        room -= job.size + 200  # so that empty notes have an end, too
    return chunks


# ---------------------------------------------------------------- processes


class _Lost(NamedTuple):
    """Jobs that no process finished, and whether an exception was the reason."""

    jobs: tuple[Any, ...]
    bug: bool


class _Helper(NamedTuple):
    pid: int
    pipe: int


def _shared(chunks: Chunks, work: Work, helpers: int) -> Iterator[tuple[Plain, ...] | _Lost]:
    """Lets processes take chunks from a pipe that holds their numbers, until it is empty."""
    queue, entrance = os.pipe()
    os.write(entrance, b"".join(index.to_bytes(4, "big") for index in range(len(chunks))))
    os.close(entrance)
    gc.freeze()  # a collection in a child would copy the memory that it shares with us
    crew: list[_Helper] = []
    try:
        crew.extend(_start(queue, chunks, work) for _ in range(helpers))
        done: set[int] = set()
        for index, results in _frames([helper.pipe for helper in crew]):
            done.add(index)
            yield from results
        statuses = [os.waitstatus_to_exitcode(os.waitpid(crew.pop().pid, 0)[1]) for _ in range(helpers)]
        rest = tuple(job for index, chunk in enumerate(chunks) if index not in done for job in chunk)
        yield _Lost(rest, any(status > 0 for status in statuses))
    finally:
        os.close(queue)
        for helper in crew:
            with suppress(OSError):
                os.kill(helper.pid, 9)  # SIGKILL
            os.waitpid(helper.pid, 0)
        gc.unfreeze()


def _start(queue: int, chunks: Chunks, work: Work) -> _Helper:
    exit_, entrance = os.pipe()
    parent = os.getpid()
    # An interrupt within what Python does around a fork would be told and forgotten.
    held = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pid = os.fork()
    except OSError:
        signal.pthread_sigmask(signal.SIG_SETMASK, held)
        raise
    if pid == 0:
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, held)
            os.close(exit_)
            _serve(queue, (chunks, work), entrance, parent)
            status = 0
        finally:
            os._exit(status)
    signal.pthread_sigmask(signal.SIG_SETMASK, held)
    os.close(entrance)
    return _Helper(pid, exit_)


def _serve(queue: int, given: tuple[Chunks, Work], entrance: int, parent: int) -> None:
    chunks, work = given
    while number := os.read(queue, 4):
        if os.getppid() != parent:
            return  # nobody waits for the results
        index = int.from_bytes(number, "big")
        results = [tuple(one) for one in map(work, chunks[index]) if one]
        frame = pack((index, results))
        _write(entrance, len(frame).to_bytes(8, "big") + frame)


def _write(pipe: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(pipe, view) :]


def _frames(pipes: Sequence[int]) -> Iterator[Plain]:
    """What comes out of all pipes, until the last one ends."""
    from select import select

    buffers = {pipe: bytearray() for pipe in pipes}
    try:
        while buffers:
            ready, _, _ = select(list(buffers), [], [])
            for pipe in ready:
                data = os.read(pipe, 1 << 20)
                if data:
                    buffers[pipe] += data
                    yield from _whole(buffers[pipe])
                else:
                    os.close(pipe)
                    del buffers[pipe]
    finally:
        for pipe in buffers:
            os.close(pipe)


def _whole(buffer: bytearray) -> Iterator[Plain]:
    while len(buffer) >= 8 and len(buffer) >= (end := 8 + int.from_bytes(buffer[:8], "big")):
        frame = bytes(buffer[8:end])
        del buffer[:end]
        yield unpack(frame)


def _again(lost: _Lost, work: Work, base: Path) -> Iterator[Examined]:
    """An exception shows itself again here; what ends a process is looked for in another one."""
    yield from (
        (Examined(*done) for done in map(work, lost.jobs) if done) if lost.bug else _carefully(lost.jobs, work, base)
    )


def _carefully(jobs: tuple[Job, ...], work: Work, base: Path) -> Iterator[Examined]:
    """One by one in a process of their own; the note that ends it is said, and the next one taken."""
    while jobs:
        now, later = jobs[:_MOST], jobs[_MOST:]
        for done in _shared([(job,) for job in now], work, 1):
            if not isinstance(done, _Lost):
                yield Examined(*done)
            elif done.bug:
                yield from _again(done, work, base)
            elif done.jobs:
                yield crashed(base, done.jobs[0])
                later = done.jobs[1:] + later
        jobs = later
