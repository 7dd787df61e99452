"""Parts of a block: prose, code, formulas, quotes, containers, tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import assert_never

from kbtool.render.context import Scope
from kbtool.render.highlight import code_block
from kbtool.render.html import element, escape
from kbtool.render.inline import formula_html, html_html, line_html
from kbtool.render.outputs import cell_html
from kbtool.render.prose import paragraph_html, prose_html
from kbtool.syntax import tree
from kbtool.values import Span

_HIDDEN_CONTAINERS = frozenset({"comment", "export"})
# Material's name for the look of each of Logseq's admonitions.
_LOOKS: Mapping[str, str] = {
    "note": "note",
    "tip": "tip",
    "important": "info",
    "caution": "warning",
    "warning": "danger",
    "pinned": "abstract",
}


def parts_html(scope: Scope, parts: Sequence[tree.Part], width: int) -> str:
    """Parts in order; neighbouring stretches of prose are one text, so that list items find each other.

    `width`: how many blanks continuation lines lose.
    """
    return "".join(_grouped(scope, parts, width))


def _grouped(scope: Scope, parts: Sequence[tree.Part], width: int) -> Iterator[str]:
    for prose, group in groupby(parts, lambda part: isinstance(part, tree.Prose) and not part.title):
        if prose:
            yield prose_html(scope, tuple(part for part in group if isinstance(part, tree.Prose)), width)
        else:
            yield from (part_html(scope, part, width) for part in group)


def part_html(scope: Scope, part: tree.Part, width: int) -> str:
    """One part of a block."""
    match part:
        case tree.Prose():
            return paragraph_html(line_html(scope, part.span, part.inlines), part.inlines)
        case tree.Fence():
            return _fence(scope, part)
        case tree.MathBlock():
            return formula_html(scope, part.inner, True)
        case tree.Quote():
            return element("blockquote", {}, parts_html(scope, part.parts, width))
        case tree.Container():
            return _container(scope, part, width)
        case tree.Table():
            return _table(scope, part)
        case tree.Rule():
            return "<hr>"
        case tree.Html():
            return element("div", {"class": "kb-html"}, html_html(scope, part))
        case tree.Drawer():
            return ""
        case tree.FootnoteText():
            return _footnote(scope, part)
        case _:
            assert_never(part)


def _fence(scope: Scope, fence: tree.Fence) -> str:
    cell = next((cell for cell in scope.entry.note.cells if cell.span.start == fence.span.start), None)
    if cell is not None:
        return cell_html(scope, cell, fence.language)
    return code_block(fence.code.rstrip("\n"), fence.language)


def _container(scope: Scope, part: tree.Container, width: int) -> str:
    if part.name in _HIDDEN_CONTAINERS:
        return ""
    if part.name in ("src", "example", "query"):
        language = part.arguments.split(" ", 1)[0] if part.name == "src" else "clojure" if part.name == "query" else ""
        return code_block(_lines(scope, part, width), language)
    content = parts_html(scope, part.parts, width)
    if part.name == "quote":
        return element("blockquote", {}, content)
    if part.name in _LOOKS:
        title = dict(scope.words.admonitions)[part.name]
        return element(
            "div", {"class": f"admonition {_LOOKS[part.name]}"}, f'<p class="admonition-title">{title}</p>{content}'
        )
    return element("div", {"class": "kb-center" if part.name == "center" else "kb-box"}, content)


def _lines(scope: Scope, part: tree.Container, width: int) -> str:
    """The lines of a verbatim container without the block's indentation."""
    lines = scope.source(part.inner).replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join(line[width:] if not line[:width].strip() else line.lstrip() for line in lines)


def _table(scope: Scope, table: tree.Table) -> str:
    head = _row(scope, table.head, "th")
    rows = "".join(_row(scope, row, "td") for row in table.rows)
    content = (f"<thead>{head}</thead>" if table.head else "") + (f"<tbody>{rows}</tbody>" if rows else "")
    return element("div", {"class": "kb-table"}, element("table", {}, content))


def _row(scope: Scope, cells: Sequence[tree.Cell], name: str) -> str:
    # A row may not hold more than its text pays for: ragged rows stay ragged.
    return element("tr", {}, "".join(element(name, {}, line_html(scope, cell.span, cell.inlines)) for cell in cells))


def _footnote(scope: Scope, part: tree.FootnoteText) -> str:
    start = scope.entry.text.find("]:", part.span.start, part.span.end) + 2
    mark = element("span", {"class": "kb-footnote__name"}, escape(part.name, quote=False))
    text = line_html(scope, Span(start, part.span.end), part.inlines).strip()
    anchor = scope.footnotes.get(part.name) if scope.ids else None
    own = anchor.id if anchor and anchor.start == part.span.start else None
    return element("div", {"class": "kb-footnote", "id": own}, f"{mark} {text}")
