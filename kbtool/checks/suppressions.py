"""Check of comments to kbtool that say nothing it can follow."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.note import Note
from kbtool.rules import RULES, named
from kbtool.suggest import did_you_mean
from kbtool.suppressions import BLOCK, FILE, Suppression
from kbtool.values import Diagnostic, Edit, Fix, Span

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
    for name, start, end, cut_start, cut_end in one.names:
        if named(name) is None:
            span, near = Span(start, end), did_you_mean(name, [rule.name for rule in RULES])
            fix = Fix(f"write `{near}`", (Edit(note.id, span, near),), safe=False) if near else None
            if not near and len(one.names) > 1:
                fix = Fix("take the name out", (Edit(note.id, Span(cut_start, cut_end), ""),), safe=False)
            advice = f"did you mean `{near}`?" if near else "kbtool explain lists all rules"
            yield _problem(note, span, f"there is no rule `{name}`", advice, fix)


def _problem(note: Note, span: Span, message: str, *how: str | Fix | None) -> Diagnostic:
    advice, fix = (*how, None)[:2]
    return Diagnostic("bad-suppression", note.id, span, message, (), str(advice), fix if isinstance(fix, Fix) else None)
