"""What a check may look at: one note, and the base that it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kbtool.config import Config
from kbtool.graph import Links, Names, Target
from kbtool.note import Note
from kbtool.suggest import Vocabulary, vocabulary
from kbtool.values import Diagnostic, NoteId, Reference, Span


@dataclass(frozen=True, slots=True)
class Base:
    """All notes of a base, their names, and those names made ready for did-you-mean. Make it with `base`."""

    notes: Mapping[NoteId, Note]
    names: Names
    config: Config
    page_words: Vocabulary
    asset_words: Vocabulary


@dataclass(frozen=True, slots=True)
class CheckContext:
    """One note with its text and the targets of its references, in the order of `note.refers`."""

    note: Note
    text: str
    links: Links
    base: Base

    def references(self) -> zip[tuple[Reference, Target]]:
        """The note's references, each with its target."""
        return zip(self.note.refers, self.links, strict=True)

    def diagnostic(self, rule: str, span: Span, message: str, advice: str) -> Diagnostic:
        """A diagnostic of this note."""
        return Diagnostic(rule, self.note.id, span, message, (), advice)


def base(notes: Mapping[NoteId, Note], names: Names, config: Config) -> Base:
    """What the notes of a base are checked against; takes a millisecond per thousand names, so make it once."""
    return Base(notes, names, config, vocabulary(names.pages), vocabulary(names.assets))
