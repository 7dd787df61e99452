"""What a person sees while sessions run: on a terminal live lines, in a pipe nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping

from kbtool import terminal
from kbtool.cells.events import Event
from kbtool.cells.history import Past
from kbtool.cells.plan import Session
from kbtool.report.visible import visible
from kbtool.values import NoteId

_NAME = 28
"""Characters of a note's name; longer ones are cut."""


class Watch:
    """Follows the events of a run and draws which sessions run, since when, what they printed, and what is left."""

    __slots__ = ("_began", "_done", "_jobs", "_lines", "_live", "_past", "_ran", "_waiting", "_warnings")

    def __init__(self, sessions: Iterable[Session], past: Mapping[NoteId, Past], jobs: int) -> None:
        self._waiting = {session.note for session in sessions}
        self._past = past
        self._jobs = jobs
        self._done = 0
        self._began = time.monotonic()
        self._live: dict[NoteId, tuple[Event, float, str]] = {}
        self._ran: dict[NoteId, Past] = {}
        self._warnings: list[str] = []
        self._lines = terminal.LiveLines()

    @property
    def ran(self) -> Mapping[NoteId, Past]:
        """What the sessions took that have ended."""
        return self._ran

    def on_event(self, event: Event) -> None:
        """Takes an event in."""
        if event.kind == "finished":
            self._done += 1
            self._live.pop(event.note, None)
            self._ran[event.note] = Past(round(event.seconds, 3), event.memory)
        elif event.kind == "warning":
            self._warnings.append(event.text)
        elif event.kind != "tick":
            self._waiting.discard(event.note)
            _, began, text = self._live.get(event.note, (event, time.monotonic() - event.seconds, ""))
            self._live[event.note] = (event, began, event.text.strip() or text)
        self._lines.draw(self._text)

    def _text(self) -> Iterator[str]:
        total = self._done + len(self._live) + len(self._waiting)
        left = self._left()
        more = f" · about {_clock(left)} left" if left is not None else ""
        yield f"running {self._done} of {total} · {_clock(time.monotonic() - self._began)}{more}"
        for note, (event, began, text) in self._live.items():
            name = visible(note.rpartition("/")[2].removesuffix(".md"))
            cut = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
            cell = f"cell {min(event.done + 1, event.total)}/{event.total}"
            yield f"  {cut:{_NAME}}  {cell:9}  {_clock(time.monotonic() - began):>5}  {visible(text)}".rstrip()

    def _left(self) -> float | None:
        """Seconds that are left as far as earlier runs tell; None when one of the sessions never ran here."""
        notes = self._waiting | self._live.keys()
        if not notes <= self._past.keys():
            return None
        now = time.monotonic()
        running = [max(0.0, self._past[note].seconds - (now - began)) for note, (_, began, _) in self._live.items()]
        waiting = [self._past[note].seconds for note in self._waiting]
        return max([*running, *waiting, sum((*running, *waiting)) / max(1, self._jobs)], default=None)

    def end(self) -> None:
        """Takes the lines away, and says what was told of no session."""
        self._lines.end()
        for text in self._warnings:
            terminal.warn(f"warning: {visible(text)}")
        self._warnings.clear()


def stopwatch() -> Callable[[], float]:
    """Seconds since now, whenever they are asked for."""
    began = time.monotonic()
    return lambda: time.monotonic() - began


def _clock(seconds: float) -> str:
    whole = int(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
