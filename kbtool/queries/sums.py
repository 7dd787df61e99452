"""`{{function (sum :price)}}`: arithmetic over what a query found."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from kbtool.syntax.edn import Form

Item = Mapping[str, object]
"""The properties of one result."""

_MOST = 100_000


def computed(form: Form, result: Sequence[Item]) -> object:
    """The number or text that a function gives for results; None for what is not understood."""
    try:
        found = _value(form, {"result": list(result)})
    except (TypeError, ValueError, ZeroDivisionError, OverflowError, KeyError):
        return None
    return None if isinstance(found, Mapping) or callable(found) else found


def shown(value: object) -> str:
    """A computed value as people read it."""
    if isinstance(value, float):
        return f"{value:.10g}"
    return ", ".join(map(shown, value)) if isinstance(value, list) else str(value)


def _value(form: Form, known: Mapping[str, object]) -> object:
    match form.kind:
        case "number" | "constant":
            return form.value
        case "string" | "keyword":
            return form.text
        case "symbol":
            return known[form.text]
        case "list" if form.items:
            return _called(form, known)
    raise ValueError(form.kind)


def _called(form: Form, known: Mapping[str, object]) -> object:
    head, *rest = form.items
    if head.kind == "keyword":
        item = _value(rest[0], known)
        return _number(item.get(_key(head.text))) if isinstance(item, Mapping) else None
    if head.text == "fn":
        name, body = rest[0].items[0].text, rest[1]
        return lambda item: _value(body, {**known, name: item})
    if head.text == "map":
        change = _value(rest[0], known) if rest[0].kind != "keyword" else None
        items = _items(_value(rest[1], known))
        return [_value_of(rest[0], change, item) for item in items]
    if head.text in _OVER and len(rest) == 1 and rest[0].kind == "keyword":
        values = [
            _number(item.get(_key(rest[0].text))) for item in _items(known["result"]) if isinstance(item, Mapping)
        ]
        return _OVER[head.text]([value for value in values if value is not None])
    if head.text in _OVER:
        return _OVER[head.text](_items(_value(rest[0], known)))
    return _ARITHMETIC[head.text]([_plain(_value(item, known)) for item in rest])


def _value_of(form: Form, change: object, item: object) -> object:
    if callable(change):
        return change(item)
    return _number(item.get(_key(form.text))) if isinstance(item, Mapping) else None


def _items(value: object) -> list[object]:
    if not isinstance(value, list) or len(value) > _MOST:
        raise TypeError
    return value


def _key(text: str) -> str:
    return text.rpartition("/")[2].replace("_", "-")


def _number(value: object) -> object:
    """A property's value as a number where it is one: Logseq keeps `9.4` as text."""
    if not isinstance(value, str):
        return value
    try:
        return float(value.replace(",", "").lstrip("$€₽ ")) if len(value) < 30 else value
    except ValueError:
        return value


def _plain(value: object) -> float:
    if value is None:
        return 0  # as in JavaScript, where Logseq counts
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    return value


def _numbers(values: list[object]) -> list[float]:
    return [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _times(values: list[float]) -> float:
    found: float = 1
    for value in values:
        found *= value
    return found


_OVER: Mapping[str, Callable[[list[object]], object]] = {
    "sum": lambda values: sum(_numbers(values)),
    "average": lambda values: sum(_numbers(values)) / len(_numbers(values)),
    "min": lambda values: min(_numbers(values)),
    "max": lambda values: max(_numbers(values)),
    "count": len,
}
_ARITHMETIC: Mapping[str, Callable[[list[float]], float]] = {
    "+": sum,
    "-": lambda values: -values[0] if len(values) == 1 else values[0] - sum(values[1:]),
    "*": _times,
    "/": lambda values: values[0] / _times(values[1:]),
}
