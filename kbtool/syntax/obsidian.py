"""What Obsidian's dialect writes otherwise: `[[page#heading|label]]`, `#tags`, `%%comments%%`, `^ids`, lists in YAML.

The scanners ask here where their text is Obsidian's; everything else they read as Logseq does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from kbtool.patterns import regex
from kbtool.syntax.pieces import Pair, Piece
from kbtool.syntax.tree import Hidden, Inline, Tag, WikiLink, Word
from kbtool.values import Span

_WIKI = regex(
    r"!?\[\[(?P<page>[^\[\]\r\n|#]*)(?:\#(?P<anchor>[^\[\]\r\n|]*))?(?:\|(?P<label>(?:[^\[\]\r\n]|\](?!\]))*))?\]\]"
)
_TAG = regex(r"\#(?=[\d/_-]*[^\W\d_])[\w/-]+")
_ID = regex(r"\^(?P<id>[A-Za-z0-9-]+)(?=[ \t]*(?:[\r\n]|\Z))")
_SIZE = regex(r"\s*(\d{1,5})(?:x(\d{1,5}))?\s*")
_CALLOUT = regex(r"[ \t]*\[!(?P<kind>[A-Za-z][\w-]*)\](?P<fold>[-+]?)[ \t]*(?P<title>[^\r\n]*)")
_FRONT = regex(r"---[ \t]*\r?\n(?P<lines>(?:(?!---[ \t]*(?:\r?\n|\Z))[^\n]*\n)*)---[ \t]*(?=\r?\n|\Z)")
_FRONT_KEY = regex(r"(?P<key>[^\s:#\-\[\]{}\"'][^:\r\n]*):(?:[ \t]+(?P<value>[^\r\n]*?))?[ \t]*\r?$", re.MULTILINE)
_ITEM = regex(
    r"""(?:^[ \t]*-[ \t]+)?(?:"(?P<double>[^"\r\n]*)"|'(?P<single>[^'\r\n]*)'|(?P<bare>[^,\[\]\r\n]+))""", re.MULTILINE
)
_FENCE = regex(r"(?P<mark>`{3,}|~{3,})(?P<info>[^\r\n]*)(?:\r?\n)?")
_CLOSES: Mapping[str, re.Pattern[str]] = {
    mark: regex(rf"^[ \t]*(?P<mark>{mark}{{3,}})[ \t]*\r?$", re.MULTILINE) for mark in "`~"
}
_BLOCK = regex(r"[ \t]{0,3}(?:\#{1,6}[ \t]|```|~~~|[-*+][ \t]|1[.)][ \t])")
_BAR = regex(r"(?<!\\)\|")
_BLANK_LINES = regex(r"\n(?:[ \t]*\r?\n)+")
_ONLY_ID = regex(r"\s*\^[A-Za-z0-9-]+\s*")
_NO_PARTS = frozenset({"properties", "directive", "drawer"})
_FILE = regex(r"\.[A-Za-z0-9]{1,8}$")
_NOTE = regex(r"\.(?:md|markdown)$", re.IGNORECASE)


def begins(text: str, at: int) -> bool:
    """Whether something that Obsidian reads in its own way may begin here."""
    return text[at] == "#" or text.startswith(("[[", "![[", "%%"), at) or (text[at] == "^" and _starts_word(text, at))


def node_at(text: str, at: int, end: int) -> Inline | None:
    """The node that begins here, None for plain text."""
    match text[at]:
        case "#":
            m = _TAG.match(text, at, end) if _starts_word(text, at) else None
            return Tag(Span(*m.span()), m[0][1:], False, ()) if m else None
        case "%":
            close = text.find("%%", at + 2, end)
            return Hidden(Span(at, close + 2), "") if close >= 0 else None
        case "^":
            m = _ID.match(text, at, end)
            return Hidden(Span(*m.span()), m["id"]) if m else None
        case _:
            return wiki_link(text, at, end)


def _starts_word(text: str, at: int) -> bool:
    return at == 0 or text[at - 1].isspace()


def wiki_link(text: str, at: int, end: int) -> WikiLink | None:
    """`[[page]]`, `[[page#heading]]`, `[[page#^id]]`, each with `|label`, and with `!` before it an embed."""
    m = _WIKI.match(text, at, end)
    if not m:
        return None
    # Inside tables the bar of a label is escaped.
    page = _trimmed(text, Span(m.start("page"), m.end("page") - m["page"].endswith("\\")))
    anchor = (
        _trimmed(text, Span(m.start("anchor"), m.end("anchor") - m["anchor"].endswith("\\"))) if m["anchor"] else None
    )
    if anchor and "#" in text[slice(*anchor)]:
        anchor = Span(text.rindex("#", *anchor) + 1, anchor.end)
    if page.start == page.end and not anchor:
        return None
    label = Span(*m.span("label")) if m["label"] is not None else Span(m.end() - 2, m.end() - 2)
    embed, size = text[at] == "!", (0, 0)
    if embed and (sized := _SIZE.fullmatch(text, *label)):
        size, label = (int(sized[1]), int(sized[2] or 0)), Span(label.end, label.end)
    name = _NOTE.sub("", text[slice(*page)])
    return WikiLink(
        Span(*m.span()),
        name,
        page,
        text[slice(*anchor)] if anchor else "",
        anchor or Span(page.end, page.end),
        label,
        embed,
        size,
    )


def sized(label: str) -> tuple[str, tuple[int, int]]:
    """A picture's label without the size behind its last bar, and that size, zero where there is none."""
    words, _, last = label.rpartition("|")
    m = _SIZE.fullmatch(last)
    return (words, (int(m[1]), int(m[2] or 0))) if m else (label, (0, 0))


def is_file(node: WikiLink) -> bool:
    """Whether a link means a file that is no note: a picture, a PDF."""
    return _FILE.search(node.page) is not None and not node.anchor.startswith("^")


def is_note(target: str) -> bool:
    """Whether a link's target in round brackets is a note's file."""
    return _NOTE.search(target.partition("#")[0]) is not None and "://" not in target


def _trimmed(text: str, span: Span) -> Span:
    inside = text[span.start : span.end]
    left = len(inside) - len(inside.lstrip())
    return Span(span.start + left, max(span.start + left, span.start + len(inside.rstrip())))


def callout(text: str, first: Span) -> tuple[str, int] | None:
    """`[!kind]- title` in a quote's first line: kind, fold mark and title joined by `|`, and where its line ends."""
    m = _CALLOUT.match(text, *first)
    return (f"{m['kind'].lower()}|{m['fold']}|{m['title'].strip()}", m.end()) if m else None


def cells(row: str) -> list[str]:
    """A table's row as cells: a bar behind a backslash, as links with labels have it, is none between cells."""
    return _BAR.split(row)


# ---------------------------------------------------------------- paragraphs


def with_paragraphs(text: str, pieces: Iterable[Piece]) -> list[Piece]:
    """The constructs of a note with a block's beginning before each paragraph: there `^ids` and links belong to one.

    What stands above the first stays the note's first block; in a list indented lines belong to their item.
    """
    found: list[Piece] = []
    head, last, since = "", "", 0  # what opened the block, its last part, and where that ends
    for piece in _split(text, pieces):
        if piece.kind in ("bullet", "hash"):
            head, last = piece.kind, ""
        elif piece.kind not in _NO_PARTS:
            if piece.kind != "title" and _begins_block(text, piece, since, (head, last)):
                start = Span(piece.span.start, piece.span.start)
                found.append(Piece("pre", start, (start,)))
                head = "pre"
            last = "text" if piece.kind == "title" else piece.kind
        if piece.kind != "drawer":
            since = piece.span.end
        found.append(piece)
    return found


def _begins_block(text: str, piece: Piece, since: int, before: tuple[str, str]) -> bool:
    head, last = before
    between = text[max(since - 1, 0) : piece.span.start]
    if "\n" not in between or piece.flat or _ONLY_ID.fullmatch(text, *piece.span):
        return False
    if head == "hash" or not last:
        return head == "hash"  # a heading's text is a paragraph; a bullet's first line may come late
    line = piece.span.start - len(between) + between.rindex("\n") + 1
    if head == "bullet" and text[line] in " \t":
        return False
    alike = piece.kind == last and last in ("text", "item")
    return not alike or (last == "text" and _BLANK_LINES.search(between) is not None)


def _split(text: str, pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Stretches of text are cut at empty lines."""
    for piece in pieces:
        start = piece.span.start
        if piece.kind == "text":
            for m in _BLANK_LINES.finditer(text, *piece.span):
                yield piece._replace(span=Span(start, max(start, m.start())))
                start = m.end()
        yield piece._replace(span=Span(start, piece.span.end)) if start != piece.span.start else piece


# ---------------------------------------------------------------- front matter


def front_matter(text: str) -> Piece | None:
    """`--- … ---` at the start; a value may go on over indented lines and items below its key."""
    m = _FRONT.match(text)
    if not m:
        return None
    keys = list(_FRONT_KEY.finditer(text, *m.span("lines")))
    pairs = []
    for i, found in enumerate(keys):
        end = keys[i + 1].start() if i + 1 < len(keys) else m.end("lines")
        value = found["value"] or ""
        start = found.start("value") if value else found.end()
        pairs.append(Pair(Span(*found.span("key")), _trimmed(text, Span(start, end))))
    return Piece("directive", Span(0, m.end()), (), tuple(pairs))


def listed(text: str, value: Span) -> Iterator[Word]:
    """The names of a list in YAML: `a, b`, `[a, b]`, or items below each other; tags without their `#`."""
    for m in _ITEM.finditer(text, *value):
        kind = m.lastgroup or "bare"
        span = _trimmed(text, Span(*m.span(kind)))
        if kind == "bare" and text.startswith("- ", span.start):
            span = _trimmed(text, Span(span.start + 2, span.end))
        word = text[slice(*span)].removeprefix("#")
        if word and word != "-":
            yield Word(Span(span.end - len(word), span.end), word)


def fence(text: str, at: int, end: int) -> Piece | None:
    """A fence as in CommonMark: as many marks of the same kind close it, and what never closes goes on to the end."""
    m = _FENCE.match(text, at, end)
    if not m or "`" in m["info"][: len(m["info"]) if m["mark"][0] == "`" else 0]:
        return None
    closes = (c for c in _CLOSES[m["mark"][0]].finditer(text, m.end(), end) if len(c["mark"]) >= len(m["mark"]))
    close = next(closes, None)
    stop, behind = (close.start(), close.end("mark")) if close else (end, end)
    return Piece("fence", Span(at, behind), (Span(*m.span("info")), Span(m.end(), stop)))


def ends_quote(text: str, at: int, end: int) -> bool:
    """Whether a line without `>` begins something, and so does not go on a quote's paragraph."""
    return _BLOCK.match(text, at, end) is not None
