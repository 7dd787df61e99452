"""Links, tags and macros: what stands in brackets and what it points at."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from html.entities import html5

from kbtool.patterns import regex
from kbtool.syntax.lookups import PAGE, Lookups
from kbtool.syntax.tree import Inline, Link, LinkTarget, Macro, PageLink, Tag
from kbtool.values import Span, maker, span_of

_ESCAPED = regex(r"\\([!-/:-@\[-`{-~])")
_ESCAPE = regex(_ESCAPED.pattern + r"|\\([A-Za-z]+)(?:\{\})?")
_BRACKETS = regex(r"\[\[|\]\]")
_LABEL_RUN = regex(r"(?:`[^`\r\n]+`|``(?:[^`]|`(?!`))*+``|\\[^\r\n]|[^\[\]\r\n\\`]|`)*+")
_METADATA = regex(r"\{[^}\r\n]*\}")
_TITLED = regex(
    rf"(?P<target>(?:\(\([^)]+\)\)|<(?:\\[\s\S]|[^<>\\])+>|[^ \t\x1a\x0c\[]+|{PAGE.pattern}|[^ ])++)"
    r"[ \t\x1a\x0c]+\"(?P<title>(?:\\[\s\S]|[^\"\\])+)\""
)
_URL = regex(r"[^:]+://.+", re.DOTALL)
_BLOCK_TARGET = regex(r"\(\(([^)]+)\)\)")
_UUID = regex(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_BARE = regex(r"[A-Za-z0-9]++://[^ \t\x1a\x0c/?#\[\]<>{}()\r\n]+")
_QUICK = regex(r"<([A-Za-z0-9]+:(?://)?[^ \t>\r\n]+)>")
_EMAIL = regex(r"<([^\s<>()\[\]\\,:;@\"]+@[^\s<>@]+)>")
_URL_STEP = regex(r"[^ \t\x1a\x0c\r\n()\[\],;.!?]+")
_SIZE = regex(r":?(width|height)\"?[:\s]+\"?(\d{1,5})")
_MACRO_NAME = regex(r"[^}( ]+")
_BLANKS = regex(r"[ \t\x1a\x0c]*")
_ARGUMENT = regex(PAGE.pattern + r"|\(\([^)]+\)\)|\"(?:\\[\s\S]|[^\"\\])+\"|[^,]+")
_PAIRS: Mapping[str, str] = {"(": ")", "[": "]"}
# Deeper nesting of links in links is no name that anybody wrote.
_MAX_NESTING = 16
_page_link_of = maker(PageLink)


def unescape(text: str) -> str:
    """The text with backslashes before punctuation taken away."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def plain(text: str) -> str:
    """Running text without the backslashes of escapes and of names that are no entity."""
    return _ESCAPE.sub(lambda m: m[1] or m[2], text) if "\\" in text else text


def is_entity(name: str) -> bool:
    """Whether a backslash before the name makes a character of it, such as `\\alpha`."""
    return f"{name};" in html5


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID, in either case."""
    return _UUID.fullmatch(text) is not None


def page_link(m: re.Match[str]) -> PageLink:
    """`[[name]]`: to the first `]]` on the line, from the match of `PAGE`."""
    return _page_link_of((span_of(m.span()), unescape(m[1]), ()))


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
    name = text[body.start : body.end]
    if "[[" not in name:
        return Tag(span, unescape(name), False, ())
    links: list[PageLink] = []
    at = text.find("[[", body.start, body.end)
    while at >= 0:
        m = PAGE.match(text, at, body.end)
        link = nested_page_link(text, at, body.end) or (page_link(m) if m else None)
        if not link:
            break
        links.append(link)
        at = text.find("[[", link.span.end, body.end)
    if len(links) == 1 and links[0].span == body:
        # With an escape in it, Logseq takes the name as it stands and the link without the backslash for two names.
        written = name[2:-2]
        as_written = written == links[0].name or links[0].nested
        return Tag(span, links[0].name if as_written else written, True, links[0].nested if as_written else (links[0],))
    name = unescape(name)
    return Tag(span, name[2:-2] if name.startswith("[[") and name.endswith("]]") else name, False, tuple(links))


def macro(m: re.Match[str]) -> Inline | None:
    """`{{name arguments}}`, from the match of its braces; None when the arguments can't be told apart."""
    body = m[1] or m[2]
    name = _MACRO_NAME.match(body)
    arguments = _arguments(body, name.end()) if name else None
    return Macro(Span(*m.span()), name[0], arguments) if name and arguments is not None else None


def _arguments(body: str, at: int) -> tuple[str, ...] | None:
    """What stands between commas, where brackets and quotes keep commas; these may be followed by blanks alone."""
    found: list[str] = []
    at = _blanks(body, at)
    if at == len(body):
        return ()
    while True:
        at = _blanks(body, at)
        nested = nested_page_link(body, at, len(body)) if body.startswith("[[", at) else None
        m = None if nested else _ARGUMENT.match(body, at)
        if not nested and not m:
            return None
        behind = nested.span.end if nested else m.end() if m else at
        found.append(body[at:behind])
        at = _blanks(body, behind)
        if at == len(body):
            return tuple(found)
        if body[at] != ",":
            return None
        at += 1


def _blanks(text: str, at: int) -> int:
    m = _BLANKS.match(text, at)
    return m.end() if m else at


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
    opened: list[str] = []
    while at < end:
        m = _URL_STEP.match(text, at, end)
        if m:
            at = m.end()
            continue
        char = text[at]
        if char in _PAIRS:
            opened.append(_PAIRS[char])
        elif char in ")]":
            # A bracket that another one closes is let go of.
            while opened and opened[-1] != char:
                opened.pop()
            if not opened:
                break
            opened.pop()
        elif char not in ",;.!?" or at + 1 >= end or text[at + 1] in " \t\x1a\x0c\r\n":
            break
        at += 1
    return at


def quick_link(text: str, at: int, end: int) -> Link | None:
    """`<https://…>` or `<name@example.org>`."""
    m = _QUICK.match(text, at, end) or _EMAIL.match(text, at, end)
    if not m:
        return None
    inner = Span(*m.span(1))
    target = m[1] if m.re.pattern == _QUICK.pattern else f"mailto:{m[1]}"
    return Link(Span(at, m.end()), "url", target, inner, inner, (), "", False, True, (0, 0))


def labelled(look: Lookups, at: int, label_nodes: Callable[[Span], tuple[Inline, ...]]) -> Link | None:
    """`[label](target "title"){:width 1}`, with `!` before it for an image."""
    text = look.text
    start = at + 2 if text[at] == "!" else at + 1
    opening = _label_end(look, start) if text.startswith("[", start - 1) else -1
    close = _target_end(look, opening + 1) if opening >= 0 else -1
    if close < 0:
        return None
    raw = Span(opening + 2, close)
    target, title = _target_and_title(text, raw)
    kind, value = _kind(text[target.start : target.end])
    metadata = _metadata(look, close + 1)
    span = Span(at, metadata.end() if metadata else close + 1)
    image = text[at] == "!"
    label = Span(start, opening)
    size = _size(metadata[0]) if metadata else (0, 0)
    return Link(span, kind, value, target, label, label_nodes(label), title, image, False, size)


def _metadata(look: Lookups, at: int) -> re.Match[str] | None:
    """`{…}` on the line, right behind a link."""
    closed = look.text.startswith("{", at) and 0 <= look.find("}", at) < look.line_end(at)
    return _METADATA.match(look.text, at, look.end) if closed else None


def _label_end(look: Lookups, start: int) -> int:
    """Where the `](` behind a label stands, or -1; brackets inside balance, page links and code are skipped."""
    text, end, at = look.text, look.end, start
    while True:
        run = _LABEL_RUN.match(text, at, end)
        at = run.end() if run else at
        page = look.page(at) if text.startswith("[[", at) else None
        if not page:
            break
        at = page.end()
    if text.startswith("[", at) and at < end:
        at = look.bracket_end(start - 1)
    return at if at >= 0 and at + 1 < end and text.startswith("](", at) else -1


def _target_end(look: Lookups, opening: int) -> int:
    """Where the `)` of a link's target stands, or -1: brackets balance, or else the line must end with one."""
    close = look.bracket_end(opening)
    if close < 0:
        close = look.line_end(opening) - 1
    return close if close > opening and look.text[close] == ")" else -1


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
    page = PAGE.fullmatch(target)
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
