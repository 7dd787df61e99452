"""What two runs gave is equal or not: pieces, tolerances, what is shown of a difference."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from kbtool.cells.comparing import Part, difference, line_by_line, parts, within
from kbtool.cells.drift import not_deterministic
from kbtool.cells.tolerance import FLOOR, Tolerance, read_tolerance
from kbtool.outcomes import CellKey, CellOutcome, CellState, Outcome, Output, Provenance, Value
from kbtool.rich import ARRAY, HTML, PNG, TABLE
from kbtool.values import CellOptions, NoteId
from tests.cells_notes import made

NAMES = ("old", "new")
WHERE = Provenance("", "", "", "", ())
TREE = '{"columns":["a"],"dtypes":["int64"],"index":["x"],"rows":[[%d]],"total":1,"width":1}'


def cell(*outputs: Output, values: tuple[Value, ...] = (), state: CellState = "ok") -> CellOutcome:
    return CellOutcome(0, state, outputs, 0.0, None, values)


def text(output: Output) -> str:
    return "|".join(line for part in parts(cell(output)) for line in part.lines)


# ---------------------------------------------------------------- pieces


def test_a_stream_in_pieces_is_one() -> None:
    whole = parts(cell(Output("stdout", "a\nb\n")))
    assert parts(cell(Output("stdout", "a"), Output("stdout", "\nb  \n\n"))) == whole
    assert parts(cell(Output("stdout", "a\n b\n"))) != whole
    assert parts(cell(Output("stderr", "a\nb\n"))) != whole


def test_a_value_is_what_the_page_shows() -> None:
    assert text(Output("value", "<Frame at 0x7f>", ((TABLE, TREE % 3),))) == "1 × 1|a|x  3"
    assert text(Output("value", "<Html at 0x7f>", ((HTML, "<b>x</b>"),))) == "<b>x</b>"
    styled = '<style>#T_{0} td {{}}</style><table id="T_{0}"><td id="T_{0}_c">1</td></table>'
    one, other = (text(Output("value", "<Styler>", ((HTML, styled.format(ident)),))) for ident in ("8f3", "a01"))
    assert (one == other, "1</td>" in one) == (True, True)
    assert text(Output("value", "[1.0]", ((ARRAY, "{}"),))) == "[1.0]"
    assert text(Output("value", "<Thing at 0x7f>")) == "<Thing at 0x7f>"
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    assert "0x7f" not in text(Output("value", "<Image at 0x7f>", ((PNG, png),)))


def test_values_count_in_any_order() -> None:
    one, other = ("a", "1", 1.0), ("b", "2", 2.0)
    assert parts(cell(values=(one, other))) == parts(cell(values=(other, one)))
    assert parts(cell(values=(one,))) != parts(cell(values=(("a", "2", 2.0),)))


def test_of_a_traceback_the_places_do_not_count() -> None:
    head, frame = "Traceback (most recent call last):\n", '  File "<cell {}>", line 2, in <module>\n    1/0\n    ~^~\n'
    last = "ValueError: two\n  lines\n\nDuring handling of this:\n\n"
    one, other = (
        Output("error", head + frame.format(n) + last + head + frame.format(n) + "KeyError: 1") for n in (1, 2)
    )
    assert parts(cell(one)) == parts(cell(other))
    assert text(one).count("  lines") == 1
    assert parts(cell(one)) != parts(cell(replace(one, text=one.text.replace("two", "three"))))


# ---------------------------------------------------------------- equal


@pytest.mark.parametrize(
    ("old", "new", "tolerance", "equal"),
    [
        ("loss 0.5", "loss 0.5", 0.0, True),
        ("loss  0.5\n x", "loss 0.5 x", 0.0, True),
        ("loss 0.5", "loss 0.50", 0.0, False),
        ("loss 0.5", "loss 0.50", 1e-9, True),
        ("loss 1000", "loss 1001", 1e-3, True),
        ("loss 1000", "loss 1002", 1e-3, False),
        ("loss -1000", "loss 1000", 1e-3, False),
        ("loss 1e-9", "loss 2e-9", 1e-3, False),
        ("loss 1.0001E+3", "loss 1000", 1e-3, True),
        ("[ 9.9999  1. ]", "[10.  1.]", 1e-3, True),
        ("loss 1", "cost 1", 0.5, False),
        ("1 2", "1 2 3", 0.5, False),
        ("nan inf", "nan inf", 1e-3, True),
        ("nan", "1", 1e-3, False),
        ("1" + "0" * 400, "1" + "0" * 401, 1e-3, False),
        ("", "", 1e-3, True),
    ],
)
def test_within_a_tolerance(old: str, new: str, tolerance: float, equal: bool) -> None:
    same = within(Tolerance(tolerance)).same
    assert same(old.split("\n"), new.split("\n")) is equal
    assert same(new.split("\n"), old.split("\n")) is equal


@pytest.mark.parametrize(
    ("expect", "old", "new", "equal"),
    [
        ("1e-3", "0.0", "1e-13", True),
        ("1e-3", "1e-17", "-3e-17", True),
        ("1e-3", "0.0", "1e-11", False),
        ("1e-3,1e-6", "0.0", "9e-7", True),
        ("1e-3,1e-6", "0.0", "2e-6", False),
        ("1e-3,1e-6", "1000", "1000.9", True),
        ("exact", "0.0", "1e-17", False),
        ("1e-3", "color #100000", "color #100001", False),
        ("1e-3", "color 100000", "color 100001", True),
    ],
)
def test_numbers_near_zero_need_an_absolute_floor(expect: str, old: str, new: str, equal: bool) -> None:
    same = within(read_tolerance(expect)).same
    assert (same((old,), (new,)), same((new,), (old,))) == (equal, equal)


def test_the_floor_is_there_without_being_named() -> None:
    assert read_tolerance("1e-3") == Tolerance(1e-3, FLOOR)
    assert read_tolerance("exact") == read_tolerance("") == Tolerance()


@pytest.mark.parametrize("old", ["1" * 200_000, "1e" * 100_000, "-+" * 100_000, "1." * 100_000, " " * 200_000])
def test_odd_texts_take_no_longer(old: str) -> None:
    began = time.monotonic()
    within(Tolerance(1e-3)).same((old,), (old + "2",))
    assert time.monotonic() - began < 2


# ---------------------------------------------------------------- not equal


def stdout(*lines: str) -> Part:
    return Part("stdout", "", lines)


def test_equal_parts_differ_nowhere() -> None:
    assert difference([stdout("a")], [stdout("a")], line_by_line, NAMES) is None


def test_the_first_difference_is_shown_with_what_is_around() -> None:
    old = [str(number) for number in range(1000)]
    new = [*old[:500], "x", *old[501:900], "y", *old[901:]]
    found = difference([stdout(*old)], [stdout(*new)], line_by_line, NAMES)
    assert found is not None
    assert found.what == "standard output"
    assert found.diff == ("--- old", "+++ new", " 498", " 499", "-500", "+x", " 501", " 502")


def test_numbers_within_the_tolerance_do_not_show() -> None:
    found = difference([stdout("a 1.0", "b 1", "c")], [stdout("a 1.0001", "b 2", "c")], within(Tolerance(1e-3)), NAMES)
    assert found is not None
    assert found.diff == ("--- old", "+++ new", " a 1.0", "-b 1", "+b 2", " c")


def test_an_output_more_is_shown_as_such() -> None:
    found = difference([stdout("a")], [stdout("a"), Part("value", "", ("5",))], line_by_line, NAMES)
    assert found is not None
    assert found == ("the value", ("--- old", "+++ new", "+the value:", "+5"))
    gone = difference([Part("name", "x", ("1",))], [], line_by_line, NAMES)
    assert gone is not None
    assert gone == ("`x`", ("--- old", "+++ new", "-`x`:", "-1"))


def test_a_long_difference_is_cut() -> None:
    old, new = [f"a{i}" for i in range(50_000)], [f"b{i}" * 100 for i in range(50_000)]
    began = time.monotonic()
    found = difference([stdout(*old)], [stdout(*new)], line_by_line, NAMES)
    assert time.monotonic() - began < 5
    assert found is not None
    assert len(found.diff) < 20
    assert found.diff[-1] == "…"
    assert max(map(len, found.diff)) <= 160


# ---------------------------------------------------------------- two runs


def ran(*cells: CellOutcome) -> Outcome:
    placed = tuple(replace(one, index=number) for number, one in enumerate(cells))
    return Outcome(CellKey(""), NoteId("a.md"), False, placed, 0.0, WHERE)


def test_each_cell_that_differs_is_told_but_for_volatile_ones() -> None:
    given = made("a", ("b", CellOptions(volatile=True)), "c", "d")
    one, other = cell(Output("stdout", "1")), cell(Output("stdout", "2"))
    found = not_deterministic(given.note, ran(one, one, one, one), ran(one, other, other, other))
    assert [given.line(problem.span.start) for problem in found] == [12, 16]
    assert [given.text[slice(*problem.span)] for problem in found] == ["python", "python"]


def test_a_cell_that_fails_once_differs() -> None:
    (found,) = not_deterministic(made("a").note, ran(cell()), ran(cell(state="failed")))
    assert found.message == "the state came out otherwise when the cell ran again"
    assert "-ok\n+failed\n" in found.help
