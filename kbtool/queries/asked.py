"""The queries and macros that stand in a note, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from kbtool import macros
from kbtool.suggest import did_you_mean
from kbtool.syntax.tree import (
    Block,
    Container,
    Emphasis,
    FootnoteText,
    Inline,
    Link,
    Macro,
    Part,
    Prose,
    Quote,
    Table,
)
from kbtool.syntax.val import NAME as VAL
from kbtool.syntax.val import Quoted, is_spec, wanted
from kbtool.values import Diagnostic, NoteId, Source, Span

if TYPE_CHECKING:
    from kbtool.queries.simple import Asked
    from kbtool.syntax.edn import Fault

Shown = Macro | Container


class Stated(NamedTuple):
    """What a note's queries name, what is wrong with its queries and macros, how many it has, what values it shows."""

    names: tuple[Asked, ...]
    diagnostics: tuple[Diagnostic, ...]
    macros: int
    quotes: tuple[Quoted, ...] = ()


def stated(source: Source, blocks: Iterable[Block], known: Mapping[str, str]) -> Stated:
    """The queries and macros of a note; `known` are the macros that the configuration and the page give."""
    text = source.text
    if "{{" not in text and ("#+" not in text or "_query" not in text.lower()):
        return Stated((), (), 0)
    names: list[Asked] = []
    quotes: list[Quoted] = []
    problems: list[Diagnostic] = []
    nodes = tuple(_nodes(part for block in blocks for part in block.parts))
    for node in nodes:
        span = query_span(text, node)
        if span is not None:
            asked, faults = _read(text, node, span)
            names += asked
            problems += (diagnostic(source.id, fault) for fault in faults)
        elif isinstance(node, Macro) and node.name not in macros.BUILT_IN and node.name not in known:
            if node.name != VAL:
                problems.append(_unknown(source.id, node, known))
            elif problem := _quote(source, node, quotes):
                problems.append(problem)
    return Stated(tuple(names), tuple(problems), len(nodes), tuple(quotes))


def _quote(source: Source, node: Macro, quotes: list[Quoted]) -> Diagnostic | None:
    """Takes in a value that the note shows; what is wrong with how it is written."""
    asked = wanted(source.text, node)
    if asked is None:
        advice = "write `{{val name}}`, `{{val cell.name}}` or `{{val [[Note]], name}}`, and a format behind a blank"
        return Diagnostic("bad-value", source.id, node.span, "it cannot be told which value is meant", (), advice)
    quotes.append(Quoted(asked, node.span, bool(node.seen)))
    if not asked.spec or is_spec(asked.spec):
        return None
    advice = "formats are Python's: `.3f`, `.2e`, `,`, `.1%`"
    return Diagnostic("bad-value", source.id, node.span, f"`{asked.spec}` is no format of values", (), advice)


def _read(text: str, node: Shown, span: Span) -> tuple[Iterable[Asked], Iterable[Fault]]:
    """What a query names, and what is wrong with it; only notes with queries import what reads them."""
    if isinstance(node, Container):
        from kbtool.queries.advanced import advanced

        datalog = advanced(text, span)
        return datalog.names, datalog.faults
    from kbtool.queries.simple import simple

    found = simple(text, span)
    return found.names, found.faults


def queries_of(block: Block) -> list[Shown]:
    """The queries that stand in a block."""
    return [node for node in _nodes(block.parts) if isinstance(node, Container) or node.name == "query"]


def query_span(text: str, node: Shown) -> Span | None:
    """Where the query of a macro or container stands, None for one that holds none."""
    if isinstance(node, Container):
        return node.inner if node.name == "query" else None
    if node.name not in ("query", "cards"):
        return None
    braces = 3 if text.startswith("{{{", node.span.start) else 2
    return Span(node.span.start + braces + len(node.name), node.span.end - braces)


def diagnostic(note: NoteId, fault: Fault) -> Diagnostic:
    """A fault of a query as a diagnostic."""
    rule = "bad-query" if fault.kind == "bad" else "unsupported-query"
    return Diagnostic(rule, note, fault.span, fault.message, (), fault.help)


def _unknown(note: NoteId, node: Macro, known: Mapping[str, str]) -> Diagnostic:
    near = did_you_mean(node.name, [*macros.BUILT_IN, *macros.OURS, *known])
    declare = f'declare it in logseq/config.edn: `:macros {{"{node.name}" "…"}}`'
    advice = f"did you mean `{near}`?" if near else declare
    return Diagnostic("unknown-macro", note, node.span, f"no macro `{node.name}`", (), advice)


def _nodes(parts: Iterable[Part]) -> Iterator[Shown]:
    for part in parts:
        # Here and below `match` would try one class after the other, for parts and nodes made by the thousand.
        if type(part) is Prose or type(part) is FootnoteText:
            if part.inlines:
                yield from _macros(part.inlines)
        elif type(part) is Table:
            for cell in (*part.head, *(cell for row in part.rows for cell in row)):
                yield from _macros(cell.inlines)
        elif type(part) is Container and part.name == "query":
            yield part
        elif type(part) is Quote or type(part) is Container:
            yield from _nodes(part.parts)


def _macros(nodes: Iterable[Inline]) -> Iterator[Macro]:
    for node in nodes:
        if type(node) is Macro:
            yield node
        elif (type(node) is Emphasis or type(node) is Link) and node.children:
            yield from _macros(node.children)
