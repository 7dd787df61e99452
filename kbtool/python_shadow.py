"""Names of Python's own, and of imports, that a cell gives to a value although later code needs the original."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from kbtool.python_scopes import BUILTINS, Place, place

PLAIN_CALLS = frozenset(
    "abs bool bytes complex dict divmod enumerate float frozenset hash hex id input int len list max min ord pow range"
    " repr round set sorted str sum tuple zip".split()
)
"""What these give cannot be called."""
Kind = Literal["plain", "other", "import", "def", "del", "call", "attribute"]


class Event(NamedTuple):
    """Something that happens to a name: it gets a value, or is called, or asked for an attribute.

    Bindings happen where the value ends, which is computed first; `place` is where the name stands.
    """

    order: tuple[int, int, int]
    kind: Kind
    place: Place
    attribute: str = ""


class Shadow(NamedTuple):
    """A name that hides another, and where that other would have been needed."""

    name: str
    place: Place
    use: Place
    imported: bool


def shadows(cells: Sequence[tuple[int, ast.Module]], names: Collection[str], imported: Collection[str]) -> list[Shadow]:
    """The names among those given that hide what later code needs."""
    events: dict[str, list[Event]] = {name: [] for name in names}
    for index, tree in cells:
        for name, event in _events(index, tree, frozenset(names)):
            events[name].append(event)
    return [found for name, happened in events.items() for found in _judge(name, sorted(happened), name in imported)]


def _judge(name: str, events: list[Event], imported: bool) -> Iterator[Shadow]:
    asked: set[str] = set()
    hiding: Event | None = None
    original = name in BUILTINS
    for event in events:
        match event.kind:
            case "call" | "attribute":
                if hiding is None:
                    asked.add(event.attribute)
                elif hiding.kind == "plain" if event.kind == "call" else event.attribute in asked and imported:
                    yield Shadow(name, hiding.place, event.place, imported)
                    return
            case "plain" | "other":
                hides = original and (event.kind == "plain" or imported)
                hiding = (hiding or event) if hides else None
            case _:
                hiding = None
                original = event.kind == "import" or (event.kind == "del" and name in BUILTINS)


def _events(index: int, tree: ast.Module, names: frozenset[str]) -> Iterator[tuple[str, Event]]:
    """What happens to the names, functions that have them for variables of their own left out."""
    stack: list[tuple[Any, frozenset[str]]] = [(node, names) for node in tree.body]
    while stack:
        node, seen = stack.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            seen = seen - _own(node)
        for name, event in _of_node(index, node):
            if name in seen:
                yield name, event
        stack.extend((child, seen) for child in ast.iter_child_nodes(node))


def _own(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    inside = [inner for part in ast.iter_child_nodes(node) for inner in ast.walk(part)]
    stored = (inner.id for inner in inside if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store))
    return frozenset((*stored, *(inner.arg for inner in inside if isinstance(inner, ast.arg))))


def _of_node(index: int, node: Any) -> Iterator[tuple[str, Event]]:
    match node:
        case ast.Assign(targets=targets, value=value):
            kind: Kind = "plain" if _is_plain(value) else "other"
            for target in targets:
                for inner in ast.walk(target):
                    if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                        yield inner.id, _bound(index, inner, (kind if inner is target else "other", node))
        case ast.For(target=ast.Name() as target, iter=iterated):
            plain = isinstance(iterated, ast.Call) and getattr(iterated.func, "id", "") == "range"
            yield target.id, _bound(index, target, ("plain" if plain else "other", iterated))
        case ast.AnnAssign(target=ast.Name() as target, value=ast.expr() as value):
            yield target.id, _bound(index, target, ("plain" if _is_plain(value) else "other", node))
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], _event(index, alias, "import")
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name, _event(index, node, "def")
        case ast.Delete(targets=targets):
            yield from ((one.id, _event(index, one, "del")) for one in targets if isinstance(one, ast.Name))
        case ast.Call(func=ast.Name(id=name) as function):
            yield name, _event(index, function, "call")
        case ast.Attribute(value=ast.Name(id=name) as value, attr=attribute):
            yield name, _event(index, value, "attribute")._replace(attribute=attribute)


def _event(index: int, node: Any, kind: Kind) -> Event:
    return Event((index, node.lineno, node.col_offset), kind, place(index, node))


def _bound(index: int, target: ast.Name, given: tuple[Kind, Any]) -> Event:
    kind, last = given
    return Event((index, last.end_lineno, last.end_col_offset), kind, place(index, target))


def _is_plain(value: ast.expr) -> bool:
    """Whether a value is surely none that can be called."""
    match value:
        case ast.Constant(value=constant):
            return constant is not None and constant is not Ellipsis
        case ast.Call(func=ast.Name(id=name)):
            return name in PLAIN_CALLS
        case ast.BinOp() | ast.UnaryOp() | ast.Compare() | ast.JoinedStr():
            return True
    return isinstance(value, ast.List | ast.Dict | ast.Set | ast.Tuple | ast.ListComp | ast.DictComp | ast.SetComp)
