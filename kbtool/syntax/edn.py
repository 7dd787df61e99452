"""EDN, the notation of Logseq's queries, read into forms with spans; one pass, bounded in depth and size."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from kbtool.patterns import regex
from kbtool.values import Span

MAX_QUERY = 20_000
"""Characters of a query that is read."""
MAX_DEPTH = 60
"""How deep its brackets may nest."""

FormKind: TypeAlias = Literal[
    "list", "vector", "map", "set", "function", "string", "symbol", "keyword", "number", "constant", "page", "dynamic"
]


class Form(NamedTuple):
    """One form: `items` of a collection (of a map keys and values in turn), `text` of an atom, `value` of a number.

    `page` is `[[name]]` or `#name`, `dynamic` is `<% words %>`: Logseq's additions, read in simple queries alone.
    """

    kind: FormKind
    span: Span
    text: str = ""
    items: tuple[Form, ...] = ()
    value: object = None


class Fault(NamedTuple):
    """What is wrong with a query, and where.

    `bad`: Logseq shows an error, or nothing for ever. `unknown`: kbtool does not know it, and so gives no results.
    `note`: the results stand without it.
    """

    span: Span
    message: str
    help: str = ""
    kind: Literal["bad", "unknown", "note"] = "bad"


class Forms(NamedTuple):
    """What was read: forms up to the first fault; `end` is the offset behind the last of them."""

    forms: tuple[Form, ...]
    fault: Fault | None


_STRING = r'"(?:[^"\\]|\\.)*+"'
_ATOM = r'[^\s,;()\[\]{}"]++'
_COMMON = rf"""
    (?P<skip>[\s,]++|;[^\n]*+)
  | (?P<string>\#?{_STRING})
  | (?P<open>\#\{{|\#\(|[(\[{{])
  | (?P<close>[)\]}}])
  | (?P<char>\\(?:newline|space|tab|return|.))
  | (?P<atom>{_ATOM})
"""
_PLAIN = regex(_COMMON, re.VERBOSE | re.DOTALL)
_SIMPLE = regex(
    rf"""
    (?P<page>\#?\[\[[^\n]{{0,1000}}?\]\])
  | (?P<tag>\#[^\s,;()\[\]{{}}"_]{_ATOM[:-2]}*+)
  | (?P<dynamic><%[^\n]{{0,200}}?%>)
  | {_COMMON}""",
    re.VERBOSE | re.DOTALL,
)
_NUMBER = regex(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?[NM]?")
_OPENERS: Mapping[str, tuple[FormKind, str]] = {
    "(": ("list", ")"),
    "#(": ("function", ")"),
    "[": ("vector", "]"),
    "{": ("map", "}"),
    "#{": ("set", "}"),
}
_CONSTANTS: Mapping[str, object] = {"true": True, "false": False, "nil": None}
_ESCAPES: Mapping[str, str] = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def read(text: str, span: Span, *, simple: bool) -> Forms:
    """The forms in a stretch of text, up to what cannot be read."""
    if span.end - span.start > MAX_QUERY:
        message = f"the query is longer than {MAX_QUERY:,} characters and is not read"
        return Forms((), Fault(span, message, "split it into several"))
    return _Reader(text, span).read(_SIMPLE if simple else _PLAIN)


class _Reader:
    """Reads one stretch of text; `open_` are the collections that have begun."""

    __slots__ = ("_done", "_open", "_span", "_text")

    def __init__(self, text: str, span: Span) -> None:
        self._text = text
        self._span = span
        self._open: list[tuple[re.Match[str], list[Form]]] = []
        self._done: list[Form] = []

    def read(self, tokens: re.Pattern[str]) -> Forms:
        at, fault = self._span.start, None
        while at < self._span.end and fault is None:
            m = tokens.match(self._text, at, self._span.end)
            if m is None:
                return Forms(tuple(self._done), Fault(Span(at, at + 1), 'this text has no closing `"`'))
            fault = self._token(m)
            at = m.end()
        if fault is None and self._open:
            opener = self._open[-1][0]
            closing = _OPENERS[opener[0]][1]
            fault = Fault(Span(*opener.span()), f"no `{closing}` closes this `{opener[0]}`", f"add `{closing}`")
        return Forms(tuple(self._done), fault)

    def _token(self, m: re.Match[str]) -> Fault | None:
        match m.lastgroup:
            case "skip":
                return None
            case "open":
                if len(self._open) >= MAX_DEPTH:
                    return Fault(Span(*m.span()), f"brackets within each other, more than {MAX_DEPTH} deep")
                self._open.append((m, []))
                return None
            case "close":
                return self._close(m)
            case _:
                self._add(_atom(m))
                return None

    def _add(self, form: Form) -> None:
        (self._open[-1][1] if self._open else self._done).append(form)

    def _close(self, m: re.Match[str]) -> Fault | None:
        if not self._open:
            return Fault(Span(*m.span()), f"a `{m[0]}` that closes nothing", "take it out")
        opener, items = self._open.pop()
        kind, closing = _OPENERS[opener[0]]
        if closing != m[0]:
            message = f"`{m[0]}` cannot close `{opener[0]}`"
            return Fault(Span(*m.span()), message, f"write `{closing}`")
        span = Span(opener.start(), m.end())
        if kind == "map" and len(items) % 2:
            return Fault(items[-1].span, "a key without a value", 'a map is made of pairs, `{:title "x" :query (…)}`')
        self._add(Form(kind, span, "", tuple(items)))
        return None


def _atom(m: re.Match[str]) -> Form:
    span, text = Span(*m.span()), m[0]
    match m.lastgroup:
        case "page":
            return Form("page", span, text.lstrip("#")[2:-2])
        case "tag":
            return Form("page", span, text[1:])
        case "dynamic":
            return Form("dynamic", span, text[2:-2].strip())
        case "string":
            return Form("string", span, _unescaped(text.lstrip("#")[1:-1]))
        case "char":
            return Form("string", span, text[1:] if len(text) == 2 else {"space": " "}.get(text[1:], "\n"))
    if text.startswith(":"):
        return Form("keyword", span, text[1:])
    if text in _CONSTANTS:
        return Form("constant", span, text, (), _CONSTANTS[text])
    if _NUMBER.fullmatch(text) and len(text) < 20:
        plain = text.rstrip("NM")
        return Form("number", span, text, (), int(plain) if plain.lstrip("+-").isdigit() else float(plain))
    return Form("symbol", span, text)


def _unescaped(text: str) -> str:
    if "\\" not in text:
        return text
    return re.sub(r"\\(.)", lambda m: _ESCAPES.get(m[1], m[1]), text, flags=re.DOTALL)


def entries(form: Form) -> dict[str, Form]:
    """The values of a map by the names of their keys."""
    return {key.text: value for key, value in zip(form.items[::2], form.items[1::2], strict=True)}


def source(text: str, form: Form) -> str:
    """A form as it was written."""
    return text[form.span.start : form.span.end]
