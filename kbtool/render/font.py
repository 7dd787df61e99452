"""Web fonts out of ordinary ones."""

from __future__ import annotations

import struct
import zlib
from typing import NamedTuple

_HEADER = struct.Struct(">4sLLHHLHHLLLLL")
_ENTRY = struct.Struct(">4sLLLL")
_SOURCE_ENTRY = struct.Struct(">4sLLL")


class _Table(NamedTuple):
    tag: bytes
    checksum: int
    data: bytes


def woff(font: bytes) -> bytes:
    """A TrueType or OpenType font as WOFF 1.0 (https://www.w3.org/TR/WOFF/), about half as large."""
    tables = _tables(font)
    packed = [_packed(table.data) for table in tables]
    offset = _HEADER.size + _ENTRY.size * len(tables)
    directory = b""
    for table, data in zip(tables, packed, strict=True):
        directory += _ENTRY.pack(table.tag, offset, len(data), len(table.data), table.checksum)
        offset += _padded(len(data))
    unpacked = 12 + 16 * len(tables) + sum(_padded(len(table.data)) for table in tables)
    header = _HEADER.pack(
        b"wOFF", *struct.unpack(">L", font[:4]), offset, len(tables), 0, unpacked, 1, 0, 0, 0, 0, 0, 0
    )
    return header + directory + b"".join(data.ljust(_padded(len(data)), b"\0") for data in packed)


def _tables(font: bytes) -> list[_Table]:
    (count,) = struct.unpack(">H", font[4:6])
    entries = (_SOURCE_ENTRY.unpack_from(font, 12 + 16 * i) for i in range(count))
    return [_Table(tag, checksum, font[at : at + length]) for tag, checksum, at, length in sorted(entries)]


def _packed(data: bytes) -> bytes:
    """Compressed, unless that would be no shorter."""
    found = zlib.compress(data, 9)
    return found if len(found) < len(data) else data


def _padded(length: int) -> int:
    return (length + 3) & ~3
