"""What the fixes of formulas and of code write."""

from __future__ import annotations

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.kb import Kb
from kbtool.rules import RULES
from kbtool.values import Diagnostic, Fix, NoteId, Source

NOTE = NoteId("pages/Q.md")


def found(text: str) -> list[Diagnostic]:
    kb = Kb()
    modules = frozenset(("numpy", "torch"))
    chances = tuple(rule.name for rule in RULES if rule.severity == "info")
    files = BaseFiles({NOTE: Source(NOTE, text)}, frozenset(), Config(ignore=chances), GraphSettings(), modules=modules)
    return list(kb.check(kb.snapshot(files)))


def fixed(text: str, fix: Fix) -> str:
    for edit in sorted(fix.edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def mended(text: str) -> str:
    """The text with the only problem's fix, which is safe, applied."""
    (one,) = found(text)
    assert one.fix is not None
    assert one.fix.safe
    return fixed(text, one.fix)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (r"- $\\frac{a}{b} + \\alpha$", r"- $\frac{a}{b} + \alpha$"),
        (r"- $$\\begin{pmatrix}a \\\\ b\\end{pmatrix}\\,$$", r"- $$\begin{pmatrix}a \\ b\end{pmatrix}\,$$"),
        (r"- $$x = 1 \\ y = 2 \\text{да}$$", r"- $$x = 1 \\ y = 2 \text{да}$$"),
        ("- \\[\n- \\frac{a}{b}\n- \\]\n", "- $$\n  \\frac{a}{b}\n  $$\n"),
        ("\t- a \\( x_1\n\t  + y \\) b", "\t- a $x_1 + y$ b"),
        ("- $$\n- x^2\n- $$\n", "- $$\n  x^2\n  $$\n"),
        (r"- Здесь \\( \\frac{1}{2} \\).", r"- Здесь $\frac{1}{2}$."),
        (r"- [ \frac{a}{b} ]", r"- $$\frac{a}{b}$$"),
        (r"- \$\\frac{x\_{0}\^2}{2}\$ и \$5", r"- $\frac{x_{0}^2}{2}$ и \$5"),
        (r"- $W\_{ij}$", r"- $W_{ij}$"),
        (r"- $\sum\^{n}$", r"- $\sum^{n}$"),
        (r"- $a^\*$", r"- $a^*$"),
        (r"- $ \frac12$", r"- $\frac12$"),
        (r"- $x_\max$", r"- $x_{\max}$"),
        ("- ```python\n  x = ...\n  print(y)\n  ```", "- ```python norun\n  x = ...\n  print(y)\n  ```"),
        ("- ```python hide\n  >>> 1\n  ```", "- ```pycon hide\n  >>> 1\n  ```"),
    ],
)
def test_what_a_safe_fix_writes(text: str, expected: str) -> None:
    assert mended(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        r"- $$a \\in b \alpha$$",  # perhaps a line break and the word `in`
        r"- $$\begin{aligned}a \\frac{1}{2}\end{aligned}$$",  # perhaps a row's end and `\frac`
        "- ```python\n  model = Net(size, width)\n  ```",
        "- ```python\n  x = ...\n  ```",
        "- ```python\n  %matplotlib inline\n  ```",
    ],
)
def test_a_fix_that_may_lose_something_is_not_safe(text: str) -> None:
    assert [one.fix.safe for one in found(text) if one.fix] == [False]
