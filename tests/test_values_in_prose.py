"""Values of code in prose: `{{val …}}` on pages, what is known of them without running, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kbtool.config import GraphSettings
from kbtool.facts import facts
from kbtool.kb import Kb
from kbtool.note import lower
from kbtool.outcomes import CellKey, CellOutcome, CellState, Outcome, Value
from kbtool.python_given import given
from kbtool.quoting import value_of, written
from kbtool.render.numerals import in_prose
from kbtool.syntax.parse import parse
from kbtool.syntax.tree import Macro, PageLink, Prose
from kbtool.syntax.val import Wanted, is_spec, wanted
from kbtool.values import CellOptions, NoteId, Source
from tests.cells_notes import made
from tests.rendering import PROVENANCE, Html, rendered, snapshot

A, B = NoteId("pages/a.md"), NoteId("pages/b.md")
CODE = "- ```python name=train\n  loss = 1\n  ```\n- ```python name=test\n  loss = 2\n  ```\n"
LOSS = ("loss", "0.51999", 0.51999)


def ran(*cells: tuple[Value, ...], states: tuple[CellState, ...] = (), note: NoteId = A) -> dict[NoteId, Outcome]:
    """An outcome whose cells gave these values."""
    ends = states or tuple[CellState, ...]("ok" for _ in cells)
    made_of = tuple(CellOutcome(i, ends[i], (), 0.5, None, values) for i, values in enumerate(cells))
    return {note: Outcome(CellKey("k"), note, any(end != "ok" for end in ends), made_of, 1.0, PROVENANCE)}


def shown(text: str, outcomes: Mapping[NoteId, Outcome], **others: str) -> str:
    """The words of the note's last block."""
    sources = {A: text, **{f"pages/{name}.md": other for name, other in others.items()}}
    html = rendered(sources, outcomes=outcomes)[A].html
    return Html("<ul><li" + html.rpartition("<li")[2].partition("</li>")[0] + "</li></ul>").text.strip()


# ---------------------------------------------------------------- on the page


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("{{val loss}}", "0,4"),
        ("{{val loss .3f}}", "0,400"),
        ("{{val train.loss}}", "0,51999"),
        ("{{val train.loss .2f}}", "0,52"),
        ("{{val test.loss .0%}}", "40\N{NO-BREAK SPACE}%"),
        ("{{val [[a]], train.loss .1f}}", "0,5"),
        ("{{val [[a]]#loss}}", "0,4"),
        ("**{{val loss}}**", "0,4"),
        ("{{val train.n}}, {{val test.n ,}}", "1000, 1\N{NARROW NO-BREAK SPACE}000"),
    ],
)
def test_a_value_stands_in_the_text(macro: str, expected: str) -> None:
    outcomes = ran((LOSS, ("n", "1000", 1000.0)), (("loss", "0.4", 0.4),))
    assert shown(f"{CODE}- {macro}", outcomes) == expected


def test_another_note_is_meant_by_its_alias_and_linked() -> None:
    other = f"alias:: опыт\n\n{CODE}"
    html = rendered({A: "- {{val [[опыт]], loss .2f}}", B: other}, outcomes=ran((LOSS,), note=B))[A].html
    assert '<a class="kb-val" href="../b/" title="b · loss">0,52</a>' in html


@pytest.mark.parametrize(
    ("macro", "why"),
    [
        ("{{val weights}}", "не число и не короткий текст"),
        ("{{val gone}}", "не число и не короткий текст"),
        ("{{val none.loss}}", "такого значения нет"),
        ("{{val [[нет]], loss}}", "такого значения нет"),
        ("{{val loss .3q}}", "не подходит формат .3q"),
        ("{{val word .3f}}", "не подходит формат .3f"),
        ("{{val 1}}", "такого значения нет"),
    ],
)
def test_what_is_no_value_says_why(macro: str, why: str) -> None:
    outcomes = ran((LOSS, ("gone", "1", 1.0), ("word", "'сеть'", None)), (("gone", "", None),))
    found = shown(f"{CODE}- {macro}", outcomes)
    assert ("ещё не вычислено" in found, why in found) == (True, True)
    assert "ещё не вычислено" not in shown(f"{CODE}- {{{{val word}}}}", outcomes)


def test_a_value_of_code_that_did_not_run_says_so() -> None:
    assert shown(f"{CODE}- {{{{val loss}}}}", {}) == "loss: ещё не вычислено (код не выполнялся)"


def test_after_a_failure_only_what_was_reached_is_shown() -> None:
    outcomes = ran((LOSS,), (("loss", "9", 9.0),), states=("ok", "failed"))
    assert shown(f"{CODE}- {{{{val train.loss}}}}", outcomes) == "0,51999"
    for macro in ("{{val loss}}", "{{val test.loss}}"):
        assert "код остановился раньше" in shown(f"{CODE}- {macro}", outcomes)


def test_a_value_is_no_markup() -> None:
    html = rendered({A: f"{CODE}- {{{{val x}}}}"}, outcomes=ran((("x", "'<b>[[a]]'", None),)))[A].html
    assert "&lt;b&gt;[[a]]</span>" in html


def test_a_macro_of_the_configuration_goes_before_ours() -> None:
    assert shown(f"macro:: val сам $1\n\n{CODE}- {{{{val loss}}}}", ran((LOSS,))) == "сам loss"


# ---------------------------------------------------------------- how it is written


@pytest.mark.parametrize(
    ("value", "spec", "expected"),
    [
        (("x", "12345678901234567890", 1.2345678901234567e19), ",", "12,345,678,901,234,567,890"),
        (("x", "3", 3.0), "d", "3"),
        (("x", "3.0", 3.0), "d", None),
        (("x", "-7", -7.0), ".1f", "-7.0"),
        (("x", "nan", None), ".2f", "nan"),
        (("x", "True", None), "", "True"),
        (("x", "None", None), ".2f", None),
        (("x", "'я'", None), ">3", "  я"),
        (("x", "'я'", None), "", "я"),
        (("x", "0.1", 0.1), ".999999999f", None),
    ],
)
def test_formats_are_those_of_python(value: Value, spec: str, expected: str | None) -> None:
    assert written(value, spec) == expected


@pytest.mark.parametrize(
    ("number", "spec", "russian"),
    [
        ("-6.28", ".2f", "−6,28"),
        ("3e-05", ".0e", "3·10⁻⁵"),
        ("1e-05", ".0e", "10⁻⁵"),
        ("2.5e+13", ".1e", "2,5·10¹³"),
        ("3e+00", ".0e", "3"),
        ("1,073,741,824", ",", "1\N{NARROW NO-BREAK SPACE}073\N{NARROW NO-BREAK SPACE}741\N{NARROW NO-BREAK SPACE}824"),
        ("12%", ".0%", "12 %"),
        ("1e3", "x", "1e3"),
        ("nan", ".2f", "nan"),
        ("  0.5", ">5", "  0.5"),
    ],
)
def test_a_number_is_written_as_the_language_of_the_site_writes_it(number: str, spec: str, russian: str) -> None:
    assert in_prose(number, spec, "ru").replace("\N{NO-BREAK SPACE}", " ") == russian
    assert in_prose(number, spec, "en") == number


@pytest.mark.parametrize(("spec", "known"), [(".3f", True), ("*>+12,.2f", True), (".3q", False), ("9999", False)])
def test_what_is_a_format(spec: str, known: bool) -> None:
    assert is_spec(spec) is known


def test_the_last_cell_that_told_of_a_name_decides() -> None:
    (outcome,) = ran((("x", "1", 1.0),), (), (("x", "", None),), (("x", "2", 2.0),)).values()
    assert [value_of(outcome, "x", cell) for cell in (0, 1, 2, None)] == [
        ("x", "1", 1.0),
        ("x", "1", 1.0),
        None,
        ("x", "2", 2.0),
    ]


# ---------------------------------------------------------------- how it is read


def macros(text: str, dialect: str = "logseq") -> list[Macro]:
    (block,) = parse(Source(A, f"- {text}"), frozenset(), dialect).blocks
    (part,) = block.parts
    assert isinstance(part, Prose)
    return [node for node in part.inlines if isinstance(node, Macro)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{val loss}}", Wanted("", "", "loss", "")),
        ("{{val train-1.loss .3f}}", Wanted("", "train-1", "loss", ".3f")),
        ("{{val потери ,.2f}}", Wanted("", "", "потери", ",.2f")),
        ("{{val loss, .2f}}", Wanted("", "", "loss", ".2f")),
        ("{{val [[N o]], cell.x}}", Wanted("N o", "cell", "x", "")),
        ("{{val [[N]]#x .1%}}", Wanted("N", "", "x", ".1%")),
        ("{{val x ,}}", Wanted("", "", "x", ",")),
        ("{{val a b c}}", Wanted("", "", "a", "b c")),
        ("{{val [[N]]}}", None),
        ("{{val a.b.c}}", None),
    ],
)
def test_what_a_macro_asks_for(text: str, expected: Wanted | None) -> None:
    (found,) = macros(text)
    assert wanted(f"- {text}", found) == expected


def test_a_macro_that_logseq_does_not_see_holds_what_it_sees() -> None:
    (found,) = macros("{{val [[N]]#loss}}")
    assert [type(node).__name__ for node in found.seen] == ["PageLink", "Tag"]
    (plain,) = macros("{{val [[N]], loss}}")
    assert plain.seen == ()


@pytest.mark.parametrize("text", ["`{{val [[N]]#x}}`", "$a {{val [[N]]#x}}$", "{{value [[N]]#x}}", "{{val [[N]]#x}"])
def test_elsewhere_it_is_no_macro(text: str) -> None:
    assert macros(text) == []
    assert len(macros("{{val [[N]]#x}}")) == 1


def test_references_are_those_that_logseq_counts() -> None:
    text = "- {{val [[N]]#loss}} {{val [[M]], loss}}"
    note = lower(Source(A, text), parse(Source(A, text), frozenset(), "logseq"), GraphSettings())
    assert [(one.kind, one.name) for one in note.refers] == [("page", "N"), ("tag", "loss}}")]
    (part,) = note.outline[0].parts
    assert isinstance(part, Prose)
    assert not any(isinstance(node, PageLink) for node in part.inlines)


# ---------------------------------------------------------------- what is known without running


def said(sources: Mapping[str, str]) -> list[str]:
    kb = Kb()
    return [
        one.message for one in kb.check(kb.snapshot(snapshot(sources))) if one.rule not in ("orphan-page", "dead-end")
    ]


def test_the_name_behind_a_link_is_no_missing_page() -> None:
    assert said({A: "- {{val [[b]]#loss}}", B: CODE}) == []
    assert said({A: "- {{val [[нет]]#loss}}", B: CODE}) == ["no page named «нет»"]
    assert said({A: "- {{val [[b]], loss}} #loss", B: CODE}) == ["no page named «loss»"]


def test_an_edit_of_the_code_is_seen_by_the_notes_that_quote_it() -> None:
    kb = Kb()
    first = snapshot({A: "- {{val [[b]], loss}} [[b]]", B: f"{CODE}- [[a]]"})
    assert kb.check_files(first) == ()
    second = snapshot({A: "- {{val [[b]], loss}} [[b]]", B: f"{CODE}- [[a]]".replace("loss", "lost")})
    assert [one.note for one in kb.check_files(second)] == [A]


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = b = 1\nc += 1\nd: int = 2", "a b c d"),
        ("(x, [y, *z]) = f()", "x y z"),
        ("for i in r:\n    with o() as w:\n        if (n := 1): pass", "i w n"),
        ("import numpy as np, os.path\nfrom a import b as c", "np os c"),
        ("def f(x):\n    y = 1\n    global g\n    g = 2", "f g"),
        ("class C:\n    z = 1", "C"),
        ("[q for q in r if (last := q)]", "last"),
        ("match v:\n    case [m, *rest, {'k': k, **more}] as whole: pass\n    case _: pass", "m rest k more whole"),
        ("x.y = 1\nx[0] = 2\nprint(x)", ""),
    ],
)
def test_names_that_code_binds(code: str, names: str) -> None:
    found = given(facts(made(code).note).gives)
    assert (sorted(name for name, _ in found.names), found.unsure) == (sorted(names.split()), False)


@pytest.mark.parametrize("code", ["exec(s)", "from a import *", "def f():\n    globals()['x'] = 1", "x = ("])
def test_code_that_may_bind_unseen_is_not_judged(code: str) -> None:
    assert given(facts(made(code).note).gives).unsure
    assert not given(facts(made("y = 1").note).gives).unsure


def test_cells_that_do_not_run_give_nothing() -> None:
    note = made(("x = 1", CellOptions(norun=True, name="n")), ("z = 1", CellOptions(name="m"))).note
    assert given(facts(note).gives)[:2] == ((("z", 1),), (("m", 1),))


def test_transcripts_give_what_was_typed() -> None:
    note = made("y = 1", ">>> x = 1\n>>> x\n1\n").note
    assert given(facts(note).gives).names == (("y", 0), ("x", 1))


def test_many_values_take_no_longer_than_their_text() -> None:
    macro = "{{val [[нет]]#x}} "
    sources: dict[str, str] = {A: f"{CODE}- " + macro * 10_000, B: "- x"}
    assert len(said(sources)) == 10_000  # one missing page each; the tags behind are none
