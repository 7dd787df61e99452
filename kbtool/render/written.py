"""Text that is no note's, read as notes are: what macros expand to, and the Markdown that code shows.

Its links lead to pages, but are no references: they are in no graph, and make no file be published.
"""

from __future__ import annotations

from dataclasses import replace

from kbtool import references
from kbtool.graph import ToAsset, resolve
from kbtool.render.anchors import entry
from kbtool.render.context import Entry, Scope
from kbtool.render.html import element, escape
from kbtool.render.outline import outline_html
from kbtool.render.properties import shown, table_html
from kbtool.syntax.parse import parse
from kbtool.syntax.tree import Container, Macro
from kbtool.values import Source


def written_entry(scope: Scope, text: str) -> Entry:
    """A text as if it stood in the note that is read, without cells of its own."""
    note, settings = scope.entry.note, scope.context.settings
    blocks = parse(Source(note.id, text), settings.comma_properties, settings.dialect).blocks
    places = [references.Place(note.id, text, i) for i in range(len(blocks))]
    refers = tuple(r for place, block in zip(places, blocks, strict=True) for r in references.in_block(place, block))
    made = note._replace(outline=blocks, refers=refers, cells=(), formulas=(), macros=text.count("{{"))
    return entry(made, text, resolve(made, scope.context.names), scope.entry.slug)


def markdown_html(scope: Scope, markdown: str) -> str:
    """Markdown that code shows; nothing where no word of it can be seen.

    Macros and queries in it are text, other places are not taken in, files of the base not shown.
    """
    made = written_entry(scope, markdown)
    mentions = tuple(mention for mention in made.mentions if not isinstance(mention[1], ToAsset))
    # Fewer fields of a scope are kept than are not: nothing of the note around may be meant by what is written here.
    inner = replace(
        scope,
        entry=replace(made, mentions=mentions),
        figures={},
        footnotes={},
        marks={},
        special=_source_html,
        share=0,
        ids=False,
        quoted=False,
        numbered=0,
        lines=None,
    )
    blocks = made.note.outline
    first = blocks[0].properties if blocks and blocks[0].mark == "pre" else ()
    html = table_html(inner, shown(first, frozenset())) + outline_html(inner, 0, len(blocks))
    return element("div", {"class": "kb-output--rich kb-written", "tabindex": "0"}, html) if html else ""


def _source_html(scope: Scope, node: Macro | Container) -> str:
    return element("code", {}, escape(scope.source(node.span), quote=False))
