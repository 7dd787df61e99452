"""A knowledge base in memory: sources go in, a consistent snapshot and its diagnostics come out."""

from __future__ import annotations

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
from kbtool.mentions import Unlinked, lexicon, mentions
from kbtool.note import Note, lower
from kbtool.record import Reading, Record, examine, record
from kbtool.rules import severity
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

    __slots__ = ("_formulas", "_memo", "_seen", "_state")

    def __init__(self) -> None:
        self._memo = Memo()
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
            parsed = self._memo.call(ident, parse, source, files.settings.comma_properties, files.settings.dialect)
            notes[ident] = self._memo.call(ident, lower, source, parsed, files.settings)
            progress(done + 1, len(files.sources))
        given = [self._memo.call(ident, exports, note) for ident, note in notes.items()]
        around = self._memo.call("surroundings", surroundings, files.assets, files.config, files.settings)
        names = self._memo.call("names", _index, around, *given)
        links = {ident: self._memo.call(ident, resolve, note, names) for ident, note in notes.items()}
        return Snapshot(files, notes, names, links)

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
        call = self._memo.call
        given = (call(note.id, exports, note) for note in snapshot.notes.values())
        formats = call("date formats", tuple[str, ...], snapshot.files.settings.date_formats)
        known = call("lexicon", lexicon, self.stems, call("mentioned", _named, *given), formats)
        return {
            ident: call(ident, mentions, note, snapshot.text(ident), known) for ident, note in snapshot.notes.items()
        }

    def check(self, snapshot: Snapshot, progress: Progress = _silent) -> tuple[Diagnostic, ...]:
        """All that is wrong with a base, by path and position; executes nothing."""
        reading = Reading(snapshot.files.settings, snapshot.files.modules, self._formulas)

        def of_tree(source: Source) -> Record:
            progress(1 + places[source.id], len(places))
            return record(snapshot.notes[source.id], source.text, reading)

        places = {note: place for place, note in enumerate(snapshot.notes)}
        return self._checked(snapshot.files, of_tree, self._unlinked(snapshot))

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
