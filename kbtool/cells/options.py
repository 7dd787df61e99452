"""What the words after ```` ```python ```` ask of a cell, and whether they are words that a cell knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from kbtool.cells.attributes import FLAGS, NAMES, complaint, is_valid, needs_value
from kbtool.suggest import did_you_mean
from kbtool.syntax.tree import Word
from kbtool.values import CellOptions, Diagnostic, Edit, Fix, Label, NoteId

RULE = "bad-attribute"
_HELP = f"kbtool explain {RULE} says what each of these does: {', '.join(NAMES)}"


def parse_options(words: Sequence[Word], note: NoteId) -> tuple[CellOptions, tuple[Diagnostic, ...]]:
    """The options of a cell, and a `bad-attribute` for each word that is none; such a word has no effect."""
    given: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for word in words:
        problem = _problem(word, given, note)
        if problem is None:
            name, _, value = word.text.partition("=")
            given[name] = value
        else:
            problems.append(problem)
    return _options(given), tuple(problems)


def duplicate_names(cells: Iterable[Sequence[Word]], note: NoteId) -> tuple[Diagnostic, ...]:
    """A `bad-attribute` for each `name=` that an earlier cell of the note has; `cells` are the words of each cell."""
    first: dict[str, Word] = {}
    problems: list[Diagnostic] = []
    for word in (word for words in cells for word in words if _is_name(word)):
        seen = first.setdefault(word.text, word)
        if seen is not word:
            label = Label(note, seen.span, "the first one")
            message = f"two cells of this note are called `{word.text.partition('=')[2]}`"
            problems.append(Diagnostic(RULE, note, word.span, message, (label,), "give each cell a name of its own"))
    return tuple(problems)


def is_right(word: Word) -> bool:
    """Whether a word is an attribute with a value that it can have."""
    name, equals, value = word.text.partition("=")
    if name in FLAGS or name not in NAMES:
        return name in FLAGS and not equals
    return is_valid(name, value) if equals else not needs_value(name)


def _is_name(word: Word) -> bool:
    return word.text.startswith("name=") and is_right(word)


def _options(given: Mapping[str, str]) -> CellOptions:
    return CellOptions(
        norun="norun" in given,
        hide="hide" in given,
        raises=given.get("raises", ""),
        timeout=float(given["timeout"]) if "timeout" in given else None,
        name=given.get("name", ""),
        expect=(given["expect"] or "exact") if "expect" in given else "",
        export="export" in given,
        volatile="volatile" in given,
    )


def _problem(word: Word, given: Mapping[str, str], note: NoteId) -> Diagnostic | None:
    name = word.text.partition("=")[0]
    if name not in NAMES:
        return _unknown(word, note)
    if name in given:
        return _complaint(word, note, (f"attribute `{name}` is given twice", "keep one of them"))
    if is_right(word):
        return None
    return _flag_with_value(word, note) if name in FLAGS else _bad_value(word, note)


def _unknown(word: Word, note: NoteId) -> Diagnostic:
    name, equals, value = word.text.partition("=")
    near = did_you_mean(name, NAMES)
    message = f"unknown cell attribute `{name}`"
    if near is None:
        return _complaint(word, note, (message, _HELP))
    meant = Word(word.span, near + ("" if near in FLAGS else equals + value))
    obvious = is_right(meant) and not (near in FLAGS and equals)
    fix = _fix(word, note, meant.text) if obvious else None
    return _complaint(word, note, (message, f"did you mean `{near}`?"), fix)


def _flag_with_value(word: Word, note: NoteId) -> Diagnostic:
    name = word.text.partition("=")[0]
    said = (f"`{name}` takes no value", f"write `{name}`, or leave it out")
    return _complaint(word, note, said, _fix(word, note, name))


def _bad_value(word: Word, note: NoteId) -> Diagnostic:
    name, _, value = word.text.partition("=")
    message, advice, meant = complaint(name, value, f"{name}=")
    return _complaint(word, note, (message, advice), _fix(word, note, f"{name}={meant}") if meant else None)


def _fix(word: Word, note: NoteId, text: str) -> Fix:
    return Fix(f"write `{text}`", (Edit(note, word.span, text),), safe=False)


def _complaint(word: Word, note: NoteId, said: tuple[str, str], fix: Fix | None = None) -> Diagnostic:
    message, advice = said
    return Diagnostic(RULE, note, word.span, message, (), advice, fix)
