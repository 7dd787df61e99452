"""What is said of code that is no Python: where it breaks and why, transcripts, IPython, sketches."""

from __future__ import annotations

import sys

from kbtool.python_sketch import Mark
from kbtool.python_source import Broken, Code, Magic
from kbtool.values import Diagnostic, Edit, Fix, Label, NoteId, Span

NORUN = "a sketch that shall not run can be marked: ```python norun"
QUOTES = frozenset("‘’“”„«»")


def syntax_problem(note: NoteId, code: Code, broken: Broken, text: str) -> Diagnostic:
    """A `python-syntax` problem at its place."""
    message, other = _without_lines(broken.message)
    labels = (Label(note, line_span(code, other), "it belongs to this line"),) if other else ()
    short = _short_line(code, text) if "indent" in message else 0
    if short:
        message += f", since line {short} is indented less than its block"
        advice = "Logseq takes the block's indentation off each line: indent all lines at least as far as the fence"
    else:
        advice = _help(code, broken)
    return Diagnostic("python-syntax", note, broken_span(code, broken), message, labels, advice)


def _short_line(code: Code, text: str) -> int:
    """The first line that has less of the block's indentation than others, from 1; 0 when there is none."""
    taken = [
        (start - (text.rfind("\n", 0, start) + 1), number)
        for number, start in enumerate(code.lines, 1)
        if code.line(number).strip() and start <= len(text)
    ]
    if not taken or code.transcript:
        return 0
    least, number = min(taken)
    return number if least < max(taken)[0] else 0


def _without_lines(message: str) -> tuple[str, int]:
    """Python's message without the line that it names, which is one of the cell, and that line (0 for none)."""
    for before, after in ((" (detected at line ", ")"), (" on line ", "")):
        head, found, number = message.partition(before)
        digits = number.removesuffix(after)
        if found and digits.isdecimal():
            return head, 0 if after else int(digits)
    return message, 0


def _help(code: Code, broken: Broken) -> str:
    line = code.line(broken.line).strip()
    if "outside async function" in broken.message or broken.message == "'await' outside function":
        return "at a cell's top level it works in notebooks only: `asyncio.run(main())` runs an `async def main()`"
    if sys.version_info < (3, 12) and _has_type_parameters(line):
        return f"type parameters need Python 3.12, and cells run in {sys.version_info.major}.{sys.version_info.minor}"
    if "invalid character" in broken.message and QUOTES & set(line):
        return "quotation marks of prose: Python takes `'` and `\"` alone"
    return "the transcript's prompts must be `>>> ` and `... `" if code.transcript else NORUN


def _has_type_parameters(line: str) -> bool:
    word, _, rest = line.removeprefix("async ").partition(" ")
    name = rest.partition("[")[0].strip()
    if word in ("def", "class"):
        return "[" in rest and name.isidentifier()
    return word == "type" and "=" in rest and rest.split("=")[0].partition("[")[0].strip().isidentifier()


def line_span(code: Code, line: int) -> Span:
    """A line of the code without its indentation."""
    if not 1 <= line <= len(code.lines):
        return code.span
    text = code.line(line)
    start = code.lines[line - 1]
    return Span(start + len(text) - len(text.lstrip()), start + len(text.rstrip()) or start)


def broken_span(code: Code, broken: Broken) -> Span:
    """Where code breaks."""
    if broken.line < 1 and code.lines:
        return Span(code.lines[0], code.lines[0] + 1)
    if not 1 <= broken.line <= len(code.lines):
        return line_span(code, len(code.lines))
    start = code.offset(broken.line, broken.column)
    end = code.offset(broken.end_line, broken.end_column) if broken.end_line >= broken.line else start
    line_end = code.offset(broken.line, len(code.text))
    return Span(start, max(end, min(start + 1, line_end)))


# ---------------------------------------------------------------- no cell at all


def transcript_problem(note: NoteId, code: Code) -> Diagnostic:
    """A transcript in a fence that is called `python`."""
    fix = Fix("call it `pycon`", (Edit(note, code.language, "pycon"),), safe=True)
    message = "a transcript of interactive Python, in a fence for Python code"
    return Diagnostic("transcript", note, code.language, message, (), "call the fence `pycon`", fix)


def magic_problem(note: NoteId, code: Code, found: tuple[Magic, ...]) -> Diagnostic:
    """One problem for all lines of a cell that only IPython understands."""
    first = found[0]
    span = Span(code.offset(first.line, first.column), code.offset(first.line, first.end_column))
    word = code.line(first.line)[first.column : first.end_column].split(" ")[0]
    if first.rest:
        return Diagnostic("ipython-magic", note, span, f"`{word}` is of IPython: this cell is no Python", (), NORUN)
    others = len(found) - 1
    more = f", and so {'is 1 more line' if others == 1 else f'are {others} more lines'}" if others else ""
    places = [(code.offset(one.line, one.column), one) for one in found]
    edits = tuple(Edit(note, Span(place, place), "# ") for place, one in places if not _assigns(code, one))
    fix = Fix("make it a comment", edits, safe=False) if len(edits) == len(found) else None
    message = f"`{word}` is of IPython, not of Python{more}"
    advice = "cells are plain Python: make it a comment; figures are shown without being asked for"
    return Diagnostic("ipython-magic", note, span, message, (), advice, fix)


def _assigns(code: Code, found: Magic) -> bool:
    return bool(code.line(found.line)[: found.column].strip())


def sketch_problem(note: NoteId, code: Code, mark: Mark, fails: bool) -> Diagnostic:
    """A cell that was never meant to run, by its mark; `fails` when it surely cannot."""
    span = Span(code.offset(mark.line, mark.column), code.offset(mark.line, mark.end_column))
    message = f"a sketch, which cannot run: `{mark.text}` stands for something left out"
    return _sketch(note, code, (span, message), fails)


def unknown_sketch_problem(note: NoteId, code: Code, span: Span, names: list[str]) -> Diagnostic:
    """A cell of which most names come from nowhere."""
    listed = ", ".join(f"`{name}`" for name in names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return _sketch(note, code, (span, f"a sketch, which cannot run: nothing gives {listed}"), False)


def _sketch(note: NoteId, code: Code, said: tuple[Span, str], safe: bool) -> Diagnostic:
    span, message = said
    end = code.language.end
    fix = Fix("add `norun`", (Edit(note, Span(end, end), " norun"),), safe)
    return Diagnostic("sketch", note, span, message, (), "mark it, and it is only shown: ```python norun", fix)
