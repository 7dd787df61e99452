"""Which names the code of a note gives to the module, and from which cell on: what `{{val …}}` can ask for."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from symtable import SymbolTable, symtable
from typing import NamedTuple, TypeAlias

from kbtool.python_source import python_text

_UNSEEN = frozenset(("exec", "globals", "locals", "vars", "setattr"))


class Given(NamedTuple):
    """The names of a note's code with the number of the first cell that binds each, and the cells that have a name.

    `unsure` when code may bind names that nobody sees in its text. Only cells that run are meant.
    """

    names: tuple[tuple[str, int], ...] = ()
    cells: tuple[tuple[str, int], ...] = ()
    unsure: bool = False


Code: TypeAlias = tuple[int, str, str]
"""A cell that runs: its number, its name (empty without one), and its code, of a transcript what was typed."""


def given(codes: Iterable[Code]) -> Given:
    """What the cells of a note give."""
    names: dict[str, int] = {}
    named: list[tuple[str, int]] = []
    unsure = False
    for number, cell, code in codes:
        if cell:
            named.append((cell, number))
        table = _table(code)
        bound = _bound(table) if table else None
        unsure = unsure or bound is None or "import *" in code
        for name in bound or ():
            names.setdefault(name, number)
    return Given(tuple(names.items()), tuple(named), unsure)


def _table(code: str) -> SymbolTable | None:
    """Python's own table of names, which takes a third of the time of a tree."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return symtable(python_text(code), "<cell>", "exec")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


def _bound(module: SymbolTable) -> list[str] | None:
    """The names that a module binds, None where it may bind others unseen."""
    found = [one.get_name() for one in module.get_symbols() if one.is_assigned() or one.is_imported()]
    waiting = [module]
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        if not _UNSEEN.isdisjoint(table.get_identifiers()):
            return None
        if table.get_type() == "function":
            found += [one.get_name() for one in table.get_symbols() if one.is_declared_global() and one.is_assigned()]
    return found
