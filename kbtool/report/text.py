"""The compiler-style report: message, place, the line itself with carets under the fault, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from kbtool.credentials import LEAST, cover, covered
from kbtool.positions import LineTable
from kbtool.report.place import Placed, Places, first_line
from kbtool.report.visible import fitting, visible, width
from kbtool.values import Diagnostic, Edit, Fix, Label

RED, YELLOW, BLUE, BOLD, PLAIN = "\x1b[1;31m", "\x1b[1;33m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"
GONE, NEW = "\x1b[31m", "\x1b[32m"
MANY = 200
"""Diagnostics from which on a reader is told of shorter reports."""
_SHORTER = (
    "`--statistics` counts them by rule, `--format concise` gives each a line, and "
    "`rules: {missing-page: warning}` in mkdocs.yml says how grave a rule is"
)
HINTS = 5
"""Most hints of one rule that are shown one by one, so that they do not bury the faults."""
BEFORE = 30
"""Columns kept before the fault in a line that is too long to show whole."""


class Look(NamedTuple):
    """How wide the report may be, in columns, and whether it may use colour."""

    width: int
    color: bool

    def paint(self, text: str, color: str) -> str:
        """The text in a colour, where there are colours."""
        return f"{color}{text}{PLAIN}" if self.color and text else text


class Excerpt(NamedTuple):
    """A line of a note, shown, and the line of carets below it."""

    number: int
    line: str
    carets: str


def text_report(found: Iterable[Placed], at: Places, look: Look, asked: Collection[str] = ()) -> Iterator[str]:
    """Each diagnostic over several lines, an empty one after it; of many hints of a kind only how many they are.

    The rules that were `asked` for are shown whole.
    """
    given = tuple(found)
    hints = Counter(one.diagnostic.rule for one in given if one.severity == "info")
    many = {rule for rule, number in hints.items() if number > HINTS and rule not in asked}
    for one in given:
        if one.severity != "info" or one.diagnostic.rule not in many:
            yield from _one(one, at, look)
            yield ""
    for rule in sorted(many):
        yield f"{look.paint(f'info[{rule}]', BLUE)}: {hints[rule]:,} places; kbtool check --select {rule} shows them"
    if many:
        yield ""
    if sum(one.severity != "info" or one.diagnostic.rule not in many for one in given) > MANY:
        yield f"{look.paint('many problems', BOLD)}: {_SHORTER}"
        yield ""


def summary(found: Iterable[Placed], notes: int) -> str:
    """`3 errors, 1 warning in 31 notes; 2 fixable with --fix, 1 more with --fix --unsafe`."""
    given = tuple(found)
    grave = [one.severity for one in given]
    counts = [_count(grave.count(kind), kind) for kind in ("error", "warning", "info") if grave.count(kind)]
    told = f"{', '.join(counts) or 'no problems'} in {_count(notes, 'note')}"
    return "; ".join(filter(None, (told, fixable([one.diagnostic.fix for one in given]))))


def fixable(fixes: Iterable[Fix | None]) -> str:
    """How many problems can be mended by which option; empty when none can."""
    safe = [fix.safe for fix in fixes if fix]
    if all(safe):
        return f"{len(safe):,} fixable with --fix" if safe else ""
    if not any(safe):
        return f"{len(safe):,} fixable with --fix --unsafe"
    return f"{safe.count(True):,} fixable with --fix, {safe.count(False):,} more with --fix --unsafe"


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 or word == 'info' else 's'}"


def _one(one: Placed, at: Places, look: Look) -> Iterator[str]:
    diagnostic = one.diagnostic
    color = {"error": RED, "warning": YELLOW, "info": BLUE}[one.severity]
    excerpts = {label: _excerpt(label, at, look) for label in diagnostic.labels}
    main = _excerpt(diagnostic, at, look)
    gutter = max((len(str(shown.number)) for shown in (main, *excerpts.values()) if shown), default=1)
    rule = look.paint(f"{one.severity}[{diagnostic.rule}]", color)
    yield f"{rule}{look.paint(': ' + visible(diagnostic.message), BOLD)}"
    yield f"{' ' * gutter}{look.paint('-->', BLUE)} {visible(one.path)}:{one.start.line}:{one.start.column}"
    yield from _lines(main, (gutter, color), "", look)
    for label, shown in excerpts.items():
        yield from _label(label, shown, gutter, (at, look))
    for help_line in diagnostic.help.splitlines():
        yield f"{' ' * gutter} {look.paint('=', BLUE)} {look.paint('help:', BOLD)} {visible(help_line)}"
    if diagnostic.fix:
        yield from _fix(diagnostic.fix, gutter, at, look)


def _fix(fix: Fix, gutter: int, at: Places, look: Look) -> Iterator[str]:
    """The fix's title, and where it changes a single line, that line before and after."""
    how = "fix:" if fix.safe else "fix (unsafe):"
    yield f"{' ' * gutter} {look.paint('=', BLUE)} {look.paint(how, BOLD)} {visible(fix.title)}"
    if len(fix.edits) == 1 and (table := at.table(fix.edits[0].note)):
        for sign, line, color in _changed(fix.edits[0], table, max(40, look.width - gutter - 5)):
            yield f"{' ' * gutter}   {look.paint(f'{sign} {line}'.rstrip(), color)}"


def _changed(edit: Edit, table: LineTable, room: int) -> Iterator[tuple[str, str, str]]:
    """A line before and after an edit within it; only the old one when it goes as a whole."""
    number, start, end = first_line(edit.span, table)
    line = covered(table.line(number))
    within = table.position(edit.span.end).line == number and "\n" not in edit.text
    whole = start == 0 and edit.span.end == table.starts[number] if number < len(table.starts) else False
    if within or (whole and not edit.text):
        yield "-", "".join(_cut(line, (start, end), room)), GONE
    if within:
        after = line[:start] + edit.text + line[end:]
        yield "+", "".join(_cut(after, (start, start + len(edit.text)), room)), NEW


def _label(label: Label, shown: Excerpt | None, gutter: int, how: tuple[Places, Look]) -> Iterator[str]:
    at, look = how
    line, column = at.position(label.note, label.span.start)
    yield f"{' ' * gutter}{look.paint(':::', BLUE)} {visible(at.path(label.note))}:{line}:{column}"
    yield from _lines(shown, (gutter, BLUE), visible(label.message), look)


def _lines(shown: Excerpt | None, style: tuple[int, str], message: str, look: Look) -> Iterator[str]:
    gutter, color = style
    if shown is None:
        return
    bar = look.paint("|", BLUE)
    under = shown.carets + (f" {message}" if message else "")
    space = shown.carets[: len(shown.carets) - len(shown.carets.lstrip())]
    yield f"{' ' * gutter} {bar}"
    yield f"{look.paint(str(shown.number).rjust(gutter), BLUE)} {bar} {shown.line}".rstrip()
    yield f"{' ' * gutter} {bar} {space}{look.paint(under.lstrip(), color)}"


def _excerpt(of: Diagnostic | Label, at: Places, look: Look) -> Excerpt | None:
    table = at.table(of.note)
    if table is None:
        return None
    number, start, end = first_line(of.span, table)
    line = covered(table.line(number))
    # Of a fence whose output has a secret, the language is marked.
    if isinstance(of, Diagnostic) and of.rule == "secret" and end - start >= LEAST:
        line = cover(line, start, end)
    before, fault, after = _cut(line, (start, end), max(40, look.width - 10))
    return Excerpt(number, before + fault + after, " " * width(before) + "^" * max(1, width(fault)))


def _cut(line: str, fault: tuple[int, int], room: int) -> tuple[str, str, str]:
    """What stands before the fault, the fault and what follows, visible and within so many columns."""
    # A line may have megabytes: what cannot be seen is not even looked at.
    start, end = fault
    before = visible(line[max(0, start - room) : start])
    middle = visible(line[start : min(end, start + room)])
    after = visible(line[end : end + room])
    if start <= room and end - start <= room and len(line) - end <= room and width(before + middle + after) <= room:
        return before, middle, after
    left = _last(before, BEFORE) if start > room or width(before) > BEFORE else before
    middle_room = room - width(left)
    if width(middle) > middle_room or end - start > room:
        return left, _first(middle, middle_room), ""
    return left, middle, _first(after, middle_room - width(middle)) if end < len(line) else ""


def _first(text: str, room: int) -> str:
    """As much of a text's beginning as fits, with `…` where it goes on."""
    if width(text) <= room:
        return text
    return text[: fitting(text, room)] + "…"


def _last(text: str, room: int) -> str:
    """As much of a text's end as fits, with `…` where it began earlier."""
    if width(text) <= room:
        return "…" + text
    return "…" + text[len(text) - fitting(text[::-1], room) :]
