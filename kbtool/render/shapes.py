"""The outlines of SVG's shapes as polygons: enough to say what a point lies on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kbtool.patterns import regex

Point = tuple[float, float]
Matrix = tuple[float, float, float, float, float, float]

UNMOVED: Matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_NUMBER = regex(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
_MOVE = regex(r"(matrix|translate|rotate|scale)\s*\(([^)]*)\)")
_STEP = regex(r"([MLHVCSQTAZ])([^MLHVCSQTAZ]*)", 2)
# How many numbers each step takes.
_TAKES: Mapping[str, int] = {"M": 2, "L": 2, "T": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "A": 7}
# The sides that stand for a circle.
_SIDES = 24


class Shape(NamedTuple):
    """A polygon, with the least box around it."""

    points: tuple[Point, ...]
    low: Point
    high: Point

    def holds(self, at: Point) -> bool:
        """Whether a point lies inside: a ray from it crosses the outline an odd number of times."""
        (x, y), inside = at, False
        if not (self.low[0] <= x <= self.high[0] and self.low[1] <= y <= self.high[1]):
            return False
        for (ax, ay), (bx, by) in zip(self.points, (*self.points[1:], self.points[0]), strict=True):
            if (ay > y) != (by > y) and x < (bx - ax) * (y - ay) / (by - ay) + ax:
                inside = not inside
        return inside


def shape(name: str, pairs: Mapping[str, str], moved: Matrix) -> Shape | None:
    """An element's outline where it stands; None for what covers nothing."""
    made = tuple(_moved(point, moved) for point in _outline(name, pairs))
    if len(made) < 3:
        return None
    across, down = [x for x, _ in made], [y for _, y in made]
    return Shape(made, (min(across), min(down)), (max(across), max(down)))


def number(pairs: Mapping[str, str], name: str, default: float = 0.0) -> float:
    """An attribute's number."""
    found = _NUMBER.match(pairs.get(name, "").strip())
    return float(found[0]) if found else default


def moved_by(outer: Matrix, transform: str) -> Matrix:
    """Where an element with this transform stands inside another one."""
    for name, given in _MOVE.findall(transform):
        outer = _product(outer, _matrix(name, _numbers(given)))
    return outer


def placed(at: Point, moved: Matrix) -> Point:
    """Where a point of an element is in the picture."""
    return _moved(at, moved)


def _matrix(name: str, given: list[float]) -> Matrix:
    match name, given:
        case "matrix", [a, b, c, d, e, f]:
            return a, b, c, d, e, f
        case "translate", [x, *more]:
            return 1.0, 0.0, 0.0, 1.0, x, more[0] if more else 0.0
        case "scale", [x, *more]:
            return x, 0.0, 0.0, more[0] if more else x, 0.0, 0.0
        case "rotate", [angle, *about]:
            x, y = about[:2] if len(about) >= 2 else (0.0, 0.0)
            cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
            return cos, sin, -sin, cos, x - cos * x + sin * y, y - sin * x - cos * y
    return UNMOVED


def _product(one: Matrix, other: Matrix) -> Matrix:
    (a, b, c, d, e, f), (g, h, i, j, k, m) = one, other
    return a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f


def _moved(at: Point, by: Matrix) -> Point:
    (x, y), (a, b, c, d, e, f) = at, by
    return a * x + c * y + e, b * x + d * y + f


def _numbers(text: str) -> list[float]:
    return [float(one) for one in _NUMBER.findall(text)]


def _outline(name: str, pairs: Mapping[str, str]) -> Iterator[Point]:
    if name == "rect":
        x, y = number(pairs, "x"), number(pairs, "y")
        right, below = x + number(pairs, "width"), y + number(pairs, "height")
        yield from ((x, y), (right, y), (right, below), (x, below))
    elif name in ("circle", "ellipse"):
        x, y, radius = number(pairs, "cx"), number(pairs, "cy"), number(pairs, "r")
        wide, high = number(pairs, "rx", radius), number(pairs, "ry", radius)
        turns = (2 * math.pi * at / _SIDES for at in range(_SIDES))
        yield from ((x + wide * math.cos(turn), y + high * math.sin(turn)) for turn in turns)
    elif name == "polygon":
        given = _numbers(pairs.get("points", ""))
        yield from zip(given[::2], given[1::2], strict=False)
    elif name == "path":
        yield from _path(pairs.get("d", ""))


def _path(steps: str) -> Iterator[Point]:
    """The corners of a path; curves are cut short, but for arcs, in which labels of pies stand."""
    at = start = (0.0, 0.0)
    for letter, text in _STEP.findall(steps):
        given, kind = _numbers(text), letter.upper()
        takes = _TAKES.get(kind, 0)
        if kind == "Z":
            at = start
        for first in range(0, len(given) - takes + 1, takes) if takes else ():
            before, at = at, _end(kind, letter.islower(), at, given[first : first + takes])
            start = at if kind == "M" else start
            if kind == "A":
                yield from _arc(before, at, given[first : first + takes])
            yield at


def _end(kind: str, relative: bool, at: Point, given: list[float]) -> Point:
    x, y = at if relative else (0.0, 0.0)
    if kind == "H":
        return x + given[0], at[1]
    if kind == "V":
        return at[0], y + given[0]
    return x + given[-2], y + given[-1]


def _arc(start: Point, end: Point, given: list[float]) -> Iterator[Point]:
    """Points of a circle's arc between two others, as SVG draws it; an ellipse's is taken for a circle's."""
    radius, large, sweep = given[0], bool(given[3]), bool(given[4])
    (ax, ay), (bx, by) = start, end
    apart = math.dist(start, end)
    if not apart or not radius:
        return
    radius = max(radius, apart / 2)
    off = math.sqrt(max(0.0, radius**2 - apart**2 / 4)) * (1 if large == sweep else -1) / apart
    x, y = (ax + bx) / 2 + off * (by - ay), (ay + by) / 2 - off * (bx - ax)
    first, last = math.atan2(ay - y, ax - x), math.atan2(by - y, bx - x)
    turn = (last - first) % (2 * math.pi) - (0 if sweep else 2 * math.pi)
    for step in range(1, _SIDES):
        angle = first + turn * step / _SIDES
        yield x + radius * math.cos(angle), y + radius * math.sin(angle)
