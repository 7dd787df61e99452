"""The functions that Datalog's `[(f …)]` may call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeAlias

from kbtool.queries.simple import names_page
from kbtool.queries.terms import Keyword, Record

Function: TypeAlias = Callable[..., object]


def equal(*values: object) -> bool:
    """`=`; as in Logseq a name in brackets among two values asks whether the other holds it."""
    if len(values) == 2:
        one, other = values
        for name, holder in ((one, other), (other, one)):
            if isinstance(name, str) and names_page(name) and isinstance(holder, frozenset):
                return name[2:-2].lower() in {str(item).lower() for item in holder}
    return all(_same(values[0], value) for value in values[1:])


def _same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _compared(holds: Callable[[int], bool]) -> Function:
    """A comparison of each value with the next; values that cannot be compared hold for none."""
    return lambda *values: all(holds(_order(a, b)) for a, b in pairwise(values))


def _order(one: object, other: object) -> int:
    """Below 0, 0 or above 0; 2 for what has no order."""
    if isinstance(one, int | float) and isinstance(other, int | float):
        return (one > other) - (one < other)
    if isinstance(one, str) and isinstance(other, str):
        return (one > other) - (one < other)
    return 2


def contains(holder: object, item: object) -> bool:
    """`contains?`: of a set its members, of a map its keys."""
    if isinstance(holder, Record):
        return isinstance(item, Keyword) and item.name in holder.values
    if isinstance(holder, frozenset):
        return item in holder or any(_same(found, item) for found in holder if isinstance(item, bool))
    return False


def got(record: object, key: object, other: object = None) -> object:
    """`get`: a property."""
    if isinstance(record, Record) and isinstance(key, Keyword):
        return record.values.get(key.name.replace("_", "-"), other)
    return other


def _text(test: Callable[[str, str], bool]) -> Function:
    return lambda whole, part: isinstance(whole, str) and isinstance(part, str) and test(whole, part)


def _changed(change: Callable[[str], object]) -> Function:
    return lambda text: change(text) if isinstance(text, str) else None


def _summed(*values: object) -> object:
    return sum(value for value in values if isinstance(value, int | float))


def _taken(*values: object) -> object:
    numbers = [value for value in values if isinstance(value, int | float)]
    return -numbers[0] if len(numbers) == 1 else numbers[0] - sum(numbers[1:]) if numbers else None


def joined(*values: object) -> str:
    """`str`: values as one text."""
    return "".join(_shown(value) for value in values)


def _shown(value: object) -> str:
    if isinstance(value, Keyword):
        return ":" + value.name
    return (
        {True: "true", False: "false", None: ""}.get(value, str(value))
        if isinstance(value, bool | None)
        else str(value)
    )


def _counted(value: object) -> object:
    return len(value) if isinstance(value, str | frozenset | tuple) else None


def _named(value: object) -> object:
    return value.name if isinstance(value, Keyword) else value


def matches(own: object, value: object) -> bool:
    """Whether a property's value is another, or a set that holds it; a page may have a number for its name."""
    if isinstance(own, frozenset):
        return value in own or str(value) in own
    return _same(own, value)


FUNCTIONS: Mapping[str, Function] = {
    "=": equal,
    "==": equal,
    "!=": lambda *values: not equal(*values),
    "not=": lambda *values: not equal(*values),
    "<": _compared(lambda order: order == -1),
    ">": _compared(lambda order: order == 1),
    "<=": _compared(lambda order: order in (-1, 0)),
    ">=": _compared(lambda order: order in (0, 1)),
    "contains?": contains,
    "get": got,
    "clojure.string/includes?": _text(lambda whole, part: part in whole),
    "clojure.string/starts-with?": _text(str.startswith),
    "clojure.string/ends-with?": _text(str.endswith),
    "clojure.string/lower-case": _changed(str.lower),
    "clojure.string/upper-case": _changed(str.upper),
    "clojure.string/trim": _changed(str.strip),
    "clojure.string/blank?": lambda text: text is None or (isinstance(text, str) and not text.strip()),
    "str": joined,
    "count": _counted,
    "name": _named,
    "keyword": lambda text: Keyword(text) if isinstance(text, str) else text,
    "identity": lambda value: value,
    "ground": lambda value: value,
    "not": lambda value: value is None or value is False,
    "true?": lambda value: value is True,
    "false?": lambda value: value is False,
    "nil?": lambda value: value is None,
    "some?": lambda value: value is not None,
    "string?": lambda value: isinstance(value, str),
    "number?": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "set?": lambda value: isinstance(value, frozenset),
    "coll?": lambda value: isinstance(value, frozenset | tuple | Record),
    "keyword?": lambda value: isinstance(value, Keyword),
    "empty?": lambda value: not _counted(value),
    "even?": lambda value: isinstance(value, int) and value % 2 == 0,
    "odd?": lambda value: isinstance(value, int) and value % 2 == 1,
    "+": _summed,
    "-": _taken,
    "and": lambda *values: all(value is not None and value is not False for value in values),
    "kb/matches": matches,
    "or": lambda *values: any(value is not None and value is not False for value in values),
}
"""Those that need nothing but their arguments; `missing?` and `get-else` look into the base."""
ON_BASE = frozenset({"missing?", "get-else"})
SHORT: Mapping[str, str] = {
    "includes?": "clojure.string/includes?",
    "starts-with?": "clojure.string/starts-with?",
    "ends-with?": "clojure.string/ends-with?",
    "lower-case": "clojure.string/lower-case",
    "upper-case": "clojure.string/upper-case",
    "string/includes?": "clojure.string/includes?",
}
"""What people write for the long names, which Logseq does not know."""
