"""Checks between notes, made again only where what they looked at has changed.

The checks of a note are given tables that write down which keys were asked for. A later look at the base asks which
keys have another answer now, and checks the notes that asked for one of them: so there are no hand-kept dependency
edges, and a check may look up what it likes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence, Set
from itertools import accumulate
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from kbtool.checks import check_linked
from kbtool.checks.context import Base, CheckContext
from kbtool.config import Config
from kbtool.facts import Facts
from kbtool.graph import Names, resolve
from kbtool.packed import pack, unpack, whole
from kbtool.values import Diagnostic, NoteId

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
Key: TypeAlias = str | int
"""What is asked for: page keys, block ids, note ids, days, and `*` with a table's name for the table whole."""
Asked: TypeAlias = bytes
"""The keys that the checks of a note asked for, packed: so one is quickly looked for in those of all notes. Before them
stands `_WALKED` or `_ASKED`, by whether a table whole is among them."""
Told: TypeAlias = tuple[NoteId, tuple[Any, ...], Asked]
"""A note, what its checks gave, and what they looked up."""
Spread: TypeAlias = Callable[[Callable[[NoteId], Told], Sequence[NoteId]], Iterable[Told]]
_WALKED, _ASKED = b"*", b" "
_WHOLE = frozenset(("*notes", *("*" + name for name in Names._fields)))
_FEW = 32
"""Keys that are looked for in packed ones before any are unpacked."""
_MANY = 1_000
"""Notes whose keys are put into one piece, because one search of it is quicker than many."""


class Bulk(NamedTuple):
    """The keys that the checks of many notes asked for, one note behind the other, and how long each is.

    The notes that walked through a table come first: all of theirs ends at `walked`.
    """

    data: bytes
    sizes: Mapping[NoteId, int]
    walked: int


class Lookups:
    """The keys that the checks of all notes asked for: of most in one piece, of the `fresh` ones each by itself.

    None in place of keys: the note is gone.
    """

    __slots__ = ("_bulk", "fresh")

    def __init__(self, bulk: Callable[[], Bulk], fresh: Mapping[NoteId, Asked | None]) -> None:
        self._bulk = bulk
        self.fresh = fresh

    def updated(self, fresh: Mapping[NoteId, Asked | None]) -> Lookups:
        """The same after the checks of some notes."""
        both = {**self.fresh, **fresh}
        if len(both) <= _MANY:
            return Lookups(self._bulk, both)
        known = {**dict(_parts(self._bulk())), **both}
        bulk = _in_one_piece([(note, keys) for note, keys in known.items() if keys])
        return Lookups(lambda: bulk, {})

    def asking(self, other: Set[Key]) -> set[NoteId]:
        """The notes whose checks asked for one of these keys."""
        few = len(other) <= _FEW
        found = {note for note, keys in self.fresh.items() if keys and not other.isdisjoint(unpack(keys[1:]))}
        bulk = self._bulk()
        parts = _parts(bulk, _places(bulk, other)) if few else _parts(bulk)
        found.update(note for note, keys in parts if note not in self.fresh and not other.isdisjoint(unpack(keys[1:])))
        return found

    def bulk(self, notes: Iterable[NoteId]) -> Bulk:
        """The keys for these notes in one piece."""
        bulk = self._bulk()
        if not self.fresh:
            return bulk
        known = {**dict(_parts(bulk)), **self.fresh}
        return _in_one_piece([(note, keys) for note in notes if (keys := known.get(note))])


def in_memory(fresh: Mapping[NoteId, Asked | None]) -> Lookups:
    """Lookups of which all are fresh."""
    return Lookups(lambda: Bulk(b"", {}, 0), {}).updated(fresh)


def packed_keys(keys: Set[Key]) -> Asked:
    """Keys as they are kept."""
    return (_ASKED if _WHOLE.isdisjoint(keys) else _WALKED) + pack(tuple(keys))


def _in_one_piece(asked: list[tuple[NoteId, Asked]]) -> Bulk:
    asked.sort(key=lambda one: one[1][:1] != _WALKED)
    walked = sum(len(keys) for _, keys in asked if keys[:1] == _WALKED)
    return Bulk(b"".join(keys for _, keys in asked), {note: len(keys) for note, keys in asked}, walked)


def _parts(bulk: Bulk, numbers: Set[int] | None = None) -> Iterator[tuple[NoteId, Asked]]:
    """The notes with their keys; only those of these numbers."""
    start = 0
    for number, (note, size) in enumerate(bulk.sizes.items()):
        if numbers is None or number in numbers:
            yield note, bulk.data[start : start + size]
        start += size


def _places(bulk: Bulk, other: Set[Key]) -> set[int]:
    """The numbers of the notes among whose keys one of these may stand: its bytes do."""
    ends = [0, *accumulate(bulk.sizes.values())]
    numbers = set()
    for key in other:
        mark = pack(key)[1:]  # the first byte says what else was packed with it
        last = bulk.walked if key in _WHOLE else len(bulk.data)
        at = bulk.data.find(mark, 0, last)
        while at >= 0:
            number = bisect_right(ends, at) - 1
            numbers.add(number)
            at = bulk.data.find(mark, ends[number + 1], last)
    return numbers


class Linked(NamedTuple):
    """What the checks between notes gave (diagnostics, as they are or plain), and the tables on which they stood."""

    names: Names
    config: Config
    found: Mapping[NoteId, tuple[Any, ...]]
    looked_up: Lookups


def link(base: Base, changed: Set[NoteId], old: Linked | None, spread: Spread = map) -> Linked:
    """The checks of all notes of a base; `changed` have other facts than at the time of `old`, or are new or gone.

    `spread` may share the notes out among processes; what it makes of diagnostics is what is found.
    """
    stale = _stale(base, changed, old)
    found = dict(old.found) if old else {}
    fresh: dict[NoteId, Asked | None] = dict.fromkeys(stale)
    for note in stale:
        found.pop(note, None)
    log: set[Key] = set()
    watched = _watched(base, log)

    def work(note: NoteId) -> Told:
        log.clear()
        given = _check(base.notes[note], watched)
        return note, given, packed_keys(log)

    for note, given, keys in spread(work, sorted(stale & base.notes.keys())):
        if given:
            found[note] = given
        fresh[note] = keys
    return Linked(base.names, base.config, found, old.looked_up.updated(fresh) if old else in_memory(fresh))


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
    return changed | old.looked_up.asking({*other, "*notes"})


def _manner(names: Names) -> tuple[object, ...]:
    """What of the names is no table: it decides how all of them are read."""
    return tuple(value for value in names if not isinstance(value, Mapping | Set))


def different(old: Names, new: Names) -> set[Key]:
    """The keys that have another answer in one of the tables, and the tables that have another answer at all."""
    found: set[Key] = set()
    for name, before, after in zip(Names._fields, old, new, strict=True) if old is not new else ():
        if isinstance(after, Mapping | Set) and before is not after and (keys := _keys(before, after)):
            found |= keys
            found.add("*" + name)
    return found


def _keys(before: Any, after: Any) -> set[Key]:
    if isinstance(before, Mapping):
        before, after = whole(before), whole(after)
        get = before.get
        others = [key for key, value in after.items() if get(key) is not value]  # most are the same objects
        moved = {key for key in others if key not in before or before[key] != after[key]}
        none_is_gone = len(after) - len(moved - before.keys()) == len(before)
        return moved if none_is_gone else moved | (before.keys() - after.keys())
    return set(before) ^ set(after)


# ---------------------------------------------------------------- tables that write down what is asked of them


def _watched(base: Base, log: set[Key]) -> Base:
    seen = log.add
    tables = {name: table(given, "*" + name, seen) for name, given in base.names._asdict().items()}
    return base._replace(notes=_Table(base.notes, "*notes", seen), names=Names(**tables))


def table(given: Any, whole: Any, seen: Callable[[Any], None]) -> Any:
    """A table that tells `seen` each key that is looked up in it, and `whole` when all are walked through."""
    if isinstance(given, Mapping):
        return _Table(given, whole, seen)
    return _Words(given, whole, seen) if isinstance(given, Set) else given


class _Table(Mapping[K, V], Generic[K, V]):
    """A mapping that writes down the keys that are looked up, and `whole` when all are walked through."""

    __slots__ = ("_given", "_seen", "_whole")

    def __init__(self, given: Mapping[K, V], whole: Any, seen: Callable[[Any], None]) -> None:
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

    def __init__(self, given: Set[K], whole: Any, seen: Callable[[Any], None]) -> None:
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
