"""Words of a drawing that can be read on what they stand on, whichever colours its author or its program chose."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce
from html import escape
from typing import NamedTuple
from xml.parsers import expat

from kbtool.patterns import regex
from kbtool.render.colours import BLACK, Colour, mixed, read, readable, written
from kbtool.render.shapes import UNMOVED, Matrix, Point, Shape, moved_by, number, placed, shape

_UNSEEN = frozenset({"defs", "marker", "clipPath", "mask", "symbol", "pattern", "style", "title", "desc"})
_TEXT = regex(r"<text\b[^>]*>")
_FILL = regex(r' fill="[^"]*"')
# A letter's width and half the height of a small one, in sizes of the font.
_WIDTH, _HALF = 0.55, 0.35


class Text(NamedTuple):
    """A text of a drawing: its colour, and what it stands on."""

    words: str
    colour: Colour
    grounds: frozenset[Colour]


@dataclass(frozen=True, slots=True)
class _Inherited:
    """What elements take from those around them."""

    moved: Matrix = UNMOVED
    fill: str = "#000000"
    anchor: str = "start"
    size: float = 16.0
    share: float = 1.0
    seen: bool = True

    def inside(self, name: str, pairs: dict[str, str]) -> _Inherited:
        return _Inherited(
            moved_by(self.moved, pairs["transform"]) if "transform" in pairs else self.moved,
            pairs.get("fill", self.fill),
            pairs.get("text-anchor", self.anchor),
            number(pairs, "font-size", self.size),
            self.share * number(pairs, "opacity", 1.0) * (number(pairs, "fill-opacity", 1.0)),
            self.seen and name not in _UNSEEN,
        )


class _Line(NamedTuple):
    """A line of a text: where it begins or has its middle, and its words, as they come in."""

    at: Point
    words: list[str]


class _Reader:
    """Walks through a drawing as it is painted; what a text stands on is what was painted before it."""

    def __init__(self, paper: Colour) -> None:
        self.texts: list[Text] = []
        self._paper = paper
        self._areas: list[tuple[Shape, Colour, float]] = []
        self._around = [_Inherited()]
        self._lines: list[_Line] = []
        self._raised = False

    def start(self, name: str, pairs: dict[str, str]) -> None:
        here = self._around[-1].inside(name, pairs)
        self._around.append(here)
        if name in ("text", "tspan"):
            self._begin(name, pairs)
        elif here.seen and here.share and (paint := read(here.fill)) and (found := shape(name, pairs, here.moved)):
            self._areas.append((found, paint.colour, here.share * paint.share))

    def words(self, data: str) -> None:
        if self._lines:
            self._lines[-1].words.append(data)

    def end(self, name: str) -> None:
        here = self._around.pop()
        if name == "text":
            paint, points = read(here.fill), [at for line in self._lines for at in self._points(line, here)]
            words = " ".join(filter(None, ("".join(line.words).strip() for line in self._lines)))
            grounds = frozenset(map(self._ground, points))
            self.texts.append(Text(words, paint.colour if paint else BLACK, grounds))
            self._lines = []

    def _begin(self, name: str, pairs: dict[str, str]) -> None:
        x, y = self._lines[-1].at if name == "tspan" and self._lines else (0.0, 0.0)
        if name == "text":
            self._raised = pairs.get("dominant-baseline") in ("middle", "central")
        at = number(pairs, "x", x), number(pairs, "y", y) + self._ems(pairs.get("dy", ""))
        self._lines.append(_Line(at, []))

    def _ems(self, length: str) -> float:
        given = number({"dy": length}, "dy")
        return given * self._around[-1].size if length.endswith("em") else given

    def _points(self, line: _Line, here: _Inherited) -> Iterator[Point]:
        """Some points of a line; its ends are left out, for nobody knows the font's widths here."""
        width = len("".join(line.words).strip()) * _WIDTH * here.size
        x, y = line.at
        left = x - width * {"middle": 0.5, "end": 1.0}.get(here.anchor, 0.0)
        middle = y if self._raised else y - _HALF * here.size
        yield from (placed((left + width * share, middle), here.moved) for share in (0.15, 0.5, 0.85) if width)

    def _ground(self, at: Point) -> Colour:
        """The colour at a point: each area that lies there over those before it."""
        layers = ((colour, share) for area, colour, share in self._areas if area.holds(at))
        return reduce(lambda below, layer: mixed(below, *layer), layers, self._paper)


def texts(svg: str, paper: Colour) -> tuple[Text, ...]:
    """The texts of a drawing on a page of this colour, in the order in which they are written."""
    reader = _Reader(paper)
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.words
    parser.Parse(svg.encode("utf-8"), True)
    return tuple(reader.texts)


def legible(svg: str, paper: Colour) -> str:
    """A drawing, written by us, each of whose texts can be read on a page of this colour."""
    inks = iter([(text.colour, readable(text.colour, text.grounds)) for text in texts(svg, paper)])

    def inked(element: str) -> str:
        was, ink = next(inks)
        if was == ink:
            return element
        return f'{_FILL.sub("", element)[:-1]} fill="{escape(written(ink))}">'

    return _TEXT.sub(lambda found: inked(found[0]), svg)
