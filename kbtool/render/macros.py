"""Macros on a page: one table of what each name does; the configuration's own are expanded and read as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypeAlias

from kbtool import macros
from kbtool.queries import sums
from kbtool.queries.asked import queries_of
from kbtool.queries.rows import Entity, properties_of
from kbtool.render.context import MAX_DEPTH, Scope
from kbtool.render.html import element, escape, is_phrasing, safe_url, words_of
from kbtool.render.inline import cloze_html, embed_macro_html, external_html, html_html, line_html
from kbtool.render.parts import parts_html
from kbtool.render.results import LEAST, answer_of, name_html, query_html, source_html
from kbtool.render.vals import val_html
from kbtool.render.written import written_entry
from kbtool.syntax.edn import read
from kbtool.syntax.tree import Container, Html, Macro, Prose
from kbtool.syntax.val import NAME as VAL
from kbtool.values import Span

Shower: TypeAlias = Callable[[Scope, Macro], str]

_ALL_EXPANSIONS = 2_000_000
"""Characters that the expansions of one note may have together."""
_TREE = 500


def special_html(scope: Scope, node: Macro | Container) -> str:
    """A macro, or the query of a container."""
    if isinstance(node, Container):
        return query_html(scope, node)
    show = _MACROS.get(node.name)
    if show is None and node.name == VAL and _body(scope, node.name) is None:
        return val_html(scope, node)
    return show(scope, node) if show else _custom(scope, node)


def _argument(node: Macro) -> str:
    return ", ".join(node.arguments).strip()


# ---------------------------------------------------------------- the configuration's


def _custom(scope: Scope, node: Macro) -> str:
    text = _body(scope, node.name)
    if text is None:
        return source_html(scope, node, f"{scope.words.unknown_macro}: {node.name}")
    expansion = macros.expanded(text, node.arguments)
    count = max(1, scope.entry.note.macros)
    limit = scope.share if scope.expanded else _ALL_EXPANSIONS // count
    if scope.expanded >= MAX_DEPTH or len(expansion) > limit:
        return source_html(scope, node, scope.words.not_embedded)
    return _read(scope, node, expansion, limit)


def _body(scope: Scope, name: str) -> str | None:
    note = scope.shown.note if scope.expanded else scope.entry.note
    first = note.outline[0].properties if note.outline and note.outline[0].mark == "pre" else ()
    own = macros.own((*first, *note.properties))
    return own.get(name, dict(scope.context.settings.macros).get(name))


def _read(scope: Scope, node: Macro, expansion: str, limit: int) -> str:
    """An expansion as Markdown: its links lead to their pages, but are no references."""
    inside = written_entry(scope, expansion)
    share = min(limit, scope.share) // max(1, inside.note.macros)
    asker = scope.asker or Entity(scope.entry.note.id, scope.block_at(node.span.start))
    inner = replace(scope, entry=inside, share=share, expanded=scope.expanded + 1, asker=asker, ids=False, footnotes={})
    parts = [part for block in inside.note.outline for part in block.parts]
    if len(parts) == 1 and isinstance(parts[0], Prose):
        return line_html(inner, parts[0].span, parts[0].inlines)
    if len(parts) == 1 and isinstance(parts[0], Html) and scope.links:
        content = html_html(inner, parts[0])
        if is_phrasing(content):
            return content
    if not scope.boxes:
        return escape(words_of(expansion), quote=False)
    return "".join(parts_html(inner, block.parts, 0) for block in inside.note.outline)


# ---------------------------------------------------------------- Logseq's


def _cloze(scope: Scope, node: Macro) -> str:
    return cloze_html(scope, _argument(node))


def _function(scope: Scope, node: Macro) -> str:
    """A sum over what the query of this block, or of one above it, finds."""
    text = _argument(node)
    forms = read(text, Span(0, len(text)), simple=False).forms
    found = _asked_above(scope, node) if forms and scope.share >= LEAST else None
    value = sums.computed(forms[0], found) if found is not None else None
    if value is None:
        return source_html(scope, node, scope.words.unsupported)
    return element("span", {"class": "kb-sum"}, escape(sums.shown(value), quote=False))


def _asked_above(scope: Scope, node: Macro) -> list[sums.Item] | None:
    """The properties of the results of the nearest query."""
    at = scope.block_at(node.span.start)
    depth = scope.blocks[at].depth + 1
    for i in range(at, -1, -1):
        if scope.blocks[i].depth < depth:
            depth = scope.blocks[i].depth
            asking = queries_of(scope.blocks[i])
            answer = answer_of(scope, asking[0]) if asking else None
            if answer:
                return [properties_of(entity, scope.context.asking.rows) for entity in answer.entities]
        if depth == 1:
            break
    return None


def _namespace(scope: Scope, node: Macro) -> str:
    """The pages in a namespace as a tree."""
    rows = scope.context.asking.rows
    name = _argument(node)
    name = name[2:-2] if name.startswith("[[") and name.endswith("]]") else name
    top = rows.key(name)
    below = (row for row in rows.pages.values() if row.key.startswith(top + "/"))
    inside = sorted(row.key for row in below if not scope.context.is_hidden(row.name))
    label = element("b", {}, name_html(scope, top, name))
    if not scope.boxes:
        return label
    shown = inside[:_TREE]
    more = element("p", {"class": "kb-quote__more"}, f"{scope.words.more} {len(inside) - _TREE}")
    tree = _tree(scope, shown, top.count("/") + 1)
    return element("div", {"class": "kb-namespace"}, label + tree + (more if len(inside) > _TREE else ""))


def _tree(scope: Scope, keys: list[str], level: int) -> str:
    """Sorted page keys as nested lists, by their parts behind `level`."""
    found: list[str] = []
    depth = level - 1
    for key in keys:
        row = scope.context.asking.rows.pages[key]
        own = min(key.count("/"), level + 18)
        own = min(own, depth + 1)
        found.append("<ul><li>" if own > depth else "</li></ul>" * (depth - own) + "</li><li>")
        found.append(name_html(scope, key, row.name.rsplit("/", 1)[-1]))
        depth = own
    return "".join(found) + "</li></ul>" * (depth - level + 1)


def _player(address: str) -> Shower:
    """A film or message on another host: a link, because no page asks another host for anything."""

    def show(scope: Scope, node: Macro) -> str:
        target = _argument(node)
        url = target if "://" in target else address + target if target and address else ""
        href = safe_url(url)
        if not href or not scope.links:
            return source_html(scope, node)
        return external_html(href, escape(url, quote=False))

    return show


def _plainly(scope: Scope, node: Macro) -> str:  # noqa: ARG001 -- all macros take their scope
    return escape(_argument(node), quote=False)


_MACROS: Mapping[str, Shower] = {
    "query": query_html,
    "function": _function,
    "namespace": _namespace,
    "embed": embed_macro_html,
    "cloze": _cloze,
    "cards": query_html,
    "renderer": source_html,
    "youtube": _player("https://www.youtube.com/watch?v="),
    "vimeo": _player("https://vimeo.com/"),
    "bilibili": _player("https://www.bilibili.com/video/"),
    "tweet": _player("https://twitter.com/i/status/"),
    "twitter": _player("https://twitter.com/i/status/"),
    "video": _player(""),
    "img": _player(""),
    "youtube-timestamp": _plainly,
    "zotero-imported-file": _plainly,
    "zotero-linked-file": _plainly,
}
"""What each macro of Logseq's becomes; all other names are looked up in the page and the configuration."""
