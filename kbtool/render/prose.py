"""Running text: paragraphs and lists.

Our scanner decided what every construct is. Each node stands in the text as one private character while markdown-it-py,
with all rules for constructs off, finds the paragraphs and lists; then the characters are replaced by the nodes' HTML.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

from kbtool.render.context import Scope
from kbtool.render.html import element, escape
from kbtool.render.inline import holds_boxes, node_html
from kbtool.syntax.tree import Inline, Prose

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

# The two private planes: 131,068 characters that no note needs; the note's own are neutralised first.
_FIRST, _LAST = 0xF0000, 0x10FFFD
_UNUSABLE = frozenset({0xFFFFE, 0xFFFFF})
_NEUTRAL = "\N{REPLACEMENT CHARACTER}"
# Deeper lists are shown as lines: markdown-it would drop what is below its limit without a word.
_MAX_LEVEL = 40
# The level of text in a list's item; paragraphs that stand alone have a lower one.
_ITEM_LEVEL = 3
CHECKBOXES: Mapping[str, str] = {"[ ] ": "☐", "[x] ": "☑", "[X] ": "☑"}

_FIGURES = ("<div", '<img class="kb-image"', '<span class="kb-formula"')
"""How HTML begins that needs no bullet where it stands alone."""


def paragraph_html(content: str, nodes: tuple[Inline, ...]) -> str:
    """A paragraph of finished HTML; a `div` where one of its nodes may be block-like."""
    alone = " kb-alone" if len(nodes) == 1 and content.startswith(_FIGURES) and content.endswith(">") else ""
    if holds_boxes(nodes):
        return element("div", {"class": f"kb-p{alone}"}, content)
    return element("p", {"class": alone.lstrip() or None}, content)


def prose_html(scope: Scope, proses: Sequence[Prose], width: int) -> str:
    """Neighbouring stretches of running text; continuation lines lose `width` blanks, as in Logseq."""
    substituted = _Substituted(scope)
    text = _dedented("".join(substituted.pieces(proses)), width)
    boxes = any(holds_boxes(prose.inlines) for prose in proses)
    tokens = _parser().parse(text)
    if any(token.level >= _MAX_LEVEL for token in tokens):
        html = element("div", {"class": "kb-p"}, "<br>\n".join(escape(line, quote=False) for line in text.split("\n")))
    else:
        html = "".join(map(partial(_token_html, boxes), tokens))
    return html.translate(substituted.table)


class _Substituted:
    """Text with a private character for each node, and what each character stands for."""

    def __init__(self, scope: Scope) -> None:
        self.table: dict[int, str] = {}
        self._scope = scope
        self._next = _FIRST

    def pieces(self, proses: Sequence[Prose]) -> list[str]:
        found: list[str] = []
        text = self._scope.entry.text
        for i, prose in enumerate(proses):
            if i:
                found.append("\n" * max(1, text.count("\n", proses[i - 1].span.end, prose.span.start)))
            at = prose.span.start
            for node in prose.inlines:
                found += (_neutral(text[at : node.span.start]), self._character(node))
                at = node.span.end
            found.append(_neutral(text[at : prose.span.end]))
        return found

    def _character(self, node: Inline) -> str:
        while self._next in _UNUSABLE:
            self._next += 1
        if self._next > _LAST:
            return _neutral(self._scope.source(node.span))
        self.table[self._next] = node_html(self._scope, node)
        self._next += 1
        return chr(self._next - 1)


def _neutral(text: str) -> str:
    if text.isascii() or max(text) < chr(_FIRST):
        return text
    return "".join(_NEUTRAL if ord(char) >= _FIRST else char for char in text)


def _dedented(text: str, width: int) -> str:
    return "\n".join(_without_indent(line, width) for line in text.split("\n"))


def _without_indent(line: str, width: int) -> str:
    head = line[:width]
    return line[width:] if not head or head.isspace() else line.lstrip()


@cache
def _parser() -> MarkdownIt:
    """The block parser; made when first needed, because most commands never render."""
    from markdown_it import MarkdownIt

    return MarkdownIt("zero", {"breaks": True, "maxNesting": 2 * _MAX_LEVEL}).enable(["list", "newline"])


def _token_html(boxes: bool, token: Token) -> str:
    match token.type:
        case "inline":
            content = "".join(map(_child_html, token.children or ()))
            return _checkbox(content) if token.level >= _ITEM_LEVEL else content
        case "paragraph_open":
            return "" if token.hidden else '<div class="kb-p">' if boxes else "<p>"
        case "paragraph_close":
            return "" if token.hidden else "</div>" if boxes else "</p>"
        case "ordered_list_open":
            return f'<ol start="{int(token.attrs["start"])}">' if "start" in token.attrs else "<ol>"
        case _:
            return f"<{'/' if token.nesting < 0 else ''}{token.tag}>"


def _child_html(token: Token) -> str:
    return "<br>\n" if token.type in ("softbreak", "hardbreak") else escape(token.content, quote=False)


def _checkbox(content: str) -> str:
    mark = CHECKBOXES.get(content[:4])
    return element("span", {"class": "kb-check"}, mark) + " " + content[4:] if mark else content
