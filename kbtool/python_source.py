"""The code of a cell as Python reads it: its lines in the note, and why it does not compile.

A transcript of interactive Python (`>>> `) is read without its prompts and without Python's answers, and lines that
only IPython understands are set aside.
"""

from __future__ import annotations

import ast
import sys
import tokenize
import warnings
from collections.abc import Iterator
from typing import NamedTuple

from kbtool.values import Cell, CellOptions, Span

_FUTURE = 0x1FF0000
"""The compiler flags that `from __future__` sets (`__future__.py`): in a note they hold for the cells below, too."""
PROMPTS = (">>> ", "... ")


class Code(NamedTuple):
    """The code of a cell or a transcript; `lines` are the note's offsets of its lines, `number` counts both kinds."""

    number: int
    text: str
    lines: tuple[int, ...]
    span: Span
    language: Span
    options: CellOptions
    transcript: bool
    answers: str
    rows: tuple[str, ...]

    def line(self, number: int) -> str:
        """A line of the code, from 1; empty beyond it."""
        return self.rows[number - 1] if 1 <= number <= len(self.rows) else ""

    def offset(self, line: int, column: int) -> int:
        """Place in the note of a place in the code, in characters, kept inside its line."""
        if line > len(self.lines):
            return self.span.end
        return self.lines[line - 1] + min(max(column, 0), len(self.line(line)))


def is_transcript(code: str) -> bool:
    """Whether the code is a transcript of interactive Python (`>>> `)."""
    first = code.lstrip().split("\n", 1)[0].rstrip()
    return first == ">>>" or first.startswith(">>> ")


def runs(cell: Cell) -> bool:
    """Whether a cell is Python that `run` executes from top to bottom: not with `norun`, and no transcript."""
    return cell.kind == "python" and not cell.options.norun and not is_transcript(cell.code)


def python_text(code: str) -> str:
    """The code as Python reads it: one line for each `\\n`, and no indentation that all lines share."""
    if "\r" in code:
        code = code.replace("\r\n", "\n").replace("\r", " ")
    shared = _shared(code)
    return code if not shared else "\n".join(line[_cut(line, shared) :] for line in code.split("\n"))


def _shared(code: str) -> int:
    """How many columns of white space all lines share, but for comments, which stand where they like."""
    if code[:1] not in (" ", "\t", "\n", "#"):
        return 0
    lines = [line for line in code.split("\n") if line.strip() and line.lstrip()[:1] != "#"]
    if not lines:
        return 0
    first, last = min(lines), max(lines)
    blank = len(first) - len(first.lstrip(" \t"))
    return next((at for at in range(blank) if last[at : at + 1] != first[at]), blank)


def code_of(number: int, cell: Cell) -> Code:
    """The code of a cell, which may be a transcript."""
    text = python_text(cell.code)
    if cell.kind == "transcript" or is_transcript(text):
        return _typed(number, cell)
    lines = cell.lines
    if len(text) != len(cell.code) and (shared := _shared(cell.code)):
        written = zip(cell.code.split("\n"), lines, strict=False)
        lines = tuple(start + _cut(line, shared) for line, start in written)
    return Code(number, text, lines, cell.span, cell.language, cell.options, False, "", tuple(text.split("\n")))


def _cut(line: str, shared: int) -> int:
    """How much of its indentation a line loses; a comment may have less of it than the code."""
    return min(shared, len(line) - len(line.lstrip(" \t")))


def _typed(number: int, cell: Cell) -> Code:
    """What somebody typed; a line without a prompt goes on with what is open, and else answers."""
    typed: list[str] = []
    places: list[int] = []
    answers: list[str] = []
    depth = 0
    for line, place in zip(cell.code.replace("\r", " ").split("\n"), cell.lines, strict=False):
        bare = line.lstrip(" \t")
        if bare.startswith(PROMPTS) or bare.rstrip() in (">>>", "..."):
            bare = bare[len(">>> ") :]
            depth = 0 if line.lstrip().startswith(">>>") else depth
        elif depth <= 0:
            answers.append(line)
            continue
        plain = "".join(without_strings(bare))
        depth += sum(plain.count(bracket) for bracket in "([{") - sum(plain.count(bracket) for bracket in ")]}")
        typed.append(bare)
        places.append(place + len(line) - len(bare))
    span, language = cell.span, cell.language
    rows, shown = tuple(typed), "\n".join(answers)
    return Code(number, "\n".join(rows), tuple(places), span, language, cell.options, True, shown, rows)


def without_strings(text: str) -> Iterator[str]:
    """The lines with blanks in the place of strings and comments."""
    quote = ""
    for line in text.split("\n"):
        out: list[str] = []
        at = 0
        while at < len(line):
            if quote:
                step = 2 if line[at] == "\\" else len(quote) if line.startswith(quote, at) else 1
                quote = "" if line[at] != "\\" and line.startswith(quote, at) else quote
            elif line[at] == "#":
                break
            elif line[at] in "\"'":
                quote = line[at] * 3 if line.startswith(line[at] * 3, at) else line[at]
                step = len(quote)
            else:
                out.append(line[at])
                at += 1
                continue
            out.append(" " * step)
            at += step
        quote = quote if len(quote) > 1 else ""
        yield "".join(out)


def tree_of(text: str) -> ast.Module | None:
    """The tree of code, None where it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return None


class Compiled(NamedTuple):
    tree: ast.Module
    flags: int


class Broken(NamedTuple):
    """Why code does not compile; lines from 1 and columns from 0, in characters; -1 for an unknown place."""

    message: str
    line: int
    column: int = 0
    end_line: int = -1
    end_column: int = -1


def compiled(text: str, flags: int) -> Compiled | Broken:
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
    return Compiled(tree, code.co_flags & _FUTURE)


def _unreadable(text: str, error: Exception) -> Broken:
    if isinstance(error, UnicodeEncodeError):
        return _at(text, error.start, "a character that is not valid in UTF-8")
    if isinstance(error, ValueError) and "\0" in text:
        return _at(text, text.index("\0"), "a NUL character")
    return Broken("the code is nested too deeply", -1)


def _at(text: str, offset: int, message: str) -> Broken:
    line, column = text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1)
    return Broken(message, line, column, line, column + 1)


def _from_parser(text: str, error: SyntaxError) -> Broken:
    """The parser counts columns in characters, from 1."""
    if error.lineno is None or error.offset is None:
        return _unreadable(text, ValueError(error.msg))
    if sys.version_info < (3, 12) and error.msg.startswith("f-string"):
        token = _broken_f_string(text, error.lineno)
        if token is not None:
            return Broken(error.msg, *token.start, *token.end)
    end = (error.end_lineno or -1, (error.end_offset or 0) - 1)
    return Broken(error.msg, error.lineno, max(error.offset - 1, 0), *end)


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


def _from_compiler(text: str, error: SyntaxError) -> Broken:
    """The compiler counts columns in bytes, from 1."""
    place = (error.lineno or -1, (error.offset or 1) - 1, error.end_lineno or -1, (error.end_offset or 0) - 1)
    lines = text.split("\n")
    return Broken(error.msg, place[0], characters(lines, *place[:2]), place[2], characters(lines, *place[2:]))


def characters(lines: list[str], line: int, column: int) -> int:
    """A column in bytes as one in characters."""
    if not 1 <= line <= len(lines) or lines[line - 1].isascii():
        return column
    return len(lines[line - 1].encode("utf-8", "surrogatepass")[: max(column, 0)].decode("utf-8", "ignore"))


# ---------------------------------------------------------------- IPython


class Magic(NamedTuple):
    """A line that only IPython understands; `rest` holds when all that follows it is no Python either."""

    line: int
    column: int
    end_column: int
    rest: bool


def magics(text: str) -> tuple[str, tuple[Magic, ...]]:
    """The code without the lines that only IPython understands, line for line, and these lines."""
    found: list[Magic] = []
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        column = _magic(line)
        if column < 0:
            continue
        whole = line.lstrip().startswith("%%") and not "".join(lines[: number - 1]).strip()
        found.append(Magic(number, column, len(line.rstrip()), whole))
        if whole:
            return "", tuple(found)
        lines[number - 1] = line[:column] + ("0" if line[:column].strip() else "pass")
    return "\n".join(lines), tuple(found)


def _magic(line: str) -> int:
    """The column at which a line stops to be Python; -1 when it does not."""
    bare = line.lstrip()
    start = len(line) - len(bare)
    if bare[:1] in ("%", "!") and bare[1:].lstrip("%!")[:1].isalpha():
        return start
    word = bare.rstrip()
    if (word.endswith("?") or word.startswith("?")) and word.strip("?").replace(".", "").isidentifier():
        return start
    name, equals, value = line.partition("=")
    sign = value.lstrip()
    if equals and name.strip().isidentifier() and sign[:1] in ("%", "!") and sign[1:2].isalpha():
        return len(line) - len(sign)
    return -1
