"""Note text made safe to show: what could steer a terminal or reorder a line is written out, and widths are known."""

from __future__ import annotations

import unicodedata

TAB = "    "
HARMLESS = "\u200c\u200d"
"""Joiners, which emoji and some scripts need, and which move nothing."""


def is_hidden(char: str) -> bool:
    """Whether a character is a control, a bidi or other invisible mark, a line separator or half a surrogate pair."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") and char not in HARMLESS


def visible(text: str) -> str:
    """The text with each hidden character as `<U+202E>`, and tabs as spaces."""
    return text if text.isprintable() else "".join(map(_shown, text))


def _shown(char: str) -> str:
    if char == "\t":
        return TAB
    return f"<U+{ord(char):04X}>" if is_hidden(char) else char


def width(text: str) -> int:
    """Columns that visible text takes on a terminal."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def fitting(text: str, room: int) -> int:
    """How many characters of a text's beginning take less than so many columns."""
    used = 0
    for count, columns in enumerate(map(_columns, text)):
        used += columns
        if used >= room:
            return count
    return len(text)


def _columns(char: str) -> int:
    if char < "\u0300" or "\u0400" <= char < "\u0483":  # most of what is asked about: Latin and Cyrillic letters
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
