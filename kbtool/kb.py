"""A knowledge base in memory: sources go in, a consistent snapshot and its diagnostics come out."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from kbtool.checks import check_base
from kbtool.checks.context import Base, base
from kbtool.checks.mentions import unlinked_mention
from kbtool.config import Config, GraphSettings, with_options
from kbtool.facts import NOTHING_USED, Facts, Used, used
from kbtool.files import BaseFiles
from kbtool.filters import filtered
from kbtool.graph import Exports, Links, Names, Surroundings, exports, index, reindexed, resolve, surroundings
from kbtool.linking import Linked, link
from kbtool.memo import Memo
from kbtool.mentions import LaterLexicon, Unlinked, mentions
from kbtool.note import Note, lower
from kbtool.packed import digest, plain_setting
from kbtool.record import Reading, Record, examine, record
from kbtool.rules import severity
from kbtool.shelf import NO_SHELF, Shelf
from kbtool.stems import Stems
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source

if TYPE_CHECKING:
    from kbtool.checks.formulas import Known

__all__ = ["BaseFiles", "Kb", "Progress", "Snapshot", "check_sources"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A base at one moment: every note lowered, and every reference resolved."""

    files: BaseFiles
    notes: Mapping[NoteId, Note]
    names: Names
    links: Mapping[NoteId, Links]

    def text(self, note: NoteId) -> str:
        """A note's text."""
        return self.files.sources[note].text


_MANY = 1_000
"""Notes whose records are so many objects that collections take longer than an edit may."""
Progress = Callable[[int, int], None]
"""Told how many notes are done, of how many."""


def _silent(_done: int, _total: int) -> None:
    pass


class _State(NamedTuple):
    """What was worked out last: from which texts, with which settings, and what came of it."""

    files: BaseFiles
    records: Mapping[NoteId, Record]
    facts: Mapping[NoteId, Facts]
    used: Used
    known: Base
    linked: Linked


class Kb:
    """Compiles one base again and again; what did not change is not computed twice."""

    __slots__ = ("_formulas", "_memo", "_seen", "_shelf", "_state")

    def __init__(self, shelf: Shelf = NO_SHELF) -> None:
        self._memo = Memo()
        self._shelf = shelf
        self._seen: frozenset[NoteId] = frozenset()
        self._state: _State | None = None
        self._formulas: Known = {}

    def snapshot(self, files: BaseFiles, progress: Progress = _silent) -> Snapshot:
        """The base as its files say, with the trees of all notes."""
        files = self._known(files)
        if gone := self._seen - files.sources.keys():
            self._memo.forget(set(gone))
        self._seen = frozenset(files.sources)
        notes: dict[NoteId, Note] = {}
        for done, (ident, source) in enumerate(sorted(files.sources.items())):
            notes[ident] = self._memo.call(ident, self._note, source, files.settings)
            progress(done + 1, len(files.sources))
        given = [self._memo.call(ident, exports, note) for ident, note in notes.items()]
        around = self._memo.call("surroundings", surroundings, files.assets, files.config, files.settings)
        names = self._memo.call("names", _index, around, *given)
        links = {ident: self._memo.call(ident, resolve, note, names) for ident, note in notes.items()}
        return Snapshot(files, notes, names, links)

    def _note(self, source: Source, settings: GraphSettings) -> Note:
        def read() -> Note:
            return lower(source, parse(source, settings.comma_properties, settings.dialect), settings)

        return self._kept("tree", source.id, self._mark(source.text, settings), read)

    def _kept(self, kind: str, note: NoteId, mark: bytes, make: Callable[[], T]) -> T:
        """What was worked out of the same in an earlier run, else what is made now."""
        kept: T | None = self._shelf.take(kind, note, mark)
        if kept is None:
            kept = make()
            self._shelf.put(kind, note, mark, kept)
        return kept

    def _mark(self, text: str, *others: object) -> bytes:
        """What stands for a text and what else is read with it."""
        given = (self._memo.call(("mark", number, type(one)), _mark_of, one) for number, one in enumerate(others))
        return digest(text.encode("utf-8", "surrogatepass"), *given)

    def _known(self, files: BaseFiles) -> BaseFiles:
        """Files read again, with the old objects for texts and settings that say the same."""
        sources = {ident: self._memo.call(ident, _itself, source) for ident, source in files.sources.items()}
        return files._replace(sources=sources, settings=self._memo.call("settings", _itself, files.settings))

    @property
    def stems(self) -> Stems:
        """The stems of all words that were met."""
        return self._memo.call("stems", Stems)

    def mentions(self, snapshot: Snapshot) -> Mapping[NoteId, tuple[Unlinked, ...]]:
        """The unlinked mentions that each note holds; after an edit that note alone is read again."""
        call, settings = self._memo.call, snapshot.files.settings
        given = (call(note.id, exports, note) for note in snapshot.notes.values())
        formats = call("date formats", tuple[str, ...], settings.date_formats)
        known = call("lexicon", LaterLexicon, self.stems, call("mentioned", _named, *given), formats)
        return {
            ident: call(ident, self._mentions, note, snapshot.text(ident), known, settings)
            for ident, note in snapshot.notes.items()
        }

    def _mentions(self, note: Note, text: str, known: LaterLexicon, settings: GraphSettings) -> tuple[Unlinked, ...]:
        mark = self._mark(text, settings, known.names, known.date_formats)
        return self._kept("mentions", note.id, mark, lambda: mentions(note, text, known.lexicon))

    def check(self, snapshot: Snapshot, progress: Progress = _silent) -> tuple[Diagnostic, ...]:
        """All that is wrong with a base, by path and position; executes nothing."""
        reading = Reading(snapshot.files.settings, snapshot.files.modules, self._formulas)

        def of_tree(source: Source) -> Record:
            progress(1 + places[source.id], len(places))
            mark = self._mark(source.text, reading.settings, reading.modules)
            make = functools.partial(record, snapshot.notes[source.id], source.text, reading)
            return self._kept("record", source.id, mark, make)

        places = {note: place for place, note in enumerate(snapshot.notes)}
        return self._checked(snapshot.files, of_tree, self._unlinked(snapshot))

    def forget_check(self) -> None:
        """Gives up what another check would go on from, for who checks once."""
        self._state, self._formulas = None, {}

    def _unlinked(self, snapshot: Snapshot) -> Iterator[Diagnostic]:
        if severity("unlinked-mention", snapshot.files.config) != "off":
            dialect = snapshot.files.settings.dialect
            for ident, unlinked in self.mentions(snapshot).items():
                yield from unlinked_mention(ident, snapshot.text(ident), unlinked, dialect)

    def check_files(self, files: BaseFiles) -> tuple[Diagnostic, ...]:
        """The same from texts alone, for which no tree is kept: what an editor asks after each key."""
        reading = Reading(files.settings, files.modules, self._formulas)
        return self._checked(files, lambda source: examine(source, reading))

    def _checked(
        self, files: BaseFiles, make: Callable[[Source], Record], more: Iterable[Diagnostic] = ()
    ) -> tuple[Diagnostic, ...]:
        old = self._state
        edited = _edited(old, files)
        records = _with(old.records if old else {}, {note: make(files.sources[note]) for note in edited}, files.sources)
        changed = _changed(old.records if old else {}, records, edited)
        facts = _with(old.facts if old else {}, {note: records[note].facts for note in edited}, files.sources)
        uses = _used(old, records, edited)
        names = _names(old, files, records, changed)
        known = base(facts, names, files.config, old.known.words if old and old.known.names is names else None)
        linked = link(known, changed, old.linked if old else None)
        self._state = _State(files, records, facts, uses, known, linked)
        if len(edited) > _MANY:
            gc.freeze()  # what is kept from now on need not be looked through for cycles after each edit
        found = [*files.problems, *check_base(known, uses), *more]
        for given in (*linked.found.values(), *(one.alone for one in records.values() if one.alone)):
            found += given
        comments = {note: one.suppressions for note, one in facts.items() if one.suppressions}
        return filtered(found, comments, files.config)


def _edited(old: _State | None, files: BaseFiles) -> list[NoteId]:
    """The notes whose record is not known."""
    if old is None or (old.files.settings, old.files.modules) != (files.settings, files.modules):
        return list(files.sources)
    known = old.files.sources
    return [note for note, source in files.sources.items() if known.get(note) is not source]


def _used(old: _State | None, records: Mapping[NoteId, Record], edited: Iterable[NoteId]) -> Used:
    """What all notes use, which is the old object where no note uses anything else."""
    before: Mapping[NoteId, Record] = old.records if old else {}
    others = [note for note in edited if note not in before or before[note].uses != records[note].uses]
    gone = [note for note in (*others, *(before.keys() - records.keys())) if note in before]
    if old and not others and not gone:
        return old.used
    known = old.used if old else NOTHING_USED
    return used(known, [(note, before[note].uses) for note in gone], [(note, records[note].uses) for note in others])


def _with(old: Mapping[NoteId, T], new: Mapping[NoteId, T], notes: Mapping[NoteId, Source]) -> dict[NoteId, T]:
    """What is known of all notes, in their order."""
    made = {**old, **new}
    if old.keys() == made.keys() == notes.keys():
        return made
    return {note: made[note] for note in sorted(notes)}


def _changed(old: Mapping[NoteId, Record], new: Mapping[NoteId, Record], edited: Iterable[NoteId]) -> set[NoteId]:
    """The notes whose facts are other ones, that are new, or that are gone."""
    moved = {note for note in edited if note not in old or old[note].facts != new[note].facts}
    return moved | (old.keys() - new.keys())


def _names(old: _State | None, files: BaseFiles, records: Mapping[NoteId, Record], changed: Set[NoteId]) -> Names:
    """All names, which are the old ones when no note gives others."""
    given = files.assets, files.config.wanted, files.settings
    if old and given == (old.files.assets, old.files.config.wanted, old.files.settings):
        pairs = [(_exports(old.records.get(note)), _exports(records.get(note))) for note in changed]
        others = [(before, after) for before, after in pairs if before != after]
        if not others:
            return old.known.names
        gone = [before for before, _ in others if before]
        come = [after for _, after in others if after]
        return reindexed(old.known.names, gone, come, lambda note: records[note].exports)
    return _index(surroundings(files.assets, files.config, files.settings), *(one.exports for one in records.values()))


def _exports(record: Record | None) -> Exports | None:
    return record and record.exports


def _mark_of(value: object) -> bytes:
    return digest(repr(plain_setting(value)).encode("utf-8", "surrogatepass"))


def _itself(value: T) -> T:
    """What is equal to the last is the last: asked by way of the memo."""
    return value


def _named(*given: Exports) -> tuple[tuple[NoteId, str], ...]:
    return tuple((one.note, name) for one in given for _, name in one.pages)


def _index(surroundings: Surroundings, *given: Exports) -> Names:
    return index(surroundings, given)


def check_sources(
    sources: Mapping[NoteId, str], assets: frozenset[str], config: Config, settings: GraphSettings
) -> tuple[Diagnostic, ...]:
    """What is wrong with a base that exists in memory alone."""
    kb = Kb()
    texts = {ident: Source(ident, text) for ident, text in sources.items()}
    return kb.check(kb.snapshot(BaseFiles(texts, assets, config, with_options(settings, config))))
