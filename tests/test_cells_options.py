"""The words after ```` ```python ````."""

from __future__ import annotations

import pytest

from kbtool.cells.options import duplicate_names, parse_options
from kbtool.syntax.tree import Word
from kbtool.values import CellOptions, Diagnostic, NoteId, Span

NOTE = NoteId("pages/a.md")


def words(text: str) -> tuple[Word, ...]:
    found, at = [], 10
    for part in text.split():
        found.append(Word(Span(at, at + len(part)), part))
        at += len(part) + 1
    return tuple(found)


def options(text: str) -> CellOptions:
    given, problems = parse_options(words(text), NOTE)
    assert problems == ()
    return given


def problem(text: str) -> Diagnostic:
    _, problems = parse_options(words(text), NOTE)
    assert len(problems) == 1
    assert problems[0].rule == "bad-attribute"
    return problems[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", CellOptions()),
        ("norun", CellOptions(norun=True)),
        ("hide", CellOptions(hide=True)),
        ("raises=TypeError", CellOptions(raises="TypeError")),
        ("raises=np.linalg.LinAlgError", CellOptions(raises="np.linalg.LinAlgError")),
        ("timeout=60", CellOptions(timeout=60.0)),
        ("timeout=0.5", CellOptions(timeout=0.5)),
        ("name=обучение-2", CellOptions(name="обучение-2")),
        ("expect", CellOptions(expect="exact")),
        ("expect=exact", CellOptions(expect="exact")),
        ("expect=1e-3", CellOptions(expect="1e-3")),
        ("export volatile", CellOptions(export=True, volatile=True)),
        ("device=cuda seed=1", CellOptions()),
        (
            "norun hide raises=E timeout=1 name=a",
            CellOptions(norun=True, hide=True, raises="E", timeout=1.0, name="a"),
        ),
    ],
)
def test_words_become_options(text: str, expected: CellOptions) -> None:
    assert options(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("wat", "unknown cell attribute `wat`"),
        ("norunn", "unknown cell attribute `norunn`"),
        ("norun=1", "`norun` takes no value"),
        ("raises", "`raises` needs a value"),
        ("raises=", "`raises` needs a value"),
        ("raises=Type-Error", "`Type-Error` is no value for `raises`"),
        ("timeout=soon", "`soon` is no value for `timeout`"),
        ("timeout=0", "`0` is no value for `timeout`"),
        ("timeout=-1", "`-1` is no value for `timeout`"),
        ("timeout=nan", "`nan` is no value for `timeout`"),
        ("timeout=inf", "`inf` is no value for `timeout`"),
        ("name=a.b", "`a.b` is no value for `name`"),
        ("device=gpu", "`gpu` is no value for `device`"),
        ("hide hide", "attribute `hide` is given twice"),
        ("timeout=1 timeout=2", "attribute `timeout` is given twice"),
    ],
)
def test_other_words_are_problems(text: str, message: str) -> None:
    assert problem(text).message == message


def test_a_problem_stands_at_its_word() -> None:
    assert problem("hide wat").span == Span(15, 18)


def test_a_bad_word_leaves_the_others_in_force() -> None:
    given, _ = parse_options(words("wat timeout=x hide name=a"), NOTE)
    assert given == CellOptions(hide=True, name="a")


def test_of_two_equal_attributes_the_first_counts() -> None:
    given, _ = parse_options(words("timeout=1 timeout=2"), NOTE)
    assert given.timeout == 1.0


@pytest.mark.parametrize(
    ("text", "fixed"),
    [
        ("norunn", "norun"),
        ("Hide", "hide"),
        ("timeot=5", "timeout=5"),
        ("norun=yes", "norun"),
        ("timeout=60s", "timeout=60"),
        ("timeout='60'", "timeout=60"),
        ('name="train"', "name=train"),
        ("exprt", "export"),
        ("expect=Exact", "expect=exact"),
        ("sead=7", "seed=7"),
        ("device=gpu", "device=cuda"),
        ("gpu-mem=8G", "gpu_mem=8G"),
    ],
)
def test_an_obvious_mistake_has_a_fix(text: str, fixed: str) -> None:
    found = problem(text)
    assert found.fix is not None
    (edit,) = found.fix.edits
    assert (edit.note, edit.span, edit.text) == (NOTE, found.span, fixed)


@pytest.mark.parametrize("text", ["wat", "timeout=soon", "timeot=soon", "raises", "norunn=3"])
def test_no_fix_where_it_would_be_a_guess(text: str) -> None:
    assert problem(text).fix is None


@pytest.mark.parametrize("text", ["norunn", "Hide", "timeot=5"])
def test_a_misspelled_word_is_recognised(text: str) -> None:
    assert problem(text).help.startswith("did you mean")


def test_names_of_cells_are_unique_in_a_note() -> None:
    (found,) = duplicate_names([words("name=a"), words("hide name=b"), words("hide name=a")], NOTE)
    assert (found.rule, found.span, found.message) == (
        "bad-attribute",
        Span(15, 21),
        "two cells of this note are called `a`",
    )
    assert found.labels[0].span == Span(10, 16)


def test_different_names_are_no_problem() -> None:
    assert duplicate_names([words("name=a"), words("name=A"), words("hide"), words("hide")], NOTE) == ()
