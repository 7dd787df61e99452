"""`:result-transform`, which is Clojure: of it, sorting, taking and turning round are understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from kbtool.queries.terms import Keyword
from kbtool.syntax.edn import Form


class Step(NamedTuple):
    """One step: `sort` by the value at `path` (or `default`), `take` or `drop` an `amount`, `reverse`."""

    kind: Literal["sort", "take", "drop", "reverse"]
    path: tuple[str, ...] = ()
    default: object = None
    descends: bool = False
    amount: int = 0


def steps(form: Form) -> tuple[Step, ...] | None:
    """The steps of `(fn [result] …)`, None for what is not understood."""
    called = _function(form)
    return _steps(called[1], called[0]) if called else None


def _function(form: Form) -> tuple[str, Form] | None:
    """The name of a function's one argument, and its body."""
    if form.kind == "function":
        return "%", form._replace(kind="list")
    if form.kind != "list" or len(form.items) < 3 or form.items[0].text not in ("fn", "fn*"):
        return None
    arguments = form.items[1]
    if arguments.kind != "vector" or len(arguments.items) != 1 or len(form.items) != 3:
        return None
    return arguments.items[0].text, form.items[2]


def _steps(body: Form, name: str) -> tuple[Step, ...] | None:
    if body.kind == "symbol":
        return () if body.text == name else None
    if body.kind != "list" or not body.items:
        return None
    head, *rest = body.items
    if head.text == "->>" and rest:
        return _threaded(rest, name)
    if not rest:
        return None
    inner = _steps(rest[-1], name)
    last = _step(head.text, rest[:-1])
    return (*inner, last) if inner is not None and last else None


def _threaded(forms: Sequence[Form], name: str) -> tuple[Step, ...] | None:
    found = _steps(forms[0], name)
    for form in forms[1:]:
        items = form.items if form.kind == "list" else (form,)
        step = _step(items[0].text, items[1:]) if items else None
        if found is None or step is None:
            return None
        found = (*found, step)
    return found


def _step(name: str, arguments: Sequence[Form]) -> Step | None:
    match name, len(arguments):
        case "reverse", 0:
            return Step("reverse")
        case ("take" | "drop") as kind, 1 if isinstance(arguments[0].value, int):
            return Step("take" if kind == "take" else "drop", amount=max(0, arguments[0].value))
        case "sort-by", 1 | 2:
            found = _key(arguments[0])
            descends = _descends(arguments[1]) if len(arguments) == 2 else False
            return None if found is None or descends is None else Step("sort", *found, descends)
    return None


def _descends(form: Form) -> bool | None:
    if form.kind == "symbol":
        return {">": True, "<": False, "compare": False}.get(form.text)
    words = [item.text for item in form.items]
    return {"%2 %1": True, "%1 %2": False, "% %2": False}.get(" ".join(words[1:])) if words[:1] == ["compare"] else None


# ---------------------------------------------------------------- keys


def _key(form: Form) -> tuple[tuple[str, ...], object] | None:
    """The path to what is sorted by, and the value where it is missing."""
    if form.kind == "keyword":
        return (form.text,), None
    called = _function(form)
    return _access(called[1], called[0]) if called else None


def _access(form: Form, name: str) -> tuple[tuple[str, ...], object] | None:
    if form.kind == "symbol" and form.text == name:
        return (), None
    if form.kind != "list" or len(form.items) < 2:
        return None
    head, *rest = form.items
    if head.kind == "keyword":
        return _below(rest[0], name, (head.text,), rest[1:])
    if head.text == "->":
        keys = tuple(item.text for item in rest[1:] if item.kind == "keyword")
        return _below(rest[0], name, keys, ()) if len(keys) == len(rest) - 1 else None
    if head.text == "get" and len(rest) >= 2 and rest[1].kind == "keyword":
        return _below(rest[0], name, (rest[1].text,), rest[2:])
    if head.text == "get-in" and len(rest) >= 2 and rest[1].kind == "vector":
        return _below(rest[0], name, tuple(item.text for item in rest[1].items), rest[2:])
    return None


def _below(
    holder: Form, name: str, keys: tuple[str, ...], default: Sequence[Form]
) -> tuple[tuple[str, ...], object] | None:
    found = _access(holder, name)
    if found is None:
        return None
    return (*found[0], *keys), _constant(default[0]) if default else found[1]


def _constant(form: Form) -> object:
    return Keyword(form.text) if form.kind == "keyword" else form.text if form.kind == "string" else form.value
