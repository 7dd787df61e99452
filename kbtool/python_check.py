"""Python cells checked without running them: what does not compile, and names that nothing defines.

A note's cells are one program, so names carry over from cell to cell. Code that runs at once (a module's statements,
class bodies, comprehensions) must find its names above it; a function's body may find them anywhere in the note.
Names are given the benefit of the doubt: a name bound in any branch above counts as bound, a loop's body may use what
it binds further down, and what can bind names unseen (`exec`, `import *`) silences the rest. pyflakes was weighed and
left: it takes one module at a time, so a note's cells would have to be pasted together, and it knows no order there.
"""

from __future__ import annotations

import ast
import sys
import tokenize
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

from kbtool.note import Note
from kbtool.python_names import read_cell
from kbtool.python_scopes import BUILTINS, Place, Program, Use
from kbtool.suggest import did_you_mean
from kbtool.values import Cell, Diagnostic, Label, NoteId, Span

_FUTURE = 0x1FF0000
"""The compiler flags that `from __future__` sets (`__future__.py`): in a note they hold for the cells below, too."""
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError", "Exception", "BaseException")
_NAME_ERRORS = ("NameError", "UnboundLocalError", "Exception", "BaseException")
_IMPORTS = (
    ("np", "import numpy as np"),
    ("numpy", "import numpy"),
    ("torch", "import torch"),
    ("nn", "from torch import nn"),
    ("F", "import torch.nn.functional as F"),
    ("plt", "import matplotlib.pyplot as plt"),
    ("pd", "import pandas as pd"),
)
"""Names that everybody writes, and where they come from."""


def is_transcript(code: str) -> bool:
    """Whether the code is a transcript of interactive Python (`>>> `), which is shown and neither checked nor run."""
    first = code.lstrip().split("\n", 1)[0].rstrip()
    return first == ">>>" or first.startswith(">>> ")


def python_text(code: str) -> str:
    """The code with line ends as Python counts them: one line for each `\\n`, whatever carriage returns it holds."""
    return code.replace("\r\n", "\n").replace("\r", " ") if "\r" in code else code


def check_cells(note: Note) -> tuple[Diagnostic, ...]:
    """The `python-syntax` and `undefined-name` problems of a note's cells, in the order of the text."""
    if not note.cells:
        return ()
    program = Program()
    problems: list[Diagnostic] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for cell in note.cells:
            problems.extend(_check_cell(note.id, cell, program))
    problems.extend(_undefined(note, program))
    return tuple(sorted(problems, key=lambda problem: problem.span))


def _check_cell(note: NoteId, cell: Cell, program: Program) -> Iterator[Diagnostic]:
    if is_transcript(cell.code):
        return
    compiled = _compiled(python_text(cell.code), program.flags)
    if isinstance(compiled, _Broken):
        program.words |= _words(cell.code)
        program.unknown |= "import *" in cell.code
        if not cell.options.norun and cell.options.raises not in _SYNTAX_ERRORS:
            yield _syntax_problem(note, cell, compiled)
        return
    program.flags |= compiled.flags
    quiet = cell.options.norun or cell.options.raises in _NAME_ERRORS
    program.expects_name_errors |= cell.options.raises in _NAME_ERRORS
    read_cell(program, compiled.tree, cell.index, quiet=quiet)


def _words(code: str) -> set[str]:
    """All that could be a name in code that cannot be parsed."""
    return set("".join(char if char.isalnum() or char == "_" else " " for char in code).split())


# ---------------------------------------------------------------- what does not compile


@dataclass(frozen=True, slots=True)
class _Compiled:
    tree: ast.Module
    flags: int


@dataclass(frozen=True, slots=True)
class _Broken:
    """Why code does not compile; lines from 1 and columns from 0, in characters; -1 for an unknown place."""

    message: str
    line: int
    column: int = 0
    end_line: int = -1
    end_column: int = -1


def _compiled(text: str, flags: int) -> _Compiled | _Broken:
    try:
        tree = compile(text, "<cell>", "exec", ast.PyCF_ONLY_AST | flags, dont_inherit=True)
    except SyntaxError as error:
        return _from_parser(text, error)
    except (ValueError, MemoryError, RecursionError) as error:
        return _unreadable(text, error)
    assert isinstance(tree, ast.Module)  # noqa: S101 -- for mypy; `exec` gives no other
    try:
        code = compile(tree, "<cell>", "exec", flags, dont_inherit=True)
    except SyntaxError as error:
        return _from_compiler(text, error)
    except (ValueError, MemoryError, RecursionError) as error:
        return _unreadable(text, error)
    return _Compiled(tree, code.co_flags & _FUTURE)


def _unreadable(text: str, error: Exception) -> _Broken:
    if isinstance(error, UnicodeEncodeError):
        return _at(text, error.start, "a character that is not valid in UTF-8")
    if isinstance(error, ValueError) and "\0" in text:
        return _at(text, text.index("\0"), "a NUL character")
    return _Broken("the code is nested too deeply", -1)


def _at(text: str, offset: int, message: str) -> _Broken:
    line, column = text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)
    return _Broken(message, line, column, line, column + 1)


def _from_parser(text: str, error: SyntaxError) -> _Broken:
    """The parser counts columns in characters, from 1."""
    if error.lineno is None or error.offset is None:
        return _unreadable(text, ValueError(error.msg))
    if sys.version_info < (3, 12) and error.msg.startswith("f-string"):
        token = _broken_f_string(text, error.lineno)
        if token is not None:
            return _Broken(error.msg, *token.start, *token.end)
    end = (error.end_lineno or -1, (error.end_offset or 0) - 1)
    return _Broken(error.msg, error.lineno, max(error.offset - 1, 0), *end)


def _broken_f_string(text: str, line: int) -> tokenize.TokenInfo | None:
    """Before 3.12 an error inside an f-string has its place inside that expression, so the string is shown."""
    lines = iter(text.split("\n"))
    try:
        for token in tokenize.generate_tokens(lambda: next(lines, "") + "\n"):
            if token.start[0] > line or token.type == tokenize.ENDMARKER:
                return None
            inside = token.type == tokenize.STRING and line <= token.end[0]
            if inside and "f" in token.string[:3].lower() and not _parses(token.string):
                return token
    except (tokenize.TokenError, SyntaxError):
        return None
    return None


def _parses(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _from_compiler(text: str, error: SyntaxError) -> _Broken:
    """The compiler counts columns in bytes, from 1."""
    place = (error.lineno or -1, (error.offset or 1) - 1, error.end_lineno or -1, (error.end_offset or 0) - 1)
    lines = text.split("\n")
    return _Broken(error.msg, place[0], _characters(lines, *place[:2]), place[2], _characters(lines, *place[2:]))


def _characters(lines: list[str], line: int, column: int) -> int:
    """A column in bytes as one in characters."""
    if not 1 <= line <= len(lines) or lines[line - 1].isascii():
        return column
    return len(lines[line - 1].encode("utf-8", "surrogatepass")[: max(column, 0)].decode("utf-8", "ignore"))


def _syntax_problem(note: NoteId, cell: Cell, broken: _Broken) -> Diagnostic:
    message, other = _without_lines(broken.message)
    labels = (Label(note, _line_span(cell, other), "it belongs to this line"),) if other else ()
    return Diagnostic("python-syntax", note, _broken_span(cell, broken), message, labels, _syntax_help(cell, broken))


def _without_lines(message: str) -> tuple[str, int]:
    """Python's message without the line that it names, which is one of the cell, and that line (0 for none)."""
    for before, after in ((" (detected at line ", ")"), (" on line ", "")):
        head, found, number = message.partition(before)
        digits = number.removesuffix(after)
        if found and digits.isdecimal():
            return head, 0 if after else int(digits)
    return message, 0


def _syntax_help(cell: Cell, broken: _Broken) -> str:
    lines = python_text(cell.code).split("\n")
    line = lines[broken.line - 1].strip() if 1 <= broken.line <= len(lines) else ""
    if line.startswith(("%", "!", "?")) or line.endswith("?"):
        return "cells are plain Python: magics and shell commands of IPython do not work here"
    return "a sketch that shall not run can be marked: ```python norun"


def _line_span(cell: Cell, line: int) -> Span:
    """A line of the cell's code without its indentation."""
    if not 1 <= line <= len(cell.lines):
        return cell.span
    text = python_text(cell.code).split("\n")[line - 1]
    start = cell.lines[line - 1]
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()) or start)


def _broken_span(cell: Cell, broken: _Broken) -> Span:
    if broken.line < 1 and cell.lines:
        return Span(cell.lines[0], cell.lines[0] + 1)
    if not 1 <= broken.line <= len(cell.lines):
        return _line_span(cell, len(cell.lines))
    start = _offset(cell, broken.line, broken.column)
    end = _offset(cell, broken.end_line, broken.end_column) if broken.end_line >= broken.line else start
    line_end = _offset(cell, broken.line, len(cell.code))
    return Span(start, max(end, min(start + 1, line_end)))


def _offset(cell: Cell, line: int, column: int) -> int:
    """Place in the note of a place in the code, kept inside its line."""
    if line > len(cell.lines):
        return cell.span.end
    text = python_text(cell.code).split("\n")[line - 1]
    return cell.lines[line - 1] + min(max(column, 0), len(text))


# ---------------------------------------------------------------- names that nothing defines


def _undefined(note: Note, program: Program) -> Iterator[Diagnostic]:
    """One problem for each name, at its first use: to define it there mends the others."""
    uses = [*program.missing]
    if not (program.unknown or program.expects_name_errors):
        known = program.bound.keys() | program.words | BUILTINS
        uses += (use for use in program.free if use.name not in known)
    cells = {cell.index: cell for cell in note.cells}
    seen: set[str] = set()
    for use in sorted(uses, key=lambda use: (use.place.cell, use.place.line, use.place.column)):
        if use.name not in seen:
            seen.add(use.name)
            yield _undefined_problem(note.id, cells, use, program)


def _undefined_problem(note: NoteId, cells: dict[int, Cell], use: Use, program: Program) -> Diagnostic:
    span = _place_span(cells[use.place.cell], use.place)
    message = f"undefined name `{use.name}`"
    later = program.bound.get(use.name)
    if use.name in program.deleted:
        return Diagnostic("undefined-name", note, span, message, (), "a `del` above it took the name away")
    if later is not None and later > use.place:
        label = Label(note, _place_span(cells[later.cell], later), "defined only here")
        advice = "cells run from top to bottom: define the name above its first use"
        return Diagnostic("undefined-name", note, span, message, (label,), advice)
    return Diagnostic("undefined-name", note, span, message, (), _advice(use.name, program))


def _advice(name: str, program: Program) -> str:
    imported = next((line for known, line in _IMPORTS if known == name), "")
    imported = imported or (f"import {name}" if name in sys.stdlib_module_names else "")
    if imported:
        return f"is `{imported}` missing?"
    near = did_you_mean(name, (*program.bound, *BUILTINS))
    return f"did you mean `{near}`?" if near else "define or import it above this line"


def _place_span(cell: Cell, place: Place) -> Span:
    lines = python_text(cell.code).split("\n")
    start = _offset(cell, place.line, _characters(lines, place.line, place.column))
    end = _offset(cell, place.end_line, _characters(lines, place.end_line, place.end_column))
    return Span(start, max(start, end))
