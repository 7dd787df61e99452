"""Checks of running text: brackets that do not pair, task markers and timestamps that Logseq does not read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator

from kbtool.checks.structure import runs
from kbtool.note import Note
from kbtool.references import is_stamp
from kbtool.syntax import faults
from kbtool.syntax.tree import Block, Prose, Timestamp, all_parts
from kbtool.values import Diagnostic, Edit, Fix, Reference, Span

_MARKERS = frozenset("TODO DOING NOW LATER DONE WAITING WAIT CANCELED CANCELLED IN-PROGRESS".split())
_LONGEST_MARKER = 20
"""Characters of a marker, and some white space behind it."""


def stray_bracket(note: Note, text: str) -> Iterator[Diagnostic]:
    """`[[x]]]` and `[[x]`."""
    if not _is_odd(text):
        return
    for part, _ in all_parts(note.outline):
        for run in runs(part):
            if _is_odd(text[slice(*run[0])]):
                yield from (_stray(note, text, span, better) for span, better in faults.stray_brackets(text, run))


def _stray(note: Note, text: str, span: Span, better: str) -> Diagnostic:
    if not better:
        opens = text.startswith("[[", span.start)
        message = "this link is never closed" if opens else "these brackets close nothing"
        advice = "close it with `]]`" if opens else "open the link with `[[`, or take them away"
        return Diagnostic("stray-bracket", note.id, span, message, (), advice)
    extra = text.startswith(better, span.start)
    what = "a bracket too many" if extra else "a bracket is missing: for Logseq this is no link"
    fix = Fix(f"write `{better}`", (Edit(note.id, span, better),), safe=extra)
    return Diagnostic("stray-bracket", note.id, span, what, (), f"write `{better}`", fix)


def doubled_bracket(note: Note, text: str) -> Iterator[Diagnostic]:
    """`[[[[x]]]]`: the page `[[x`, and brackets left over."""
    if "[[[[" not in text:
        return
    for reference in note.refers:
        if is_doubled(reference):
            start, end = reference.span
            end += 2 * text.startswith("]]", end)
            better = f"[[{reference.name.strip('[')}]]"
            message = f"for Logseq this is the page «{reference.name}»: a link ends at its first `]]`"
            fix = Fix(f"write `{better}`", (Edit(note.id, Span(start, end), better),), safe=False)
            yield Diagnostic("stray-bracket", note.id, Span(start, end), message, (), f"write `{better}`", fix)


def is_doubled(reference: Reference) -> bool:
    """Whether a link begins with four brackets."""
    return reference.kind == "page" and reference.name.startswith("[[") and not reference.plain


def _is_odd(text: str) -> bool:
    """Whether brackets can be amiss at all."""
    return "]]]" in text or text.count("[[") != text.count("]]")


def bare_marker(note: Note, text: str) -> Iterator[Diagnostic]:
    """`- TODO` and nothing more: no task."""
    for block in note.outline:
        first = block.parts[0] if block.parts and not block.marker else None
        if type(first) is Prose and first.title and first.span.end - first.span.start <= _LONGEST_MARKER:
            word = text[slice(*first.span)].strip()
            if word in _MARKERS:
                message = f"a block that is only `{word}` has no task marker for Logseq"
                yield Diagnostic("bare-marker", note.id, first.span, message, (), "write what is to be done behind it")


# ---------------------------------------------------------------- timestamps


def bad_timestamp(note: Note, text: str) -> Iterator[Diagnostic]:
    """`SCHEDULED:` and `DEADLINE:` without a weekday, with one in another language, or where they are decoration."""
    if not any(word in text for word in ("SCHEDULED", "DEADLINE", "cheduled:", "eadline:")):
        return
    words = faults.stamp_words(text)
    for block in note.outline:
        at = bisect_left(words, block.span.start)
        if at < len(words) and words[at] < block.span.end:
            for part in block.parts:
                if type(part) is Prose:
                    yield from _unread(note, text, part)
                    yield from _misplaced(note, text, block, part)


def _unread(note: Note, text: str, prose: Prose) -> Iterator[Diagnostic]:
    for span, fault, better in faults.unread_stamps(text, prose):
        message = f"Logseq does not read this date: it {fault}"
        # In a block's first line the weekday alone would not help.
        helps = better and not prose.title
        fix = Fix("write the weekday", (Edit(note.id, span, better),), safe=True) if helps else None
        advice = f"write `{better}`" if better else "a date looks like `<2026-05-01 Fri 10:00 .+1w>`"
        yield Diagnostic("bad-timestamp", note.id, span, message, (), advice, fix)


def _misplaced(note: Note, text: str, block: Block, prose: Prose) -> Iterator[Diagnostic]:
    stamps = [one for one in prose.inlines if isinstance(one, Timestamp) and one.kind in ("scheduled", "deadline")]
    for one in stamps:
        if not faults.is_day(text[slice(*one.span)]):
            message, advice = "the date is no day of the calendar", "a date looks like `<2026-05-01 Fri 10:00 .+1w>`"
            yield Diagnostic("bad-timestamp", note.id, one.span, message, (), advice)
    if not stamps or (not prose.title and is_stamp(text, prose)):
        return
    where = "in a block's first line" if prose.title else "below other text"
    message = f"{where} this date is decoration: Logseq does not put the block on that day"
    fix = _moved_down(note, text, block, (prose, stamps[0])) if len(stamps) == 1 else None
    yield Diagnostic(
        "bad-timestamp",
        note.id,
        stamps[0].span,
        message,
        (),
        "give it a line of its own right below the block's first line",
        fix,
    )


def _moved_down(note: Note, text: str, block: Block, found: tuple[Prose, Timestamp]) -> Fix | None:
    """Breaks the line before a date that ends the block's first line, when no text follows that it would swallow."""
    prose, stamp = found
    if (
        not prose.title
        or text[stamp.span.end : prose.span.end].strip()
        or len(block.parts) > 1
        or block.mark != "bullet"
    ):
        return None
    before = text[prose.span.start : stamp.span.start]
    start = stamp.span.start - (len(before) - len(before.rstrip()))
    if start == prose.span.start:
        return None
    line_start = text.rfind("\n", 0, block.span.start) + 1
    indent = text[line_start : block.span.start] + "  "
    edits = (Edit(note.id, Span(start, stamp.span.start), f"\n{indent}"),)
    return Fix("move it to its own line", edits, safe=False)
