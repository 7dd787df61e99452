"""Answers to Datalog: all rows of values that its clauses hold for, within a budget.

Clauses are taken up in the order of their promise, not as written: first what is decided, then what few things match.
A clause works on all rows at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from kbtool.queries.advanced import Datalog, Find, variables
from kbtool.queries.attributes import Index
from kbtool.queries.clauses import Clause
from kbtool.queries.functions import FUNCTIONS
from kbtool.queries.rows import Entity
from kbtool.queries.terms import CONTENT, PATH_REFS, Keyword, PageName, Variable
from kbtool.queries.terms import attribute as known_attribute

Row: TypeAlias = dict[str, object]

BUDGET = 200_000
"""Rows that one query may go through."""
_DEEPEST = 30
_NEVER = 1e12
_KEY = "\0"


class OverBudgetError(Exception):
    """A query goes through more rows than it may."""


class Solver:
    """Solves the clauses of one query."""

    __slots__ = ("_depth", "_index", "_left", "_rules")

    def __init__(self, index: Index, query: Datalog) -> None:
        self._index = index
        self._rules = query.rules
        self._left = BUDGET
        self._depth = 0

    def solve(self, clauses: Sequence[Clause], rows: list[Row]) -> list[Row]:
        """The rows that hold for all clauses, with what these bind; all rows have the same variables."""
        waiting = list(clauses)
        while waiting and rows:
            bound = rows[0].keys()
            open_ = [variables((clause,)) - bound for clause in waiting]
            costs = [self._cost(clause, bound, _others(open_, i)) for i, clause in enumerate(waiting)]
            # Choosing costs too: a rule that calls itself goes through few rows many times.
            self._spend(len(rows) + 8 * len(waiting))
            rows = self._step(waiting.pop(costs.index(min(costs))), rows)
        return rows

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise OverBudgetError

    # ---- what to do first

    def _cost(self, clause: Clause, bound: Iterable[str], elsewhere: frozenset[str]) -> float:
        bound = set(bound)
        needs = variables((clause,)) - bound
        match clause.kind:
            case "pattern":
                return self._pattern_cost(clause, bound)
            case "call":
                inputs = {term.name for term in clause.terms if isinstance(term, Variable)} - bound
                return _NEVER if inputs else 0
            case "not":
                # What is also bound elsewhere must be bound before it is denied.
                return _NEVER if needs & elsewhere else 0.5
        return 5_000 if needs == variables((clause,)) else 50

    def _pattern_cost(self, clause: Clause, bound: set[str]) -> float:
        entity, value = clause.terms
        if not isinstance(entity, Variable) or entity.name in bound:
            return 1
        if clause.name in (CONTENT, PATH_REFS):
            return 100_000 if isinstance(value, Variable) and value.name not in bound else 2_000
        if not isinstance(value, Variable):
            return len(self._index.backward(clause.name).get(_plain(value), ()))
        forward = len(self._index.forward(clause.name))
        return min(10, forward) if value.name in bound else 10 + forward

    # ---- one clause

    def _step(self, clause: Clause, rows: list[Row]) -> list[Row]:
        match clause.kind:
            case "pattern":
                return [found for row in rows for found in self._counted(self._matched(clause, row))]
            case "call":
                return [found for row in rows for found in self._called(clause, row)]
            case "not":
                return self._denied(clause, rows)
            case "rule":
                bodies = [(rule.parameters, rule.body) for rule in self._rules.get(clause.name, ())]
                return self._joined(clause.terms, bodies, rows)
        if clause.join is not None:
            terms = tuple(map(Variable, clause.join))
            return self._joined(terms, [(clause.join, branch) for branch in clause.branches], rows)
        return self._either(clause, rows)

    def _counted(self, found: Iterator[Row]) -> Iterator[Row]:
        for row in found:
            self._spend(1)
            yield row

    # ---- patterns

    def _matched(self, clause: Clause, row: Row) -> Iterator[Row]:
        entity, value = self._of(clause.terms[0], row), self._of(clause.terms[1], row)
        for pair in self._pairs(clause.name, entity, value):
            bound = _bind(row, clause.terms, pair)
            if bound is not None:
                yield bound

    def _pairs(self, name: str, entity: object, value: object) -> Iterator[tuple[object, object]]:
        """The entities and values of an attribute, where either may be an open variable."""
        if not isinstance(entity, Variable):
            return ((entity, one) for one in self._values(name, entity))
        if not isinstance(value, Variable):
            return ((one, value) for one in self._entities(name, value))
        if name == PATH_REFS:
            rows = self._index.rows
            return ((one, Entity(key, -1)) for one in rows.blocks() for key in sorted(rows.path_refs(one)))
        return ((one, found) for one, values in self._index.forward(name).items() for found in values)

    def _values(self, name: str, entity: object) -> Iterable[object]:
        if not isinstance(entity, Entity):
            return ()
        if name == PATH_REFS and entity.block >= 0:
            return [Entity(key, -1) for key in sorted(self._index.rows.path_refs(entity))]
        if name == CONTENT and entity.block >= 0:
            return (self._index.rows.content(entity),)
        return self._index.forward(name).get(entity, ())

    def _entities(self, name: str, value: object) -> Iterable[Entity]:
        if name == PATH_REFS:
            return sorted(self._index.rows.under(value.place)) if isinstance(value, Entity) else ()
        return self._index.backward(name).get(value, ())

    def _of(self, term: object, row: Row) -> object:
        if isinstance(term, Variable):
            return row.get(term.name, term)
        return _plain(term)

    # ---- functions

    def _called(self, clause: Clause, row: Row) -> Iterator[Row]:
        self._spend(1)
        answer = self._answer(clause.name, [self._of(term, row) for term in clause.terms])
        if not clause.binds:
            if answer is not None and answer is not False:
                yield row
            return
        if answer is None:
            return
        if clause.each:
            items = sorted(answer, key=str) if isinstance(answer, frozenset | tuple) else ()
            found = (_bind(row, clause.binds, (item,)) for item in items)
        else:
            several = len(clause.binds) > 1 and isinstance(answer, tuple) and len(answer) == len(clause.binds)
            values = answer if several and isinstance(answer, tuple) else (answer,)
            found = (_bind(row, clause.binds, one) for one in (values,))
        yield from (one for one in found if one is not None)

    def _answer(self, name: str, values: list[object]) -> object:
        if name in ("missing?", "get-else"):
            attribute = known_attribute(values[1].name) if len(values) > 1 and isinstance(values[1], Keyword) else None
            found = list(self._values(attribute, values[0])) if attribute else []
            if name == "missing?":
                return not found
            return found[0] if found else values[2] if len(values) > 2 else None
        try:
            return FUNCTIONS[name](*values)
        except (TypeError, ValueError, IndexError, OverflowError):
            return None  # wrong arguments: Logseq's query fails, here it holds for nothing

    # ---- alternatives, denials, rules

    def _either(self, clause: Clause, rows: list[Row]) -> list[Row]:
        """What one branch or another holds for; they bind the same variables, or what only some do is let go."""
        found = [self.solve(branch, list(rows)) for branch in clause.branches]
        common = set.intersection(*(set(part[0]) for part in found if part)) if any(found) else set()
        names = [name for part in found for name in (part[0] if part else ()) if name in common]
        order = tuple(dict.fromkeys(names))
        unique = dict.fromkeys(tuple(row[name] for name in order) for part in found for row in part)
        return [dict(zip(order, values, strict=True)) for values in unique]

    def _denied(self, clause: Clause, rows: list[Row]) -> list[Row]:
        inside = clause.join if clause.join is not None else variables(clause.branches[0])
        shared = tuple(sorted(set(inside) & rows[0].keys()))
        keys = [tuple(row[name] for name in shared) for row in rows]
        starts = [{**dict(zip(shared, key, strict=True)), _KEY: key} for key in dict.fromkeys(keys)]
        held = {row[_KEY] for row in self.solve(clause.branches[0], starts)}
        return [row for row, key in zip(rows, keys, strict=True) if key not in held]

    def _joined(
        self, terms: tuple[object, ...], bodies: Iterable[tuple[Sequence[str], tuple[Clause, ...]]], rows: list[Row]
    ) -> list[Row]:
        """The rows that some body of a rule holds for, with what it binds; its variables are its own."""
        if self._depth >= _DEEPEST:
            return []
        self._depth += 1
        keys = [tuple(self._of(term, row) for term in terms) for row in rows]
        answers: dict[object, dict[tuple[object, ...], None]] = {}
        for parameters, body in bodies:
            for found in self.solve(body, _starts(parameters, dict.fromkeys(keys))):
                self._spend(1)
                if all(name in found for name in parameters):
                    values = tuple(found[name] for name in parameters)
                    answers.setdefault(found[_KEY], {})[values] = None
        self._depth -= 1
        return list(self._answered(terms, zip(rows, keys, strict=True), answers))

    def _answered(
        self,
        terms: tuple[object, ...],
        calls: Iterable[tuple[Row, tuple[object, ...]]],
        answers: Mapping[object, Iterable[tuple[object, ...]]],
    ) -> Iterator[Row]:
        for row, key in calls:
            for values in answers.get(key, ()):
                self._spend(1)
                bound = _bind(row, terms, values)
                if bound is not None:
                    yield bound


def _starts(parameters: Sequence[str], keys: Iterable[tuple[object, ...]]) -> list[Row]:
    """The rows that a rule's body begins with: what is known of its parameters, and which call it is for."""
    found: list[Row] = []
    for key in keys:
        row: Row = {_KEY: key}
        row.update((n, v) for n, v in zip(parameters, key, strict=False) if not isinstance(v, Variable))
        found.append(row)
    return found


def _bind(row: Row, terms: Sequence[object], values: Sequence[object]) -> Row | None:
    """The row with open variables bound to values; None where a term is another value already."""
    found = row
    for term, value in zip(terms, values, strict=False):
        if not isinstance(term, Variable):
            if not _same(_plain(term), value):
                return None
        elif term.name in found:
            if not _same(found[term.name], value):
                return None
        elif term.name:
            found = {**found, term.name: value}
    return found


def _plain(term: object) -> object:
    """What a term stands for: a page for its name."""
    return Entity(term.name, -1) if isinstance(term, PageName) else term


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _others(open_: list[frozenset[str]], at: int) -> frozenset[str]:
    return frozenset().union(*(names for i, names in enumerate(open_) if i != at))


# ---------------------------------------------------------------- results


def tuples(find: Sequence[Find], rows: list[Row]) -> list[tuple[object, ...]]:
    """What is asked for of each row, each answer once; aggregates are over the rows with the same other values."""
    plain = [one.variable for one in find if one.aggregate in ("", "pull")]
    if len(plain) == len(find):
        return list(dict.fromkeys(tuple(row.get(name) for name in plain) for row in rows))
    groups: dict[tuple[object, ...], dict[tuple[object, ...], None]] = {}
    for row in rows:
        values = tuple(row.get(one.variable) for one in find)
        groups.setdefault(tuple(row.get(name) for name in plain), {})[values] = None
    return [tuple(_column(find, list(members), i) for i in range(len(find))) for members in groups.values()]


def _column(find: Sequence[Find], members: list[tuple[object, ...]], at: int) -> object:
    values = [member[at] for member in members]
    return values[0] if find[at].aggregate in ("", "pull") else _AGGREGATES[find[at].aggregate](values)


def _numbers(make: Callable[[list[float]], object]) -> Callable[[list[object]], object]:
    return lambda values: make([value for value in values if isinstance(value, int | float)] or [0])


_AGGREGATES: Mapping[str, Callable[[list[object]], object]] = {
    "count": len,
    "count-distinct": lambda values: len(set(values)),
    "sum": _numbers(sum),
    "min": _numbers(min),
    "max": _numbers(max),
    "avg": _numbers(lambda values: sum(values) / len(values)),
}
