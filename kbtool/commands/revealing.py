"""What a site would give away in the results that it shows."""

from __future__ import annotations

from collections.abc import Mapping

from kbtool.cells.recording import names_here
from kbtool.cells.revealing import revealing
from kbtool.commands import opening
from kbtool.facts import facts
from kbtool.filters import filtered
from kbtool.outcomes import Result
from kbtool.public import published
from kbtool.values import Diagnostic, NoteId


def revealed(opened: opening.Opened, results: Mapping[NoteId, Result]) -> tuple[Diagnostic, ...]:
    """Credentials and names of this machine in results of notes that the site shows."""
    snapshot, names = opened.snapshot, names_here(opened.project.base)
    shown = published(snapshot.notes.values(), snapshot.files.settings.all_public)
    found, said = [], {}
    for ident in sorted(results.keys() & shown):
        note, result = snapshot.notes[ident], results[ident]
        said[ident] = facts(note).suppressions
        outcomes = [one for one in (result.outcome, *result.others) if one is not None]
        found += [one for outcome in outcomes for one in revealing(note, outcome, names)]
    return filtered(dict.fromkeys(found), said, opened.project.config, whole=False)
