"""Checks of links whose words promise another target than they have."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from kbtool import names
from kbtool.asides import Labelled
from kbtool.checks.context import CheckContext
from kbtool.graph import ToNote, page_target
from kbtool.note import Note
from kbtool.syntax.tree import Link
from kbtool.values import Diagnostic, Edit, Fix, NoteId, Span

_BIDI = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# A label with one of these endings is read as a host; others, `setup.py` and `config.edn`, are files.
_HOSTS = frozenset("com org net edu gov io ai dev app ru su ua by kz de fr uk cn jp eu info me us tv".split())
_SHORTENERS = frozenset(
    {"youtu.be", "bit.ly", "t.co", "goo.gl", "tinyurl.com", "doi.org", "dx.doi.org", "web.archive.org"}
)


# ---------------------------------------------------------------- pages


def deceptive_link(context: CheckContext) -> Iterator[Diagnostic]:
    """Labels that name another page than the link leads to, and files that Logseq does not look at."""
    for found in context.note.labels:
        kind, label, target, start, end = found
        if kind == "file":
            note = _promised(found, context)
            if note is not None:
                yield _file(context, found, note)
        elif _other_page(label, target, context):
            message = f"the link reads «{label}», which is a page of its own, and leads to «{target}»"
            advice = f"write `[[{label}]]`, or other words that do not name a page"
            yield context.diagnostic("deceptive-link", Span(start, end), message, advice)


def files_named(context: CheckContext) -> frozenset[Span]:
    """The mentions that are labels of links to files of notes, and reported as such."""
    given = (found for found in context.note.labels if found[0] == "file" and _promised(found, context))
    return frozenset(Span(start + 1, start + 1 + len(label)) for _, label, _, start, _ in given)


def _promised(found: Labelled, context: CheckContext) -> NoteId | None:
    """The note whose file a link names, when the label is not that note's name."""
    _, label, target, _, _ = found
    if context.base.config.dialect == "obsidian":
        return None  # there the link leads to the file
    clean = unquote(target.partition("#")[0])
    path = NoteId(posixpath.normpath(posixpath.join(posixpath.dirname(context.note.id), clean)).lstrip("./"))
    note = context.base.notes.get(path)
    if note is None or not note.defines or path.startswith("assets"):
        return None
    return None if _leads_to(label, context) == note.id else note.id


def _file(context: CheckContext, found: Labelled, note: NoteId) -> Diagnostic:
    _, label, target, start, end = found
    name = context.base.notes[note].name
    message = f"for Logseq this mentions the page «{label}», its label, and not the file `{target}`"
    better = f"[{label}]([[{name}]])"
    fix = Fix(f"link to «{name}»", (Edit(context.note.id, Span(start, end), better),), safe=False)
    return Diagnostic("deceptive-link", context.note.id, Span(start, end), message, (), f"write `{better}`", fix)


def _other_page(label: str, target: str, context: CheckContext) -> bool:
    if names.key(label.strip()) in names.key(target):
        return False  # `[tensor]([[tensor (physics)]])` says which one is meant
    there, here = _leads_to(target, context), _leads_to(label.strip(), context)
    return there is not None and here is not None and there != here


def _leads_to(name: str, context: CheckContext) -> NoteId | None:
    target = page_target(names.key(name), context.base.names) if name else None
    return target.note if isinstance(target, ToNote) else None


# ---------------------------------------------------------------- addresses


def deceptive_address(note: Note, text: str) -> Iterator[Diagnostic]:
    """Labels that read like an address on another host, or turn the writing around; addresses with a user name."""
    for link in note.addresses:
        message = _deceives(link, text)
        if message:
            advice = "write the words that the reader can trust: the host that the link leads to"
            yield Diagnostic("deceptive-link", note.id, link.span, message, (), advice)


def _deceives(link: Link, text: str) -> str:
    label = text[slice(*link.label)]
    if not label.isascii() and not _BIDI.isdisjoint(label):
        odd = next(char for char in label if char in _BIDI)
        return f"the label holds U+{ord(odd):04X} {unicodedata.name(odd)}, which turns the text around it"
    if link.bare and "@" not in link.target:
        return ""
    where, user = host(link.target)
    if user:
        return f"the address leads to `{where}`: what stands before the `@` is a user name"
    claimed = "" if link.bare or link.image else _claimed(label.strip())
    if not claimed or not where or where in _SHORTENERS or _akin(claimed, where):
        return ""
    return f"the link reads like `{claimed}` and leads to `{where}`"


def host(address: str) -> tuple[str, bool]:
    """The host of an address in lower case, and whether a user name that looks like a host stands before it."""
    try:
        found = urlsplit(address)
        return (found.hostname or "").removeprefix("www."), "." in (found.username or "")
    except ValueError:
        return "", False


def _claimed(label: str) -> str:
    """The host that a label shows, when it reads like an address as a whole."""
    if not label.isascii() or " " in label or not label:
        return ""
    if label.startswith(("http://", "https://")):
        return host(label)[0]
    name = label.partition("/")[0].lower().removeprefix("www.")
    pieces = name.split(".")
    if len(pieces) < 2 or pieces[-1] not in _HOSTS:
        return ""
    return name if all(piece.replace("-", "").isalnum() for piece in pieces) and label.islower() else ""


def _akin(one: str, other: str) -> bool:
    """Whether two hosts belong together: one lies under the other, or both under one domain."""
    return one.split(".")[-2:] == other.split(".")[-2:] or one.endswith("." + other) or other.endswith("." + one)
