"""Formulas against KaTeX, with which Logseq shows them: kbtool calls wrong what KaTeX refuses, and nothing else."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from kbtool.checks.formulas import Complaint, complaints
from kbtool.config import GraphSettings
from kbtool.note import lower
from kbtool.syntax.parse import parse
from kbtool.values import NoteId, Source

ROOT = Path(__file__).parents[1]
ORACLE = ROOT / "tests" / "oracle" / "katex_oracle.mjs"

# Formulas of which the two think differently on purpose, with the reason; one that is gone fails the test.
DIFFERENT = {
    r"\\frac{a}{b}": "KaTeX shows a line break and letters; kbtool says so",
    r"x\_i": "KaTeX shows an underscore; kbtool says so",
    r"\rule{1em}{1em}": "kbtool cannot draw it, and says that Logseq can",
}
SAME = r"""
x^2^3 | \foo x | \frac{1} | \sqrt{x | x} | \left( x | x \right) | \begin{matrix} a | \end{matrix} | a & b | $x$ | x_\max
\begin{pmatrix}a&b\\c&d\end{pmatrix} | \operatorname{rank} A | \text{если $x$ мало} | \ce{H2O} | A^\operatorname{T} | \*
\begin{align}a&=b\end{align} | \begin{aligned}a&=b\end{aligned} | \textcolor{red}{x} | f_\textcolor{red}{y} | x_\text{a}
\overset{a}{b} | \underbrace{x}_{n} | \xrightarrow{a} | \mathbbm{1} | \argmax_x | \norm{x} | \bm{x} | \AA
\fcolorbox{red}{blue}{x} | \kern{1em} | \sout{x} | \text{\underline{a} \bf b \LaTeX} | \blueA{x} | \overlinesegment{AB}
a \hspace*{1em} b | \mathop{x}\limits_{n} | a \bigl. b \bigr) | x \tag{$\ast$} | x \tag{тест}
\operatorname{V_{a}} | \operatorname*{\sum}_i x | x \tag 1 | \tau*f | ∅ | √2 | ∠A ⊥ B ∵ ⧖ | \textcolor{lightgreen}{x}
\begin{array}{} a & b \end{array} | \text{a \textcolor{red}{b} c} | \text{\textcolor{red}{a} $b$}
\text{\textbf{a} \textcolor{lightgreen}{b}}
\begin{array}{c} \hline \hline a \end{array} | \begin{array}{@{}c@{}} a \end{array} | \textbackslash | \label{a}
""".replace("\n", " | ").split(" | ")


def refusals(formulas: Iterable[tuple[str, bool]], node: str) -> list[str | None]:
    """What KaTeX says of each formula; None where it shows it."""
    lines = "".join(json.dumps({"latex": latex, "display": display}) + "\n" for latex, display in formulas)
    command = [node, str(ORACLE)]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, encoding="utf-8", check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def refused(found: tuple[Complaint, ...]) -> bool:
    """Whether kbtool thinks that Logseq does not show the formula."""
    alone = [one for one in found if one.rule == "unsupported-latex"]
    return any(one.said[0].startswith("Logseq") for one in alone) or len(alone) < len(found)


def formulas_in(folder: Path) -> Iterator[tuple[str, bool]]:
    for path in sorted(folder.rglob("*.md")):
        text = path.read_text("utf-8")
        source = Source(NoteId(path.name), text)
        for formula in lower(source, parse(source, frozenset()), GraphSettings()).formulas:
            yield text[slice(*formula.span)], formula.display


def differences(formulas: Iterable[tuple[str, bool]], node: str) -> list[str]:
    distinct = list(dict.fromkeys(formulas))
    told = zip(distinct, refusals(distinct, node), strict=True)
    return [latex for (latex, display), said in told if refused(complaints(latex, display)) != (said is not None)]


def test_formulas_of_the_knowledge_base(katex: str) -> None:
    assert differences(formulas_in(ROOT / "kb"), katex) == []


def test_formulas_made_up(katex: str) -> None:
    made_up = [(latex.strip(), True) for latex in SAME if latex.strip()]
    assert differences(made_up, katex) == []


def test_differences_on_purpose(katex: str) -> None:
    everything = [(latex, False) for latex in DIFFERENT]
    wanted = [latex for latex, _ in everything if not latex.startswith(r"\rule")]
    assert differences(everything, katex) == wanted


@pytest.mark.parametrize("name", ["arc42", "hex", "logseq-docs", "soul", "tu-bs"])
def test_formulas_of_public_graphs(katex: str, corpora: Path, name: str) -> None:
    assert differences(formulas_in(corpora / name), katex) == []
