"""Check of comments to kbtool that say nothing it can follow."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.note import Note
from kbtool.rules import RULES, named
from kbtool.suggest import did_you_mean
from kbtool.suppressions import BLOCK, FILE, Suppression
from kbtool.values import Diagnostic, Span

_EXAMPLE = "name the rules: `ignore[missing-page]` for the block, `ignore-file[missing-page]` for the note"


def bad_suppression(note: Note, text: str) -> Iterator[Diagnostic]:  # noqa: ARG001 -- all of ALONE take the text
    """Unknown words behind `kbtool:`, missing lists, and names of no rule."""
    for one in note.suppressions:
        if one.verb not in (BLOCK, FILE):
            near = did_you_mean(one.verb, (BLOCK, FILE))
            advice = f"did you mean `{near}`?\n{_EXAMPLE}" if near else _EXAMPLE
            yield _problem(note, Span(*one.span), f"kbtool knows no `{one.verb}`", advice)
        elif not one.listed:
            yield _problem(note, Span(*one.span), f"`{one.verb}` needs a list of rules", _EXAMPLE)
        else:
            yield from _unknown_names(note, one)


def _unknown_names(note: Note, one: Suppression) -> Iterator[Diagnostic]:
    for name, start, end, *_ in one.names:
        if named(name) is None:
            near = did_you_mean(name, [rule.name for rule in RULES])
            advice = f"did you mean `{near}`?" if near else "kbtool explain lists all rules"
            yield _problem(note, Span(start, end), f"there is no rule `{name}`", advice)


def _problem(note: Note, span: Span, message: str, advice: str) -> Diagnostic:
    return Diagnostic("bad-suppression", note.id, span, message, (), advice)
