"""The text of a block: its lines without what says where it stands in the outline."""

from __future__ import annotations

import re

from kbtool.patterns import regex
from kbtool.syntax.pieces import BLANKS
from kbtool.syntax.tree import Block
from kbtool.values import Span

_LINE = regex(r"[^\n]*\n?")
_DRAWER = regex(r"^:PROPERTIES:\n((?:.*\n)*?):END:(?:\n|\Z)", re.MULTILINE)
_DRAWER_LINE = regex(r"^:([^:\n]*):(.*)$", re.MULTILINE)
_LINE_END = regex(r"\r?\n\Z")


def dedented(text: str, line: Span, width: int) -> int:
    """Where a continuation line's text begins: behind `width` blanks, else behind all its leading white space."""
    head = text[line.start : min(line.start + width, line.end)]
    if not head.strip(BLANKS):
        return line.start + min(len(head), len(_LINE_END.sub("", text[line.start : line.end])))
    return line.start + len(text[line.start : line.end]) - len(text[line.start : line.end].lstrip(BLANKS))


def content(text: str, block: Block) -> list[Span]:
    """The lines of a block as Logseq shows them: mark and indentation off, trailing empty lines off."""
    lines = _lines(text, block.span)
    while len(lines) > 1 and lines[-1].start == lines[-1].end:
        lines.pop()
    if block.mark == "pre":
        return lines
    width = block.level + 1
    first = lines.pop(0)
    if block.mark == "bullet":
        start = first.start + 1
        first = Span(start + 1 if start < first.end and text[start] in BLANKS else start, first.end)
        # The line end behind a bare `-` is to Logseq the one white space that belongs to the bullet.
        if start == first.end and lines and text[start] == "\n":
            first = lines.pop(0)
    return [first, *(Span(dedented(text, line, width), line.end) for line in lines)]


def block_text(text: str, block: Block) -> str:
    """A block's text as Logseq stores it."""
    if block.mark == "pre":
        return text[block.span.start : block.span.end]
    return _rewritten("\n".join(text[line.start : line.end] for line in content(text, block)))


def _rewritten(text: str) -> str:
    """The text with the lines of a `:PROPERTIES:` drawer as `key:: value`, as Logseq stores them."""
    m = _DRAWER.search(text) if ":PROPERTIES:" in text else None
    if not m:
        return text
    pairs = _DRAWER_LINE.sub(lambda line: f"{_drawer_key(line[1])}:: {line[2].strip(BLANKS)}", m[1])
    return text[: m.start()] + pairs + text[m.end() :]


def _drawer_key(written: str) -> str:
    key = written.replace("_", "-")
    return {"id": "id", "custom-id": "id", "last-modified-at": "updated-at"}.get(key.lower(), key)


def _lines(text: str, span: Span) -> list[Span]:
    found: list[Span] = []
    for m in _LINE.finditer(text, span.start, span.end):
        if m.end() == m.start():
            break
        ending = 2 if m[0].endswith("\r\n") else 1 if m[0].endswith("\n") else 0
        found.append(Span(m.start(), m.end() - ending))
    return found
