"""The font for formulas as a web font."""

from __future__ import annotations

import struct
import zlib

from kbtool.render.font import woff

TABLES = {b"aaaa": b"x" * 1000, b"bbbb": b"\x01\x02\x03"}


def font() -> bytes:
    """An OpenType file with two tables, the second of which does not compress."""
    offset, directory, data = 12 + 16 * len(TABLES), b"", b""
    for tag, content in TABLES.items():
        directory += struct.pack(">4sLLL", tag, 7, offset + len(data), len(content))
        data += content.ljust((len(content) + 3) & ~3, b"\0")
    return struct.pack(">LHHHH", 0x00010000, len(TABLES), 0, 0, 0) + directory + data


def test_every_table_comes_back() -> None:
    made = woff(font())
    found = {}
    for i in range(len(TABLES)):
        tag, at, packed, length, _ = struct.unpack_from(">4sLLLL", made, 44 + 20 * i)
        data = made[at : at + packed]
        found[tag] = zlib.decompress(data) if packed < length else data
    assert found == TABLES


def test_the_header_tells_the_sizes() -> None:
    made = woff(font())
    signature, flavor, length, count, _, unpacked = struct.unpack_from(">4sLLHHL", made)
    assert (signature, flavor, length, count, unpacked) == (b"wOFF", 0x00010000, len(made), 2, len(font()))
