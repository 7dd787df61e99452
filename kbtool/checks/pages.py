"""Checks of page names: that what is linked exists, and that nothing has two owners."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from kbtool import names
from kbtool.checks.context import CheckContext
from kbtool.graph import Missing
from kbtool.suggest import closest
from kbtool.values import Definition, Diagnostic, Label, NoteId, Reference


def missing_page(context: CheckContext) -> Iterator[Diagnostic]:
    """Links, tags and embeds of pages that no note is or is called by."""
    said: dict[str, tuple[str, str]] = {}
    for reference, target in context.references():
        if isinstance(target, Missing) and _needs_a_page(reference):
            if reference.key not in said:
                said[reference.key] = _missing(reference, context)
            message, advice = said[reference.key]
            yield context.diagnostic("missing-page", reference.span, message, advice)


def _needs_a_page(reference: Reference) -> bool:
    """Bare words of a comma list are names for Logseq too, but only those of `tags` are meant as links."""
    return reference.kind in ("page", "tag", "embed") and (not reference.plain or reference.property == "tags")


def _missing(reference: Reference, context: CheckContext) -> tuple[str, str]:
    """The message and the advice."""
    name, known = reference.name, context.base.names
    message = f"no page named «{name}»"
    if foreign := _obsidian(name, context):
        return message, foreign
    trimmed = reference.key.strip()
    near = trimmed if trimmed in known.pages else closest(reference.key, context.base.page_words)
    if near and (difference := _difference(reference.key, near)):
        return message, f"«{known.spelled[near]}» differs only by {difference}"
    meant = f"did you mean «{known.spelled[near]}»?\n" if near else ""
    return (
        message,
        f"{meant}create it: kbtool new {_quoted(name)}, or list it under `wanted` in mkdocs.yml for the time being",
    )


def _obsidian(name: str, context: CheckContext) -> str:
    """What to write for `[[page|label]]` and `[[page#heading]]`, which are Obsidian's and for Logseq plain names."""
    page, label, text = name.partition("|")
    if label and names.key(page) in context.base.names.pages:
        return f"Logseq has no `|` in links; write `[{text}]([[{page}]])`"
    page, heading, _ = page.partition("#")
    if heading and names.key(page) in context.base.names.pages:
        return f"Logseq links to no headings; write `[[{page}]]`, or refer to the block by its id"
    return ""


def _quoted(name: str) -> str:
    """A name as one word of a command line."""
    return "'" + name.replace("'", "'\\''") + "'" if set(name) & set('"$`\\!') else f'"{name}"'


def _difference(key: str, other: str) -> str:
    """What sets two keys apart when it is nothing that one sees: white space, or `е` for `ё`."""
    if len(key) == len(other):
        pairs = {(a, b) for a, b in zip(key, other, strict=True) if a != b}
        if all(_loose(a) == _loose(b) for a, b in pairs):
            return ", ".join(f"{_visible(b)} where the link has {_visible(a)}" for a, b in sorted(pairs))
    if _squeezed(key) == _squeezed(other):
        return "spaces, which count"
    return ""


def _loose(char: str) -> str:
    return " " if char.isspace() else char.replace("ё", "е")


def _squeezed(key: str) -> str:
    return " ".join("".join(map(_loose, key)).split())


def _visible(char: str) -> str:
    if char == " ":
        return "a space"
    return f"`{char}`" if char.isalpha() else f"U+{ord(char):04X} {unicodedata.name(char, 'CONTROL CHARACTER')}"


# ---------------------------------------------------------------- two owners


def duplicate_page(context: CheckContext) -> Iterator[Diagnostic]:
    """Names and aliases of this note that another note claims too."""
    for definition in context.note.defines:
        if definition.kind == "block":
            continue
        others = [note for note in _owners(definition, context) if note != context.note.id]
        if others:
            yield _duplicate(definition, others, context)


def _owners(definition: Definition, context: CheckContext) -> tuple[NoteId, ...]:
    """The notes that claim a name; two journals of one day share theirs, however it is written."""
    known, day = context.base.names, context.note.journal
    of_day = known.journals.get(day, ()) if definition.kind == "page" and day is not None else ()
    return tuple(dict.fromkeys((*known.pages.get(definition.key, ()), *of_day)))


def _duplicate(definition: Definition, others: list[NoteId], context: CheckContext) -> Diagnostic:
    what = "page name" if definition.kind == "page" else "alias"
    where = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    message = f"the {what} «{definition.name}» is taken by {where}"
    labels = tuple(label for note in others[:3] for label in _claims(note, definition, context))
    advice = "rename one of them, or make one page of both: Logseq mixes their blocks and loses text when it saves"
    return Diagnostic("duplicate-page", context.note.id, definition.span, message, labels, advice)


def _claims(note: NoteId, mine: Definition, context: CheckContext) -> Iterator[Label]:
    owner = context.base.notes[note]
    for other in owner.defines:
        same_day = owner.journal == context.note.journal is not None and mine.kind == other.kind == "page"
        if other.kind != "block" and (other.key == mine.key or same_day):
            title = "the title" if other.span.start < other.span.end else "the file's name"
            yield Label(note, other.span, f"here it is {title if other.kind == 'page' else 'an alias'}")
