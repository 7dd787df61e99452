"""Chooses fixes and makes them in memory: no two touch, none adds an error, each removes what it is for."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from kbtool.config import Config
from kbtool.edits import changes
from kbtool.rules import RULES, severity
from kbtool.values import Diagnostic, Edit, NoteId, Source

_ROUNDS = 20
"""A fix may make room for the next one; nothing sensible needs more rounds."""
_CHECKS = 300
"""So often a base is checked at most, when fixes turn out to do harm and are tried one by one."""

Sources = Mapping[NoteId, Source]
Check = Callable[[Sources], tuple[Diagnostic, ...]]
_Identity = tuple[NoteId, str, str]


@dataclass(frozen=True, slots=True)
class Mended:
    """A base after fixes: its texts, what is still wrong, the notes that changed, how many problems were fixed.

    `refused` counts fixes that would have done harm, or nothing.
    """

    sources: Sources
    found: tuple[Diagnostic, ...]
    changed: tuple[NoteId, ...]
    fixed: int
    refused: int


def every_rule(config: Config) -> Config:
    """The configuration with every rule on that finds faults or was asked for: what fixes are judged by."""
    judged = tuple(rule.name for rule in RULES if not rule.off or severity(rule.name, config) != "off")
    return config._replace(select=judged, ignore=(), ignore_in=())


def mended(sources: Sources, check: Check, wanted: Callable[[Diagnostic], bool], config: Config) -> Mended:
    """Makes the wanted fixes until none is left; `check` finds what breaks any rule."""
    found = check(sources)
    current, fixed, checks, barred = sources, 0, 1, frozenset[Diagnostic]()
    for _ in range(_ROUNDS):
        chosen = apart(one for one in found if one.fix and one not in barred and wanted(one))
        if not chosen or checks >= _CHECKS:
            break
        trial = _Trial(current, found, check, config)
        trial.take(chosen, _CHECKS - checks)
        # What did harm may do none when others are made; and it must not stand in the way of those that it touches.
        barred = frozenset() if trial.taken else barred.union(chosen)
        current, found = trial.sources, trial.found
        fixed, checks = fixed + len(trial.taken), checks + trial.checks
    refused = sum(1 for one in found if one.fix and wanted(one))
    changed = tuple(note for note in sorted(sources) if current[note].text != sources[note].text)
    return Mended(current, found, changed, fixed, refused)


def apart(found: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """The first of the diagnostics whose fixes touch, and all others; a fix is taken whole or not at all."""
    taken: list[Diagnostic] = []
    used: dict[NoteId, list[tuple[int, int]]] = {}
    for one in sorted(found, key=lambda d: (d.note, d.span, d.rule, d.message)):
        edits = one.fix.edits if one.fix else ()
        if edits and all(_is_free(edit, used) for edit in edits) and not _touch_each_other(edits):
            taken.append(one)
            for edit in edits:
                insort(used.setdefault(edit.note, []), (edit.span.start, edit.span.end))
    return tuple(taken)


def _is_free(edit: Edit, used: Mapping[NoteId, Sequence[tuple[int, int]]]) -> bool:
    """Whether an edit touches none of those taken, which are apart and in order."""
    taken = used.get(edit.note, ())
    at = bisect_left(taken, (edit.span.start, edit.span.end))
    before, after = taken[max(0, at - 1) : at], taken[at : at + 1]
    return all(end < edit.span.start for _, end in before) and all(edit.span.end < start for start, _ in after)


def _touch_each_other(edits: Sequence[Edit]) -> bool:
    ordered = sorted(edits, key=lambda edit: (edit.note, edit.span))
    return any(a.note == b.note and b.span.start < a.span.end for a, b in pairwise(ordered))


def applied(sources: Sources, chosen: Iterable[Diagnostic]) -> Sources:
    """The texts with the fixes of these diagnostics made."""
    edits = [edit for one in chosen if one.fix for edit in one.fix.edits]
    made = {change.note: Source(change.note, change.new.decode()) for change in changes(edits, sources)}
    return {**sources, **made}


def _identity(one: Diagnostic) -> _Identity:
    return one.note, one.rule, one.message


class _Trial:
    """One round: takes the fixes together if that is sound, else in halves, down to the ones that do harm."""

    __slots__ = ("_check", "_config", "_start", "checks", "found", "sources", "taken")

    def __init__(self, sources: Sources, found: tuple[Diagnostic, ...], check: Check, config: Config) -> None:
        self._start, self._check, self._config = sources, check, config
        self.sources, self.found = sources, found
        self.taken: tuple[Diagnostic, ...] = ()
        self.checks = 0

    def take(self, chosen: tuple[Diagnostic, ...], checks: int) -> None:
        """Takes what can be taken, within so many checks."""
        waiting = [chosen]
        while waiting and self.checks < checks:
            batch = waiting.pop()
            if not self._take(batch) and len(batch) > 1:
                middle = len(batch) // 2
                waiting += (batch[middle:], batch[:middle])

    def _take(self, batch: tuple[Diagnostic, ...]) -> bool:
        self.checks += 1
        # Edits speak of the text as it was at the round's start.
        sources = applied(self._start, (*self.taken, *batch))
        found = self._check(sources)
        if not _is_sound(self.found, found, batch, self._config):
            return False
        self.taken, self.sources, self.found = (*self.taken, *batch), sources, found
        return True


def _is_sound(
    before: Iterable[Diagnostic], after: Iterable[Diagnostic], batch: Iterable[Diagnostic], config: Config
) -> bool:
    old, new = Counter(map(_identity, before)), Counter(map(_identity, after))
    gone = all(new[one] <= old[one] - times for one, times in Counter(map(_identity, batch)).items())
    return gone and not _errors(new, config) - _errors(old, config)


def _errors(found: Counter[_Identity], config: Config) -> Counter[tuple[NoteId, str]]:
    grave: Counter[tuple[NoteId, str]] = Counter()
    for (note, rule, _), times in found.items():
        if severity(rule, config) == "error":
            grave[note, rule] += times
    return grave


# ---------------------------------------------------------------- as a patch


def unified(old: str, new: str, path: str) -> Iterator[str]:
    """The lines of a unified diff, without their ends; carriage returns stay."""
    from difflib import unified_diff

    # Tools read a name up to a tab, so one that holds blanks ends with it.
    name = f"{path}\t" if " " in path else path
    for line in unified_diff(_lines(old), _lines(new), name, name):
        yield line.removesuffix("\n")
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _lines(text: str) -> list[str]:
    """Lines with their `\\n`; other characters end no line."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
