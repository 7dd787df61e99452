"""What links to a page: pages that carry it as a tag, the blocks that mention it, by page, and code that imports it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from kbtool.render.context import Backlink, Entry, Scope
from kbtool.render.html import element
from kbtool.render.quotes import page_link, quote_html, reading
from kbtool.values import NoteId

# Quoting blocks shown in full; of pages with more mentions the others are named.
_QUOTED_PAGES = 60
_QUOTES_OF_PAGE = 12
# Pages that are at least named.
_NAMED_PAGES = 300


def backlinks_html(scope: Scope, links: Sequence[Backlink]) -> str:
    """The section under a page, empty when nothing links to it; left out of the search."""
    known = [link for link in links if link.note in scope.context.entries]
    tagged = list(dict.fromkeys(link.note for link in known if link.block <= 0 and link.property == "tags"))
    quoted = [link for link in known if not (link.block <= 0 and link.property == "tags")]
    content = _tagged(scope, tagged) + _quoted(scope, quoted)
    if not content:
        return ""
    return element("section", {"class": "kb-backlinks", "data-search-exclude": ""}, content)


def users_html(scope: Scope) -> str:
    """The section of pages whose code imports this one's, empty when none does; left out of the search."""
    users = [note for note in scope.context.users.get(scope.entry.note.id, ()) if note in scope.context.entries]
    if not users:
        return ""
    content = _head(scope.words.users, len(users)) + _chips(scope, users)
    return element("section", {"class": "kb-backlinks kb-users", "data-search-exclude": ""}, content)


def _tagged(scope: Scope, notes: Sequence[NoteId]) -> str:
    if not notes:
        return ""
    return _head(scope.words.tagged, len(notes)) + _chips(scope, notes)


def _chips(scope: Scope, notes: Sequence[NoteId]) -> str:
    """Pages by their names alone; of very many the first."""
    entries = (scope.context.entries[note] for note in notes[:_NAMED_PAGES])
    chips = "".join(element("li", {"class": "kb-chip"}, page_link(scope, entry)) for entry in entries)
    if len(notes) > _NAMED_PAGES:
        chips += element("li", {}, f"{scope.words.more} {len(notes) - _NAMED_PAGES}")
    return element("ul", {"class": "kb-chips"}, chips)


def _quoted(scope: Scope, links: Sequence[Backlink]) -> str:
    groups = [(note, list(dict.fromkeys(link.block for link in group))) for note, group in _by_note(links)]
    if not groups:
        return ""
    pages = "".join(_group(scope, scope.context.entries[note], blocks) for note, blocks in groups[:_QUOTED_PAGES])
    rest = [note for note, _ in groups[_QUOTED_PAGES:]]
    more = _chips(scope, rest) if rest else ""
    return _head(scope.words.backlinks, len(groups)) + pages + more


def _by_note(links: Iterable[Backlink]) -> Iterable[tuple[NoteId, Iterable[Backlink]]]:
    return groupby(sorted(links, key=lambda link: link.note), lambda link: link.note)


def _head(text: str, count: int) -> str:
    number = element("span", {"class": "kb-count"}, str(count))
    return element("h2", {"class": "kb-backlinks__head"}, f"{text} {number}")


def _group(scope: Scope, entry: Entry, blocks: Sequence[int]) -> str:
    """One page with its quoting blocks; of a block and its mentions in the page's header only the page is named."""
    quoting = reading(scope, entry)
    quotes = "".join(quote_html(quoting, at) for at in blocks[:_QUOTES_OF_PAGE])
    if len(blocks) > _QUOTES_OF_PAGE:
        quotes += element("p", {"class": "kb-quote__more"}, f"{scope.words.more} {len(blocks) - _QUOTES_OF_PAGE}")
    return element("div", {"class": "kb-backlink"}, element("h3", {}, page_link(scope, entry)) + quotes)
