"""Checks between notes, made again only where what they looked at has changed.

The checks of a note are given tables that write down which keys were asked for. A later look at the base asks which
keys have another answer now, and checks the notes that asked for one of them: so there are no hand-kept dependency
edges, and a check may look up what it likes.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, replace
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from kbtool.checks import check_linked
from kbtool.checks.context import Base, CheckContext
from kbtool.config import Config
from kbtool.facts import Facts
from kbtool.graph import Names, resolve
from kbtool.packed import pack, unpack
from kbtool.values import Diagnostic, NoteId

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Key: TypeAlias = str | int
"""What is asked for: page keys, block ids, note ids, days, and `*` with a table's name for the table whole."""
Lookups: TypeAlias = bytes
"""The keys that the checks of a note asked for, packed: so one is quickly looked for in those of all notes."""
Told: TypeAlias = tuple[NoteId, tuple[Any, ...], Lookups]
"""A note, what its checks gave, and what they looked up."""
Spread: TypeAlias = Callable[[Callable[[NoteId], Told], Sequence[NoteId]], Iterable[Told]]
_FEW = 32
"""Keys that are looked for in packed ones before any are unpacked."""


class Linked(NamedTuple):
    """What the checks between notes gave (diagnostics, as they are or plain), and the tables on which they stood."""

    names: Names
    config: Config
    found: Mapping[NoteId, tuple[Any, ...]]
    looked_up: Mapping[NoteId, Lookups]


def link(base: Base, changed: Set[NoteId], old: Linked | None, spread: Spread = map) -> Linked:
    """The checks of all notes of a base; `changed` have other facts than at the time of `old`, or are new or gone.

    `spread` may share the notes out among processes; what it makes of diagnostics is what is found.
    """
    stale = _stale(base, changed, old)
    found, looked_up = (dict(old.found), dict(old.looked_up)) if old else ({}, {})
    for note in stale:
        found.pop(note, None)
        looked_up.pop(note, None)
    log: set[Key] = set()
    watched = _watched(base, log)

    def work(note: NoteId) -> Told:
        log.clear()
        given = _check(base.notes[note], watched)
        return note, given, pack(tuple(log))

    for note, given, keys in spread(work, sorted(stale & base.notes.keys())):
        if given:
            found[note] = given
        looked_up[note] = keys
    return Linked(base.names, base.config, found, looked_up)


def _check(note: Facts, watched: Base) -> tuple[Diagnostic, ...]:
    # All checks go through these: they are no longer unpacked as they are looked at.
    read = note._replace(defines=tuple(note.defines), refers=tuple(note.refers))
    return check_linked(CheckContext(read, resolve(read, watched.names), watched))


def _stale(base: Base, changed: Set[NoteId], old: Linked | None) -> Set[NoteId]:
    """The notes whose checks may give something else now."""
    if old is None:
        return base.notes.keys()
    if old.config != base.config or _manner(old.names) != _manner(base.names):
        return base.notes.keys() | changed
    other = different(old.names, base.names) | changed
    if not other:
        return set()
    asked = _asking({*other, "*notes"})
    return changed | {note for note, keys in old.looked_up.items() if asked(keys)}


def _manner(names: Names) -> tuple[object, ...]:
    """What of the names is no table: it decides how all of them are read."""
    values = (getattr(names, field.name) for field in fields(names))
    return tuple(value for value in values if not isinstance(value, Mapping | Set))


def _asking(other: Set[Key]) -> Callable[[Lookups], bool]:
    """Whether packed keys hold one of these."""
    if len(other) > _FEW:
        return lambda keys: not other.isdisjoint(unpack(keys))
    marks = [key.encode("utf-8", "surrogatepass") if isinstance(key, str) else pack(key)[1:] for key in other]
    return lambda keys: any(mark in keys for mark in marks) and not other.isdisjoint(unpack(keys))


def different(old: Names, new: Names) -> set[Key]:
    """The keys that have another answer in one of the tables, and the tables that have another answer at all."""
    found: set[Key] = set()
    for field in fields(Names) if old is not new else ():
        before, after = getattr(old, field.name), getattr(new, field.name)
        if isinstance(after, Mapping | Set) and before is not after and before != after:
            found |= _keys(before, after)
            found.add("*" + field.name)
    return found


def _keys(before: Any, after: Any) -> set[Key]:
    if isinstance(before, Mapping):
        return {key for key, _ in before.items() ^ after.items()}
    return set(before) ^ set(after)


# ---------------------------------------------------------------- tables that write down what is asked of them


def _watched(base: Base, log: set[Key]) -> Base:
    seen = log.add
    tables = {field.name: _table(getattr(base.names, field.name), "*" + field.name, seen) for field in fields(Names)}
    return replace(base, notes=_Table(base.notes, "*notes", seen), names=Names(**tables))


def _table(given: Any, whole: str, seen: Callable[[Any], None]) -> Any:
    if isinstance(given, Mapping):
        return _Table(given, whole, seen)
    return _Words(given, whole, seen) if isinstance(given, Set) else given


class _Table(Mapping[K, V], Generic[K, V]):
    """A mapping that writes down the keys that are looked up, and `whole` when all are walked through."""

    __slots__ = ("_given", "_seen", "_whole")

    def __init__(self, given: Mapping[K, V], whole: str, seen: Callable[[Any], None]) -> None:
        self._given = given
        self._whole = whole
        self._seen = seen

    def __getitem__(self, key: K) -> V:
        self._seen(key)
        return self._given[key]

    def get(self, key: K, default: Any = None) -> Any:
        self._seen(key)
        return self._given.get(key, default)

    def __contains__(self, key: object) -> bool:
        self._seen(key)
        return key in self._given

    def __iter__(self) -> Iterator[K]:
        self._seen(self._whole)
        return iter(self._given)

    def __len__(self) -> int:
        self._seen(self._whole)
        return len(self._given)


class _Words(Set[K]):
    """The same for a set."""

    __slots__ = ("_given", "_seen", "_whole")

    def __init__(self, given: Set[K], whole: str, seen: Callable[[Any], None]) -> None:
        self._given = given
        self._whole = whole
        self._seen = seen

    @classmethod
    def _from_iterable(cls, it: Iterable[Any]) -> Any:
        return frozenset(it)

    def __contains__(self, key: object) -> bool:
        self._seen(key)
        return key in self._given

    def __iter__(self) -> Iterator[K]:
        self._seen(self._whole)
        return iter(self._given)

    def __len__(self) -> int:
        self._seen(self._whole)
        return len(self._given)
