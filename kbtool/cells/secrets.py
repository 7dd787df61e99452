"""What must not be published by accident: credentials, and what names a machine or its user. Pure.

It catches what people paste and print; who wants to hide a secret from it can.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping

from kbtool.credentials import credentials
from kbtool.patterns import regex

_SAID = regex(r"(?i)(?:token|secret|passw(?:or)?d|key)[\"']?\s{0,3}[:=]\s{0,3}[\"']?([A-Za-z0-9+/_-]{20,200}={0,2})")
"""A long word behind one that says that it is secret."""
_HEX = regex(r"[0-9a-fA-F]{32,}")
_RANDOM = 3.9
"""Bits a character from which on a word is nobody's spelling: names of variables have some 3.5, random letters 4.3."""
_HOMES = regex(r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s\"'<>]{1,64}[/\\]")
_SHOWN = 6
"""Characters of a secret that a message shows."""


def findings(text: str, names: Mapping[str, str]) -> Iterator[str]:
    """What of a text must not be published; `names` are words and folders of this machine, by what they are."""
    for known in credentials(text):
        yield known.said
    for found in _SAID.finditer(text):
        if _is_random(found[1]):
            yield f"what looks like a secret ({found[1][:_SHOWN]}…)"
    for found in _HOMES.finditer(text):
        yield f"a home folder ({found[0]})"
    for what, name in names.items():
        if name in text and re.search(rf"(?<![\w./-]){re.escape(name)}(?![\w-])", text):
            yield f"{what} ({name})"


def _is_random(word: str) -> bool:
    if _HEX.fullmatch(word):
        return True
    digits, letters = sum(map(str.isdigit, word)), sum(map(str.isalpha, word))
    return digits > 1 and letters > 1 and _bits(word) >= _RANDOM


def _bits(word: str) -> float:
    """Shannon's entropy, in bits a character."""
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares)
