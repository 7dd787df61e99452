"""Check of words that name a page without linking it; off unless asked for, because not every mention wants a link."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kbtool.mentions import Unlinked
from kbtool.names import key
from kbtool.values import Diagnostic, Edit, Fix, NoteId


def unlinked_mention(note: NoteId, text: str, found: Iterable[Unlinked], dialect: str) -> Iterator[Diagnostic]:
    """The unlinked mentions of a note, each with the link that it could be in the base's dialect."""
    for mention in found:
        written = text[mention.span.start : mention.span.end]
        message = f"«{' '.join(written.split())}» names the page «{mention.name}» without a link"
        link = _link(written, mention.name, dialect)
        fix = Fix("make it a link", (Edit(note, mention.span, link),), safe=False) if link else None
        advice = f"write `{link}`" if link else "link the page here"
        yield Diagnostic("unlinked-mention", note, mention.span, message, (), advice, fix)


def _link(written: str, name: str, dialect: str) -> str:
    """The link, empty where a name or its form cannot stand in one."""
    if "\n" in written or any(sign in written + name for sign in ("[", "]", "|")) or name.count("(") != name.count(")"):
        return ""
    if key(written) == key(name):
        return f"[[{written}]]"
    return f"[[{name}|{written}]]" if dialect == "obsidian" else f"[{written}]([[{name}]])"
