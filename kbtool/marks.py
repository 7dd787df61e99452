"""Marks: what a template is given instead of a page's values, so that its output can be cut where they stand.

What a template asks of a page is written down: answers that are no marks, such as whether there is a title, are what
the pages of a class have in common. What cannot be answered so raises `Unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from markupsafe import Markup, escape

SIGN = "kbtool7mark-"
# What of a page is the same for all pages of a class.
_PLAIN = frozenset(
    "active ancestors children is_homepage is_index is_link is_page is_section is_top_level next_page parent "
    "previous_page update_date".split()
)


class Unknown(Exception):
    """A template wants what marks cannot give."""


Asked = tuple[str, str]
"""What a template wants to know: of which part of the page, and what."""
Ask = Callable[[Asked], Any]


def _stripped(text: str) -> str:
    return Markup(text).striptags()  # noqa: S704 -- nothing is trusted: as Jinja's filter does it


VARIANTS: Mapping[str, Callable[[str], str]] = {
    "": str,
    "striptags": _stripped,
    "e": lambda text: str(escape(text)),
    "striptags|e": lambda text: str(escape(_stripped(text))),
    "urlencode": lambda text: quote(text, safe="/"),
    "edit as raw": lambda text: text.replace("edit", "raw"),
    "edit as blob": lambda text: text.replace("edit", "blob"),
    "blob as raw": lambda text: text.replace("blob", "raw"),
}
"""What templates do to texts before they show them."""


def mark(part: str) -> str:
    # Each of the variants makes another text of it.
    return f"{SIGN}{part}<i>&%/edit/blob/"


class Mark:
    """Stands for a text: it can be shown, and asked whether it is empty or has something in it."""

    __slots__ = ("_ask", "part")

    def __init__(self, part: str, ask: Ask) -> None:
        self.part = part
        self._ask = ask

    def __str__(self) -> str:
        return mark(self.part)

    def __bool__(self) -> bool:
        return bool(self._ask((self.part, "")))

    def __contains__(self, text: object) -> bool:
        return bool(self._ask((self.part, str(text))))

    def __getattr__(self, name: str) -> Any:
        raise _missing(f"{self.part}.{name}", name)

    def __eq__(self, other: object) -> bool:
        raise Unknown(f"{self.part} is compared")

    def __hash__(self) -> int:
        raise Unknown(f"{self.part} is looked up")


def _missing(what: str, name: str) -> Exception:
    """What Python itself asks every value for is not there; all else nobody can answer."""
    return AttributeError(name) if name.startswith("__") else Unknown(what)


class Entry:
    """An entry of the table of contents; without `ask` nothing but its own template may look into it."""

    __slots__ = ("_ask", "_below", "number")

    def __init__(self, number: int, below: bool = False, ask: Ask | None = None) -> None:
        self.number = number
        self._below = below
        self._ask = ask

    def __getattr__(self, name: str) -> Any:
        if self._ask:
            match name:
                case "url" | "title":
                    return Mark(f"toc.{name}", self._ask)
                case "level":
                    return self._ask(("toc", "level"))
                case "children":
                    return [Entry(number) for number in range(3)] if self._below else []
                case "typeset":  # set by an extension of Material's
                    raise AttributeError(name)
        raise _missing(f"toc.{name}", name)

    def is_closed(self) -> bool:
        """Whether it stands for one of several that are shown by their own template."""
        return self._ask is None and self.number >= 0


class _Meta:
    """A page's front matter, key by key."""

    __slots__ = ("_ask",)

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __bool__(self) -> bool:
        return bool(self._ask(("meta", "")))

    def __contains__(self, key: object) -> bool:
        return bool(self._ask(("meta has", str(key))))

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(key)
        return Mark("meta.title", self._ask) if key == "title" else self._ask(("meta", key))

    def get(self, key: str, default: Any = None) -> Any:
        """The value of a key."""
        return self[key] if key in self else default  # noqa: SIM401 -- this is `get`

    def __getattr__(self, name: str) -> Any:
        if hasattr(dict, name):
            raise _missing(f"meta.{name}", name)
        raise AttributeError(name)  # then Jinja looks for a key of this name


class MarkedPage:
    """A page that holds marks: MkDocs' functions see an address beside that of the page, templates a mark."""

    __slots__ = ("_ask", "url")

    def __init__(self, url: str, ask: Ask) -> None:
        self.url = url
        self._ask = ask

    def shown(self, name: str) -> Any:
        """What a template is given."""
        match name:
            case "title" | "content" | "url":
                return Mark(name, self._ask)
            case "canonical_url" | "abs_url":
                return Mark(name, self._ask) if self._ask((name, "")) else None
            case "edit_url":
                return Mark("source", self._ask) if self._ask(("source", "")) else None
            case "meta":
                return _Meta(self._ask)
            case "toc":
                return [Entry(0, self._ask(("toc", "children")), self._ask)]
            case _ if name in _PLAIN:
                return self._ask(("page", name))
        raise Unknown(f"page.{name}")


# ---------------------------------------------------------------- what a page answers


def answer(page: Any, asked: Asked) -> object:
    part, what = asked
    match part:
        case "meta":
            return page.meta[what] if what else bool(page.meta)
        case "meta has":
            return what in page.meta
        case "page":
            return getattr(page, what)
        case "toc":
            top = page.toc.items[0]
            return top.level if what == "level" else bool(top.children)
    text = text_of(page, part)
    return what in text if what else bool(text)


def text_of(page: Any, part: str) -> str:
    match part:
        case "meta.title":
            return str(page.meta["title"])
        case "source":
            return str(page.edit_url or "")
        case "toc.url" | "toc.title":
            return str(getattr(page.toc.items[0], part.removeprefix("toc.")))
    return str(getattr(page, part) or "")
