"""A note as a finished page."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from kbtool import names
from kbtool.graph import ToNote
from kbtool.positions import line_table
from kbtool.render.anchors import page_anchor
from kbtool.render.backlinks import backlinks_html, users_html
from kbtool.render.context import EMBED_BUDGET, Backlink, Entry, RenderContext, Scope, figures, share
from kbtool.render.diagrams import pictures
from kbtool.render.graph import local_html
from kbtool.render.html import element, escape
from kbtool.render.journals import neighbours_html
from kbtool.render.macros import special_html
from kbtool.render.mentions import mentions_html
from kbtool.render.namespaces import crumbs_html, inside_html
from kbtool.render.outline import embed_html, footnote_marks, footnotes, headings, outline_html
from kbtool.render.properties import head_html
from kbtool.render.recent import dates_html
from kbtool.render.search import search_entries
from kbtool.render.sessions import session_html
from kbtool.render.svg import Figure
from kbtool.render.urls import Place, figure_file
from kbtool.render.written import markdown_html
from kbtool.values import File, Heading, Page, shut


def page(entry: Entry, backlinks: Sequence[Backlink], context: RenderContext) -> Page:
    """The page of a note, with the figures that stand on it."""
    made, noted = {**figures(entry), **pictures(entry.note)}, footnotes(entry)
    scope = Scope(
        context=context,
        place=Place(entry.slug, context.look.directory_urls),
        entry=entry,
        figures=made,
        footnotes=noted,
        marks=footnote_marks(entry) if noted else {},
        embed=embed_html,
        special=special_html,
        written=markdown_html,
        trail=(ToNote(entry.note.id, -1),),
        share=share(EMBED_BUDGET, entry),
        lines=line_table(entry.text) if context.look.source else None,
    )
    title = Heading(escape(names.title(entry.note.name), quote=False), page_anchor(entry.note), 1)
    body = outline_html(scope, 0, len(entry.note.outline))
    above = neighbours_html(scope) + _head(scope, title) + _limits(scope) + session_html(scope)
    below = (
        local_html(scope.place, context.look)
        + inside_html(scope)
        + backlinks_html(scope, backlinks)
        + users_html(scope)
    )
    html = above + body + below + mentions_html(scope)
    source = context.look.source + quote(entry.note.id, safe="/") if context.look.source else None
    return Page(
        slug=entry.slug,
        title=names.title(entry.note.name),
        shut=shut(element("div", {"class": "kb-page", "data-source": source}, html)),
        toc=(title, *headings(scope)),
        path=entry.note.id,
        tags=_tags(entry),
        files=tuple(_files(made)),
        search=search_entries(entry, context.settings.hidden_properties),
    )


def _tags(entry: Entry) -> tuple[str, ...]:
    own = (r.name for r, _ in entry.mentions if r.property == "tags" and r.block <= 0)
    return tuple(dict.fromkeys(own))


def _files(made: dict[str, Figure]) -> list[File]:
    light = [File(figure_file(f"{one.name}.svg"), one.light) for one in made.values() if one.light]
    return light + [File(figure_file(f"{one.name}.dark.svg"), one.dark) for one in made.values() if one.dark]


def _head(scope: Scope, title: Heading) -> str:
    """Title, the way to it through its namespaces, and the page's properties."""
    whole = names.title(scope.entry.note.name)
    parents, name = crumbs_html(scope, scope.entry.note.name), whole.rsplit("/", 1)[-1] or whole
    icon = next((p.text for p in scope.entry.note.properties if p.key == "icon" and p.text), "")
    shown = (escape(icon, quote=False) + " " if icon else "") + escape(name if parents else whole, quote=False)
    heading = element("h1", {"id": title.anchor}, shown)
    return element(
        "header",
        {"class": "kb-head"},
        parents + heading + head_html(scope, scope.entry.note.properties) + dates_html(scope),
    )


def _limits(scope: Scope) -> str:
    """Says that not all of the note is on the page as it was meant."""
    if all(found.rule != "note-too-large" for found in scope.entry.note.diagnostics):
        return ""
    return element("p", {"class": "kb-session kb-session--failed", "data-search-exclude": ""}, scope.words.too_large)
