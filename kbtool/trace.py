"""What making a page read of the base: written down meanwhile, and enough to tell later that it would be the same.

No dependencies are kept by hand: rendering is given tables that note each key that it looks up, with a digest of the
answer. As long as all these answers are the same, so is the page. A table of the context that this module does not know
is watched as any other, and what is no table is part of every page's digest.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import fields, replace
from typing import Any, NamedTuple, TypeAlias, cast

from kbtool.graph import Names
from kbtool.kept import Kept, from_plain, plain
from kbtool.linking import table
from kbtool.packed import Plain, digest, plain_setting
from kbtool.queries.answers import Answer, Asking, Question
from kbtool.queries.rows import Entity, Rows
from kbtool.render.context import Entry, RenderContext
from kbtool.search_index import PageWords
from kbtool.syntax.tree import Block
from kbtool.values import NoteId, Page

Key: TypeAlias = tuple[str, Any]
"""A table and the key that was looked up in it, `_WHOLE` for all of it."""
Log: TypeAlias = Callable[[Key], None]
Make: TypeAlias = Callable[[RenderContext], tuple[Page, ...]]
_ENTRIES, _PLACES, _ANCHORS, _ASKING = "entries", "places", "anchors", "asking"
_ASKED = "asked"
_NAMES, _ROWS = "names.", "rows."
_FEW = 1_000
"""Idle keys that are not worth numbering the others anew."""
_WHOLE = ()


class Unit(NamedTuple):
    """Pages to make: of the note with this name, of the context, and of something that is given."""

    name: NoteId
    given: object
    make: Make


Share: TypeAlias = Callable[[Callable[[int], Plain], Sequence[int]], Iterable[Plain]]
"""Has other processes do some of the work with numbers, in any order; gives what came of it, as plain values."""


def _alone(_work: Callable[[int], Plain], _numbers: Sequence[int]) -> Iterable[Plain]:
    return ()


def plain_keys(keys: Iterable[Key]) -> list[Key]:
    """Keys as plain values."""
    return [(name, tuple(key) if isinstance(key, tuple) else key) for name, key in keys]


class Recalled(NamedTuple):
    """What is known of the last build: a digest of what decides about all pages alike; the pages; what was asked.

    `keys` are all that were looked up, `found` the digests of their answers; pages name them by their numbers.
    """

    base: bytes
    kept: Mapping[str, Kept]
    keys: Sequence[Key]
    found: Sequence[bytes]
    answers: Answers | None = None


NOTHING = Recalled(b"", {}, (), ())


class Answers:
    """What a base answers to each key, as digests."""

    __slots__ = ("_context", "_known", "_old")

    def __init__(self, context: RenderContext, old: Answers | None = None) -> None:
        self._context = context
        self._known: dict[Key, bytes] = {}
        self._old = old.entries() if old else {}

    def entries(self) -> Mapping[NoteId, tuple[Entry, bytes]]:
        """The digests of the notes, for the next time."""
        known = self._known
        return {
            ident: (entry, known[_ENTRIES, ident])
            for ident, entry in self._context.entries.items()
            if (_ENTRIES, ident) in known
        }

    def digest(self, key: Key) -> bytes:
        """The answer to a key."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._digest(*key)
        return found

    def _digest(self, table: str, key: Any) -> bytes:
        entries = self._context.entries
        if table in (_ENTRIES, _PLACES, _ANCHORS) and key != _WHOLE:
            entry = entries.get(key)
            return b"" if entry is None else self._of_entry(table, entry)
        if table == _ASKING:
            return digest(self.digest((_ENTRIES, _WHOLE)), _bytes(self._context.asking.here))
        if table == _ENTRIES:
            return digest(*(self.digest((_ENTRIES, ident)) for ident in entries))
        if table == _ASKED:
            return _bytes(plain_setting(self._context.asking.answer(Question(*key))))
        if table.startswith(_ROWS):
            rows = getattr(self._context.asking.rows, table.removeprefix(_ROWS))
            return _bytes(plain_setting(rows if key == _WHOLE else rows.get(key)))
        names = table.startswith(_NAMES)
        whole = getattr(self._context.names if names else self._context, table.removeprefix(_NAMES))
        if key == _WHOLE:
            return _bytes(sorted(whole) if isinstance(whole, Set) else dict(whole))
        return _bytes(whole.get(key) if isinstance(whole, Mapping) else key in whole)

    def _of_entry(self, table: str, entry: Entry) -> bytes:
        if table == _PLACES:
            return _bytes((entry.slug, entry.name))
        if table == _ANCHORS:
            return _bytes(entry.anchors)
        known = self._old.get(entry.note.id)
        if known and known[0] is entry:
            return known[1]
        # What it refers to follows from its text.
        targets = [target for _, target in entry.mentions]
        return digest(_bytes((entry.slug, entry.text)), _bytes(targets), _bytes(_result(entry)))


def _result(entry: Entry) -> object:
    return plain_setting((entry.outcome, entry.result)) if entry.outcome or entry.result else None


def _bytes(value: object) -> bytes:
    return digest(repr(value).encode("utf-8", "surrogatepass"))


class _Seen:
    """An entry that writes down what of it is looked at: place, anchors, or anything; `replace` makes a plain one."""

    __slots__ = ("_entry", "_log")
    __dataclass_fields__ = Entry.__dataclass_fields__

    def __init__(self, entry: Entry, log: Log) -> None:
        self._entry = entry
        self._log = log

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return Entry

    def __getattr__(self, name: str) -> Any:
        table = _PLACES if name in ("slug", "name") else _ANCHORS if name == "anchors" else _ENTRIES
        self._log((table, self._entry.note.id))
        return getattr(self._entry, name)


class _Entries(Mapping[NoteId, Entry]):
    """The notes of a base, of which it is written down what is looked at."""

    __slots__ = ("_given", "_log")

    def __init__(self, given: Mapping[NoteId, Entry], log: Log) -> None:
        self._given = given
        self._log = log

    def __getitem__(self, key: NoteId) -> Entry:
        self._log((_PLACES, key))
        return cast(Entry, _Seen(self._given[key], self._log))

    def __contains__(self, key: object) -> bool:
        self._log((_PLACES, key))
        return key in self._given

    def __iter__(self) -> Iterator[NoteId]:
        self._log((_ENTRIES, _WHOLE))
        return iter(self._given)

    def __len__(self) -> int:
        self._log((_ENTRIES, _WHOLE))
        return len(self._given)


class _Asking:
    """What queries are asked against; each question is written down, and the digest of what was found."""

    __slots__ = ("_given", "_log", "rows")

    def __init__(self, given: Asking, log: Log) -> None:
        self._given = given
        self._log = log
        self.rows = _Rows(given.rows, log)

    def answer(self, question: Question) -> Answer:
        """As the method of those that stand here."""
        self._log((_ASKED, tuple(question)))
        return self._given.answer(question)

    def __getattr__(self, name: str) -> Any:
        self._log((_ASKING, _WHOLE))
        return getattr(self._given, name)


class _Rows:
    """The rows of a base: it is written down which pages and notes are looked at, or that it may be any."""

    __slots__ = ("_given", "_log", "key", "notes", "page_of", "pages")

    def __init__(self, given: Rows, log: Log) -> None:
        self._given = given
        self._log = log
        # These say what follows from a name and the settings.
        self.key, self.page_of = given.key, given.page_of
        self.pages = table(given.pages, _WHOLE, lambda key: log((_ROWS + "pages", key)))
        self.notes = table(given.notes, _WHOLE, lambda key: log((_ROWS + "notes", key)))

    def block(self, entity: Entity) -> Block:
        """As the method of real rows."""
        self._log((_ENTRIES, NoteId(entity.place)))
        return self._given.block(entity)

    def content(self, entity: Entity) -> str:
        """As the method of real rows."""
        self._log((_ENTRIES, NoteId(entity.place)))
        return self._given.content(entity)

    def __getattr__(self, name: str) -> Any:
        self._log((_ASKING, _WHOLE))
        return getattr(self._given, name)


def _watched(context: RenderContext, log: Log) -> RenderContext:
    """The context with tables that write down what is looked up in them."""

    def table_of(name: str, given: Any) -> Any:
        return table(given, _WHOLE, lambda key: log((name, key)))

    names = {name: table_of(_NAMES + name, given) for name, given in context.names._asdict().items()}
    others = {name: table_of(name, given) for name, given in _fields(context) if isinstance(given, Mapping)}
    return replace(
        context,
        **{
            **others,
            "entries": _Entries(context.entries, log),
            "asking": cast(Asking, _Asking(context.asking, log)),
            "names": Names(**names),
        },
    )


def _fields(context: RenderContext) -> Iterator[tuple[str, Any]]:
    return ((field.name, getattr(context, field.name)) for field in fields(context))


def _fixed(context: RenderContext) -> Iterator[Any]:
    """What of the context every page may look at without its being written down."""
    for name, value in _fields(context):
        if name not in (_ASKING, "names") and not isinstance(value, Mapping):
            yield name, plain_setting(value)
    for name, value in context.names._asdict().items():
        if not isinstance(value, Mapping | Set):
            yield name, plain_setting(value)


class _Keys:
    """The keys that pages looked up, by numbers, and which of their answers are other ones than they were."""

    __slots__ = ("_answer", "_before", "_keys", "_looked", "_numbers", "_other")

    def __init__(self, keys: Sequence[Key], found: Sequence[bytes], answer: Callable[[Key], bytes]) -> None:
        self._answer = answer
        self._before = found
        self._keys = list(keys)
        self._numbers = {key: number for number, key in enumerate(keys)}
        self._looked: set[int] = set()
        self._other: set[int] = set()

    def hold(self, read: bytes) -> bool:
        """Whether the answers to these keys are what they were."""
        numbers = memoryview(read).cast("I")
        self._look(numbers)
        return self._other.isdisjoint(numbers)

    def numbers(self, keys: Iterable[Key]) -> bytes:
        """The numbers of keys, of which some may be new."""
        found = array("I", map(self._number, keys))
        self._look(found)
        return found.tobytes()

    def answers(self) -> list[bytes]:
        """The digests of the answers to all keys; to one that no page looks up any more it is an old one."""
        before, looked = self._before, self._looked
        return [self._answer(key) if one in looked else before[one] for one, key in enumerate(self._keys)]

    def all(self) -> list[Key]:
        """All keys, by number."""
        return self._keys

    def idle(self) -> bool:
        """Whether most of them are looked up by no page any more."""
        return len(self._keys) > 2 * len(self._looked) + _FEW

    def _number(self, key: Key) -> int:
        found = self._numbers.setdefault(key, len(self._keys))
        if found == len(self._keys):
            self._keys.append(key)
        return found

    def _look(self, numbers: Iterable[int]) -> None:
        if not self._looked.issuperset(numbers):
            new = set(numbers) - self._looked
            self._looked |= new
            known = len(self._before)
            self._other |= {one for one in new if one < known and self._answer(self._keys[one]) != self._before[one]}


class Memory:
    """Makes pages, and gives those again that were made of the same.

    `code` stands for whatever else decides what pages look like: kbtool itself. `words` gives
    what search takes of a page. `made` are the notes whose pages were made this time.
    """

    __slots__ = (
        "_answers",
        "_base",
        "_context",
        "_keys",
        "_log",
        "_old",
        "_watched",
        "_words",
        "kept",
        "made",
    )

    def __init__(self, context: RenderContext, code: bytes, old: Recalled, words: Callable[[Page], PageWords]) -> None:
        self._words = words
        self._base = digest(code, *map(_bytes, _fixed(context)))
        self._answers = Answers(context, old.answers)
        known = old if old.base == self._base else NOTHING
        self._old: Mapping[str, Kept] = known.kept
        self._keys = _Keys(known.keys, known.found, self._answers.digest)
        self._log: set[Key] = set()
        self._watched = _watched(context, self._log.add)
        self.kept: dict[str, Kept] = {}
        self.made: list[str] = []

    def pages(self, units: Sequence[Unit], share: Share = _alone) -> Iterator[Page]:
        """The pages of units; what others do not make of them is made when it is its turn."""
        known = [self._known(unit) for unit in units]

        def work(number: int) -> Plain:
            made, keys = self._made(units[number])
            return number, plain(made), plain_keys(keys)

        # The last ones have pages of many mentions, which take longest.
        wanted = [number for number in reversed(range(len(units))) if known[number] is None]
        ready = {number: self._numbered(from_plain(made), keys) for number, made, keys in share(work, wanted)}
        for number, unit in enumerate(units):
            one = known[number]
            if one is None:
                one = ready.pop(number, None) or self._numbered(*self._made(unit))
                self.made.append(unit.name)
            self.kept[unit.name] = one
            yield from one.pages

    def _numbered(self, made: Kept, keys: Collection[Key]) -> Kept:
        return made._replace(read=self._keys.numbers(keys))

    def _known(self, unit: Unit) -> Kept | None:
        known = self._old.get(unit.name)
        return known if known and known.given == _bytes(unit.given) and self._keys.hold(known.read) else None

    def _made(self, unit: Unit) -> tuple[Kept, Collection[Key]]:
        self._log.clear()
        self._log.add((_ENTRIES, unit.name))
        pages = unit.make(self._watched)
        words = tuple(self._words(page) for page in pages if page.search or page.path)
        return Kept(_bytes(unit.given), b"", pages, words), self._log

    def recalled(self) -> Recalled:
        """What the next build may begin with."""
        keys = self._keys
        if keys.idle():
            fresh = _Keys((), (), self._answers.digest)
            every = keys.all()
            for note, one in self.kept.items():
                read = fresh.numbers(every[number] for number in memoryview(one.read).cast("I"))
                self.kept[note] = one._replace(read=read)
            keys = fresh
        return Recalled(self._base, self.kept, keys.all(), keys.answers(), self._answers)
