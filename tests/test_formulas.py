"""Checks of formulas: what copying does to them, what Logseq does not read, and what no text may do to the checks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtool.checks import check_alone
from kbtool.checks.formulas import complaints
from kbtool.config import GraphSettings
from kbtool.note import lower
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source


def found(text: str) -> tuple[Diagnostic, ...]:
    source = Source(NoteId("pages/Q.md"), text)
    return check_alone(lower(source, parse(source, frozenset()), GraphSettings()), text)


def rules(text: str) -> list[str]:
    return [one.rule for one in found(text)]


def words(latex: str, display: bool = True) -> list[tuple[str, str]]:
    return [(one.rule, latex[one.start : one.end]) for one in complaints(latex, display)]


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"\fooo + \barr{x} + \sqrt{y", [r"\fooo", r"\barr", "{"]),
        (r"a} + b} \fooo", ["}", "}", r"\fooo"]),
        (r"a $ b $ c", ["$", "$"]),
        (r"\beginn{matrix} a & b \end{matrix}", [r"\beginn"]),
        (r"\frac{1}{\sqrt{2} + \fooo", ["{", r"\fooo"]),
    ],
)
def test_all_that_is_surely_wrong_is_told(latex: str, expected: list[str]) -> None:
    assert sorted(word for _, word in words(latex)) == sorted(expected)


@pytest.mark.parametrize(
    "latex",
    [
        r"\begin{pmatrix} a \\b \\pi \\ to \\in \end{pmatrix}",
        r"\begin{aligned} a &= b \\ \beta &= c \\[2pt] d &= e \\\alpha &= f \end{aligned}",
        r"a \\ b \\then c",
        r"a \\b \\x",
        r"\begin{cases} 1 \\text \end{cases}",
    ],
)
def test_a_row_that_ends_is_no_doubled_backslash(latex: str) -> None:
    assert words(latex) == []


@pytest.mark.parametrize(
    "latex",
    [
        r"\text{a\_b}",
        r"\mathrm{d\_model}",
        r"batch\_size",
        r"\operatorname{max\_pool}(x)",
        r"\_",
        r"a \_ b",
        r"\# \& \%",
    ],
)
def test_an_underscore_that_is_meant_is_no_stray_escape(latex: str) -> None:
    assert words(latex) == []


@pytest.mark.parametrize(
    "text",
    [
        "- Цена $5 и $6, от $5 \\to $10 \\to $20",
        "- echo $HOME\\new $PATH \\in $",
        "- $A \\in B$ и $P_1$",
        "- `$ \\frac12 $` и ```$ \\frac12 $```",
        "- C:\\Users\\alpha [ C:\\new ] ( C:\\in )",
        "- [ ] дело \\alpha\n- [x] дело \\beta",
        "- [ссылка \\frac{1}{2}](https://example.org)",
        "- \\[см. ниже\n- и далее\\]",
        "- \\[\n- \\]",
        "- ( \\alpha ), f( \\frac12 ), (если \\frac{a}{b} верно)",
        "- [ если \\frac{a}{b} верно, то хорошо ]",
        "- $$a\n  - b$$",
        "- $$\n  - a\n  - b\n  $$",
        "- \\begin{aligned} a \\\\ b \\end{aligned}",
        "```latex\n\\[\n\\frac{a}{b}\n\\]\n```",
    ],
)
def test_other_text_is_no_formula_in_pieces(text: str) -> None:
    assert not {"broken-formula", "unread-formula", "doubled-backslash"} & set(rules(text))


def test_the_same_formula_is_judged_once_and_told_in_each_note() -> None:
    source = Source(NoteId("pages/Q.md"), r"- $\fooo$ $\fooo$")
    note = lower(source, parse(source, frozenset()), GraphSettings())
    known = {(r"\fooo", False): complaints(r"\fooo", False)}
    assert len(check_alone(note, source.text, known=known)) == 2
    known[(r"\fooo", False)] = ()
    assert check_alone(note, source.text, known=known) == ()


BOMBS = [
    "- " + "\\alpha " * 20_000,
    "- $ " + "\\alpha " * 20_000 + " $",
    "- " + "$ \\alpha $ " * 5_000,
    "- " + "( \\alpha " * 10_000 + " )" * 10_000,
    "- " + "\\[ x_1\n  " * 10_000,
    "- [\n" + "  \\alpha [\n" * 10_000,
    "- $" + "\\\\ab" * 20_000 + "$",
    "- $" + "x\\_i " * 1_900 + "x$",
    "- $$\n" + "- x\n" * 20_000 + "- $$",
    "- $" + "\\foo " * 1_000 + "x$",
    "- " + "*\\alpha " * 10_000,
    "- $" + "x_\\hat{" * 1_000 + "x$",
]


@pytest.mark.parametrize("text", BOMBS, ids=lambda text: text[2:14])
def test_hostile_text_gives_problems_inside_it(text: str) -> None:
    assert all(0 <= one.span.start <= one.span.end <= len(text) for one in found(text))


LATEX = (
    r"\[ \] \( \) \\[ \\] [ ] ( ) $ $$ \frac{a}b \\frac{a}{b} x\_i \alpha x_1 \begin{matrix} \end{matrix} & \\ - % { }"
)
TEXT = ("\n", "\n- ", "\n  ", " ", "\t", "text", "```python\n", "```", ">>> ", "x = ...\n")
PIECES = st.sampled_from([*LATEX.split(), *TEXT])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_any_text_gives_problems_and_fixes_inside_it(text: str) -> None:
    for one in found(text):
        assert 0 <= one.span.start <= one.span.end <= len(text)
        edits = sorted(edit.span for edit in one.fix.edits) if one.fix else []
        assert all(before.end <= after.start for before, after in pairwise(edits))


@given(st.lists(PIECES, max_size=12).map("".join))
def test_a_safe_fix_removes_what_it_mends(text: str) -> None:
    before = found(text)
    for one in before:
        if one.fix and one.fix.safe:
            mended = text
            for edit in sorted(one.fix.edits, key=lambda edit: edit.span, reverse=True):
                mended = mended[: edit.span.start] + edit.text + mended[edit.span.end :]
            alike = [other for other in before if other.message == one.message]
            assert len([other for other in found(mended) if other.message == one.message]) < len(alike)
