"""From text to blocks: what each line begins, by the rules of Logseq's own parser.

The scanner walks from construct to construct. A construct may begin at a line's start or behind a bullet; some end in
the middle of a line, and what is left of the line is read on from there. Whatever opens and never closes (a fence, a
container, a formula) is text, and each kind of failed search is made once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from kbtool.patterns import regex
from kbtool.syntax import drawers, lists, obsidian
from kbtool.syntax.ends import Ends
from kbtool.syntax.limits import MAX_BLOCKS
from kbtool.syntax.pieces import SPACES, Piece, piece_of
from kbtool.values import Span, span_of

Place: TypeAlias = Literal["top", "container", "item", "container's item"]

_EOL = regex(r"[\r\n]+")
_REST = regex(r"[^\r\n]*")
_TRIMMED = r"[ \t\r\x0c]*"
_WHITE = r"[ \t\n\r\x0c]"
_BULLET = rf"(?P<bullet>-)(?={_WHITE}|\Z|\#+(?:{_WHITE}|\Z))|(?P<hash>\#+)(?={_WHITE}|\Z)"
_TABLE = rf"(?P<table>\|[^\r\n]*\|{_TRIMMED}(?=[\r\n]|\Z))"
_CONSTRUCTS = r"""(?P<environment>\\(?i:begin)\{[^}]{1,64}\})
    | (?P<container>\#\+(?i:begin)_[^ \t\x1a\x0c\r\n]+)
    | (?P<quote>>)
    | (?P<fence>```|~~~)
    | (?P<math>\$\$)
    | (?P<html><)
    | (?P<hiccup>\[:)"""
_LAST = rf"""(?P<rule>(?P<hr>[-*_])(?P=hr){{2,}}{SPACES}(?=\r?\n|\Z))
    | (?P<comment>\[//\]:[ ]\#{SPACES}(?=[^\r\n]))"""
_SETTINGS = r"(?P<directive>\#\+(?!BEGIN_|begin_)[^:\r\n]+:)"
_ITEM = r"(?P<item>(?:[*+]|\d+\.)[ \t\x1a\x0c])"
# What may begin at a line's start, in the order in which Logseq's parser tries; a named group for each construct.
_AT_TOP = regex(
    rf"""{SPACES}(?:{_BULLET}
    | {_SETTINGS}
    | (?P<property>[^: \t\x1a\x0c\r\n]{{1,400}}::(?:[ ]|{SPACES}(?=\r?\n|\Z))|\#\+(?i:begin)_[^: \t\x1a\x0c\r\n]*:)
    | (?P<drawer>:[^: \r\n]+:(?=\r?\n))
    | {_TABLE} | {_CONSTRUCTS}
    | (?P<footnote>\[\^[^\] \t\x1a\x0c\r\n]{{1,200}}\]:)
    | {_ITEM} | {_LAST})""",
    re.VERBOSE,
)
_IN_CONTAINER = regex(rf"{SPACES}(?:{_SETTINGS}|{_TABLE}|{_ITEM}|{_CONSTRUCTS}|{_LAST})", re.VERBOSE)
_IN_CONTAINERS_ITEM = regex(rf"{SPACES}(?:{_SETTINGS}|{_TABLE}|{_CONSTRUCTS}|{_LAST})", re.VERBOSE)
_IN_ITEM = regex(rf"{SPACES}(?:{_TABLE}|{_CONSTRUCTS}|{_LAST})", re.VERBOSE)
_OPENINGS: Mapping[Place, re.Pattern[str]] = {
    "top": _AT_TOP,
    "container": _IN_CONTAINER,
    "item": _IN_ITEM,
    "container's item": _IN_CONTAINERS_ITEM,
}
_NOT_BEHIND_BULLET = frozenset({"bullet", "hash", "item", "hiccup", "comment"})
_DEFINITION = regex(rf"\n{SPACES}:[ \t\x1a\x0c]")
_TASK = r"""(?:[ \t\x1a\x0c]+
      (?P<marker>TODO|DOING|WAITING|WAIT|DONE|CANCELED|CANCELLED|STARTED|IN-PROGRESS|NOW|LATER)(?=[ ]|\Z))?
    (?:[ \t\x1a\x0c]+\[\#(?P<priority>[\x00-\x7f])\])?"""
_HEAD: Mapping[str, re.Pattern[str]] = {
    "bullet": regex(rf"(?:{SPACES}(?P<size>\#+)(?={_WHITE}|\Z))?{_TASK}", re.VERBOSE),
    "hash": regex(rf"(?P<size>){_TASK}", re.VERBOSE),
}
_BLANK = regex(r"[ \t\x1a\x0c]")
# What begins with a letter or a digit is no construct, unless it is a property: so most titles are read.
_WORDS = regex(r"[ \t\x1a\x0c]+([^\W_][^:\r\n]*+(?::(?!:)[^:\r\n]*+)*+)(?:\r\n|[\r\n]|\Z)")
_TITLE_SPACE = regex(r"[ \t\x1a\x0c]+")
_FENCE_CLOSE = regex(rf"^{_TRIMMED}(?:```|~~~)[^\r\n]*", re.MULTILINE)
_QUOTE_EMPTY = regex(rf"{SPACES}>{SPACES}(\r?\n)(?:\r?\n)?")
_QUOTE_LINE = regex(rf"{SPACES}>?+{SPACES}([^\r\n]+)(?:\r?\n)?")
_QUOTE_STOP = regex(r"- |# |(?i:id):: |-(?=[\r\n]|\Z)|#(?=[\r\n]|\Z)")
_FOOTNOTE_LINE = regex(rf"{SPACES}(?:[^\r\n\-*#\[][^\r\n]+|[^\x00-\x7f])(?:\r?\n|\Z)")
_DRAWER_CLOSE = regex(rf"^{_TRIMMED}:end:{_TRIMMED}$", re.MULTILINE | re.IGNORECASE)
_SEPARATOR = regex(rf"{SPACES}\|[-+|: ]+{SPACES}(?=\r?\n)")
_ROW = regex(rf"{SPACES}\|([^\r\n]+)(?:\r?\n|\Z)")


def scan(text: str, ends: Ends) -> list[Piece]:
    """All constructs of a note, in order."""
    return OutlineScanner(text, Span(0, len(text)), ends).pieces("top")


class OutlineScanner:
    """Walks over a stretch of a text. Blocks, properties and drawers begin at the top only."""

    __slots__ = ("_absent", "_definitions", "_ends", "_opening", "_out", "_run", "at", "end", "text")

    def __init__(self, text: str, span: Span, ends: Ends) -> None:
        self.text, (self.at, self.end) = text, span
        self._ends = ends
        self._out: list[Piece] = []
        self._run = -1  # where the paragraph that is being gathered begins
        self._absent: dict[str, int] = {}
        self._opening = _AT_TOP
        self._definitions = False

    def pieces(self, place: Place) -> list[Piece]:
        """The constructs from here to the end."""
        self._opening = _OPENINGS[place]
        self._definitions = (
            place in ("top", "container") and _DEFINITION.search(self.text, self.at, self.end) is not None
        )
        read = obsidian.front_matter if self._ends.obsidian else drawers.front_matter
        front = read(self.text) if place == "top" and self.at == 0 else None
        if front:
            self._emit(front, 0)
        while self.at < self.end and len(self._out) < MAX_BLOCKS:
            self._construct()
        # What is left when there are too many is text.
        self._run = self.at if self._run < 0 and self.at < self.end else self._run
        self._close_run(self.end)
        return self._out

    def _construct(self) -> None:
        text, start = self.text, self.at
        if text[start] in "\r\n":
            m = _EOL.match(text, start, self.end)
            self.at = m.end() if m else start + 1
            return
        if self._ends.obsidian and text.startswith("%%", start) and (close := self._find("%%", start + 2)) >= 0:
            self._emit(Piece("drawer", Span(start, close + 2)), start)
            return
        m = self._opening.match(text, start, self.end)
        kind = m.lastgroup if m else None
        if m and kind in ("bullet", "hash"):
            self._block(m, kind)
            return
        if m and kind and kind not in ("item", "rule", "comment"):
            piece = _READERS[kind](self, m)
            if piece is not None:
                self._emit(piece, start)
                return
        if self._list(kind == "item"):
            return
        if m and kind in ("rule", "comment"):
            self._emit(
                Piece("rule" if kind == "rule" else "drawer", Span(m.start(kind), self._line_end(m.end()))), start
            )
            return
        self._run = start if self._run < 0 else self._run
        self.at = self._line_end(start)

    def _list(self, item: bool) -> bool:
        """Reads a list or definitions, if some begin here; each line's text is scanned for what it holds."""
        found: list[lists.Item] = []
        behind = -1
        if item:
            found, behind = lists.list_at(self.text, self.at, self.end)
        if behind < 0 and self._definitions:
            found, behind = lists.definition_at(self.text, self.at, self.end)
            item = False
        if behind < 0:
            return False
        self._close_run(self.at)
        for each in found:
            self._item(each, item)
        self.at = behind
        return True

    def _item(self, item: lists.Item, constructs: bool) -> None:
        """The text behind an item's mark is one with it; other constructs stand for themselves."""
        content = Span(item.content, item.end)
        place: Place = "item" if self._opening is _AT_TOP else "container's item"
        inner = OutlineScanner(self.text, content, self._ends).pieces(place) if constructs else ()
        plain = not constructs or (inner and inner[0].kind == "text")
        end = inner[0].span.end if inner and plain else item.end if plain else item.content
        trimmed = item.start + len(self.text[item.start : end].rstrip("\r\n"))
        self._out.append(Piece("item", Span(item.start, trimmed), (Span(item.content, max(item.content, trimmed)),)))
        self._out.extend(piece._replace(flat=True) for piece in (inner[1:] if plain else inner))

    def _close_run(self, end: int) -> None:
        if self._run >= 0:
            start, self._run = self._run, -1
            trimmed = len(self.text[start:end].rstrip("\r\n"))
            self._out.append(piece_of(("text", span_of((start, start + trimmed)), (), (), 0, "", "", False)))

    def _emit(self, piece: Piece, start: int) -> None:
        self._close_run(start)
        self._out.append(piece)
        self.at = max(piece.span.end, start + 1)

    # ---- blocks

    def _block(self, m: re.Match[str], kind: str) -> None:
        text = self.text
        start, mark = m.start(), m.start(kind)
        if self._run >= 0:
            self._close_run(start)
        head = _HEAD[kind].match(text, m.end(), self.end)
        size, marker, priority = head.group("size", "marker", "priority") if head else (None, None, None)
        at = head.end() if head else m.end()
        heading = len(m[kind] if kind == "hash" else size or "")
        spans = (span_of((start, mark)),)
        self._out.append(piece_of((kind, span_of((mark, at)), spans, (), heading, marker or "", priority or "", False)))
        self._title(at)

    def _title(self, at: int) -> None:
        """The rest of a block's first line: running text, unless another construct begins there."""
        text = self.text
        words = _WORDS.match(text, at, self.end)
        if words:
            self._out.append(piece_of(("title", span_of(words.span(1)), (), (), 0, "", "", False)))
            self.at = words.end()
            return
        space = _TITLE_SPACE.match(text, at, self.end)
        self.at = at
        if not space or space.end() >= self.end or text[space.end()] in "\r\n":
            self.at = space.end() if space else at
            self._skip_line_end()
            return
        self.at = space.end()
        m = self._opening.match(text, self.at, self.end)
        kind = m.lastgroup if m else None
        if m and kind and kind not in _NOT_BEHIND_BULLET and not (kind == "directive" and _BLANK.search(m[0].lstrip())):
            piece = self._rule(m) if kind == "rule" else _READERS[kind](self, m)
            if piece is not None:
                self._out.append(piece)
                self.at = max(piece.span.end, self.at)
                return
        end = self._line_end(self.at)
        self._out.append(piece_of(("title", span_of((self.at, end)), (), (), 0, "", "", False)))
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
        if self._ends.obsidian:
            return obsidian.fence(self.text, m.start("fence"), self.end)
        info_end = self._line_end(m.end())
        body = self._next_line(info_end)
        close = self._search("fence", _FENCE_CLOSE, body) if body > info_end else None
        if close is None:
            return None
        spans = (Span(m.end(), info_end), Span(body, close.start()))
        return Piece("fence", Span(m.start("fence"), close.end()), spans)

    def _math(self, m: re.Match[str]) -> Piece | None:
        """Spans: the formula."""
        close = self._find("$$", m.end())
        return Piece("math", Span(m.start("math"), close + 2), (Span(m.end(), close),)) if close >= 0 else None

    def _environment(self, m: re.Match[str]) -> Piece | None:
        """Spans: the whole environment; one that never ends goes on to the end of the text, as in Logseq."""
        name = m["environment"][7:-1]
        close = self._ends.environment(name, m.end(), self.end)
        if close is None:
            # A backslash with fewer bytes behind it than the end mark has makes Logseq give up.
            room = len(name.encode("utf-8", "surrogatepass")) + len("\\end{}")
            tail = self.text[max(m.end(), self.end - room) : self.end].encode("utf-8", "surrogatepass")
            if b"\\" in tail[1 - room :]:
                return None
        span = Span(m.start("environment"), close.end if close else self.end)
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
        at = m.end()
        while at < self.end:
            line = _QUOTE_EMPTY.match(self.text, at, self.end) or _QUOTE_LINE.match(self.text, at, self.end)
            if not line or self._stops_quote(line, lines):
                break
            lines.append(Span(*line.span(1)))
            at = line.end()
        return Piece("quote", Span(m.start("quote"), at), tuple(lines)) if lines else None

    def _stops_quote(self, line: re.Match[str], before: list[Span]) -> bool:
        if self._ends.obsidian:
            return bool(before) and obsidian.ends_quote(self.text, line.start(), line.end())
        return _QUOTE_STOP.match(self.text, line.start(1), line.end(1)) is not None

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
            elif row and row[1].rstrip(" \t\r\x0c").endswith("|"):
                start = row.start(1)
                rows.append(Span(start, start + len(row[1].rstrip(" \t\r\x0c")) - 1))
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

    def _drawer(self, m: re.Match[str]) -> Piece | None:
        """Properties of `:PROPERTIES:` as pairs; any other drawer is opaque. Spans: name."""
        properties = drawers.properties_at(self.text, Span(m.start(), self.end), self._absent)
        if properties:
            return properties
        close = self._search("drawer", _DRAWER_CLOSE, self._next_line(m.end()))
        name = Span(m.start("drawer") + 1, m.end("drawer") - 1)
        return Piece("drawer", Span(m.start("drawer"), close.end()), (name,)) if close else None

    def _property(self, m: re.Match[str]) -> Piece | None:
        """Pairs: key and value of each line of the run."""
        return drawers.properties_at(self.text, Span(m.start(), self.end), self._absent)

    def _directive(self, m: re.Match[str]) -> Piece | None:
        return drawers.directive_at(self.text, m.start(), self.end)

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
    "table": OutlineScanner._table,
    "environment": OutlineScanner._environment,
    "quote": OutlineScanner._quote,
    "html": OutlineScanner._html,
    "hiccup": OutlineScanner._hiccup,
    "footnote": OutlineScanner._footnote,
    "drawer": OutlineScanner._drawer,
    "property": OutlineScanner._property,
}
