"""From a note's file to its record as plain values: the work that is shared out among processes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from kbtool import disk
from kbtool.ledger import Entry
from kbtool.packed import digest, plain_diagnostic
from kbtool.record import Reading, examine, plain_record
from kbtool.values import Diagnostic, NoteId, Span


class Job(NamedTuple):
    """A note to look at, the size of its file, and the digest of its bytes where they are known already."""

    note: NoteId
    size: int
    known: bytes


class Examined(NamedTuple):
    """What came of a job; `entry` is None when the bytes were those that were known."""

    note: NoteId
    stamp: disk.Stamp | None
    digest: bytes
    entry: Entry | None


def examined(base: Path, job: Job, reading: Reading) -> Examined | None:
    """A note's record; None when its file is gone."""
    loaded = disk.load(base, job.note)
    if loaded is None:
        return None
    if loaded.data is None:
        return Examined(job.note, loaded.stamp, b"", _unread(loaded.problem))
    mark = digest(loaded.data)
    if mark == job.known:
        return Examined(job.note, loaded.stamp, mark, None)
    source, problems = disk.decoded(job.note, loaded.data)
    found = examine(source, reading)
    facts, exports, uses, alone = plain_record(found)
    entry = tuple(map(plain_diagnostic, problems)), exports, alone, facts, uses, found.facts.suppressions
    return Examined(job.note, loaded.stamp, mark, entry)


def _unread(problem: Diagnostic | None) -> Entry:
    return (plain_diagnostic(problem),) if problem else (), None, (), None, None, ()


def crashed(base: Path, job: Job) -> Examined:
    """The entry of a note that ends the process which reads it."""
    loaded = disk.load(base, job.note)
    message, advice = "reading the note ends kbtool itself", "please report it, with the note; it was left out"
    problem = Diagnostic("unreadable-note", job.note, Span(0, 0), message, help=advice)
    return Examined(job.note, loaded.stamp if loaded else None, b"", _unread(problem))
