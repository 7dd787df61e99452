"""Checks of pages' own names: files that do not travel, and names that Logseq reads as something else."""

from __future__ import annotations

import posixpath
import unicodedata
from collections.abc import Iterator

from kbtool import names
from kbtool.checks.context import CheckContext
from kbtool.checks.spelling import difference, invisible
from kbtool.dates import journal_day
from kbtool.graph import Missing, Target, ToNote, ToNothing, page_target
from kbtool.suggest import look
from kbtool.values import Definition, Diagnostic, Label, NoteId, Span

_FORBIDDEN = frozenset('<>:"\\|?*')
_LONGEST = 240
"""Bytes of a file's name that every system and every synchroniser takes."""
_DIGITS = frozenset("0123456789")
_START = Span(0, 0)
_PRIORITIES = ("A", "B", "C")
_CARDS = "card"


def stem(note: str) -> str:
    """A file's name without its folder and its last ending."""
    return posixpath.splitext(posixpath.basename(note))[0]


def _untitled(context: CheckContext) -> bool:
    """Whether the page is named by its file."""
    first = context.note.defines[0] if context.note.defines else None
    return first is not None and first.span.start == first.span.end


# ---------------------------------------------------------------- dates


def date_like_name(context: CheckContext) -> Iterator[Diagnostic]:
    """Links and files whose names Logseq's lenient reader takes for a day that is not written there."""
    day = context.note.journal
    if day is not None and _untitled(context) and not _says(own := stem(context.note.id), day):
        message = f"Logseq reads the file's name as the date {_iso(day)}: the page is a journal, not «{own}»"
        yield context.diagnostic("date-like-name", _START, message, "rename the file, so that it is no date")
    for reference, target in context.references():
        if reference.kind in ("page", "tag", "embed") and not _is_plain(reference.name) and _is_dated(target, context):
            found = journal_day(reference.key, context.base.names.date_formats)
            if found is not None and not _says(reference.name, found):
                message = f"Logseq reads «{reference.name}» as the date {_iso(found)}"
                advice = f"write `[[{_iso(found)}]]` if that is meant, else another name"
                yield context.diagnostic("date-like-name", reference.span, message, advice)


def _is_plain(name: str) -> bool:
    """Whether a name can be no odd date: without digits, or with a year of four digits in front."""
    return _DIGITS.isdisjoint(name) or (name[:4].isdigit() and name[4:5] in ("-", "_"))


def _is_dated(target: Target, context: CheckContext) -> bool:
    if isinstance(target, ToNothing):
        return target.why == "date"
    return isinstance(target, ToNote) and context.base.notes[target.note].journal is not None


def _says(name: str, day: int) -> bool:
    """Whether a name shows the year, which all that is meant as a date does."""
    return str(day // 10000) in name


def _iso(day: int) -> str:
    return f"{day // 10000:04}-{day // 100 % 100:02}-{day % 100:02}"


# ---------------------------------------------------------------- pages of Logseq's own


def built_in_name(context: CheckContext) -> Iterator[Diagnostic]:
    """Notes that Logseq takes for its page of a priority, or of flash cards."""
    for definition in context.note.defines:
        if definition.kind != "block" and (definition.name in _PRIORITIES or definition.key == _CARDS):
            what = "flash cards" if definition.key == _CARDS else f"priority {definition.name}"
            message = f"«{definition.name}» is Logseq's own page for the {what}: blocks that have it all mention it"
            advice = "choose a longer name, and give links that one"
            yield context.diagnostic("built-in-name", definition.span, message, advice)


# ---------------------------------------------------------------- pages beside each other


def look_alike_page(context: CheckContext) -> Iterator[Diagnostic]:
    """Names that nobody can tell from another page's; said at the one that comes later."""
    names_of_mine = [one for one in context.note.defines if one.kind != "block"]
    for one in names_of_mine:
        for key in context.base.names.looks.get(look(one.key), ()):
            others = [note for note in context.base.names.pages.get(key, ()) if note != context.note.id]
            mine = {each.key for each in names_of_mine}
            if key not in mine and others and (others[0], key) < (context.note.id, one.key):
                yield _look_alike(one, (others[0], key), context)


def _look_alike(mine: Definition, other: tuple[NoteId, str], context: CheckContext) -> Diagnostic:
    note, key = other
    theirs = next(one for one in context.base.notes[note].defines if one.key == key)
    differs = difference(theirs.key, mine.key, "this one")
    message = f"«{theirs.name}» is another page, and looks the same: they differ only by {differs}"
    labels = (Label(note, theirs.span, "the other one"),)
    advice = "make one note of both, or rename one"
    return Diagnostic("look-alike-page", context.note.id, mine.span, message, labels, advice)


def property_page(context: CheckContext) -> Iterator[Diagnostic]:
    """Keys of properties that Logseq makes pages of, and no note fills."""
    for name, start, end in context.note.keys:
        if isinstance(page_target(names.key(name), context.base.names), Missing):
            message = f"Logseq makes a page of this key, «{name}», and no note fills it"
            advice = "write the note, or leave the key out: `:property-pages/excludelist` in logseq/config.edn"
            yield context.diagnostic("property-page", Span(start, end), message, advice)


def dead_end(context: CheckContext) -> Iterator[Diagnostic]:
    """A page that mentions nothing and leads to no other place."""
    note = context.note
    quiet = note.journal is None and note.defines and not note.leads
    used = note.imports or any(page for page, *_ in note.shows)
    if quiet and not used and not any(one.kind != "asset" for one in note.refers) and not note.name.startswith("hls__"):
        yield context.diagnostic(
            "dead-end", _START, "the note mentions no other page", "link a word of it to the page that says more"
        )


# ---------------------------------------------------------------- files


def dotted_name(context: CheckContext) -> Iterator[Diagnostic]:
    """Files of a `:legacy` graph whose dots, no namespaces to their author, are read as `/`."""
    if context.note.id.count(".") < 2:
        return
    own, name = stem(context.note.id), context.note.name
    legacy = "." in own and _untitled(context) and name != own and name == names.from_file(own, "legacy")
    if legacy and context.note.journal is None and _accidental(own):
        message = f"the file's name stands for the page «{name}»: this graph reads a dot as `/`"
        advice = (
            f"put `title:: {own}` on the first line, or write `:file/name-format :triple-lowbar` into logseq/config.edn"
        )
        yield context.diagnostic("dotted-name", _START, message, advice)


def _accidental(own: str) -> bool:
    """Whether a dot stands in a number, beside a space or at an end: no author of a namespace writes so."""
    around = [(own[i - 1 : i], own[i + 1 : i + 2]) for i, char in enumerate(own) if char == "."]
    return any(not a.strip() or not b.strip() or (a.isdigit() and b.isdigit()) for a, b in around)


def bad_file_name(context: CheckContext) -> Iterator[Diagnostic]:
    """Names of files that some system refuses or changes, or that the other of Logseq's two formats wrote."""
    if not context.note.defines:
        return
    own = stem(context.note.id)
    fault, advice = _portable(own, posixpath.basename(context.note.id)) or _mixed(own, context) or ("", "")
    if fault:
        yield context.diagnostic("bad-file-name", _START, f"the file's name {fault}", advice)


def _portable(own: str, base: str) -> tuple[str, str] | None:
    if bad := sorted(set(own) & _FORBIDDEN):
        shown = " ".join(f"`{char}`" for char in bad)
        return (
            f"holds {shown}, which Windows and many synchronisers refuse",
            f"Logseq itself would name it `{names.to_file(names.from_file(own, 'triple-lowbar'))}.md`",
        )
    if not own.isprintable() and (hidden := invisible(own.replace("\u00a0", " "))):
        return f"holds {hidden}", "rename the file without it; the links too, if they hold it"
    if own != own.strip():
        return "begins or ends with a space, and so does the page's name", "rename the file without it"
    if names.is_device(own):
        return f"is a device on Windows: `{own}`", f"Logseq itself would name it `{names.to_file(own)}.md`"
    if (
        len(base) > _LONGEST // 4
        and max(len(unicodedata.normalize(form, base).encode()) for form in ("NFC", "NFD")) > _LONGEST
    ):
        return (
            f"is longer than {_LONGEST} bytes, too long for some systems",
            "shorten it, and give the whole name by `title::`",
        )
    return None


def _mixed(own: str, context: CheckContext) -> tuple[str, str] | None:
    name = context.note.name
    if not _untitled(context):
        return None
    if "___" in own and "___" in name:
        return (
            "has `___`, which this graph does not read as `/`",
            "write `:file/name-format :triple-lowbar` into logseq/config.edn, or rename the file",
        )
    if "%2f" in own.lower() and name == names.from_file(own, "triple-lowbar"):
        return (
            "writes `/` as `%2F`, the old way; a second file may claim the page",
            f"rename it to `{names.to_file(name)}.md`",
        )
    return None
