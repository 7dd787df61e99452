"""Places of a note's text where Logseq's parser does something else than its author sees."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Generator, Iterator, Sequence
from datetime import date
from typing import NamedTuple

from kbtool.patterns import regex
from kbtool.syntax.tree import Emphasis, Fence, Inline, PageLink, Prose
from kbtool.values import Span

_DATE = regex(r"(\d{1,4})-(\d{1,2})-(\d{1,2})")
_DOLLARS = regex(r"`[^`\r\n]*`|(?P<formula>\$(?=\S)[^$\r\n]{1,500}?(?<=\S)\$)")
_BLOCK_LINE = regex(r"^[ \t]*(?:-(?=[ \t]|$)|#{1,6}[ \t])[^\n]*", re.MULTILINE)
_FENCE_LINE = regex(r"[ \t]*(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`~\n]*)")
_OPENING = regex(r"[ \t]*(?:```|~~~)[A-Za-z0-9_+#.-]{0,40}[ \t]*(?=\r?$)", re.MULTILINE)
_BULLET_FENCE = regex(r"^[ \t]*-[ \t]+(?:```|~~~)[^`~\n]*$", re.MULTILINE)
_LANGUAGE = regex(r"\{?\.?[^\W\d_][\w+#.-]*(?:\s|\}|\Z)")
_MARKS = regex(r"[`~]*")
_BRACKET = regex(r"\\[^\n]|\[\[|\]\]|[\[\]\n]")
_UNCLOSED = regex(r"\[\[(?=[^\[\]\n]*[^\W\d_])([^\[\]\n]{0,200}[^\s\[\]])\](?!\])(?=[\s.;:!?)]|,[ \t]|$)", re.MULTILINE)
_NEVER_CLOSED = regex(r"\[\[[^\W\d_][^\[\]\n`]{0,80}$", re.MULTILINE)
_STAMP = regex(r"(?P<word>SCHEDULED|DEADLINE):[ \t]*<(?P<body>[^<>\n]{4,80})>", re.IGNORECASE)
# A set of first letters, among them the long s that stands for one, makes the search quick.
_STAMP_WORD = regex(r"[sS\u017fdD](?i:cheduled|eadline)")
_BODY = regex(
    r"(?P<date>\d{4}-\d{1,2}-\d{1,2})(?:[ \t]+(?P<day>[^\W\d_]+\.?))?"
    r"(?P<rest>(?:[ \t]+\d{1,2}:\d{2})?(?:[ \t]+(?:\.\+|\+\+|\+)\d+[hdwmy])?)[ \t]*"
)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class Swallowed(NamedTuple):
    """Lines that look like blocks and are none: how many, the first and the last."""

    blocks: int
    first: Span
    last: Span


def swallowed(text: str, span: Span) -> Swallowed | None:
    """The bullets and headings that begin behind the span's first line."""
    line_end = text.find("\n", *span)
    found = [Span(*m.span()) for m in _BLOCK_LINE.finditer(text, line_end + 1, span.end)] if line_end >= 0 else []
    return Swallowed(len(found), found[0], found[-1]) if found else None


# ---------------------------------------------------------------- fences


def closes_by_opening(text: str, fence: Fence) -> bool:
    """Whether the line that closes a fence looks like the opening of another one."""
    m = _closing(text, fence)
    return m is not None and len(m["mark"]) == len("```") and _LANGUAGE.match(m["info"].strip()) is not None


def opens_within(text: str, fence: Fence) -> bool:
    """Whether a bullet that opens a fence stands among a fence's lines."""
    return _BULLET_FENCE.search(text, fence.language_span.end, fence.span.end) is not None


def extra_marks(text: str, fence: Fence) -> tuple[Span, Span | None]:
    """The marks of a fence beyond three, and those of its closing line where both lines have as many."""
    opening = _MARKS.match(text, fence.language_span.start)
    end = opening.end() if opening else fence.language_span.start
    extra = Span(fence.language_span.start, end)
    closing = _closing(text, fence)
    if not closing or len(closing["mark"]) != extra.end - extra.start + 3 or closing["info"].strip():
        return extra, None
    return extra, Span(closing.start("mark") + 3, closing.end("mark"))


def _closing(text: str, fence: Fence) -> re.Match[str] | None:
    return _FENCE_LINE.match(text, text.rfind("\n", *fence.span) + 1, fence.span.end)


def unclosed_fence(text: str, prose: Prose) -> Span | None:
    """A line of running text that would open a fence, if the file had another fence mark below."""
    if text.find("```", *prose.span) < 0 and text.find("~~~", *prose.span) < 0:
        return None
    if prose.title:
        m = _OPENING.match(text, *prose.span)
    else:
        m = next((one for one in _OPENING.finditer(text, *prose.span) if _at_line_start(text, one.start())), None)
    return Span(m.start() + len(m[0]) - len(m[0].lstrip()), m.end()) if m else None


def _at_line_start(text: str, at: int) -> bool:
    return not text[text.rfind("\n", 0, at) + 1 : at].strip()


# ---------------------------------------------------------------- brackets


def stray_brackets(text: str, run: tuple[Span, Sequence[Inline]]) -> Iterator[tuple[Span, str]]:
    """Doubled brackets of running text that no link has, each with what to write instead, if that is clear."""
    span, inlines = run
    at, depth = span.start, 0
    for node in inlines:
        depth = yield from _between(text, Span(at, node.span.start), depth)
        at = node.span.end
        if isinstance(node, PageLink) and depth == 0 and node.name.count("[") == node.name.count("]"):
            behind = _run(text, at, span.end)
            if behind > at:
                yield Span(node.span.start, behind), text[node.span.start : at]
            at = behind
        elif isinstance(node, Emphasis):
            yield from stray_brackets(text, (node.inner, node.children))
    yield from _between(text, Span(at, span.end), depth)


def _run(text: str, at: int, end: int) -> int:
    while at < end and text[at] == "]":
        at += 1
    return at


def _between(text: str, gap: Span, depth: int) -> Generator[tuple[Span, str], None, int]:
    """Returns how many brackets are open on the line at the gap's end."""
    for m in _BRACKET.finditer(text, *gap):
        match m[0]:
            case "\n":
                depth = 0
            case "[[":
                broken = _UNCLOSED.match(text, m.start(), gap.end)
                open_end = None if broken else _NEVER_CLOSED.match(text, m.start(), gap.end)
                if broken:
                    yield Span(*broken.span()), f"[[{broken[1]}]]"
                elif open_end:
                    yield Span(*open_end.span()), ""
                depth += 2
            case "[":
                depth += 1
            case "]]" if depth == 0 and text[m.start() - 1 : m.start()].isalnum():
                yield Span(*m.span()), ""
            case "]" | "]]":
                depth = max(0, depth - len(m[0]))
            case _:
                pass
    return depth


# ---------------------------------------------------------------- timestamps


class Stamp(NamedTuple):
    """A timestamp of a task that is not read, what is wrong with it, and what to write instead, if that is clear."""

    span: Span
    fault: str
    better: str


def stamp_words(text: str) -> list[int]:
    """Where the words stand that begin the timestamp of a task."""
    return [m.start() for m in _STAMP_WORD.finditer(text)]


def unread_stamps(text: str, prose: Prose) -> Iterator[Stamp]:
    """`SCHEDULED: <…>` in running text that the parser takes for no timestamp."""
    for m in _STAMP.finditer(text, *prose.span):
        stamp = None if _within(prose.inlines, m.start()) else _stamp(m)
        if stamp:
            yield stamp


def _stamp(m: re.Match[str]) -> Stamp | None:
    span = Span(*m.span())
    body = _BODY.fullmatch(m["body"])
    if not body:
        return Stamp(span, "is no date that Logseq reads", "") if m["body"][0].isdigit() else None
    try:
        day = _DAYS[date.fromisoformat("-".join(part.zfill(2) for part in body["date"].split("-"))).weekday()]
    except ValueError:
        return Stamp(span, "is no day of the calendar", "")
    fault = f"has the weekday «{body['day']}», not `{day}`" if body["day"] else "has no weekday"
    return Stamp(span, fault, f"{m['word']}: <{body['date']} {day}{body['rest']}>")


def is_day(stamp: str) -> bool:
    """Whether a timestamp that is read names a day that exists; Logseq does not look."""
    m = _DATE.search(stamp)
    try:
        return not m or bool(date(int(m[1]), int(m[2]), int(m[3])))
    except ValueError:
        return False


def _within(inlines: Sequence[Inline], at: int) -> bool:
    before = bisect_right(inlines, at, key=lambda node: node.span.start) - 1
    return before >= 0 and at < inlines[before].span.end


def dollars(text: str, span: Span) -> Iterator[Span]:
    """What stands between dollar signs like a formula, outside of code."""
    return (Span(*m.span("formula")) for m in _DOLLARS.finditer(text, *span) if m["formula"])
