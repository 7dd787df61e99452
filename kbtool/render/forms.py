"""Richer forms of values as HTML: tables, arrays, formulas, the harmless part of their HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from kbtool.math import MathProblem
from kbtool.render.html import element, escape, sanitise
from kbtool.render.inline import latex_html
from kbtool.render.streams import plain_text
from kbtool.render.words import Words
from kbtool.rich import ARRAY, HTML, LATEX, TABLE, Array, Scalar, Table, read_array, read_table

# Cells of one table that a page shows; its first rows are kept, in the stored outcome, as far as that goes.
_SHOWN = 4_000
_DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_NUMBERS = ("int", "uint", "float", "bfloat", "complex", "Int", "UInt", "Float")

_NO_NUMBERS = ("nan", "inf", "-inf", "NaT", "<NA>")


class Form(NamedTuple):
    """A value's form as HTML; without `whole` it stands above the value's text."""

    html: str
    whole: bool = True


def form_html(says: Words, data: Iterable[tuple[str, str]]) -> Form | None:
    """The richest form of a value that is no picture, None when its text says most."""
    given = dict(data)
    if table := read_table(given.get(TABLE, "")):
        return Form(_table(says, table))
    if array := read_array(given.get(ARRAY, "")):
        return _array(array)
    made = _formula(given[LATEX]) if LATEX in given else ""
    made = made or (_html(given[HTML]) if HTML in given else "")
    return Form(made) if made else None


def _formula(latex: str) -> str:
    """A formula, without the marks that say that it is one; nothing where it cannot be shown."""
    inside = latex.strip()
    for before, after in _DELIMITERS:
        if inside.startswith(before) and inside.endswith(after) and len(inside) > len(before + after):
            inside = inside[len(before) : -len(after)]
            break
    made = latex_html(inside.strip(), True)
    return "" if isinstance(made, MathProblem) else element("div", {"class": "kb-output--rich"}, made)


def _html(source: str) -> str:
    """What is harmless of a value's own HTML; nothing where no word of it is left."""
    clean = sanitise(source)
    words = "".join(piece.partition(">")[2] for piece in f">{clean}".split("<"))
    return element("div", {"class": "kb-output--rich kb-table", "tabindex": "0"}, clean) if words.strip() else ""


# ---------------------------------------------------------------- tables and arrays


def _table(says: Words, table: Table) -> str:
    """A table whose columns say how they can be sorted; cells carry what their text shortens."""
    rows = table.rows[: max(1, _SHOWN // max(1, len(table.columns)))]
    dtypes = table.dtypes or ("",) * len(table.columns)
    head = (element("td", {}, "") if any(table.labels) else "") + "".join(map(_heading, table.columns, dtypes))
    body = [_row(label if any(table.labels) else None, row) for label, row in zip(table.labels, rows, strict=False)]
    size = f"{says.rows}: {_count(table.total)}, {says.columns}: {_count(table.width)}"
    if (len(rows), len(table.columns)) != (table.total, table.width):
        size += f"; {says.first_shown}: {_count(len(rows))} × {_count(len(table.columns))}"
    content = element("caption", {}, size) + element("thead", {}, element("tr", {}, head))
    return _framed(content + element("tbody", {}, "".join(body)), sortable=True)


def _heading(column: str, dtype: str) -> str:
    kind = "number" if dtype.startswith(_NUMBERS) else "text"
    pairs = {"scope": "col", "data-sort-method": kind, "aria-sort": "none"}
    below = element("span", {"class": "kb-dtype"}, escape(_text(dtype), quote=False)) if dtype else ""
    return element(
        "th",
        {**pairs, "class": "kb-number" if kind == "number" else None},
        escape(_text(column)) + (" " + below if below else ""),
    )


def _row(label: str | None, row: Sequence[Scalar]) -> str:
    head = element("th", {"scope": "row"}, escape(_text(label), quote=False)) if label is not None else ""
    return element("tr", {}, head + "".join(map(_cell, row)))


def _cell(value: Scalar) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        css = "kb-number" if value in _NO_NUMBERS else None
        return element("td", {"class": css}, escape("" if value is None else _text(str(value)), quote=False))
    shown = f"{value:.6g}" if isinstance(value, float) else str(value)
    exact = repr(value)
    return element("td", {"class": "kb-number", "data-sort": None if exact == shown else exact}, shown)


def _array(array: Array) -> Form:
    """The numbers of an array under its shape; where there are none, the shape alone."""
    shape = f"({', '.join(map(str, array.shape))}{',' if len(array.shape) == 1 else ''})"
    facts = [shape, array.dtype, *([array.device] if array.device != "cpu" else [])]
    caption = escape(_text(", ".join(facts)), quote=False)
    if not array.rows:
        return Form(element("div", {"class": "kb-output__caption"}, caption), whole=False)
    body = element("tbody", {}, "".join(_row(None, row) for row in array.rows))
    return Form(_framed(element("caption", {}, caption) + body, sortable=False))


def _framed(content: str, *, sortable: bool) -> str:
    table = element("table", {"data-sortable": "" if sortable else None}, content)
    return element("div", {"class": "kb-table kb-data", "tabindex": "0"}, table)


def _text(text: str) -> str:
    return plain_text(text).replace("\n", " ")


def _count(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
