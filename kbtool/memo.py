"""A memo beside pure functions: the same call is answered from memory when its inputs are the same objects."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import fields, is_dataclass
from typing import ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")


class Memo:
    """Remembers for each function and key the last inputs and their answer.

    Inputs are compared by identity. An answer equal to the last one is given as the old object, so that what depends on
    it is not computed either: early cut-off without any record of dependencies.
    """

    __slots__ = ("_answers",)

    def __init__(self) -> None:
        self._answers: dict[tuple[Callable[..., object], Hashable], tuple[tuple[object, ...], object]] = {}

    def call(self, key: Hashable, function: Callable[P, T], *inputs: P.args, **none: P.kwargs) -> T:
        """`function(*inputs)`, or its last answer for `key`."""
        known = self._answers.get((function, key))
        if known is not None and _same(known[0], inputs):
            return cast(T, known[1])
        answer = function(*inputs, **none)
        if known is not None and _equal(known[1], answer):
            answer = cast(T, known[1])  # the old object, so that what depends on it stays too
        self._answers[function, key] = (inputs, answer)
        return answer

    def forget(self, keys: set[Hashable]) -> None:
        """Drops what was remembered for keys that are gone."""
        self._answers = {place: kept for place, kept in self._answers.items() if place[1] not in keys}


def _equal(old: object, new: object) -> bool:
    """Whether two values are the same to all: named tuples of two kinds are not, though Python calls them equal."""
    if old is new:
        return True
    if type(old) is not type(new):
        return False
    if isinstance(old, tuple) and isinstance(new, tuple):
        return len(old) == len(new) and all(map(_equal, old, new))
    if is_dataclass(old):
        return all(_equal(getattr(old, one.name), getattr(new, one.name)) for one in fields(old))
    return old == new


def _same(old: tuple[object, ...], new: tuple[object, ...]) -> bool:
    return len(old) == len(new) and all(a is b for a, b in zip(old, new, strict=True))
