"""Advanced queries, the map between `#+BEGIN_QUERY` and `#+END_QUERY`, read into Datalog."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from kbtool.queries.clauses import BLANK, Clause, Reader, Rule, by_name, rule_names, rules
from kbtool.queries.simple import Asked, Simple, simple
from kbtool.queries.terms import Variable
from kbtool.queries.transforms import Step, steps
from kbtool.suggest import did_you_mean
from kbtool.syntax.edn import Fault, Form, entries, read, source
from kbtool.values import Span

KEYS = (
    "title query inputs view result-transform collapsed? group-by-page? rules remove-block-children? table-view? "
    "breadcrumb-show? build-view"
)
AGGREGATES = ("count", "count-distinct", "sum", "min", "max", "avg")
_RULES = """[
[(task ?block ?states) [?block :block/marker ?state] [(contains? ?states ?state)]]
[(priority ?block ?letters) [?block :block/priority ?letter] [(contains? ?letters ?letter)]]
[(page ?block ?key) [?page :block/name ?key] [?block :block/page ?page]]
[(page-ref ?block ?key) [?page :block/name ?key] [?block :block/path-refs ?page]]
[(block-content ?block ?part) [?block :block/content ?text] [(clojure.string/includes? ?text ?part)]]
[(between ?block ?first ?last)
 [?page :block/journal-day ?day] [(<= ?first ?day)] [(<= ?day ?last)] [?block :block/page ?page]]
[(has-property ?block ?key) [?block :block/properties ?own] [(missing? $ ?block :block/name)] [(get ?own ?key)]]
[(property ?block ?key ?wanted)
 [?block :block/properties ?own] [(missing? $ ?block :block/name)] [(get ?own ?key) ?is] [(kb/matches ?is ?wanted)]]
[(has-page-property ?page ?key) [?page :block/name] [?page :block/properties ?own] [(get ?own ?key)]]
[(page-property ?page ?key ?wanted)
 [?page :block/name] [?page :block/properties ?own] [(get ?own ?key) ?is] [(kb/matches ?is ?wanted)]]
[(page-tags ?page ?keys) [?page :block/tags ?tag] [?tag :block/name ?key] [(contains? ?keys ?key)]]
[(all-page-tags ?page) [_ :block/tags ?page]]
[(namespace ?page ?key) [?above :block/name ?key] [?page :block/namespace ?above]]
]"""


class Find(NamedTuple):
    """One thing that is asked for: a variable as such, pulled (`pull`), or what an aggregate makes of it."""

    variable: str
    aggregate: str = ""


class Input(NamedTuple):
    """A parameter of `:in` with the form that is given for it; `each` for `[?x ...]`."""

    variables: tuple[Variable, ...]
    each: bool
    form: Form


class Datalog(NamedTuple):
    """A query in Datalog; `rules` are its own and Logseq's."""

    find: tuple[Find, ...]
    inputs: tuple[Input, ...]
    where: tuple[Clause, ...]
    rules: Mapping[str, tuple[Rule, ...]]


class Advanced(NamedTuple):
    """An advanced query; one of `simple` and `datalog` is there unless it could not be read at all.

    `grouped` and `table` are None where the query leaves them open; `whole` when results that lie within others are
    shown with these alone.
    """

    title: str
    simple: Simple | None
    datalog: Datalog | None
    transform: tuple[Step, ...]
    collapsed: bool
    grouped: bool | None
    whole: bool
    table: bool | None
    names: tuple[Asked, ...]
    faults: tuple[Fault, ...]


@cache
def logseq_rules() -> Mapping[str, tuple[Rule, ...]]:
    """The rules that every query may call: the simple filters."""
    form = read(_RULES, Span(0, len(_RULES)), simple=False).forms[0]
    reader = Reader(_RULES, rule_names(form))
    return by_name(tuple(rules(reader, form)))


def advanced(text: str, span: Span) -> Advanced:
    """A stretch of text as an advanced query: a map, or its `[:find …]` alone."""
    found = read(text, span, simple=False)
    if not found.forms:
        return _unread((found.fault,) if found.fault else ())
    form = found.forms[0]
    if form.kind == "vector":
        form = Form("map", form.span, "", (Form("keyword", Span(form.span.start, form.span.start), "query"), form))
    if form.kind != "map":
        advice = 'an advanced query is a map: `{:title "…" :query [:find …]}`'
        return _unread((Fault(form.span, f"`{source(text, form)[:40]}` is no advanced query", advice),))
    behind = found.fault or (Fault(found.forms[1].span, "") if len(found.forms) > 1 else None)
    late = [Fault(behind.span, "what stands behind the query is not read", "take it out", "note")] if behind else []
    return _map(text, form, late)


def names_of(text: str, span: Span, *, complex_: bool) -> tuple[Asked, ...]:
    """The pages that a query names."""
    return advanced(text, span).names if complex_ else simple(text, span).names


def _unread(faults: tuple[Fault, ...]) -> Advanced:
    return Advanced("", None, None, (), False, None, True, None, (), faults)


def _map(text: str, form: Form, faults: list[Fault]) -> Advanced:
    options = entries(form)
    faults += _unknown_keys(form)
    transform = _transform(options.get("result-transform"), faults)
    if "view" in options:
        message = "`:view` is a program in Clojure and is not run; the results are shown as a list"
        faults.append(Fault(options["view"].span, message, "take it out, or use `query-table:: true`", "note"))
    asked = options.get("query")
    inner: Simple | None = None
    datalog: Datalog | None = None
    names: tuple[Asked, ...] = ()
    if asked is None:
        faults.append(Fault(form.span, "no `:query` in the map", "`{:query (task todo)}`, `{:query [:find …]}`"))
    elif asked.kind == "vector":
        reader = Reader(text, frozenset(logseq_rules()) | _own_rules(options))
        datalog = _datalog(reader, asked, options)
        names, faults = tuple(reader.names), faults + reader.faults
    else:
        inner = simple(text, asked.span)
        names, faults = inner.names, faults + list(inner.faults)
    return Advanced(
        title=_title(options.get("title")),
        simple=inner,
        datalog=datalog,
        transform=transform,
        collapsed=_flag(options, "collapsed?") is True,
        grouped=_flag(options, "group-by-page?"),
        whole=_flag(options, "remove-block-children?") is not False,
        table=_flag(options, "table-view?"),
        names=names,
        faults=tuple(faults),
    )


def _unknown_keys(form: Form) -> Iterator[Fault]:
    for key in form.items[::2]:
        if key.kind != "keyword" or key.text not in KEYS.split():
            near = did_you_mean(key.text, KEYS.split())
            advice = f"did you mean `:{near}`?" if near else f"known are: {', '.join(':' + k for k in KEYS.split())}"
            yield Fault(key.span, f"a query has no key `:{key.text}`", advice, "note")


def _transform(form: Form | None, faults: list[Fault]) -> tuple[Step, ...]:
    if form is None:
        return ()
    found = steps(form)
    if found is None:
        message = "this `:result-transform` is not understood and not applied"
        advice = "`sort-by` (a key, `get`, `get-in`), `take`, `drop`, `reverse` and `->>` of these are"
        faults.append(Fault(form.span, message, advice, "note"))
    return found or ()


def _flag(options: Mapping[str, Form], key: str) -> bool | None:
    form = options.get(key)
    return form.value if form and isinstance(form.value, bool) else None


def _title(form: Form | None) -> str:
    """A title's words; of hiccup the texts in it."""
    if form is None:
        return ""
    return form.text if form.kind == "string" else " ".join(filter(None, map(_title, form.items)))


# ---------------------------------------------------------------- Datalog


def _own_rules(options: Mapping[str, Form]) -> frozenset[str]:
    given = [form for key in ("rules", "inputs") for form in _rule_vectors(options.get(key))]
    return frozenset().union(*map(rule_names, given)) if given else frozenset()


def _rule_vectors(form: Form | None) -> Iterator[Form]:
    """The vectors of rules that a form is or holds."""
    if form is None or form.kind != "vector":
        return
    for candidate in (form, *form.items):
        if candidate.kind == "vector" and candidate.items and all(map(_is_rule, candidate.items)):
            yield candidate


def _is_rule(form: Form) -> bool:
    return form.kind == "vector" and bool(form.items) and form.items[0].kind == "list"


def _datalog(reader: Reader, form: Form, options: Mapping[str, Form]) -> Datalog | None:
    parts = _sections(form)
    for name, key in parts.items():
        if name not in ("find", "in", "where", "with", "keys", "syms", "strs"):
            advice = "its parts are `:find`, `:in`, `:where`"
            reader.bad(key[0] if key else form, f"a query has no part `:{name}`", advice)
    find = tuple(found for item in parts.get("find", ()) for found in _finds(reader, item))
    own = tuple(
        rule for key in ("rules", "inputs") for one in _rule_vectors(options.get(key)) for rule in rules(reader, one)
    )
    given = options["inputs"].items if "inputs" in options else ()
    inputs = tuple(_inputs(reader, parts.get("in", ()), given))
    where = reader.clauses(parts.get("where", ()))
    if not find or not parts.get("where"):
        example = "`[:find (pull ?b [*]) :where [?b :block/marker _]]`"
        reader.bad(form, "a query needs `:find` and `:where`", example)
    _check_bound(reader, form, Datalog(find, inputs, where, {}))
    return Datalog(find, inputs, where, {**logseq_rules(), **by_name(own)})


def _sections(form: Form) -> Mapping[str, list[Form]]:
    found: dict[str, list[Form]] = {}
    name = ""
    for item in form.items:
        if item.kind == "keyword":
            name = item.text
            found.setdefault(name, [])
        else:
            found.setdefault(name, []).append(item)
    return found


def _finds(reader: Reader, form: Form) -> Iterator[Find]:
    if form.kind == "symbol" and form.text.startswith("?"):
        yield Find(form.text)
    elif form.kind == "vector":
        for item in form.items:
            yield from _finds(reader, item)
    elif form.kind == "list" and len(form.items) > 1 and form.items[0].text == "pull":
        yield Find(form.items[1].text, "pull")
    elif form.kind == "list" and len(form.items) > 1 and form.items[0].text in AGGREGATES:
        yield Find(form.items[-1].text, form.items[0].text)
    elif form.text not in (".", "..."):
        advice = f"`(pull ?b [*])`, `?x`, and of aggregates {', '.join(AGGREGATES)} are"
        reader.unknown(form, f"`{reader.shown(form)}` is not understood in `:find`", advice)


def _inputs(reader: Reader, parameters: Sequence[Form], given: Sequence[Form]) -> Iterator[Input]:
    at = 0
    for parameter in parameters:
        if parameter.text == "$":
            continue
        form = given[at] if at < len(given) else None
        if parameter.text == "%":
            at += form is not None and any(True for _ in _rule_vectors(form))
            continue
        at += 1
        if form is None:
            advice = "give it in `:inputs [ … ]`"
            reader.bad(parameter, f"no input for `{reader.shown(parameter)}`", advice)
            continue
        items = parameter.items if parameter.kind == "vector" else (parameter,)
        variables = tuple(BLANK if i.text == "_" else Variable(i.text) for i in items if i.text != "...")
        yield Input(variables, any(i.text == "..." for i in items), form)


def _check_bound(reader: Reader, form: Form, query: Datalog) -> None:
    """Variables that nothing gives a value, and branches of `or` that give different ones: errors in Logseq."""
    bound = {variable.name for given in query.inputs for variable in given.variables}
    for clause in query.where:
        if clause.kind == "or" and clause.join is None and len(clause.branches) > 1:
            _check_branches(reader, clause, bound)
        bound |= given_by(clause)
    # What could not be read may have bound them.
    for found in query.find if not reader.faults else ():
        if found.variable not in bound:
            advice = "name it in a clause of `:where`"
            reader.bad(form, f"nothing gives `{found.variable}` a value", advice)


def _check_branches(reader: Reader, clause: Clause, bound: set[str]) -> None:
    free = [variables(branch) - bound for branch in clause.branches]
    if any(other != free[0] for other in free):
        advice = "name what they share: `(or-join [?b] …)`"
        reader.faults.append(Fault(clause.span, "the branches of `or` do not have the same variables", advice))


def given_by(clause: Clause) -> set[str]:
    """The variables that a clause gives values."""
    match clause.kind:
        case "not":
            return set()
        case "call":
            return {one.name for one in clause.binds}
        case "or" if clause.join is not None:
            return set(clause.join)
        case "or":
            return set().union(*(given_by(inner) for branch in clause.branches for inner in branch))
    return {term.name for term in clause.terms if isinstance(term, Variable)}


def variables(clauses: Sequence[Clause]) -> frozenset[str]:
    """All variables that clauses share with what stands around them."""
    found: set[str] = set()
    for clause in clauses:
        if clause.join is not None:
            found |= set(clause.join)
            continue
        found |= {term.name for term in clause.terms if isinstance(term, Variable)}
        found |= {one.name for one in clause.binds}
        for branch in clause.branches:
            found |= variables(branch)
    return frozenset(found - {""})
