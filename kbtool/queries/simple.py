"""Simple queries, `{{query (and [[page]] (task todo))}}`, read into filters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from kbtool.queries import dates
from kbtool.suggest import did_you_mean
from kbtool.syntax.edn import Fault, Form, read, source
from kbtool.values import Span

OPERATORS = tuple(
    "and or not between property task todo priority page namespace page-property page-tags all-page-tags sort-by "
    "sample".split()
)
"""What may stand behind a bracket."""
ON_BLOCKS = frozenset({"page-ref", "text", "between", "property", "task", "priority", "page", "created"})
ON_PAGES = frozenset({"namespace", "page-property", "page-tags", "all-page-tags"})
_SOME_DAY = date(2000, 1, 1)


class Filter(NamedTuple):
    """One condition: `kind` is an operator, `page-ref`, `text`, or `search` (words without any notation).

    `words` are page keys, markers, a property's key, texts or days as written; `value` is that of a property.
    """

    kind: str
    span: Span
    words: tuple[str, ...] = ()
    value: object = None
    children: tuple[Filter, ...] = ()


class Asked(NamedTuple):
    """A page that a query names."""

    name: str
    span: Span


class Simple(NamedTuple):
    """A simple query; `root` is None when it asks for nothing. `sort` is a property's key and whether it descends."""

    root: Filter | None
    sort: tuple[str, bool] | None
    sample: int | None
    table: bool
    names: tuple[Asked, ...]
    faults: tuple[Fault, ...]


def simple(text: str, span: Span) -> Simple:
    """A stretch of text as a simple query."""
    found = read(text, span, simple=True)
    reader = _Reader(text)
    if found.fault:
        reader.faults.append(found.fault)
        return reader.query(None, table=False)
    forms = found.forms
    table = len(forms) > 1 and forms[-1].kind == "symbol" and forms[-1].text == "table"
    root = reader.top(forms[: -1 if table else None])
    return reader.query(root, table=table)


class _Reader:
    """Collects what stands beside the conditions: the order, the sample, the names, the faults."""

    __slots__ = ("_names", "_sample", "_sort", "_text", "faults")

    def __init__(self, text: str) -> None:
        self._text = text
        self.faults: list[Fault] = []
        self._names: list[Asked] = []
        self._sort: tuple[str, bool] | None = None
        self._sample: int | None = None

    def query(self, root: Filter | None, *, table: bool) -> Simple:
        if root is not None:
            self.faults += _mixed(root)
        return Simple(root, self._sort, self._sample, table, tuple(self._names), tuple(self.faults))

    def top(self, forms: Sequence[Form]) -> Filter | None:
        if not forms:
            return None
        first = forms[0]
        if first.kind == "symbol":
            return Filter("search", first.span, (first.text,))
        if len(forms) > 1:
            advice = "join them: `(and … …)` or `(or … …)`"
            self._fault(forms[1], "Logseq reads a query's first form and drops this one", advice)
        return self._filter(first)

    def _fault(self, form: Form, message: str, advice: str = "") -> None:
        self.faults.append(Fault(form.span, message, advice))

    # ---- conditions

    def _filter(self, form: Form) -> Filter | None:
        match form.kind:
            case "page":
                return Filter("page-ref", form.span, (self._page(form),))
            case "dynamic":
                return Filter("page-ref", form.span, (self._page(form),)) if self._known(form) else None
            case "string" if names_page(form.text):
                return Filter("page-ref", form.span, (self._page(form),))
            case "string":
                return Filter("text", form.span, (form.text,)) if form.text else None
            case "list" if not form.items:
                return None
            case "list":
                return self._operator(form)
            case "vector" if form.items and form.items[0].kind == "symbol":
                inside = source(self._text, form)
                self._fault(form, f"`{inside}` is no condition", f"did you mean `[{inside}]`?")
            case _:
                self._fault(form, f"`{source(self._text, form)[:40]}` is no condition", _EXAMPLE)
        return None

    def _operator(self, form: Form) -> Filter | None:
        head, arguments = form.items[0], form.items[1:]
        name = head.text.lower()
        if head.kind not in ("symbol", "keyword", "string") or name not in OPERATORS:
            near = did_you_mean(name, OPERATORS) or _OTHER_NAMES.get(name) or _abbreviated(name)
            advice = f"did you mean `{near}`?" if near else f"known are: {', '.join(OPERATORS)}"
            self._fault(head, f"no operator `{source(self._text, head)[:40]}`", advice)
            return None
        if name in ("and", "or", "not"):
            children = tuple(found for found in map(self._filter, arguments) if found)
            return Filter(name, form.span, (), None, children) if children else None
        if name == "all-page-tags":
            return Filter(name, form.span)
        if not arguments:
            self._fault(form, f"`{name}` without an argument", f"for example `{_EXAMPLES[name]}`")
            return None
        return self._with_arguments(form, name, arguments)

    def _with_arguments(self, form: Form, name: str, arguments: tuple[Form, ...]) -> Filter | None:
        match name:
            case "task" | "todo":
                return Filter("task", form.span, tuple(found.text.upper() for found in _flat(arguments)))
            case "priority":
                return Filter(name, form.span, tuple(found.text.upper() for found in _flat(arguments)))
            case "page" | "namespace":
                known = self._known(arguments[0])
                return Filter(name, form.span, (self._page(arguments[0]),)) if known else None
            case "page-tags":
                return Filter(name, form.span, tuple(map(self._page, _flat(arguments))))
            case "property" | "page-property":
                return self._property(form, name, arguments)
            case "between":
                return self._between(form, arguments)
            case "sort-by":
                descends = len(arguments) < 2 or arguments[1].text.lower() != "asc"
                self._sort = (arguments[0].text, descends)
            case _:
                self._sampled(arguments[0])
        return None

    def _sampled(self, form: Form) -> None:
        if isinstance(form.value, int) and form.kind == "number":
            self._sample = max(0, form.value)
        else:
            self._fault(form, "`sample` takes a whole number", "for example `(sample 5)`")

    def _property(self, form: Form, name: str, arguments: tuple[Form, ...]) -> Filter:
        key = (arguments[0].text or source(self._text, arguments[0])).replace("_", "-")
        words = (key,)
        if len(arguments) < 2 or (arguments[1].kind == "constant" and arguments[1].value is None):
            return Filter(name, form.span, words)
        given = arguments[1]
        if given.kind == "dynamic" and not self._known(given):
            return Filter(name, form.span, words)
        return Filter(name, form.span, words, given if given.kind == "dynamic" else _value(self._text, given))

    def _between(self, form: Form, arguments: tuple[Form, ...]) -> Filter | None:
        if arguments[0].kind in ("symbol", "keyword") and len(arguments) == 3:
            message = "this finds nothing, here as in Logseq: times of blocks are not in the notes"
            advice = "`(between -7d today)` asks for the days of journal pages"
            self.faults.append(Fault(form.span, message, advice, "note"))
            return Filter("created", form.span)
        if len(arguments) != 2:
            self._fault(form, f"`between` takes two days, not {len(arguments)}", "for example `(between -7d today)`")
            return None
        bad = [found for found in arguments if not self._is_day(found)]
        for found in bad:
            advice = "write `today`, `yesterday`, `tomorrow`, `-7d`, `+2w`, `-1m`, `+1y` or `[[date]]`"
            self._fault(found, f"`{source(self._text, found)[:40]}` is no day", advice)
        words = tuple(found.text.lower() for found in arguments)
        pages = tuple(found if found.kind in ("page", "dynamic") else None for found in arguments)
        return None if bad else Filter("between", form.span, words, pages)

    def _is_day(self, form: Form) -> bool:
        if form.kind == "dynamic":
            return self._known(form)
        return form.kind == "page" or dates.relative(form.text.lower(), _SOME_DAY) is not None

    # ---- names

    def _known(self, form: Form) -> bool:
        """Whether dynamic words mean something; says so when they do not."""
        if form.kind != "dynamic" or form.text.lower() == "current page" or dates.spoken(form.text, _SOME_DAY):
            return True
        advice = "known are `<% current page %>`, `<% today %>`, `<% 7 days ago %>`, `<% next week %>` and their like"
        self.faults.append(Fault(form.span, f"`<% {form.text} %>` is not understood", advice, "unknown"))
        return False

    def _page(self, form: Form) -> str:
        """The name that a form gives, marked where it is dynamic."""
        if form.kind == "dynamic":
            return f"\0{form.text}"
        name = form.text or source(self._text, form)
        name = name[2:-2] if names_page(name) else name
        self._names.append(Asked(name, form.span))
        return name


_EXAMPLE = 'conditions are `[[page]]`, `#tag`, `"text"` and `(operator …)`'
_OTHER_NAMES: Mapping[str, str] = {
    "tags": "page-tags",
    "tag": "page-tags",
    "marker": "task",
    "status": "task",
    "sort": "sort-by",
    "prop": "property",
}
_EXAMPLES: Mapping[str, str] = {
    "between": "(between -7d today)",
    "property": "(property type book)",
    "page-property": "(page-property type book)",
    "task": "(task todo doing)",
    "todo": "(todo now later)",
    "priority": "(priority A B)",
    "page": "(page [[name]])",
    "namespace": "(namespace [[name]])",
    "page-tags": "(page-tags [[name]])",
    "sort-by": "(sort-by rating desc)",
    "sample": "(sample 5)",
}


def _abbreviated(name: str) -> str | None:
    """The one operator that a name of a few letters is short for: `tsk`, `pgtags`."""
    found = [known for known in OPERATORS if len(name) > 1 and known[0] == name[0] and _within(name, known)]
    return min(found, key=len, default=None)


def _within(short: str, word: str) -> bool:
    """Whether the letters of one word stand in another in their order."""
    rest = iter(word)
    return all(letter in rest for letter in short)


def names_page(text: str) -> bool:
    """Whether a text is a name in its brackets."""
    return text.startswith("[[") and text.endswith("]]") and len(text) > 4


def _flat(arguments: tuple[Form, ...]) -> tuple[Form, ...]:
    first = arguments[0]
    return first.items if first.kind in ("vector", "list", "set") else arguments


def _value(text: str, form: Form) -> object:
    """A property's value as Logseq compares it: brackets and `#` off, numbers and booleans as such."""
    if form.kind == "page":
        return _typed(form.text)
    if form.kind in ("number", "constant"):
        return form.value
    found = form.text if form.kind in ("string", "keyword") else source(text, form)
    found = f":{found}" if form.kind == "keyword" else found
    found = found.removeprefix("#") if found.startswith("#") else found[2:-2] if names_page(found) else found
    return _typed(found.strip())


def _typed(text: str) -> object:
    if text in ("true", "false"):
        return text == "true"
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else text


# ---------------------------------------------------------------- blocks and pages


def kinds(found: Filter) -> frozenset[str]:
    """The kinds of conditions in a filter."""
    own = frozenset({found.kind})
    return own.union(*(kinds(child) for child in found.children)) if found.children else own


def _mixed(root: Filter) -> list[Fault]:
    """Filters of pages among those of blocks: `or` cannot join them, `and` means the blocks on such pages."""
    if not kinds(root) & ON_BLOCKS:
        return []
    found: list[Fault] = []
    for part, joined in _page_filters(root, "and"):
        if joined == "or":
            message = f"`or` cannot join the page filter `{part.kind}` with filters of blocks"
            found.append(Fault(part.span, message, "ask in two queries"))
        else:
            message = f"the page filter `{part.kind}` among filters of blocks, which Logseq's manual rules out"
            advice = "the answer is what Logseq's program gives: the blocks on such pages"
            found.append(Fault(part.span, message, advice, "note"))
    return found


def _page_filters(part: Filter, joined: str) -> list[tuple[Filter, str]]:
    if part.kind in ON_PAGES:
        return [(part, joined)]
    mixed = part.kind == "or" and any(kinds(child) & ON_BLOCKS for child in part.children)
    inside = "or" if joined == "or" or mixed else "and"
    return [found for child in part.children for found in _page_filters(child, inside)]
