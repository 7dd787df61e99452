"""Code in colours, by Pygments at build time."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from html import unescape
from typing import Any, NamedTuple

from kbtool.render.html import element, escape

# Longer code is shown plain: a page with so much of it is a log, and lexers are slow.
_MAX_CODE = 60_000
# Only these lexers: some others take exponential time on odd input.
_LEXERS: Mapping[str, str] = {
    "python": "python", "py": "python", "python3": "python", "pycon": "pycon", "bash": "bash", "sh": "bash",
    "shell": "bash", "zsh": "bash", "console": "console", "json": "json", "yaml": "yaml", "yml": "yaml", "toml": "toml",
    "ini": "ini", "sql": "sql", "c": "c", "h": "c", "cpp": "cpp", "c++": "cpp", "cuda": "cuda", "rust": "rust",
    "rs": "rust", "go": "go", "java": "java", "js": "javascript", "javascript": "javascript", "ts": "typescript",
    "typescript": "typescript", "html": "html", "xml": "xml", "css": "css", "clojure": "clojure", "clj": "clojure",
    "edn": "clojure", "haskell": "haskell", "julia": "julia", "r": "r", "lua": "lua", "tex": "latex", "latex": "latex",
    "diff": "diff", "make": "make", "dockerfile": "docker",
}  # fmt: skip


class Linked(NamedTuple):
    """Characters of code that are a link."""

    start: int
    end: int
    href: str


def code_block(code: str, language: str, links: Sequence[Linked] = ()) -> str:
    """A code block in the markup that the theme styles; plain where the language is not known."""
    lexer = _LEXERS.get(language.lower(), "")
    body = _coloured(code, lexer) if lexer and len(code) <= _MAX_CODE else escape(code, quote=False)
    if links:
        body = _linked(body, links)
    css = f"language-{lexer or 'text'} highlight"
    return element("div", {"class": css}, f"<pre><span></span><code>{body}\n</code></pre>")


def _coloured(code: str, lexer: str) -> str:
    from pygments import highlight  # imported late: most commands never render

    return str(highlight(code, _lexer(lexer), _formatter())).rstrip("\n")


@lru_cache(maxsize=64)
def _lexer(name: str) -> Any:
    from pygments.lexers import get_lexer_by_name

    return get_lexer_by_name(name, stripnl=False, ensurenl=False)


@cache
def _formatter() -> Any:
    """One for all code: making one takes as long as a dozen lines."""
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True)


def _linked(body: str, links: Sequence[Linked]) -> str:
    """The HTML of code with links in it; one that does not lie within one piece of text is left out."""
    out: list[str] = []
    at, waiting = 0, deque(sorted(links))  # characters of the code so far
    for piece in body.replace("<", "\0<").replace(">", ">\0").split("\0"):
        if piece.startswith("<"):
            out.append(piece)
            continue
        text, done = unescape(piece), at
        while waiting and waiting[0].start < at + len(text):
            start, end, href = waiting.popleft()
            if done <= start < end <= at + len(text):
                out.append(escape(text[done - at : start - at], quote=False))
                out.append(element("a", {"href": href}, escape(text[start - at : end - at], quote=False)))
                done = end
        out.append(escape(text[done - at :], quote=False))
        at += len(text)
    return "".join(out)
