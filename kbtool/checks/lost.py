"""Check of mentions that Logseq drops."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kbtool.asides import Lost
from kbtool.checks.context import CheckContext
from kbtool.checks.spelling import exists
from kbtool.values import Diagnostic, Span

_WHY: Mapping[str, tuple[str, str]] = {
    "emphasis": ("inside emphasis Logseq reads links alone", "take the marks away, or write a link: `**[[page]]**`"),
    "strong": ("inside `***…***` Logseq reads nothing", "write `**[[page]]**`, or take the marks away"),
    "stamp": (
        "Logseq reads no mention in a paragraph that begins with a timestamp",
        "leave a blank line below the timestamp, or put the text above it",
    ),
    "html": ("Logseq reads nothing inside raw HTML", "write it outside of the HTML"),
    "hiccup": ("Logseq reads nothing inside hiccup", "write it outside of the brackets"),
    "cloze": ("Logseq reads nothing inside a cloze", "mention it beside the cloze"),
}


def lost_reference(context: CheckContext) -> Iterator[Diagnostic]:
    """Tags, links and block references that look like ones and count for nothing."""
    for found in context.note.lost:
        kind, name, start, end, where = found
        if _is_meant(found, context):
            why, advice = _WHY["strong" if where == "emphasis" and kind == "page" else where]
            if kind == "block" and where == "emphasis":
                advice = "put it beside the emphasis"
            what = {"page": f"the link to «{name}»", "tag": f"the tag «{name}»", "block": "the block reference"}[kind]
            message = f"{what} is lost: {why}"
            yield context.diagnostic("lost-reference", Span(start, end), message, advice)


def _is_meant(found: Lost, context: CheckContext) -> bool:
    """Whether somebody wanted this mention: what leads somewhere, and what can be nothing else."""
    kind, name, _, _, where = found
    if kind == "block":
        return where != "html" or name.lower() in context.base.names.blocks
    return (where in ("stamp", "emphasis") and kind == "page") or exists(name, context)
