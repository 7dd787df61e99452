"""Which diagnostics count: those that no comment of their note silences, and whose rule is not off there."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, TypeAlias

from kbtool.config import Config
from kbtool.rules import named, severity
from kbtool.values import Diagnostic, Edit, Fix, NoteId, Span

if TYPE_CHECKING:
    from kbtool.suppressions import Kind, Suppression

Comments: TypeAlias = Sequence[tuple[Any, ...]]
"""The suppressions of a note as plain tuples."""
UNUSED = "unused-suppression"
KINDS: tuple[Kind, ...] = ("note", "block", "line")
_NAMED = 5
_ADVICE = "take it out, so that a new problem here is seen"


def in_order(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Diagnostics by path, position and rule."""
    return tuple(sorted(diagnostics, key=lambda d: (d.note, d.span, d.rule, d.message)))


def filtered(
    found: Iterable[Diagnostic], comments: Mapping[NoteId, Comments], config: Config, whole: bool = True
) -> tuple[Diagnostic, ...]:
    """The diagnostics that count, in order; `whole` when they are all that there are, so that what is unused shows."""
    by_note: dict[NoteId, list[Diagnostic]] = {note: [] for note, given in comments.items() if given}
    for one in found:
        by_note.setdefault(one.note, []).append(one)
    left: list[Diagnostic] = []
    for note, given in by_note.items():
        silencing = comments.get(note, ())
        left += _unsuppressed(note, given, _suppressions(silencing), whole) if silencing else given
    return in_order(counting(left, config))


def counting(found: Iterable[Diagnostic], config: Config) -> list[Diagnostic]:
    """The diagnostics whose rule is on where they stand."""
    given = list(found)
    levels = {rule: severity(rule, config) for rule in {one.rule for one in given}}
    off = {note: ignored_in(note, config) for note in {one.note for one in given}} if config.ignore_in else {}
    return [one for one in given if levels[one.rule] != "off" and one.rule not in off.get(one.note, ())]


# ---------------------------------------------------------------- comments


def _suppressions(comments: Comments) -> tuple[Suppression, ...]:
    from kbtool.suppressions import Suppression

    return tuple(Suppression(*one) for one in comments)


def _unsuppressed(
    note: NoteId, found: Sequence[Diagnostic], comments: Sequence[Suppression], whole: bool
) -> list[Diagnostic]:
    """What the comments of a note leave, and a diagnostic for each that had no use."""
    reaches = _Reaches(comments)
    left = [one for one in found if not reaches.covers(one)]
    if whole:
        left += (one for one in _unused(note, comments, reaches, own=False) if not reaches.covers(one))
        left += _unused(note, comments, reaches, own=True)
    return left


class _Reaches:
    """Where each rule is silenced, and where that was of use."""

    __slots__ = ("_reaches", "used")

    def __init__(self, comments: Iterable[Suppression]) -> None:
        # Blocks are apart from each other, and so are lines: of each kind at most one stretch holds a place.
        reaches: dict[tuple[str, Kind], set[tuple[int, int]]] = {}
        for one in comments:
            for name, *_ in one.names if one.works else ():
                reaches.setdefault((name, one.kind), set()).add((one.start, one.end))
        self._reaches = {kind: sorted(found) for kind, found in reaches.items()}
        self.used: set[tuple[str, int, int]] = set()

    def covers(self, one: Diagnostic) -> bool:
        """Whether a diagnostic is silenced, which is noted."""
        covering = [reach for kind in KINDS if (reach := self._holding((one.rule, kind), one.span.start))]
        self.used.update((one.rule, *reach) for reach in covering)
        return bool(covering)

    def _holding(self, kind: tuple[str, Kind], place: int) -> tuple[int, int] | None:
        reaches = self._reaches.get(kind, [])
        at = bisect_right(reaches, place, key=lambda reach: reach[0]) - 1
        return reaches[at] if at >= 0 and place < reaches[at][1] else None


def _unused(note: NoteId, comments: Iterable[Suppression], reaches: _Reaches, own: bool) -> Iterator[Diagnostic]:
    """A diagnostic for each name, or for each whole comment, that silenced nothing; `own` for names of this rule."""
    for one in comments:
        known = [name for name in one.names if one.works and _is_judged(name[0])]
        idle = [name for name in known if (name[0], one.start, one.end) not in reaches.used]
        wanted = [name for name in idle if (name[0] == UNUSED) == own]
        if wanted and len(idle) == len(one.names) and (own or wanted == idle):
            fix = Fix("take the comment out", (Edit(note, Span(*one.cut), ""),), safe=one.clean)
            yield Diagnostic(UNUSED, note, Span(*one.span), f"nothing here breaks {_listed(one)}", (), _ADVICE, fix)
        else:
            yield from (_unused_name(note, name) for name in wanted)


def _listed(one: Suppression) -> str:
    names = list(dict.fromkeys(f"`{name[0]}`" for name in one.names))
    return ", ".join(names) if len(names) <= _NAMED else f"{', '.join(names[:_NAMED])} and {len(names) - _NAMED} more"


def _is_judged(name: str) -> bool:
    rule = named(name)
    return rule is not None and rule.always


def _unused_name(note: NoteId, name: tuple[str, int, int, int, int]) -> Diagnostic:
    text, start, end, cut_start, cut_end = name
    fix = Fix("take the name out", (Edit(note, Span(cut_start, cut_end), ""),), safe=True)
    return Diagnostic(UNUSED, note, Span(start, end), f"nothing here breaks `{text}`", (), _ADVICE, fix)


# ---------------------------------------------------------------- paths


def ignored_in(note: NoteId, config: Config) -> frozenset[str]:
    """The rules that do not count in a note, whatever stands in it."""
    return frozenset(rule for pattern, rules in config.ignore_in if matches(note, pattern) for rule in rules)


def matches(path: str, pattern: str) -> bool:
    """Whether a path is meant: `*` within a name, `**` for any folders; a pattern without `/` is for names alone."""
    names, wanted = _nfc(path).split("/"), _nfc(pattern).split("/")
    if len(wanted) == 1:
        return fnmatchcase(names[-1], wanted[0])
    # reached[i]: the first i names can be what the pattern means so far.
    reached = [True] + [False] * len(names)
    for part in wanted:
        if part == "**":
            first = reached.index(True) if True in reached else len(reached)
            reached = [at >= first for at in range(len(reached))]
        else:
            reached = [False, *(on and fnmatchcase(name, part) for on, name in zip(reached, names, strict=False))]
    return reached[-1]


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
