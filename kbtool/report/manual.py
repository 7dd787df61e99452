"""A rule's page as a terminal shows it: headings and code in colours, paragraphs and tables as wide as it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING

from kbtool.report.text import BLUE, BOLD, RED, YELLOW, Look
from kbtool.report.visible import visible, width

if TYPE_CHECKING:
    from markdown_it.token import Token

_WIDEST = 100
_CODE = "\x1b[36m"
_QUIET = "\x1b[2m"
_CAPTIONS = (("md ", ""), ("yaml", "mkdocs.yml"), ("diagnostics", "kbtool check says"), ("assets", "other files"))


def page_lines(text: str, look: Look) -> Iterator[str]:
    """The lines of a page, its Markdown shown and not printed."""
    from markdown_it import MarkdownIt

    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = next((i for i in range(at, len(tokens)) if tokens[i].level == token.level and tokens[i].nesting <= 0), at)
        if at:
            yield ""
        yield from _block(tokens[at : end + 1], look)
        at = end + 1


def _block(tokens: Sequence[Token], look: Look) -> Iterator[str]:
    first = tokens[0]
    room = min(look.width, _WIDEST)
    match first.type:
        case "heading_open":
            yield look.paint(_plain(tokens[1]), BOLD)
        case "fence" | "code_block":
            yield from _fence(first, look)
        case "table_open":
            yield from _table(tokens, room, look)
        case "bullet_list_open" | "ordered_list_open":
            for token in tokens:
                if token.type == "inline":
                    yield from _wrapped(token, look, (room, "- ", "  "))
        case _:
            for token in tokens:
                if token.type == "inline":
                    yield from _wrapped(token, look, (room, "", ""))


def _fence(token: Token, look: Look) -> Iterator[str]:
    caption = next(
        (said or token.info.removeprefix(kind) for kind, said in _CAPTIONS if token.info.startswith(kind)), ""
    )
    if caption:
        yield look.paint(f"  {visible(caption)}:", _QUIET)
    for line in token.content.rstrip("\n").split("\n"):
        shown = visible(line)
        yield f"    {look.paint(shown, _severity_color(shown))}" if shown else ""


def _severity_color(line: str) -> str:
    """Diagnostics are headed in their colour; other code is as it is."""
    known = (("error[", RED), ("warning[", YELLOW), ("info[", BLUE))
    return next((color for head, color in known if line.startswith(head)), "")


def _wrapped(token: Token, look: Look, shape: tuple[int, str, str]) -> Iterator[str]:
    room, head, indent = shape
    lines = wrap(_marked(token), max(20, room), initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)
    yield from _painted(lines, look)


# A code span is wrapped as a word that never breaks: its blanks are no blanks until all is wrapped.
_OPEN, _CLOSE, _BLANK = "\ue000", "\ue001", "\ue002"


def _marked(token: Token) -> str:
    parts: list[str] = []
    for child in token.children or ():
        if child.type == "code_inline":
            parts.append(_OPEN + visible(child.content).replace(" ", _BLANK) + _CLOSE)
        else:
            parts.append(" " if child.type == "softbreak" else child.content)
    return "".join(parts)


def _painted(lines: Sequence[str], look: Look) -> Iterator[str]:
    begin, end = (_CODE, "\x1b[0m") if look.color else ("`", "`")
    for line in lines:
        yield line.replace(_OPEN, begin).replace(_CLOSE, end).replace(_BLANK, " ")


def _plain(token: Token) -> str:
    return "".join(" " if child.type == "softbreak" else child.content for child in token.children or ())


def _table(tokens: Sequence[Token], room: int, look: Look) -> Iterator[str]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_marked(token))
    wide = [max(map(_columns, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield from _painted(list(_row(row, wide, room)), look)
        if number == 0:
            yield look.paint("  " + "-" * min(room - 2, sum(wide) + 2 * len(wide) - 2), _QUIET)


def _row(row: list[str], wide: list[int], room: int) -> Iterator[str]:
    """A row on one line where it fits, else its last cell on lines of its own."""
    first = "  ".join(cell + " " * (columns - _columns(cell)) for cell, columns in zip(row, wide, strict=True))
    if 2 + _columns(first.rstrip()) <= room:
        yield f"  {first}".rstrip()
        return
    yield "  " + "  ".join(row[:-1])
    yield from wrap(row[-1], max(20, room), initial_indent="      ", subsequent_indent="      ", break_on_hyphens=False)


def _columns(cell: str) -> int:
    return width(cell.replace(_OPEN, "").replace(_CLOSE, ""))
