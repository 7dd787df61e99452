"""HTML as text: escaping, elements, URLs that may be followed, and the one sanitiser for raw HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from html import escape, unescape
from typing import TypeAlias
from urllib.parse import quote, urlsplit, urlunsplit

__all__ = ["ascii_url", "attributes", "element", "escape", "safe_url", "sanitise", "void"]

_SCHEMES = frozenset({"http", "https", "mailto"})
# Browsers stop at 512 nested elements; nobody means more than a hundred.
_MAX_OPEN = 100
_VOID = frozenset({"br", "hr", "wbr"})
# An end tag of these may be left out, so that many in a row are no nesting.
_SELF_CLOSING = (
    frozenset({"p", "li", "dt", "dd", "tr", "td", "th", "img", "input", "col", "option", "rt", "rp"}) | _VOID
)
_TABLE = frozenset({"table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "colgroup", "col"})
# No images: a remote one would call another host. Who knows the base puts those of the base in their places.
_TAGS = _TABLE | frozenset(
    "p br hr h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code kbd samp var em strong b i s u mark small sub sup "
    "abbr cite q del ins details summary figure figcaption a span div ruby rt rp wbr time".split()
)
_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
    **{tag: {"align"} for tag in ("div", "p", "h2", "h3", "h4", "h5", "h6")},
    "ol": {"start"},
    "details": {"open"},
    "abbr": {"title"},
    "time": {"datetime"},
    "*": {"lang", "dir"},
}
# Old HTML says so where content stands, a site by a class: what is marked here becomes one.
_MARK = "\x83"
_PLACES: Mapping[str, str] = {"center": f"{_MARK}kb-center", "right": f"{_MARK}kb-right"}
_SAID_OF_PICTURES = frozenset({"src", "alt", "width", "height"})
# What may stand within a line.
_PHRASING = frozenset(
    "br code kbd samp var em strong b i s u mark small sub sup abbr cite q del ins a span ruby rt rp wbr time".split()
)
# Elements whose content goes with them.
_UNSEEN = frozenset("script style math svg template noscript title textarea iframe".split())


Picture: TypeAlias = Callable[[Mapping[str, str], bool], str]
"""What stands in place of a picture, by its attributes and whether it lies in a link."""


def attributes(pairs: Mapping[str, str | None]) -> str:
    """The attributes of a start tag, each after a space; None leaves one out."""
    return "".join(f' {name}="{escape(value)}"' for name, value in pairs.items() if value is not None)


def element(name: str, pairs: Mapping[str, str | None], content: str) -> str:
    """An element around content that is HTML already."""
    return f"<{name}{attributes(pairs)}>{content}</{name}>"


def void(name: str, pairs: Mapping[str, str | None]) -> str:
    """An element that has no content and no end tag."""
    return f"<{name}{attributes(pairs)}>"


def safe_url(url: str) -> str:
    """The URL without invisible characters if its scheme is a harmless one, else nothing."""
    plain = "".join(c for c in url if unicodedata.category(c) not in ("Cc", "Cf", "Zl", "Zp")).strip()
    decoded = unescape(plain)
    head, colon, rest = decoded.partition(":")
    if not colon or head.lower() not in _SCHEMES:
        return ""
    if head.lower() != "mailto" and not rest.startswith("//"):
        return ""
    return plain.replace(" ", "%20").replace("\\", "%5C")


def ascii_url(url: str) -> str:
    """An address with all letters beyond ASCII escaped, and the host as name servers know it."""
    if url.isascii() and " " not in url:
        return url
    try:
        parts = urlsplit(url)
        host, colon, port = parts.netloc.partition(":")
        host = host if host.isascii() else host.encode("idna").decode("ascii")
    except ValueError:
        return url  # no address that any program would take
    return urlunsplit(parts._replace(netloc=host + colon + port, path=quote(parts.path, safe="/%:@!$&'()*+,;=~")))


def sanitise(source: str, picture: Picture | None = None) -> str:
    """Raw HTML with all that could run, load, submit or overlay taken away; as text where it nests absurdly.

    `picture` says what stands where a picture was, without it nothing.
    """
    import nh3  # imported late: most commands never render

    # The sanitiser's time grows with the square of the depth, so absurd depth is refused before it.
    if _nesting(source.lower(), _SELF_CLOSING) > 2 * _MAX_OPEN:
        return element("pre", {}, escape(source))
    shown = picture if "<img" in source.lower() else None
    clean = nh3.clean(
        source,
        tags=_TAGS | {"img"} if shown else _TAGS,
        attributes={tag: set(names) for tag, names in (*_ATTRIBUTES.items(), ("img", _SAID_OF_PICTURES))},
        attribute_filter=_filtered,
        clean_content_tags=set(_UNSEEN),
        url_schemes=set(_SCHEMES),
        url_relative="pass_through" if shown else "deny",
        link_rel="noopener noreferrer nofollow ugc",
    )
    if _nesting(clean, _VOID | {"img"}) > _MAX_OPEN:
        return element("pre", {}, escape(source))
    clean = clean.replace(f' align="{_MARK}', ' class="')
    return _with_pictures(clean, shown) if shown else clean


def _filtered(tag: str, name: str, value: str) -> str | None:
    """An attribute's value, None where it goes."""
    if name == "align":
        return _PLACES.get(value.strip().lower())
    # Addresses within the site are a picture's alone: other ones are worked out and never taken from a note.
    return value if tag == "img" or name not in ("href", "cite") or safe_url(value) else None


def _with_pictures(clean: str, picture: Picture) -> str:
    """Sanitised HTML with something else in place of its pictures."""
    from html.parser import HTMLParser

    lines = [0, *(at + 1 for at, char in enumerate(clean) if char == "\n")]
    pieces: list[str] = []

    class Pictures(HTMLParser):
        at = linked = 0

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.linked += tag == "a"
            if tag == "img":
                line, column = self.getpos()
                start = lines[line - 1] + column
                shown = picture({name: (value or "").strip() for name, value in attrs}, self.linked > 0)
                pieces.extend((clean[self.at : start], shown))
                self.at = start + len(self.get_starttag_text() or "")

        def handle_endtag(self, tag: str) -> None:
            self.linked -= tag == "a"

    reader = Pictures()
    reader.feed(clean)
    return "".join((*pieces, clean[reader.at :]))


def is_phrasing(clean: str) -> bool:
    """Whether sanitised HTML can stand within a line of text."""
    starts = (piece for piece in clean.split("<")[1:] if not piece.startswith("/"))
    return all(piece.split(">", 1)[0].split(" ", 1)[0] in _PHRASING for piece in starts)


def words_of(source: str) -> str:
    """What a reader sees of raw HTML, without its tags."""
    import nh3

    if _nesting(source.lower(), _SELF_CLOSING) > 2 * _MAX_OPEN:
        return ""
    return unescape(nh3.clean(source.replace("<br", " <br"), tags=set(), clean_content_tags=set(_UNSEEN)))


def _nesting(html: str, single: frozenset[str]) -> int:
    """How many elements are open at once, `single` ones apart; about so many where tags do not match."""
    depth = deepest = 0
    for piece in html.split("<")[1:]:
        if piece.startswith("/"):
            depth = max(0, depth - 1)
        elif piece[:1].isalpha() and piece.split(">", 1)[0].split(" ", 1)[0] not in single:
            depth += 1
            deepest = max(deepest, depth)
    return deepest
