"""Which notes are not run, whatever is asked, and which sessions the others are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from kbtool import query
from kbtool.cells.keeping import Keeper
from kbtool.cells.library import Library
from kbtool.checks import check_imports
from kbtool.checks.context import base
from kbtool.commands import opening
from kbtool.facts import facts
from kbtool.filters import filtered
from kbtool.kb import Snapshot
from kbtool.note import Note
from kbtool.values import Diagnostic, NoteId

_REFUSED = ("bad-attribute", "dynamic-import")


class Asked(NamedTuple):
    """The notes that were asked for and can run, those that are refused and why, and the sessions."""

    notes: tuple[Note, ...]
    refused: Mapping[NoteId, tuple[Diagnostic, ...]]
    keeper: Keeper


def asked(opened: opening.Opened, jobs: int = 0) -> Asked:
    """What is to be run of the notes that were asked for."""
    snapshot, config = opened.snapshot, opened.project.config
    notes = [note for note in query.pages(snapshot) if opened.asked(note.id)]
    said = {note.id: facts(note).suppressions for note in notes}
    wrong = ((note, given) for note, given in _misunderstood(notes, snapshot) if given)
    found = ((note, filtered(given, {note: said[note]}, config, whole=False)) for note, given in wrong)
    refused = {note: given for note, given in found if given}
    running = tuple(note for note in notes if note.id not in refused)
    library = Library(snapshot.notes, snapshot.names)
    return Asked(running, refused, Keeper(opened.project.base, running, (config, library), jobs))


def _misunderstood(notes: Iterable[Note], snapshot: Snapshot) -> Iterator[tuple[NoteId, tuple[Diagnostic, ...]]]:
    """Why notes are not run: words after ```python that nobody knows, of which one may be a misspelled `norun`, and
    imports from other notes that lead nowhere."""
    said = {note.id: facts(note) for note in query.pages(snapshot)}
    known = base(said, snapshot.names, snapshot.files.config)
    for note in notes:
        yield note.id, (*(one for one in note.diagnostics if one.rule in _REFUSED), *check_imports(note.id, known))
