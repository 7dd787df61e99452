"""Checks of circles: aliases of each other, pages and blocks that show each other; only along what a note leads to."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from kbtool.checks.context import CheckContext
from kbtool.graph import ToNote, page_target
from kbtool.values import Definition, Diagnostic, Label, NoteId, Span

STEPS = 20_000
"""Steps from page to page or block to block for all circles of one note; no note that is no attack needs as many."""


def shortest_circle(start: str, following: Callable[[str], Iterable[str]], budget: Iterator[int]) -> list[str]:
    """The shortest way from a node back to itself; empty when there is none, or none within the budget."""
    came: dict[str, str] = {}
    queue = deque([start])
    while queue:
        node = queue.popleft()
        for other in following(node):
            if next(budget, None) is None:
                return []
            if other == start:
                path = [node]
                while path[-1] != start:
                    path.append(came[path[-1]])
                return path[::-1]
            if other not in came:
                came[other] = node
                queue.append(other)
    return []


# ---------------------------------------------------------------- aliases


def alias_cycle(context: CheckContext) -> Iterator[Diagnostic]:
    """A page that is its own alias, and pages that are aliases of each other in a circle."""
    aliases = _aliases(context.note.defines)
    for one in aliases:
        if one.key == context.note.defines[0].key:
            message = f"«{one.name}» is the page's own name, not another one"
            yield context.diagnostic("alias-cycle", one.span, message, "take it out of the aliases")
    budget = iter(range(STEPS))
    circle = shortest_circle(context.note.id, lambda note: _claimed(NoteId(note), context), budget) if aliases else []
    if circle and context.note.id == min(circle):
        second = NoteId(circle[1 % len(circle)])
        span = next(one.span for one in aliases if second in context.base.names.pages.get(one.key, ()))
        called = " → ".join(f"«{context.base.notes[NoteId(note)].name}»" for note in (*circle, circle[0]))
        advice = "keep one of them as the page, and take the alias away from the others"
        yield context.diagnostic("alias-cycle", span, f"aliases in a circle: {called}", advice)


def _aliases(defines: Sequence[Definition]) -> list[Definition]:
    return [one for one in defines if one.kind == "alias"]


def _claimed(note: NoteId, context: CheckContext) -> Iterator[NoteId]:
    """The other notes whose page names are aliases of this one."""
    for one in _aliases(context.base.notes[note].defines):
        for other in context.base.names.pages.get(one.key, ()):
            if other != note and context.base.notes[other].defines[0].key == one.key:
                yield other


# ---------------------------------------------------------------- embeds


class _Arrow(NamedTuple):
    note: NoteId
    span: Span


_Arrows: TypeAlias = Mapping[str, Mapping[str, _Arrow]]


def embed_cycle(context: CheckContext) -> Iterator[Diagnostic]:
    """Pages and blocks that show each other, or themselves; said where the first of the circle's names stands."""
    note = context.note
    if not note.embeds:
        return
    tables: dict[NoteId, _Arrows] = {}
    budget = iter(range(STEPS))
    mine = dict.fromkeys(owner for *_, owners in note.embeds for owner in owners)
    for start in (f"page {note.id}", *mine):
        circle = shortest_circle(start, lambda node: _arrows(node, tables, context), budget)
        if circle and start == min(circle):
            pairs = zip(circle, (*circle[1:], start), strict=True)
            yield _shown_again(circle, [_arrows(one, tables, context)[other] for one, other in pairs], context)


def _arrows(node: str, tables: dict[NoteId, _Arrows], context: CheckContext) -> Mapping[str, _Arrow]:
    """What a page (`page` and its note) or a block (its id) shows, and where it says so."""
    sites = () if node.startswith("page ") else context.base.names.blocks.get(node, ())
    note = NoteId(node[5:]) if node.startswith("page ") else sites[0].note if sites else None
    if note is None:
        return {}
    if note not in tables:
        tables[note] = _table(note, context)
    return tables[note].get(node, {})


def _table(note: NoteId, context: CheckContext) -> _Arrows:
    """What a note and each of its blocks show."""
    found: dict[str, dict[str, _Arrow]] = {}
    for kind, key, start, end, owners in context.base.notes[note].embeds:
        shown = _shown(kind, key, context)
        if shown:
            for source in owners if kind == "block" else (f"page {note}", *owners):
                found.setdefault(source, {}).setdefault(shown, _Arrow(note, Span(start, end)))
    return found


def _shown(kind: str, key: str, context: CheckContext) -> str:
    if kind != "embed":
        return key
    target = page_target(key, context.base.names)
    return f"page {target.note}" if isinstance(target, ToNote) else ""


def _shown_again(circle: Sequence[str], steps: Sequence[_Arrow], context: CheckContext) -> Diagnostic:
    called = [_called(one, context) for one in circle]
    if len(circle) == 1:
        message = f"{'the page' if circle[0].startswith('page ') else 'the block'} shows itself: {called[0]}"
    else:
        message = f"these show each other: {' → '.join((*called, called[0]))}"
    labels = tuple(Label(one.note, one.span, "and this") for one in steps[1:4])
    advice = "Logseq stops at the fifth repetition; take one of the embeds out, or write a link"
    return Diagnostic("embed-cycle", steps[0].note, steps[0].span, message, labels, advice)


def _called(node: str, context: CheckContext) -> str:
    return f"«{context.base.notes[NoteId(node[5:])].name}»" if node.startswith("page ") else f"(({node[:8]}…))"
