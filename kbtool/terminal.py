"""The rim towards the person: standard output and error, colour, width, progress."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kbtool.report import wants_color
from kbtool.report.visible import visible

if TYPE_CHECKING:
    from datetime import date

# Shorter work needs no progress line.
_PATIENCE = 1.0
_INTERVAL = 0.1


def say(lines: Iterable[str]) -> None:
    """Writes lines to standard output, whatever its encoding can show."""
    for line in lines:
        _write(sys.stdout, line + "\n")
    sys.stdout.flush()


def say_patch(lines: Iterable[str]) -> None:
    """Writes a patch: as it is into a pipe, so that it can be applied; on a terminal visible, and in colours."""
    if not is_interactive():
        say(lines)
        return
    paint = {"+": "\x1b[32m", "-": "\x1b[31m", "@": "\x1b[36m"} if color() else {}
    shown = ((paint.get(line[:1], ""), visible(line.removesuffix("\r")).rstrip()) for line in lines)
    say(f"{colour}{line}\x1b[0m" if colour else line for colour, line in shown)


def warn(line: str) -> None:
    """Writes a line to standard error."""
    _write(sys.stderr, line + "\n")
    sys.stderr.flush()


def _write(stream: object, text: str) -> None:
    encoding = getattr(stream, "encoding", None) or "utf-8"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))  # type: ignore[attr-defined]


def columns() -> int:
    """The width of the terminal, 100 where there is none."""
    if not (is_interactive() or "COLUMNS" in os.environ):
        return 100
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def is_interactive() -> bool:
    """Whether standard output is a terminal."""
    return sys.stdout.isatty()


def color() -> bool:
    """Whether standard output is a terminal that wants colour."""
    return wants_color(sys.stdout.isatty(), os.environ)


def today() -> date:
    """The day here, or the one that SOURCE_DATE_EPOCH names, so that a build can be made again."""
    from datetime import UTC, datetime

    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    if fixed.isascii() and fixed.isdigit() and len(fixed) < 12:
        return datetime.fromtimestamp(int(fixed), UTC).date()
    return datetime.now().astimezone().date()


class ProgressLine:
    """One line on a terminal that tells how far long work is; silent in a pipe and in the first second."""

    __slots__ = ("_began", "_drawn", "_live", "_shown", "_what")

    def __init__(self, what: str) -> None:
        self._what = what
        self._live = sys.stderr.isatty()
        self._began = time.monotonic()
        self._drawn = 0.0
        self._shown = False

    def __call__(self, done: int, total: int) -> None:
        """Draws `what  done/total`."""
        self.text(f"{self._what}  {done:,}/{total:,}")

    def text(self, text: str) -> None:
        """Draws any text in the line's place, cut to the terminal's width."""
        now = time.monotonic()
        if not self._live or now - self._began < _PATIENCE or now - self._drawn < _INTERVAL:
            return
        self._drawn = now
        self._shown = True
        sys.stderr.write("\r\x1b[K" + text[: max(1, columns() - 1)])
        sys.stderr.flush()

    def end(self) -> None:
        """Takes the line away."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


class LiveLines:
    """Some lines on a terminal that tell what goes on; silent in a pipe and in the first second."""

    __slots__ = ("_began", "_drawn", "_height", "_live")

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._began = time.monotonic()
        self._drawn = 0.0
        self._height = 0

    def draw(self, lines: Callable[[], Iterable[str]]) -> None:
        """Draws lines in the place of the last ones, cut to the terminal; they are asked for only when it is time."""
        now = time.monotonic()
        if not self._live or now - self._began < _PATIENCE or now - self._drawn < _INTERVAL:
            return
        self._drawn = now
        import shutil

        size = shutil.get_terminal_size((100, 24))
        shown = [line[: max(1, size.columns - 1)] for line in lines()][: max(1, size.lines - 1)]
        self.end()
        self._height = len(shown)
        sys.stderr.write("".join(f"{line}\n" for line in shown))
        sys.stderr.flush()

    def end(self) -> None:
        """Takes the lines away."""
        if self._height:
            sys.stderr.write(f"\r\x1b[{self._height}A\x1b[J")
            sys.stderr.flush()
            self._height = 0
