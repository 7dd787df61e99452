"""Cells of bash: where the configuration allows them, and as they really run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from kbtool.cells.failures import failures, located
from kbtool.cells.plan import Environment, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config, GraphSettings
from kbtool.note import Note, lower
from kbtool.outcomes import CellOutcome, Outcome
from kbtool.python_check import check_cells
from kbtool.syntax.parse import parse
from kbtool.values import NoteId, NoteOptions, Source

BOTH = ("python", "bash")
Run: TypeAlias = Callable[[str], Outcome]


def note(text: str, languages: tuple[str, ...] = BOTH) -> Note:
    source = Source(NoteId("pages/a.md"), text)
    return lower(source, parse(source), GraphSettings(languages=languages))


def bash(code: str, words: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in code.split("\n"))
    return f"- ```bash {words}\n{lines}  ```\n"


# ---------------------------------------------------------------- which fences are cells


def test_bash_is_plain_code_by_default() -> None:
    found = note("seed:: x\n\n" + bash("exit 1", "wat"), GraphSettings().languages)
    assert (found.cells, found.diagnostics, found.options) == ((), (), NoteOptions())


def test_where_it_is_allowed_bash_and_sh_are_cells() -> None:
    found = note(bash("a") + "- ```sh hide\n  b\n  ```\n- ```zsh\n  c\n  ```\n- ```python\n  d\n  ```")
    assert [(cell.number, cell.kind, cell.code.strip()) for cell in found.cells] == [
        *((0, "bash", "a"), (1, "bash", "b"), (2, "python", "d"))
    ]
    assert found.cells[1].options.hide


def test_python_can_be_left_out() -> None:
    text = bash("a") + "- ```python\n  b\n  ```\n- ```pycon\n  >>> c\n  ```"
    assert [cell.kind for cell in note(text, ("bash",)).cells] == ["bash"]


def test_attributes_are_checked() -> None:
    (problem,) = note(bash("a", "norunn")).diagnostics
    assert problem.rule == "bad-attribute"


def test_it_is_not_checked_as_python() -> None:
    text = bash("if true; then import x; fi")
    assert check_cells(note(text), text) == ()
    assert check_cells(note(text.replace("bash", "python")), text) != ()


def test_comments_that_silence_are_read_in_it() -> None:
    text = bash("echo 'не закрыто\n# kbtool: ignore[cell-failed]: так и надо'")
    (found,) = note(text).suppressions
    assert (found.names[0][0], found.kind) == ("cell-failed", "line")


def test_bash_that_looks_like_a_transcript_is_none() -> None:
    (session,) = plan([note(bash(">>> x"))], Config(), Environment("", "")).sessions
    assert [step.kind for step in session.steps] == ["bash"]


# ---------------------------------------------------------------- running


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`outcome(text)`: what the cells of a note give."""
    folder: Path = tmp_path_factory.mktemp("cache")

    def go(text: str) -> Outcome:
        (only,) = run(
            plan([note(text)], Config(timeout=20), Environment("", "")).sessions, Settings(folder, Environment("", ""))
        )
        return only

    return go


def shown(cell: CellOutcome) -> list[tuple[str, str]]:
    return [(output.kind, output.text) for output in cell.outputs]


def test_its_output_is_shown(outcome: Run) -> None:
    assert shown(outcome(bash("echo да\necho нет")).cells[0]) == [("stdout", "да\nнет\n")]
    assert shown(outcome(bash("echo да >&2")).cells[0]) == [("stderr", "да\n")]


def test_cells_share_the_working_directory(outcome: Run) -> None:
    found = outcome(bash("echo да > file") + "- ```python\n  open('file').read()\n  ```\n" + bash("cat file"))
    assert [shown(cell) for cell in found.cells] == [[], [("value", "'да\\n'")], [("stdout", "да\n")]]


@pytest.mark.parametrize(
    ("code", "message", "line"),
    [
        ("false", "bash left with exit code 1", 1),
        ("true\n\n( exit 7 )\ntrue", "bash left with exit code 7", 3),
        ("# к\nf() {\n  false\n}\nf", "bash left with exit code 1", 3),
        ("x=1\nx=$(false)", "bash left with exit code 1", 2),
        ("true\nnothing_of_that_name", "bash left with exit code 127", 2),
        ("true\nexit 3", "bash left with exit code 3", 0),
        ("kill -9 $$", "bash was killed by SIGKILL", 0),
    ],
)
def test_another_exit_code_than_0_fails_at_its_line(outcome: Run, code: str, message: str, line: int) -> None:
    found = outcome(bash(code) + bash("echo нет"))
    assert [cell.state for cell in found.cells] == ["failed", "skipped"]
    error = found.cells[0].error
    assert error is not None
    assert (error.name, error.message, error.line) == ("ExitCode", message, line)


def test_what_may_fail_does_not(outcome: Run) -> None:
    assert not outcome(bash("false || true\nif false; then :; fi\n! true\ntrue")).failed


def test_it_stands_in_the_note(outcome: Run) -> None:
    text = "- x\n" + bash("true\nnothing_of_that_name")
    found = outcome(text)
    (problem,) = failures(note(text), found)
    assert text[slice(*problem.span)] == "nothing_of_that_name"
    assert "`raises=ExitCode` after ```bash" in problem.help
    said = "".join(output.text for output in located(found, note(text), text).cells[0].outputs)
    assert "pages/a.md: line 4: nothing_of_that_name: command not found" in said
    assert 'File "pages/a.md", line 4' in said


def test_a_failure_may_be_expected(outcome: Run) -> None:
    assert not outcome(bash("exit 3", "raises=ExitCode")).failed
    assert outcome(bash("exit 3", "raises=TypeError")).failed
    assert outcome(bash("exit 0", "raises=ExitCode")).failed


def test_time_is_limited(outcome: Run) -> None:
    error = outcome(bash("sleep 60", "timeout=0.5")).cells[0].error
    assert error is not None
    assert (error.name, error.message) == ("Timeout", "no end after 0.5 s")


def test_what_it_leaves_running_does_not_hold_it(outcome: Run) -> None:
    found = outcome(bash("sleep 60 &\nfalse"))
    assert found.seconds < 10
    assert found.cells[0].error is not None
    assert found.cells[0].error.line == 2
