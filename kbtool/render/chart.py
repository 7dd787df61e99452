"""A curve as small charts: a few lines of SVG in the colours of the page, one chart for numbers of one kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby

from kbtool.render.curves import Curve, Series
from kbtool.render.html import element, escape

_WIDTH, _HEIGHT = 320, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 14, 24, 32  # margins
_POINTS = 400  # of one line; of more only the extremes of each stretch are drawn
_CHARTS, _LINES = 6, 5
_TICKS = 4


def charts_html(curve: Curve) -> str:
    """The charts of a curve; what belongs together by its last word (`loss`, `val_loss`) shares one."""
    ordered = sorted(curve.series, key=lambda one: _kind(one.name))
    groups = [list(group) for _, group in groupby(ordered, lambda one: _kind(one.name))]
    groups.sort(key=lambda group: curve.series.index(group[0]))
    shown = "".join(_chart(curve, group[:_LINES]) for group in groups[:_CHARTS])
    return element("div", {"class": "kb-curves"}, shown)


def _kind(name: str) -> str:
    return name.replace("_", " ").replace("/", " ").replace(".", " ").split()[-1].lower()


def _chart(curve: Curve, group: Sequence[Series]) -> str:
    finite = [value for one in group for value in one.values if math.isfinite(value)]
    across = _Axis((min(curve.steps), max(curve.steps)), (_LEFT, _WIDTH - _RIGHT))
    up = _Axis((min(finite), max(finite)), (_HEIGHT - _BOTTOM, _TOP))
    lines = "".join(_line(i, path) for i, one in enumerate(group) for path in _paths(curve, one, (across, up)))
    content = element("title", {}, escape(_said(curve, group), quote=False)) + _grid(across, up) + lines
    content += _names(group) + _text((_WIDTH - _RIGHT, _HEIGHT - 4), curve.step, "end")
    return element("svg", {"class": "kb-curve", "viewBox": f"0 0 {_WIDTH} {_HEIGHT}", "role": "img"}, content)


def _said(curve: Curve, group: Sequence[Series]) -> str:
    """What the chart shows, in words."""
    span = f"{curve.step} {_number(curve.steps[0])}…{_number(curve.steps[-1])}"
    parts = []
    for one in group:
        finite = [value for value in one.values if math.isfinite(value)]
        ends = f"{_number(one.values[0])} → {_number(one.values[-1])}"
        parts.append(f"{one.name}: {ends} (min {_number(min(finite))}, max {_number(max(finite))})")
    return "; ".join([*parts, span])


# ---------------------------------------------------------------- axes


class _Axis:
    """Where a number stands between two ends of the picture."""

    __slots__ = ("ends", "high", "low")

    def __init__(self, numbers: tuple[float, float], ends: tuple[int, int]) -> None:
        self.low, self.high = numbers
        self.ends = ends

    def place(self, number: float) -> float:
        """In pixels."""
        start, end = self.ends
        # Halves, because the difference of two large numbers may be none.
        share = (number / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return start + (end - start) * share

    def ticks(self) -> list[float]:
        """Some round numbers."""
        rough = (self.high / _TICKS) - (self.low / _TICKS)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= rough * 0.999)
        first = math.ceil(self.low / step - 1e-9)
        found = (first + i for i in range(_TICKS + 2))
        return [number * step for number in found if number * step <= self.high + step * 1e-9]


def _grid(across: _Axis, up: _Axis) -> str:
    bottom = _HEIGHT - _BOTTOM
    parts = [_rule((_LEFT, bottom), (_WIDTH - _RIGHT, bottom), "kb-curve__axis")]
    for tick in up.ticks():
        y = up.place(tick)
        parts += (
            _rule((_LEFT, y), (_WIDTH - _RIGHT, y), "kb-curve__grid"),
            _text((_LEFT - 5, y + 3.5), _number(tick), "end"),
        )
    for tick in across.ticks():
        x = across.place(tick)
        parts += (
            _rule((x, bottom), (x, bottom + 3), "kb-curve__axis"),
            _text((x, bottom + 14), _number(tick), "middle"),
        )
    return "".join(parts)


def _rule(start: tuple[float, float], end: tuple[float, float], css: str) -> str:
    (x1, y1), (x2, y2) = start, end
    return element("line", {"class": css, "x1": f"{x1:g}", "y1": f"{y1:.1f}", "x2": f"{x2:.1f}", "y2": f"{y2:.1f}"}, "")


def _text(place: tuple[float, float], text: str, anchor: str) -> str:
    x, y = place
    return element("text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}, escape(text, quote=False))


def _number(value: float) -> str:
    return f"{value:.4g}" if abs(value) < 1 or value != int(value) or abs(value) >= 1e6 else str(int(value))


# ---------------------------------------------------------------- lines


def _names(group: Sequence[Series]) -> str:
    spans = (
        element("tspan", {"class": f"kb-curve__name kb-curve__name--{i}", "dx": "10" if i else None}, escape(one.name))
        for i, one in enumerate(group)
    )
    return element("text", {"x": str(_LEFT), "y": "14"}, "".join(spans))


def _line(number: int, path: str) -> str:
    return element("polyline", {"class": f"kb-curve__line kb-curve__line--{number}", "points": path}, "")


def _paths(curve: Curve, one: Series, axes: tuple[_Axis, _Axis]) -> Iterator[str]:
    """The points of a line, which is broken where there is no number."""
    across, up = axes
    pairs = _thinned(list(zip(curve.steps, one.values, strict=True)))
    for finite, points in groupby(pairs, lambda pair: math.isfinite(pair[1])):
        if finite:
            yield " ".join(f"{across.place(x):.1f},{up.place(y):.1f}" for x, y in points)


def _thinned(pairs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """So many points that they can be told apart: of each stretch the first, the last, the least and the greatest."""
    if len(pairs) <= _POINTS:
        return list(pairs)
    size = math.ceil(len(pairs) * 4 / _POINTS)
    found: list[tuple[float, float]] = []
    for start in range(0, len(pairs), size):
        piece = pairs[start : start + size]
        low, high = min(piece, key=lambda pair: pair[1]), max(piece, key=lambda pair: pair[1])
        found += dict.fromkeys(sorted((piece[0], low, high, piece[-1])))
    return found
