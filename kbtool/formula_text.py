"""Formulas as a line of text, for where no formula can stand: an excerpt, a title, a label.

Made of the MathML that the page shows, so every symbol that a page can show is one here: `\\frac{a}{b}` is a/b.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple
from unicodedata import category, normalize
from xml.parsers import expat

from kbtool.math import MathML, convert

_RAISED = str.maketrans("0123456789+−-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻ⁿ")
_ACCENTS: Mapping[str, str] = dict(
    zip("ˆ^˜~¯‾˙¨ˇ\u20d7→", "\u0302\u0302\u0303\u0303\u0304\u0304\u0307\u0308\u030c\u20d7\u20d7", strict=True)
)
_BIG = frozenset("∑∏∫∬∭∮⋃⋂⨁⨂∐") | {"lim", "max", "min", "sup", "inf", "argmax", "argmin", "log", "ln", "exp", "det"}
_CLOSE = frozenset("/|‖′″‴!∂∇∞°⊤⊥∗")  # signs that stand close to what is beside them
_HIDDEN = str.maketrans(dict.fromkeys("\u2061\u2062\u2063\u2064\ufe00\u200b"))
# Stands behind a fraction: what follows is not below its line.
_END = "\u200b"
# What makes a formula more than its own text.
_WRITTEN = frozenset("\\^_{}&~'%#$")


class _Open(NamedTuple):
    """An element that is being read: the texts of its children."""

    name: str
    attributes: Mapping[str, str]
    parts: list[str]


@lru_cache(maxsize=64)  # notes say the same `x` again and again
def formula_text(latex: str, display: bool = False) -> str:
    """A formula as text; one that cannot be shown as it is written."""
    if _WRITTEN.isdisjoint(latex):
        return " ".join(latex.split())
    made = convert(latex, display)
    text = _read(made.markup) if isinstance(made, MathML) else None
    return " ".join(latex.split()) if text is None else text


def _read(markup: str) -> str | None:
    """MathML as text; None where it holds a character that XML does not have."""
    reader = _Reader()
    parser = expat.ParserCreate(encoding="utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(markup.replace("&ApplyFunction;", "\u2061").encode("utf-8", "replace"), True)
    except expat.ExpatError:
        return None
    return " ".join(normalize("NFC", "".join(reader.root)).translate(_HIDDEN).split())


class _Reader:
    """Folds elements as they end."""

    def __init__(self) -> None:
        self.root: list[str] = []
        self._open: list[_Open] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._open.append(_Open(name, attributes, []))

    def text(self, data: str) -> None:
        if self._open and self._open[-1].name in ("mi", "mn", "mo", "mtext", "ms"):
            self._open[-1].parts.append(data)

    def end(self, _name: str) -> None:
        done = self._open.pop()
        (self._open[-1].parts if self._open else self.root).append(_folded(done))


def _folded(done: _Open) -> str:
    name, attributes, parts = done
    if name == "mo":
        return _operator("".join(parts), attributes)
    if name in ("mi", "mn", "ms"):
        return "".join(normalize("NFKC", char) if char > "\uffff" else char for char in "".join(parts))
    if attributes.get("linethickness") == "0":
        return " ".join(parts)
    fold = _FOLDS.get(name)
    if fold and len(parts) >= fold[0]:
        return fold[1](parts)
    if name == "mspace":
        return " " if attributes.get("width", "0").startswith(("1em", "2em")) else ""
    if name in ("mphantom", "annotation", "annotation-xml"):
        return ""
    return _row(parts)


def _operator(sign: str, attributes: Mapping[str, str]) -> str:
    if sign in (",", ";", ":"):
        return f"{sign} "
    close = sign in _CLOSE or sign in _BIG or "0" in (attributes.get("lspace"), attributes.get("rspace"))
    if close or category(sign[:1] or " ") not in ("Sm", "Po", "Pd", "So") or sign in _ACCENTS:
        return sign
    return f" {sign} "


def _row(parts: list[str]) -> str:
    """Parts side by side; a sign before all others, or behind another sign, has nothing to stand apart from."""
    made = ""
    for part in parts:
        name = part.split(" ", 1)[0].partition("_")[0].partition("^")[0].translate(_HIDDEN)
        if part.startswith(" ") and part.endswith(" ") and part.strip() and (not made or made[-1] in " (["):
            made += part.strip()
            continue
        ends = made.endswith(_END) and (part[:1].isalnum() or part[:1] in "([√∑")
        apart = ends or (name in _BIG and made[-1:].isalnum())
        made += (" " if apart else "") + part + (" " if name in _BIG and len(part.split()) == 1 else "")
    return made


def _one(part: str) -> str:
    """A part as one thing: in brackets, unless nothing in it could be torn apart."""
    part = part.strip(f" {_END}")
    inside = part[1:-1]
    bracketed = part.startswith("(") and part.endswith(")") and inside.count("(") == inside.count(")") == 0
    whole = all(char.isalnum() or char in "_^.′∂∇∞\u0302\u0303\u0304\u0307\u20d7" for char in part)
    return part if whole or bracketed or len(part) == 1 else f"({part})"


def _raised(base: str, over: str) -> str:
    over = over.strip()
    if over and set(over) <= set("′″‴"):
        return base + over
    if over in ("⊤", "T"):
        return base + "ᵀ"
    short = over.lstrip("−-+").isdigit() or over == "n"
    return base + (over.translate(_RAISED) if short else f"^{_script(over)}")


def _lowered(base: str, under: str) -> str:
    return f"{base.strip()}_{_script(under)}" if under.strip() else base


def _script(part: str) -> str:
    part = part.strip()
    return part if part.isalnum() or len(part) == 1 else _one(part) if part.startswith("(") else f"({part})"


def _accented(parts: list[str]) -> str:
    base, over = parts[0].strip(), parts[1].strip()
    if over in _ACCENTS:
        return base + _ACCENTS[over] if len(base) == 1 else base
    return _raised(base, over) if over and any(map(str.isalnum, over)) else base


def _under(parts: list[str]) -> str:
    return _lowered(parts[0], parts[1]) if any(map(str.isalnum, parts[1])) else parts[0]


def _fraction(parts: list[str]) -> str:
    return f"{_one(parts[0])}/{_one(parts[1])}{_END}"


def _both(parts: list[str]) -> str:
    return _raised(_lowered(parts[0], parts[1]), parts[2])


# How an element with so many children is one text.
_FOLDS: Mapping[str, tuple[int, Callable[[list[str]], str]]] = {
    "mfrac": (2, _fraction),
    "msup": (2, lambda parts: _raised(parts[0], parts[1])),
    "msub": (2, lambda parts: _lowered(parts[0], parts[1])),
    "msubsup": (3, _both),
    "munderover": (3, _both),
    "munder": (2, _under),
    "mover": (2, _accented),
    "msqrt": (1, lambda parts: f"√{_one(_row(parts))}"),
    "mroot": (2, lambda parts: _raised("", parts[1]) + f"√{_one(parts[0])}"),
    # A sign that begins a cell stands behind the cell before it.
    "mtd": (1, lambda parts: _row(["\u2063", *parts])),
    "mtr": (1, " ".join),
    "mtable": (1, "; ".join),
}
