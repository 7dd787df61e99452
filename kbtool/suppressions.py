"""Comments that silence rules: `<!-- kbtool: ignore[rule] -->` in a note, `# kbtool: ignore[rule]` in a cell's code.

They are read from the note's tree, so that one which is shown as code or as a formula says nothing.
"""

from __future__ import annotations

import tokenize
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from kbtool.syntax.tree import (
    Block,
    Cell,
    Container,
    Emphasis,
    FootnoteText,
    Html,
    Inline,
    Link,
    Part,
    Prose,
    Quote,
    Table,
)
from kbtool.values import Cell as CodeCell
from kbtool.values import Span

MARK = "kbtool:"
BLOCK, FILE = "ignore", "ignore-file"
Kind = Literal["note", "block", "line"]
_MARKS = "->#*+"
"""What a line may begin with before its text."""
_END = 1 << 62
"""Behind every text."""


class Suppression(NamedTuple):
    """A comment that silences rules between `start` and `end`, offsets in the note; texts, numbers and tuples alone.

    `kind` is how far it reaches. `span` is the comment's place, `cut` what goes with it when it is taken out, `clean`
    whether that can change nothing else. `listed` when it has a list; each of its `names` is (name, start, end, start
    and end of what goes with it).
    """

    verb: str
    listed: bool
    kind: Kind
    start: int
    end: int
    span: tuple[int, int]
    cut: tuple[int, int]
    clean: bool
    names: tuple[tuple[str, int, int, int, int], ...]

    @property
    def works(self) -> bool:
        """Whether it silences anything."""
        return self.listed and self.verb in (BLOCK, FILE)


_Node: TypeAlias = Part | Inline | Cell
_Place: TypeAlias = tuple[Kind, Span, Span, Span, bool]


def suppressions(text: str, blocks: Sequence[Block], cells: Iterable[CodeCell]) -> tuple[Suppression, ...]:
    """The suppressions of a note, in the order of the text."""
    if MARK not in text:
        return ()
    found = [*_in_blocks(text, blocks), *(one for cell in cells for one in _in_cell(text, cell))]
    return tuple(sorted(found, key=lambda one: one.span))


# ---------------------------------------------------------------- in the outline


def _in_blocks(text: str, blocks: Sequence[Block]) -> Iterator[Suppression]:
    bounds = [*_starts(text, blocks), _END]
    for number, block in enumerate(blocks):
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        childless = following is None or following.depth <= block.depth
        alone = childless and len(block.parts) == 1 and not block.properties
        for node in _comments(text, block.parts):
            inner = Span(node.start + len("<!--"), max(node.start + len("<!--"), node.end - len("-->")))
            cut, clean = _cut(text, node, alone)
            yield from _read(text, inner, ("block", Span(*bounds[number : number + 2]), node, cut, clean))


def _starts(text: str, blocks: Iterable[Block]) -> Iterator[int]:
    """Where each block begins, its indentation included; some begin within a line."""
    for block in blocks:
        at = block.span.start
        while at > 0 and _is_blank(text[at - 1]):
            at -= 1
        yield at if at == 0 or text[at - 1] == "\n" else block.span.start


def _comments(text: str, parts: Iterable[Part]) -> Iterator[Span]:
    waiting: list[_Node] = [*parts]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Html):
            if text.startswith("<!--", node.span.start):
                yield node.span
        else:
            waiting += _children(node)


def _children(node: _Node) -> Iterable[_Node]:
    match node:
        case Prose() | FootnoteText() | Cell():
            return node.inlines
        case Quote() | Container():
            return node.parts
        case Emphasis() | Link():
            return node.children
        case Table():
            return (*node.head, *(cell for row in node.rows for cell in row))
    return ()


def _cut(text: str, span: Span, alone: bool) -> tuple[Span, bool]:
    """What goes with a comment: its line where it stands alone (behind quote marks), else blanks.

    The bullet goes too when the comment is `alone` in its block. Also whether the rest surely stays what it is: without
    a blank on either side the comment's neighbours would touch, and what comes to a line's start may begin anything.
    """
    left, right = span
    while left > 0 and _is_blank(text[left - 1]):
        left -= 1
    while right < len(text) and _is_blank(text[right]):
        right += 1
    opens_line = left == 0 or text[left - 1] == "\n"
    if right == len(text) or text[right] == "\n":
        line_start = _before_marks(text, left, alone)
        if line_start >= 0:
            return _line(text, Span(line_start, right)), True
        return Span(left, right - (text[right - 1] == "\r")), True
    if opens_line:
        return Span(span.start, right), False
    before, after = left < span.start, right > span.end
    clean = (before or after) and text[left - 1] not in _MARKS
    return Span(span.start - (before and after), span.end), clean


def _is_blank(char: str) -> bool:
    return char in " \t\r"


def _before_marks(text: str, at: int, bullet: bool) -> int:
    """The start of the line when nothing stands before `at` but quote marks, or one `bullet`; -1 otherwise."""
    marks = "-" if bullet and text[at - 1 : at] == "-" else ">"
    at -= marks == "-"
    while at > 0 and (_is_blank(text[at - 1]) or (marks == ">" and text[at - 1] == ">")):
        at -= 1
    return at if at == 0 or text[at - 1] == "\n" else -1


def _line(text: str, line: Span) -> Span:
    """Whole lines with one line end: the one behind them, or at the end of the text the one before."""
    if line.end < len(text) or line.start == 0:
        return Span(line.start, min(line.end + 1, len(text)))
    return Span(line.start - (2 if text.startswith("\r\n", line.start - 2) else 1), line.end)


# ---------------------------------------------------------------- in code


def _in_cell(text: str, cell: CodeCell) -> Iterator[Suppression]:
    if MARK not in cell.code:
        return
    for line, column, comment in (_bash_comments if cell.kind == "bash" else _code_comments)(cell.code):
        mark = comment.find(MARK)
        sign = comment.rfind("#", 0, mark)
        if mark < 0 or comment[sign + 1 : mark].strip() or line >= len(cell.lines):
            continue
        start = cell.lines[line] + column
        span = Span(start + sign, start + len(comment))
        line_end = text.find("\n", span.end)
        reach = Span(text.rfind("\n", 0, span.start) + 1, line_end + 1 if line_end >= 0 else _END)
        cut, clean = _cut(text, span, False)
        yield from _read(text, Span(span.start + 1, span.end), ("line", reach, span, cut, clean))


def _code_comments(code: str) -> Iterator[tuple[int, int, str]]:
    """The comments of Python code as (line from 0, column, text); those behind a place that cannot be read are lost."""
    count = code.count("\n") + 1
    lines = iter(code.split("\n"))
    try:
        for token in tokenize.generate_tokens(lambda: next(lines, "").rstrip("\r").replace("\r", " ") + "\n"):
            if token.type == tokenize.COMMENT:
                yield token.start[0] - 1, token.start[1], token.string
            elif token.type == tokenize.ENDMARKER or token.start[0] > count:
                return
    except (tokenize.TokenError, SyntaxError):
        return


def _bash_comments(code: str) -> Iterator[tuple[int, int, str]]:
    """The comments that have lines of bash to themselves, in the same way."""
    for number, line in enumerate(code.split("\n")):
        bare = line.strip(" \t\r")
        if bare.startswith("#"):
            yield number, line.index("#"), bare


# ---------------------------------------------------------------- what a comment says


def _read(text: str, inner: Span, place: _Place) -> Iterator[Suppression]:
    """The suppression in a comment's inside, if it speaks to kbtool."""
    at = _skip(text, inner.start, inner.end)
    if not text.startswith(MARK, at) or at + len(MARK) > inner.end:
        return
    kind, reach, span, cut, clean = place
    at = _skip(text, at + len(MARK), inner.end)
    stop = at
    while stop < inner.end and (text[stop].isalnum() or text[stop] in "-_"):
        stop += 1
    verb, opening = text[at:stop], _skip(text, stop, inner.end)
    closing = text.find("]", opening, inner.end) if text.startswith("[", opening) and opening < inner.end else -1
    names = _names(text, Span(opening + 1, closing)) if closing >= 0 else ()
    if verb == FILE:
        kind, reach = "note", Span(0, _END)
    yield Suppression(verb, bool(names), kind, *reach, (span.start, span.end), (cut.start, cut.end), clean, names)


def _skip(text: str, at: int, end: int) -> int:
    while at < end and text[at].isspace():
        at += 1
    return at


def _names(text: str, inner: Span) -> tuple[tuple[str, int, int, int, int], ...]:
    """The names of a list; a name goes with the comma behind it, the last one with that before it."""
    found: list[tuple[str, int, int, int, int]] = []
    at = inner.start
    for piece in text[inner.start : inner.end].split(","):
        start = at + len(piece) - len(piece.lstrip())
        end = max(start, at + len(piece.rstrip()))
        following = at + len(piece) + 1
        last = following > inner.end
        cut = (max(inner.start, at - 1), end) if last else (start, _skip(text, following, inner.end))
        if piece.strip():
            found.append((text[start:end], start, end, *cut))
        at = following
    return tuple(found)
