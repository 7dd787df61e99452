"""Queries on a page: what they find, by page or as a table, or their source with what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from kbtool.graph import ToNote, ToNothing
from kbtool.note import Note
from kbtool.queries.answers import Answer, Only, Question, stops
from kbtool.queries.asked import query_span
from kbtool.queries.filters import order, property_of
from kbtool.queries.rows import Entity, properties_of
from kbtool.render.context import Scope, ToUnwritten
from kbtool.render.html import element, escape
from kbtool.render.inline import line_html, reference_html
from kbtool.render.parts import verbatim
from kbtool.render.plain import first_line, plain_title
from kbtool.render.properties import HIDDEN, value_html
from kbtool.render.quotes import page_link, quote_html, reading
from kbtool.syntax.edn import read
from kbtool.syntax.tree import Block, Container, Macro, Property
from kbtool.tasks import DONE
from kbtool.values import NoteId, Span

LEAST = 1_500
"""A query whose share of the page is less than so many characters is not answered there."""
_BLOCKS, _ROWS, _COLUMNS = 100, 300, 12


def query_html(scope: Scope, node: Macro | Container) -> str:
    """A query's results; its source inside results, where no box may stand, and where the page is full."""
    if scope.found or not scope.boxes:
        return source_html(scope, node)
    if scope.share < LEAST:
        return _closed(scope, node, scope.words.not_embedded)
    answer = answer_of(scope, node)
    if answer is None:
        return ""
    # What is wrong is for the author, to whom `check` says it in full; a reader is told that something is.
    wrong = "; ".join(dict.fromkeys(fault.message for fault in answer.faults))
    if any(map(stops, answer.faults)):
        return _closed(scope, node, scope.words.query_failed, wrong)
    note = _note(scope.words.query_partly, wrong) if wrong else ""
    return _framed(scope, node, answer, note + _results(scope, node, answer))


def answer_of(scope: Scope, node: Macro | Container) -> Answer | None:
    """What the query of a macro or container finds here, None where it asks for nothing."""
    span = query_span(scope.entry.text, node)
    if span is None or (not scope.source(span).strip() and getattr(node, "name", "") != "cards"):
        return None
    asker, page = _asker(scope, node), scope.context.asking.rows.page_of(scope.shown.note)
    only: Only = "" if isinstance(node, Container) else "cards" if node.name == "cards" else "topmost"
    text, complex_ = scope.source(span), isinstance(node, Container)
    answer = scope.context.asking.answer(Question(text, span.start, page, *asker, complex_, only))
    pages = scope.context.asking.rows.pages
    told = [one for one in answer.entities if one.block >= 0 or not scope.context.is_hidden(pages[one.place].name)]
    return answer._replace(entities=tuple(told)) if len(told) < len(answer.entities) else answer


def _asker(scope: Scope, node: Macro | Container) -> Entity:
    return scope.asker or Entity(scope.entry.note.id, scope.block_at(node.span.start))


# ---------------------------------------------------------------- frames


def source_html(scope: Scope, node: Macro | Container, title: str | None = None) -> str:
    """A macro or query as it was written."""
    return element("code", {"class": "kb-raw", "title": title}, escape(scope.source(node.span), quote=False))


def _closed(scope: Scope, node: Macro | Container, message: str, wrong: str | None = None) -> str:
    at = scope.block_at(node.span.start)
    width = scope.blocks[at].level + 1 if at >= 0 else 0
    source = element("code", {}, escape(verbatim(scope, node.span, width), quote=False))
    if isinstance(node, Container):
        source = element("pre", {}, source)
    pairs = {"class": "kb-query kb-query--closed", "data-search-exclude": ""}
    return element("div", pairs, _note(message, wrong) + source)


def _note(message: str, wrong: str | None) -> str:
    return element("p", {"class": "kb-query__note", "title": wrong}, message)


def _framed(scope: Scope, node: Macro | Container, answer: Answer, content: str) -> str:
    count = len(answer.entities) or len(answer.values)
    title = scope.words.cards if node.name == "cards" else scope.words.query
    title = escape(answer.title or title, quote=False)
    head = f'{title} <span class="kb-count">{count}</span>'
    pairs = {"class": "kb-query", "data-search-exclude": ""}
    if answer.collapsed:
        folded = element("summary", {"class": "kb-query__head"}, head) + content
        return element("div", pairs, element("details", {}, folded))
    return element("div", pairs, element("p", {"class": "kb-query__head"}, head) + content)


# ---------------------------------------------------------------- results


def _results(scope: Scope, node: Macro | Container, answer: Answer) -> str:
    if not answer.entities and not answer.values:
        return element("p", {"class": "kb-query__none"}, scope.words.nothing_found)
    if answer.kind == "values":
        return _values(scope, answer)
    asking = _properties(scope, node)
    table = answer.table or asking.get("query-table") is True
    if answer.kind == "pages" or table:
        return _table(scope, answer, asking)
    return _blocks(scope, answer)


def _properties(scope: Scope, node: Macro | Container) -> dict[str, object]:
    return dict(properties_of(_asker(scope, node), scope.context.asking.rows))


def _more(scope: Scope, count: int) -> str:
    return element("p", {"class": "kb-quote__more"}, f"{scope.words.more} {count}") if count > 0 else ""


def _values(scope: Scope, answer: Answer) -> str:
    items = "".join(element("li", {}, escape(", ".join(map(str, row)), quote=False)) for row in answer.values[:_ROWS])
    return element("ul", {}, items) + _more(scope, len(answer.values) - _ROWS)


def _blocks(scope: Scope, answer: Answer) -> str:
    shown = [entity for entity in answer.entities[:_BLOCKS] if entity.place in scope.context.entries]
    groups = groupby(_by_page(shown) if answer.grouped else shown, key=lambda entity: entity.place)
    left = scope.share
    found: list[str] = []
    for note, blocks in groups:
        entry = scope.context.entries[NoteId(note)]
        inner = reading(scope, entry)
        quotes, left = _quotes(inner, list(blocks), left)
        if quotes:
            name = element("p", {"class": "kb-query__page"}, page_link(scope, entry))
            found.append(element("div", {"class": "kb-backlink"}, name + quotes))
    return "".join(found) + _more(scope, len(answer.entities) - len(shown))


def _by_page(found: Sequence[Entity]) -> list[Entity]:
    """Blocks of one page together, pages in the order of their first."""
    pages = {place: i for i, place in enumerate(dict.fromkeys(entity.place for entity in found))}
    return sorted(found, key=lambda entity: pages[entity.place])


def _quotes(inner: Scope, blocks: Sequence[Entity], left: int) -> tuple[str, int]:
    """Quoted blocks while their text fits, then only the ways to them."""
    found: list[str] = []
    for entity in blocks:
        quote = quote_html(inner, entity.block) if left > 0 else ""
        left -= min(len(quote), inner.blocks[entity.block].span.end - inner.blocks[entity.block].span.start)
        found.append(quote or _way(inner, entity))
    return "".join(found), left


def _way(inner: Scope, entity: Entity) -> str:
    title = plain_title(inner.entry.text, inner.blocks[entity.block]) or inner.entry.note.name
    href = inner.place.page(inner.entry.slug, inner.entry.anchors[entity.block].id)
    label = escape(title if len(title) <= 80 else title[:79] + "…", quote=False)
    return element("p", {"class": "kb-quote"}, element("a", {"class": "kb-ref", "href": href}, label))


# ---------------------------------------------------------------- tables


def _table(scope: Scope, answer: Answer, asking: dict[str, object]) -> str:
    columns = _columns(scope, answer, asking)
    rows = _sorted(scope, answer.entities, asking)
    head = "".join(element("th", {}, escape(_heading(scope, column), quote=False)) for column in columns)
    body: list[str] = []
    left = scope.share
    for entity in rows[:_ROWS]:
        row = _row(scope, entity, columns) if left > 0 else ""
        left -= min(len(row), 400)
        body.append(element("tr", {}, row))
    content = element("thead", {}, element("tr", {}, head)) + element("tbody", {}, "".join(filter(None, body)))
    return element("div", {"class": "kb-table"}, element("table", {}, content)) + _more(scope, len(rows) - _ROWS)


def _columns(scope: Scope, answer: Answer, asking: dict[str, object]) -> list[str]:
    chosen = asking.get("query-properties")
    pages = answer.kind == "pages"
    if isinstance(chosen, str) and chosen:
        forms = read(chosen, Span(0, len(chosen)), simple=False).forms
        keys = [item.text for item in forms[0].items if item.text] if forms else []
        keys = [key for key in keys if not (pages and key == "block")]
        if keys:
            return list(dict.fromkeys(keys))[:_COLUMNS]
    rows = scope.context.asking.rows
    own = dict.fromkeys(key for entity in answer.entities[:_ROWS] for key in properties_of(entity, rows))
    keys = [key for key in own if key not in HIDDEN]
    return [*(("page",) if pages else ("block", "page")), *keys][:_COLUMNS]


def _heading(scope: Scope, column: str) -> str:
    return {"page": scope.words.page, "block": scope.words.block}.get(column) or dict(scope.words.properties).get(
        column, column
    )


def _sorted(scope: Scope, found: Sequence[Entity], asking: dict[str, object]) -> Sequence[Entity]:
    key = asking.get("query-sort-by")
    if not isinstance(key, str) or not key:
        return found
    rows = scope.context.asking.rows

    def value(entity: Entity) -> object:
        if key == "page":
            return rows.pages[rows.notes[NoteId(entity.place)].page if entity.block >= 0 else entity.place].name
        if key == "block":
            return rows.content(entity) if entity.block >= 0 else ""
        return property_of(entity, rows, key)

    present = [entity for entity in found if value(entity) is not None]
    present.sort(key=lambda entity: order(value(entity)), reverse=asking.get("query-sort-desc") is not False)
    return present + [entity for entity in found if value(entity) is None]


def _row(scope: Scope, entity: Entity, columns: Sequence[str]) -> str:
    rows = scope.context.asking.rows
    note = NoteId(entity.place) if entity.block >= 0 else rows.pages[entity.place].note
    entry = scope.context.entries.get(note) if note else None
    if entry is None:
        name = rows.pages[entity.place].name if entity.block < 0 else ""
        label = reference_html(scope, ToNothing("name"), escape(name, quote=False))
        return "".join(element("td", {}, label if column == "page" else "") for column in columns)
    inner = reading(scope, entry)
    return "".join(element("td", {}, cell) for cell in _cells(inner, entity, columns))


def _cells(inner: Scope, entity: Entity, columns: Sequence[str]) -> Iterator[str]:
    block = inner.blocks[entity.block] if entity.block >= 0 else None
    for column in columns:
        if column == "page":
            yield page_link(inner, inner.entry)
        elif column == "block" and block is not None:
            yield _title(inner, entity, block)
        else:
            found = _property(inner.entry.note, block, entity, column)
            yield value_html(inner, found) if found else ""


def _title(inner: Scope, entity: Entity, block: Block) -> str:
    line = first_line(inner.entry.text, block)
    href = inner.place.page(inner.entry.slug, inner.entry.anchors[entity.block].id)
    bullet = element("a", {"class": "kb-ref", "href": href, "title": inner.words.block_link}, "•") + " "
    words = line_html(replace(inner, boxes=False), *line).strip() if line else escape(inner.entry.note.name)
    return bullet + (element("span", {"class": "kb-done"}, words) if block.marker in DONE else words)


def _property(note: Note, block: Block | None, entity: Entity, key: str) -> Property | None:
    page = block is None or (entity.block == 0 and block.mark == "pre")
    found = note.properties if page else block.properties if block else ()
    return next((prop for prop in found if prop.key == key and not prop.ignored), None)


def name_html(scope: Scope, key: str, label: str) -> str:
    """A page's name as a link to it, where it is written."""
    row = scope.context.asking.rows.pages.get(key)
    known = row is not None and row.note in scope.context.entries
    slug = scope.context.unwritten.get(key)
    if slug is not None:
        return reference_html(scope, ToUnwritten(slug), escape(label, quote=False))
    target = ToNote(row.note, -1) if row and row.note and known else ToNothing("name")
    return reference_html(scope, target, escape(label, quote=False))
