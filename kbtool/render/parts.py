"""Parts of a block: prose, code, formulas, quotes, containers, tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby, zip_longest
from typing import assert_never

from kbtool.calc import UNREAD, results
from kbtool.diagrams import is_diagram
from kbtool.names import slug
from kbtool.render.context import Scope
from kbtool.render.diagrams import diagram_html
from kbtool.render.highlight import code_block
from kbtool.render.html import element, escape
from kbtool.render.inline import formula_html, html_html, line_html
from kbtool.render.outputs import cell_html
from kbtool.render.prose import paragraph_html, prose_html
from kbtool.syntax import tree
from kbtool.syntax.parse import CALLOUT
from kbtool.values import Span

_CALC_WIDTH = 40
"""Characters of a line of sums up to which results stand in one column."""
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


# Obsidian's kinds of callouts, by Logseq's names where both have one, else by Material's.
_CALLOUTS: Mapping[str, str] = {
    **{name: name for name in ("note", "tip", "important", "caution", "warning", "info", "bug", "example", "quote")},
    **dict.fromkeys(("abstract", "summary", "tldr"), "abstract"),
    **dict.fromkeys(("success", "check", "done"), "success"),
    **dict.fromkeys(("question", "help", "faq"), "question"),
    **dict.fromkeys(("failure", "fail", "missing"), "failure"),
    **dict.fromkeys(("danger", "error"), "danger"),
    "hint": "tip",
    "attention": "warning",
    "todo": "info",
    "cite": "quote",
}


def parts_html(scope: Scope, parts: Sequence[tree.Part], width: int) -> str:
    """Parts in order; neighbouring stretches of prose are one text, so that list items find each other.

    `width`: how many blanks continuation lines lose.
    """
    return "".join(_grouped(scope, parts, width))


def _grouped(scope: Scope, parts: Sequence[tree.Part], width: int) -> Iterator[str]:
    for prose, group in groupby(parts, lambda part: isinstance(part, tree.Prose) and not part.title):
        if prose:
            yield from _proses(scope, [part for part in group if isinstance(part, tree.Prose)], width)
        else:
            yield from (part_html(scope, part, width) for part in group)


def _proses(scope: Scope, proses: Sequence[tree.Prose], width: int) -> Iterator[str]:
    """Running text; a line before one that begins with `: ` is a term, and that its meaning."""
    kinds = ["meaning" if i and _is_meaning(scope, prose) else "text" for i, prose in enumerate(proses)]
    kinds = [
        "term" if kind == "text" and after == "meaning" else kind
        for kind, after in zip(kinds, [*kinds[1:], ""], strict=True)
    ]
    for defining, group in groupby(zip(kinds, proses, strict=True), lambda pair: pair[0] != "text"):
        if defining:
            yield element("dl", {"class": "kb-terms"}, "".join(_defined(scope, *pair) for pair in group))
        else:
            yield prose_html(scope, [prose for _, prose in group], width)


def _is_meaning(scope: Scope, prose: tree.Prose) -> bool:
    return scope.source(prose.span).lstrip().startswith(": ")


def _defined(scope: Scope, kind: str, prose: tree.Prose) -> str:
    start = prose.span.start if kind == "term" else scope.entry.text.index(":", *prose.span) + 1
    content = line_html(scope, Span(start, prose.span.end), prose.inlines).strip()
    return element("dt" if kind == "term" else "dd", {}, content)


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
            return element("blockquote", {}, parts_html(replace(scope, quoted=True), part.parts, width))
        case tree.Container():
            return _container(scope, part, width)
        case tree.Table():
            return _table(scope, part)
        case tree.Rule():
            return "<hr>"
        case tree.Html():
            content = html_html(scope, part)
            return element("div", {"class": "kb-html"}, content) if content else ""
        case tree.Drawer():
            return ""
        case tree.FootnoteText():
            return _footnote(scope, part)
        case _:
            assert_never(part)


def _fence(scope: Scope, fence: tree.Fence) -> str:
    if is_diagram(fence):
        return diagram_html(scope, fence)
    cell = next((cell for cell in scope.entry.note.cells if cell.span.start == fence.span.start), None)
    if cell is not None:
        return cell_html(scope, cell, fence.language)
    if fence.language == "calc" and scope.context.settings.dialect == "logseq":
        return _calc(fence.code.rstrip("\n"))
    return code_block(fence.code.rstrip("\n"), fence.language)


def _calc(code: str) -> str:
    """Sums with what they come to, which stands in one column as far as lines are short."""
    lines = list(zip(code.split("\n"), results(code), strict=True))
    width = max((len(line) for line, result in lines if result and len(line) <= _CALC_WIDTH), default=0)
    body = "\n".join(escape(line, quote=False) + _result(line, result, width) for line, result in lines)
    return element("div", {"class": "language-text highlight"}, f"<pre><span></span><code>{body}\n</code></pre>")


def _result(line: str, result: str, width: int) -> str:
    if not result:
        return ""
    gap = " " * (max(0, width - len(line)) + 2)
    return element("span", {"class": "kb-calc"}, gap + (result if result == UNREAD else f"= {escape(result)}"))


def _callout(scope: Scope, part: tree.Container, width: int) -> str:
    """Obsidian's `> [!kind]- title`; with a fold mark it folds."""
    kind, fold, title = part.arguments.split("|", 2)
    scope = replace(scope, quoted=True)
    known = _CALLOUTS.get(kind, "note")
    said = escape(title, quote=False) or dict(scope.words.admonitions).get(known) or kind.capitalize()
    content, look = parts_html(scope, part.parts, width), _LOOKS.get(known, known)
    if fold:
        pairs = {"class": look, "open": "" if fold == "+" else None}
        return element("details", pairs, element("summary", {}, said) + content)
    return element("div", {"class": f"admonition {look}"}, element("p", {"class": "admonition-title"}, said) + content)


def _container(scope: Scope, part: tree.Container, width: int) -> str:
    if part.name == CALLOUT:
        return _callout(scope, part, width)
    if part.name in _HIDDEN_CONTAINERS:
        return ""
    if part.name == "query":
        return scope.special(scope, part)
    if part.name in ("src", "example"):
        language = part.arguments.split(" ", 1)[0] if part.name == "src" else ""
        return code_block(verbatim(scope, part.inner, width), language)
    content = parts_html(scope, part.parts, width)
    if part.name == "quote":
        return element("blockquote", {}, content)
    if part.name in _LOOKS:
        title = dict(scope.words.admonitions)[part.name]
        return element(
            "div", {"class": f"admonition {_LOOKS[part.name]}"}, f'<p class="admonition-title">{title}</p>{content}'
        )
    return element(
        "div", {"class": "kb-center" if part.name == "center" else f"kb-box kb-box--{slug(part.name)}"}, content
    )


def verbatim(scope: Scope, span: Span, width: int) -> str:
    """Lines as they were written, without the block's indentation."""
    lines = scope.source(span).replace("\r\n", "\n").rstrip("\n").split("\n")
    return "\n".join(line[width:] if not line[:width].strip() else line.lstrip() for line in lines)


def _table(scope: Scope, table: tree.Table) -> str:
    classes = [f"kb-{column}" if column else None for column in table.columns]
    head = _row(scope, table.head, "th", classes)
    rows = "".join(_row(scope, row, "td", classes) for row in table.rows)
    content = (f"<thead>{head}</thead>" if table.head else "") + (f"<tbody>{rows}</tbody>" if rows else "")
    return element("div", {"class": "kb-table"}, element("table", {}, content))


def _row(scope: Scope, cells: Sequence[tree.Cell], name: str, classes: Sequence[str | None]) -> str:
    # A row may not hold more than its text pays for: ragged rows stay ragged.
    aligned = zip_longest(cells, classes[: len(cells)])
    shown = (element(name, {"class": kind}, line_html(scope, cell.span, cell.inlines)) for cell, kind in aligned)
    return element("tr", {}, "".join(shown))


def _footnote(scope: Scope, part: tree.FootnoteText) -> str:
    start = scope.entry.text.find("]:", part.span.start, part.span.end) + 2
    mark = element("span", {"class": "kb-footnote__name"}, escape(part.name, quote=False))
    end = start + len(scope.entry.text[start : part.span.end].rstrip())
    text = line_html(scope, Span(start, end), part.inlines).strip()
    anchor = scope.footnotes.get(part.name) if scope.ids else None
    own = anchor.id if anchor and anchor.start == part.span.start else None
    back = ""
    if own and part.name in scope.marks:
        pairs = {"class": "kb-footnote__back", "href": f"#{own}-mark", "title": scope.words.back}
        back = " " + element("a", pairs, "↩")
    return element("div", {"class": "kb-footnote", "id": own}, f"{mark} {text}{back}")
