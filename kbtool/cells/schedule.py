"""Which session to start next: pure decisions from what earlier runs took."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

from kbtool.cells.history import Past
from kbtool.cells.plan import Session
from kbtool.values import NoteId

UNKNOWN = 512 << 20
"""Bytes that a session may need of which nothing is known."""


def longest_first(sessions: Iterable[Session], past: Mapping[NoteId, Past]) -> list[Session]:
    """The longest first, so that none is left alone at the end; before them those of which nothing is known."""
    return sorted(sessions, key=lambda one: -past[one.note].seconds if one.note in past else -inf)


def fitting(
    waiting: Sequence[Session], live: Sequence[Session], memory: tuple[Mapping[NoteId, Past], int]
) -> Session | None:
    """The first session whose memory fits beside that of those that run; one may run in any case.

    `memory` is what is known of earlier runs, and the bytes that all may have together.
    """
    past, room = memory

    def needed(session: Session) -> int:
        known = past.get(session.note)
        return known.memory if known else UNKNOWN

    taken = sum(map(needed, live))
    return next((one for one in waiting if not live or taken + needed(one) <= room), None)
