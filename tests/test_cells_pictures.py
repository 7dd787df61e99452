"""Figures side by side: what of an SVG counts, how near its numbers must be, and what is said of a difference."""

from __future__ import annotations

import base64
import io
import sys

import pytest

from kbtool.cells.pictures import other_figure
from kbtool.cells.pixels import other_pixels
from kbtool.cells.tolerance import EXACT, Tolerance

NEAR = Tolerance(1e-3, 1e-12)


def svg(body: str, box: str = "0 0 400 300") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}">{body}</svg>'


def same(old: str, new: str, tolerance: Tolerance = NEAR) -> bool:
    found = other_figure(svg(old), svg(new), tolerance), other_figure(svg(new), svg(old), tolerance)
    assert bool(found[0]) is bool(found[1])
    return not found[0]


def clipped(ident: str, width: int, colour: str = "abc") -> str:
    clip, use = f'<clipPath id="{ident}"><rect width="{width}"/></clipPath>', f'<use href="#{ident}"/>'
    return f'{clip}<g clip-path="url(#{ident})" fill="#{colour}"/>{use}'


def test_ids_do_not_count_and_what_they_point_at_does() -> None:
    assert same(clipped("p1", 5), clipped("q-2.3", 5), EXACT)
    assert not same(clipped("p1", 5), clipped("p1", 6), EXACT)
    assert not same(clipped("p1", 5), clipped("p1", 5, "abd"), EXACT)
    assert not same('<g id="a"/><g id="b"/><use href="#a"/>', '<g id="a"/><g id="b"/><use href="#b"/>', EXACT)


@pytest.mark.parametrize(
    ("old", "new", "equal"),
    [
        ('<path d="M 0 0 L 100 100"/>', '<path d="M 0 0 L 100.3 100"/>', True),
        ('<path d="M 0 0 L 100 100"/>', '<path d="M 0 0 L 101 100"/>', False),
        ('<path d="M 0 0 L 100 100"/>', '<path d="M -1e-14 0 L 100 100"/>', True),
        ('<path d="M 0 0 L 100 100"/>', '<path d="M 0 0 C 100 100"/>', False),
        ('<path d="M 0 0 L 100 100"/>', '<path d="M 0 0 L 100 100 200 200"/>', False),
        ('<g transform="translate(0 5) scale(0.1)"/>', '<g transform="translate(0.3 5) scale(0.1)"/>', True),
        ('<g transform="translate(0 5) scale(0.1)"/>', '<g transform="translate(0 5) scale(0.2)"/>', False),
        ('<g style="fill: #ff0000; opacity: 0.5"/>', '<g style="opacity:0.5;fill:#ff0000"/>', True),
        ('<g style="opacity: 0.5"/>', '<g style="opacity: 0.6"/>', False),
        ('<g style="opacity: 0.5"/>', '<g style="opacity: 0.5001"/>', True),
        ('<g fill="#100000"/>', '<g fill="#100001"/>', False),
        ('<g stroke-width="0.1"/>', '<g stroke-width="0.3"/>', False),
        ("<text>loss 0.5</text>", "<text>loss  0.5</text>", True),
        ("<text>loss 0.5</text>", "<text>cost 0.5</text>", False),
        ("<text>loss 0.5</text>", "<text>loss 0.6</text>", False),
        ("<!-- loss --><g/>", "<!-- cost --><g/>", False),
        ("<metadata><a>1</a></metadata><g/>", "<metadata><a>2</a><b/></metadata><g/>", True),
        ("<g/>", "\n<g>\n</g>\n", True),
        ("<g/>", "<g/><g/>", False),
        ("<g><g/></g>", "<g/><g/>", False),
        ('<g fill="red"/>', '<g stroke="red"/>', False),
        ('<path d="M 1e999 0"/>', '<path d="M -1e999 0"/>', False),
    ],
)
def test_what_counts(old: str, new: str, equal: bool) -> None:
    assert same(old, new) is equal


def test_without_a_tolerance_every_digit_counts() -> None:
    assert same('<path d="M 0 0"/>', '<path d="M 0.0 0"/>', EXACT)
    assert not same('<path d="M 0 0"/>', '<path d="M 1e-14 0"/>', EXACT)


def test_what_differs_is_named() -> None:
    old = svg('<g id="axes_1"><g id="line2d_3"><path d="M 1 2 L 3 4"/></g></g>')
    assert other_figure(old, old.replace("3 4", "30 9"), NEAR) == (
        "<path> in axes_1, line2d_3, d: number 3: 3 → 30; 2 numbers differ, this one most",
    )
    assert other_figure(svg("<text>a</text>"), svg("<text>b</text>"), NEAR) == ("a text: a → b",)
    assert other_figure(svg("<text>a</text>"), svg("<g/><text>b</text>"), NEAR) == ("-a", "+b", "<g>: 0 → 1")
    assert other_figure(svg("<g><g/></g>"), svg("<g/><g/>"), NEAR) == ("<g> → <g>, or its attributes",)


def test_of_many_differences_some_are_told() -> None:
    old, new = ("".join(f'<rect x="{i + by}"/>' for i in range(100)) for by in (0, 50))
    found = other_figure(svg(old), svg(new), NEAR)
    assert (len(found), found[-1]) == (7, "and 94 more")


@pytest.mark.parametrize("broken", ["", "<svg", "<!DOCTYPE a [<!ENTITY b 'c'>]><svg>&b;</svg>", "\udcff", "sha256 1"])
def test_what_is_no_svg_is_another_one(broken: str) -> None:
    assert other_figure(broken, svg("<g/>"), NEAR) == ("one of them cannot be read as SVG",)
    assert other_figure(broken, broken, NEAR) == ()


# ---------------------------------------------------------------- pixels


def png(dots: dict[tuple[int, int], tuple[int, ...]], mode: str = "RGB", level: int = 6) -> str:
    from PIL import Image

    image = Image.new(mode, (40, 30), (100,) * len(mode))
    for place, colour in dots.items():
        image.putpixel(place, colour)
    file = io.BytesIO()
    image.save(file, "PNG", compress_level=level)
    return base64.b64encode(file.getvalue()).decode()


GREY = png({})


def test_pixels_count_and_not_the_bytes() -> None:
    assert png({}, level=0) != GREY
    assert other_pixels(GREY, png({}, level=0), EXACT) == ""
    assert other_pixels(GREY, png({(1, 2): (100, 100, 101)}), EXACT) == (
        "1 of 1,200 pixels differ, by at most 1 of 255 (0.000208 on the mean), between (1, 2) and (1, 2)"
    )


@pytest.mark.parametrize(
    ("dots", "equal"),
    [
        ({(x, y): (101, 101, 101) for x in range(40) for y in range(30)}, True),  # a level is rounding
        ({(1, 1): (103, 100, 100)}, True),
        ({(1, 1): (110, 100, 100)}, False),
        ({(x, y): (103, 103, 103) for x in range(40) for y in range(30)}, False),
    ],
)
def test_levels_within_a_tolerance(dots: dict[tuple[int, int], tuple[int, ...]], equal: bool) -> None:
    assert (other_pixels(GREY, png(dots), NEAR) == "") is equal


def test_what_is_transparent_has_no_colour() -> None:
    old, new = png({(1, 1): (9, 9, 9, 0)}, "RGBA"), png({(1, 1): (200, 0, 0, 0)}, "RGBA")
    assert other_pixels(old, new, EXACT) == ""
    assert other_pixels(old, png({(1, 1): (9, 9, 9, 255)}, "RGBA"), NEAR) != ""


def test_pictures_of_other_sizes_and_broken_ones() -> None:
    from tests.demo import png as red

    one, other = (base64.b64encode(red(*size)).decode() for size in ((3, 2), (3, 3)))
    assert other_pixels(one, other, NEAR) == "3 × 2 pixels → 3 × 3 pixels"
    broken = base64.b64encode(red(3, 2)[:45]).decode()
    assert other_pixels(one, broken, NEAR) == "a PNG that cannot be decoded, and other bytes"
    assert other_pixels(broken, broken, NEAR) == ""
    first, second = (base64.b64encode(red(3, 2)[:16] + b"\0\0\x75\x30" * 2 + bytes([n])).decode() for n in (1, 2))
    assert other_pixels(first, second, NEAR) == "too many pixels to compare, and other bytes"


def test_without_pillow_it_is_said_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL.PngImagePlugin", None)
    assert "without Pillow (pip install pillow)" in other_pixels(GREY, png({}, level=0), NEAR)
    assert other_pixels(GREY, GREY, NEAR) == ""


def test_pixels_inside_a_figure_are_compared_as_such() -> None:
    def image(data: str) -> str:
        return f'<image xlink:href="data:image/png;base64,\n{data}" x="5"/>'

    assert same(image(GREY), image(png({}, level=0)), EXACT)
    assert not same(image(GREY), image(png({(1, 1): (0, 0, 0)})))
