"""Which pages a site shows: a base is made to be published, so all of them, unless they or the graph say otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from kbtool.names import key
from kbtool.note import Note
from kbtool.values import NoteId


def published(notes: Iterable[Note], all_public: bool | None) -> frozenset[NoteId]:
    """All notes but those with `public:: false`; where the graph says `false` itself, those with `public:: true`.

    A page whose name is an alias of a page with `public:: true` comes along, as in Logseq.
    """
    said = {note.id: _said(note) for note in notes}
    if all_public is not False:
        return frozenset(ident for ident, public in said.items() if public is not False)
    aliases = {d.key for note in notes if said[note.id] for d in note.defines if d.kind == "alias"}
    return frozenset(
        note.id for note in notes if said[note.id] or (said[note.id] is None and key(note.name) in aliases)
    )


def _said(note: Note) -> bool | None:
    word = next((prop.text.lower() for prop in note.properties if prop.key == "public"), "")
    return {"true": True, "false": False}.get(word)
