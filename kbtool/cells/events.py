"""What a run tells while it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kbtool.values import NoteId

TICK = 0.5
"""Seconds between two ticks."""


@dataclass(frozen=True, slots=True)
class Event:
    """What happens to a session: it started, one of its cells finished, it printed a line (`text`), it finished.

    `done` of `total` cells are behind it; `seconds` since its start; `memory`, at its end, is the most that it had, in
    bytes. A `tick` belongs to no session: half a second went by; nor does a `warning`, which says `text`.
    """

    kind: Literal["started", "cell", "line", "finished", "tick", "warning"]
    note: NoteId
    done: int
    total: int
    seconds: float
    text: str = ""
    memory: int = 0


OnEvent: TypeAlias = Callable[[Event], None]


def ignore(_: Event) -> None:
    """Nobody listens."""


class Ticks:
    """Tells twice a second that time goes by, so that a display can show it."""

    __slots__ = ("_last", "_on_event")

    def __init__(self, on_event: OnEvent) -> None:
        self._on_event = on_event
        self._last = time.monotonic()

    def patience(self) -> float:
        """Seconds to the next one."""
        return max(0.0, self._last + TICK - time.monotonic())

    def tell(self) -> bool:
        """Tells, if it is time; whether it was."""
        if self.patience() > 0.0:
            return False
        self._last = time.monotonic()
        self._on_event(Event("tick", NoteId(""), 0, 0, 0.0))
        return True
