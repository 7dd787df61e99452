"""A knowledge base in memory: sources go in, a consistent snapshot and its diagnostics come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kbtool import names as spelling
from kbtool.checks import check_base
from kbtool.checks.context import Base, base
from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.graph import Exports, Links, Names, Surroundings, exports, index, resolve
from kbtool.linking import Linked, link
from kbtool.memo import Memo
from kbtool.note import Note, lower
from kbtool.record import Reading, Record, examine, record
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source

__all__ = ["BaseFiles", "Kb", "Progress", "Snapshot", "check_sources", "complete", "in_order", "surroundings"]


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


Progress = Callable[[int, int], None]
"""Told how many notes are done, of how many."""


def _silent(_done: int, _total: int) -> None:
    pass


class Kb:
    """Compiles one base again and again; what did not change is not computed twice."""

    __slots__ = ("_linked", "_memo", "_records", "_seen")

    def __init__(self) -> None:
        self._memo = Memo()
        self._seen: frozenset[NoteId] = frozenset()
        self._records: Mapping[NoteId, Record] = {}
        self._linked: Linked | None = None

    def snapshot(self, files: BaseFiles, progress: Progress = _silent) -> Snapshot:
        """The base as its files say, with the trees of all notes."""
        self._forget(files)
        notes: dict[NoteId, Note] = {}
        for done, (ident, source) in enumerate(sorted(files.sources.items())):
            parsed = self._memo.call(ident, parse, source, files.settings.comma_properties)
            notes[ident] = self._memo.call(ident, lower, source, parsed, files.settings)
            progress(done + 1, len(files.sources))
        names = self._names(files, [self._memo.call(ident, exports, note) for ident, note in notes.items()])
        links = {ident: self._memo.call(ident, resolve, note, names) for ident, note in notes.items()}
        return Snapshot(files, notes, names, links)

    def check(self, snapshot: Snapshot, progress: Progress = _silent) -> tuple[Diagnostic, ...]:
        """All that is wrong with a base, by path and position; executes nothing."""
        records: dict[NoteId, Record] = {}
        reading = self._reading(snapshot.files)
        for ident, note in snapshot.notes.items():
            records[ident] = self._memo.call(ident, record, note, snapshot.text(ident), reading)
            progress(len(records), len(snapshot.notes))
        return self._checked(snapshot.files, records)

    def check_files(self, files: BaseFiles) -> tuple[Diagnostic, ...]:
        """The same from texts alone, for which no tree is kept: what an editor asks after each key."""
        self._forget(files)
        call, reading = self._memo.call, self._reading(files)
        texts = sorted(files.sources.items())
        return self._checked(files, {ident: call(ident, examine, source, reading) for ident, source in texts})

    def _forget(self, files: BaseFiles) -> None:
        if gone := self._seen - files.sources.keys():
            self._memo.forget(set(gone))
        self._seen = frozenset(files.sources)

    def _reading(self, files: BaseFiles) -> Reading:
        return self._memo.call("reading", Reading, files.settings)

    def _names(self, files: BaseFiles, given: Iterable[Exports]) -> Names:
        around = self._memo.call("surroundings", surroundings, files.assets, files.config, files.settings)
        return self._memo.call("names", _index, around, *given)

    def _checked(self, files: BaseFiles, records: Mapping[NoteId, Record]) -> tuple[Diagnostic, ...]:
        names = self._names(files, [self._memo.call(ident, _exports, one) for ident, one in records.items()])
        known = base({ident: one.facts for ident, one in records.items()}, names, files.config)
        changed = _changed(self._records, records)
        self._records, self._linked = records, link(known, changed, self._linked)
        found = [*files.problems, *check_base(known)]
        for given in (*self._linked.found.values(), *(one.alone for one in records.values() if one.alone)):
            found += given
        return complete(found, known)


def _exports(record: Record) -> Exports:
    return record.exports


def _changed(old: Mapping[NoteId, Record], new: Mapping[NoteId, Record]) -> set[NoteId]:
    """The notes whose facts are other ones, that are new, or that are gone."""
    mine = {note for note, record in new.items() if (other := old.get(note)) is not record and _moved(other, record)}
    return mine | (old.keys() - new.keys())


def _moved(old: Record | None, new: Record) -> bool:
    return old is None or old.facts != new.facts


def complete(found: Iterable[Diagnostic], base: Base) -> tuple[Diagnostic, ...]:  # noqa: ARG001 -- suppressions: facts
    """All that was found of a base, in order; the place for what weighs all diagnostics of a note by its facts."""
    return in_order(found)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics by path, position and rule."""
    return tuple(sorted(diagnostics, key=lambda d: (d.note, d.span, d.rule, d.message)))


def surroundings(assets: frozenset[str], config: Config, settings: GraphSettings) -> Surroundings:
    """What names mean apart from notes."""
    return Surroundings(assets, frozenset(spelling.key(name) for name in config.wanted), settings.date_formats)


def _index(surroundings: Surroundings, *given: Exports) -> Names:
    return index(surroundings, given)


def check_sources(
    sources: Mapping[NoteId, str], assets: frozenset[str], config: Config, settings: GraphSettings
) -> tuple[Diagnostic, ...]:
    """What is wrong with a base that exists in memory alone."""
    kb = Kb()
    texts = {ident: Source(ident, text) for ident, text in sources.items()}
    return kb.check_files(BaseFiles(texts, assets, config, settings))
