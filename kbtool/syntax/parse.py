"""Parsing: a note's text to its tree."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from kbtool.names import property_key
from kbtool.patterns import regex
from kbtool.syntax import obsidian
from kbtool.syntax.block_text import dedented
from kbtool.syntax.ends import Ends
from kbtool.syntax.inline import InlineScanner
from kbtool.syntax.limits import MAX_BLOCKS, MAX_CELLS, MAX_LINES, MAX_NODES, Budget, Stop
from kbtool.syntax.links import is_entity, plain
from kbtool.syntax.moves import by_line, moved
from kbtool.syntax.outline import OutlineScanner, scan
from kbtool.syntax.pieces import BLANKS, Pair, Piece
from kbtool.syntax.tree import (
    Block,
    BlockLink,
    Cell,
    Container,
    Drawer,
    Escape,
    Fence,
    FootnoteText,
    Html,
    Link,
    MathBlock,
    PageLink,
    Parsed,
    Part,
    Property,
    Prose,
    Quote,
    Rule,
    Table,
    Tag,
    WikiLink,
    Word,
)
from kbtool.values import MAX_NOTE, Diagnostic, NoteId, Source, Span, maker, span_of

CALLOUT = "!callout"
"""The container that Obsidian's `> [!kind]` is; its arguments are `kind|fold|title`."""
VERBATIM = frozenset({"src", "example", "export", "comment", "query"})
_YAML_LISTS: Mapping[str, str] = {"alias": "alias", "aliases": "alias", "tag": "tags", "tags": "tags"}
_ADVICE = "split it into several notes; data belongs in a file in `assets/`"
_CELL_SPACE = " \t\n\r\x0c"
_STANDS: Mapping[tuple[bool, bool], str] = {(True, True): "center", (False, True): "right"}
"""How a column stands, by whether its dashes begin and end with a colon."""
_LINE = regex(r"[^\n]*\n?")
_WORDS = regex(r"[^ ]+")
_COMMA_PIECE = regex(r"[^,，]+")
_BAD_KEY = regex(r'["^(){}\[\]@`~\\;]|^#|^/|/$|//|^\.?\d+/')
_block_of, _prose_of = maker(Block), maker(Prose)
# Quotes in quotes: deeper ones are read as text.
_MAX_QUOTE = 8


def parse(source: Source, comma_properties: frozenset[str] = frozenset(), dialect: str = "logseq") -> Parsed:
    """The tree of a note; never raises, whatever the text is."""
    if len(source.text) > MAX_NOTE:
        return Parsed((), (), (_too_large(source.id, f"{MAX_NOTE:,} characters"),))
    if source.text.count("\n") > MAX_LINES:
        return Parsed((), (), (_too_large(source.id, f"{MAX_LINES:,} lines"),))
    if not source.text.strip(BLANKS):
        return Parsed((), (), ())
    budget = Budget()
    ends = Ends(source.text, obsidian=dialect == "obsidian")
    parsed = _Builder(source.text, comma_properties, ends, budget).build()
    stop = budget.stop
    return parsed._replace(diagnostics=(_stopped(source.id, stop),)) if stop else parsed


def _too_large(note: NoteId, limit: str) -> Diagnostic:
    message = f"the note has more than {limit} and is not read"
    return Diagnostic("note-too-large", note, Span(0, 0), message, help=_ADVICE)


def _stopped(note: NoteId, stop: Stop) -> Diagnostic:
    message = f"the note has more than {stop.limit}; from here on it is read and shown as plain text"
    return Diagnostic("note-too-large", note, Span(stop.at, stop.at), message, help=_ADVICE)


class _Builder:
    """Turns the flat scan of one text into blocks."""

    __slots__ = ("_commas", "_ends", "_flat", "_inline", "_lead", "_stack", "_width", "budget", "text")

    def __init__(self, text: str, commas: frozenset[str], ends: Ends, budget: Budget) -> None:
        self.text = text
        self.budget = budget
        self._flat = False
        self._lead = 0
        self._ends = ends
        self._commas = commas
        self._inline = InlineScanner(text, ends.tags, budget, obsidian=ends.obsidian)
        self._stack: list[int] = []  # the widths or ranks of the blocks around
        self._width = 0

    def build(self) -> Parsed:
        pieces = scan(self.text, self._ends)
        if self._ends.obsidian:
            pieces = obsidian.with_paragraphs(self.text, pieces)
        if len(pieces) > MAX_BLOCKS:
            self.budget.stop_at(pieces[-1].span.start, f"{MAX_BLOCKS:,} blocks and other constructs")
        heads = [i for i, piece in enumerate(pieces) if piece.kind in ("bullet", "hash", "pre")]
        directives = tuple(
            self._property(pair, piece.span, ignored=False)
            for piece in pieces
            if piece.kind == "directive"
            for pair in piece.pairs
        )
        first = heads[0] if heads else len(pieces)
        blocks: list[Block] = []
        start = pieces[first].spans[0].start if heads else len(self.text)
        if start > 0 or not heads:
            blocks.append(self._block(Piece("pre", Span(0, start)), pieces[:first], start))
        for number, i in enumerate(heads):
            following = heads[number + 1] if number + 1 < len(heads) else len(pieces)
            head = pieces[i]
            end = pieces[following].spans[0].start if following < len(pieces) else len(self.text)
            blocks.append(self._block(head, pieces[i + 1 : following], end))
        return Parsed(tuple([_with_heading(block) if block.properties else block for block in blocks]), directives, ())

    def _block(self, head: Piece, pieces: Sequence[Piece], end: int) -> Block:
        level = head.spans[0].end - head.spans[0].start + 1 if head.kind == "bullet" else 1
        # Lines after a bullet's first lose this many characters; a pre-block's lose none.
        self._width = 0 if head.kind == "pre" else level + 1
        if len(pieces) == 1 and pieces[0].kind == "title":  # most are
            parts: tuple[Part, ...] = (_prose_of((pieces[0].span, True, self._inline.scan(*pieces[0].span))),)
            properties: tuple[Property, ...] = ()
        else:
            properties, parts = tuple(self._properties(pieces)), tuple(self._parts(pieces, 0))
        return _block_of(
            (
                span_of((head.span.start, end)),
                "bullet" if head.kind == "bullet" else "heading" if head.kind == "hash" else "pre",
                level,
                self._depth(head, level),
                head.heading,
                head.marker,
                head.priority,
                properties,
                parts,
            )
        )

    def _properties(self, pieces: Sequence[Piece]) -> Iterable[Property]:
        """The properties of a block; those of its first drawer count."""
        drawers = [piece for piece in pieces if piece.kind == "properties"]
        for piece in drawers:
            yield from (self._property(pair, piece.span, ignored=piece is not drawers[0]) for pair in piece.pairs)

    def _depth(self, head: Piece, level: int) -> int:
        """How deep the next block lies; blocks are given in order."""
        if not self._ends.obsidian:
            return _nested(self._stack, level)
        return _ranked(self._stack, min(head.heading, 6) if head.kind == "hash" else 6 + level)

    # ---- parts

    def _parts(self, pieces: Iterable[Piece], depth: int) -> Iterable[Part]:
        for piece in pieces:
            if piece.kind == "table":
                yield from self._table(piece.span, piece.spans)
            elif piece.kind not in ("properties", "directive"):
                yield self._part(piece, depth)

    def _part(self, piece: Piece, depth: int) -> Part:
        span, spans, kind = piece.span, piece.spans, piece.kind
        if kind == "title" or kind == "text":  # noqa: PLR1714 -- most are
            return _prose_of((span, kind == "title", self._inline.scan(*span)))
        match kind:
            case "fence":
                return self._fence(piece)
            case "math" | "environment":
                return MathBlock(span, spans[0])
            case "container":
                return self._container(piece, depth)
            case "quote":
                return self._quote(span, self._quoted(piece, depth))
            case "rule":
                return Rule(span)
            case "html" | "hiccup":
                return Html(span, kind == "hiccup")
            case "drawer":
                return Drawer(span, self._slice(spans[0]) if spans else "comment")
            case "footnote":
                return FootnoteText(span, self._slice(spans[0]), self._inline.scan(*spans[1]))
            case _:  # an item of a list
                return Prose(span, False, self._inline.scan(*spans[0]))

    def _inside(self, span: Span, depth: int) -> Iterable[Part]:
        """What a quote's or a container's lines hold; no blocks begin there."""
        if depth >= _MAX_QUOTE:
            return (Prose(span, False, self._inline.scan(*span)),)
        return self._parts(OutlineScanner(self.text, span, self._ends).pieces("container"), depth + 1)

    def _quoted(self, piece: Piece, depth: int) -> tuple[Part, ...]:
        """The parts of a quote: read with its marks blanked out, then moved to where they stand."""
        start = piece.spans[0].start
        text = "".join(self._blanked(piece.spans))
        inner = _Builder(text, self._commas, Ends(text, obsidian=self._ends.obsidian), self.budget)
        inner._flat, inner._lead = True, self._column(start)
        self.budget.offset += start
        parts = tuple(inner._inside(Span(0, len(text)), depth))
        self.budget.offset -= start
        marks = [Span(a.end - start, b.start - start) for a, b in pairwise(piece.spans)]
        return tuple(moved(line, start) for part in parts for line in by_line(text, part, marks))

    def _quote(self, span: Span, parts: tuple[Part, ...]) -> Part:
        """A quote; in Obsidian's dialect one that begins with `[!kind]` is a callout."""
        first = parts[0].span if parts and self._ends.obsidian else None
        found = obsidian.callout(self.text, first) if first else None
        if not found:
            return Quote(span, parts)
        rest = tuple(part for part in parts if part.span.start >= found[1])
        return Container(span, CALLOUT, found[0], Span(found[1], span.end), rest)

    def _blanked(self, lines: Sequence[Span]) -> Iterable[str]:
        at = lines[0].start
        for line in lines:
            yield self.text[at : line.start].replace(">", " ")
            yield self._slice(line)
            at = line.end

    def _container(self, piece: Piece, depth: int) -> Container:
        name_span, arguments, inner = piece.spans
        name = self._slice(name_span).lower()
        # The lines lose the first one's indentation, whatever the block's is.
        first = dedented(self.text, inner, self._width)
        indent = len(self.text[first : inner.end]) - len(self.text[first : inner.end].lstrip(" \t"))
        self._width += indent
        parts = () if name in VERBATIM else tuple(self._inside(inner, depth))
        self._width -= indent
        return Container(piece.span, name, self._slice(arguments).strip(), inner, parts)

    def _table(self, span: Span, rows: Sequence[Span]) -> Iterable[Part]:
        """The table; rows beyond the limit are text below it."""
        cells: list[tuple[Cell, ...]] = []
        for row in rows:
            self.budget.cells -= 1 + self.text.count("|", *row)
            if self.budget.cells < 0:
                self.budget.stop_at(row.start, f"{MAX_CELLS:,} cells of tables")
                above = (Table(Span(span.start, row.start - 1), cells[0], tuple(cells[1:])),) if cells else ()
                return (*above, Prose(Span(row.start - 1, span.end), False, ()))
            cells.append(tuple(self._cell(cell) for cell in self._split(row)))
        return (Table(span, cells[0] if cells else (), tuple(cells[1:]), self._columns(span, rows)),)

    def _columns(self, span: Span, rows: Sequence[Span]) -> tuple[str, ...]:
        """How columns stand, by the colons of the first line that is no row; Logseq reads over these."""
        starts, ends = (span.start, *(row.end + 1 for row in rows)), (*(row.start - 1 for row in rows), span.end)
        lines = (self.text[start:end].strip().partition("\n")[0] for start, end in zip(starts, ends, strict=True))
        columns = map(str.strip, next(filter(None, lines), "").strip()[1:].split("|"))
        return tuple(_STANDS.get((one.startswith(":"), one.endswith(":")), "") for one in columns)

    def _split(self, row: Span) -> Iterable[Span]:
        start = row.start
        for piece in obsidian.cells(self._slice(row)) if self._ends.obsidian else self._slice(row).split("|"):
            left = len(piece) - len(piece.lstrip(_CELL_SPACE))
            yield span_of((start + left, max(start + left, start + len(piece.rstrip(_CELL_SPACE)))))
            start += len(piece) + 1

    def _cell(self, span: Span) -> Cell:
        return Cell(span, self._inline.scan(*span))

    def _fence(self, piece: Piece) -> Fence:
        span, (info, body) = piece.span, piece.spans
        width = len(self.text) if piece.flat or self._flat else self._width
        if self._ends.obsidian:  # as in CommonMark, lines lose as much as stands before the fence
            width = self._column(span.start)
        words = [
            Word(Span(info.start + m.start(), info.start + m.end()), m[0])
            for m in _WORDS.finditer(self._slice(info).rstrip())
        ]
        language = words[0] if words else Word(Span(info.start, info.start), "")
        lines: list[int] = []
        code: list[str] = []
        for m in _LINE.finditer(self.text, body.start, body.end):
            if m.end() > m.start():
                start = dedented(self.text, Span(*m.span()), width)
                lines.append(start)
                code.append(self.text[start : m.end()].replace("\r\n", "\n"))
        return Fence(span, language.text, language.span, tuple(words[1:]), "".join(code), tuple(lines), True)

    def _column(self, at: int) -> int:
        """The column of an offset; a quote's lines keep that of the quote's first word."""
        start = self.text.rfind("\n", 0, at) + 1
        return at - start + (0 if start else self._lead)

    # ---- properties

    def _property(self, pair: Pair, span: Span, *, ignored: bool) -> Property:
        raw = self._slice(pair.value)
        text = raw.strip(BLANKS)
        start = pair.value.start + len(raw) - len(raw.lstrip(BLANKS)) if text else pair.value.start
        value = Span(start, start + len(text))
        key = property_key(self._slice(pair.key))
        quoted = len(text) >= 2 and text[0] == text[-1] == '"' and not self._ends.obsidian
        nodes = () if quoted or pair.plain else self._inline.scan(*value, macros=False)
        links = tuple(node for node in nodes if isinstance(node, PageLink | Tag | Link | BlockLink | WikiLink))
        if self._ends.obsidian:
            names = tuple(obsidian.listed(self.text, value)) if key in _YAML_LISTS else ()
            return Property(
                span, _YAML_LISTS.get(key, key), pair.key, text, value, () if names else links, names, ignored, False
            )
        listed = key in ("alias", "aliases", "tags") or key in self._commas
        words = tuple(self._comma_words(value)) if listed and text and not quoted and self._is_prose(value) else ()
        invalid = not key or _BAD_KEY.search(key) is not None
        return Property(span, key, pair.key, text, value, links, words, ignored, invalid)

    def _is_prose(self, value: Span) -> bool:
        """Whether a value is running text if read as a note: Logseq looks for comma lists there only."""
        first = OutlineScanner(self.text, value, self._ends).pieces("top")[:1]
        return bool(first) and first[0].kind == "text"

    def _comma_words(self, value: Span) -> Iterable[Word]:
        """The bare names between the links and other nodes of a comma list."""
        at, nodes = value.start, self._inline.scan(*value)
        cuts = [
            (node.span.start, node.span.end) for node in nodes if not isinstance(node, Escape) or is_entity(node.text)
        ]
        for end, following in [*cuts, (value.end, value.end)]:
            for m in _COMMA_PIECE.finditer(self.text, at, end):
                word = m[0].strip(BLANKS)
                self.budget.nodes -= 1
                if self.budget.nodes <= 0:
                    self.budget.stop_at(m.start(), f"{MAX_NODES:,} links, formulas and other marks")
                    return
                if word:
                    start = m.start() + len(m[0]) - len(m[0].lstrip(BLANKS))
                    yield Word(Span(start, start + len(word)), plain(word))
            at = following

    def _slice(self, span: Span) -> str:
        return self.text[span.start : span.end]


def _with_heading(block: Block) -> Block:
    """`heading:: 2` makes a heading of a block as `##` does, `heading:: true` one of its depth."""
    if block.heading or block.mark == "pre":
        return block
    said = next((prop.text for prop in block.properties if prop.key == "heading" and not prop.ignored), "")
    rank = min(block.depth + 1, 6) if said == "true" else int(said) if said in ("1", "2", "3", "4", "5", "6") else 0
    return block._replace(heading=rank) if rank else block


def _ranked(stack: list[int], width: int) -> int:
    """Obsidian's depths: a heading holds what follows it up to one of its rank; lists nest below."""
    while stack and stack[-1] >= width:
        stack.pop()
    stack.append(width)
    return len(stack)


def _nested(stack: list[int], width: int) -> int:
    """Depths from indentation: deeper blocks are children, others siblings of their equal or of the nearest deeper."""
    at = bisect_left(stack, width)
    width = stack[at] if at < len(stack) else width
    del stack[at:]
    stack.append(width)
    return len(stack)
