"""Diagrams written as Mermaid, drawn at build time: no page loads a script of megabytes, or asks another host for it.

The drawing program is native code, and slow or greedy on absurd input. So it is given small diagrams of known kinds,
and what it draws is cleaned like any other figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from kbtool.note import Note
from kbtool.render import urls
from kbtool.render.context import Scope
from kbtool.render.highlight import code_block
from kbtool.render.html import element, escape, void
from kbtool.render.reading_words import reading_words
from kbtool.render.svg import Figure, figure
from kbtool.syntax.tree import Fence, all_parts

_LANGUAGE = "mermaid"
_BACKEND = "mermaid-rs-renderer"
# The kinds whose cost grows with what is written, not with the numbers in it: those with words on paper alone, which
# turn over in the dark, and those with words on colours, which would be unreadable then and keep their paper.
_TURNED = frozenset(
    "flowchart graph sequenceDiagram classDiagram classDiagram-v2 stateDiagram stateDiagram-v2 erDiagram "
    "quadrantChart xychart xychart-beta".split()
)
_COLOURED = frozenset("gantt pie mindmap gitGraph timeline journey".split())
# Layout takes seconds for more links than that, and nobody reads such a drawing.
_MAX_CHARACTERS, _MAX_LINKS = 10_000, 150
# Diagrams of one note that are drawn.
_MAX_DRAWN = 40


class Drawn(NamedTuple):
    """A diagram's picture, None when there is none, and then what is wrong: empty when nothing draws here."""

    picture: Figure | None
    problem: str = ""


@lru_cache(maxsize=64)
def drawn(source: str) -> Drawn:
    """A diagram as a figure."""
    if not _is_drawable(source):
        return Drawn(None)
    try:
        import mmdr  # an extra: twelve megabytes for those who draw
    except ImportError:
        return Drawn(None)
    turned = _kind(source) in _TURNED
    try:
        svg = str(mmdr.render(source, backend=_BACKEND, theme="modern" if turned else "classic").svg())
    except ValueError as error:
        return Drawn(None, str(error).split("\n", 1)[0])
    made = figure(svg)
    return Drawn((made if turned else replace(made, dark="")) if made.light else None)


def _is_drawable(source: str) -> bool:
    lines = [line.strip() for line in source.split("\n")]
    few = len(source) <= _MAX_CHARACTERS and sum(map(_links, lines)) <= _MAX_LINKS
    return few and _kind(source) in _TURNED | _COLOURED


def _kind(source: str) -> str:
    """The first word, comments apart."""
    lines = (line.strip() for line in source.split("\n"))
    return next((line.split()[0].rstrip(";:") for line in lines if line and not line.startswith("%%")), "")


def _links(line: str) -> int:
    """How many links a line may make: names joined by `&` are each linked with each."""
    return max(1, line.count("--") + line.count("==") + line.count("-.")) * (1 + line.count("&")) ** 2


def diagrams(note: Note) -> Mapping[str, Figure]:
    """The pictures of a note's diagrams, by their source."""
    fences = [part for part, _ in all_parts(note.outline) if type(part) is Fence and is_diagram(part)]
    found = ((fence.code, drawn(fence.code).picture) for fence in fences[:_MAX_DRAWN])
    return {source: picture for source, picture in found if picture}


def is_diagram(fence: Fence) -> bool:
    """Whether a fence holds a diagram."""
    return fence.language.lower() == _LANGUAGE


def diagram_html(scope: Scope, fence: Fence) -> str:
    """A diagram as pictures for light and dark above its source, folded; its source alone where it is not drawn."""
    says = reading_words(scope.context.look.language)
    source = code_block(fence.code.rstrip("\n"), _LANGUAGE)
    # What a macro expands to is on no page of its own, which would have the files.
    made = None if scope.expanded else diagrams(scope.entry.note).get(fence.code)
    if made is None:
        problem = drawn(fence.code).problem
        said = f"{says.bad_diagram}: {problem}"
        return source + (element("p", {"class": "kb-diagram__problem"}, escape(said, quote=False)) if problem else "")
    light, dark = f"{made.name}.svg", f"{made.name}.dark.svg"
    shown = [(light, "#only-light"), (dark, "#only-dark")] if made.dark else [(light, "")]
    pictures = "".join(_picture(scope, made, file, mark) for file, mark in shown)
    folded = element("details", {"class": "kb-log"}, element("summary", {}, says.diagram_source) + source)
    return element("div", {"class": "kb-diagram"}, pictures + folded)


def _picture(scope: Scope, made: Figure, file: str, mark: str) -> str:
    src = scope.place.file(urls.figure_file(file)) + mark
    size = {"width": str(made.width) or None, "height": str(made.height) or None}
    alt = reading_words(scope.context.look.language).diagram
    return void("img", {"src": src, "alt": alt, **size, "loading": "lazy"})
