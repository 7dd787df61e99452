"""`{{val …}}`, which shows a value that code computed: what it asks for, and where Logseq sees no macro in it.

Logseq's macros may not begin with a link that something follows: of `{{val [[Note]]#loss}}` it sees the link and a tag.
The tree has a macro there that holds what Logseq sees, so that references are counted as Logseq counts them.
`{{val [[Note]], loss}}` is a macro for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.syntax.tree import Emphasis, Inline, Macro, Tag
from kbtool.values import Span

NAME = "val"
_OPENING = "{{val "
_WHOLE = regex(r"\{\{val ([^{}\r\n]+)\}\}")
_ASKED = regex(
    r"(?:\[\[(?P<page>.+?)\]\]\s*[#,]\s*)?(?:(?P<cell>[^\W\d][\w-]*)\.)?(?P<name>[^\W\d]\w*)(?:,?\s+(?P<spec>\S.*))?"
)
# A width or precision of more than two digits is meant by nobody, and costs memory.
_SPEC = regex(r"(?:[^{}]?[<>=^])?[-+ ]?z?#?0?\d{0,2}[_,]?(?:\.\d{1,2})?[bcdeEfFgGnosxX%]?")


class Wanted(NamedTuple):
    """The value of a name, written as a Python format says: that after a cell, or at the end where `cell` is empty.

    Its own note's where `page` is empty.
    """

    page: str
    cell: str
    name: str
    spec: str


class Quoted(NamedTuple):
    """A value that a note shows; `linked` when its page is a reference of the note for Logseq, too."""

    wanted: Wanted
    span: Span
    linked: bool


def wanted(text: str, macro: Macro) -> Wanted | None:
    """What a macro asks for, None when it cannot be told."""
    source = text[slice(*macro.span)].strip("{}")
    found = _ASKED.fullmatch(source[len(NAME) :].strip())
    return Wanted(found["page"] or "", found["cell"] or "", found["name"], found["spec"] or "") if found else None


def is_spec(spec: str) -> bool:
    """Whether a format fits some value at all."""
    if not _SPEC.fullmatch(spec):
        return False
    return any(_fits(value, spec) for value in (1, 1.5, "x"))


def _fits(value: object, spec: str) -> bool:
    try:
        return bool(format(value, spec))
    except (ValueError, TypeError):
        return False


def folded(text: str, span: Span, nodes: Sequence[Inline]) -> tuple[Inline, ...]:
    """The nodes of a stretch of text with a macro in the place of what Logseq sees inside `{{val …}}`."""
    found: list[Inline] = []
    at = 0
    for match in _WHOLE.finditer(text, *span):
        start, end = match.span()
        while at < len(nodes) and nodes[at].span.start < start:
            found.append(nodes[at])
            at += 1
        behind = at
        while behind < len(nodes) and nodes[behind].span.start < end:
            behind += 1
        inside = tuple(nodes[at:behind])
        taken = (found and found[-1].span.end > start) or (inside and inside[0].span.start == start)
        if not taken and all(node.span.end <= end or type(node) is Tag for node in inside):
            found.append(Macro(Span(start, end), NAME, (match[1].strip(),), inside))
            at = behind
    found += nodes[at:]
    return tuple([_inside(text, node) if type(node) is Emphasis else node for node in found])


def _inside(text: str, node: Emphasis) -> Emphasis:
    if text.find(_OPENING, *node.inner) < 0:
        return node
    return node._replace(children=folded(text, node.inner, node.children))


def may_hold(text: str) -> bool:
    """Whether a text can show a value."""
    return _OPENING in text
