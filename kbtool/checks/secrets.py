"""What must not be published: credentials that were pasted into a note."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.credentials import credentials
from kbtool.note import Note
from kbtool.values import Diagnostic, Span

_ADVICE = "take it out, and revoke it: who has seen the file knows it"


def secret(note: Note, text: str) -> Iterator[Diagnostic]:
    """Credentials anywhere in the note, code and comments too."""
    for found in credentials(text):
        message = f"the note has {found.said}, and notes are published"
        yield Diagnostic("secret", note.id, Span(found.start, found.end), message, (), _ADVICE)
