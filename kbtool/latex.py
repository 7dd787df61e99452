"""What kbtool itself knows of LaTeX: its tokens, and which bracket is never closed.

LaTeX is its own language inside a note, so its tokens are read here and not by the note's scanner.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from kbtool.patterns import regex

TOKEN = regex(r"\\(?:[a-zA-Z]+\*?|.|\Z)|%[^\n]*|[{}\[\]&$]", re.DOTALL)
ATOM = regex(r"\\(?:[a-zA-Z]+\*?|.|\Z)|%[^\n]*|\S", re.DOTALL)
ENVIRONMENT = regex(r"\s*\{([^{}]*)\}")


class Token(NamedTuple):
    """A command, a bracket, a comment or a special character; all else stands between tokens."""

    text: str
    start: int
    end: int


class Imbalance(NamedTuple):
    """A bracket without its other half, where it stands and what is wrong with it."""

    start: int
    end: int
    message: str


def tokens(latex: str) -> Iterator[Token]:
    """The tokens of a formula in order."""
    return (Token(match.group(), match.start(), match.end()) for match in TOKEN.finditer(latex))


def atoms(latex: str) -> Iterator[str]:
    """All that is not white space, in order: commands, comments, characters."""
    return (match.group() for match in ATOM.finditer(latex))


def imbalance(latex: str) -> Imbalance | None:
    """The first bracket, `\\left` or `\\begin` that is not closed as it was opened."""
    open_: list[tuple[str, int, int]] = []
    for token in tokens(latex):
        if token.text in ("{", "\\left", "\\begin"):
            open_.append(_named(token, latex))
        elif token.text in ("}", "\\right", "\\end"):
            closer = _named(token, latex)
            if not open_:
                return Imbalance(closer[1], closer[2], f"`{closer[0]}` closes nothing")
            opener, start, end = open_.pop()
            if not _matches(opener, closer[0]):
                return Imbalance(start, end, f"`{opener}` is not closed before `{closer[0]}`")
    if open_:
        opener, start, end = open_[-1]
        return Imbalance(start, end, f"`{opener}` is never closed")
    return None


def _named(token: Token, latex: str) -> tuple[str, int, int]:
    """A bracket with its range; `\\begin` and `\\end` come with their environment."""
    name = ENVIRONMENT.match(latex, token.end) if token.text in ("\\begin", "\\end") else None
    if name is None:
        return token.text, token.start, token.end
    return f"{token.text}{{{name.group(1)}}}", token.start, name.end()


def _matches(opener: str, closer: str) -> bool:
    if opener.startswith("\\begin"):
        return closer == "\\end" + opener[len("\\begin") :]
    return closer == {"{": "}", "\\left": "\\right"}[opener]
