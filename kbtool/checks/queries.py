"""Check of the names in queries, which are no references and so lead nowhere without a word."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool import names
from kbtool.checks.context import Base
from kbtool.facts import Used
from kbtool.graph import Missing, page_target
from kbtool.suggest import closest
from kbtool.values import Diagnostic, NoteId, Span


def query_missing_page(base: Base, used: Used) -> Iterator[Diagnostic]:
    """Names in queries that are no page's and that no note mentions: such a query finds nothing."""
    asked = [(note, name, Span(start, end)) for note, asks in used.asks.items() for name, start, end in asks]
    unwritten = [one for one in asked if isinstance(page_target(names.key(one[1]), base.names), Missing)]
    if unwritten:
        known = set(used.counts)
        known.update(names.key(parent) for key in tuple(known) if "/" in key for parent in names.parents(key))
        yield from (_missing(*one, base) for one in unwritten if names.key(one[1]) not in known)


def _missing(note: NoteId, name: str, span: Span, base: Base) -> Diagnostic:
    near = closest(names.key(name), base.page_words)
    advice = f"did you mean «{base.names.spelled[near]}»?" if near else "a query with it finds nothing"
    return Diagnostic("query-missing-page", note, span, f"no page named «{name}», and nothing mentions it", (), advice)
