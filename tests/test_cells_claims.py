"""Numbers typed into prose beside code that computes them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtool.cells.claims import hand_typed
from kbtool.config import GraphSettings
from kbtool.note import Note, lower
from kbtool.outcomes import CellKey, CellOutcome, CellState, Outcome, Value
from kbtool.syntax.parse import parse
from kbtool.values import NoteId, Source
from tests.conftest import Run
from tests.rendering import PROVENANCE

A = NoteId("pages/a.md")
LOSS = 0.45678


def read(text: str) -> tuple[Note, str]:
    source = Source(A, text)
    return lower(source, parse(source, frozenset(), "logseq"), GraphSettings()), text


def ran(*cells: tuple[Value, ...], state: CellState = "ok") -> Outcome:
    ends = tuple(CellOutcome(i, state, (), 0.5, None, values) for i, values in enumerate(cells))
    return Outcome(CellKey("k"), A, False, ends, 1.0, PROVENANCE)


def found(prose: str, number: float = LOSS, name: str = "loss") -> list[str]:
    """The numbers that are said to be wrong behind a cell that computed this one."""
    note, text = read(f"- До: {prose}\n  ```python\n  train()\n  ```\n- x")
    values: tuple[Value, ...] = ((name, repr(number), number), ("word", "'сеть'", None))
    return [text[slice(*one.span)] for one in hand_typed(note, text, ran(values))]


@pytest.mark.parametrize(
    "prose",
    [
        "loss = 0.123",
        "loss ≈ 0.46 и loss = 0.123",
        "loss: 0.123",
        "`loss` = 0.123.",
        "**loss** = 0.123",
        "`loss` = **0.123**, как видно",
        "(loss=0.123)",
        "loss = 0.123 на каждом шаге",
    ],
)
def test_another_number_is_said_to_be_wrong(prose: str) -> None:
    assert found(prose) == ["0.123"]


@pytest.mark.parametrize("number", ["0.5", "0.46", "0.457", "0.4568", "0,46", "45.7%", "46 %", "4.57e-1", "+0.46"])
def test_the_same_number_rounded_is_right(number: str) -> None:
    assert found(f"loss = {number}") == []


@pytest.mark.parametrize("number", ["0.4", "0.45", "0.4567", "0,45", "45.6%", "4.56e-1", "-0.46", "−0.46"])
def test_a_number_cut_short_is_not_rounded(number: str) -> None:
    assert found(f"loss = {number}") == [number.removesuffix("%")]


@pytest.mark.parametrize(
    "prose",
    [
        "потери 0.123",
        "my.loss = 0.123",
        "val_loss = 0.123",
        "loss == 0.123",
        "loss = 0.123 · 10",
        "loss = 0.1 … 0.2",
        "loss = 0.1..0.2",
        "loss: 0.1 → 0.2",
        "loss: 0.1 до 0.2",
        "loss = 0.123x",
        "loss = 0.123 / 2",
        "loss = 0.1-0.2",
        "`loss = 0.123`",
        "$loss = 0.123$",
        "[loss = 0.123](https://example.org)",
        "loss = $0.123$",
        "word = 5",
        "missing = 5",
        "loss > 0.5",
        "времена loss:12:30",
    ],
)
def test_what_may_mean_something_else_is_left_alone(prose: str) -> None:
    assert found(prose) == []
    assert found(f"{prose}, loss = 0.999") == ["0.999"]


def test_a_name_of_one_letter_must_stand_in_code() -> None:
    assert (found("n = 5", 7, "n"), found("`n` = 5", 7, "n")) == ([], ["5"])


def test_about_a_hundred_is_not_exactly_a_hundred() -> None:
    assert (found("steps ≈ 100", 103, "steps"), found("steps ≈ 100", 153, "steps")) == ([], ["100"])
    assert found("steps = 100", 103, "steps") == ["100"]


def test_thousands_may_have_a_comma() -> None:
    assert (found("steps = 1,234", 1234, "steps"), found("steps = 1,234", 4321, "steps")) == ([], ["1,234"])


def test_a_value_of_any_cell_is_right() -> None:
    note, text = read("- loss = 2.3\n  ```python\n  a()\n  ```\n- ```python\n  b()\n  ```\n- loss = 9.9")
    outcome = ran((("loss", "2.3", 2.3),), (("loss", "0.5", 0.5),))
    (one,) = hand_typed(note, text, outcome)
    assert one.message == "`loss` is 9.9 here, and the code computed 0.5"
    assert one.help.startswith("write `{{val loss .1f}}`")


def test_prose_further_away_is_left_alone() -> None:
    cell = "- ```python\n  a()\n  ```\n"
    outcome = ran((("loss", "0.5", 0.5),))
    for text, count in ((f"{cell}- loss = 3\n- x", 1), (f"{cell}- x\n- loss = 3", 0), (f"- loss = 3\n{cell}", 0)):
        assert len(hand_typed(*read(text), outcome)) == count


def test_a_failed_cell_gives_nothing_to_compare_with() -> None:
    text = "- loss = 3\n  ```python\n  a()\n  ```"
    values: tuple[Value, ...] = (("loss", "0.5", 0.5),)
    assert (len(hand_typed(*read(text), ran(values))), hand_typed(*read(text), ran(values, state="failed"))) == (1, ())


@pytest.mark.parametrize("tail", [" " * 50_000, "=" * 50_000, "a " * 25_000, "1" * 50_000, "`a` " * 10_000])
def test_long_lines_take_no_longer(tail: str) -> None:
    assert found("loss = 0.123, loss" + tail)[:1] == ["0.123"]


def test_run_says_it_and_a_comment_silences_it(kbtool: Run, tmp_path: Path) -> None:
    page = tmp_path / "pages" / "a.md"
    page.parent.mkdir()
    cell = "\n  ```python\n  loss = 0.45678\n  ```\n"
    page.write_text(f"- loss = 0.123{cell}", "utf-8")
    done = kbtool("run", str(tmp_path), cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert "warning[hand-typed-number]: `loss` is 0.123 here, and the code computed 0.45678" in done.stdout
    assert done.returncode == 0
    page.write_text(f"- loss = 0.123 <!-- kbtool: ignore[hand-typed-number]: начало -->{cell}", "utf-8")
    done = kbtool("run", str(tmp_path), cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert "hand-typed-number" not in done.stdout
