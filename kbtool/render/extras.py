"""What some blocks have besides their text: numbers, colours, answers, hours, a place in a PDF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from colorsys import rgb_to_hls
from itertools import takewhile
from string import hexdigits

from kbtool.graph import ToAsset
from kbtool.render import urls
from kbtool.render.context import Scope
from kbtool.render.html import element, escape, void
from kbtool.syntax.tree import (
    Block,
    Container,
    Emphasis,
    FootnoteText,
    Inline,
    PageLink,
    Part,
    Prose,
    Quote,
    Table,
    Tag,
)
from kbtool.tasks import clocked

_TINTS = frozenset("yellow red pink green blue purple gray".split())
# Names that authors give besides Logseq's, by the nearest of these.
_NAMES: Mapping[str, str] = {
    **dict.fromkeys(("orange", "gold", "khaki", "beige", "brown"), "yellow"),
    **dict.fromkeys(("crimson", "maroon", "tomato", "coral", "salmon"), "red"),
    **dict.fromkeys(("magenta", "fuchsia", "hotpink", "lightpink"), "pink"),
    **dict.fromkeys(("lime", "olive", "teal", "lightgreen", "darkgreen"), "green"),
    **dict.fromkeys(("cyan", "aqua", "navy", "lightblue", "darkblue", "skyblue"), "blue"),
    **dict.fromkeys(("violet", "indigo", "lavender", "plum", "orchid"), "purple"),
    **dict.fromkeys(("grey", "black", "silver", "lightgray", "lightgrey", "darkgray"), "gray"),
}
# Where each tint ends on the circle of hues, in degrees.
_HUES = ((22, "red"), (70, "yellow"), (170, "green"), (250, "blue"), (295, "purple"), (342, "pink"), (360, "red"))
_GRAY = 0.15
"""A colour with less saturation than that has no hue."""


def value(block: Block, key: str) -> str:
    """The text of a block's property, empty without one."""
    return next((prop.text for prop in reversed(block.properties) if prop.key == key and not prop.ignored), "")


def is_numbered(block: Block) -> bool:
    """Whether a block has a number instead of its bullet."""
    return value(block, "logseq.order-list-type") == "number"


def is_card(block: Block) -> bool:
    """Whether a block is a flash card, whose children are the answer."""
    first = block.parts[:1]
    return any(isinstance(node, Tag | PageLink) and node.name.lower() == "card" for node in inlines(first))


def tint(block: Block) -> dict[str, str | None]:
    """The colour behind a block or of a highlight: the nearest of our own tints, which suit light and dark alike.

    An author's own colour would need a style in the page, which a strict content security policy forbids.
    """
    colour = (value(block, "background-color") or value(block, "hl-color")).strip().lower()
    named = colour if colour in _TINTS else _NAMES.get(colour)
    found = named or _nearest(_rgb(colour))
    return {"data-tint": found} if found else {}


def _rgb(colour: str) -> tuple[int, ...]:
    """A CSS colour's red, green and blue, empty for anything else."""
    if colour.startswith("#") and len(colour) in (4, 5, 7, 9) and set(colour[1:]) <= set(hexdigits):
        wide = len(colour) > 5
        digits = colour[1:7] if wide else "".join(digit * 2 for digit in colour[1:4])
        return tuple(bytes.fromhex(digits))
    if colour.startswith(("rgb(", "rgba(")) and colour.endswith(")"):
        numbers = colour[colour.index("(") + 1 : -1].replace(",", " ").replace("/", " ").split()[:3]
        if len(numbers) == 3 and all(number.isdecimal() and number.isascii() and len(number) < 4 for number in numbers):
            return tuple(min(int(number), 255) for number in numbers)
    return ()


def _nearest(rgb: tuple[int, ...]) -> str:
    if not rgb:
        return ""
    hue, _, saturation = rgb_to_hls(*(part / 255 for part in rgb))
    if saturation < _GRAY:
        return "" if min(rgb) > 245 else "gray"
    return next(tint for end, tint in _HUES if hue * 360 <= end)


def clock_html(scope: Scope, block: Block) -> str:
    """The time that a block's LOGBOOK has counted, in one quiet word; the book itself is not for readers."""
    minutes = round(clocked(scope.entry.text, block) / 60)
    if not minutes:
        return ""
    hour, minute = ("ч", "мин") if scope.context.look.language == "ru" else ("h", "min")
    spent = f"{minutes // 60} {hour} {minutes % 60:02} {minute}" if minutes >= 60 else f"{minutes} {minute}"
    return element("p", {"class": "kb-clock"}, f"{scope.words.time_spent} {spent}")


def annotation_html(scope: Scope, block: Block) -> str:
    """The way from a highlight to its page in the PDF."""
    page = value(block, "hl-page")
    if value(block, "ls-type") != "annotation" or not page.isascii() or not page.isdigit():
        return ""
    label = _shot(scope, block) + f"{scope.words.pdf_page} {escape(page)}"
    of_page = takewhile(lambda mention: mention[0].block == 0, scope.entry.mentions)
    files = (target.path for _, target in of_page if isinstance(target, ToAsset))
    pdf = next((path for path in files if urls.extension(path) == "pdf"), None)
    if pdf is None or not scope.links:
        return element("span", {"class": "kb-annotation"}, label)
    address = f"{scope.place.file(urls.asset_file(pdf))}#page={page}"
    return element("a", {"class": "kb-annotation kb-file", "href": address}, label)


def _shot(scope: Scope, block: Block) -> str:
    """The picture of an area of a PDF, where there is one."""
    stamp = next((prop for prop in block.properties if prop.key == "hl-stamp" and not prop.ignored), None)
    target = scope.target(stamp.value_span) if stamp and scope.boxes else None
    if not isinstance(target, ToAsset):
        return ""
    return void("img", {"class": "kb-image", "src": scope.place.file(urls.asset_file(target.path)), "alt": ""})


def inlines(parts: Iterable[Part]) -> Iterator[Inline]:
    """All nodes of running text in parts, those in emphasis too."""
    for part in parts:
        match part:
            case Prose() | FootnoteText():
                yield from _flat(part.inlines)
            case Quote() | Container():
                yield from inlines(part.parts)
            case Table(_, head, rows):
                for cell in (*head, *(cell for row in rows for cell in row)):
                    yield from _flat(cell.inlines)
            case _:
                pass


def _flat(nodes: Iterable[Inline]) -> Iterator[Inline]:
    for node in nodes:
        yield node
        if isinstance(node, Emphasis):
            yield from _flat(node.children)
