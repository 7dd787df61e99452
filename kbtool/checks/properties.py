"""Check of properties that Logseq refuses, or reads as something else than meant."""

from __future__ import annotations

from collections.abc import Iterator

from kbtool.note import Note
from kbtool.syntax.links import is_uuid
from kbtool.syntax.tree import Property
from kbtool.values import Diagnostic, Span

_AS_CODE = "`::` and a space make a property of a line's first word, code or not: put another word before it"


def bad_property(note: Note, text: str) -> Iterator[Diagnostic]:  # noqa: ARG001 -- all of LOCAL take the text
    """Invalid keys, ids that are no UUID, and an empty title."""
    inside = {found.key_span: found for block in note.outline for found in block.properties}
    page = {found.key_span: found for found in note.properties}
    for place, found in sorted((page | inside).items()):
        if not found.ignored:
            yield from _problems(found, note, place in page)


def _problems(found: Property, note: Note, of_page: bool) -> Iterator[Diagnostic]:
    if found.invalid:
        message = f"«{found.key}» is no property key for Logseq"
        code = found.key.startswith("`")
        advice = _AS_CODE if code else 'a key begins with a letter or digit and has none of `" ^ ( ) { } [ ] , ; @ #`'
        yield Diagnostic("bad-property", note.id, found.key_span, message, (), advice)
    elif found.key == "id" and not is_uuid(found.text):
        message = f"the id `{found.text}` is no UUID" if found.text else "an empty id"
        advice = "Logseq ignores it: take the line out, or let Logseq make an id (Copy block ref)"
        yield Diagnostic("bad-property", note.id, _value_span(found), message, (), advice)
    elif found.key == "title" and of_page and not found.text:
        advice = "take the line out, and the file's name is the page's; or write the name after it"
        yield Diagnostic("bad-property", note.id, found.key_span, "an empty title names the page «»", (), advice)


def _value_span(found: Property) -> Span:
    return found.value_span if found.value_span.start < found.value_span.end else found.key_span
