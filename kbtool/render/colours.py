"""Colours as SVG writes them, and how well one is seen on another."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from kbtool.patterns import regex

Colour = tuple[float, float, float]

BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
# Paper and ink of the dark theme (page.css has the same).
DARK_PAPER, DARK_INK = (0.090, 0.102, 0.129), (0.875, 0.886, 0.918)
# What a text needs to be read by most people (WCAG 2, AA).
READABLE = 4.5
# A colour whose parts differ less than this is a grey: ink, paper or grid, to be turned over in the dark.
_GREY = 0.12
_HEX = regex(r"#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})\Z")
_CALL = regex(r"(rgb|hsl)a?\(\s*([0-9.]+)(%?)[\s,]+([0-9.]+)(%?)[\s,]+([0-9.]+)(%?)(?:[\s,/]+([0-9.]+))?\s*\)\Z")
# The names that people give to nodes; others stay as they are.
_NAMED: Mapping[str, str] = dict(
    pair.split("=", 1)
    for pair in (
        "black=#000 white=#fff gray=#808080 grey=#808080 silver=#c0c0c0 red=#f00 green=#008000 blue=#00f yellow=#ff0 "
        "orange=#ffa500 pink=#ffc0cb lime=#0f0 purple=#800080 cyan=#0ff magenta=#f0f navy=#000080 teal=#008080 "
        "lightblue=#add8e6 lightgreen=#90ee90 lightgrey=#d3d3d3 lightgray=#d3d3d3 lightyellow=#ffffe0 "
        "lightpink=#ffb6c1 gold=#ffd700 brown=#a52a2a maroon=#800000"
    ).split()
)


class Paint(NamedTuple):
    """A colour and how much it covers what is beneath."""

    colour: Colour
    share: float = 1.0


def read(value: str) -> Paint | None:
    """What a value says; None for no colour, or for one that is written in another way."""
    value = value.strip().lower()
    value = _NAMED.get(value, value)
    if m := _HEX.match(value):
        digits = m[1] if len(m[1]) == 6 else "".join(d + d for d in m[1])
        return Paint((int(digits[:2], 16) / 255, int(digits[2:4], 16) / 255, int(digits[4:], 16) / 255))
    return _called(*m.groups()) if (m := _CALL.match(value)) else None


def _called(name: str, *given: str | None) -> Paint | None:
    try:
        first, second, third = (float(given[at] or "") for at in (0, 2, 4))
        share = min(1.0, float(given[6] or "1"))
    except ValueError:
        return None
    if name == "hsl":
        return Paint(colorsys.hls_to_rgb(first / 360 % 1, min(1.0, third / 100), min(1.0, second / 100)), share)
    scale = 100 if given[1] else 255
    return Paint((min(1.0, first / scale), min(1.0, second / scale), min(1.0, third / scale)), share)


def written(colour: Colour) -> str:
    """As six digits."""
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def is_grey(colour: Colour) -> bool:
    """Whether it is ink, paper, or something between."""
    return max(colour) - min(colour) < _GREY


def mixed(start: Colour, end: Colour, share: float) -> Colour:
    """The first colour with a share of the second."""
    red, green, blue = (a + (b - a) * share for a, b in zip(start, end, strict=True))
    return red, green, blue


def luminance(colour: Colour) -> float:
    """Relative luminance as WCAG 2 defines it."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    """From 1, where they cannot be told apart, to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def readable(wanted: Colour, grounds: Iterable[Colour]) -> Colour:
    """A text's colour where it can be read on all it stands on, else the first ink that can be, else the best one."""
    grounds = tuple(grounds)

    def worst(ink: Colour) -> float:
        return min((contrast(ink, ground) for ground in grounds), default=READABLE)

    inks = (wanted, DARK_INK, DARK_PAPER, WHITE, BLACK)
    return next((ink for ink in inks if worst(ink) >= READABLE), max(inks, key=worst))
