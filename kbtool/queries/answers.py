"""A query asked: from its text to what it finds, in the order in which it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal, NamedTuple

from kbtool.queries import dates, filters
from kbtool.queries.advanced import Advanced, Datalog, Input, advanced
from kbtool.queries.attributes import Index
from kbtool.queries.clauses import Reader
from kbtool.queries.datalog import OverBudgetError, Row, Solver, tuples
from kbtool.queries.filters import Here, in_order, order
from kbtool.queries.rows import Entity, Rows
from kbtool.queries.simple import Simple, names_page, simple
from kbtool.queries.terms import Keyword, Record, Variable, attribute
from kbtool.queries.transforms import Step
from kbtool.syntax.edn import Fault
from kbtool.values import NoteId, Span

AnswerKind = Literal["blocks", "pages", "values"]
Only = Literal["", "cards", "topmost"]


class Answer(NamedTuple):
    """What a query found: blocks or pages as `entities`, or bare `values`.

    `grouped`: blocks are shown by page. `faults` are what was wrong; where one `stops` the query nothing was found.
    """

    kind: AnswerKind
    entities: tuple[Entity, ...]
    values: tuple[tuple[object, ...], ...]
    title: str
    grouped: bool
    collapsed: bool
    table: bool
    faults: tuple[Fault, ...]


class Question(NamedTuple):
    """A query as a page asks it: its text and where that begins, the page that shows it, and the block that asks.

    `complex_` is as for `ask`. `only` are the blocks that are wanted of those that are found: flash cards, or none that
    lies within another one.
    """

    text: str
    start: int
    page: str
    place: str
    block: int
    complex_: bool
    only: Only


class Asking(NamedTuple):
    """What queries are asked against: the base's rows, their index, where and when."""

    attributes: Index
    here: Here

    @property
    def rows(self) -> Rows:
        """The rows."""
        return self.attributes.rows

    def answer(self, question: Question) -> Answer:
        """The answer to a page's query."""
        text = " " * question.start + question.text
        here = Here(self.here.today, question.page, Entity(question.place, question.block))
        found = ask(self._replace(here=here), text, Span(question.start, len(text)), complex_=question.complex_)
        if question.only == "cards":
            return _cards(self.rows, question, found)
        if question.only == "topmost" and found.kind == "blocks":
            return found._replace(entities=topmost(found.entities, self.rows))
        return found


def _cards(rows: Rows, question: Question, found: Answer) -> Answer:
    """The flash cards among what a query finds; without a query all."""
    cards = rows.referring().get("card", ())
    if not question.text.strip():
        return found._replace(entities=tuple(cards), grouped=True)
    known = set(cards)
    return found._replace(entities=tuple(entity for entity in found.entities if entity in known))


def is_advanced(text: str) -> bool:
    """Whether a query given by itself is a map or `[:find …]`."""
    head = text.lstrip()
    return head.startswith("{") or (head.startswith("[") and head[1:].lstrip().startswith(":find"))


def ask(asking: Asking, text: str, span: Span, *, complex_: bool) -> Answer:
    """The answer to the query that stands in a stretch of text."""
    if complex_:
        return _advanced(asking, text, advanced(text, span))
    found = simple(text, span)
    return _simple(asking, found)


def stops(fault: Fault) -> bool:
    """Whether a fault leaves nothing to show."""
    return fault.kind != "note"


# ---------------------------------------------------------------- simple


def _simple(asking: Asking, query: Simple) -> Answer:
    if any(map(stops, query.faults)):
        return _nothing(query.faults)
    found = filters.answer(query, asking.rows, asking.here)
    answer = _entities(asking, found, query.faults)
    return answer._replace(table=query.table)


def _nothing(faults: Sequence[Fault]) -> Answer:
    return Answer("blocks", (), (), "", False, False, False, tuple(faults))


def _entities(asking: Asking, found: Sequence[Entity], faults: Sequence[Fault]) -> Answer:
    """Blocks without the one that asks, and without those that are shown inside others; or pages."""
    if not found or found[0].block < 0:
        return Answer("pages" if found else "blocks", tuple(found), (), "", False, False, False, tuple(faults))
    own = asking.here.block
    return Answer("blocks", tuple(e for e in found if e != own), (), "", True, False, False, tuple(faults))


def topmost(found: Sequence[Entity], rows: Rows) -> tuple[Entity, ...]:
    """The blocks that do not lie within another of them."""
    ends: dict[Entity, bool] = {}
    for note, blocks in groupby(sorted(found), key=lambda entity: entity.place):
        end = 0
        for entity in blocks:
            ends[entity] = entity.block >= end
            if entity.block >= end:
                end = rows.notes[NoteId(note)].ends[entity.block]
    return tuple(entity for entity in found if ends[entity])


# ---------------------------------------------------------------- advanced


def _advanced(asking: Asking, text: str, query: Advanced) -> Answer:
    if any(map(stops, query.faults)):
        return _nothing(query.faults)._replace(title=query.title, collapsed=query.collapsed)
    if query.datalog is not None:
        answer = _solved(asking, text, query, query.datalog)
    elif query.simple is not None:
        found = filters.answer(query.simple, asking.rows, asking.here)
        answer = _entities(asking, found, query.faults)
    else:
        return _nothing(query.faults)._replace(title=query.title, collapsed=query.collapsed)
    if answer.kind != "values" and query.transform:
        answer = answer._replace(entities=tuple(transformed(asking.attributes, list(answer.entities), query.transform)))
    if not query.whole and query.grouped is not False:
        query = query._replace(whole=True)
    if answer.kind == "blocks" and query.whole:
        answer = answer._replace(entities=topmost(answer.entities, asking.rows))
    grouped = answer.grouped and not query.transform if query.grouped is None else query.grouped
    return answer._replace(title=query.title, collapsed=query.collapsed, table=bool(query.table), grouped=grouped)


def _solved(asking: Asking, text: str, query: Advanced, datalog: Datalog) -> Answer:
    faults = list(query.faults)
    start: list[Row] = [{}]
    for given in datalog.inputs:
        start = _with_input(asking, Reader(text, frozenset()), given, start)
    try:
        rows = Solver(asking.attributes, datalog).solve(datalog.where, start)
    except OverBudgetError:
        message = "the query goes through too many combinations and was stopped"
        faults.append(Fault(query.names[0].span if query.names else Span(0, 1), message, "make it narrower", "unknown"))
        return _nothing(faults)
    found = tuples(datalog.find, rows)
    entities = tuple(dict.fromkeys(v for values in found for v in values[:1] if isinstance(v, Entity)))
    if entities or not found or datalog.find[0].aggregate == "pull":
        return _entities(asking, in_order(entities, asking.rows), faults)
    values = tuple(sorted(found, key=lambda row: tuple(map(order, row))))
    return Answer("values", (), values, "", False, False, False, tuple(faults))


def _with_input(asking: Asking, reader: Reader, given: Input, rows: list[Row]) -> list[Row]:
    value = _input(asking, reader.term(given.form))
    if given.each:
        each = value if isinstance(value, frozenset | tuple) else (value,)
        return [{**row, given.variables[0].name: one} for row in rows for one in each]
    if len(given.variables) > 1 and isinstance(value, tuple):
        pairs = dict(zip((v.name for v in given.variables), value, strict=False))
        return [{**row, **pairs} for row in rows]
    return [{**row, given.variables[0].name: value} for row in rows]


def _input(asking: Asking, value: object) -> object:
    """What an input stands for: a day, the page that asks, its block, a page's key."""
    here = asking.here
    if isinstance(value, Keyword):
        if value.name in ("current-page", "query-page"):
            return here.page or value
        if value.name == "current-block":
            return here.block
        if value.name == "parent-block":
            return _parent(asking) or value
        day = dates.input_value(value.name, here.today)
        return value if day is None else day
    return value[2:-2].lower() if isinstance(value, str) and names_page(value) else value


def _parent(asking: Asking) -> Entity | None:
    place, block = asking.here.block
    if block < 0:
        return None
    made = asking.rows.notes[NoteId(place)]
    above = made.parents[block]
    return Entity(place, above) if above >= 0 else Entity(made.page, -1)


# ---------------------------------------------------------------- transforms


def transformed(index: Index, found: list[Entity], steps: Sequence[Step]) -> list[Entity]:
    """What the steps of a `:result-transform` make of results."""
    for step in steps:
        match step.kind:
            case "reverse":
                found = [*reversed(found)]
            case "take":
                found = found[: step.amount]
            case "drop":
                found = found[step.amount :]
            case "sort":
                found = _sorted(index, found, step)
    return found


def _sorted(index: Index, found: list[Entity], step: Step) -> list[Entity]:
    values = [(at(index, entity, step.path), entity) for entity in found]
    values = [(step.default if value is None else value, entity) for value, entity in values]
    values.sort(key=lambda pair: (pair[0] is not None, order(pair[0])), reverse=step.descends)
    return [entity for _, entity in values]


def at(index: Index, entity: Entity, path: Sequence[str]) -> object:
    """What stands at a path of a block or page, as in `[:block/properties :rating]`, None for nothing."""
    found: object = entity
    for key in path:
        name = attribute(key)
        if isinstance(found, Entity) and name:
            values = index.forward(name).get(found, ())
            found = values[0] if values else None
        elif isinstance(found, Record):
            found = found.values.get(key.replace("_", "-"))
        else:
            return None
    return None if isinstance(found, Entity | Variable) else found
