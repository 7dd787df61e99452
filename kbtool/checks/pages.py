"""Checks of page names: that what is linked exists, and that nothing has two owners."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from kbtool import names
from kbtool.checks.context import CheckContext
from kbtool.checks.labels import files_named
from kbtool.checks.spelling import difference, mechanical, relabelling, renaming, shorter_tag, squeezed
from kbtool.checks.tasks import is_doubled
from kbtool.graph import Missing
from kbtool.suggest import Near, closest, nearest, vocabulary
from kbtool.values import Definition, Diagnostic, Fix, Label, NoteId, Reference, Span

_SWITCH = "\nnotes that are written in Obsidian need `dialect: obsidian` in mkdocs.yml"


def missing_page(context: CheckContext) -> Iterator[Diagnostic]:
    """Links, tags and embeds of pages that no note is or is called by."""
    said: dict[str, tuple[str, str, Near | None]] = {}
    named = files_named(context)
    quoted = sorted(Span(start, end) for *_, start, end, _ in context.note.shows)
    for reference, target in context.references():
        if (
            isinstance(target, Missing)
            and _needs_a_page(reference)
            and not (reference.span in named or is_doubled(reference) or _names_a_value(reference, quoted))
        ):
            told = mechanical(reference, context)
            if not told:
                if reference.key not in said:
                    said[reference.key] = _missing(reference, context)
                message, advice, near = said[reference.key]
                fix = _fix(reference, near, context) if near else None
                told = Diagnostic("missing-page", context.note.id, reference.span, message, (), advice, fix)
            yield told


def _fix(reference: Reference, near: Near, context: CheckContext) -> Fix | None:
    """Another ending keeps its words and gets a target; what only looks the same is written as the page is."""
    name = context.base.names.spelled[near.word]
    if not near.only or near.how not in ("look", "inflected"):
        return None
    if near.how == "inflected":
        return relabelling(reference, name, context)
    return renaming(reference, name, context, safe=squeezed(near.word) == squeezed(reference.key))


def missing_heading(context: CheckContext) -> Iterator[Diagnostic]:
    """Links of Obsidian's to headings that their page, which exists, does not have."""
    for reference, target in context.references():
        if reference.kind == "heading" and isinstance(target, Missing):
            page, _, heading = reference.name.partition("#")
            owners = context.base.names.pages.get(names.key(page), ()) if page else (context.note.id,)
            if owners:
                yield _missing_heading(reference, heading, owners[0], context)


def _missing_heading(reference: Reference, heading: str, owner: NoteId, context: CheckContext) -> Diagnostic:
    known = {
        d.name.lower(): d.name for d in context.base.notes[owner].defines if d.kind == "block" and d.name[0] != "^"
    }
    near = closest(heading.lower(), vocabulary(known))
    meant = f"did you mean «{known[near]}»?" if near else "correct the heading, or link to the page alone"
    message = f"{'this note' if owner == context.note.id else owner} has no heading «{heading}»"
    return context.diagnostic("missing-heading", reference.span, message, meant)


def _names_a_value(reference: Reference, quoted: list[Span]) -> bool:
    """Whether a tag is the name behind `{{val [[Note]]#`, which Logseq takes for one."""
    at = bisect_right(quoted, reference.span.start, key=lambda one: one.start) - 1
    return reference.kind == "tag" and at >= 0 and reference.span.start < quoted[at].end


def _needs_a_page(reference: Reference) -> bool:
    """Bare words of a comma list are names for Logseq too, but only those of `tags` are meant as links."""
    return reference.kind in ("page", "tag", "embed") and (not reference.plain or reference.property == "tags")


def _missing(reference: Reference, context: CheckContext) -> tuple[str, str, Near | None]:
    """The message, the advice, and the page that was probably meant."""
    name, known = reference.name, context.base.names
    message = f"no page named «{name}»"
    if foreign := _obsidian(name, context):
        return message, foreign, None
    near = nearest(reference.key, context.base.page_words)
    if near and _unnumbered(near.word) == _unnumbered(reference.key) and near.how in ("typo", "part"):
        near = None  # chapter 8 is not chapter 1 misspelled
    if near and (differs := difference(reference.key, near.word, "the link")):
        return message, f"«{known.spelled[near.word]}» differs only by {differs}", near
    lines = [f"did you mean «{known.spelled[near.word]}»?{_how(reference, near, context)}"] if near else []
    short, rest = shorter_tag(reference)
    if not short:
        return message, f"for Logseq this is a tag; escape what is none: `\\#{rest}`", None
    if rest:
        lines.append(f"the tag took `{rest}` with it; as the link `[[{short}]]{rest}` it would not")
    lines.append(f"create it: kbtool new {_quoted(short)}, or list it under `wanted` in mkdocs.yml for the time being")
    return message, "\n".join(lines), near


def _unnumbered(name: str) -> str:
    """A name without its numbers."""
    return "".join(char for char in name if not char.isnumeric())


def _how(reference: Reference, near: Near, context: CheckContext) -> str:
    if near.how != "inflected" or reference.kind != "page" or reference.property or reference.inside:
        return ""
    return f" write `[{reference.name}]([[{context.base.names.spelled[near.word]}]])`, or give it the alias"


def _obsidian(name: str, context: CheckContext) -> str:
    """What to write for `[[page|label]]` and `[[page#heading]]`, which are Obsidian's and for Logseq plain names."""
    if context.base.config.dialect == "obsidian":
        return ""
    page, label, text = name.partition("|")
    page, heading, _ = page.partition("#")
    if not (label or heading) or (page and names.key(page) not in context.base.names.pages):
        return ""
    if not page:
        return f"Logseq links to no headings; refer to the block by its id{_SWITCH}" if label else ""
    link = f"[{text}]([[{page}]])" if label else f"[[{page}]]"
    if heading:
        return f"Logseq links to no headings; write `{link}`, or refer to the block by its id{_SWITCH}"
    return f"Logseq has no `|` in links; write `{link}`{_SWITCH}"


def _quoted(name: str) -> str:
    """A name as one word of a command line."""
    return "'" + name.replace("'", "'\\''") + "'" if set(name) & set('"$`\\!') else f'"{name}"'


# ---------------------------------------------------------------- two owners


def duplicate_page(context: CheckContext) -> Iterator[Diagnostic]:
    """Names and aliases of this note that another note claims too."""
    for definition in context.note.defines:
        if definition.kind in ("block", "path") or context.base.config.dialect == "obsidian":
            continue  # Obsidian tells pages of one name apart by their folders
        others = [note for note in _owners(definition, context) if _clashes(note, definition, context)]
        if others:
            yield _duplicate(definition, others, context)


def _owners(definition: Definition, context: CheckContext) -> tuple[NoteId, ...]:
    """The notes that claim a name; two journals of one day share theirs, however it is written."""
    known, day = context.base.names, context.note.journal
    of_day = known.journals.get(day, ()) if definition.kind == "page" and day is not None else ()
    return tuple(dict.fromkeys((*known.pages.get(definition.key, ()), *of_day)))


def _clashes(other: NoteId, mine: Definition, context: CheckContext) -> bool:
    """Whether another note claims the same name; a blank page gives way to the page that has its name as an alias."""
    gives_way = context.base.notes[other].blank or context.note.blank
    return other != context.note.id and (not gives_way or _titles(other, mine, context))


def _duplicate(definition: Definition, others: list[NoteId], context: CheckContext) -> Diagnostic:
    what = "page name" if definition.kind == "page" else "alias"
    where = ", ".join(others[:3]) + (f" and {len(others) - 3} more" if len(others) > 3 else "")
    message = f"the {what} «{definition.name}» is taken by {where}"
    labels = tuple(label for note in others[:3] for label in _claims(note, definition, context))
    advice = "rename one of them, or make one page of both: Logseq mixes their blocks and loses text when it saves"
    if not any(_titles(note, definition, context) for note in others):
        advice = "take the alias away, or make one page of both: Logseq keeps two pages, each with what links to either"
    return Diagnostic("duplicate-page", context.note.id, definition.span, message, labels, advice)


def _titles(note: NoteId, mine: Definition, context: CheckContext) -> bool:
    """Whether both are the names of their pages, and not an alias of one."""
    theirs = context.base.notes[note]
    same_day = theirs.journal == context.note.journal is not None
    return mine.kind == "page" and (same_day or any(d.kind == "page" and d.key == mine.key for d in theirs.defines))


def _claims(note: NoteId, mine: Definition, context: CheckContext) -> Iterator[Label]:
    owner = context.base.notes[note]
    for other in owner.defines:
        same_day = owner.journal == context.note.journal is not None and mine.kind == other.kind == "page"
        if other.kind != "block" and (other.key == mine.key or same_day):
            title = "the title" if other.span.start < other.span.end else "the file's name"
            yield Label(note, other.span, f"here it is {title if other.kind == 'page' else 'an alias'}")
