"""What a site would give away in the results that it shows."""

from __future__ import annotations

from collections.abc import Mapping

from kbtool.cells.recording import private_here
from kbtool.cells.revealing import revealing, revealing_text
from kbtool.commands import opening
from kbtool.facts import facts
from kbtool.filters import filtered
from kbtool.outcomes import Result
from kbtool.public import published
from kbtool.values import Diagnostic, NoteId


def revealed(opened: opening.Opened, results: Mapping[NoteId, Result]) -> tuple[Diagnostic, ...]:
    """Credentials and names of this machine in results of notes that the site shows."""
    snapshot, private = opened.snapshot, private_here(opened.project.base)
    shown = published(snapshot.notes.values(), snapshot.files.settings.all_public)
    found: list[Diagnostic] = []
    for ident in sorted(shown):
        found += revealing_text(snapshot.notes[ident], snapshot.text(ident), private)
    for ident in sorted(results.keys() & shown):
        note, result = snapshot.notes[ident], results[ident]
        outcomes = [one for one in (result.outcome, *result.others) if one is not None]
        found += [one for outcome in outcomes for one in revealing(note, outcome, private)]
    said = {one.note: facts(snapshot.notes[one.note]).suppressions for one in found}
    return filtered(dict.fromkeys(found), said, opened.project.config, whole=False)
