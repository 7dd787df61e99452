"""Diagrams written as Mermaid: their picture, or what is wrong and where.

What draws them reads more than Mermaid does, and guesses: so Mermaid's own grammar judges. Both programs are
native code of one package, and slow or greedy on absurd input: they are given small diagrams of known kinds.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from types import ModuleType
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.syntax.tree import Block, Fence, all_parts

_LANGUAGE = "mermaid"
_DRAWS, _JUDGES = "mermaid-rs-renderer", "merman"
# The kinds whose cost grows with what is written, not with the numbers in it.
_KINDS = frozenset(
    "flowchart graph sequenceDiagram classDiagram classDiagram-v2 stateDiagram stateDiagram-v2 erDiagram "
    "quadrantChart xychart xychart-beta gantt pie mindmap gitGraph timeline journey".split()
)
# Layout takes seconds for more links than that, and nobody reads such a drawing.
_MAX_CHARACTERS, _MAX_LINKS = 10_000, 150
# Diagrams of one note that are drawn.
_MAX_DRAWN = 40
# A diagram with more lines than that is said to be wrong as a whole, unless its fault quotes the line.
_MAX_TRIED = 60
_REFUSED = regex(r"Diagram parse error \([^)]*\): (.*)", 16)
_UNEXPECTED = regex(r"unexpected token '(.*)' at (\d+):(\d+); expected (.*)", 16)
_AT_LINE = regex(r" (?:opened )?at line (\d+)$")


class Problem(NamedTuple):
    """What is wrong with a diagram, and where in its source; a right one may not be drawn here all the same."""

    start: int
    end: int
    why: str
    right: bool = False


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
    made, refused = _given_to(_DRAWS, source)
    return Drawing(made, (judged(source) or _undrawn(source, refused)) if refused else None)


def judged(source: str) -> Problem | None:
    """What Mermaid would refuse; None where it is right, or not known."""
    refused = _refused(source) if _is_drawable(source) else ""
    if not refused:
        return None
    lines = tuple(_lines(source))
    at = _quoted(lines, refused) or _culprit(lines) or _first(lines)
    return _at(at, _spoken(refused.removesuffix(": " + at[1].strip())))


def faults(source: str) -> Problem | None:
    """What is wrong with a diagram: Mermaid would refuse it, or it is not drawn here."""
    return judged(source) or draw(source).problem


def _given_to(backend: str, source: str) -> tuple[str, str]:
    """What a program makes of a diagram, or what it says against it; nothing where it is not installed."""
    program = _program()
    if program is None:
        return "", ""
    # Only what draws has themes.
    theme = "modern" if backend == _DRAWS else None
    try:
        return str(program.render(source, backend=backend, **({"theme": theme} if theme else {})).svg()), ""
    except ValueError as error:
        return "", str(error).strip() or "refused"


def _program() -> ModuleType | None:
    """The package that draws, an extra (twelve megabytes for those who draw); None where it is not installed.

    It goes without the library that it makes pixels with: nobody needs that here, and it ends each process with a page
    of complaints about what was not given back.
    """
    pixels = "novasvg"
    absent = pixels not in sys.modules
    stand_in = sys.modules.setdefault(pixels, ModuleType(pixels))
    try:
        import mmdr
    except ImportError:
        return None
    finally:
        if absent and sys.modules.get(pixels) is stand_in:
            del sys.modules[pixels]
    return mmdr


def _refused(source: str) -> str:
    """Why it is no Mermaid; limits of the program that judges are none of the diagram's."""
    m = _REFUSED.match(_given_to(_JUDGES, source)[1])
    return m[1] if m else ""


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


def _undrawn(source: str, error: str) -> Problem:
    """Why a right diagram is not drawn: the program names a token, names a line, or quotes the line at its end."""
    lines = tuple(_lines(source))
    m = _UNEXPECTED.match(error)
    token, line, column, expected = m.groups() if m else ("", "0", "0", "")
    numbered = _AT_LINE.search(error)
    at = _numbered(lines, int(line)) if m else _numbered(lines, int(numbered[1])) if numbered else None
    quoted = _quoted(lines, error)
    # Its numbers count from the fence, so they are not told.
    why = error[: numbered.start()] if numbered else error.partition("\n")[0]
    if m:
        why = (
            expected.removesuffix(": " + quoted[1].strip()) if quoted else f"unexpected `{token}`, expected {expected}"
        )
    if m and at and not quoted and at[1].startswith(token, int(column) - 1):
        start = at[0] + int(column) - 1
        return Problem(start, start + len(token), _spoken(why), right=True)
    return _at(quoted or at or _first(lines), _spoken(why))._replace(right=True)


def _culprit(lines: tuple[tuple[int, str], ...]) -> tuple[int, str] | None:
    """The first line below the kind's name without which all would be right."""
    if len(lines) > _MAX_TRIED:
        return None
    head = next((at for at, (_, text) in enumerate(lines) if text.strip() and not text.strip().startswith("%%")), 0)
    tried = (at for at in range(head + 1, len(lines)) if lines[at][1].strip())
    return next((lines[at] for at in tried if not _refused("\n".join(_texts(lines[:at] + lines[at + 1 :])))), None)


def _texts(lines: tuple[tuple[int, str], ...]) -> Iterator[str]:
    return (text for _, text in lines)


def _numbered(lines: tuple[tuple[int, str], ...], line: int) -> tuple[int, str] | None:
    return lines[line - 1] if 0 < line <= len(lines) else None


def _first(lines: tuple[tuple[int, str], ...]) -> tuple[int, str]:
    return next((one for one in lines if one[1].strip()), lines[0])


def _lines(source: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in source.split("\n"):
        yield start, line
        start += len(line) + 1


def _quoted(lines: tuple[tuple[int, str], ...], message: str) -> tuple[int, str] | None:
    """The line that a message ends with."""
    return next((one for one in lines if one[1].strip() and message.endswith(": " + one[1].strip())), None)


def _at(line: tuple[int, str], why: str) -> Problem:
    start = line[0] + len(line[1]) - len(line[1].lstrip())
    return Problem(start, start + len(line[1].strip()), why)


def _spoken(why: str) -> str:
    """As a part of a sentence, on one line."""
    words = " ".join(why.split())
    return words[:1].lower() + words[1:] if words[1:2].islower() else words
