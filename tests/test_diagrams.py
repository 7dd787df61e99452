"""What is wrong with a diagram, and where: by Mermaid's grammar, and by what draws it."""

from __future__ import annotations

import time

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.diagrams import Problem, draw, faults
from kbtool.files import BaseFiles
from kbtool.kb import Kb
from kbtool.values import NoteId, Source


@pytest.mark.parametrize(
    ("source", "place", "why"),
    [
        ('pie\n  a b\n  "c" : 1\n', "a b", "unexpected pie statement"),
        ("%% x\nflowchart LR\n  A --> B\n  C[x --> D\n  D --> E", "C[x --> D", "unterminated node label (missing `]`)"),
        ("flowchart LR\n  subgraph s\n  A --> B\n", "subgraph s", "unexpected end"),
        ("gitGraph\n  commit\n  checkout nope\n", "checkout nope", "trying to checkout branch"),
        ("flowchart LR\n  A[x --> B\n  C[y --> D\n", "flowchart LR", "unterminated node label"),
        ("flowchart LR\n  A[x --> B\n" + "  C --> D\n" * 70, "flowchart LR", "unterminated node label"),
    ],
)
def test_a_fault_stands_at_the_line_that_makes_it(source: str, place: str, why: str) -> None:
    problem = faults(source)
    assert problem
    assert source[problem.start : problem.end] == place
    assert problem.why.startswith(why)
    assert not problem.right


@pytest.mark.parametrize(
    ("source", "place", "why"),
    [
        ("sequenceDiagram\n  participant A\n  A->>B: x\n", "A->>B: x", "unknown participant 'B'"),
        (
            "classDiagram\n  class A{\n    <<interface>>\n  }\n",
            "<<interface>>",
            "unexpected `<<interface>>`, expected node identifier",
        ),
    ],
)
def test_what_is_right_and_not_drawn_says_so(source: str, place: str, why: str) -> None:
    problem = faults(source)
    assert problem == draw(source).problem == Problem(source.index(place), source.index(place) + len(place), why, True)


@pytest.mark.parametrize(
    "source",
    [
        "flowchart LR\n  A --> B\n",
        "no kind of diagram\n",
        "mindmap\n r\n" + "".join(f"  a{at}\n" for at in range(1200)),  # more than the judge takes upon itself
    ],
)
def test_nothing_is_said_of_what_is_right_unknown_or_too_much(source: str) -> None:
    began = time.monotonic()
    assert faults(source) is None
    assert time.monotonic() - began < 5


def rules(text: str) -> set[str]:
    ident = NoteId("pages/a.md")
    kb = Kb()
    return {
        one.rule
        for one in kb.check(
            kb.snapshot(BaseFiles({ident: Source(ident, text)}, frozenset(), Config(), GraphSettings()))
        )
    }


def test_below_a_fence_that_does_not_close_no_diagram_is_judged() -> None:
    broken = "- ```Mermaid\n  pie\n    x\n  ```\n"
    assert rules(broken) >= {"bad-diagram"}
    assert rules("- ```text\n  x\n- ```js\n  ```\n" + broken) & {"bad-diagram", "unclosed-fence"} == {"unclosed-fence"}
