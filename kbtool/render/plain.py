"""Note text as plain words: for anchors, breadcrumbs and descriptions."""

from __future__ import annotations

from html import unescape

from kbtool.syntax import tree
from kbtool.values import Span


def plain(text: str, span: Span, nodes: tuple[tree.Inline, ...]) -> str:
    """What a reader sees of a stretch of running text, without its markup."""
    found: list[str] = []
    at = span.start
    for node in nodes:
        found += (text[at : node.span.start], _node(text, node))
        at = node.span.end
    found.append(text[at : span.end])
    return " ".join("".join(found).split())


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


def plain_title(text: str, block: tree.Block) -> str:
    """A block's first line as plain words, empty when it begins with something else than running text."""
    line = first_line(text, block)
    return plain(text, *line) if line else ""


def _node(text: str, node: tree.Inline) -> str:
    match node:
        case tree.PageLink() | tree.Tag():
            return node.name
        case tree.Link():
            return plain(text, node.label, node.children) or node.target
        case tree.Emphasis():
            return plain(text, node.inner, node.children)
        case tree.Code() | tree.Math():
            return text[node.inner.start : node.inner.end]
        case tree.Escape():
            return escaped(text, node)
        case tree.Timestamp():
            return node.text
        case tree.Macro():
            return ", ".join(node.arguments) if node.name == "cloze" else ""
        case tree.WikiLink():
            return wiki_label(text, node)
        case tree.BlockLink() | tree.Html() | tree.Footnote() | tree.Hidden():
            return ""
