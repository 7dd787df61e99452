"""Values as bytes, for other processes of kbtool and for its own cache.

`marshal` is by far the quickest way that Python has (three times as quick as JSON on a base's facts), and the only
place for it is here: what is unpacked was packed by the same Python and the same kbtool, and is kept in a folder of
ours under a digest. It takes plain tuples alone, so named tuples and diagnostics are made plain first.
"""

from __future__ import annotations

import marshal
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any, TypeAlias

try:
    from _blake2 import blake2b  # hashlib's own, without the 5 ms that loading OpenSSL takes
except ImportError:
    from hashlib import blake2b

from kbtool.values import Diagnostic, Edit, Fix, Label, NoteId, Span

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


def plain_diagnostic(one: Diagnostic) -> Plain:
    """A diagnostic as a plain value."""
    labels = tuple((label.note, *label.span, label.message) for label in one.labels)
    fix = one.fix and (one.fix.title, tuple((edit.note, *edit.span, edit.text) for edit in one.fix.edits), one.fix.safe)
    return (one.rule, one.note, *one.span, one.message, labels, one.help, fix)


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
    if is_dataclass(value):
        return tuple((field.name, plain_setting(getattr(value, field.name))) for field in fields(value))
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
