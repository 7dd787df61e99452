"""HTML as text: escaping, elements, URLs that may be followed, and the one sanitiser for raw HTML."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from html import escape, unescape
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
# No images: their addresses cannot be checked against the base, and a remote one would call another host.
_TAGS = _TABLE | frozenset(
    "p br hr h2 h3 h4 h5 h6 ul ol li dl dt dd blockquote pre code kbd samp var em strong b i s u mark small sub sup "
    "abbr cite q del ins details summary figure figcaption a span div ruby rt rp wbr time".split()
)
_ATTRIBUTES: Mapping[str, set[str]] = {
    "a": {"href", "title"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
    "ol": {"start"},
    "details": {"open"},
    "abbr": {"title"},
    "time": {"datetime"},
    "*": {"lang", "dir"},
}
# What may stand within a line.
_PHRASING = frozenset(
    "br code kbd samp var em strong b i s u mark small sub sup abbr cite q del ins a span ruby rt rp wbr time".split()
)
# Elements whose content goes with them.
_UNSEEN = frozenset("script style math svg template noscript title textarea iframe".split())


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


def sanitise(source: str) -> str:
    """Raw HTML with all that could run, load, submit or overlay taken away; as text where it nests absurdly."""
    import nh3  # imported late: most commands never render

    # The sanitiser's time grows with the square of the depth, so absurd depth is refused before it.
    if _nesting(source.lower(), _SELF_CLOSING) > 2 * _MAX_OPEN:
        return element("pre", {}, escape(source))
    clean = nh3.clean(
        source,
        tags=_TAGS,
        attributes={tag: set(names) for tag, names in _ATTRIBUTES.items()},
        clean_content_tags=set(_UNSEEN),
        url_schemes=set(_SCHEMES),
        url_relative="deny",
        link_rel="noopener noreferrer nofollow ugc",
    )
    return clean if _nesting(clean, _VOID) <= _MAX_OPEN else element("pre", {}, escape(source))


def pictures_of(source: str) -> tuple[tuple[str, str], ...]:
    """The addresses and descriptions of the pictures in raw HTML, which `sanitise` leaves out."""
    from html.parser import HTMLParser

    import nh3

    if "<img" not in source.lower() or _nesting(source.lower(), _SELF_CLOSING) > 2 * _MAX_OPEN:
        return ()
    said = {"img": {"src", "alt"}}
    clean = nh3.clean(source, tags={"img"}, attributes=said, clean_content_tags=set(_UNSEEN), url_schemes=set(_SCHEMES))
    found: list[tuple[str, str]] = []

    class Pictures(HTMLParser):
        def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
            named = {name: (value or "").strip() for name, value in attrs}
            if src := named.get("src"):
                found.append((src, named.get("alt", "")))

    Pictures().feed(clean)
    return tuple(found)


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
