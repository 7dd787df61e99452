"""Checks of a note's structure: fences, raw HTML, drawers and titles that Logseq reads otherwise than they look."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, takewhile, zip_longest

from kbtool.note import Note, page_title
from kbtool.references import effective
from kbtool.syntax import faults
from kbtool.syntax.tree import (
    Block,
    Fence,
    FootnoteText,
    Html,
    Inline,
    Part,
    Property,
    Prose,
    Table,
    all_parts,
)
from kbtool.values import Diagnostic, Edit, Fix, Label, Span

BOM = "\ufeff"
_COMMENT = "<!--"
_CLOSE = "close it with a line that holds three marks alone"
_LONG_RUN = 100
_WEIGHTY = frozenset({"title", "alias", "aliases", "tags", "id", "public"})


def runs(part: Part) -> Iterator[tuple[Span, tuple[Inline, ...]]]:
    """The stretches of running text of a part, with their nodes."""
    match part:
        case Prose() | FootnoteText():
            yield part.span, part.inlines
        case Table(_, head, rows):
            yield from ((cell.span, cell.inlines) for row in (head, *rows) for cell in row)
        case _:
            pass


def byte_order_mark(note: Note, text: str) -> Iterator[Diagnostic]:
    """U+FEFF at the start of the file."""
    if text.startswith(BOM):
        message = "a byte order mark stands before the note: to Logseq its first line is plain text"
        fix = Fix("remove it", (Edit(note.id, Span(0, 1), ""),), safe=True)
        yield Diagnostic(
            "byte-order-mark", note.id, Span(0, 1), message, (), "save the file as UTF-8 without a mark", fix
        )


# ---------------------------------------------------------------- fences and HTML


def fences_and_html(note: Note, text: str) -> Iterator[Diagnostic]:
    """Fences that do not close where they should, fences of four marks, HTML that runs over bullets."""
    if "```" not in text and "~~~" not in text and "<" not in text:
        return
    fences: list[Fence | Span] = []
    marks = "```" in text or "~~~" in text
    for part, _ in all_parts(note.outline):
        if type(part) is Prose:
            if marks and (span := faults.unclosed_fence(text, part)):
                fences.append(span)
        elif type(part) is Fence:
            if part.language.startswith(("`", "~")):
                yield _wide(note, text, part)
            else:
                fences.append(part)
        elif type(part) is Html and not part.hiccup:
            yield from _html(note, text, part.span)
    yield from _unclosed(note, text, fences)


def _unclosed(note: Note, text: str, fences: Sequence[Fence | Span]) -> Iterator[Diagnostic]:
    """The first fence that does not close: those below it are its consequence."""
    odd = any(isinstance(one, Span) for one in fences)
    pairs = zip_longest(fences, fences[1:])
    found = [one for one, following in pairs if _goes_on(text, one, following, odd=odd)]
    if found:
        more = f" ({len(found) - 1} more below)" if len(found) > 1 else ""
        told = _plain(note, found[0]) if isinstance(found[0], Span) else _too_long(note, text, found[0])
        yield told._replace(message=told.message + more)


def _goes_on(text: str, fence: Fence | Span, following: Fence | Span | None, *, odd: bool) -> bool:
    """Whether a fence was not meant to end where it does."""
    if not isinstance(fence, Fence):
        return True
    if faults.opens_within(text, fence) or (odd and faults.swallowed(text, _body(text, fence))):
        return True
    # When the next mark that opens a fence was meant to close this one, it says no language.
    bare = not following.language if isinstance(following, Fence) else following is not None and _bare(text, following)
    return bare and faults.closes_by_opening(text, fence)


def _plain(note: Note, span: Span) -> Diagnostic:
    message = "this fence is never closed: Logseq shows its lines as plain text"
    return Diagnostic("unclosed-fence", note.id, span, message, (), _CLOSE)


def _too_long(note: Note, text: str, fence: Fence) -> Diagnostic:
    lost = faults.swallowed(text, _body(text, fence))
    swallowed = f", over {_blocks(lost.blocks)}" if lost else ""
    line = text.count("\n", 0, fence.span.end) + 1
    message = f"this fence is not closed where it should be: it goes on to line {line}{swallowed}"
    opening = Span(fence.span.start, fence.language_span.end)
    closing = Span(_body(text, fence).end, fence.span.end)
    labels = (Label(note.id, closing, "to Logseq the fence ends here"),)
    return Diagnostic("unclosed-fence", note.id, opening, message, labels, _CLOSE)


def _body(text: str, fence: Fence) -> Span:
    """A fence without its closing line."""
    return Span(fence.span.start, text.rfind("\n", *fence.span) + 1)


def _bare(text: str, span: Span) -> bool:
    return not text[slice(*span)].strip("`~ ")


def _wide(note: Note, text: str, fence: Fence) -> Diagnostic:
    extra, closing = faults.extra_marks(text, fence)
    edits = (Edit(note.id, extra, ""), *([Edit(note.id, closing, "")] if closing else []))
    fix = Fix("write three marks", edits, safe=True) if closing else None
    marks = text[fence.span.start : extra.end]
    message = "Logseq knows fences of three marks only: to it the language of this one begins with a mark"
    advice = "write three marks; no fence can hold a line that begins with a fence's marks"
    return Diagnostic(
        "wide-fence", note.id, Span(fence.span.start, fence.span.start + len(marks)), message, (), advice, fix
    )


def _html(note: Note, text: str, span: Span) -> Iterator[Diagnostic]:
    lost = None if text.startswith(_COMMENT, span.start) else faults.swallowed(text, span)
    if not lost:
        return
    name = text[span.start + 1 : span.start + 13].split(">", maxsplit=1)[0].split(maxsplit=1)[0]
    how = (
        f"</{name}>"
        if text[span.start : span.end].lower().endswith(f"</{name}>".lower())
        else text[span.end - 2 : span.end]
    )
    message = f"raw HTML swallows {_blocks(lost.blocks)}: to Logseq `<{name}>` goes on to the next `{how}`"
    labels = [Label(note.id, lost.first, "no block any more, and its links are lost")]
    if lost.last != lost.first:
        labels.append(Label(note.id, lost.last, "the last line that is lost"))
    advice = f"write `<{name}>` as code, or escape it as `\\<{name}>`, or close it in its own block"
    yield Diagnostic(
        "html-swallows-outline", note.id, Span(span.start, span.start + len(name) + 2), message, tuple(labels), advice
    )


def _blocks(count: int) -> str:
    return f"{count} block" if count == 1 else f"{count} blocks"


# ---------------------------------------------------------------- properties


def second_drawer(note: Note, text: str) -> Iterator[Diagnostic]:
    """Properties below the first run of a block: Logseq stores them nowhere."""
    for block in note.outline:
        if block.properties and block.properties[-1].ignored:
            first = tuple(takewhile(lambda one: not one.ignored, block.properties))
            for _, group in groupby(block.properties[len(first) :], lambda one: one.span):
                yield _second(note, text, first, tuple(group))


def _second(note: Note, text: str, first: Sequence[Property], found: Sequence[Property]) -> Diagnostic:
    keys = ", ".join(f"`{one.key}`" for one in found)
    verb = "counts" if len(found) == 1 else "count"
    message = f"{keys} {verb} for nothing: a block has only its first run of properties"
    place = Span(found[0].key_span.start, found[-1].value_span.end)
    labels = (Label(note.id, first[0].key_span, "the first run"),)
    fix = _moved_up(note, text, first, found)
    return Diagnostic("second-drawer", note.id, place, message, labels, "move the lines up to the first run", fix)


def _moved_up(note: Note, text: str, first: Sequence[Property], found: Sequence[Property]) -> Fix | None:
    """Moves whole lines `key:: value` behind the first run, when no key stands there already."""
    run, span = first[0].span, found[0].span
    start = text.rfind("\n", 0, span.start) + 1
    lines = text[start : span.end]
    mine = {one.key for one in found}
    # A long run is nobody's that a fix could help, and each of many would be compared with it.
    if len(first) > _LONG_RUN or mine & {one.key for one in first}:
        return None
    simple = all(text[one.key_span.end : one.key_span.end + 2] == "::" for one in (*first, *found))
    if text[start : span.start].strip() or not simple or "#+" in lines or "\n" not in text[run.start : run.end]:
        return None
    moved = lines if lines.endswith("\n") else lines + "\n"
    edits = (Edit(note.id, Span(run.end, run.end), moved), Edit(note.id, Span(start, span.end), ""))
    # What begins to count can rename the page, or mention pages that do not exist.
    harmless = not (mine & _WEIGHTY) and not any(one.links or one.words for one in found)
    return Fix("move the lines up", edits, safe=harmless)


def late_title(note: Note, text: str) -> Iterator[Diagnostic]:
    """`title::` that does not name the page, because something stands before it."""
    first = note.outline[0] if note.outline else None
    if first is None or note.journal is not None:
        return
    title = next((one for one in effective(first) if one.key == "title" and one.text), None)
    if title is None or title.text == note.name or page_title(text, note.properties, note.outline) is not None:
        return
    message = f"this title does not name the page, which is called «{note.name}»: only the file's first lines can"
    advice = "move the line to the top of the file, without a bullet; or take it out"
    fix = _to_the_top(note, text, first, title)
    yield Diagnostic("late-title", note.id, Span(title.key_span.start, title.value_span.end), message, (), advice, fix)


def _to_the_top(note: Note, text: str, first: Block, title: Property) -> Fix | None:
    """Takes away the blank lines above; it renames the page, so it is not safe."""
    above = text[: title.span.start]
    if first.mark != "pre" or above.strip():
        return None
    return Fix("remove what stands above", (Edit(note.id, Span(0, title.span.start), ""),), safe=False)


# ---------------------------------------------------------------- headings


def heading_jump(note: Note, text: str) -> Iterator[Diagnostic]:  # noqa: ARG001 -- all of ALONE take the text
    """A heading more than one level below the one that it lies under."""
    opened: list[tuple[int, int]] = []  # depth and level of the headings around
    for block in note.outline:
        if not block.heading:
            continue
        flat = block.mark == "heading"
        while opened and not _under(block, opened[-1], flat):
            opened.pop()
        if opened and block.heading > opened[-1][1] + 1:
            yield _jump(note, block, opened[-1][1])
        opened.append((block.depth, block.heading))


def _under(block: Block, outer: tuple[int, int], flat: bool) -> bool:
    """Whether a heading lies under another: deeper in the outline, or, without bullets, of a lower rank."""
    depth, level = outer
    return depth < block.depth or (flat and depth == block.depth and level < block.heading)


def _jump(note: Note, block: Block, level: int) -> Diagnostic:
    start = block.span.start + (0 if block.mark == "heading" else 2)
    span = Span(start, start + block.heading)
    message = f"a heading of level {block.heading} right under one of level {level}"
    return Diagnostic(
        "heading-jump", note.id, span, message, (), f"write {'#' * (level + 1)}, or leave it where the look is meant"
    )
