"""What the words after ```` ```python ```` ask for, and whether they are words that a cell knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from kbtool.suggest import did_you_mean
from kbtool.syntax.tree import Word
from kbtool.values import CellOptions, Diagnostic, Edit, Fix, Label, NoteId

_RULE = "bad-attribute"
_FLAGS = ("norun", "hide", "export")
_VALUES = ("raises", "timeout", "name")
_HELP = "a cell knows `norun`, `hide`, `export`, `raises=TypeError`, `timeout=60` and `name=train`"
_EXPECTED = (
    ("raises", "the name of an exception, as in `raises=TypeError`"),
    ("timeout", "seconds, more than 0, as in `timeout=60`"),
    ("name", "a word of letters, digits, `_` and `-`, as in `name=train`"),
)


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
            problems.append(Diagnostic(_RULE, note, word.span, message, (label,), "give each cell a name of its own"))
    return tuple(problems)


def _is_name(word: Word) -> bool:
    return word.text.startswith("name=") and _valid("name", word.text[len("name=") :])


def _options(given: Mapping[str, str]) -> CellOptions:
    timeout = float(given["timeout"]) if "timeout" in given else None
    return CellOptions(
        norun="norun" in given,
        hide="hide" in given,
        raises=given.get("raises", ""),
        timeout=timeout,
        name=given.get("name", ""),
        export="export" in given,
    )


def _problem(word: Word, given: Mapping[str, str], note: NoteId) -> Diagnostic | None:
    name, equals, value = word.text.partition("=")
    if name not in _FLAGS and name not in _VALUES:
        return _unknown(word, note)
    if name in given:
        return _complaint(word, note, (f"attribute `{name}` is given twice", "keep one of them"))
    if name in _FLAGS:
        return _flag_with_value(word, note) if equals else None
    return None if _valid(name, value) else _bad_value(word, note)


def _unknown(word: Word, note: NoteId) -> Diagnostic:
    name, equals, value = word.text.partition("=")
    near = did_you_mean(name, (*_FLAGS, *_VALUES))
    message = f"unknown cell attribute `{name}`"
    if near is None:
        return _complaint(word, note, (message, _HELP))
    meant = near if near in _FLAGS else f"{near}={value}"
    obvious = not equals if near in _FLAGS else _valid(near, value)
    return _complaint(word, note, (message, f"did you mean `{near}`?"), _fix(word, note, meant) if obvious else None)


def _flag_with_value(word: Word, note: NoteId) -> Diagnostic:
    name = word.text.partition("=")[0]
    said = (f"`{name}` takes no value", f"write `{name}`, or leave it out")
    return _complaint(word, note, said, _fix(word, note, name))


def _bad_value(word: Word, note: NoteId) -> Diagnostic:
    name, _, value = word.text.partition("=")
    expected = next(text for key, text in _EXPECTED if key == name)
    bare = value.strip("\"'")
    meant = bare.rstrip("s") if name == "timeout" else bare
    fix = _fix(word, note, f"{name}={meant}") if _valid(name, meant) else None
    message = f"`{value}` is no value for `{name}`" if value else f"`{name}` needs a value"
    return _complaint(word, note, (message, f"it takes {expected}"), fix)


def _valid(name: str, value: str) -> bool:
    match name:
        case "timeout":
            return _is_positive(value)
        case "raises":
            return all(part.isidentifier() for part in value.split("."))
        case _:
            return value.replace("-", "_").isidentifier() and not value.startswith("-")


def _is_positive(value: str) -> bool:
    try:
        seconds = float(value)
    except ValueError:
        return False
    return isfinite(seconds) and seconds > 0


def _fix(word: Word, note: NoteId, text: str) -> Fix:
    return Fix(f"write `{text}`", (Edit(note, word.span, text),), safe=False)


def _complaint(word: Word, note: NoteId, said: tuple[str, str], fix: Fix | None = None) -> Diagnostic:
    message, advice = said
    return Diagnostic(_RULE, note, word.span, message, (), advice, fix)
