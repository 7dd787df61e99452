"""Formulas: what is shown, what is refused and where, and what no formula may do."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtool.latex_limits import nesting, unclosed
from kbtool.latex_words import rewritten
from kbtool.math import DEPTH, SIZE, MathML, MathProblem, convert
from kbtool.render.mathml import without_styles


def problem(latex: str, display: bool = True) -> MathProblem:
    found = convert(latex, display)
    assert isinstance(found, MathProblem), found
    return found


def markup(latex: str, display: bool = True) -> str:
    found = convert(latex, display)
    assert isinstance(found, MathML), found
    return found.markup


@pytest.mark.parametrize(
    ("latex", "part", "message"),
    [
        (r"\fracc{1}{2}", r"\fracc", r"unknown LaTeX command `\fracc`"),
        (r"\text{привет 😀} \foo x", r"\foo", r"unknown LaTeX command `\foo`"),
        ("a\n\t  \\foo b", r"\foo", r"unknown LaTeX command `\foo`"),
        (r"\begin{foo}x\end{foo}", "foo", "unknown LaTeX environment `foo`"),
        (r"\frac{1}{n \sum_i x_i", "{", "`{` is never closed"),
        (r"x_{i}} + y", "}", "`}` closes nothing"),
        (r"\left( a + b ", r"\left", r"`\left` is never closed"),
        ("\\begin{aligned}\na &= b \\\\\n", r"\begin{aligned}", r"`\begin{aligned}` is never closed"),
        (
            "\\begin{pmatrix}\n1\n\\end{bmatrix}",
            r"\begin{pmatrix}",
            r"`\begin{pmatrix}` is not closed before `\end{bmatrix}`",
        ),
        (r"\begin{aligned} a {b \\ c \end{aligned}", "{", r"`{` is not closed before `\end{aligned}`"),
        (r"x^2^3", "^", "duplicate subscript or superscript"),
        (r"a & b", "&", "found `&`, which may only appear in a table-like environment"),
        (r"\text{a_b}", "_", "`_` is not valid in text mode"),
        (r"\ce{H2O}", r"\ce", r"`\ce` is shown by Logseq but not by kbtool"),
    ],
)
def test_problem_at_its_place(latex: str, part: str, message: str) -> None:
    found = problem(latex)
    assert (latex[found.start : found.end], found.message) == (part, message)


def test_place_is_right_when_a_part_occurs_twice() -> None:
    assert problem(r"\begin{aligned} a {b \\ c \end{aligned}").start == 18
    assert problem(r"x^2^3").start == 3


@pytest.mark.parametrize(
    ("latex", "start"),
    [
        (r"\text{a $x$ b} \foo", 15),
        (r"\left< x \foo \right>", 9),
        (r"\begin{split} a \foo \end{split}", 16),
        (r"\Large x \foo", 9),
        (r"\tag{1} x \foo", 10),
        (r"\foo \tag{1}", 0),
    ],
)
def test_place_is_right_where_the_formula_had_to_be_rewritten(latex: str, start: int) -> None:
    assert (problem(latex).start, problem(latex).end) == (start, start + len(r"\foo"))


@pytest.mark.parametrize(("latex", "near"), [(r"\fracc", r"\frac"), (r"\alhpa", r"\alpha"), (r"\zzzzzz", "")])
def test_did_you_mean(latex: str, near: str) -> None:
    assert problem(latex).help == (f"did you mean `{near}`?" if near else "")


@pytest.mark.parametrize(
    "latex",
    [
        r"\norm{x} + \abs{\frac{x}{y}}",
        r"\argmax_\theta \log p",
        r"\mathbbm{1} \mathds{1} \pmb{x} \mbox{да}",
        r"\sum_{\substack{i \\ j}} x",
        r"\begin{split}a&=b\\&=c\end{split}",
        r"\begin{alignedat}{2}a&=b\end{alignedat}",
        r"\left(\begin{smallmatrix}a&b\end{smallmatrix}\right)",
        r"\begin{pmatrix*}[r]1\\-1\end{pmatrix*}",
        r"\left< x \right> \bigl< y \bigr>",
        r"\textcolor{#ff0000}{x} \color{#0f0} y \blue{z}",
        r"\begin{cases}1 & \text{если $x > 0$}\\ 0 & \text{иначе}\end{cases}",
        r"x \tag{1}",
        "\\begin{align}a&=b\\end{align}\n\\tag{1}",
        r"\overset{a}{\Large \sim}",
        r"\operatorname*{\mathrm{limsup}}_k",
        "a\\\nb",
        r"\newcommand{\q}[1]{#1^2}\q{x}\q{y}",
        "a\n\t\t  +\n\t\t  b",
        r"\text{привет, мир} — скорость",
        "",
    ],
)
def test_shown(latex: str) -> None:
    assert markup(latex).startswith("<math")


@pytest.mark.parametrize(
    ("latex", "expected"),
    [
        (r"a \large x", '<mi>a</mi><mrow mathsize="120%"><mi>x</mi></mrow>'),
        (r"{\small x} y", '<mrow mathsize="90%"><mi>x</mi></mrow><mi>y</mi>'),
        # Sizes are of the whole formula's letters, MathML's of those around.
        (r"\tiny a \normalsize b", '<mrow mathsize="50%"><mi>a</mi><mrow mathsize="200%"><mi>b</mi></mrow></mrow>'),
        (r"a \Large + b", '<mi>a</mi><mrow mathsize="144%"><mo form="infix">+</mo><mi>b</mi></mrow>'),
        (r"\text{a \small $b$}", '</mtext><mrow mathsize="90%">'),
        (
            r"\colorbox{aqua}{a}",
            '<mrow class="kb-colorbox" mathbackground="#00FFFF"><mrow mathcolor="#000000"><mtext>a',
        ),
        (r"\colorbox{#008}{a}", 'mathbackground="#000088"><mrow mathcolor="#FFFFFF"><mtext>a'),
        (r"\colorbox{yellow}{$x$ y}", "<mi>x</mi><mtext>\N{NO-BREAK SPACE}y</mtext>"),
        (r"\colorbox{nope}{a}", "<mtext>a</mtext>"),
        (r"\text{a \colorbox{red}{b}}", 'mathbackground="#FF0000"'),
        (
            r"\fcolorbox{red}{white}{a}",
            'kb-colorbox--framed" mathcolor="#FF0000" mathbackground="#FFFFFF"><mrow mathcolor="#000000"><mtext>a',
        ),
        (r"\textcolor{tomato}{x} \color{nope} y", '<mrow style="color:#FF6347;"><mi>x</mi></mrow><mi>y</mi>'),
        (r"\text{a \textcolor{tomato}{b} c}", '<mrow style="color:#FF6347;"><mtext>b</mtext></mrow>'),
        (r"\text{\color{tomato} b}", '<mrow style="color:#FF6347;"><mtext>b</mtext></mrow>'),
    ],
)
def test_looks(latex: str, expected: str) -> None:
    assert expected in markup(latex)


def test_a_box_that_cannot_be_drawn_is_told() -> None:
    assert problem(r"\text{a {\colorbox{red}{b}}}").rule == "unsupported-latex"


def test_text_is_escaped() -> None:
    assert "<img" not in markup(r"\text{<img src=x onerror=alert(1)>} < >")
    assert "javascript" not in markup(r"\href{javascript:alert(1)}{x}")


def test_display() -> None:
    assert 'display="block"' in markup("x")
    assert 'display="block"' not in markup("x", display=False)


def test_rewriting_leaves_alone_what_needs_none() -> None:
    assert rewritten(r"\frac{1}{2} \text{да}", True).replacements == ()


# ---------------------------------------------------------------- hostile

BOMBS = [
    "{" * 10_000,
    "{" * 10_000 + "}" * 10_000,
    r"\frac{" * 5_000,
    r"\sqrt" * 9_000 + "x",
    r"\left(" * 9_000,
    r"\begin{matrix}" * 4_000,
    r"\color{red}" * 5_000 + "x",
    r"\mathbf{" * 5_000 + "x" + "}" * 5_000,
    "x^{" * 9_000,
    "[" * 60_000,
    r"\hat " * 9_000 + "x",
    r"\def\a{\a\a}\a",
    r"\def\a{" + "{" * 300 + r"\a" + "}" * 300 + r"}\a",
    r"\newcommand{\a}{\sqrt\sqrt\sqrt\sqrt\a}\a",
    "[" * 60,
    r"\def\a{(}" + r"\a" * 60,
    r"(\hat)" * 60,
    "[^]" * 60,
    r"(\frac1)" * 60,
    r"\{ x" * 12 + "y+" * 20_000,
    r"[(]\left(]\right)" * 60,
    r"\bigl|" * 60,
]


@pytest.mark.parametrize("latex", BOMBS, ids=lambda latex: latex[:24])
def test_bomb_is_a_problem_and_no_crash(latex: str) -> None:
    assert isinstance(convert(latex, True), MathProblem)


def test_the_converter_alone_crashes_on_what_we_refuse() -> None:
    """The control: without the limit the process dies."""
    code = "import math_core; math_core.LatexToMathML().convert_with_local_state('{' * 10_000, displaystyle=True)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode < 0


def test_deepest_that_is_let_through_is_survived() -> None:
    latex = r"\frac{" * (DEPTH // 2 - 1)
    assert nesting(latex) < DEPTH
    assert isinstance(convert(latex, True), MathProblem)


@pytest.mark.parametrize(
    "latex",
    [
        "]0, 1[ " * 30,
        "[0, 1) " * 30 + "[",
        r"f(\frac{a}{b}) " * 40,
        r"\bigl( x \bigr) " * 40,
        r"p(x_{1}) p(\theta) \left[ 0, 1 \right) " * 20,
        r"\begin{aligned}" + r"f(x) &= [0, x) \\ " * 40 + r"\end{aligned}",
        r"\newcommand{\f}[1]{f(#1)}\f{x}\f{y}",
    ],
    ids=lambda latex: latex[:24],
)
def test_brackets_of_real_formulas_pass(latex: str) -> None:
    assert isinstance(convert(latex, True), MathML)


def test_the_converter_alone_takes_twice_as_long_for_each_open_bracket() -> None:
    """The control: what we refuse at 60 brackets works at 10, and 2 ** 50 times longer nobody waits."""
    assert isinstance(convert("[" * 10, True), MathML)
    assert unclosed("[" * 60) == 60


def test_long_formulas_with_nothing_deep_pass() -> None:
    assert isinstance(convert(r"\begin{matrix}" + r"\alpha & {b} \\ " * 2_000 + r"\end{matrix}", True), MathML)


def test_too_long() -> None:
    assert problem("x" * (SIZE + 1)).message == "a formula of more than 65,536 characters"
    assert isinstance(convert("x" * 1_000, True), MathML)


WORDS = (
    r"\frac { } [ ] ^ _ & \\ \left( \right) \begin{matrix} \end{matrix} \text{ $ \color{red} x 1 \def\a{ \a #1 \tag{1}"
)
MORE = [r"\limits", r"\Large", r"\operatorname{", r"\mathrm", r"\substack{", "\n", "\\", "ж", "😀", "%", "<", "\0"]
PIECES = st.sampled_from([*WORDS.split(), *MORE])


@given(st.lists(PIECES, max_size=40).map("".join), st.booleans())
def test_any_text_is_shown_or_a_problem_inside_it(latex: str, display: bool) -> None:
    found = convert(latex, display)
    if isinstance(found, MathProblem):
        assert 0 <= found.start < found.end <= len(latex)


def test_sizes_in_text_are_no_styles() -> None:
    shown = without_styles(markup(r"\text{a {\small b}}"))
    assert 'mathsize="90%"' in shown
    assert "style=" not in shown
