"""A graph's own settings: `logseq/config.edn`, of which only what changes the meaning of notes is kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from kbtool.config import GraphSettings
from kbtool.patterns import regex

EDN_SIZE = 262_144
"""Longest `config.edn`, in characters; real ones have 15,000."""
_MAX_DEPTH = 200
# What matters for brackets; a string, comment or character hides those inside.
_TOKEN = regex(
    r'(?P<string>"(?:\\[\s\S]|[^"\\])*+(?P<closed>"?))|(?P<hidden>;[^\n]*|\\(?:[A-Za-z0-9]+|[\s\S]))'
    r"|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<discard>#_|#\{)"
    r"|(?P<reader>##[A-Za-z]+|#\^|#\??@?[^\s,;\"(){}\[\]\\^]*|~@|['`~@](?=[^\s,;)\]}]))|[^\s,;\"(){}\[\]\\#]+"
)
_PAIRS: Mapping[str, str] = {"(": ")", "[": "]", "{": "}"}


def graph_settings(edn: str) -> tuple[GraphSettings, tuple[str, ...]]:
    """What a `logseq/config.edn` changes, and warnings; where it cannot be read, the settings of a new graph."""
    if len(edn) > EDN_SIZE:
        return GraphSettings(), (f"logseq/config.edn is longer than {EDN_SIZE:,} characters and was ignored",)
    broken = _broken(edn)
    if broken:
        return GraphSettings(), (f"logseq/config.edn could not be read and was ignored: {broken}",)
    import edn_format  # type: ignore[import-untyped]

    try:
        found = edn_format.loads(_TOKEN.sub(_plain, edn.removeprefix("\ufeff")))
    except Exception as error:  # noqa: BLE001 -- the library raises its own, ValueError, NotImplementedError and more
        return GraphSettings(), (f"logseq/config.edn could not be read and was ignored: {_reason(edn, error)}",)
    if found is not None and not isinstance(found, Mapping):
        return GraphSettings(), ("logseq/config.edn holds no map and was ignored",)
    return _settings({getattr(key, "name", ""): value for key, value in (found or {}).items()}), ()


def _plain(token: re.Match[str]) -> str:
    """Clojure that is no EDN, as EDN of the same length: reader marks and the tags of tagged literals go away."""
    if not token["reader"]:
        return token[0]
    return token[0].replace("#", " ") if token[0][:2] in ("##", "#^") else " " * len(token[0])


def _broken(edn: str) -> str:
    """What is wrong with the brackets and strings of a text, and where; empty when nothing is."""
    opened: list[tuple[str, int]] = []
    forms = [0]  # how many values stand in each open bracket so far
    for token in _TOKEN.finditer(edn):
        if token["string"] and not token["closed"]:
            return f"{_at(edn, token.start())}: the string never ends"
        forms[-1] += _forms(token)
        if token["open"] or token[0] == "#{":
            opened.append((token[0], token.start()))
            forms.append(0)
            if len(opened) > _MAX_DEPTH:
                return f"{_at(edn, token.start())}: nested too deep"
        elif token["close"]:
            mark, start = opened.pop() if opened else ("", 0)
            if _PAIRS.get(mark[-1:]) != token[0]:
                return f"{_at(edn, token.start())}: `{token[0]}` closes nothing" + (f" but `{mark}`" if mark else "")
            if forms.pop() % 2 and mark == "{":
                return f"{_at(edn, start)}: the map ends in a key without a value"
    return f"{_at(edn, opened[-1][1])}: `{opened[-1][0]}` is never closed" if opened else ""


def _forms(token: re.Match[str]) -> int:
    """How many values begin with a token; what takes the next one away counts against it."""
    if token[0] in ("#_", "^", "#^"):
        return -1
    silent = token["close"] or (token["reader"] and token[0][:2] != "##") or token[0][0] in ";^"
    return 0 if silent or not token[0].strip() else 1


def _reason(edn: str, error: Exception) -> str:
    reason = (str(error) or type(error).__name__).splitlines()[0][:200]
    place = re.search(r"lexpos (\d+)|LexToken\(.*,(\d+)\)$", reason)
    if not place:
        return reason
    at = int(place[1] or place[2])
    return f"{_at(edn, at)}: `{edn[at : at + 1]}` can't stand here"


def _at(text: str, at: int) -> str:
    return f"line {text.count(chr(10), 0, at) + 1}, column {at - text.rfind(chr(10), 0, at)}"


# ---------------------------------------------------------------- the keys


def _settings(keys: Mapping[str, Any]) -> GraphSettings:
    # A graph that does not name its format is an old one.
    name_format, macros = keys.get("file/name-format"), keys.get("macros")
    public = keys.get("publishing/all-pages-public?", keys.get("all-pages-public?"))
    formats = (keys.get("journal/page-title-format"), keys.get("date-formatter"))
    return GraphSettings(
        name_format="triple-lowbar" if _word(name_format) == "triple-lowbar" else "legacy",
        date_formats=tuple(text for text in formats if isinstance(text, str) and text.strip())[:1],
        comma_properties=frozenset(_keys(keys.get("property/separated-by-commas"))),
        property_pages=keys.get("property-pages/enabled?") is not False,
        property_pages_excluded=frozenset(_keys(keys.get("property-pages/excludelist"))),
        hidden=tuple(item.removeprefix("/") for item in _items(keys.get("hidden")) if isinstance(item, str)),
        macros=tuple(sorted(_texts(macros))) if isinstance(macros, Mapping) else (),
        home=_home(keys.get("default-home")),
        hidden_properties=frozenset(_keys(keys.get("block-hidden-properties"))),
        pages_directory=_folder(keys.get("pages-directory"), "pages"),
        journals_directory=_folder(keys.get("journals-directory"), "journals"),
        journal_files=_text(keys.get("journal/file-name-format"), "yyyy_MM_dd"),
        workflow="todo" if _word(keys.get("preferred-workflow")) == "todo" else "now",
        all_public=public if isinstance(public, bool) else None,
        full_blocks=keys.get("ui/show-full-blocks?") is True,
    )


def _word(value: object) -> object:
    """A keyword's name, or a text."""
    return getattr(value, "name", value)


def _text(value: object, absent: str) -> str:
    return value if isinstance(value, str) and value.strip() else absent


def _folder(value: object, absent: str) -> str:
    """A folder of the base: never one outside of it."""
    parts = [part for part in _text(value, absent).split("/") if part not in ("", ".")]
    return "/".join(parts) if parts and ".." not in parts else absent


def _items(value: object) -> Iterable[object]:
    """The members of an EDN list, vector or set."""
    if isinstance(value, list | tuple | set | frozenset) or type(value).__name__ == "ImmutableList":
        return list(value)  # type: ignore[call-overload,no-any-return]
    return ()


def _keys(value: object) -> Iterator[str]:
    """Property keys, which are keywords or texts, as notes have them."""
    for item in _items(value):
        name = _word(item)
        if isinstance(name, str):
            yield name.lower().replace("_", "-")


def _texts(value: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for key, text in value.items():
        name = _word(key)
        if isinstance(name, str) and isinstance(text, str):
            yield name, text


def _home(value: object) -> str:
    """`{:page "P"}`, or the page alone; `"journals"` means the journals, which are no page."""
    if isinstance(value, Mapping):
        return next((text for key, text in _texts(value) if key == "page"), "")
    return value if isinstance(value, str) and value.lower() != "journals" else ""
