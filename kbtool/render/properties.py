"""Properties of pages and blocks, as quietly as a reader wants them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from kbtool.graph import resolve
from kbtool.references import Place, in_inlines
from kbtool.render.context import Scope
from kbtool.render.html import element, escape
from kbtool.render.inline import line_html, node_html, reference_html
from kbtool.syntax.html import TagMatcher
from kbtool.syntax.inline import InlineScanner
from kbtool.syntax.limits import Budget
from kbtool.syntax.tree import Code, Emphasis, Escape, Inline, Math, Property, Timestamp

# For the tool, not for readers; the first three lines are Logseq's own list.
HIDDEN = frozenset(
    "id custom-id background-color heading collapsed created-at updated-at last-modified-at query-table "
    "query-properties query-sort-by query-sort-desc ls-type hl-type hl-page hl-stamp hl-color logseq.macro-name "
    "logseq.macro-arguments logseq.order-list-type logseq.tldraw.page logseq.tldraw.shape todo doing now later done "
    "card-last-interval card-repeats card-ease-factor card-next-schedule card-last-reviewed card-last-score "
    "title icon public filters exclude-from-graph-view template template-including-parent macro macros".split()
)
# Marks in values, and what they make.
_SHOWN = (Code, Emphasis, Escape, Math, Timestamp)
_MARKS = frozenset("`*_~^=$\\<")
_IN_HEAD = frozenset({"tags", "alias", "aliases", "type", "status"})


def shown(properties: Iterable[Property], hidden: frozenset[str]) -> list[Property]:
    """The properties that a reader sees; `hidden` are those that the graph hides itself."""
    return [p for p in properties if p.key not in HIDDEN and p.key not in hidden and not p.ignored and p.text]


def table_html(scope: Scope, properties: Sequence[Property]) -> str:
    """Properties as a table of terms, empty for none."""
    labels = dict(scope.words.properties)
    rows = "".join(
        element("dt", {}, escape(labels.get(p.key, p.key), quote=False)) + element("dd", {}, value_html(scope, p))
        for p in properties
    )
    return element("dl", {"class": "kb-properties"}, rows) if rows else ""


def value_html(scope: Scope, prop: Property) -> str:
    """A value with its links and its code; a comma list links its bare names too."""
    if prop.words:
        return ", ".join(names_html(scope, prop))
    if not _MARKS & set(prop.text):
        return line_html(scope, prop.value_span, prop.links)
    nodes = _with_marks(scope, prop)
    return line_html(_leading(scope, nodes), prop.value_span, nodes)


def _with_marks(scope: Scope, prop: Property) -> tuple[Inline, ...]:
    """The links of a value, and what of it means nothing to the graph and is no node of the tree."""
    if prop.text.startswith('"'):
        return prop.links
    text, obsidian = scope.entry.text, scope.context.settings.dialect == "obsidian"
    nodes = InlineScanner(text, TagMatcher(text), Budget(), obsidian=obsidian).scan(*prop.value_span, macros=False)
    links = {node.span for node in prop.links}
    return tuple(node for node in nodes if node.span in links or isinstance(node, _SHOWN))


def _leading(scope: Scope, nodes: Sequence[Inline]) -> Scope:
    """The scope in which links in marked words lead somewhere, too: to Logseq they are links, but no references."""
    entry, marked = scope.entry, [node for node in nodes if isinstance(node, Emphasis)]
    place = Place(entry.note.id, entry.text, -1, scope.context.settings.dialect == "obsidian")
    # Files are published for references alone.
    found = tuple(one for one in in_inlines(place, marked) if one.kind != "asset")
    if not found:
        return scope
    leads = zip(found, resolve(entry.note._replace(refers=found), scope.context.names), strict=True)
    mentions = sorted((*entry.mentions, *leads), key=lambda mention: mention[0].span.start)
    return replace(scope, entry=replace(entry, mentions=tuple(mentions)))


def names_html(scope: Scope, prop: Property) -> list[str]:
    """The names of a list value, in order, each as a link where it leads somewhere."""
    found = [(node.span.start, _name_html(scope, node)) for node in prop.links]
    for word in prop.words:
        target = scope.target(word.span)
        label = escape(word.text, quote=False)
        found.append((word.span.start, reference_html(scope, target, label) if target else label))
    return [html for _, html in sorted(found)]


def _name_html(scope: Scope, node: Inline) -> str:
    return node_html(scope, node)


# ---------------------------------------------------------------- a page's header


def head_html(scope: Scope, properties: Sequence[Property]) -> str:
    """A page's properties under its title: type, state, other names, tags, then the rest as a table."""
    by_key = {p.key: p for p in shown(properties, scope.context.settings.hidden_properties)}
    line = "".join(_meta(scope, by_key))
    head = element("div", {"class": "kb-meta"}, line) if line else ""
    return head + table_html(scope, [p for key, p in by_key.items() if key not in _IN_HEAD])


def _meta(scope: Scope, by_key: dict[str, Property]) -> Iterable[str]:
    for key in ("type", "status"):
        if key in by_key:
            kinds = dict(scope.words.types) if key == "type" else {}
            text = kinds.get(by_key[key].text.strip().lower()) or value_html(scope, by_key[key])
            yield element("span", {"class": f"kb-meta__item kb-meta__{key}"}, text)
    if "tags" in by_key:
        for name in names_html(scope, by_key["tags"]):
            yield element("span", {"class": "kb-meta__item kb-chip"}, name)
    aliases = [name for key in ("alias", "aliases") if key in by_key for name in names_html(scope, by_key[key])]
    if aliases:
        text = scope.words.also + " " + ", ".join(aliases)
        yield element("span", {"class": "kb-meta__item kb-meta__alias"}, text)
