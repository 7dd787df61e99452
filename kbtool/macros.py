"""Macros: which are built in, and what those of the configuration expand to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kbtool.syntax.tree import Property
from kbtool.syntax.val import NAME as VAL
from kbtool.values import Span

BUILT_IN = frozenset(
    "query function namespace youtube youtube-timestamp zotero-imported-file zotero-linked-file vimeo bilibili video "
    "tweet twitter embed renderer cloze cards img".split()
)
"""Macros that Logseq knows by itself."""
OURS = frozenset({VAL})
"""Those that kbtool knows besides; where the configuration or a page has one of the same name, that is meant."""
MAX_EXPANSION = 20_000
"""Characters that one expansion may have."""


def own(properties: Iterable[Property]) -> Mapping[str, str]:
    """The macros that a page gives to itself: `macro:: name text` (also `#+MACRO:`), `macros:: {"name" "text"}`."""
    found: dict[str, str] = {}
    for prop in properties:
        if prop.key == "macro":
            name, _, text = prop.text.partition(" ")
            found[name] = text.strip()
        elif prop.key == "macros":
            found.update(_texts(prop.text))
    return found


def _texts(edn: str) -> Iterable[tuple[str, str]]:
    from kbtool.syntax.edn import read

    forms = read(edn, Span(0, len(edn)), simple=False).forms
    if not forms or forms[0].kind != "map":
        return ()
    items = forms[0].items
    return ((k.text, v.text) for k, v in zip(items[::2], items[1::2], strict=True) if v.kind == "string")


def expanded(text: str, arguments: Sequence[str]) -> str:
    """A macro's text with `$1`, `$2`… replaced; what has no argument stays, what is too long is cut."""
    found = text
    for number, argument in reversed(list(enumerate(arguments, 1))):
        if len(found) > MAX_EXPANSION:
            break
        found = found.replace(f"${number}", argument.strip())
    return found[:MAX_EXPANSION]
