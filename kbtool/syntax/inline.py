"""What runs inside a line: links, tags, code, formulas, macros, emphasis, in the grammar of Logseq's own parser.

The scanner looks only where a node can begin: at a delimiter, or at the start of a word (the grammar knows `((`, `{{`,
`<`, URLs and timestamps only there). Every search that can fail over a long distance is remembered, so that no input
takes more than linear time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from kbtool.patterns import regex
from kbtool.syntax import html, links, obsidian, val
from kbtool.syntax.emphasis import ANY_CODE, BESIDE_UNDERSCORE, MARKS, NOWHERE, WHITE, closing_mark
from kbtool.syntax.limits import MAX_NODES, Budget
from kbtool.syntax.lookups import Lookups
from kbtool.syntax.tree import (
    BlockLink,
    Code,
    Emphasis,
    EmphasisKind,
    Escape,
    Footnote,
    Html,
    Inline,
    Math,
    Timestamp,
)
from kbtool.values import Span, span_of

_DELIMITER = r"[\\_^\[*~`=$#]"
_WORD_START = r"\(\(|\{\{|!\[|@@|<|[ABE-RT-Zabe-rt-z0-9][A-Za-z0-9]*+://|(?i:scheduled|deadline):|[Cc]LOSED:|[Cc]LOCK:"
_CANDIDATE = regex(rf"{_DELIMITER}|(?<![^ \t\x1a\x0c\r\n\\_^\[*~`=$#])(?:{_WORD_START})")
_CANDIDATE_OF_OBSIDIAN = regex(rf"%%|!\[\[|{_CANDIDATE.pattern}")
_AT_WORD_START = regex(_WORD_START)
# Most stretches hold nothing that begins at a word's start: then there is no need to look behind each character.
_MAY_OPEN_WORD = regex(r"\(\(|\{\{|!\[|@@|<|:(?://|(?<=[DEKdek]:))")
_CANDIDATE_IN_WORDS = regex(_DELIMITER)
# Inside emphasis and link labels only these begin a node.
_CANDIDATE_IN_EMPHASIS = regex(r"[\\_^\[*~=]")
_CANDIDATE_IN_LABEL = regex(r"[\\_^*~=$`]")

_CODE = regex(r"`[^`\r\n]+`")
_TEX = regex(r"\$\$(?P<block>[^$\r\n]*)\$\$|\$(?P<line>[^ $](?:[^$\r\n]*[^$\r\n (\[{])?)\$")
_ESCAPE = regex(r"\\(?:([!-/:-@\[-`{-~])|([A-Za-z]+)(?:\{\})?)")
_SCRIPT = regex(r"[_^]\{([^}\r\n]+)\}")
_TAG_STEP = regex(r"[^ \t\x1a\x0c\r\n,;.!?'\":#\[]+|(?![,;.!?'\":#]*(?:[ \t\x1a\x0c\r\n]|\Z))[^#,!?'\":]")
_FOOTNOTE = regex(r"\[\^([^\] \t\x1a\x0c\r\n]{1,200})\]")
_BLOCK_LINK = regex(r"\(\(([^)]+)\)\)")
_MACRO = regex(r"\{\{\{([^}\r\n]+)\}\}\}|\{\{([^}\r\n]+)\}\}")
_SNIPPET = regex(r"@@[^\s:]{1,60}: [^@\r\n]+@@")
_MOMENT = r"\d{1,6}-\d{1,6}-\d{1,6}[^ \t\x1a\x0cCLOSE]{0,40} [A-Za-z]{1,40}(?: [^ \t\x1a\x0cCLOSE]{1,80}){0,2}"
_DATE = "(?:<" + _MOMENT.replace("CLOSE", ">") + r">|\[" + _MOMENT.replace("CLOSE", r"\]") + r"\])"
_TIMESTAMP = regex(rf"(?:([A-Za-z]{{1,20}}):[ \t]+)?({_DATE})(--{_DATE})?")
_STAMP_WORD = regex(r"(?i:scheduled|deadline):|[Cc]LOSED:|[Cc]LOCK:")
_INNER_CODE = regex(ANY_CODE)
# Where each pattern that reads on to a closing mark has to stop.
_STOPS: Mapping[re.Pattern[str], re.Pattern[str]] = {
    _MACRO: regex(r"[}\r\n]"),
    _SCRIPT: regex(r"[}\r\n]"),
    _BLOCK_LINK: regex(r"\)"),
}
_Search: TypeAlias = Callable[[str, int, int], re.Match[str] | None]
# Deeper emphasis is read as text: no author means it, and recursion must end.
_MAX_EMPHASIS = 40


class InlineScanner:
    """Scans stretches of one text; keeps what it learned about where closing marks are missing."""

    __slots__ = ("_budget", "_candidate", "_last_plain", "_look", "_macros", "_obsidian", "_tags", "_vals", "text")

    def __init__(self, text: str, tags: html.TagMatcher, budget: Budget, *, obsidian: bool = False) -> None:
        self.text = text
        self._budget = budget
        self._obsidian = obsidian
        self._candidate = _CANDIDATE_OF_OBSIDIAN if obsidian else _CANDIDATE
        self._last_plain = ""
        self._macros = True
        self._look = Lookups(text, 0)
        self._tags = tags
        self._vals = val.may_hold(text)

    def scan(self, start: int, end: int, *, macros: bool = True) -> tuple[Inline, ...]:
        """The nodes of text[start:end]; a property's value holds no macros."""
        text = self.text
        self._macros = macros
        words = self._obsidian or _MAY_OPEN_WORD.search(text, start, end) is not None
        search = self._candidate.search if words else _CANDIDATE_IN_WORDS.search
        found = (_AT_WORD_START.match(text, start, end) if words else None) or search(text, start, end)
        if not found or self._budget.nodes <= 0:
            return ()
        self._look = Lookups(text, end)
        self._last_plain = ""
        nodes = self._nodes(start, found, search, words=words)
        return val.folded(text, Span(start, end), nodes) if self._vals and macros else tuple(nodes)

    def _nodes(self, at: int, found: re.Match[str] | None, search: _Search, *, words: bool) -> list[Inline]:
        text, end = self.text, self._look.end
        nodes: list[Inline] = []
        while found:
            here = found.start()
            if here > at:
                self._last_plain = text[here - 1]
            node = self._node(here)
            if node is not None:
                nodes.append(node)
                at = node.span.end
                if self._spent(at):
                    break
                if type(node) is Escape and not text[at - 1].isalnum() and text[at - 1] != "}":
                    self._last_plain = text[at - 1]
                found = (_AT_WORD_START.match(text, at, end) if words else None) or search(text, at, end)
            else:
                self._last_plain = text[here]
                at = here + 1
                found = search(text, at, end)
        return nodes

    def _spent(self, at: int) -> bool:
        """Whether this node was the last that the note may have."""
        self._budget.nodes -= 1
        if self._budget.nodes <= 0:
            self._budget.stop_at(at, f"{MAX_NODES:,} links, formulas and other marks")
        return self._budget.nodes <= 0

    def _node(self, at: int) -> Inline | None:
        if self._obsidian and obsidian.begins(self.text, at):
            return obsidian.node_at(self.text, at, self._look.end) or self._unless_taken(at)
        handler = _HANDLERS.get(self.text[at])
        if handler is not None:
            return handler(self, at)
        if _STAMP_WORD.match(self.text, at, self._look.end):
            return self._timestamp(at)
        return links.bare_url(self.text, at, self._look.end)

    def _unless_taken(self, at: int) -> Inline | None:
        """`^` may still be a mark; `#` and double brackets mean nothing else to Obsidian."""
        return self._emphasis_or_script(at) if self.text[at] == "^" else None

    # ---- one method per first character

    def _emphasis_or_script(self, at: int) -> Inline | None:
        return self.emphasis(at, self._last_plain, 0) or self._script(at)

    def _script(self, at: int) -> Inline | None:
        m = self._match(_SCRIPT, at)
        if not m:
            return None
        kind: EmphasisKind = "sub" if self.text[at] == "_" else "sup"
        return Emphasis(Span(at, m.end()), kind, Span(*m.span(1)), ())

    def _backslash(self, at: int) -> Inline | None:
        follower = self.text[at + 1 : at + 2]
        if follower in ("(", "[") and not self._obsidian:
            closing = "\\)" if follower == "(" else "\\]"
            close = self._look.find(closing, at + 2)
            if close >= 0:
                return Math(Span(at, close + 2), Span(at + 2, close), follower == "[")
        return escape(self.text, at, self._look.end)

    def _dollar(self, at: int) -> Inline | None:
        m = _TEX.match(self.text, at, self._look.end)
        if not m:
            return None
        return Math(Span(at, m.end()), Span(*m.span(m.lastgroup or 0)), m.lastgroup == "block")

    def _code(self, at: int) -> Inline | None:
        if self.text.startswith("``", at):
            close = self._look.find("``", at + 2)
            return _code_node(Span(at, close + 2), 2) if close >= 0 else None
        m = _CODE.match(self.text, at, self._look.end)
        return _code_node(Span(*m.span()), 1) if m else None

    def _hash(self, at: int) -> Inline | None:
        start = at = at + 1
        while at < self._look.end:
            page = self._look.page(at) if self.text.startswith("[[", at) else None
            m = None if page else _TAG_STEP.match(self.text, at, self._look.end)
            if not page and not m:
                break
            at = page.end() if page else m.end() if m else at
        return links.tag(self.text, Span(start - 1, at)) if at > start else None

    def _bracket(self, at: int) -> Inline | None:
        text, end = self.text, self._look.end
        follower = text[at + 1 : at + 2]
        if follower == "^":
            m = _FOOTNOTE.match(text, at, end)
            if m:
                return Footnote(Span(at, m.end()), m[1])
        return self.link(at) or self._timestamp(at) or self._hiccup(at)

    def _hiccup(self, at: int) -> Inline | None:
        close = self._tags.hiccup_end(at, self._look.end)
        return Html(Span(at, close), True) if close > 0 else None

    def link(self, at: int) -> Inline | None:
        """`[[page]]`, also with links inside, or `[label](target)`."""
        if self._obsidian and self.text.startswith("[[", at):
            return obsidian.wiki_link(self.text, at, self._look.end)
        if self.text.startswith("[[", at):
            page = self._look.page(at)
            if page and "[" not in page[1]:
                return links.page_link(page)
            nested = links.nested_page_link(self.text, at, self._look.end) if self._look.find("]]", at) >= 0 else None
            if nested or page:
                return nested or (links.page_link(page) if page else None)
        return links.labelled(self._look, at, self.label_nodes) if self._look.find("](", at + 1) >= 0 else None

    def _angle(self, at: int) -> Inline | None:
        node = links.quick_link(self.text, at, self._look.end) or self._timestamp(at)
        if node:
            return node
        close = self._tags.end(at, self._look.end)
        return Html(Span(at, close), False) if close > 0 else None

    def _brace(self, at: int) -> Inline | None:
        m = self._match(_MACRO, at) if self._macros else None
        return links.macro(m) if m else None

    def _bang(self, at: int) -> Inline | None:
        return links.labelled(self._look, at, self.label_nodes) if self._look.find("](", at + 2) >= 0 else None

    def _at_sign(self, at: int) -> Inline | None:
        m = _SNIPPET.match(self.text, at, self._look.end)
        return Html(Span(at, m.end()), False) if m else None

    def _parenthesis(self, at: int) -> Inline | None:
        m = self._match(_BLOCK_LINK, at)
        return BlockLink(Span(at, m.end()), m[1]) if m else None

    def _timestamp(self, at: int) -> Inline | None:
        m = _TIMESTAMP.match(self.text, at, self._look.end)
        if not m:
            return None
        kind = "range" if m[3] and (m[1] or "").lower() != "clock" else (m[1] or "date").lower()
        return Timestamp(Span(at, m.end()), kind, m[2] + (m[3] or ""))

    def _match(self, pattern: re.Pattern[str], at: int) -> re.Match[str] | None:
        """A match of a pattern that reads on to the next closing mark: until there, it fails once for all."""
        if at < self._look.failed.get(pattern.pattern, 0):
            return None
        m = pattern.match(self.text, at, self._look.end)
        if not m and self.text[at + 1 : at + 2] in "{(":
            reached = _STOPS[pattern].search(self.text, at + 2, self._look.end)
            self._look.failed[pattern.pattern] = reached.start() if reached else self._look.end
        return m

    # ---- emphasis

    def emphasis(self, at: int, before: str, depth: int) -> Emphasis | None:
        """Emphasis that opens at `at`; `before` is the plain character to its left, empty where none counts."""
        char = self.text[at]
        if depth > _MAX_EMPHASIS or char not in MARKS:
            return None
        if char == "_" and before and before not in BESIDE_UNDERSCORE:
            return None
        for mark, kind in MARKS[char]:
            close = self._closing(at, mark)
            if close >= 0:
                inner = span_of((at + len(mark), close))
                whole = kind != "strong-em" or self._obsidian
                children = self._inside(inner, depth + 1) if whole else self._codes(inner)
                return Emphasis(span_of((at, close + len(mark))), kind, inner, children)
        return None

    def _closing(self, at: int, mark: str) -> int:
        """Where the emphasis opened at `at` with `mark` closes, or -1."""
        text, end, width = self.text, self._look.end, len(mark)
        body = at + width
        if not text.startswith(mark, at) or body >= end or text[body] in WHITE:
            return -1
        if self._look.find(mark, body) < 0 or at >= self._look.failed.get("closing " + mark, end):
            return -1
        close = closing_mark(text, span_of((body, end)), mark)
        if close == NOWHERE:
            self._look.failed["closing " + mark] = at
        return close

    def _codes(self, inner: Span) -> tuple[Code, ...]:
        found = _INNER_CODE.finditer(self.text, inner.start, inner.end)
        return tuple(_code_node(Span(*m.span()), 2 if m[0].startswith("``") else 1) for m in found)

    def _inside(self, inner: Span, depth: int) -> tuple[Inline, ...]:
        """Inside emphasis only links, scripts and more emphasis are read, and code stays code."""
        nodes: list[Inline] = []
        at = inner.start
        for code in self._codes(inner):
            nodes += self._limited(Span(at, code.span.start), depth, links=True)
            nodes.append(code)
            at = code.span.end
        return (*nodes, *self._limited(Span(at, inner.end), depth, links=True))

    def label_nodes(self, inner: Span) -> tuple[Inline, ...]:
        """The nodes of a link's label, everything but links; what holds plain text besides nodes and code is plain."""
        nodes: list[Inline] = []
        at = inner.start
        if not _CANDIDATE_IN_LABEL.search(self.text, *inner):
            return ()
        for code in (*self._codes(inner), None):
            between = Span(at, code.span.start if code else inner.end)
            found = self._limited(between, 1, links=False)
            if sum(node.span.end - node.span.start for node in found) == between.end - between.start:
                nodes += found
            if code:
                nodes.append(code)
                at = code.span.end
        return tuple(nodes)

    def _limited(self, inner: Span, depth: int, *, links: bool) -> list[Inline]:
        candidates = _CANDIDATE_IN_EMPHASIS if links else _CANDIDATE_IN_LABEL
        if not candidates.search(self.text, *inner):
            return []
        outer, self._look = self._look, Lookups(self.text, inner.end)
        nodes: list[Inline] = []
        found = candidates.search(self.text, inner.start, inner.end)
        while found:
            node = self._limited_node(found.start(), depth)
            if node is not None:
                nodes.append(node)
                if self._spent(node.span.end):
                    break
            found = candidates.search(self.text, node.span.end if node else found.end(), inner.end)
        self._look = outer
        return nodes

    def _limited_node(self, at: int, depth: int) -> Inline | None:
        match self.text[at]:
            case "[":
                return self.link(at)
            case "\\":
                return escape(self.text, at, self._look.end)
            case "$":
                return self._dollar(at)
            case "`":
                return self._code(at)
            case _:
                return self.emphasis(at, "", depth) or self._script(at)


def _code_node(span: Span, width: int) -> Code:
    return Code(span, Span(span.start + width, span.end - width))


def escape(text: str, at: int, end: int) -> Escape | None:
    """`\\*` and its kin, or a named character such as `\\alpha`."""
    m = _ESCAPE.match(text, at, end)
    return Escape(Span(at, m.end()), m[1] or m[2]) if m else None


_HANDLERS: Mapping[str, Callable[[InlineScanner, int], Inline | None]] = {
    "*": InlineScanner._emphasis_or_script,
    "~": InlineScanner._emphasis_or_script,
    "^": InlineScanner._emphasis_or_script,
    "=": InlineScanner._emphasis_or_script,
    "_": InlineScanner._emphasis_or_script,
    "\\": InlineScanner._backslash,
    "$": InlineScanner._dollar,
    "`": InlineScanner._code,
    "#": InlineScanner._hash,
    "[": InlineScanner._bracket,
    "<": InlineScanner._angle,
    "{": InlineScanner._brace,
    "!": InlineScanner._bang,
    "@": InlineScanner._at_sign,
    "(": InlineScanner._parenthesis,
}
