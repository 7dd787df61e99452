"""Datalog, as far as it is understood, read into clauses; all else is a fault at its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from kbtool.queries.functions import FUNCTIONS, ON_BASE, SHORT
from kbtool.queries.simple import Asked
from kbtool.queries.terms import ATTRIBUTES, Keyword, PageName, Variable, attribute
from kbtool.suggest import did_you_mean
from kbtool.syntax.edn import Fault, Form, source
from kbtool.values import Span

BLANK = Variable("")


class Clause(NamedTuple):
    """One condition of `:where`.

    `pattern`: entity, attribute and value are `terms[0]`, `name`, `terms[1]`. `call`: the function `name` on `terms`,
    its answer bound to `binds` (one variable; several of `[[?a ?b]]`; `each` for `[?x ...]`). `rule`: a rule on
    `terms`. `or`, `not`: `branches`; with `join` only those variables are shared with the outside.
    """

    kind: Literal["pattern", "call", "rule", "or", "not"]
    span: Span
    name: str = ""
    terms: tuple[object, ...] = ()
    binds: tuple[Variable, ...] = ()
    each: bool = False
    branches: tuple[tuple[Clause, ...], ...] = ()
    join: tuple[str, ...] | None = None


class Rule(NamedTuple):
    """One body of a rule."""

    parameters: tuple[str, ...]
    body: tuple[Clause, ...]


class Reader:
    """Reads clauses of one text; `rules` are the names that may be called."""

    __slots__ = ("faults", "names", "rules", "text")

    def __init__(self, text: str, rules: frozenset[str]) -> None:
        self.text = text
        self.rules = rules
        self.faults: list[Fault] = []
        self.names: list[Asked] = []

    def unknown(self, form: Form, message: str, advice: str = "") -> None:
        """Notes a form that is not understood here."""
        self.faults.append(Fault(form.span, message, advice, "unknown"))

    def bad(self, form: Form, message: str, advice: str = "") -> None:
        """Notes a form that is wrong in Logseq too."""
        self.faults.append(Fault(form.span, message, advice))

    def shown(self, form: Form) -> str:
        """A form as written, shortened."""
        found = " ".join(source(self.text, form).split())
        return found if len(found) <= 40 else found[:39] + "…"

    # ---- clauses

    def clauses(self, forms: Sequence[Form]) -> tuple[Clause, ...]:
        """The clauses among forms, those that are understood."""
        return tuple(found for found in map(self._clause, forms) if found)

    def _clause(self, form: Form) -> Clause | None:
        if not form.items:
            self.bad(form, f"`{self.shown(form)}` is no clause", _CLAUSES)
            return None
        head = form.items[0]
        if form.kind == "vector":
            return self._call(form) if head.kind == "list" else self._pattern(form)
        if form.kind != "list" or head.kind != "symbol":
            self.bad(form, f"`{self.shown(form)}` is no clause", _CLAUSES)
            return None
        if head.text in ("or", "or-join", "not", "not-join", "and"):
            return self._group(form, head.text)
        return self._rule(form)

    def _group(self, form: Form, name: str) -> Clause | None:
        inside = form.items[1:]
        join: tuple[str, ...] | None = None
        if name.endswith("-join"):
            if not inside or inside[0].kind != "vector":
                self.bad(form, f"`{name}` begins with its variables", f"`({name} [?b] …)`")
                return None
            join = tuple(item.name for item in _variables(inside[0]))
            inside = inside[1:]
        span = form.span
        if name.startswith("not"):
            return Clause("not", span, branches=(self.clauses(inside),), join=join)
        if name == "and":
            return Clause("or", span, branches=(self.clauses(inside),))
        return Clause("or", span, branches=tuple(self._branch(item) for item in inside), join=join)

    def _branch(self, form: Form) -> tuple[Clause, ...]:
        if form.kind == "list" and form.items and form.items[0].text == "and":
            return self.clauses(form.items[1:])
        return self.clauses((form,))

    def _rule(self, form: Form) -> Clause | None:
        head, arguments = form.items[0], form.items[1:]
        if head.text not in self.rules:
            known = [*sorted(self.rules), "or", "not", "and"]
            near = did_you_mean(head.text, known)
            advice = f"did you mean `{near}`?" if near else "define it under `:rules`, or use one of Logseq's"
            if head.text in FUNCTIONS:
                advice = f"a function stands in square brackets: `[{self.shown(form)}]`"
            self.bad(head, f"no rule `{head.text}`", advice)
            return None
        if head.text in ("page-ref", "page", "namespace") and len(arguments) > 1 and arguments[1].kind == "string":
            self._name(arguments[1])
        return Clause("rule", form.span, head.text, tuple(map(self.term, arguments)))

    def _pattern(self, form: Form) -> Clause | None:
        entity, *rest = form.items
        if not rest or len(rest) > 2:
            self.bad(form, "a pattern is `[?b :attribute ?value]`")
            return None
        if rest[0].kind != "keyword":
            self.unknown(rest[0], f"`{self.shown(rest[0])}`: only attributes that are named are understood")
            return None
        name = attribute(rest[0].text)
        if name is None:
            near = did_you_mean(rest[0].text, ATTRIBUTES)
            advice = f"did you mean `:{near}`?" if near else _KNOWN
            self.unknown(rest[0], f"the attribute `:{rest[0].text}` is not known to kbtool", advice)
            return None
        value = BLANK if len(rest) == 1 else self.term(rest[1])
        if name == "block/name" and len(rest) > 1 and rest[1].kind == "string":
            self._name(rest[1])
        return Clause("pattern", form.span, name, (self.term(entity), value))

    def _name(self, form: Form) -> None:
        """A page's name in a text; those of the database are in lower case."""
        if form.text != form.text.lower():
            lower = source(self.text, form).lower()
            message = f"«{form.text}» is no page's `:block/name`: these are in lower case"
            self.faults.append(Fault(form.span, message, f"write {lower}", "note"))
        self.names.append(Asked(form.text, form.span))

    def _call(self, form: Form) -> Clause | None:
        call, *binds = form.items
        if not call.items:
            self.bad(form, "a call without a function")
            return None
        head, arguments = call.items[0], call.items[1:]
        name = head.text
        if name not in FUNCTIONS and name not in ON_BASE:
            near = SHORT.get(name) or did_you_mean(name, FUNCTIONS)
            advice = f"did you mean `{near}`?" if near else _KNOWN
            self.unknown(head, f"the function `{self.shown(head)}` is not known to kbtool", advice)
            return None
        if len(binds) > 1:
            self.bad(binds[1], "a call binds one thing", "`[(f ?x) ?answer]`")
        terms = tuple(self.term(item) for item in arguments if item.text != "$" or item.kind != "symbol")
        target = binds[0] if binds else None
        each = target is not None and target.kind == "vector" and any(item.text == "..." for item in target.items)
        return Clause("call", form.span, name, terms, _variables(target) if target else (), each)

    # ---- terms

    def term(self, form: Form) -> object:
        """A variable, or a value."""
        match form.kind:
            case "symbol" if form.text == "_":
                return BLANK
            case "symbol" if form.text.startswith("?"):
                return Variable(form.text)
            case "keyword":
                return Keyword(form.text)
            case "string":
                return form.text
            case "number" | "constant":
                return form.value
            case "vector" if _is_page_name(form):
                self._name(form.items[1])
                return PageName(form.items[1].text)
            case "set":
                return frozenset(map(self.term, form.items))
            case "vector" | "list":
                return tuple(map(self.term, form.items))
        self.unknown(form, f"`{self.shown(form)}` is not understood here")
        return None


_KNOWN = "kbtool explain unsupported-query lists what is"
_CLAUSES = "clauses are `[?b :attribute ?value]`, `[(function ?x)]`, `(rule ?x)`, `(or …)`, `(not …)`"


def _is_page_name(form: Form) -> bool:
    if len(form.items) != 2:
        return False
    attribute_, name = form.items
    return attribute_.kind == "keyword" and attribute_.text in ("block/name", "page/name") and name.kind == "string"


def _variables(form: Form) -> tuple[Variable, ...]:
    """The variables of a binding, `?x`, `[?x ?y]`, `[[?x ?y]]`, `[?x ...]`; `_` as blank."""
    if form.kind == "symbol":
        return (BLANK,) if form.text == "_" else (Variable(form.text),)
    found: list[Variable] = []
    for item in form.items:
        if item.kind == "symbol" and item.text != "...":
            found.append(BLANK if item.text == "_" else Variable(item.text))
        elif item.items:
            found += _variables(item)
    return tuple(found)


def rule_names(form: Form) -> frozenset[str]:
    """The names of the rules in a vector of rules."""
    heads = (rule.items[0] for rule in form.items if rule.items)
    return frozenset(head.items[0].text for head in heads if head.kind == "list" and head.items)


def rules(reader: Reader, form: Form) -> Iterator[tuple[str, Rule]]:
    """The rules in a vector of rules."""
    for rule in form.items:
        if rule.kind != "vector" or not rule.items or rule.items[0].kind != "list" or not rule.items[0].items:
            reader.bad(rule, "a rule is `[(name ?x) clause …]`")
            continue
        head, *parameters = rule.items[0].items
        names = tuple(name.name for one in parameters for name in _variables(one))
        yield head.text, Rule(names, reader.clauses(rule.items[1:]))


def by_name(found: Sequence[tuple[str, Rule]]) -> Mapping[str, tuple[Rule, ...]]:
    """Rules by their names; several bodies of one name are alternatives."""
    made: dict[str, tuple[Rule, ...]] = {}
    for name, rule in found:
        made[name] = (*made.get(name, ()), rule)
    return made
