"""Figures: SVG made harmless, and a second one for the dark theme.

A figure is untrusted like any output: it is read by an XML parser without entities and written anew from an allow-list.
It stands on the site as a file, never inside a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from xml.parsers import expat

from kbtool.outcomes import Output
from kbtool.patterns import regex
from kbtool.render.colours import DARK_INK, DARK_PAPER, WHITE, Colour, is_grey, luminance, mixed, read, written
from kbtool.rich import ARRAY, PNG, SVG, TABLE, read_picture

_ELEMENTS = frozenset(
    "svg g defs path use text tspan rect circle ellipse line polyline polygon clipPath mask linearGradient "
    "radialGradient stop pattern image symbol marker style title desc".split()
)
_COLOURED = frozenset({"fill", "stroke", "stop-color", "color"})
# What a stylesheet would need to reach another file; the escape hides such words.
_REACHING = ("@", "url(", "\\", "expression", "<")
_IMAGE = regex(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*\Z")
_LENGTH = regex(r"\s*([0-9.]+)\s*(pt|px|in|cm|mm)?\s*\Z")
_PIXELS: Mapping[str | None, float] = {"pt": 4 / 3, "px": 1.0, "in": 96.0, "cm": 96 / 2.54, "mm": 96 / 25.4, None: 1.0}
# The least luminance that a line needs on the dark theme's paper for 4 : 1.
_DARK_LINE = 0.20

# CSS pixels that a picture made of pixels is wide at most: figures are drawn for that.
_WIDEST = 640

Recolour = Callable[[str, str], str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure ready to be a file; `dark` is empty where the light one serves both themes. Sizes in CSS pixels.

    `light` is empty when the SVG could not be read.
    """

    name: str
    light: str
    dark: str
    width: int
    height: int


def figure(svg: str) -> Figure:
    """A cell's SVG as files, named by its content."""
    name = hashlib.blake2b(svg.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
    try:
        light, size, draws = _rewritten(svg, lambda _, value: value)
        dark = _rewritten(svg, darkened)[0] if draws else light
    except (expat.ExpatError, ValueError, UnicodeEncodeError):
        return Figure(name, "", "", 0, 0)
    return Figure(name, light, "" if dark == light else dark, *size)


def recoloured(svg: str, change: Recolour) -> str:
    """A figure's SVG in other colours."""
    return _rewritten(svg, change)[0]


def picture_of(output: Output) -> str:
    """What an output shows as a picture, as SVG, which may hold pixels; empty where it shows none."""
    data = dict(output.data)
    if output.kind == "figure" and output.text:
        return output.text
    if output.kind not in ("figure", "value") or TABLE in data or ARRAY in data:
        return ""
    return data.get(SVG) or pixels_as_svg(data.get(PNG, ""))


def pixels_as_svg(png: str) -> str:
    """An SVG that shows a PNG, as base64, and nothing else; nothing where that is none."""
    found = read_picture(png)
    if found is None:
        return ""
    width = min(found.width, _WIDEST)
    size = f'width="{width}" height="{round(found.height * width / found.width)}"'
    image = f'<image {size} href="data:image/png;base64,{found.data}"/>'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{image}</svg>'


# ---------------------------------------------------------------- reading and writing


class _Writer:
    """Writes the allowed part of what the parser reports."""

    def __init__(self, recolour: Recolour) -> None:
        self.out: list[str] = []
        self.size = (0, 0)
        self.draws = False  # something but pixels
        self._recolour = recolour
        self._dropped = 0
        self._style: list[str] | None = None

    def start(self, name: str, pairs: dict[str, str]) -> None:
        if self._dropped or name not in _ELEMENTS or (not self.out and name != "svg"):
            self._dropped += 1
            return
        if not self.out:
            self.size = _size(pairs)
            pairs = _root(pairs)
        self.draws = self.draws or name not in ("svg", "image")
        self._style = [] if name == "style" else None
        self.out.append(f"<{name}{self._attributes(pairs)}>")

    def end(self, name: str) -> None:
        if self._dropped:
            self._dropped -= 1
            return
        if self._style is not None:
            self.out.append(escape(_harmless("".join(self._style)), quote=False))
            self._style = None
        self.out.append(f"</{name}>")

    def text(self, data: str) -> None:
        if self._dropped or not self.out:
            return
        if self._style is not None:
            self._style.append(data)
        else:
            self.out.append(escape(data, quote=False))

    def _attributes(self, pairs: dict[str, str]) -> str:
        kept = ((name, _attribute(name, value, self._recolour)) for name, value in pairs.items())
        return "".join(f' {name}="{escape(value)}"' for name, value in kept if value)


def _rewritten(svg: str, recolour: Recolour) -> tuple[str, tuple[int, int], bool]:
    """The harmless part of an SVG, its size, and whether it draws anything but pixels."""
    writer = _Writer(recolour)
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = writer.start
    parser.EndElementHandler = writer.end
    parser.CharacterDataHandler = writer.text
    parser.EntityDeclHandler = _refuse_entity
    parser.Parse(svg.encode("utf-8"), True)
    if not writer.out:
        raise ValueError("no svg element")
    return "".join(writer.out) + "\n", writer.size, writer.draws


def _refuse_entity(*_: object) -> None:
    raise ValueError("an entity is declared")


def _root(pairs: dict[str, str]) -> dict[str, str]:
    """The root's attributes: our namespaces, its size, and black for shapes that name no colour."""
    kept = {name: value for name, value in pairs.items() if name in ("width", "height", "viewBox", "version")}
    spaces = {"xmlns": "http://www.w3.org/2000/svg", "xmlns:xlink": "http://www.w3.org/1999/xlink"}
    return {**spaces, **kept, "fill": "#000000"}


def _attribute(name: str, value: str, recolour: Recolour) -> str:
    if name in ("xmlns", "xmlns:xlink"):
        return value
    if name.startswith(("on", "xml")) or (":" in name and name != "xlink:href"):
        return ""
    if name in ("href", "xlink:href"):
        return value if value.startswith("#") or _IMAGE.match(value) else ""
    if name == "style":
        return _declarations(value, recolour)
    return _value(name, value, recolour)


def _declarations(style: str, recolour: Recolour) -> str:
    pairs = (part.partition(":") for part in style.split(";") if ":" in part)
    kept = ((name.strip(), _value(name.strip(), value.strip(), recolour)) for name, _, value in pairs)
    return "; ".join(f"{name}: {value}" for name, value in kept if value)


def _value(name: str, value: str, recolour: Recolour) -> str:
    local = value.replace("url(#", "")
    if any(word in local.lower() for word in _REACHING):
        return ""
    return recolour(name, value) if name in _COLOURED else value


def _harmless(stylesheet: str) -> str:
    return "" if any(word in stylesheet.lower() for word in _REACHING) else stylesheet


def _size(pairs: Mapping[str, str]) -> tuple[int, int]:
    """Width and height of a picture; what fills all the room there is has the size of its own coordinates."""
    sizes = _pixels(pairs.get("width", "")), _pixels(pairs.get("height", ""))
    box = pairs.get("viewBox", "").replace(",", " ").split()
    return sizes if all(sizes) or len(box) != 4 else (_pixels(box[2]), _pixels(box[3]))


def _pixels(length: str) -> int:
    m = _LENGTH.match(length)
    return round(min(float(m[1]), 20_000) * _PIXELS[m[2]]) if m and m[1].count(".") < 2 and m[1] != "." else 0


# ---------------------------------------------------------------- dark


def darkened(name: str, value: str) -> str:
    """A colour in the dark; what is written as no colour stays."""
    paint = read(value)
    return written(_dark_colour(name, paint.colour)) if paint and paint.share == 1.0 else value


def _dark_colour(name: str, colour: Colour) -> Colour:
    """Greys turn over, so that ink on paper stays ink on paper; too dark lines are lifted; areas keep their colour."""
    if is_grey(colour):
        return mixed(DARK_INK, DARK_PAPER, sum(colour) / 3)
    if name == "stroke":
        steps = (mixed(colour, WHITE, i / 20) for i in range(20))
        return next(one for one in steps if luminance(one) >= _DARK_LINE)
    return colour
