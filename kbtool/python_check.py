"""Python cells checked without running them: what does not compile, and what its names say.

A note's cells are one program, so names carry over from cell to cell. Code that runs at once (a module's statements,
class bodies, comprehensions) must find its names above it; a function's body may find them anywhere in the note.
Names are given the benefit of the doubt: a name bound in any branch above counts as bound, a loop's body may use what
it binds further down, and what can bind names unseen (`exec`, `import *`) silences the rest. pyflakes was weighed and
left: it takes one module at a time, so a note's cells would have to be pasted together, and it knows no order there.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import NamedTuple

from kbtool.note import Note
from kbtool.python_findings import Findings, by_names
from kbtool.python_names import read_cell
from kbtool.python_scopes import BUILTINS, Program
from kbtool.python_sketch import mark_of_broken, mark_of_tree
from kbtool.python_source import Broken, Code, Compiled, Magic, code_of, compiled, magics
from kbtool.python_syntax import magic_problem, sketch_problem, syntax_problem, transcript_problem
from kbtool.values import Diagnostic, Label, NoteId

_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError", "Exception", "BaseException")
_NAME_ERRORS = ("NameError", "UnboundLocalError", "Exception", "BaseException")


class Read(NamedTuple):
    """A cell or transcript that was read, with what only IPython understands; `quiet` when its names may be missing."""

    code: Code
    result: Compiled | Broken
    magics: tuple[Magic, ...]
    quiet: bool


def check_cells(note: Note, text: str = "", modules: frozenset[str] = frozenset()) -> tuple[Diagnostic, ...]:
    """What is wrong with a note's code, in the order of the text.

    `modules` are the top-level modules that can be imported besides Python's own; without any, imports are not judged.
    """
    cells = [cell for cell in note.cells if cell.kind != "bash"]
    if not cells:
        return ()
    program = Program()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = [_read(code_of(index, cell), program) for index, cell in enumerate(cells)]
    found = [*_of_fences(note.id, read, text)]
    sketches = {one.code.number: sketch for one in read if (sketch := _sketch(note.id, one, program))}
    known = Findings(note.id, {one.code.number: one.code for one in read}, program, modules, frozenset(sketches), {})
    trees = [(one.code.number, one.result.tree) for one in read if isinstance(one.result, Compiled) and not one.quiet]
    found += [*sketches.values(), *by_names(known, trees), *_of_exports(known, read)]
    return tuple(sorted(found, key=lambda problem: (problem.span, problem.rule)))


def _of_exports(known: Findings, read: list[Read]) -> Iterator[Diagnostic]:
    """Names that `export` cells have from other cells of their note: for the code of other notes those do not run."""
    exported = [one for one in read if one.code.options.export and not one.quiet]
    program, seen = Program(), set[str]()
    for code, result, *_ in exported:
        if isinstance(result, Compiled):
            read_cell(program, result.tree, code.number, quiet=False)
    if program.unknown or program.expects_name_errors or any(isinstance(one.result, Broken) for one in exported):
        return
    free = (use for use in program.free if use.name not in program.bound.keys() | BUILTINS)
    for use in sorted((*program.missing, *free), key=lambda use: use.place):
        bound = known.program.bound.get(use.name)
        if use.name not in seen and bound is not None and not known.codes[bound.cell].options.export:
            seen.add(use.name)
            label = Label(known.note, known.span(bound), "defined only here, in a cell without `export`")
            message = f"`{use.name}` is not there for the notes that import this cell"
            advice = "give the cell that defines it the word `export`, too, or define the name here"
            yield Diagnostic("undefined-name", known.note, known.span(use.place), message, (label,), advice)


def _read(code: Code, program: Program) -> Read:
    result = compiled(code.text, program.flags)
    lines: tuple[Magic, ...] = ()
    if isinstance(result, Broken) and not code.transcript:
        rest, lines = magics(code.text)
        result = compiled(rest, program.flags) if lines else result
    if isinstance(result, Broken):
        program.words |= _words(code.text)
        program.unknown |= "import *" in code.text
        return Read(code, result, lines, quiet=True)
    program.flags |= result.flags
    expects = code.options.raises in _NAME_ERRORS or any(error in code.answers for error in _NAME_ERRORS)
    program.expects_name_errors |= expects
    quiet = code.options.norun or expects
    read_cell(program, result.tree, code.number, quiet=quiet)
    return Read(code, result, lines, quiet)


def _words(code: str) -> set[str]:
    """All that could be a name in code that cannot be parsed."""
    return set("".join(char if char.isalnum() or char == "_" else " " for char in code).split())


def _of_fences(note: NoteId, read: list[Read], text: str) -> Iterator[Diagnostic]:
    """What is wrong with a fence as a whole: a transcript, IPython, code that does not compile."""
    for code, result, lines, _ in read:
        if code.options.norun:
            continue
        if code.transcript and text[slice(*code.language)].lower() == "python":
            yield transcript_problem(note, code)
        if lines:
            yield magic_problem(note, code, lines)
        if isinstance(result, Broken) and not _expected(code) and not _is_sketch(code, result):
            yield syntax_problem(note, code, result, text)


def _expected(code: Code) -> bool:
    shown = code.transcript and any(error in code.answers for error in _SYNTAX_ERRORS[:3])
    return shown or code.options.raises in _SYNTAX_ERRORS


def _is_sketch(code: Code, broken: Broken) -> bool:
    return not code.transcript and mark_of_broken(code.text, broken) is not None


def _sketch(note: NoteId, read: Read, program: Program) -> Diagnostic | None:
    """The one problem of a cell that carries a mark of a sketch."""
    code = read.code
    if code.options.norun or code.options.raises or code.transcript:
        return None
    if isinstance(read.result, Broken):
        mark = mark_of_broken(code.text, read.result)
        return sketch_problem(note, code, mark, fails=True) if mark else None
    mark = mark_of_tree(code.text, read.result.tree)
    fails = any(use.place.cell == code.number for use in program.missing)
    return sketch_problem(note, code, mark, fails) if mark and (mark.sure or fails) else None
