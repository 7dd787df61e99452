"""A knowledge base in memory: sources go in, a consistent snapshot and its diagnostics come out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from kbtool import names as spelling
from kbtool.checks import check_alone, check_base, check_linked
from kbtool.checks.context import CheckContext, base
from kbtool.checks.mentions import unlinked_mention
from kbtool.config import Config, GraphSettings
from kbtool.facts import facts
from kbtool.graph import Exports, Links, Names, Surroundings, exports, index, resolve
from kbtool.memo import Memo
from kbtool.mentions import Unlinked, lexicon, mentions
from kbtool.note import Note, lower
from kbtool.rules import asked
from kbtool.stems import Stems
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source


@dataclass(frozen=True, slots=True)
class BaseFiles:
    """All that a base's folder holds for the compiler: texts, paths of other files, settings, what was unreadable."""

    sources: Mapping[NoteId, Source]
    assets: frozenset[str]
    config: Config
    settings: GraphSettings
    problems: tuple[Diagnostic, ...] = ()
    warnings: tuple[str, ...] = ()


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

    __slots__ = ("_memo", "_seen")

    def __init__(self) -> None:
        self._memo = Memo()
        self._seen: frozenset[NoteId] = frozenset()

    def snapshot(self, files: BaseFiles, progress: Progress = _silent) -> Snapshot:
        """The base as its files say."""
        self._memo.forget(set(self._seen - files.sources.keys()))
        self._seen = frozenset(files.sources)
        total = len(files.sources)
        notes: dict[NoteId, Note] = {}
        for done, (ident, source) in enumerate(sorted(files.sources.items())):
            parsed = self._memo.call(ident, parse, source, files.settings.comma_properties, files.settings.dialect)
            notes[ident] = self._memo.call(ident, lower, source, parsed, files.settings)
            progress(done + 1, total)
        given = [self._memo.call(note.id, exports, note) for note in notes.values()]
        surroundings = self._memo.call("surroundings", _surroundings, files)
        names = self._memo.call("names", _index, surroundings, *given)
        links = {ident: self._memo.call(ident, resolve, note, names) for ident, note in notes.items()}
        return Snapshot(files, notes, names, links)

    def mentions(self, snapshot: Snapshot) -> Mapping[NoteId, tuple[Unlinked, ...]]:
        """The unlinked mentions that each note holds; after an edit that note alone is read again."""
        call = self._memo.call
        given = (call(note.id, exports, note) for note in snapshot.notes.values())
        formats = call("date formats", tuple[str, ...], snapshot.files.settings.date_formats)
        known = call("lexicon", lexicon, call("stems", Stems), call("mentioned", _named, *given), formats)
        return {
            ident: call(ident, mentions, note, snapshot.text(ident), known) for ident, note in snapshot.notes.items()
        }

    def check(self, snapshot: Snapshot, progress: Progress = _silent) -> tuple[Diagnostic, ...]:
        """All that is wrong with a base, by path and position; executes nothing."""
        given = {ident: self._memo.call(ident, facts, note) for ident, note in snapshot.notes.items()}
        surroundings = base(given, snapshot.names, snapshot.files.config)
        found = [*snapshot.files.problems, *check_base(surroundings)]
        for done, note in enumerate(snapshot.notes.values()):
            found += self._memo.call(note.id, check_alone, note, snapshot.text(note.id))
            found += check_linked(CheckContext(given[note.id], snapshot.links[note.id], surroundings))
            progress(done + 1, len(snapshot.notes))
        if asked("unlinked-mention", snapshot.files.config):
            dialect = snapshot.files.settings.dialect
            for ident, unlinked in self.mentions(snapshot).items():
                found += unlinked_mention(ident, snapshot.text(ident), unlinked, dialect)
        return in_order(found)


def _named(*given: Exports) -> tuple[tuple[NoteId, str], ...]:
    return tuple((one.note, name) for one in given for _, name in one.pages)


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics by path, position and rule."""
    return tuple(sorted(diagnostics, key=lambda d: (d.note, d.span, d.rule, d.message)))


def _surroundings(files: BaseFiles) -> Surroundings:
    wanted = frozenset(spelling.key(name) for name in files.config.wanted)
    return Surroundings(
        files.assets,
        wanted,
        files.settings.date_formats,
        files.settings.dialect == "obsidian",
        files.settings.whiteboards,
    )


def _index(surroundings: Surroundings, *given: Exports) -> Names:
    return index(surroundings, given)


def check_sources(
    sources: Mapping[NoteId, str], assets: frozenset[str], config: Config, settings: GraphSettings
) -> tuple[Diagnostic, ...]:
    """What is wrong with a base that exists in memory alone."""
    kb = Kb()
    texts = {ident: Source(ident, text) for ident, text in sources.items()}
    settings = replace(settings, dialect=config.dialect)
    return kb.check(kb.snapshot(BaseFiles(texts, assets, config, settings)))
