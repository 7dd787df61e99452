"""What a person sees while sessions run: on a terminal a live line, in a pipe nothing."""

from __future__ import annotations

import time

from kbtool import terminal
from kbtool.cells.workers import Event
from kbtool.report.visible import visible
from kbtool.values import NoteId


class Watch:
    """Follows the events of a run and draws which sessions run, for how long, and what they printed last."""

    __slots__ = ("_began", "_done", "_line", "_live", "_total")

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._began = time.monotonic()
        self._live: dict[NoteId, Event] = {}
        self._line = terminal.ProgressLine("running")

    def on_event(self, event: Event) -> None:
        """Takes an event in."""
        if event.kind == "finished":
            self._done += 1
            self._live.pop(event.note, None)
        else:
            last = self._live.get(event.note)
            self._live[event.note] = event if event.text or last is None else _with_text(event, last.text)
        self._line.text(self._text())

    def _text(self) -> str:
        running = "; ".join(_shown(event) for event in self._live.values())
        return f"running {self._done}/{self._total}  {time.monotonic() - self._began:.0f} s  {running}"

    def end(self) -> None:
        """Takes the line away."""
        self._line.end()


def _with_text(event: Event, text: str) -> Event:
    return Event(event.kind, event.note, event.done, event.total, event.seconds, text)


def _shown(event: Event) -> str:
    name = event.note.rpartition("/")[2].removesuffix(".md")
    return visible(f"{name} {event.done}/{event.total}" + (f" › {event.text.strip()}" if event.text.strip() else ""))
