"""The rules' own pages on the site: Markdown in English, whose fences are files and what `check` says of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from kbtool import names
from kbtool.config import Config
from kbtool.render.context import Look
from kbtool.render.highlight import code_block
from kbtool.render.html import element, escape
from kbtool.render.urls import Place
from kbtool.render.words import Words, words
from kbtool.rule_pages import fixable
from kbtool.rules import RULES, Rule, severity
from kbtool.values import Heading, Page, Slug, shut

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

_FOLDER = "rules"


def reserved() -> tuple[str, ...]:
    """The places on the site that no note may have."""
    return (_FOLDER, f"{_FOLDER}/index", *(f"{_FOLDER}/{rule.name}" for rule in RULES))


def index_slug(look: Look) -> Slug:
    """The place of the table of all rules."""
    return Slug(_FOLDER if look.directory_urls else f"{_FOLDER}/index")


def rule_pages(texts: Mapping[str, str], config: Config, look: Look) -> tuple[Page, ...]:
    """The table of all rules, and a page for each; `texts` are their pages in Markdown."""
    return (_index(texts, config, look), *(_page(rule, texts[rule.name], look) for rule in RULES))


# ---------------------------------------------------------------- the table


def _index(texts: Mapping[str, str], config: Config, look: Look) -> Page:
    says, slug = words(look.language), index_slug(look)
    place = Place(slug, look.directory_urls)
    head = element("tr", {}, "".join(element("th", {}, name) for name in says.rules_head))
    rows = "".join(_row(rule, (texts[rule.name], config), place, says) for rule in RULES)
    table = element("table", {}, element("thead", {}, head) + element("tbody", {}, rows))
    html = _head(says.rules) + element("div", {"class": "kb-table kb-rules", "data-search-exclude": ""}, table)
    return Page(slug, says.rules, shut(html), (Heading(says.rules, "rules", 1),), "", ())


def _row(rule: Rule, about: tuple[str, Config], place: Place, says: Words) -> str:
    text, config = about
    link = element("a", {"href": place.page(_slug(rule))}, element("code", {}, rule.name))
    mends = {"safe": "--fix", "unsafe": "--fix --unsafe", "": ""}[fixable(rule.name, text)]
    cells = (
        link,
        dict(says.severities)[severity(rule.name, config)],
        element("code", {}, mends) if mends else "",
        element("span", {"lang": "en"}, escape(rule.summary, quote=False)),
    )
    return element("tr", {}, "".join(element("td", {}, cell) for cell in cells))


def _head(title: str) -> str:
    return element("header", {"class": "kb-head"}, element("h1", {"id": "rules"}, escape(title, quote=False)))


def _slug(rule: Rule) -> Slug:
    return Slug(f"{_FOLDER}/{rule.name}")


# ---------------------------------------------------------------- a rule


def _page(rule: Rule, text: str, look: Look) -> Page:
    says = words(look.language)
    place = Place(_slug(rule), look.directory_urls)
    way = element("nav", {"class": "kb-crumbs"}, element("a", {"href": place.page(index_slug(look))}, says.rules))
    title = element("h1", {"id": "rule", "translate": "no"}, escape(rule.name, quote=False))
    tokens = _parser().parse(text.partition("\n")[2])
    toc = _with_anchors(tokens)
    body = str(_parser().renderer.render(tokens, _parser().options, {}))
    html = element("header", {"class": "kb-head"}, way + title)
    html += element("div", {"class": "kb-rule", "lang": "en", "data-search-exclude": ""}, body)
    return Page(_slug(rule), rule.name, shut(html), (Heading(rule.name, "rule", 1), *toc), "", ())


def _with_anchors(tokens: Sequence[Token]) -> list[Heading]:
    """Gives each heading an anchor, and the table of contents; takes away styles, which the site has none of."""
    found: list[Heading] = []
    for at, token in enumerate(tokens):
        token.attrs.pop("style", None)
        if token.type == "heading_open":
            title = tokens[at + 1].content
            anchor = f"{names.slug(title)}-{len(found) + 1}"
            token.attrs["id"] = anchor
            found.append(Heading(escape(title, quote=False), anchor, int(token.tag[1:])))
    return found


@cache
def _parser() -> MarkdownIt:
    """The parser; made when first needed, because most commands never render."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "xhtmlOut": False}).enable("table")
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("table_open", _table_open)
    parser.add_render_rule("table_close", _table_close)
    return parser


def _fence(_: Any, tokens: Sequence[Token], at: int, *_more: object) -> str:
    language, _, path = tokens[at].info.strip().partition(" ")
    caption = {"md": path, "yaml": "mkdocs.yml", "diagnostics": "kbtool check", "assets": "assets"}.get(language, "")
    label = element("p", {"class": "kb-rule__file"}, escape(caption, quote=False)) if caption else ""
    return label + code_block(tokens[at].content.rstrip("\n"), "text" if caption == path else language) + "\n"


def _table_open(*_: object) -> str:
    return '<div class="kb-table"><table>\n'


def _table_close(*_: object) -> str:
    return "</table></div>\n"
