"""From text to blocks: what each line begins, by the rules of Logseq's own parser.

The scanner walks from construct to construct. A construct may begin at a line's start or behind a bullet; some end in
the middle of a line, and what is left of the line is read on from there. Whatever opens and never closes (a fence, a
container, a formula) is text, and each kind of failed search is made once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kbtool.syntax.ends import Ends
from kbtool.syntax.pieces import Pair, Piece
from kbtool.values import Span

SPACES = r"[ \t\x1a\x0c]*"
_EOL = re.compile(r"[\r\n]+")
_REST = re.compile(r"[^\r\n]*")
_OPENING = re.compile(
    rf"""{SPACES}(?:
      (?P<bullet>-)(?=[\s]|\Z)
    | (?P<hash>\#+)(?=[\s]|\Z)
    | (?P<container>\#\+(?i:begin)_[^\s]+)
    | (?P<directive>\#\+[^:\r\n]+:)
    | (?P<fence>```|~~~)
    | (?P<math>\$\$)
    | (?P<rule>(?P<hr>[-*_])(?P=hr){{2,}}{SPACES}(?=[\r\n]|\Z))
    | (?P<table>\|[^\r\n]*\|{SPACES}(?=[\r\n]|\Z))
    | (?P<environment>\\(?i:begin)\{{[^}}]+\}})
    | (?P<quote>>)
    | (?P<html><)
    | (?P<hiccup>\[:)
    | (?P<footnote>\[\^[^\]\s]+\]:)
    | (?P<comment>\[//\]:[ ]\#)
    | (?P<drawer>:[^:\s]+:)(?={SPACES}[\r\n])
    | (?P<property>[^:\s]+::(?:[ ]|{SPACES}(?=[\r\n]|\Z)))
    | (?P<item>(?:[*+]|\d+\.)[ \t]+)
    )""",
    re.VERBOSE,
)
_BULLET_HEADING = re.compile(r"[ \t]*(#+)(?=\s|\Z)")
_MARKER = re.compile(r"[ \t]+(TODO|DOING|WAITING|WAIT|DONE|CANCELED|CANCELLED|STARTED|IN-PROGRESS|NOW|LATER)(?=[ ]|\Z)")
_PRIORITY = re.compile(r"[ \t]+\[#([^\r\n])\]")
_TITLE_SPACE = re.compile(r"[ \t\x1a\x0c]+")
_FENCE_CLOSE = re.compile(r"^[^\S\n]*(?:```|~~~)[^\r\n]*", re.MULTILINE)
_QUOTE_LINE = re.compile(rf"{SPACES}(>?){SPACES}([^\r\n]*)(\r?\n|\Z)")
_QUOTE_STOP = re.compile(r"- |# |id:: |-\Z|#\Z")
_FOOTNOTE_LINE = re.compile(rf"{SPACES}+[^\r\n\-*#\[][^\r\n]+(?:\r?\n|\Z)")
_DRAWER_CLOSE = re.compile(r"^[^\S\n]*:end:[^\S\n]*$", re.MULTILINE | re.IGNORECASE)
_DRAWER_PROPERTY = re.compile(rf"{SPACES}:([^:\s]+):{SPACES}([^\r\n]*)(?:\r?\n|\Z)")
_PROPERTY_LINE = re.compile(rf"{SPACES}([^:\s]+)::(?: {SPACES}([^\r\n]*)|{SPACES})(?:\r?\n|\Z)")
_SEPARATOR = re.compile(rf"{SPACES}\|[-+|: ]+{SPACES}(?=\r?\n)")
_ROW = re.compile(rf"{SPACES}\|([^\r\n]+)(?:\r?\n|\Z)")
_FRONT_MATTER = re.compile(r"---\r?\n((?:(?!---)[\s\S])+)---")
_FRONT_LINES = re.compile(r"(?:[^:\r\n]+:[^\r\n]*\r?\n)+")
_FRONT_LINE = re.compile(r"([^:\r\n]+):([ \t]*)([^\r\n]*)")


def scan(text: str, ends: Ends) -> list[Piece]:
    """All constructs of a note, in order."""
    return OutlineScanner(text, Span(0, len(text)), ends).pieces(blocks=True)


class OutlineScanner:
    """Walks over text[start:end]; inside quotes and containers no blocks begin (`blocks=False`)."""

    __slots__ = ("_absent", "_ends", "_out", "_run", "_run_kind", "at", "end", "text")

    def __init__(self, text: str, span: Span, ends: Ends) -> None:
        self.text, (self.at, self.end) = text, span
        self._ends = ends
        self._out: list[Piece] = []
        self._run = -1  # where the paragraph that is being gathered begins
        self._run_kind = "text"
        self._absent: dict[str, int] = {}

    def pieces(self, *, blocks: bool) -> list[Piece]:
        """The constructs from here to the end."""
        if blocks and self.at == 0 and self.text.startswith("---"):
            self._front_matter()
        while self.at < self.end:
            self._construct(blocks)
        self._close_run(self.end)
        return self._out

    def _construct(self, blocks: bool) -> None:
        text, start = self.text, self.at
        if text[start] in "\r\n":
            m = _EOL.match(text, start, self.end)
            self.at = m.end() if m else start + 1
            return
        m = _OPENING.match(text, start, self.end)
        kind = m.lastgroup if m else None
        if m and kind in ("bullet", "hash"):
            if blocks:
                self._block(m, kind)
                return
        elif m and kind == "item":
            self._line("item")
            return
        elif m and kind:
            piece = _READERS[kind](self, m)
            if piece is not None:
                self._emit(piece, start)
                return
        self._line("text")

    def _line(self, kind: str) -> None:
        """The rest of the line is running text, part of the paragraph that is being gathered."""
        if kind == "item" or self._run < 0:
            self._close_run(self.at)
            self._run, self._run_kind = self.at, kind
        m = _REST.match(self.text, self.at, self.end)
        self.at = m.end() if m else self.end

    def _close_run(self, end: int) -> None:
        if self._run >= 0:
            start, self._run = self._run, -1
            trimmed = len(self.text[start:end].rstrip("\r\n"))
            self._out.append(Piece(self._run_kind, Span(start, start + trimmed)))

    def _emit(self, piece: Piece, start: int) -> None:
        self._close_run(start)
        self._out.append(piece)
        self.at = max(piece.span.end, start + 1)

    # ---- blocks

    def _block(self, m: re.Match[str], kind: str) -> None:
        text = self.text
        self._close_run(m.start())
        at, size = m.end(), len(m[kind]) if kind == "hash" else 0
        heading = _BULLET_HEADING.match(text, at, self.end) if kind == "bullet" else None
        if heading:
            at, size = heading.end(), len(heading[1])
        marker = _MARKER.match(text, at, self.end)
        at = marker.end() if marker else at
        priority = _PRIORITY.match(text, at, self.end)
        at = priority.end() if priority else at
        self._out.append(
            Piece(
                kind,
                Span(m.start(kind), at),
                (Span(m.start(), m.start(kind)),),
                heading=size,
                marker=marker[1] if marker else "",
                priority=priority[1] if priority else "",
            )
        )
        self._title(at)

    def _title(self, at: int) -> None:
        """The rest of a block's first line: running text, unless another construct begins there."""
        text = self.text
        space = _TITLE_SPACE.match(text, at, self.end)
        self.at = at
        if not space or space.end() >= self.end or text[space.end()] in "\r\n":
            self.at = space.end() if space else at
            self._skip_line_end()
            return
        self.at = space.end()
        m = _OPENING.match(text, self.at, self.end)
        kind = m.lastgroup if m else None
        if m and kind not in ("bullet", "hash", "item", "hiccup", "comment", None):
            piece = _READERS[str(kind)](self, m)
            if piece is not None:
                self._out.append(piece)
                self.at = max(piece.span.end, self.at)
                return
        rest = _REST.match(text, self.at, self.end)
        end = rest.end() if rest else self.end
        self._out.append(Piece("title", Span(self.at, end)))
        self.at = end
        self._skip_line_end()

    def _skip_line_end(self) -> None:
        if self.text.startswith("\r\n", self.at):
            self.at += 2
        elif self.at < self.end and self.text[self.at] in "\r\n":
            self.at += 1

    # ---- constructs; each returns None when what opens does not close

    def _fence(self, m: re.Match[str]) -> Piece | None:
        """Spans: info string, code lines."""
        info_end = self._line_end(m.end())
        body = self._next_line(info_end)
        close = self._search("fence", _FENCE_CLOSE, body) if body > info_end else None
        if close is None:
            return None
        return Piece(
            "fence",
            Span(m.start("fence"), close.end()),
            (Span(m.end(), info_end), Span(body, close.start())),
        )

    def _math(self, m: re.Match[str]) -> Piece | None:
        """Spans: the formula."""
        close = self._find("$$", m.end())
        if close < 0 or close == m.end():
            return None
        return Piece("math", Span(m.start("math"), close + 2), (Span(m.end(), close),))

    def _environment(self, m: re.Match[str]) -> Piece | None:
        """Spans: the whole environment."""
        close = self._ends.environment(m["environment"][7:-1], m.end(), self.end)
        if close is None:
            return None
        span = Span(m.start("environment"), close.end)
        return Piece("environment", span, (span,))

    def _container(self, m: re.Match[str]) -> Piece | None:
        """Spans: name, arguments, lines between."""
        name = Span(m.start("container") + 8, m.end())
        head_end = self._line_end(m.end())
        body = self._next_line(head_end)
        close = self._ends.container(self.text[name.start : name.end], body, self.end)
        if close is None:
            return None
        spans = (name, Span(m.end(), head_end), Span(body, max(body, close.start)))
        return Piece("container", Span(m.start("container"), close.end), spans)

    def _quote(self, m: re.Match[str]) -> Piece | None:
        """Spans: the text of each line behind its `>`."""
        lines: list[Span] = []
        at = m.start()
        while at < self.end:
            line = _QUOTE_LINE.match(self.text, at, self.end)
            if not line or (not line[2] and not line[1]) or _QUOTE_STOP.match(line[2]):
                break
            lines.append(Span(*line.span(2)))
            at = line.end()
        if not lines:
            return None
        return Piece("quote", Span(m.start("quote"), at), tuple(lines))

    def _html(self, m: re.Match[str]) -> Piece | None:
        close = self._ends.tags.end(m.start("html"), self.end)
        return Piece("html", Span(m.start("html"), close)) if close > 0 else None

    def _hiccup(self, m: re.Match[str]) -> Piece | None:
        close = self._ends.tags.hiccup_end(m.start("hiccup"), self.end)
        return Piece("hiccup", Span(m.start("hiccup"), close)) if close > 0 else None

    def _table(self, m: re.Match[str]) -> Piece | None:
        """Spans: the inside of each row, outer bars left out; separators are not among them."""
        rows: list[Span] = []
        at = m.start()
        while at < self.end:
            separator = _SEPARATOR.match(self.text, at, self.end)
            row = None if separator else _ROW.match(self.text, at, self.end)
            if separator:
                at = self._next_line(separator.end())
            elif row and row[1].rstrip().endswith("|"):
                start = row.start(1)
                rows.append(Span(start, start + len(row[1].rstrip()) - 1))
                at = row.end()
            else:
                break
        return Piece("table", Span(m.start("table"), at), tuple(rows)) if rows or at > m.start() else None

    def _rule(self, m: re.Match[str]) -> Piece:
        return Piece("rule", Span(m.start("rule"), m.end()))

    def _footnote(self, m: re.Match[str]) -> Piece | None:
        """Spans: name, text."""
        at = m.end()
        while at < self.end:
            line = _FOOTNOTE_LINE.match(self.text, at, self.end)
            if not line:
                break
            at = line.end()
        if at == m.end():
            return None
        name = Span(m.start("footnote") + 2, m.end() - 2)
        return Piece("footnote", Span(m.start("footnote"), at), (name, Span(m.end(), at)))

    def _comment(self, m: re.Match[str]) -> Piece:
        return Piece("drawer", Span(m.start("comment"), self._line_end(m.end())))

    def _drawer(self, m: re.Match[str]) -> Piece | None:
        """Properties of `:PROPERTIES:` as pairs; any other drawer is opaque. Spans: name."""
        name = Span(m.start("drawer") + 1, m.end("drawer") - 1)
        at = self._next_line(self._line_end(m.end()))
        if self.text[name.start : name.end].lower() == "properties":
            pairs: list[Pair] = []
            line = _DRAWER_PROPERTY.match(self.text, at, self.end)
            while line and line[1].lower() != "end":
                pairs.append(Pair(Span(*line.span(1)), Span(*line.span(2))))
                at = line.end()
                line = _DRAWER_PROPERTY.match(self.text, at, self.end)
            if line:
                return Piece("properties", Span(m.start("drawer"), line.end()), (), tuple(pairs))
        close = self._search("drawer", _DRAWER_CLOSE, at)
        return Piece("drawer", Span(m.start("drawer"), close.end()), (name,)) if close else None

    def _property(self, m: re.Match[str]) -> Piece | None:
        """Pairs: key and value of each line of the run."""
        pairs: list[Pair] = []
        at = m.start()
        line = _PROPERTY_LINE.match(self.text, at, self.end)
        while line:
            value = Span(*line.span(2)) if line[2] is not None else Span(line.end(1) + 2, line.end(1) + 2)
            pairs.append(Pair(Span(*line.span(1)), value))
            at = line.end()
            line = _PROPERTY_LINE.match(self.text, at, self.end)
        return Piece("properties", Span(m.start("property"), at), (), tuple(pairs)) if pairs else None

    def _directive(self, m: re.Match[str]) -> Piece:
        key = Span(m.start("directive") + 2, m.end() - 1)
        end = self._line_end(m.end())
        return Piece("directive", Span(m.start("directive"), end), (), (Pair(key, Span(m.end(), end)),))

    def _front_matter(self) -> None:
        m = _FRONT_MATTER.match(self.text)
        if not m:
            return
        # One line that is no `key: value` (a list, a comment) makes Logseq drop the whole of it.
        readable = _FRONT_LINES.fullmatch(self.text, m.start(1), m.end(1))
        lines = _FRONT_LINE.finditer(self.text, m.start(1), m.end(1)) if readable else ()
        pairs = tuple(Pair(Span(*line.span(1)), Span(*line.span(3))) for line in lines)
        self._out.append(Piece("directive", Span(0, m.end()), (), pairs))
        self.at = m.end()

    # ---- helpers

    def _line_end(self, at: int) -> int:
        m = _REST.match(self.text, at, self.end)
        return m.end() if m else self.end

    def _next_line(self, at: int) -> int:
        if self.text.startswith("\r\n", at):
            return at + 2
        return at + 1 if at < self.end else at

    def _find(self, mark: str, at: int) -> int:
        if self._absent.get(mark, self.end) <= at:
            return -1
        found = self.text.find(mark, at, self.end)
        if found < 0:
            self._absent[mark] = at
        return found

    def _search(self, key: str, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        if self._absent.get(key, self.end + 1) <= at:
            return None
        found = pattern.search(self.text, at, self.end)
        if not found:
            self._absent[key] = at
        return found


_READERS: Mapping[str, Callable[[OutlineScanner, re.Match[str]], Piece | None]] = {
    "container": OutlineScanner._container,
    "directive": OutlineScanner._directive,
    "fence": OutlineScanner._fence,
    "math": OutlineScanner._math,
    "rule": OutlineScanner._rule,
    "table": OutlineScanner._table,
    "environment": OutlineScanner._environment,
    "quote": OutlineScanner._quote,
    "html": OutlineScanner._html,
    "hiccup": OutlineScanner._hiccup,
    "footnote": OutlineScanner._footnote,
    "comment": OutlineScanner._comment,
    "drawer": OutlineScanner._drawer,
    "property": OutlineScanner._property,
}
