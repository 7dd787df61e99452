"""Checks of formulas that Logseq does not take for formulas: `$ x$`, `\\[` and `\\]` on lines of their own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from kbtool.checks.formulas import complaints, really
from kbtool.latex_damage import doubled, halved
from kbtool.math import MathML, convert, knows, problems
from kbtool.note import Note
from kbtool.syntax.tree import Block, Container, Emphasis, Escape, Inline, Part, Prose, Quote
from kbtool.values import Diagnostic, Edit, Fix, Formula, Span

FAR = 2_000
"""Longest formula that is pieced together from text, in characters."""
ESCAPED = frozenset("_*#[]()~")
"""What exporters put a backslash before, in names as well."""
LINES = 12
"""Most lines of a formula in plain brackets."""
DOLLAR = "\\$"
CLOSERS: Mapping[str, str] = {
    "\\[": "\\]",
    "\\(": "\\)",
    "\\\\[": "\\\\]",
    "\\\\(": "\\\\)",
    DOLLAR: DOLLAR,
}


class Escapes(NamedTuple):
    """The escapes of a block's text: outside formulas LaTeX falls apart into them."""

    block: Block
    inlines: tuple[Inline, ...]
    found: tuple[Escape, ...]


def unread(note: Note, text: str) -> Iterator[Diagnostic]:
    """Formulas that are text for Logseq."""
    yield from _swallowed_bullets(note, text)
    if not _has_loose_backslash(note, text):
        return
    escapes = list(_escapes(note, text))
    known: dict[str, bool] = {}
    spans: dict[Span, None] = {}
    for one in escapes:
        for line, commands in _by_line(one.found, text, known):
            yield from (_unread(span, note, text) for span in _spaced(line, commands, one.inlines, text))
            spans.update(dict.fromkeys(_left_over(line, commands, text)))
    broken = [*_paired(escapes, text), *(found for span in spans if (found := _bracketed(span, text)))]
    end = 0
    for found in sorted(broken):
        if found.span.start >= end:
            end = found.span.end
            yield _broken(found, note, text)


def _by_line(escapes: tuple[Escape, ...], text: str, known: dict[str, bool]) -> list[tuple[Span, list[Span]]]:
    """The lines that hold commands of LaTeX, and these."""
    lines: list[tuple[Span, list[Span]]] = []
    for start, end in (escape.span for escape in escapes):
        name = text[start + 1 : end]
        # `\\n` and `\\t` of programs are too short to tell.
        if len(name) > 1 and name[0].isalpha() and known.setdefault(name, name not in known and knows(name)):
            if not lines or start >= lines[-1][0].end:
                lines.append((Span(*_line(start, text)), []))
            lines[-1][1].append(Span(start, end))
    return lines


def _has_loose_backslash(note: Note, text: str) -> bool:
    """Whether a backslash stands outside of formulas and cells: without one, nothing here can be wrong."""
    inside = sum(text.count("\\", *formula.outer) for formula in note.formulas)
    return text.count("\\") > inside + sum(text.count("\\", *cell.span) for cell in note.cells)


def _escapes(note: Note, text: str) -> Iterator[Escapes]:
    for block in note.outline:
        if text.find("\\", *block.span) >= 0:
            for prose in _prose(block.parts):
                found = tuple(one for one in _flat(prose.inlines) if text[one.span.start] == "\\")
                if found:
                    yield Escapes(block, prose.inlines, found)


def _flat(inlines: tuple[Inline, ...]) -> Iterator[Escape]:
    """The escapes of a text in order, also those between marks, which may be LaTeX's `_` and `*`."""
    stack = list(reversed(inlines))
    while stack:
        node = stack.pop()
        if isinstance(node, Escape):
            yield node
        elif isinstance(node, Emphasis):
            stack.extend(reversed(node.children))


def _prose(parts: tuple[Part, ...]) -> Iterator[Prose]:
    for part in parts:
        match part:
            case Prose():
                yield part
            case Quote() | Container():
                yield from _prose(part.parts)


# ---------------------------------------------------------------- names


def stray_names(note: Note, text: str) -> Iterator[Diagnostic]:
    """A title with backslashes that an exporter left: in a `title::` they count, in links to it they do not."""
    for _, name, _, span, block in note.defines:
        if block < 0 and "\\" in name:
            written = text[slice(*span)]
            at = [
                place for place in range(len(written) - 1) if written[place] == "\\" and written[place + 1] in ESCAPED
            ]
            if at:
                message = f"a backslash before `{written[at[0] + 1]}` is part of this name"
                edits = tuple(Edit(note.id, Span(span.start + place, span.start + place + 1), "") for place in at)
                advice = "take it out: an exporter left it"
                fix = Fix("take it out", edits, safe=True)
                first = Span(span.start + at[0], span.start + at[0] + 2)
                yield Diagnostic("stray-escape", note.id, first, message, (), advice, fix)


# ---------------------------------------------------------------- `$ x$`


def _spaced(line: Span, commands: list[Span], inlines: tuple[Inline, ...], text: str) -> Iterator[Span]:
    """From dollar sign to dollar sign around commands of a line, where a space stands inside one of them.

    The backslash of its commands, which outside of formulas are escapes, tells a formula from a price.
    """
    dollars = _places("$", line, text)
    pairs = dict.fromkeys(_around(dollars, command) for command in commands) if len(dollars) > 1 else {}
    for start, end in filter(None, pairs):
        closes = not text[end + 1 : end + 2].isalnum()  # `$10` and `$HOME` close nothing
        word = text[start + 1 : start + 4]
        closes = closes and not (word.isalpha() and word.isupper())  # nor does `$PATH` open anything
        space = text[start + 1].isspace() or text[end - 1].isspace()
        if closes and space and not (_inside(inlines, start) or _inside(inlines, end)):
            yield Span(start, end + 1)


def _places(what: str, line: Span, text: str) -> list[int]:
    places = []
    at = text.find(what, *line)
    while at >= 0:
        places.append(at)
        at = text.find(what, at + 1, line.end)
    return places


def _around(places: list[int], command: Span) -> tuple[int, int] | None:
    """The place before a command and the one behind it."""
    at = bisect_right(places, command.start)
    return (places[at - 1], places[at]) if 0 < at < len(places) else None


def _inside(inlines: tuple[Inline, ...], place: int) -> bool:
    """Whether a place lies in one of the nodes, which stand in order."""
    at = bisect_right(inlines, place, key=lambda one: one.span.start) - 1
    return at >= 0 and place < inlines[at].span.end


def _unread(span: Span, note: Note, text: str) -> Diagnostic:
    inner = text[span.start + 1 : span.end - 1]
    inside = inner.strip()
    faults = problems(inside, display=False)
    if faults and faults[0].rule == "bad-latex":
        at = span.start + 1 + len(inner) - len(inner.lstrip())
        place = Span(at + faults[0].start, at + faults[0].end)
        advice = "and take out the space inside its `$`, because of which Logseq takes all of it for text"
        return Diagnostic("bad-latex", note.id, place, faults[0].message, (), advice)
    fix = Fix("remove the space", (Edit(note.id, span, f"${inside}$"),), safe=not faults)
    message = "for Logseq this is text, not a formula: a space stands inside its `$`"
    return Diagnostic("unread-formula", note.id, span, message, (), f"write `${inside}$`", fix)


# ---------------------------------------------------------------- `\[` and `\]`, `[` and `]`


class Broken(NamedTuple):
    """A formula in pieces: where it stands, how it opens, and its lines without bullets and indentation."""

    span: Span
    opener: str
    lines: tuple[str, ...]


def _paired(escapes: list[Escapes], text: str) -> Iterator[Broken]:
    """From each opener to the next closer, when no other opener stands between."""
    opener: tuple[int, str] | None = None
    for escape in (escape for one in escapes for escape in one.found):
        word = text[escape.span.start : escape.span.start + (3 if escape.text == "\\" else 2)]
        found = None
        if opener and word == CLOSERS[opener[1]]:
            found = _between(opener, escape.span.start + len(word), text)
            opener = None
        if found:
            yield found
        elif word in CLOSERS and (word != DOLLAR or opener is None):
            opener = escape.span.start, word


def _between(opener: tuple[int, str], end: int, text: str) -> Broken | None:
    """What stands between an opener and its closer, if it is a formula."""
    start, word = opener
    inside = text[start + len(word) : end - len(word)] if end - start <= FAR else ""
    if word == DOLLAR:
        inside = "" if "\n" in inside or inside[:1].isdigit() or "\\" not in inside else _bare(inside)
    lines = _lines(inside)
    return Broken(Span(start, end), word, lines) if _surely("\n".join(lines), word.endswith("[")) else None


def _bare(inside: str) -> str:
    """LaTeX without what an exporter escapes in text, which it took the formula for."""
    for char in "_^*":
        inside = inside.replace("\\" + char, char)
    return inside


def _lines(text: str) -> tuple[str, ...]:
    """Lines without their bullets and what is empty."""
    stripped = (line.strip() for line in text.split("\n"))
    bare = (line[1:].strip() if line == "-" or line.startswith("- ") else line for line in stripped)
    return tuple(line for line in bare if line)


def _surely(latex: str, display: bool) -> bool:
    """Whether a text is LaTeX that can be shown, and nothing else."""
    latex = _single(latex) if len(latex) <= FAR else ""
    return bool(latex) and any(char in latex for char in "\\^_=") and _shown(latex, display)


def _single(latex: str) -> str:
    found = really(doubled(latex))
    return halved(latex, found).text if found else latex


def _shown(latex: str, display: bool) -> bool:
    return isinstance(convert(latex, display), MathML)


def _left_over(line: Span, commands: list[Span], text: str) -> Iterator[Span]:
    """`[ … ]` and `( … )` around commands on one line, and `[`, `]` on the lines around."""
    written = text[slice(*line)]
    bare = written.strip().removeprefix("- ").strip()
    if bare.startswith("[ ") and bare.rstrip(".,;").endswith(" ]"):
        yield Span(line.start + written.index("["), line.start + written.rindex("]") + 1)
    opened, closed = _places("( ", line, text), _places(" )", line, text)
    pairs = {(at, end) for command in commands if (at := _before(opened, command)) < (end := _behind(closed, command))}
    for start, end in sorted(pairs):
        inside = text[start + 1 : end] if start >= 0 and end - start < FAR else "("
        if (start == line.start or text[start - 1].isspace()) and not set("()") & set(inside):
            yield Span(start, end + 2)
    yield from _around_lines(line.start, line.end, text)


def _before(places: list[int], command: Span) -> int:
    at = bisect_right(places, command.start)
    return places[at - 1] if at else -1


def _behind(places: list[int], command: Span) -> int:
    at = bisect_right(places, command.start)
    return places[at] if at < len(places) else -1


def _line(place: int, text: str) -> tuple[int, int]:
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, len(text) if end < 0 else end


def _around_lines(start: int, end: int, text: str) -> Iterator[Span]:
    """From a line that is only `[` to one that is only `]`, a few lines around a command."""
    above, below = text.rfind("[\n", max(0, start - FAR), start), end
    if above < 0 or text[_line(above, text)[0] : above].strip() not in ("", "-"):
        return
    for _ in range(LINES):
        first, last = _line(below + 1, text)
        if text[first : min(last, first + FAR)].strip().removeprefix("- ") == "]":
            yield Span(above, text.index("]", first) + 1)
            return
        below = last


def _bracketed(span: Span, text: str) -> Broken | None:
    lines = _lines(text[span.start + 1 : span.end - 1])
    latex = "\n".join(lines)
    plain = "".join(char if char.isalpha() else " " for char in _without_commands(latex)).split()
    if any(len(word) > 3 or not word.isascii() for word in plain):
        return None
    display = text[span.start] == "["
    shown_as_it_stands = not any(char in latex for char in "^_{")  # `( \\alpha )` is `( α )` in Logseq's text
    return Broken(span, text[span.start], lines) if not shown_as_it_stands and _surely(latex, display) else None


def _without_commands(latex: str) -> str:
    """The letters that stand outside of commands and groups."""
    out, depth, command = [], 0, False
    for char in latex:
        command = char == "\\" or (command and char.isalpha())
        depth += {"{": 1, "}": -1}.get(char, 0)
        out.append(" " if command or depth > 0 else char)
    return "".join(out)


def _broken(found: Broken, note: Note, text: str) -> Diagnostic:
    word = found.opener
    display = word.endswith("[")
    first = Span(found.span.start, found.span.start + len(word))
    advice = "write `$$…$$` in one block" if display else "write `$…$` on one line"
    if "\\" not in word:
        message = f"LaTeX in plain brackets: for Logseq this is text; `\\{word}` was meant"
    elif word == DOLLAR:
        message = "the dollar sign is escaped: for Logseq this is text, not a formula"
    elif len(word) > 2:
        message = f"`{word}` has a backslash too many: for Logseq this is text, not a formula"
    elif text.find(CLOSERS[word], first.end, _line(first.start, text)[1]) >= 0:
        message = "for Logseq this is text: it reads no formula inside emphasis or a link's label"
        return Diagnostic("broken-formula", note.id, first, message, (), "end the emphasis before the formula")
    else:
        message = f"for Logseq this is text, not a formula: `{word}` is not closed on its line"
    label_free = Diagnostic("broken-formula", note.id, first, message, (), advice)
    edit = _mended(found, text, display)
    if edit is None:
        return label_free
    return Diagnostic("broken-formula", note.id, first, message, (), advice, _fix(note, found.span, edit))


def _fix(note: Note, span: Span, edit: str) -> Fix:
    return Fix("write it as Logseq reads it", (Edit(note.id, span, edit),), "id:: " not in edit)


def _mended(found: Broken, text: str, display: bool) -> str | None:
    """The formula as Logseq reads it; None when lines between are more than formula."""
    lines = _single("\n".join(found.lines)).split("\n")
    if any(":: " in line or line.startswith(("#", "%")) or "%" in line for line in lines):
        return None
    start = _line(found.span.start, text)[0]
    before = text[start : found.span.start]
    after = text[found.span.end : _line(found.span.end, text)[1]]
    if display and "\n" in text[slice(*found.span)] and before.strip() in ("", "-") and not after.strip():
        indent = before[: len(before) - len(before.lstrip())] + ("  " if before.strip() else "")
        return "\n".join(["$$", *(indent + line for line in lines), indent + "$$"])
    mark = "$$" if display else "$"
    return mark + " ".join(lines) + mark


# ---------------------------------------------------------------- `$$` over bullets


def _swallowed_bullets(note: Note, text: str) -> Iterator[Diagnostic]:
    """`$$` in one bullet and `$$` in a later one: Logseq takes the bullets between for minus signs of the formula."""
    for formula in note.formulas:
        if formula.display and text.find("\n", *formula.span) >= 0 and text.find("- ", *formula.span) >= 0:
            bullets = _bullets(formula, text)
            if bullets and _wants_none(formula, bullets, text):
                yield _swallowed(note, bullets)


def _bullets(formula: Formula, text: str) -> list[int]:
    """Where lines of the formula begin with `- ` as far left as the bullet that it stands in, or further."""
    start = _line(formula.outer.start, text)[0]
    head = text[start : formula.outer.start]
    if not head.strip().startswith("-"):
        return []
    column, found = len(head) - len(head.lstrip()), []
    at = text.find("\n", *formula.span)
    while 0 <= at < formula.span.end:
        line = text[at + 1 : _line(at + 1, text)[1]]
        dash = at + 1 + len(line) - len(line.lstrip())
        if line.lstrip().startswith("- ") and dash - at - 1 <= column:
            found.append(dash)
        at = text.find("\n", at + 1, formula.span.end)
    return found


def _wants_none(formula: Formula, bullets: list[int], text: str) -> bool:
    """Whether the formula without the bullets can be shown."""
    starts = [formula.span.start, *(dash + 1 for dash in bullets)]
    ends = [*bullets, formula.span.end]
    return not complaints(" ".join(text[start:end] for start, end in zip(starts, ends, strict=True)), display=True)


def _swallowed(note: Note, bullets: list[int]) -> Diagnostic:
    message = "the bullet is inside a formula: Logseq takes it for a minus sign"
    edits = tuple(Edit(note.id, Span(dash, dash + 2), "  ") for dash in bullets)
    fix = Fix("put the formula into one bullet", edits, safe=True)
    span = Span(bullets[0], bullets[0] + 1)
    return Diagnostic("broken-formula", note.id, span, message, (), "put the formula into one bullet", fix)
