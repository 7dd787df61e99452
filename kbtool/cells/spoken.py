"""Transcripts of interactive Python as the runner executes them: what was typed, and whether the answer is as written.

It is loaded by `session` for the runner, and imports nothing but the standard library.
"""

from __future__ import annotations

import doctest
import io
import traceback
from itertools import zip_longest

_ASKED = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
_LINE = 80  # characters of an answer in a message


def examples(code: str, name: str) -> list[doctest.Example]:
    """What was typed, with the answers; a ValueError says where a transcript is not written as one."""
    try:
        found = doctest.DocTestParser().get_examples(code, name)
    except ValueError as error:
        raise ValueError(str(error).replace(f" of the docstring for {name}", "")) from None
    return [example for example in found if not example.options.get(doctest.SKIP)]


def listening(limit: int) -> io.StringIO:
    """What stands in for `sys.stdout` while an example is executed; it takes so many characters and no more."""
    heard = io.StringIO()
    write = heard.write

    def bounded_write(text: str, /) -> int:
        if heard.tell() > limit:
            raise RuntimeError(f"an example printed more than {limit:,} characters")
        return write(text)

    vars(heard)["write"] = bounded_write
    return heard


def is_awaited(example: doctest.Example, error: BaseException) -> bool:
    """Whether an example says that some error is raised."""
    return bool(_awaited(example, error))


def mismatch(example: doctest.Example, got: str, error: BaseException | None, name: str) -> tuple[str, int, str] | None:
    """Where an example gave something else than is written: a message, the cell's line, and what a page shows."""
    if error is None:
        return None if _is_alike(example, example.want, got) else _told(example, example.want, got, name)
    lines = traceback.format_exception_only(type(error), error)
    expected, raised = _awaited(example, error), lines[-1 if isinstance(error, SyntaxError) else 0]
    return None if _is_alike(example, expected, raised) else _told(example, expected, raised, name)


def _awaited(example: doctest.Example, error: BaseException) -> str:
    """The last line of the traceback that an example awaits; above an error of syntax Python writes no `Traceback`."""
    last = example.want.rstrip("\n").rpartition("\n")[2] if isinstance(error, SyntaxError) else ""
    return example.exc_msg or (f"{last}\n" if last else "")


def _is_alike(example: doctest.Example, expected: str, got: str) -> bool:
    flags = _ASKED
    for flag, asked in example.options.items():
        flags = flags | flag if asked else flags & ~flag
    return doctest.OutputChecker().check_output(expected, got, flags)


def _told(example: doctest.Example, expected: str, got: str, name: str) -> tuple[str, int, str]:
    line = example.lineno + 1
    pairs = zip_longest(expected.splitlines(), got.splitlines(), fillvalue="")
    first = next((pair for pair in pairs if not _is_alike(example, *(f"{text}\n" for text in pair))), (expected, got))
    message = f"expected {_quoted(first[0])}, got {_quoted(first[1])}"
    shown = [f'File "{name}", line {line}', *(f"  {typed}" for typed in example.source.splitlines())]
    shown += ["Expected:", *(f"  {text}" for text in expected.splitlines() or ["nothing"])]
    shown += ["Got:", *(f"  {text}" for text in got.splitlines() or ["nothing"])]
    return message, line, "\n".join([*shown, f"Mismatch: {message}"]) + "\n"


def _quoted(line: str) -> str:
    line = line.strip()
    return f"`{line[:_LINE]}{'…' if len(line) > _LINE else ''}`" if line else "nothing"
