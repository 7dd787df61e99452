"""Transcripts that run: what was typed is executed, and the answers are compared as `doctest` does it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from kbtool.cells.failures import failures
from kbtool.cells.plan import Environment, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config, GraphSettings
from kbtool.note import lower
from kbtool.outcomes import CellOutcome, Outcome
from kbtool.syntax.parse import parse
from kbtool.values import CellOptions, NoteId, Source
from tests.cells_notes import Made, made
from tests.rendering import outcome as finished
from tests.rendering import rendered

Code: TypeAlias = str | tuple[str, CellOptions]
Run: TypeAlias = Callable[..., Outcome]


def written(*codes: Code) -> Made:
    """A note whose cells are transcripts where prompts stand in them."""
    given = made(*codes)
    cells = (cell._replace(kind="transcript") if ">>>" in cell.code else cell for cell in given.note.cells)
    return given._replace(note=given.note._replace(cells=tuple(cells)))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`outcome(code, …)`: what a note with these cells gives."""
    folder: Path = tmp_path_factory.mktemp("cache")

    def go(*codes: Code, config: Config | None = None) -> Outcome:
        sessions = plan([written(*codes).note], config or Config(timeout=20), Environment("", "")).sessions
        (only,) = run(sessions, Settings(folder, Environment("", "")))
        return only

    return go


def shown(cell: CellOutcome) -> list[tuple[str, str]]:
    return [(output.kind, output.text) for output in cell.outputs]


def failed(outcome: Outcome, cell: int = 0) -> tuple[str, str, int]:
    """The error of a cell: name, message, line."""
    error = outcome.cells[cell].error
    assert outcome.cells[cell].state == "failed"
    assert error is not None
    return error.name, error.message, error.line


RIGHT = [
    ">>> 1 + 1\n2",
    ">>> x = 1\n>>> x\n1",
    ">>> None",
    ">>> for i in range(2):\n...     print(i)\n...\n0\n1",
    ">>> print('a\\n\\nb')\na\n<BLANKLINE>\nb",
    ">>> list(range(99))\n[0, 1, ..., 98]",
    ">>> print('a   b\\nc')\na b c",
    ">>> object()\n<object object at 0x...>",
    ">>> 2\n2\n>>> _ + 1\n3",
    ">>> 1 / 0\nTraceback (most recent call last):\n  ...\nZeroDivisionError: division by zero",
    ">>> raise ValueError('a\\nb')\nTraceback (most recent call last):\nValueError: a\nb",
    ">>> x = = 1\nTraceback (most recent call last):\nSyntaxError: invalid syntax",
    ">>> x = = 1\n  File '<stdin>', line 1\nSyntaxError: invalid syntax",
    ">>> import sys\n>>> sys.exit(3)\nTraceback (most recent call last):\nSystemExit: 3",
    ">>> import random\n>>> random.random()  # doctest: +SKIP\n5",
    "Слова перед примером.\n\n>>> 1\n1\n\nСлова после него.",
]
WRONG = [
    (">>> 1 + 1\n3", ("Mismatch", "expected `3`, got `2`", 1)),
    (">>> x = 1\n>>> x", ("Mismatch", "expected nothing, got `1`", 2)),
    (">>> x = 1\n1", ("Mismatch", "expected `1`, got nothing", 1)),
    (">>> for i in range(3):\n...     print(i)\n...\n0\n1\n3", ("Mismatch", "expected `3`, got `2`", 1)),
    ("\n>>> 5\n5\n\n>>> 1 / 0\n0", ("ZeroDivisionError", "division by zero", 5)),
    (
        ">>> 1 / 0\nTraceback (most recent call last):\nValueError: a",
        ("Mismatch", "expected `ValueError: a`, got `ZeroDivisionError: division by zero`", 1),
    ),
    (">>> 1\nTraceback (most recent call last):\nValueError: a", ("Mismatch", "", 1)),
    (">>> x = = 1\n2\n", ("Mismatch", "expected `2`, got `SyntaxError: invalid syntax`", 1)),
    (">>> 1\n1\n>>> x = = 1", ("SyntaxError", "invalid syntax", 3)),
    (">>>1\n1", ("ValueError", "line 1 lacks blank after >>>: '>>>1'", 0)),
]


@pytest.mark.parametrize("code", RIGHT)
def test_right_answers_show_nothing_more(outcome: Run, code: str) -> None:
    found = outcome(code)
    assert (found.cells[0].state, shown(found.cells[0])) == ("ok", [])


@pytest.mark.parametrize(("code", "problem"), WRONG)
def test_other_answers_fail_at_their_example(outcome: Run, code: str, problem: tuple[str, str, int]) -> None:
    name, message, line = failed(outcome(code))
    assert (name, line) == (problem[0], problem[2])
    assert not problem[1] or message == problem[1]


def test_a_difference_is_shown_whole(outcome: Run) -> None:
    found = outcome(">>> x = 2\n>>> for i in range(x):\n...     print(i)\n0\n5")
    ((kind, text),) = shown(found.cells[0])
    assert kind == "error"
    assert text.splitlines() == [
        *('File "<cell 0>", line 2', "  for i in range(x):", "      print(i)"),
        *("Expected:", "  0", "  5", "Got:", "  0", "  1", "Mismatch: expected `5`, got `1`"),
    ]


def test_it_stands_at_the_line_of_the_note(outcome: Run) -> None:
    codes = ("x = 1", ">>> x\n1\n>>> x + 1\n3")
    note = written(*codes)
    (problem,) = failures(note.note, outcome(*codes))
    assert note.shown(problem) == "cell-failed 11:3 >>> x + 1: Mismatch: expected `3`, got `2`"
    assert "answer" in problem.help


def test_a_fence_is_a_transcript_by_its_name_or_by_its_prompt() -> None:
    fences = ("pycon norun\n  >>> 1", "pycon\n  x", "python\n  >>> 1")
    source = Source(NoteId("pages/a.md"), "".join(f"- ```{fence}\n  ```\n" for fence in fences))
    note = lower(source, parse(source), GraphSettings())
    (session,) = plan([note], Config(), Environment("", "")).sessions
    assert [(step.index, step.kind) for step in session.steps] == [(0, "transcript"), (1, "transcript")]


def test_it_runs_in_its_place_among_the_cells(outcome: Run) -> None:
    found = outcome("x = 1", ">>> x\n1\n>>> x = 2", "x")
    assert [cell.state for cell in found.cells] == ["ok", "ok", "ok"]
    assert shown(found.cells[2]) == [("value", "2")]


def test_after_a_difference_nothing_is_run(outcome: Run) -> None:
    found = outcome(">>> x = 1\n>>> x\n2\n>>> open('x', 'w')", "1")
    assert [cell.state for cell in found.cells] == ["failed", "skipped"]


def test_a_traceback_shows_what_was_typed(outcome: Run) -> None:
    found = outcome("def f():\n    return 1 / 0", ">>> 1\n1\n>>> f()")
    ((_, text),) = shown(found.cells[1])
    assert 'File "<cell 1>", line 3, in <module>\n    >>> f()' in text
    assert 'File "<cell 0>", line 2, in f' in text
    assert "runner" not in text


def test_future_statements_hold_below(outcome: Run) -> None:
    typed = ">>> from __future__ import annotations"
    assert outcome(typed, "def f(x: Missing): ...\nf.__annotations__").cells[1].state == "ok"


def test_raises_may_stand_for_the_traceback(outcome: Run) -> None:
    assert not outcome((">>> 1 / 0", CellOptions(raises="ZeroDivisionError"))).failed
    assert outcome((">>> 1 / 0", CellOptions(raises="KeyError"))).failed
    assert outcome((">>> 1\n1", CellOptions(raises="KeyError"))).failed


def test_time_is_limited(outcome: Run) -> None:
    found = outcome((">>> import time\n>>> while True:\n...     time.sleep(60)", CellOptions(timeout=0.5)))
    assert failed(found) == ("Timeout", "no end after 0.5 s", 3)


def test_so_is_what_an_example_prints(outcome: Run) -> None:
    found = outcome(">>> while True:\n...     print('да')", config=Config(output_limit=1000))
    assert failed(found) == ("RuntimeError", "an example printed more than 1,000 characters", 2)


def test_figures_belong_to_it(outcome: Run) -> None:
    found = outcome(">>> import matplotlib.pyplot as plt\n>>> plt.plot([1, 2])\n[<matplotlib...>]")
    assert [output.kind for output in found.cells[0].outputs] == ["figure"]


def test_standard_output_is_as_before_afterwards(outcome: Run) -> None:
    found = outcome(">>> print(1)\n1", "print(2)")
    assert shown(found.cells[1]) == [("stdout", "2\n")]


def test_a_page_shows_it_as_it_is_written() -> None:
    pages = rendered({"pages/a.md": "- ```pycon\n  >>> 1\n  1\n  ```"}, outcomes=finished(("ok", ())))
    html = pages["pages/a.md"].html
    assert "kb-cell--ok" in html
    assert html.count("&gt;&gt;&gt;") == 1
    assert "kb-outputs" not in html
