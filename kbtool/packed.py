"""Values as bytes, for other processes of kbtool and for its own cache.

`marshal` is by far the quickest way that Python has (three times as quick as JSON on a base's facts), and the only
place for it is here: what is unpacked was packed by the same Python and the same kbtool, and is kept in a folder of
ours under a digest. It takes plain tuples alone, so named tuples and diagnostics are made plain first.

Trees of notes are named tuples in named tuples, a third of a million of them for a thousand notes. `pickle` makes these
in C, ten times as quick as parsing; made plain and back they would take half of that time. It is safe here because the
reader knows named tuples of ours and nothing else: whatever the bytes say, they make tuples.
"""

from __future__ import annotations

import gc
import io
import marshal
import pickle
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping
from typing import Any, Generic, TypeAlias, TypeVar

try:
    from _blake2 import blake2b  # hashlib's own, without the 5 ms that loading OpenSSL takes
except ImportError:
    from hashlib import blake2b

from kbtool.values import Diagnostic, Edit, Fix, Label, NoteId, Span

_FAULTS = (pickle.UnpicklingError, AttributeError, EOFError, ImportError, LookupError, TypeError, UnicodeError)
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


def freeze(value: Any) -> bytes:
    """The bytes of a value made of named tuples of ours, which are kept with it."""
    return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)


def thaw(data: bytes) -> Any:
    """The value of such bytes; ValueError where they are none."""
    collecting = gc.isenabled()
    gc.disable()  # so many new objects, and none of them garbage, would be looked through again and again
    try:
        return _Tuples(io.BytesIO(data)).load()
    except _FAULTS as error:
        raise ValueError(f"damaged: {error}") from error
    finally:
        if collecting:
            gc.enable()


class _Tuples(pickle.Unpickler):
    """Makes named tuples of ours and plain values; nothing else can be called by what it reads."""

    def find_class(self, module: str, name: str) -> Any:
        """As the base's method, for a named tuple of ours alone."""
        found = super().find_class(module, name) if module.startswith("kbtool.") and "." not in name else None
        if isinstance(found, type) and issubclass(found, tuple) and hasattr(found, "_fields"):
            return found
        raise pickle.UnpicklingError(f"{module}.{name} is no tuple of kbtool's")


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
