"""Which session to start next: pure decisions from what earlier runs took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import NamedTuple

from kbtool.cells.history import Past
from kbtool.cells.plan import Session
from kbtool.values import NoteId

UNKNOWN = 512 << 20
"""Bytes that a session may need of which nothing is known."""


def longest_first(sessions: Iterable[Session], past: Mapping[NoteId, Past]) -> list[Session]:
    """The longest first, so that none is left alone at the end; before them those of which nothing is known."""
    return sorted(sessions, key=lambda one: -past[one.note].seconds if one.note in past else -inf)


class Budget(NamedTuple):
    """What sessions may have together: bytes of memory, and cores, of which each takes `threads` or what it asks for.

    `past` is what is known of earlier runs.
    """

    past: Mapping[NoteId, Past]
    memory: int
    cores: int
    threads: int = 1


def fitting(waiting: Sequence[Session], live: Sequence[Session], budget: Budget) -> Session | None:
    """The first session that fits beside those that run; one may run in any case."""

    def memory(session: Session) -> int:
        known = budget.past.get(session.note)
        return known.memory if known else UNKNOWN

    def cores(session: Session) -> int:
        return min(budget.cores, session.cpus or budget.threads)

    room = budget.memory - sum(map(memory, live)), budget.cores - sum(map(cores, live))
    return next((one for one in waiting if not live or (memory(one) <= room[0] and cores(one) <= room[1])), None)
