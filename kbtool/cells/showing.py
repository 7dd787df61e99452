"""What a cell shows beside its streams, and the plain values that it leaves behind, made in the session's process.

It imports nothing but the standard library, is loaded by `session` beside `runner`, and knows libraries by the look
of their values alone. Whatever a value of a note is asked may fail or lie: then the form is left out, and what is
given is checked by whoever reads the report (see `kbtool.rich`, which has the same names and limits).
"""

from __future__ import annotations

import base64
import io
import json
import math
import struct
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from itertools import islice
from typing import Any, TypeAlias

Forms: TypeAlias = list[tuple[str, str]]
"""MIME types and contents, the richest first; what is binary as base64."""
Shown: TypeAlias = tuple[str, str, Forms]
"""Kind of output, text, richer forms."""
Plain: TypeAlias = tuple[str, float | None]
"""What Python writes for a value, and the number where it is one."""
TABLE, ARRAY = "application/vnd.kbtool.table+json", "application/vnd.kbtool.array+json"
_METHODS = (
    ("image/svg+xml", "_repr_svg_"),
    ("image/png", "_repr_png_"),
    ("text/latex", "_repr_latex_"),
    ("text/html", "_repr_html_"),
    ("text/markdown", "_repr_markdown_"),
)
_FIGURE_LIMIT = 8 << 20  # bytes of one picture: above it browsers struggle
_FIGURES = 32  # of one cell
_ROWS, _COLUMNS, _CELL = 200, 50, 200  # of a table that is kept; characters of its cells
_NUMBERS = 400  # of an array that is kept
_VALUES, _NAME, _TEXT = 200, 100, 200  # values of a cell; characters of a name, and of what Python writes for a value


# ---------------------------------------------------------------- richer forms of a value


def forms(value: object, limit: int) -> Forms:
    """The forms of a value that say more than its `repr`; `limit` is how much text a cell may show."""
    found: dict[str, str] = {}
    for make in (_table, _array, _bundle):
        with suppress(BaseException):
            for kind, content in make(value):
                found.setdefault(kind, content)
    for kind, method in _METHODS:
        if kind not in found and hasattr(type(value), method):
            with suppress(BaseException):
                found.update(_content(kind, _first(getattr(value, method)())))
    order = [TABLE, ARRAY, *(kind for kind, _ in _METHODS)]
    return [(kind, found[kind]) for kind in order if kind in found and len(found[kind]) <= _most(kind, limit)]


def _most(kind: str, limit: int) -> int:
    return max(limit, _FIGURE_LIMIT) if kind.startswith("image/") else limit


def _bundle(value: object) -> Iterator[tuple[str, str]]:
    if hasattr(type(value), "_repr_mimebundle_"):
        given = _first(value._repr_mimebundle_())  # type: ignore[attr-defined]
        known = [kind for kind, _ in _METHODS]
        yield from (one for kind in known if kind in given for one in _content(kind, given[kind]))


def _first(given: Any) -> Any:
    """What a method gives, which may be a pair with metadata behind it."""
    return given[0] if type(given) is tuple else given


def _content(kind: str, given: Any) -> Iterator[tuple[str, str]]:
    if isinstance(given, bytes) and kind == "image/png":
        yield kind, base64.b64encode(given).decode()
    elif isinstance(given, str) and given:
        yield kind, "".join(given.split()) if kind == "image/png" else str(given)


# ---------------------------------------------------------------- tables and arrays, by their look


def _table(value: Any) -> Iterator[tuple[str, str]]:
    kind = type(value)
    if hasattr(kind, "to_frame") and hasattr(kind, "index"):  # a column is a table, too
        value = value.to_frame()
        kind = type(value)
    if not all(hasattr(kind, name) for name in ("columns", "index", "itertuples")):
        return
    columns, rows = list(value.columns), list(islice(value.itertuples(index=True, name=None), _ROWS))
    made = {
        "columns": [_label(column) for column in columns[:_COLUMNS]],
        "dtypes": [_cut(dtype) for dtype in list(value.dtypes)[:_COLUMNS]] if hasattr(kind, "dtypes") else [],
        "index": [_label(row[0]) for row in rows],
        "rows": [[_cell(cell) for cell in row[1 : _COLUMNS + 1]] for row in rows],
        "total": len(value.index),
        "width": len(columns),
    }
    yield TABLE, _json(made)


def _label(value: object) -> str:
    """What a row or column is called; of one with several levels each."""
    return _cut(" / ".join(map(str, value)) if type(value) is tuple else value)


def _array(value: Any) -> Iterator[tuple[str, str]]:
    if not _is_array(value) or not tuple(value.shape):
        return
    shape = [int(size) for size in value.shape]
    made = {"shape": shape, "dtype": str(value.dtype).removeprefix("torch."), "device": _device(value), "numbers": None}
    if len(shape) <= 2 and 0 < math.prod(shape) <= _NUMBERS:
        given = value.detach() if hasattr(type(value), "detach") else value
        made["numbers"] = _cells(given.tolist(), len(shape))
    yield ARRAY, _json(made)


def _is_array(value: object) -> bool:
    kind = type(value)
    return hasattr(kind, "shape") and hasattr(kind, "dtype")


def _device(value: Any) -> str:
    return _cut(getattr(value, "device", "cpu"))


def _cells(given: Any, depth: int) -> Any:
    return [_cells(one, depth - 1) for one in given] if depth else _cell(given)


def _cell(value: Any) -> Any:
    """A cell as JSON has it: a number, a truth value, nothing; else a text."""
    with suppress(BaseException):
        value = value.item() if _is_array(value) and tuple(value.shape) == () else value
    if value is None or type(value) is bool or (type(value) is int and abs(value) < 1 << 53):
        return value
    if type(value) is float and math.isfinite(value):
        return value
    return _cut(value)


def _cut(value: object) -> str:
    text = value if type(value) is str else str(value)
    return text if len(text) <= _CELL else text[: _CELL - 1] + "…"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


# ---------------------------------------------------------------- figures


def draw(show: Callable[[Shown], None]) -> None:
    """Show each open figure, the same bytes for the same figure, and close it."""
    plot = sys.modules.get("matplotlib.pyplot")
    if plot is None:
        return
    try:
        numbers = plot.get_fignums()
        if len(numbers) > _FIGURES:
            raise RuntimeError(f"{len(numbers)} figures are open at the end of the cell, more than {_FIGURES}")
        with plot.rc_context({"svg.hashsalt": "kbtool", "svg.fonttype": "path"}):
            for number in numbers:
                show(_figure(plot.figure(number)))
    finally:
        plot.close("all")


def _figure(figure: Any) -> Shown:
    """A figure as SVG; as pixels on white paper where it has more points than a browser can bear."""
    made = _saved(figure, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    if len(made) <= _FIGURE_LIMIT:
        return "figure", made.decode("utf-8"), []
    pixels = _saved(figure, format="png", dpi=150, metadata={"Software": None})
    if len(pixels) > _FIGURE_LIMIT:
        raise RuntimeError(f"the figure takes {len(pixels) / 1e6:.0f} MB: make it smaller")
    return "figure", "", [("image/png", base64.b64encode(pixels).decode())]


def _saved(figure: Any, **how: Any) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, **how)
    return file.getvalue()


# ---------------------------------------------------------------- plain values


class Values:
    """The plain values of the module's names, as far as they were told."""

    def __init__(self) -> None:
        self.told: dict[str, str] = {}

    def news(self, names: Mapping[Any, object], bound: Set[str]) -> list[tuple[str, str, float | None]]:
        """What is to be told after a cell that binds some names: name, text, number.

        A name that no longer has a plain value comes with an empty text, so that nobody takes its old one for it.
        """
        now = dict(_plain_values(names.items()))
        news: list[tuple[str, str, float | None]] = [(name, "", None) for name in self.told if name not in now]
        news += [(name, *one) for name, one in now.items() if name in bound or self.told.get(name) != one[0]]
        news = news[:_VALUES]
        self.told.update((name, text) for name, text, _ in news)
        self.told = {name: text for name, text in self.told.items() if text}
        return news


def _plain_values(names: Iterable[tuple[Any, object]]) -> Iterator[tuple[str, Plain]]:
    for name, value in list(names):
        if type(name) is str and len(name) <= _NAME and name.isidentifier() and name[0] != "_":
            with suppress(BaseException):
                one = _plain(value)
                if one is not None and len(one[0]) <= _TEXT:
                    yield name, one


def _plain(value: Any) -> Plain | None:
    """What Python writes for a number, a text, a truth value or None; an array without dimensions is its number."""
    kind, dtype = type(value), ""
    if _is_array(value) and tuple(value.shape) == ():
        dtype, value = str(value.dtype), value.item()
        kind = type(value)
    if value is None or kind is bool or (kind is str and len(value) <= _TEXT):
        return repr(value), None
    if kind is int and value.bit_length() < 4 * _TEXT:
        return repr(value), float(value)
    if kind is float:
        return _written(value, dtype), value if math.isfinite(value) else None
    return None


def _written(number: float, dtype: str) -> str:
    """The shortest text that means this number in its own precision: 0.1 and not 0.10000000149011612."""
    code = "e" if dtype.endswith("float16") and "bfloat" not in dtype else "f" if "float32" in dtype else ""
    if code and math.isfinite(number):
        for digits in range(1, 10):
            text = repr(float(f"{number:.{digits}g}"))
            if struct.unpack(code, struct.pack(code, float(text)))[0] == number:
                return text
    return repr(number)
