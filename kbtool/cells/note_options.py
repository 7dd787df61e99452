"""What a note asks of the process that its cells run in: said by any of them, or by the page's properties."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from kbtool.cells.attributes import OF_NOTES, complaint, is_valid, paths, size
from kbtool.cells.options import RULE, is_right
from kbtool.syntax.tree import Property, Word
from kbtool.values import NO_NOTE_OPTIONS, Diagnostic, Edit, Fix, Label, NoteId, NoteOptions, Span

_ONE = ("device", "seed", "launch")
"""Attributes of which a note has one value."""
_T = TypeVar("_T")


class _Said(NamedTuple):
    """An attribute of the note with its value, and where it stands."""

    name: str
    value: str
    span: Span


def note_options(
    cells: Iterable[Sequence[Word]], properties: Iterable[Property], note: NoteId
) -> tuple[NoteOptions, tuple[Diagnostic, ...]]:
    """The strictest of what a note's cells and its page's properties ask for, and a `bad-attribute` for what is wrong.

    `cells` are the words of each cell that runs, which are judged where the cells are read. Without such a cell the
    properties mean something else.
    """
    words = list(cells)
    if not words:
        return NO_NOTE_OPTIONS, ()
    own = [prop for prop in properties if _name(prop) in OF_NOTES]
    problems = [_bad_property(prop, note) for prop in own if not is_valid(_name(prop), prop.text)]
    said = [_Said(_name(prop), prop.text, prop.value_span) for prop in own if is_valid(_name(prop), prop.text)]
    said += [one for given in words for one in _of_cell(given)]
    said.sort(key=lambda one: one.span)
    return _strictest(said), (*problems, *_contradictions(said, note))


def _of_cell(words: Iterable[Word]) -> Iterator[_Said]:
    """What a cell says of its note; of two equal attributes the first counts."""
    seen = set[str]()
    for word in words:
        name, _, value = word.text.partition("=")
        if name in OF_NOTES and name not in seen and is_right(word):
            seen.add(name)
            yield _Said(name, value, word.span)


def _strictest(said: Sequence[_Said]) -> NoteOptions:
    def all_of(name: str, read: Callable[[str], _T]) -> list[_T]:
        return [read(one.value) for one in said if one.name == name]

    devices, seeds, inputs = all_of("device", str), all_of("seed", int), all_of("inputs", paths)
    return NoteOptions(
        device="cuda" if "cuda" in devices else "cpu" if "cpu" in devices else "auto",
        gpu_memory=max(all_of("gpu_mem", size), default=0),
        cpus=max(all_of("cpus", int), default=0),
        inputs=tuple(dict.fromkeys(path for given in inputs for path in given)),
        seed=seeds[0] if seeds else None,
        launch=next(iter(all_of("launch", str)), ""),
    )


def _contradictions(said: Sequence[_Said], note: NoteId) -> Iterator[Diagnostic]:
    """A problem for each value that is another than an earlier one, where a note can have only one."""
    for name in _ONE:
        given = [one for one in said if one.name == name and one.value != "auto"]
        for one in given[1:]:
            first = given[0]
            if one.value != first.value:
                message = f"the note asks for `{name}={first.value}` and for `{name}={one.value}`"
                label = Label(note, first.span, "the first one")
                yield Diagnostic(
                    RULE, note, one.span, message, (label,), "its cells share one process: keep one of them"
                )


def _name(prop: Property) -> str:
    """The attribute that a property's key stands for; Logseq writes `-` for `_`."""
    return prop.key.replace("-", "_")


def _bad_property(prop: Property, note: NoteId) -> Diagnostic:
    message, advice, meant = complaint(_name(prop), prop.text, f"{prop.key}:: ")
    span = prop.value_span if prop.text else prop.key_span
    fix = Fix(f"write `{meant}`", (Edit(note, prop.value_span, meant),), safe=False) if meant else None
    return Diagnostic(RULE, note, span, message, (), advice, fix)
