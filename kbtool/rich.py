"""Richer forms of what a cell shows: read from what a session says, which may be anything, and hence checked in full.

`cells.showing` makes them; what has another shape than it gives is no form at all.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeAlias

TABLE, ARRAY = "application/vnd.kbtool.table+json", "application/vnd.kbtool.array+json"
SVG, PNG, LATEX, HTML, MARKDOWN = "image/svg+xml", "image/png", "text/latex", "text/html", "text/markdown"
FORMS = (TABLE, ARRAY, SVG, PNG, LATEX, HTML, MARKDOWN)
"""The MIME types that are kept, the richest first."""
PICTURES = (SVG, PNG)
Scalar: TypeAlias = str | int | float | bool | None
_ROWS, _COLUMNS, _TEXT, _NUMBERS, _SIDE = 500, 100, 400, 1_000, 32_768
_KEYS = frozenset(("columns", "dtypes", "index", "rows", "total", "width"))


class Table(NamedTuple):
    """The first rows of a table, each with its label; in all it has `total` rows and `width` columns."""

    columns: tuple[str, ...]
    dtypes: tuple[str, ...]
    labels: tuple[str, ...]
    rows: tuple[tuple[Scalar, ...], ...]
    total: int
    width: int


class Array(NamedTuple):
    """What is known of an array; `rows` are its numbers where it has one or two dimensions and few of them."""

    shape: tuple[int, ...]
    dtype: str
    device: str
    rows: tuple[tuple[Scalar, ...], ...]


class Picture(NamedTuple):
    """A PNG, as base64, with its size in pixels."""

    data: str
    width: int
    height: int


def is_sound(kind: str, content: str) -> bool:
    """Whether a form is one that we know and show."""
    match kind:
        case "application/vnd.kbtool.table+json":
            return read_table(content) is not None
        case "application/vnd.kbtool.array+json":
            return read_array(content) is not None
        case "image/png":
            return read_picture(content) is not None
    return kind in FORMS


def read_table(content: str) -> Table | None:
    """The table that a content holds."""
    given = _object(content)
    if given.keys() != _KEYS or not all(isinstance(given[key], list) for key in ("columns", "dtypes", "index", "rows")):
        return None
    columns, dtypes, labels, rows = given["columns"], given["dtypes"], given["index"], given["rows"]
    total, width = given["total"], given["width"]
    if not all(map(_is_text, (*columns, *dtypes, *labels))) or not (_is_size(total) and _is_size(width)):
        return None
    if len(columns) > min(width, _COLUMNS) or len(rows) > min(total, _ROWS) or len(labels) != len(rows):
        return None
    if len(dtypes) not in (0, len(columns)) or not all(_is_row(row, len(columns)) for row in rows):
        return None
    return Table(tuple(columns), tuple(dtypes), tuple(labels), tuple(map(tuple, rows)), total, width)


def read_array(content: str) -> Array | None:
    """What a content says of an array."""
    given = _object(content)
    match given:
        case {"shape": list(shape), "dtype": str(dtype), "device": str(device), "numbers": None | list() as numbers}:
            pass
        case _:
            return None
    if not shape or len(shape) > 64 or not all(map(_is_size, shape)) or not (_is_text(dtype) and _is_text(device)):
        return None
    rows = numbers or []
    if rows and len(shape) == 1:
        rows = [rows]
    if rows and (len(shape) > 2 or math.prod(shape) > _NUMBERS or len(rows) != math.prod(shape[:-1])):
        return None
    if not all(_is_row(row, shape[-1]) for row in rows):
        return None
    return Array(tuple(shape), dtype, device, tuple(map(tuple, rows)))


def read_picture(content: str) -> Picture | None:
    """The PNG that a content holds; its size stands behind its signature."""
    try:
        head = base64.b64decode(content[:32], validate=True)
        base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        return None
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
        return None
    width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
    return Picture(content, width, height) if 0 < width <= _SIDE and 0 < height <= _SIDE else None


def _object(content: str) -> Mapping[str, Any]:
    try:
        given = json.loads(content, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return {}
    return given if isinstance(given, dict) else {}


def _refuse(name: str) -> None:
    raise ValueError(name)


def _is_row(row: object, width: int) -> bool:
    return isinstance(row, list) and len(row) == width and all(map(_is_scalar, row))


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or _is_text(value) or (isinstance(value, int) and abs(value) < 1 << 64)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _TEXT


def _is_size(value: object) -> bool:
    return type(value) is int and 0 <= value < 1 << 64
