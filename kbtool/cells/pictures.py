"""Figures side by side: elements, words, numbers and pixels of two SVGs, and in what they differ. Pure.

Ids do not count, but what they point at does. Coordinates may differ by a share of the figure's size as well, because
those beside an edge are near zero.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import unified_diff
from itertools import chain, islice
from math import isfinite
from typing import NamedTuple
from xml.parsers import expat

from kbtool.cells.pixels import other_pixels
from kbtool.cells.tolerance import EXACT, Tolerance, drift
from kbtool.patterns import regex

_POINTS_AT = regex(r"#([^)\"'\s;]+)")
_SPACE = regex(r"\s+")
_COORDINATES = frozenset("d points x y x1 y1 x2 y2 cx cy r rx ry dx dy width height viewBox".split())
_UNITS = "cimnptx%"
_PNG = "data:image/png;base64,"
_TOLD, _WORDS, _WIDE = 6, 8, 120
"""Elements that are told of, lines about words, and characters of a value."""


class _Element(NamedTuple):
    """An element, or a text or comment: its name (`#text`), attributes, and the ids of those around and of itself."""

    depth: int
    name: str
    given: tuple[tuple[str, str], ...]
    around: tuple[str, ...]

    @property
    def shape(self) -> tuple[int, str, tuple[str, ...]]:
        """What must be the same before values are compared; how often a word is written is no matter of shape."""
        return self.depth, self.name, tuple(name for name, _ in self.given)

    @property
    def spoken(self) -> str:
        """`<path> in axes_1, line2d_3`."""
        name = "a text" if self.name == "#text" else f"<{self.name}>"
        return f"{name} in {', '.join(self.around[-2:])}" if self.around else name


def other_figure(old: str, new: str, tolerance: Tolerance) -> tuple[str, ...]:
    """In what two SVGs differ, most important first; nothing where they are equal within a tolerance."""
    if old == new:
        return ()
    try:
        first, second = _read(old), _read(new)
    except (expat.ExpatError, ValueError, UnicodeEncodeError):
        return ("one of them cannot be read as SVG",)
    if [one.shape for one in first] != [one.shape for one in second]:
        return (*_other_words(first, second), *_other_elements(first, second))
    values = sorted(_other_values(first, second, tolerance), key=lambda one: one[0].name != "#text")
    more = (f"and {len(values) - _TOLD:,} more",) if len(values) > _TOLD else ()
    return (*(f"{one.spoken}{said}" for one, said in values[:_TOLD]), *more)


# ---------------------------------------------------------------- reading


class _Reader:
    """Collects what the parser reports, ids as they are written."""

    def __init__(self) -> None:
        self.elements: list[_Element] = []
        self._names: list[str] = []
        self._ids: list[str] = []
        self._dropped = 0

    def start(self, name: str, pairs: dict[str, str]) -> None:
        self._names.append(name)
        self._ids.append(pairs.pop("id", ""))
        if self._dropped or name == "metadata":
            self._dropped += 1
            return
        given = tuple(sorted(chain.from_iterable(_split(*pair) for pair in pairs.items())))
        self._add(name, given)

    def end(self, _: str) -> None:
        self._dropped -= bool(self._dropped)
        self._names.pop()
        self._ids.pop()

    def text(self, data: str) -> None:
        """A text; matplotlib writes as a comment what it draws as shapes of letters."""
        words = _SPACE.sub(" ", data).strip()
        if words and not self._dropped:
            self._add("#text", (("", words),))

    def _add(self, name: str, given: tuple[tuple[str, str], ...]) -> None:
        around = tuple(filter(None, self._ids))
        self.elements.append(_Element(len(self._names) + (name == "#text"), name, given, around))


def _split(name: str, value: str) -> Iterator[tuple[str, str]]:
    """An attribute; of a style its declarations, of a transform its functions."""
    if name == "style":
        for part in value.split(";"):
            key, _, inner = part.partition(":")
            if key.strip():
                yield f"style {key.strip()}", inner.strip()
    elif name == "transform":
        for number, part in enumerate(value.split(")")):
            key, _, inner = part.partition("(")
            if key.strip():
                yield f"transform {number} {key.strip()}", inner.strip()
    else:
        yield name, value


def _read(svg: str) -> tuple[_Element, ...]:
    """An SVG's elements, whose ids are numbers in the order in which they are given."""
    known: dict[str, str] = {}
    reader = _Reader()

    def start(name: str, pairs: dict[str, str]) -> None:
        if "id" in pairs:
            known.setdefault(pairs["id"], f"id{len(known)}")
        reader.start(name, pairs)

    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.CommentHandler = reader.text
    parser.EntityDeclHandler = _refuse_entity
    parser.Parse(svg.encode("utf-8"), True)
    return tuple(one._replace(given=_renamed(one.given, known)) for one in reader.elements)


def _refuse_entity(*_: object) -> None:
    raise ValueError("an entity is declared")


def _renamed(given: tuple[tuple[str, str], ...], known: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    def name(found: re.Match[str]) -> str:
        return f"#{known.get(found[1], found[1])}"

    return tuple((key, value if _PNG in value[:30] or not key else _POINTS_AT.sub(name, value)) for key, value in given)


# ---------------------------------------------------------------- differences


def _other_words(old: Sequence[_Element], new: Sequence[_Element]) -> Iterator[str]:
    """What is written in one and not in the other, as a diff."""
    before, after = ([one.given[0][1] for one in each if one.name == "#text"] for each in (old, new))
    found = (
        line for line in unified_diff(before, after, lineterm="", n=0) if not line.startswith(("---", "+++", "@@"))
    )
    lines = list(islice(found, _WORDS + 1))
    yield from (_cut(line) for line in lines[:_WORDS])
    if len(lines) > _WORDS:
        yield "…"


def _other_elements(old: Sequence[_Element], new: Sequence[_Element]) -> Iterator[str]:
    """How many elements there are of each kind, where that is another number; else where the first other one stands."""
    counts = [_counted(each) for each in (old, new)]
    other = [name for name in sorted(counts[0].keys() | counts[1].keys()) if counts[0].get(name) != counts[1].get(name)]
    for name in other[:_TOLD]:
        yield f"<{name}>: {counts[0].get(name, 0):,} → {counts[1].get(name, 0):,}"
    if not other:
        pairs = zip(old, new, strict=False)
        first, second = next(((a, b) for a, b in pairs if a.shape != b.shape), (old[-1], new[-1]))
        yield f"{first.spoken} → {second.spoken}, or its attributes"


def _counted(elements: Iterable[_Element]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for one in elements:
        if one.name != "#text":
            counts[one.name] = counts.get(one.name, 0) + 1
    return counts


def _other_values(
    old: Sequence[_Element], new: Sequence[_Element], tolerance: Tolerance
) -> Iterator[tuple[_Element, str]]:
    """Each element with another value, and how that was and is."""
    near = _near_the_edge(old[0], tolerance)
    for one, other in zip(old, new, strict=True):
        for (name, a), (_, b) in zip(one.given, other.given, strict=True):
            told = "" if a == b else _other_value((name, a, b), near if _is_coordinate(name) else tolerance)
            if told:
                yield one, f"{f', {name}' if name else ''}: {told}"
                break


def _near_the_edge(root: _Element, tolerance: Tolerance) -> Tolerance:
    """The tolerance of coordinates: a share of the figure's size is enough, whatever the number's own is."""
    given = dict(root.given)
    box = given["viewBox"].replace(",", " ").split()[2:] if "viewBox" in given else []
    sides = box or [given.get(name, "").rstrip(_UNITS) for name in ("width", "height")]
    try:
        size = max(map(float, sides))
    except ValueError:
        size = 0.0
    floor = tolerance.relative * size
    return (
        tolerance
        if tolerance == EXACT or not isfinite(floor)
        else tolerance._replace(floor=max(tolerance.floor, floor))
    )


def _is_coordinate(name: str) -> bool:
    return name in _COORDINATES or (name.startswith("transform ") and name.endswith(" translate"))


def _other_value(said: tuple[str, str, str], tolerance: Tolerance) -> str:
    name, old, new = said
    if name.endswith("href") and old.startswith(_PNG) and new.startswith(_PNG):
        first, second = ("".join(one[len(_PNG) :].split()) for one in (old, new))
        return other_pixels(first, second, tolerance)
    found = drift(old, new, tolerance)
    if found is None:
        return f"{_cut(old)} → {_cut(new)}"
    if not found.others:
        return ""
    rest = f"; {found.others:,} numbers differ, this one most" if found.others > 1 else ""
    return f"number {found.at:,}: {found.old} → {found.new}{rest}"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _WIDE else line[: _WIDE - 1] + "…"
