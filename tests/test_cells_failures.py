"""Failures and tracebacks of a session, placed in its note."""

from __future__ import annotations

import pytest

from kbtool.cells.failures import failures, located
from kbtool.outcomes import CellError, CellKey, CellOutcome, Outcome, Output, OutputKind, Provenance
from kbtool.values import CellOptions
from tests.cells_notes import NOTE, Made, made

CODES = ("x = 1\n\ndef f():\n    return 1 / 0", "print(x)\n    # indented\n    f()  ")


def outcome(*cells: CellOutcome) -> Outcome:
    return Outcome(CellKey("k"), NOTE, True, cells, 1.0, Provenance("", "", "", "", ()))


def failed(error: CellError, index: int = 1) -> Outcome:
    return outcome(CellOutcome(index, "failed", (), 0.0, error))


@pytest.fixture
def note() -> Made:
    return made(*CODES)


def test_a_failure_stands_at_its_line(note: Made) -> None:
    (found,) = failures(note.note, failed(CellError("ZeroDivisionError", "division by zero", 3)))
    assert note.shown(found) == "cell-failed 14:7 f(): ZeroDivisionError: division by zero"


@pytest.mark.parametrize("line", [0, 4, 99])
def test_without_a_line_it_stands_at_the_cell(note: Made, line: int) -> None:
    (found,) = failures(note.note, failed(CellError("Crash", "the process left with exit code 1", line)))
    assert found.span == note.note.cells[1].span


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (CellError("MemoryError", "", 1), "MemoryError"),
        (CellError("ValueError", "первая\nвторая", 1), "ValueError: первая"),
        (CellError("Timeout", "no end after 1 s", 1), "Timeout: no end after 1 s"),
    ],
)
def test_a_message_is_one_line(note: Made, error: CellError, message: str) -> None:
    (found,) = failures(note.note, failed(error))
    assert found.message == message


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("ZeroDivisionError", "`raises=ZeroDivisionError`"),
        ("Timeout", "`timeout=…`"),
        ("OutputLimit", "print less"),
        ("FileLimit", "write less"),
        ("MemoryLimit", "`kbtool run --memory SIZE`"),
    ],
)
def test_help_says_what_to_do(note: Made, name: str, advice: str) -> None:
    (found,) = failures(note.note, failed(CellError(name, "", 1)))
    assert advice in found.help


@pytest.mark.parametrize(
    ("why", "advice"),
    [
        ("PyTorch finds no CUDA device on this machine", "run it where there is a GPU"),
        ("sessions may not use this machine's GPU without `--allow gpu`", "grant it with `--allow gpu`"),
    ],
)
def test_help_knows_whether_a_gpu_is_missing_or_not_granted(note: Made, why: str, advice: str) -> None:
    (found,) = failures(note.note, failed(CellError("NeedsDevice", why, 0)))
    assert found.help == advice


@pytest.mark.parametrize(
    ("error", "advice"), [("NotRaised", "take `raises=TypeError` away"), ("KeyError", "should raise `TypeError`")]
)
def test_help_knows_what_was_expected(error: str, advice: str) -> None:
    note = made(("1", CellOptions(raises="TypeError")))
    (found,) = failures(note.note, failed(CellError(error, "", 1), index=0))
    assert advice in found.help


def test_cells_that_did_not_fail_are_no_problem(note: Made) -> None:
    expected = CellOutcome(0, "ok", (), 0.0, CellError("TypeError", "", 1))
    assert failures(note.note, outcome(expected, CellOutcome(1, "skipped", (), 0.0))) == ()


def test_an_outcome_of_a_cell_that_is_gone_is_left_out(note: Made) -> None:
    assert failures(note.note, failed(CellError("TypeError", "", 1), index=7)) == ()


def located_text(note: Made, text: str, kind: OutputKind = "error") -> str:
    given = outcome(CellOutcome(0, "ok", (Output(kind, text),), 0.0))
    return located(given, note.note, note.text).cells[0].outputs[0].text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('  File "<cell 0>", line 4, in f\n', '  File "pages/softmax.md", line 8, in f\n'),
        ('File "<cell 1>", line 1', 'File "pages/softmax.md", line 12'),
        ("<cell 1>:3: UserWarning: x\n", "pages/softmax.md:14: UserWarning: x\n"),
        ('File "<cell 1>", line 9', 'File "<cell 1>", line 9'),
        ('File "<cell 9>", line 1', 'File "<cell 9>", line 1'),
        ("a <cell 0> b", "a <cell 0> b"),
    ],
)
def test_lines_of_cells_become_lines_of_the_note(note: Made, text: str, expected: str) -> None:
    assert located_text(note, text) == expected


def test_lines_follow_the_text_as_it_is_now(note: Made) -> None:
    longer = made("0", *CODES)
    shifted = note.note.cells[0].lines[0]
    assert note.line(shifted) == 5
    assert located_text(longer, 'File "<cell 1>", line 1') == 'File "pages/softmax.md", line 9'


def test_warnings_on_standard_error_are_located(note: Made) -> None:
    assert located_text(note, "<cell 0>:1: W", "stderr") == "pages/softmax.md:5: W"


def test_figures_are_left_alone(note: Made) -> None:
    assert located_text(note, '<svg>File "<cell 0>", line 1', "figure") == '<svg>File "<cell 0>", line 1'


def test_an_outcome_without_places_is_the_same_object(note: Made) -> None:
    given = outcome(CellOutcome(0, "ok", (Output("stdout", "1\n"),), 0.0))
    assert located(given, note.note, note.text) is given
