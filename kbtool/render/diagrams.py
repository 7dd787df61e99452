"""Diagrams as pictures for light and dark, drawn at build time: no page loads a script of megabytes, or asks another
host for it. What the drawing program gives is cleaned like any other figure.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache

from kbtool.diagrams import diagrams, draw, kind
from kbtool.note import Note
from kbtool.patterns import regex
from kbtool.render import urls
from kbtool.render.colours import DARK_PAPER, WHITE, mixed, read, written
from kbtool.render.context import Scope
from kbtool.render.highlight import code_block
from kbtool.render.html import element, escape, void
from kbtool.render.legible import legible
from kbtool.render.reading_words import reading_words
from kbtool.render.svg import Figure, darkened, figure, recoloured
from kbtool.syntax.tree import Fence

# The slices of a pie, in the colours that the same program gives to charts: its greys are hardly told apart.
_SLICES = tuple(
    "#4e79a7 #f28e2c #e15759 #76b7b2 #59a14f #edc949 #af7aa1 #ff9da7 #9c755f #a0cbe8 #86bcb6 #d4a6c8".split()
)
_SLICE = regex(r'<path d="[^"]*A[^"]*" fill="([^"]+)"')
_PAINT = regex(r'(fill|stroke)="([^"]+)"')
# An area whose parts differ less than this has no colour of its own.
_GREY = 0.06
# How light an area is in the dark at least, and how much of its colour a pale one keeps.
_DIM, _QUIET = 0.27, 0.55


@lru_cache(maxsize=64)
def drawn(source: str) -> Figure | None:
    """A diagram as a figure, None where it is not drawn."""
    drawing = draw(source)
    made = figure(drawing.svg) if drawing.svg else None
    if made is None or not made.light:
        return None
    light = recoloured(drawing.svg if kind(source) != "pie" else _sliced(drawing.svg), _plain)
    dark = recoloured(light, _dark if kind(source) != "pie" else darkened)
    return replace(made, light=legible(light, WHITE), dark=legible(dark, DARK_PAPER))


def _sliced(pie: str) -> str:
    slices = dict(zip(dict.fromkeys(_SLICE.findall(pie)), _SLICES, strict=False))
    return _PAINT.sub(lambda m: f'{m[1]}="{slices.get(m[2], m[2])}"', pie)


def _plain(_name: str, value: str) -> str:
    """A colour as six digits: what is a little transparent stands on paper."""
    paint = read(value)
    return written(mixed(WHITE, paint.colour, paint.share)) if paint else value


def _dark(name: str, value: str) -> str:
    """As figures have it, but that pale areas become dark ones: on a page at night they are lamps."""
    paint = read(value)
    if paint is None or name == "stroke" or max(paint.colour) - min(paint.colour) < _GREY:
        return darkened(name, value)
    hue, light, strength = colorsys.rgb_to_hls(*paint.colour)
    pale = light > 0.5
    area = colorsys.hls_to_rgb(hue, max(_DIM, 1 - light if pale else light), strength * (_QUIET if pale else 1.0))
    return written(area)


def pictures(note: Note) -> Mapping[str, Figure]:
    """The pictures of a note's diagrams, by their source."""
    found = ((fence.code, drawn(fence.code)) for fence in diagrams(note.outline))
    return {source: picture for source, picture in found if picture}


def diagram_html(scope: Scope, fence: Fence) -> str:
    """A diagram as pictures for light and dark above its source, folded; its source alone where it is not drawn."""
    says = reading_words(scope.context.look.language)
    source = code_block(fence.code.rstrip("\n"), fence.language)
    # What a macro expands to is on no page of its own, which would have the files.
    made = None if scope.expanded else pictures(scope.entry.note).get(fence.code)
    if made is None:
        problem = draw(fence.code).problem
        said = f"{says.undrawn_diagram if problem.right else says.bad_diagram}: {problem.why}" if problem else ""
        return source + (element("p", {"class": "kb-diagram__problem"}, escape(said, quote=False)) if said else "")
    shown = [(f"{made.name}.svg", "#only-light"), (f"{made.name}.dark.svg", "#only-dark")]
    folded = element("details", {"class": "kb-log"}, element("summary", {}, says.diagram_source) + source)
    return element(
        "div", {"class": "kb-diagram"}, "".join(_picture(scope, made, file, mark) for file, mark in shown) + folded
    )


def _picture(scope: Scope, made: Figure, file: str, mark: str) -> str:
    src = scope.place.file(urls.figure_file(file)) + mark
    size = {"width": str(made.width) or None, "height": str(made.height) or None}
    alt = reading_words(scope.context.look.language).diagram
    return void("img", {"src": src, "alt": alt, **size, "loading": "lazy"})
