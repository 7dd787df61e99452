"""Links, tags and macros: what stands in brackets and what it points at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Protocol

from kbtool.syntax.tree import Inline, Link, LinkTarget, Macro, PageLink, Tag
from kbtool.values import Span

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_PAGE = re.compile(r"\[\[((?>\\[^\r\n]|[^\]\r\n\\]|\](?!\]))++)\]\]")
_BRACKETS = re.compile(r"\[\[|\]\]")
_LABEL = re.compile(
    r"!?\[((?>\[\[(?>\\[^\r\n]|[^\]\r\n\\]|\](?!\]))++\]\]|`[^`\r\n]+`|\\[^\r\n]|[^\[\]\r\n\\]|\[(?:[^\[\]\\]|\\[\s\S])*+\])*+)\]\("
)
_METADATA = re.compile(r"\{[^}\r\n]*\}")
_TITLED = re.compile(r'(?P<target><[^<>]*>|.*?)\s*"(?P<title>(?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_URL = re.compile(r"[^:]+://.+", re.DOTALL)
_BLOCK_TARGET = re.compile(r"\(\(([^)]+)\)\)")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_BARE = re.compile(r"[A-Za-z0-9]+://[^ \t\x1a\x0c/?#\[\]<>{}()\r\n]+")
_QUICK = re.compile(r"<([A-Za-z0-9]+:(?://)?[^ \t>\r\n]+)>")
_URL_STEP = re.compile(r"[^ \t\x1a\x0c\r\n()\[\],;.!?]+")
_SIZE = re.compile(r":?(width|height)\"?[:\s]+\"?(\d{1,5})")
_ARGUMENT = re.compile(
    r"\s*(\[\[.*?\]\](?=\s*(?:,|$))|\(\([^)]*\)\)(?=\s*(?:,|$))|\"(?:[^\"\\]|\\.)*\"(?=\s*(?:,|$))|[^,]*)\s*(?:,|$)"
)
_PAIRS: Mapping[str, str] = {"(": ")", "[": "]"}
# Deeper nesting of links in links is no name that anybody wrote.
_MAX_NESTING = 16


class LabelScanner(Protocol):
    """What `labelled` needs of the inline scanner."""

    text: str
    _end: int

    def label_nodes(self, inner: Span) -> tuple[Inline, ...]:
        """The nodes of a label."""

    def target_end(self, at: int) -> int:
        """Where the `)` of a link's target stands, or -1."""


def unescape(text: str) -> str:
    """The text with backslashes before punctuation taken away."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID, in either case."""
    return _UUID.fullmatch(text) is not None


def page_link(text: str, at: int, end: int) -> PageLink | None:
    """`[[name]]`: to the first `]]` on the line."""
    m = _PAGE.match(text, at, end)
    return PageLink(Span(at, m.end()), unescape(m[1]), ()) if m else None


def nested_page_link(text: str, at: int, end: int) -> PageLink | None:
    """`[[a [[b]] c]]`, when brackets inside balance and something stands beside the inner link."""
    close = _balanced(text, at, end)
    if close < 0:
        return None
    children = _children(text, Span(at + 2, close - 2), 0)
    if children is None or (len(children) == 1 and children[0].span == Span(at + 2, close - 2)) or not children:
        return None
    return PageLink(Span(at, close), text[at + 2 : close - 2], children)


def _balanced(text: str, at: int, end: int) -> int:
    """The end of the brackets that open at `at`, or -1; counts pairs as Logseq does, over line ends too."""
    depth = 0
    for m in _BRACKETS.finditer(text, at, end):
        depth += 1 if m[0] == "[[" else -1
        if depth == 0:
            return m.end()
        if depth > _MAX_NESTING:
            return -1
    return -1


def _children(text: str, inner: Span, depth: int) -> tuple[PageLink, ...] | None:
    """The links inside a name; None when a lone bracket makes it no nested link."""
    found: list[PageLink] = []
    at = text.find("[", inner.start, inner.end)
    while at >= 0:
        close = _balanced(text, at, inner.end) if text.startswith("[[", at) and depth < _MAX_NESTING else -1
        if close < 0:
            return None
        children = _children(text, Span(at + 2, close - 2), depth + 1)
        found.append(PageLink(Span(at, close), text[at + 2 : close - 2], children or ()))
        at = text.find("[", close, inner.end)
    return tuple(found)


def tag(text: str, span: Span) -> Tag:
    """A tag of known extent: `#name`, `#[[a name]]`, `#[[a]]b`."""
    body = Span(span.start + 1, span.end)
    if "[[" not in text[body.start : body.end]:
        return Tag(span, text[body.start : body.end], False, ())
    links: list[PageLink] = []
    at = text.find("[[", body.start, body.end)
    while at >= 0:
        link = nested_page_link(text, at, body.end) or page_link(text, at, body.end)
        if link:
            links.append(link)
        at = text.find("[[", link.span.end if link else at + 1, body.end)
    if len(links) == 1 and links[0].span == body:
        return Tag(span, links[0].name, True, links[0].nested)
    return Tag(span, text[body.start : body.end], False, tuple(links))


def macro(m: re.Match[str]) -> Inline | None:
    """`{{name arguments}}`, from the match of its braces."""
    body = m[1] or m[2]
    name = re.match(r"[^}( ]+", body)
    if not name:
        return None
    rest = body[name.end() :].strip()
    return Macro(Span(*m.span()), name[0], _arguments(rest))


def _arguments(rest: str) -> tuple[str, ...]:
    found: list[str] = []
    at = 0
    while at < len(rest):
        m = _ARGUMENT.match(rest, at)
        if not m or m.end() == at:
            break
        found.append(m[1].strip())
        at = m.end()
    return tuple(found)


def bare_url(text: str, at: int, end: int) -> Link | None:
    """`https://…` in running text: to white space, less closing punctuation and unbalanced brackets."""
    m = _BARE.match(text, at, end)
    if not m:
        return None
    close = m.end()
    if close < end and text[close] in "/?#":
        close = _url_end(text, close + 1, end)
    span = Span(at, close)
    return Link(span, "url", text[at:close], span, span, (), "", False, True, (0, 0))


def _url_end(text: str, at: int, end: int) -> int:
    opened: list[tuple[str, int]] = []
    while at < end:
        m = _URL_STEP.match(text, at, end)
        if m:
            at = m.end()
            continue
        char = text[at]
        if char in _PAIRS:
            opened.append((_PAIRS[char], at))
        elif char in ")]":
            if not opened or opened[-1][0] != char:
                break
            opened.pop()
        elif char not in ",;.!?" or at + 1 >= end or text[at + 1] in " \t\x1a\x0c\r\n":
            break
        at += 1
    return at


def quick_link(text: str, at: int, end: int) -> Link | None:
    """`<https://…>`."""
    m = _QUICK.match(text, at, end)
    if not m:
        return None
    inner = Span(*m.span(1))
    return Link(Span(at, m.end()), "url", m[1], inner, inner, (), "", False, True, (0, 0))


def labelled(scanner: LabelScanner, at: int) -> Link | None:
    """`[label](target "title"){:width 1}`, with `!` before it for an image."""
    text, end = scanner.text, scanner._end
    m = _LABEL.match(text, at, end)
    if not m:
        return None
    close = scanner.target_end(m.end())
    if close < 0:
        return None
    raw = Span(m.end(), close)
    target, title = _target_and_title(text, raw)
    kind, value = _kind(text[target.start : target.end])
    metadata = _METADATA.match(text, close + 1, end)
    span = Span(at, metadata.end() if metadata else close + 1)
    image = text[at] == "!"
    label = Span(*m.span(1))
    size = _size(metadata[0]) if metadata else (0, 0)
    return Link(span, kind, value, target, label, scanner.label_nodes(label), title, image, False, size)


def target_end(text: str, at: int, end: int) -> tuple[int, int]:
    """Where the `)` of a link's target stands (or -1), and how far was looked.

    Brackets inside balance; where they do not, the line's last one counts.
    """
    depth, last = 0, -1
    for m in TARGET_STEP.finditer(text, at, end):
        step = m[0]
        if step == "(":
            depth += 1
        elif step == ")":
            last = m.start()
            if depth == 0:
                return last, last
            depth -= 1
        elif step[0] != "\\":
            return last, m.start()
    return last, end


TARGET_STEP = re.compile(r"\\[()]|[()\r\n]")


def _target_and_title(text: str, raw: Span) -> tuple[Span, str]:
    whole = text[raw.start : raw.end]
    m = _TITLED.fullmatch(whole) if whole.endswith('"') else None
    title = m["title"] if m else ""
    value = m["target"] if m else whole
    left = len(value) - len(value.lstrip())
    target = Span(raw.start + left, raw.start + len(value.rstrip()))
    if target.end - target.start >= 2 and text[target.start] == "<" and text[target.end - 1] == ">":
        target = Span(target.start + 1, target.end - 1)
    return target, title


def _kind(target: str) -> tuple[LinkTarget, str]:
    page = _PAGE.fullmatch(target)
    if page:
        return "page", unescape(page[1])
    block = _BLOCK_TARGET.fullmatch(target)
    if block:
        return "block", block[1]
    if _UUID.fullmatch(target):
        return "block", target
    if _URL.fullmatch(target):
        return "url", target
    if len(target) > 3 and target.lower().endswith((".md", ".markdown")):
        return "file", target
    return "search", target


def _size(metadata: str) -> tuple[int, int]:
    found = {m[1]: int(m[2]) for m in _SIZE.finditer(metadata)}
    return found.get("width", 0), found.get("height", 0)
