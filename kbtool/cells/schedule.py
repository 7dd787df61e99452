"""Which session to start next: pure decisions from what earlier runs took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from kbtool.cells.attributes import processes
from kbtool.cells.history import Past
from kbtool.cells.plan import Session
from kbtool.values import NoteId

UNKNOWN = 512 << 20
"""Bytes that a session may need of which nothing is known."""


def longest_first(sessions: Iterable[Session], past: Mapping[NoteId, Past]) -> list[Session]:
    """The longest first, so that none is left alone at the end; before them those of which nothing is known."""
    return sorted(sessions, key=lambda one: -past[one.note].seconds if one.note in past else -inf)


class Budget(NamedTuple):
    """What sessions may have together: bytes of memory, and cores, of which each takes `threads` or what it asks for,
    for each of its processes.

    `past` is what is known of earlier runs. `gpu` are bytes of a graphics processor's memory, of which a session that
    may use it takes what it asks for, else all; of 0, which is not known, one such session runs at a time. Where there
    is none, nothing is shared out.
    """

    past: Mapping[NoteId, Past]
    memory: int
    cores: int
    threads: int = 1
    gpu: int | None = None


def fitting(waiting: Sequence[Session], live: Sequence[Session], budget: Budget) -> Session | None:
    """The first session that fits beside those that run; one may run in any case."""

    def memory(session: Session) -> int:
        known = budget.past.get(session.note)
        return known.memory if known else UNKNOWN * processes(session.launch)

    def cores(session: Session) -> int:
        return min(budget.cores, (session.cpus or budget.threads) * processes(session.launch))

    total = budget.gpu or 1  # of what is not known everybody takes all

    def gpu(session: Session) -> int:
        return min(total, session.gpu_memory or total) if budget.gpu is not None and wants_gpu(session) else 0

    needs = memory, cores, gpu
    whole = budget.memory, budget.cores, total
    room = [have - sum(map(need, live)) for have, need in zip(whole, needs, strict=True)]

    def fits(session: Session) -> bool:
        return all(need(session) <= free for need, free in zip(needs, room, strict=True))

    return next((one for one in waiting if not live or fits(one)), None)


def wants_gpu(session: Session) -> bool:
    """Whether a session may compute on a graphics processor, if there is one."""
    return session.device == "cuda" or (session.device == "auto" and "torch" in session.imports)
