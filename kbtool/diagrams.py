"""Diagrams written as Mermaid, as the program that draws them sees them: a picture, or what is wrong and where.

The program is native code, and slow or greedy on absurd input. So it is given small diagrams of known kinds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.syntax.tree import Block, Fence, all_parts

_LANGUAGE = "mermaid"
_BACKEND = "mermaid-rs-renderer"
# The kinds whose cost grows with what is written, not with the numbers in it.
_KINDS = frozenset(
    "flowchart graph sequenceDiagram classDiagram classDiagram-v2 stateDiagram stateDiagram-v2 erDiagram "
    "quadrantChart xychart xychart-beta gantt pie mindmap gitGraph timeline journey".split()
)
# Layout takes seconds for more links than that, and nobody reads such a drawing.
_MAX_CHARACTERS, _MAX_LINKS = 10_000, 150
# Diagrams of one note that are drawn.
_MAX_DRAWN = 40
_UNEXPECTED = regex(r"unexpected token '(.*)' at (\d+):(\d+); expected (.*)", 16)
_AT_LINE = regex(r"\bline (\d+)")


class Problem(NamedTuple):
    """What is wrong with a diagram, and where in its source."""

    start: int
    end: int
    message: str


class Drawing(NamedTuple):
    """A diagram as SVG, empty when there is none, and then what is wrong: None when nothing draws it here."""

    svg: str
    problem: Problem | None = None


def diagrams(outline: tuple[Block, ...]) -> tuple[Fence, ...]:
    """The fences of a note that are drawn."""
    found = [part for part, _ in all_parts(outline) if type(part) is Fence and is_diagram(part)]
    return tuple(found[:_MAX_DRAWN])


def is_diagram(fence: Fence) -> bool:
    """Whether a fence holds a diagram."""
    return fence.language.lower() == _LANGUAGE


@lru_cache(maxsize=64)
def draw(source: str) -> Drawing:
    """A diagram as it is drawn."""
    if not _is_drawable(source):
        return Drawing("")
    try:
        import mmdr  # an extra: twelve megabytes for those who draw
    except ImportError:
        return Drawing("")
    try:
        return Drawing(str(mmdr.render(source, backend=_BACKEND, theme="modern").svg()))
    except ValueError as error:
        return Drawing("", _problem(source, str(error)))


def kind(source: str) -> str:
    """The first word, comments apart."""
    lines = (line.strip() for line in source.split("\n"))
    return next((line.split()[0].rstrip(";:") for line in lines if line and not line.startswith("%%")), "")


def _is_drawable(source: str) -> bool:
    lines = [line.strip() for line in source.split("\n")]
    few = len(source) <= _MAX_CHARACTERS and sum(map(_links, lines)) <= _MAX_LINKS
    return few and kind(source) in _KINDS


def _links(line: str) -> int:
    """How many links a line may make: names joined by `&` are each linked with each."""
    return max(1, line.count("--") + line.count("==") + line.count("-.")) * (1 + line.count("&")) ** 2


# ---------------------------------------------------------------- what is wrong


def _problem(source: str, error: str) -> Problem:
    """What the program says, at the place that it means: it names a token, a line, or quotes the line at its end."""
    lines = tuple(_lines(source))
    m = _UNEXPECTED.match(error.strip())
    token, line, column, message = m.groups() if m else ("", "0", "0", error.strip().partition("\n")[0])
    at = lines[int(line) - 1][0] + int(column) - 1 if 0 < int(line) <= len(lines) else -1
    quoted = _quoted(lines, message)
    if quoted is None and m and source.startswith(token, at):
        return Problem(at, at + len(token), f"unexpected `{token}`, expected {message}")
    named = _AT_LINE.search(message)
    if quoted is None and named and 0 < int(named[1]) <= len(lines):
        # Its number counts from the fence, and what is said stands beside the note's.
        return _at(lines[int(named[1]) - 1], message[: named.start()].removesuffix(" at ").rstrip())
    return _at(quoted or next((one for one in lines if one[1].strip()), (0, source)), message)


def _lines(source: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in source.split("\n"):
        yield start, line
        start += len(line) + 1


def _quoted(lines: tuple[tuple[int, str], ...], message: str) -> tuple[int, str] | None:
    """The line that a message ends with."""
    return next((one for one in lines if one[1].strip() and message.endswith(": " + one[1].strip())), None)


def _at(line: tuple[int, str], message: str) -> Problem:
    start = line[0] + len(line[1]) - len(line[1].lstrip())
    return Problem(start, start + len(line[1].strip()), message)
