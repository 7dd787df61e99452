"""What is wrong with recorded results, for `check`: it runs nothing, and of packages asks for versions alone.

Asked only where there are some. Of the base no more is compiled than the notes that they are of, and those from which
the code of these imports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from kbtool import checking, disk
from kbtool.cells.archive import Archive
from kbtool.cells.digests import Digests
from kbtool.cells.environment import has_device, installed
from kbtool.cells.inputs import inputs, modules
from kbtool.cells.library import Library
from kbtool.cells.observed import World, fact_of
from kbtool.cells.plan import Environment, Session, imported_modules, plan, runnable
from kbtool.cells.recorded import Record
from kbtool.cells.sources import changes, source_of, version_changes
from kbtool.cells.store import default_folder
from kbtool.disk import Project
from kbtool.facts import facts
from kbtool.files import BaseFiles
from kbtool.filters import filtered
from kbtool.imports import imported_note
from kbtool.kb import Kb, Snapshot
from kbtool.note import Note
from kbtool.outcomes import Difference
from kbtool.render.result_words import CHANGES, changed
from kbtool.values import Diagnostic, NoteId, Source, Span

_AGAIN = "run it where it can run, and record it again: kbtool run --record"


def problems(project: Project, notes: Collection[NoteId], snapshot: Snapshot | None = None) -> tuple[Diagnostic, ...]:
    """The diagnostics about recorded results that count; `notes` are those of the base."""
    archive = Archive(project.base)
    recorded = archive.notes()
    mine = [note for note in recorded if note in notes]
    whole = Library(snapshot.notes, snapshot.names) if snapshot else _compiled(project, mine)
    running = [whole.notes[note] for note in mine if note in whole.notes and runnable(whole.notes[note])]
    orphans = set(recorded) - {note.id for note in running}
    found = [_orphan(archive, note, note in notes) for note in sorted(orphans)]
    found += _of_notes(project, whole, running)
    return filtered(found, {note.id: facts(note).suppressions for note in running}, project.config, whole=False)


def _compiled(project: Project, notes: Collection[NoteId]) -> Library:
    """The notes and those from which they import, by the names that the last check kept; else the whole base."""
    settings, _ = disk.settings_of(project, disk.settings_text(project.base))
    kb, names, sources, wanted = Kb(), None, dict[NoteId, Source](), set(notes)
    while True:
        read = (disk.read_note(project.base, note)[0] for note in sorted(wanted))
        sources |= {source.id: source for source in read if source is not None}
        snapshot = kb.snapshot(BaseFiles(sources, frozenset(), project.config, settings))
        imports = [one for note in snapshot.notes.values() for one in note.imports]
        names = names or (checking.kept_names(project) if imports else snapshot.names)
        if names is None:
            whole = Kb().snapshot(disk.read(project))
            return Library(whole.notes, whole.names)
        found = {other for one in imports if (other := imported_note(one, names)) is not None}
        wanted, before = found - sources.keys(), wanted
        if not wanted or wanted == before:
            return Library(snapshot.notes, names)


def _of_notes(project: Project, library: Library, notes: list[Note]) -> Iterator[Diagnostic]:
    archive, digests = Archive(project.base), Digests(default_folder())
    world = World(str(project.base), digests, {})
    for session in _sessions(project, library, notes, digests):
        for record in archive.of(session.note):
            if record.fault:
                yield _tampered(library.notes[session.note], record)
            elif first := next(_changes(session, record, world), None):
                yield _stale(library.notes[session.note], record, first)
    digests.save()


def _sessions(project: Project, library: Library, notes: list[Note], digests: Digests) -> tuple[Session, ...]:
    """The sessions of notes, but for what is installed."""
    base = project.base
    local = modules(base, imported_modules(notes, library), digests)
    files = inputs(base, {pattern for note in notes for pattern in note.options.inputs}, digests)
    return plan(notes, project.config, Environment("", "", {}, local, files), library).sessions


def _changes(session: Session, record: Record, world: World) -> Iterator[Difference]:
    yield from changes(record.source, source_of(session.decides))
    if has_device(record.device):  # of a GPU that is not here, packages have versions of their own
        yield from version_changes(record.source, installed)
    seen = record.outcome.observed.facts if record.outcome else ()
    yield from (Difference("file", fact.what) for fact, _ in world.broken(map(fact_of, seen)))


def _stale(note: Note, record: Record, first: Difference) -> Diagnostic:
    started = record.outcome.provenance.started[:10] if record.outcome else ""
    what = changed(CHANGES["en"], (first.kind, first.name, first.old, first.new))
    message = f"results that were recorded on {record.device} ({started}) are stale: {what}"
    return Diagnostic("stale-record", note.id, runnable(note)[0].span, message, (), _AGAIN)


def _tampered(note: Note, record: Record) -> Diagnostic:
    where = f" on {record.device}" if record.device else ""
    message = f"what was recorded{where} is not as it was written: {record.fault}"
    advice = "restore its file under `.kbtool/records/`, or record it again: kbtool run --record"
    return Diagnostic("tampered-record", note.id, runnable(note)[0].span, message, (), advice)


def _orphan(archive: Archive, note: NoteId, exists: bool) -> Diagnostic:
    why = f"`{note}` has no code any more" if exists else f"there is no note `{note}` any more"
    return Diagnostic(
        "stale-record", NoteId(archive.place(note)), Span(0, 0), why, (), "delete it, or: kbtool run --record"
    )
