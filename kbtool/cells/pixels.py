"""Pictures made of pixels, side by side: decoded with Pillow, which comes with matplotlib. Pure."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, NamedTuple

from kbtool.cells.tolerance import EXACT, Tolerance
from kbtool.rich import read_picture

if TYPE_CHECKING:
    from PIL import Image

_MOST = 50_000_000
"""Pixels of a picture that is decoded: so many take 200 MB."""
_WHITE = 255
_STEEP = 10
"""A single channel may differ so many times as much as all do on the mean: edges move by fractions of a pixel."""


class _Measured(NamedTuple):
    """How far two pictures of one size are apart: pixels that differ too much and their box; most, and on the mean."""

    pixels: int
    box: tuple[int, int, int, int] | None
    most: int
    mean: float


def other_pixels(old: str, new: str, tolerance: Tolerance) -> str:
    """How two PNGs, as base64, differ in what they show; nothing where they are equal within a tolerance.

    Channels may then differ by 255 times the tolerance on the mean, and each by ten times that and one level more.
    """
    if old == new:
        return ""
    sizes = [(one.width, one.height) if one else (0, 0) for one in map(read_picture, (old, new))]
    if sizes[0] != sizes[1]:
        return " → ".join(f"{width:,} × {height:,} pixels" for width, height in sizes)
    if sizes[0][0] * sizes[0][1] > _MOST:
        return "too many pixels to compare, and other bytes"
    try:
        first, second = _decoded(old), _decoded(new)
    except ImportError:
        return "other bytes; whether it looks otherwise cannot be said without Pillow (pip install pillow)"
    except (OSError, ValueError, SyntaxError):  # of a broken file Pillow says the last
        return "a PNG that cannot be decoded, and other bytes"
    return _told(first, second, tolerance)


def _decoded(png: str) -> Image.Image:
    """The picture with its colours times their opacity, so that what is transparent has none."""
    from PIL.PngImagePlugin import PngImageFile

    with PngImageFile(io.BytesIO(base64.b64decode(png))) as image:
        return image.convert("RGBA").convert("RGBa")


def _told(old: Image.Image, new: Image.Image, tolerance: Tolerance) -> str:
    exact = tolerance == EXACT
    mean = _WHITE * tolerance.relative
    allowed = 0 if exact else 1 + int(_STEEP * mean)
    found = _measured(old, new, allowed)
    if not found.most or (not exact and found.most <= allowed and (found.most == 1 or found.mean <= mean)):
        return ""
    total = old.width * old.height
    text = f"{found.pixels:,} of {total:,} pixels differ, by at most {found.most} of 255 ({found.mean:.3g} on the mean)"
    if found.box is None:
        return f"pixels differ by {found.mean:.3g} of 255 on the mean, and none by more than {found.most}"
    left, top, right, bottom = found.box
    return f"{text}, between ({left}, {top}) and ({right - 1}, {bottom - 1})"


def _measured(old: Image.Image, new: Image.Image, allowed: int) -> _Measured:
    from PIL import ImageChops

    bands = ImageChops.difference(old, new).split()
    worst = bands[0]
    for band in bands[1:]:
        worst = ImageChops.lighter(worst, band)
    levels = worst.histogram()
    most = max(level for level in range(256) if levels[level])
    total = sum(level * count for band in bands for level, count in enumerate(band.histogram()))
    marked = worst.point([_WHITE if level > allowed else 0 for level in range(256)])
    return _Measured(sum(levels[allowed + 1 :]), marked.getbbox(), most, total / (len(bands) * old.width * old.height))
