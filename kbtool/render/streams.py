"""What programs print as a terminal would show it in the end: no colours, progress bars as they ended."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import groupby

from kbtool.outcomes import Output, OutputKind
from kbtool.patterns import regex

STREAMS: tuple[OutputKind, ...] = ("stdout", "stderr")
_CODES = regex(r"\x1b\[([0-?]*)[ -/]*([@-~])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]|[\r\n\x08]")
_COLOURS = regex(r"\x1b(?:\[[0-?]*[ -/]*m|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_CONTROL = regex(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
# `7/9 [00:01<00:02, 3.5it/s` of a bar, `7it [00:01, 3.5it/s` of one that knows no end; what else it says comes after.
_BAR = regex(
    r"(\d+/(?:\d+|\?) \[|\d+\w{1,9} \[)"
    r"(?:\d{1,9}:){1,3}\d\d(?:<(?:\?|(?:\d{1,9}:){1,3}\d\d))?, +[\d.?]{1,20}[^],\n]{1,30}"
)
_WIDTH = 1_000
"""Columns that a cursor may be moved to; no terminal is wider, and a jump must not cost memory."""


def plain_text(text: str) -> str:
    """Program output as text, as it stands on a terminal in the end."""
    text = _COLOURS.sub("", text.replace("\r\n", "\n"))
    if "\r" in text or "\x1b" in text or "\x08" in text:
        text = _Screen().shown(text)
    return _CONTROL.sub("", text)


def untimed(text: str) -> str:
    """The text without how long progress bars took and how fast they went, which is another time at each run."""
    return _BAR.sub(r"\1", text) if "[" in text else text


def settled(outputs: Iterable[Output]) -> list[Output]:
    """Outputs with neighbouring pieces of a stream made one, without unfinished lines that the stream wrote over later.

    So a progress bar that had to make room for what was printed meanwhile stands there once, as it ended.
    """
    left = (output for output in _written_over(outputs) if output.text or output.kind not in STREAMS)
    found: list[Output] = []
    for kind, group in groupby(left, lambda output: output.kind):
        pieces = list(group)
        found += [replace(pieces[0], text="".join(one.text for one in pieces))] if kind in STREAMS else pieces
    return found


def _written_over(outputs: Iterable[Output]) -> list[Output]:
    found: list[Output] = []
    last: dict[str, int] = {}
    for output in outputs:
        if output.kind in STREAMS:
            at = last.get(output.kind, -1)
            if 0 <= at < len(found) - 1 and output.text.startswith("\r"):
                before = found[at].text
                found[at] = replace(output, text=before[: before.rfind("\n") + 1])
            last[output.kind] = len(found)
        found.append(output)
    return found


class _Screen:
    """A terminal as high as need be: where its cursor is, and the characters of its lines."""

    __slots__ = ("column", "lines", "row")

    def __init__(self) -> None:
        self.lines: list[list[str]] = [[]]
        self.row = self.column = 0

    def shown(self, text: str) -> str:
        """What stands on the screen after a text was written."""
        at = 0
        for code in _CODES.finditer(text):
            self.write(text[at : code.start()])
            self.obey(code)
            at = code.end()
        self.write(text[at:])
        return "\n".join("".join(line).rstrip(" ") for line in self.lines)

    def write(self, text: str) -> None:
        if text:
            line = self.lines[self.row]
            line += " " * (self.column - len(line))
            line[self.column : self.column + len(text)] = text
            self.column += len(text)

    def obey(self, code: re.Match[str]) -> None:
        """A control character, or a sequence that moves the cursor or erases; others say nothing here."""
        match code[0]:
            case "\n":
                self.row, self.column = self.row + 1, 0
                if self.row == len(self.lines):
                    self.lines.append([])
            case "\r":
                self.column = 0
            case "\x08":
                self.column = max(0, self.column - 1)
            case _ if code[2] in ("J", "K"):
                self.erase(code[2], code[1])
            case _ if code[2]:
                self.move(code[2], [int(word[:6]) if word.isdecimal() else 0 for word in code[1].split(";")])

    def move(self, what: str, numbers: list[int]) -> None:
        first = max(1, numbers[0])
        match what:
            case "A" | "F":
                self.row = max(0, self.row - first)
            case "B" | "E":
                self.row = min(len(self.lines) - 1, self.row + first)
            case "C":
                self.column = max(self.column, min(self.column + first, _WIDTH))
            case "D":
                self.column = max(0, self.column - first)
            case "G":
                self.column = min(first - 1, _WIDTH)
            case "H":
                self.row = min(len(self.lines), first) - 1
                self.column = min(max(1, numbers[-1]) - 1, _WIDTH) if len(numbers) > 1 else 0
        if what in ("E", "F"):
            self.column = 0

    def erase(self, what: str, how: str) -> None:
        line = self.lines[self.row]
        if how in ("2", "3") and what == "J":
            self.lines, self.row, self.column = [[]], 0, 0
        elif how == "1":
            line[: self.column] = " " * min(self.column, len(line))
        elif how == "2":
            line.clear()
        else:
            del line[self.column :]
            if what == "J":
                del self.lines[self.row + 1 :]
