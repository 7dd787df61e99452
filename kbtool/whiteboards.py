"""Whiteboards: opaque drawings of Logseq's that show pages and blocks, and hold blocks of their own.

Nothing of their format is relied on but the few keys that name something.
"""

from __future__ import annotations

from collections.abc import Iterable

from kbtool.names import key
from kbtool.patterns import regex
from kbtool.values import Whiteboards

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_STRING = r'"((?:[^"\\]|\\.)*)"'
_NAME = regex(rf":block/(?:original-name|title|name)\s+{_STRING}")
_OWN_ID = regex(rf':(?:id|block/uuid)\s+(?:#uuid\s+)?"({_UUID})"')
_SHOWN = regex(rf":pageId\s+{_STRING}")
_LINK = regex(r"\[\[([^\[\]\"\r\n]+)\]\]")
_BLOCK = regex(rf"\(\(({_UUID})\)\)")


def whiteboards(found: Iterable[tuple[str, str]]) -> Whiteboards:
    """What whiteboards say, from the name of each by its file, and its text."""
    names: set[str] = set()
    ids: set[str] = set()
    mentioned: set[str] = set()
    for name, text in found:
        names |= {key(name), *(key(other) for other in _NAME.findall(text))}
        ids.update(ident.lower() for ident in _OWN_ID.findall(text))
        mentioned.update(key(other) for other in (*_SHOWN.findall(text), *_LINK.findall(text)))
        mentioned.update(ident.lower() for ident in _BLOCK.findall(text))
    return Whiteboards(frozenset(names), frozenset(ids), frozenset(mentioned))
