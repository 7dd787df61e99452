"""Fixes of formulas and code: each removes its diagnostic and adds none."""

from __future__ import annotations

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.values import Diagnostic, Fix, NoteId, Source
from tests.test_cases import ALL, FENCE

NOTE = NoteId("pages/Q.md")
RULES = (
    *("bad-latex", "broken-formula", "doubled-backslash", "stray-escape", "unread-formula", "unsupported-latex"),
    *("ipython-magic", "python-syntax", "sketch", "transcript", "undefined-name"),
)


def found(text: str) -> list[Diagnostic]:
    kb = Kb()
    modules = frozenset(("numpy", "torch"))
    files = BaseFiles({NOTE: Source(NOTE, text)}, frozenset(), Config(), GraphSettings(), modules=modules)
    return list(kb.check(kb.snapshot(files)))


def fixed(text: str, fix: Fix) -> str:
    for edit in sorted(fix.edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def texts() -> list[str]:
    """The notes of the rules' pages that have fixes."""
    bodies = [FENCE.findall(case.body)[:-1] for case in ALL if case.rule in RULES]
    return [text for body in bodies for info, text in body if info == f"md {NOTE}"]


@pytest.mark.parametrize("text", texts())
def test_each_fix_removes_its_diagnostic_and_adds_none(text: str) -> None:
    before = found(text)
    for one in before:
        if one.fix:
            rest = [other.message for other in before if other is not one]
            after = [other.message for other in found(fixed(text, one.fix))]
            assert sorted(after) == sorted(rest)


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
