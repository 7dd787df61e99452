"""A knowledge base in memory: sources go in, a consistent snapshot and its diagnostics come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from kbtool import names as spelling
from kbtool.checks import Known, check_alone, check_base, check_linked
from kbtool.checks.context import CheckContext, base
from kbtool.config import Config, GraphSettings
from kbtool.facts import facts
from kbtool.graph import Exports, Links, Names, Surroundings, exports, index, resolve
from kbtool.memo import Memo
from kbtool.note import Note, lower
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """All that a base's folder holds for the compiler: texts, paths of other files, settings, what was unreadable.

    `modules` are those that the notes' code can import on this machine.
    """

    sources: Mapping[NoteId, Source]
    assets: frozenset[str]
    config: Config
    settings: GraphSettings
    problems: tuple[Diagnostic, ...] = ()
    warnings: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()


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

    __slots__ = ("_formulas", "_memo", "_seen")

    def __init__(self) -> None:
        self._memo = Memo()
        self._formulas: Known = {}
        self._seen: frozenset[NoteId] = frozenset()

    def snapshot(self, files: BaseFiles, progress: Progress = _silent) -> Snapshot:
        """The base as its files say."""
        self._memo.forget(set(self._seen - files.sources.keys()))
        self._seen = frozenset(files.sources)
        total = len(files.sources)
        notes: dict[NoteId, Note] = {}
        for done, (ident, source) in enumerate(sorted(files.sources.items())):
            parsed = self._memo.call(ident, parse, source, files.settings.comma_properties)
            notes[ident] = self._memo.call(ident, lower, source, parsed, files.settings)
            progress(done + 1, total)
        given = [self._memo.call(note.id, exports, note) for note in notes.values()]
        surroundings = self._memo.call("surroundings", _surroundings, files)
        names = self._memo.call("names", _index, surroundings, *given)
        links = {ident: self._memo.call(ident, resolve, note, names) for ident, note in notes.items()}
        return Snapshot(files, notes, names, links)

    def check(self, snapshot: Snapshot, progress: Progress = _silent) -> tuple[Diagnostic, ...]:
        """All that is wrong with a base, by path and position; executes nothing."""
        given = {ident: self._memo.call(ident, facts, note) for ident, note in snapshot.notes.items()}
        surroundings = base(given, snapshot.names, snapshot.files.config)
        found = [*snapshot.files.problems, *check_base(surroundings)]
        modules = self._memo.call("modules", _modules, snapshot.files)
        for done, note in enumerate(snapshot.notes.values()):
            found += self._memo.call(note.id, check_alone, note, snapshot.text(note.id), modules, self._formulas)
            found += check_linked(CheckContext(given[note.id], snapshot.links[note.id], surroundings))
            progress(done + 1, len(snapshot.notes))
        return in_order(found)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics by path, position and rule."""
    return tuple(sorted(diagnostics, key=lambda d: (d.note, d.span, d.rule, d.message)))


def _surroundings(files: BaseFiles) -> Surroundings:
    wanted = frozenset(spelling.key(name) for name in files.config.wanted)
    return Surroundings(files.assets, wanted, files.settings.date_formats)


def _modules(files: BaseFiles) -> frozenset[str]:
    """The same set as before where it is equal, so that nothing is checked again for it."""
    return files.modules


def _index(surroundings: Surroundings, *given: Exports) -> Names:
    return index(surroundings, given)


def check_sources(
    sources: Mapping[NoteId, str], assets: frozenset[str], config: Config, settings: GraphSettings
) -> tuple[Diagnostic, ...]:
    """What is wrong with a base that exists in memory alone."""
    kb = Kb()
    texts = {ident: Source(ident, text) for ident, text in sources.items()}
    return kb.check(kb.snapshot(BaseFiles(texts, assets, config, settings)))
