"""Values as bytes, for other processes of kbtool and for its own cache.

`marshal` is by far the quickest way that Python has (three times as quick as JSON on a base's facts), and the only
place for it is here: what is unpacked was packed by the same Python and the same kbtool, and is kept in a folder of
ours under a digest. It takes plain tuples alone, so named tuples and diagnostics are made plain first.
"""

from __future__ import annotations

import marshal
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

try:
    from _blake2 import blake2b  # hashlib's own, without the 5 ms that loading OpenSSL takes
except ImportError:
    from hashlib import blake2b

from kbtool.values import Diagnostic, Edit, Fix, Label, NoteId, Span

K = TypeVar("K")
V = TypeVar("V")
Plain: TypeAlias = Any
"""Tuples, dictionaries, strings, bytes, numbers and None, of no class of ours."""


def digest(*parts: bytes) -> bytes:
    """A digest of bytes, 16 long."""
    found = blake2b(digest_size=16)
    for part in parts:
        found.update(part)
    return found.digest()


def pack(value: Plain) -> bytes:
    """The bytes of a plain value."""
    return marshal.dumps(value)


def unpack(data: bytes) -> Plain:
    """The plain value of such bytes."""
    return marshal.loads(data)  # noqa: S302 -- see above


class Later(Mapping[K, V], Generic[K, V]):
    """A mapping that is loaded when something of it is first asked for."""

    __slots__ = ("_known", "_load")

    def __init__(self, load: Callable[[], dict[K, V]]) -> None:
        self._load = load
        self._known: dict[K, V] | None = None

    @property
    def whole(self) -> dict[K, V]:
        """All of it; not to be changed."""
        if self._known is None:
            self._known = self._load()
        return self._known

    def __getitem__(self, key: K) -> V:
        return self.whole[key]

    def __contains__(self, key: object) -> bool:
        return key in self.whole

    def __iter__(self) -> Iterator[K]:
        return iter(self.whole)

    def __len__(self) -> int:
        return len(self.whole)

    def keys(self) -> KeysView[K]:
        """As of the dictionary, and as quick."""
        return self.whole.keys()

    def items(self) -> ItemsView[K, V]:
        """As of the dictionary, and as quick."""
        return self.whole.items()


def whole(table: Mapping[K, V]) -> Mapping[K, V]:
    """A mapping of which all is needed, quick to walk through and to copy."""
    return table.whole if isinstance(table, Later) else table


def plain_diagnostic(one: Diagnostic) -> Plain:
    """A diagnostic as a plain value."""
    labels = tuple((label.note, *label.span, label.message) for label in one.labels)
    fix = one.fix and (one.fix.title, tuple(map(_plain_edit, one.fix.edits)), one.fix.safe)
    return (one.rule, one.note, *one.span, one.message, labels, one.help, fix)


def _plain_edit(edit: Edit) -> Plain:
    return (edit.note, *edit.span, edit.text)


def diagnostic(value: Plain) -> Diagnostic:
    """The diagnostic that such a value stands for."""
    rule, note, start, end, message, labels, advice, fix = value
    marks = tuple(Label(NoteId(where), Span(first, last), text) for where, first, last, text in labels)
    return Diagnostic(rule, NoteId(note), Span(start, end), message, marks, advice, fix and _fix(*fix))


def _fix(title: str, edits: Plain, safe: bool) -> Fix:
    return Fix(title, tuple(Edit(NoteId(note), Span(start, end), text) for note, start, end, text in edits), safe)


def place_of(one: Plain) -> Plain:
    """What `filters.in_order` goes by, of a plain diagnostic."""
    rule, note, start, end, message, *_ = one
    return note, start, end, rule, message


# ---------------------------------------------------------------- settings


def is_plain(value: object) -> bool:
    """Whether a value can be packed as it is."""
    if isinstance(value, tuple | frozenset):
        return type(value) in (tuple, frozenset) and all(map(is_plain, value))
    return value is None or isinstance(value, str | int | float)


def plain_setting(value: Any) -> Plain:
    """Any setting as a plain value, equal when it is."""
    if isinstance(value, Mapping):
        return tuple(sorted(((repr(key), plain_setting(one)) for key, one in value.items()), key=repr))
    if isinstance(value, frozenset | set):
        return tuple(sorted(map(plain_setting, value), key=repr))
    return (
        tuple(map(plain_setting, value))
        if isinstance(value, tuple | list)
        else value
        if is_plain(value)
        else repr(value)
    )
