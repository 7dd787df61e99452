"""What must not be published by accident: credentials, and what names a machine or its user. Pure.

It catches what people paste and print; who wants to hide a secret from it can.
"""

from __future__ import annotations

import base64
import html
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from kbtool.credentials import LEAST, credentials
from kbtool.patterns import regex

_SAID = regex(r"(?i)(?:token|secret|passw(?:or)?d|key)[\"']?\s{0,3}[:=]\s{0,3}[\"']?([A-Za-z0-9+/_-]{20,200}={0,2})")
"""A long word behind one that says that it is secret."""
_HEX = regex(r"[0-9a-fA-F]{32,}")
_RANDOM = 3.9
"""Bits a character from which on a word is nobody's spelling: names of variables have some 3.5, random letters 4.3."""
_TERMINAL = regex(r"\x1b(?:\[[0-?]{0,40}[ -/]{0,4}[@-~]|\][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)|[@-Z\\-_])")
"""What a terminal obeys and does not show, as in ECMA-48."""
_TAG = regex(r"<[^<>]{0,2000}>")
_HOMES = regex(r"(?:/home/|/Users/|[A-Za-z]:\\Users\\)[^/\\\s\"'<>]{1,64}[/\\]")
_SHOWN = 6
"""Characters of a secret that a message shows."""
_SECRET = regex(
    r"(?i)token|secret|passw|passphrase|credent|cookie|(?:api|access|private)_?key|(?:_|\b)(?:key|pat|dsn)$"
)
"""Names of variables that hold secrets."""
_PLACE = regex(r"(?i)_(?:file|path|dir|sock|url|host|port|user|name|id|enabled|ttl)$")
"""Names of variables that say where one is, or about it."""


class Private(NamedTuple):
    """What of this machine is not to be published: words and folders, by what they are, and its secrets.

    `secrets` has the forms in which the value of each secret variable may be met.
    """

    names: Mapping[str, str] = {}
    secrets: Mapping[str, tuple[str, ...]] = {}


def secret_forms(variables: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """The values of variables whose names say that they are secret: as they are, in base64, in an address."""
    return {
        name: tuple(dict.fromkeys(_forms(value)))
        for name, value in sorted(variables.items())
        if len(value) >= LEAST and _SECRET.search(name) and not _PLACE.search(name)
    }


def _forms(value: str) -> Iterator[str]:
    yield from (value, quote(value, safe=""), quote_plus(value))
    data = value.encode("utf-8", "surrogateescape")
    for before in range(3):  # bytes of a text around it, of which the first and last digits depend
        shown = base64.b64encode(bytes(before) + data).decode("ascii").rstrip("=")
        first, last = (0, 2, 3)[before], len(shown) - ((before + len(data)) % 3 > 0)
        yield from (shown[first:last], shown[first:last].replace("+", "-").replace("/", "_"))


def as_seen(text: str) -> str:
    """A text as a page shows it: without what colours a terminal, and without the markup of HTML."""
    if "\x1b" in text:
        text = _TERMINAL.sub("", text)
    return html.unescape(_TAG.sub("", text)) if "<" in text or "&" in text else text


def told(text: str, private: Private) -> Iterator[str]:
    """What of a text is secret beyond doubt."""
    yield from (known.said for known in credentials(text))
    yield from (what for what, _, _ in given_away(text, private))


def given_away(text: str, private: Private) -> Iterator[tuple[str, int, int]]:
    """The secrets of the environment that a text holds, each where it is met first: what it is, start, end."""
    for name, forms in private.secrets.items():
        met = min(((at, form) for form in forms if (at := text.find(form)) >= 0), default=None)
        if met:
            yield f"the value of the environment variable {name}", met[0], met[0] + len(met[1])


def findings(text: str, private: Private) -> Iterator[str]:
    """What of a text must not be published."""
    yield from told(text, private)
    for found in _SAID.finditer(text):
        if _is_random(found[1]):
            yield f"what looks like a secret ({found[1][:_SHOWN]}…)"
    for found in _HOMES.finditer(text):
        yield f"a home folder ({found[0]})"
    for what, name in private.names.items():
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
