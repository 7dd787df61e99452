"""Unlinked mentions: where a note's words name a page without a link.

A name is a sequence of stems, and a base's names are one trie, so each text is read once whatever the number of names.
Left out are names that mean nothing by themselves: shorter than three letters, stop words, numbers, dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import NamedTuple

from kbtool.dates import journal_day
from kbtool.names import key
from kbtool.note import Note
from kbtool.patterns import regex
from kbtool.references import is_stamp
from kbtool.stems import Stems, is_common
from kbtool.syntax.tree import (
    Block,
    Container,
    Emphasis,
    FootnoteText,
    Inline,
    Part,
    Prose,
    Quote,
    Table,
)
from kbtool.values import Key, NoteId, Span

SHORTEST = 3
"""Letters that a name must have to be looked for."""
_LONGEST = 12  # words of a name
_WORD = regex(r"\w+")
_POSSESSIVE = regex(r"[’']s\b")
# What may stand between two words of a name, besides what its own spelling has there.
_BETWEEN = regex(r"[ \t\xa0]*(?:[-–—]|\r?\n)?[ \t\xa0]*")
# A word that touches one of these is part of something else: a path, an address, an identifier, a compound.
_GLUE = frozenset("-‑/\\&=.’'@")
_SIGNS = frozenset("@#$\\")


class NameOf(NamedTuple):
    """A name or alias to look for: its owner, its words as written in lower case, and the text between them."""

    note: NoteId
    name: str
    words: tuple[str, ...]
    gaps: tuple[str, ...]


class Unlinked(NamedTuple):
    """A mention of `note` under `name` in a block, at a span of the mentioning note."""

    note: NoteId
    name: str
    block: int
    span: Span


@dataclass(frozen=True, slots=True)
class _Node:
    """A place in the trie: the names that end here, and the stems that may follow."""

    names: tuple[NameOf, ...]
    next: Mapping[str, _Node]


class Lexicon:
    """All names of a base, ready to be found in texts; compared by identity. `owners`: the notes by page keys."""

    __slots__ = ("owners", "root", "stems")

    def __init__(self, stems: Stems, names: Iterable[NameOf], owners: Mapping[Key, NoteId]) -> None:
        self.stems = stems
        self.owners = owners
        keyed = sorted(((tuple(map(stems.stem, name.words)), name) for name in names), key=lambda pair: pair[0])
        self.root = _trie(keyed, 0)


def _trie(keyed: Sequence[tuple[tuple[str, ...], NameOf]], depth: int) -> _Node:
    """The trie of names, sorted by their stems, that share their first `depth` stems."""
    ending = tuple(name for stems, name in keyed if len(stems) == depth)
    groups: dict[str, list[tuple[tuple[str, ...], NameOf]]] = {}
    for stems, name in keyed:
        if len(stems) > depth:
            groups.setdefault(stems[depth], []).append((stems, name))
    return _Node(ending, {stem: _trie(group, depth + 1) for stem, group in groups.items()})


class LaterLexicon:
    """A lexicon that is made when it is first asked for; `names` and `date_formats` say which it is."""

    __slots__ = ("_made", "_stems", "date_formats", "names")

    def __init__(self, stems: Stems, names: tuple[tuple[NoteId, str], ...], date_formats: tuple[str, ...]) -> None:
        self._stems = stems
        self._made: Lexicon | None = None
        self.names = names
        self.date_formats = date_formats

    @property
    def lexicon(self) -> Lexicon:
        """The lexicon."""
        if self._made is None:
            self._made = lexicon(self._stems, self.names, self.date_formats)
        return self._made


def lexicon(stems: Stems, names: tuple[tuple[NoteId, str], ...], date_formats: tuple[str, ...]) -> Lexicon:
    """The names worth looking for."""
    found = (_name_of(note, name) for note, name in names if journal_day(name, date_formats) is None)
    owners = {key(name): note for note, name in reversed(names)}
    return Lexicon(stems, (name for name in found if name is not None), owners)


def _name_of(note: NoteId, name: str) -> NameOf | None:
    words = list(_WORD.finditer(name))
    if not words or len(words) > _LONGEST or sum(len(m[0]) for m in words) < SHORTEST:
        return None
    lowered = tuple(m[0].lower() for m in words)
    if all(is_common(word) or not any(map(str.isalpha, word)) for word in lowered):
        return None
    gaps = tuple(name[a.end() : b.start()] for a, b in pairwise(words))
    return NameOf(note, name, lowered, gaps)


# ---------------------------------------------------------------- reading a note


def mentions(note: Note, text: str, known: Lexicon) -> tuple[Unlinked, ...]:
    """The unlinked mentions of other notes, in order; longer names win, and a page that the block links is left out."""
    linked: dict[int, set[NoteId]] = {}
    for reference in note.refers:
        if Key(reference.key) in known.owners and reference.kind in ("page", "tag", "embed"):
            linked.setdefault(reference.block, {note.id}).add(known.owners[Key(reference.key)])
    reader = _Reader(text, known)
    for number, block in enumerate(note.outline):
        for span in _stretches(text, block):
            reader.read(number, span, linked.setdefault(number, {note.id}))
    return tuple(reader.found)


class _Reader:
    """Looks for names in stretches of one note's text."""

    def __init__(self, text: str, known: Lexicon) -> None:
        self.found: list[Unlinked] = []
        self._text, self._known = text, known

    def read(self, block: int, span: Span, linked: set[NoteId]) -> None:
        stem, root = self._known.stems.stem, self._known.root.next
        stream = _WORD.finditer(self._text, *span)
        words = list(islice(stream, _LONGEST))  # this word and as many behind it as a name may have
        while words:
            node = root.get(stem(words[0][0].lower()))
            count, name = self._longest(words, node) if node else (0, None)
            if name and name.note not in linked:
                where = Span(words[0].start(), words[count - 1].end())
                self.found.append(Unlinked(name.note, name.name, block, where))
                linked.add(name.note)  # one of a block is enough
            del words[: max(count, 1)]
            words += islice(stream, max(count, 1))

    def _longest(self, words: list[re.Match[str]], node: _Node) -> tuple[int, NameOf | None]:
        """How many words the longest name that begins with the first word has, and that name."""
        best: tuple[int, NameOf | None] = (0, None)
        count = 1
        following: _Node | None = node
        while following is not None:
            chosen = self._chosen(words[:count], following.names) if following.names else None
            best = (count, chosen) if chosen else best
            if count >= len(words):
                break
            following = following.next.get(self._known.stems.stem(words[count][0].lower()))
            count += 1
        return best

    def _chosen(self, words: list[re.Match[str]], names: tuple[NameOf, ...]) -> NameOf | None:
        """The name that these words are: the one spelled so, else the first that they may be a form of."""
        text = self._text
        if _is_part(text, words[0].start(), words[-1].end()):
            return None
        gaps = tuple(text[a.end() : b.start()] for a, b in pairwise(words))
        written = tuple(m[0] for m in words)
        fitting = [name for name in names if _fits(self._known.stems, name, written, gaps)]
        lowered = tuple(word.lower() for word in written)
        return next((name for name in fitting if name.words == lowered), fitting[0] if fitting else None)


def _is_part(text: str, start: int, end: int) -> bool:
    """Whether the words between are a part of a longer one: a path, an address, an identifier, a compound."""
    before, behind = text[max(start - 2, 0) : start], text[end : end + 2]
    if before[-1:] in _SIGNS or (before[-1:] in _GLUE and before[:-1].isalnum()):
        return True
    return behind[:1] in _GLUE and behind[1:].isalnum() and not _POSSESSIVE.match(text, end)


def _fits(stems: Stems, name: NameOf, written: tuple[str, ...], gaps: tuple[str, ...]) -> bool:
    if any(gap != own and not _BETWEEN.fullmatch(gap) for gap, own in zip(gaps, name.gaps, strict=True)):
        return False
    if not all(stems.are_forms(own, word.lower()) for own, word in zip(name.words, written, strict=True)):
        return False
    if len(written) > 1:
        return True
    word = written[0]
    if name.name.isupper() and name.name.isascii() and len(name.name) < 6:
        return word.isupper()  # an abbreviation: IT is not `it`
    return word.lower() == name.words[0] or not is_common(word.lower())


# ---------------------------------------------------------------- what a reader sees as words


def _stretches(text: str, block: Block) -> Iterator[Span]:
    """The stretches of a block's running text that are nothing but words: no links, code, formulas."""
    for part in block.parts:
        if not (isinstance(part, Prose) and is_stamp(text, part)):
            yield from _of_part(part)


def _of_part(part: Part) -> Iterator[Span]:
    match part:
        case Prose(span, _, inlines) | FootnoteText(span, _, inlines):
            yield from _between(span, inlines)
        case Quote() | Container():
            for inner in part.parts:
                yield from _of_part(inner)
        case Table(_, head, rows):
            for cell in (*head, *(cell for row in rows for cell in row)):
                yield from _between(cell.span, cell.inlines)
        case _:
            pass


def _between(span: Span, nodes: Sequence[Inline]) -> Iterator[Span]:
    at = span.start
    for node in nodes:
        if node.span.start > at:
            yield Span(at, node.span.start)
        # Inside `***…***` Logseq reads no link, so none could be made there.
        if isinstance(node, Emphasis) and node.kind != "strong-em":
            yield from _between(node.inner, node.children)
        at = node.span.end
    if span.end > at:
        yield Span(at, span.end)
