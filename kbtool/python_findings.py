"""What is said of the names in a note's code: undefined, used too early or never, imported in vain, hidden."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from kbtool.python_imports import MODULE
from kbtool.python_scopes import BUILTINS, Place, Program, Use
from kbtool.python_shadow import shadows
from kbtool.python_sketch import MANY, mostly_unknown
from kbtool.python_source import Code, characters
from kbtool.python_syntax import unknown_sketch_problem
from kbtool.suggest import closest, did_you_mean, vocabulary
from kbtool.values import Diagnostic, Label, NoteId, Span

_IMPORTS = (
    ("np", "import numpy as np"),
    ("numpy", "import numpy"),
    ("torch", "import torch"),
    ("nn", "from torch import nn"),
    ("F", "import torch.nn.functional as F"),
    ("plt", "import matplotlib.pyplot as plt"),
    ("pd", "import pandas as pd"),
    (MODULE, f"import {MODULE}"),
)
"""Names that everybody writes, and where they come from."""
_DISTRIBUTIONS = (
    *(("sklearn", "scikit-learn"), ("skimage", "scikit-image"), ("cv2", "opencv-python"), ("PIL", "pillow")),
    *(("yaml", "pyyaml"), ("bs4", "beautifulsoup4"), ("dateutil", "python-dateutil"), ("dotenv", "python-dotenv")),
)
"""Modules that another distribution than that of their name installs."""
_FOR_THEIR_EFFECT = frozenset(("antigravity", "mpl_toolkits", "readline", "rlcompleter", "this"))
"""Modules that one imports without using them."""


SUGGESTIONS = 200
"""Most names of one note that are compared with others, so that a note made of misspellings takes no minutes."""


class Findings(NamedTuple):
    """What is known of a note's code when all of it was read.

    `sketches` are the cells already known as such; `near` are misspelled names and what was meant.
    """

    note: NoteId
    codes: Mapping[int, Code]
    program: Program
    modules: frozenset[str]
    sketches: frozenset[int]
    near: Mapping[str, str]

    def span(self, place: Place) -> Span:
        """Where a place in the code stands in the note."""
        code = self.codes[place.cell]
        start = code.offset(place.line, self._column(code, place.line, place.column))
        return Span(
            start, max(start, code.offset(place.end_line, self._column(code, place.end_line, place.end_column)))
        )

    def _column(self, code: Code, line: int, column: int) -> int:
        return characters([code.line(line)], 1, column)


def by_names(known: Findings, trees: Sequence[tuple[int, ast.Module]]) -> Iterator[Diagnostic]:
    """All that the names say."""
    program = known.program
    uses = sorted(_undefined(known), key=lambda use: use.place)
    known = known._replace(near=_near({use.name: None for use in uses}, program))
    sketches = set(known.sketches)
    if len(uses) >= MANY:
        for problem, cell in _unknown_sketches(known, uses):
            sketches.add(cell)
            yield problem
    seen: set[str] = set()
    for use in uses:
        if use.name not in seen and use.place.cell not in sketches:
            seen.add(use.name)
            yield _undefined_problem(known, use)
    if program.imports:
        yield from _imports(known, sketches)
    if program.unused and not (program.unknown or program.evaluates):
        yield from _unused_locals(known, sketches)
    if program.rebound:
        yield from _shadowed(known, trees, sketches)


# ---------------------------------------------------------------- names that nothing defines


def _near(names: Iterable[str], program: Program) -> Mapping[str, str]:
    """For names that nothing defines, those that may have been meant."""
    wanted = [name for name in names if not _source(name)][:SUGGESTIONS]
    folded = {name.lower(): name for name in (*BUILTINS, *program.bound)} if wanted else {}
    words = vocabulary(folded)
    found = ((name, closest(name.lower(), words)) for name in wanted if name not in program.bound)
    return {name: folded[near] for name, near in found if near is not None}


def _undefined(known: Findings) -> Iterator[Use]:
    """Where names are used that nothing defines, or nothing above."""
    program = known.program
    uses = [*program.missing]
    if not (program.unknown or program.expects_name_errors):
        bound = program.bound.keys() | program.words | BUILTINS
        uses += (use for use in program.free if use.name not in bound)
    for use in uses:
        if use.name != "_" or not known.codes[use.place.cell].transcript:
            yield use


def _unknown_sketches(known: Findings, uses: list[Use]) -> Iterator[tuple[Diagnostic, int]]:
    """Cells of which most names come from nowhere."""
    defined: dict[int, set[str]] = {}
    for name, place in known.program.bound.items():
        defined.setdefault(place.cell, set()).add(name)
    missed: dict[int, dict[str, Use]] = {}
    for use in uses:
        missed.setdefault(use.place.cell, {}).setdefault(use.name, use)
    for index, mine in missed.items():
        code = known.codes[index]
        if index in known.sketches or code.transcript or len(mine) < MANY:
            continue
        unknown = sorted((name for name in mine if _from_nowhere(name, known)), key=lambda name: mine[name].place)
        others = (known.program.cell_loads[index] | defined.get(index, set())) - BUILTINS - mine.keys()
        if mostly_unknown(unknown, others):
            span = known.span(mine[unknown[0]].place)
            yield unknown_sketch_problem(known.note, code, span, unknown), index


def _from_nowhere(name: str, known: Findings) -> bool:
    """Whether a name is neither a forgotten import, nor misspelled, nor defined further down."""
    return name not in known.program.bound and not _source(name) and name not in known.near


def _undefined_problem(known: Findings, use: Use) -> Diagnostic:
    span, program = known.span(use.place), known.program
    message = f"undefined name `{use.name}`"
    later = program.bound.get(use.name)
    if use.name in program.deleted:
        return Diagnostic("undefined-name", known.note, span, message, (), "a `del` above it took the name away")
    if later is not None and later > use.place:
        label = Label(known.note, known.span(later), "defined only here")
        advice = "cells run from top to bottom: define the name above its first use"
        message = f"`{use.name}` is used before it is defined"
        return Diagnostic("use-before-definition", known.note, span, message, (label,), advice)
    return Diagnostic("undefined-name", known.note, span, message, (), _advice(use.name, known))


def _advice(name: str, known: Findings) -> str:
    if source := _source(name):
        return f"is `{source}` missing?"
    near = known.near.get(name)
    return f"did you mean `{near}`?" if near else "define or import it above this line"


def _source(name: str) -> str:
    """The import that gives a name, as everybody writes it; empty for other names."""
    imported = next((line for known, line in _IMPORTS if known == name), "")
    return imported or (f"import {name}" if name in sys.stdlib_module_names else "")


# ---------------------------------------------------------------- imports and variables


def _imports(known: Findings, sketches: set[int]) -> Iterator[Diagnostic]:
    program = known.program
    hidden = program.unknown or program.evaluates
    seen: set[str] = set()
    for name, module, place, source, in_function, optional, kept in program.imports:
        top = module.partition(".")[0]
        if optional or place.cell in sketches or known.codes[place.cell].options.norun:
            continue
        if top and top not in seen and known.modules and not _can_be_imported(top, known.modules):
            seen.add(top)
            yield _missing_import(known, source, top)
        code = known.codes[place.cell]
        offered = code.options.export and not in_function  # the code of another note may use it
        if kept or hidden or offered or top in _FOR_THEIR_EFFECT or code.transcript:
            continue
        if name not in program.loads and name not in program.words:
            message = f"`{name}` is imported and never used in this note"
            yield Diagnostic("unused-name", known.note, known.span(place), message, (), "take the import out")


def _can_be_imported(module: str, modules: frozenset[str]) -> bool:
    return module in modules or module in sys.stdlib_module_names or module in ("__main__", MODULE)


def _missing_import(known: Findings, place: Place, module: str) -> Diagnostic:
    near = did_you_mean(module, (*known.modules, *sys.stdlib_module_names))
    distribution = dict(_DISTRIBUTIONS).get(module, module)
    advice = f"did you mean `{near}`?" if near else f"install it where the cells run: pip install {distribution}"
    message = f"no module `{module}` is installed here"
    return Diagnostic("missing-import", known.note, known.span(place), message, (), advice)


def _unused_locals(known: Findings, sketches: set[int]) -> Iterator[Diagnostic]:
    for name, place in known.program.unused:
        if place.cell not in sketches and not known.codes[place.cell].transcript:
            message = f"the local variable `{name}` is never used"
            yield Diagnostic("unused-name", known.note, known.span(place), message, (), "take it out, or call it `_`")


def _shadowed(known: Findings, trees: Sequence[tuple[int, ast.Module]], sketches: set[int]) -> Iterator[Diagnostic]:
    shown = [(index, tree) for index, tree in trees if index not in sketches]
    for name, place, use, imported in shadows(shown, known.program.rebound, known.program.imported):
        what = "an import" if imported else "Python's own"
        message = f"`{name}` hides {what}, which is needed below"
        label = Label(known.note, known.span(use), "here the original is meant")
        yield Diagnostic("shadowed-name", known.note, known.span(place), message, (label,), "give it another name")
