"""The site's content security policy: what a browser may load and run on its pages, and what it must not.

The sanitiser keeps a note from bringing a script along; the policy keeps a browser from running one all the same.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from html.parser import HTMLParser

from kbtool.values import File

HEADERS_FILE = "_headers"
"""Where hosts that let a site choose its headers look for them."""
# Scripts of these types are data, which a browser never runs.
_DATA = frozenset({"application/json", "application/ld+json"})
ALWAYS = (
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
"""Headers that suit every file of every site."""
FRAMES = "frame-ancestors 'self'"
"""No other site may frame a page; browsers take that from a header alone. Our own pages show PDFs in frames."""


ON_THE_WAY = "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'"
"""The policy of pages that only lead on."""


@dataclass(frozen=True, slots=True)
class Inline:
    """What stands inside the theme's pages instead of in files of the site: hashes of it, and addresses elsewhere."""

    scripts: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = ()


def inline(html: str) -> Inline:
    """What a page without any note has inside it."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    found = reader.found
    return Inline(*(tuple(sorted(found[kind])) for kind in ("script", "style", "elsewhere")))


def policy(found: Inline) -> str:
    """The policy of a site whose theme has these scripts and styles inside its pages; nothing else inside one runs."""
    rules = {
        "default-src": ("'none'",),
        "script-src": ("'self'", *found.scripts),
        "style-src": ("'self'", *found.styles),
        "img-src": ("'self'", "data:"),  # the theme's icons are addresses of that kind
        "font-src": ("'self'",),
        "media-src": ("'self'",),
        "frame-src": ("'self'",),
        "connect-src": ("'self'",),
        "worker-src": ("'self'",),
        "manifest-src": ("'self'",),
        "base-uri": ("'none'",),
        "form-action": ("'none'",),
    }
    return "; ".join(f"{rule} {' '.join(sources)}" for rule, sources in rules.items())


def meta(text: str) -> str:
    """The policy as an element of a page's head."""
    return f'<meta http-equiv="Content-Security-Policy" content="{text}">'


def headers(text: str) -> tuple[tuple[str, str], ...]:
    """What a host sends with each file."""
    return (("Content-Security-Policy", f"{text}; {FRAMES}"), *ALWAYS)


def headers_file(text: str) -> File:
    """The headers in the form that hosts of static sites read."""
    lines = (f"  {name}: {value}\n" for name, value in headers(text))
    return File(HEADERS_FILE, "/*\n" + "".join(lines))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, set[str]] = {"script": set(), "style": set(), "elsewhere": set()}
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self._inside = ""
        if tag == "style" or (tag == "script" and "src" not in given and given.get("type") not in _DATA):
            self._inside = tag
        if tag == "script" or (tag == "link" and "stylesheet" in (given.get("rel") or "")):
            self._note(given.get("src") or given.get("href") or "")

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.found[self._inside].add(_hash(data))

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def _note(self, address: str) -> None:
        if address.startswith(("http://", "https://", "//")):
            self.found["elsewhere"].add(address)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}'"
