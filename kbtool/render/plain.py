"""Note text as plain words: for titles, breadcrumbs, labels and search, and for anchors, which must last."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

from kbtool.formula_text import formula_text
from kbtool.render.html import words_of
from kbtool.syntax import tree
from kbtool.syntax.val import NAME
from kbtool.values import Span

_UNSAID = "…"
"""For values of code and blocks of other places: without a sign of them their sentence would be another one."""
Formula = Callable[[str, bool], str]
"""How a formula is said, from its LaTeX and whether it is displayed."""


def as_written(latex: str, _display: bool) -> str:
    """A formula as its LaTeX: for anchors, in which raw HTML is nothing."""
    return latex


def plain(text: str, span: Span, nodes: tuple[tree.Inline, ...], formula: Formula = formula_text) -> str:
    """What a reader sees of a stretch of running text, without its markup."""
    found: list[str] = []
    at = span.start
    for node in nodes:
        found += (text[at : node.span.start], _node(text, node, formula))
        at = node.span.end
    found.append(text[at : span.end])
    said = " ".join("".join(found).split())
    return "" if said == _UNSAID else said


def wiki_label(text: str, node: tree.WikiLink) -> str:
    """What Obsidian shows of a link: its label, else the page and what of it is meant."""
    if node.label.start < node.label.end:
        return text[slice(*node.label)].strip()
    return " > ".join(part for part in (node.page, node.anchor) if part)


def escaped(text: str, node: tree.Escape) -> str:
    """What an escape stands for; an unknown name stays as it was written."""
    source = text[node.span.start : node.span.end]
    if len(source) == 2 and not source[1].isalnum():
        return node.text
    found = unescape(f"&{node.text};")
    return found if found != f"&{node.text};" else source


def first_line(text: str, block: tree.Block) -> tuple[Span, tuple[tree.Inline, ...]] | None:
    """The first line of a block with its nodes, None when it begins with something else than running text."""
    first = block.parts[0] if block.parts else None
    if not isinstance(first, tree.Prose):
        return None
    end = text.find("\n", first.span.start, first.span.end)
    span = Span(first.span.start, first.span.end if end < 0 else end)
    return span, tuple(node for node in first.inlines if node.span.end <= span.end)


def plain_title(text: str, block: tree.Block, formula: Formula = formula_text) -> str:
    """A block's first line as plain words, empty when it begins with something else than running text."""
    line = first_line(text, block)
    return plain(text, *line, formula) if line else ""


def _node(text: str, node: tree.Inline, formula: Formula) -> str:
    match node:
        case tree.PageLink() | tree.Tag():
            return node.name
        case tree.Link():
            return plain(text, node.label, node.children, formula) or (node.target if node.kind != "block" else "")
        case tree.Emphasis():
            return plain(text, node.inner, node.children, formula)
        case tree.Code():
            return text[node.inner.start : node.inner.end]
        case tree.Math():
            return formula(text[node.inner.start : node.inner.end], node.display)
        case tree.Escape():
            return escaped(text, node)
        case tree.Timestamp():
            return node.text
        case tree.Macro():
            unsaid = _UNSAID if node.name == NAME and formula is not as_written else ""
            return ", ".join(node.arguments) if node.name == "cloze" else unsaid
        case tree.WikiLink():
            return wiki_label(text, node)
        case tree.Html():
            return "" if formula is as_written or node.hiccup else words_of(text[slice(*node.span)])
        case tree.BlockLink():
            return "" if formula is as_written else _UNSAID
        case tree.Footnote() | tree.Hidden():
            return ""
