"""What a check between notes may look at: the facts of one note, and the base that it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kbtool.config import Config
from kbtool.facts import Facts
from kbtool.graph import Links, Names, Target
from kbtool.suggest import Vocabulary, vocabulary
from kbtool.values import Diagnostic, NoteId, Reference, Span


@dataclass(frozen=True, slots=True)
class Base:
    """The facts of all notes, their names, and those names made ready for did-you-mean. Make it with `base`."""

    notes: Mapping[NoteId, Facts]
    names: Names
    config: Config
    page_words: Vocabulary
    asset_words: Vocabulary


@dataclass(frozen=True, slots=True)
class CheckContext:
    """The facts of one note, and the targets of its references in the order of `note.refers`."""

    note: Facts
    links: Links
    base: Base

    def references(self) -> zip[tuple[Reference, Target]]:
        """The note's references, each with its target."""
        return zip(self.note.refers, self.links, strict=True)

    def diagnostic(self, rule: str, span: Span, message: str, advice: str) -> Diagnostic:
        """A diagnostic of this note."""
        return Diagnostic(rule, self.note.id, span, message, (), advice)


def base(notes: Mapping[NoteId, Facts], names: Names, config: Config) -> Base:
    """What the notes of a base are checked against; takes a millisecond per thousand names, so make it once."""
    return Base(notes, names, config, vocabulary(names.pages), vocabulary(names.assets))
