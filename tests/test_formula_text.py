"""Formulas as text, for excerpts and titles."""

from __future__ import annotations

import re

import pytest

from kbtool.formula_text import formula_text
from kbtool.math import MathML, convert
from tests.test_katex import SAME


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        ("x", "x"),
        ("N/n", "N/n"),
        (r"\alpha", "α"),
        ("x_i", "x_i"),
        ("x_i^2+1", "x_i² + 1"),
        ("x_{t-1}", "x_(t−1)"),
        ("B^{-1}", "B⁻¹"),
        (r"A^\top B^T", "AᵀBᵀ"),
        ("f'(x)", "f′(x)"),
        (r"-\alpha", "−α"),
        (r"a=-\beta", "a = −β"),
        (r"\frac{a}{b}", "a/b"),
        (r"\frac{1}{1+e^{-z}}", "1/(1+e^(−z))"),
        (r"\frac12 x", "1/2 x"),
        (r"\left(\frac12\right)", "(1/2)"),
        (r"\frac{\partial L}{\partial w_i}", "∂L/∂w_i"),
        (r"\sqrt{x+1}", "√(x + 1)"),
        (r"\sqrt[3]{y}", "³√y"),
        (r"\sum_{i=1}^{N} x_i", "∑_(i=1)^N x_i"),
        (r"O(n\log n)", "O(n log n)"),
        (r"\hat{y}, \bar x", "ŷ, x̄"),
        (r"\mathbf{x}\in\mathbb{R}^{n\times d}", "x ∈ ℝ^(n×d)"),
        (r"\mathcal{N}(\mu,\sigma^2)", "N(μ, σ²)"),
        (r"\operatorname{softmax}(z)_i", "softmax(z)_i"),
        (r"\text{если } x \le 0", "если x ≤ 0"),
        (r"\binom{n}{k}", "(n k)"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "(1 2; 3 4)"),
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", "a = b; c = d"),
        (r"\frac{a", r"\frac{a"),
        ("x_\x01", "x_\x01"),
    ],
)
def test_a_formula_is_a_line_of_text(latex: str, text: str) -> None:
    assert formula_text(latex) == text


def test_nothing_of_latex_is_left_of_what_can_be_shown() -> None:
    shown = [line for line in SAME if line.strip() and isinstance(convert(line, True), MathML)]
    assert len(shown) > 40
    assert [line for line in shown if re.search(r"\\[a-zA-Z]|[<&]\w+[>;]", formula_text(line, display=True))] == []
