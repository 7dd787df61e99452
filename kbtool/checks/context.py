"""What a check between notes may look at: the facts of one note, and the base that it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from kbtool.config import Config
from kbtool.facts import Facts
from kbtool.graph import Links, Names, Target
from kbtool.packed import whole
from kbtool.suggest import Vocabulary, vocabulary
from kbtool.values import Diagnostic, NoteId, Reference, Span


class Words:
    """The names of a base made ready for did-you-mean; made when first asked for, which most runs never do."""

    def __init__(self, names: Names) -> None:
        self._names = names

    @cached_property
    def pages(self) -> Vocabulary:
        """All page keys."""
        return vocabulary(whole(self._names.pages), self._names.looks)

    @cached_property
    def assets(self) -> Vocabulary:
        """All paths of files that are no notes."""
        return vocabulary(self._names.assets)


class Base(NamedTuple):
    """The facts of all notes, their names, and those names made ready for did-you-mean. Make it with `base`.

    What the checks between notes look up here is written down (see `linking`), so they may read the tables alone.
    """

    notes: Mapping[NoteId, Facts]
    names: Names
    config: Config
    words: Words

    @property
    def page_words(self) -> Vocabulary:
        """The page names for did-you-mean."""
        iter(self.names.pages)  # said to `linking`: the answer depends on all of them
        return self.words.pages

    @property
    def asset_words(self) -> Vocabulary:
        """The files for did-you-mean."""
        iter(self.names.assets)
        return self.words.assets


class CheckContext(NamedTuple):
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


def base(notes: Mapping[NoteId, Facts], names: Names, config: Config, words: Words | None = None) -> Base:
    """What the notes of a base are checked against; `words` are those of the same names, where they are known."""
    return Base(notes, names, config, words or Words(names))
