"""The table of attributes, what notes ask of their sessions, and what of it is in the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtool.cells.attributes import ATTRIBUTES, NAMES, Attribute
from kbtool.cells.options import is_right
from kbtool.cells.plan import Environment, Session, plan
from kbtool.config import Config, GraphSettings
from kbtool.note import Note, lower
from kbtool.syntax.parse import parse
from kbtool.syntax.tree import Word
from kbtool.values import NoteId, NoteOptions, Source, Span

ROOT = Path(__file__).parents[1]
NOTE = NoteId("pages/a.md")


def note(text: str) -> Note:
    source = Source(NOTE, text)
    return lower(source, parse(source), GraphSettings())


def cell(words: str) -> str:
    return f"- ```python {words}\n  1\n  ```\n"


def options(text: str) -> NoteOptions:
    found = note(text)
    assert found.diagnostics == ()
    return found.options


def said(text: str) -> list[tuple[str, str]]:
    """What is wrong with a note: the text at the place, and the message."""
    found = note(text).diagnostics
    assert {problem.rule for problem in found} <= {"bad-attribute"}
    return [(text[slice(*problem.span)], problem.message) for problem in found]


# ---------------------------------------------------------------- one table


def rows(text: str) -> list[tuple[str, ...]]:
    """The rows of tables whose first column is one word of code and whose second says whose it is."""
    split = [tuple(part.strip() for part in line.strip("|").split(" | ")) for line in text.split("\n")]
    return [row for row in split if len(row) > 2 and row[1] in ("cell", "note")]


def test_the_readme_has_the_table() -> None:
    table = [(f"`{one.example}`", one.of, one.does, "yes" if one.keyed else "no") for one in ATTRIBUTES]
    assert rows((ROOT / "README.md").read_text("utf-8")) == table


def test_the_page_of_the_rule_has_the_table() -> None:
    table = [(f"`{one.example}`", one.of, one.does) for one in ATTRIBUTES]
    assert rows((ROOT / "tests/cases/checks/bad-attribute.md").read_text("utf-8")) == table


def test_every_field_of_the_options_has_its_word() -> None:
    fields = {*note("").options._fields, *note(cell("")).cells[0].options._fields}
    assert {name.replace("gpu_mem", "gpu_memory") for name in NAMES} == fields


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda one: one.name)
def test_examples_are_right(attribute: Attribute) -> None:
    assert is_right(Word(Span(0, 0), attribute.example))
    assert not is_right(Word(Span(0, 0), f"{attribute.name}="))


def session(text: str) -> Session:
    (only,) = plan([note(text)], Config(), Environment("", "")).sessions
    return only


@pytest.mark.parametrize("attribute", ATTRIBUTES, ids=lambda one: one.name)
def test_what_the_table_says_of_keys_is_true(attribute: Attribute) -> None:
    plain, other = session(cell("") + cell("")), session(cell("") + cell(attribute.example))
    assert (other.key != plain.key) is attribute.keyed


# ---------------------------------------------------------------- what a note asks for


@pytest.mark.parametrize(
    ("word", "asked"),
    [
        ("device=cuda", NoteOptions(device="cuda")),
        ("device=cpu", NoteOptions(device="cpu")),
        ("device=auto", NoteOptions()),
        ("gpu_mem=8G", NoteOptions(gpu_memory=8 << 30)),
        ("gpu_mem=500M", NoteOptions(gpu_memory=500 << 20)),
        ("cpus=2", NoteOptions(cpus=2)),
        ("inputs=data/*.csv,more.txt", NoteOptions(inputs=("data/*.csv", "more.txt"))),
        ("seed=0", NoteOptions(seed=0)),
        ("launch=torchrun:2", NoteOptions(launch="torchrun:2")),
        ("launch=torchrun:16", NoteOptions(launch="torchrun:16")),
    ],
)
def test_a_cell_asks_for_its_note(word: str, asked: NoteOptions) -> None:
    assert options(cell("") + cell(word)) == asked


def test_properties_of_the_page_ask_for_it() -> None:
    text = "device:: cuda\ngpu-mem:: 8G\ncpus:: 2\ninputs:: data/*.csv, more.txt\nseed:: 7\nlaunch:: torchrun:2\n\n"
    expected = NoteOptions("cuda", 8 << 30, 2, ("data/*.csv", "more.txt"), 7, "torchrun:2")
    assert options(text + cell("")) == expected


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        (("device=auto", "device=cuda"), NoteOptions(device="cuda")),
        (("device=cpu", "device=auto"), NoteOptions(device="cpu")),
        (("gpu_mem=1G", "gpu_mem=900M"), NoteOptions(gpu_memory=1 << 30)),
        (("cpus=2", "cpus=10"), NoteOptions(cpus=10)),
        (("inputs=b,a", "inputs=a,c"), NoteOptions(inputs=("b", "a", "c"))),
        (("seed=7", "seed=7"), NoteOptions(seed=7)),
    ],
)
def test_the_strictest_wins(words: tuple[str, str], asked: NoteOptions) -> None:
    assert options("".join(map(cell, words))) == asked


def test_a_property_and_a_cell_go_together() -> None:
    assert options("cpus:: 4\n\n" + cell("cpus=2")).cpus == 4
    assert options("cpus:: 2\n\n" + cell("cpus=4")).cpus == 4


def test_a_cell_that_does_not_run_asks_for_nothing() -> None:
    assert options(cell("norun device=cuda") + cell("device=cpu")) == NoteOptions(device="cpu")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (cell("device=cpu") + cell("device=cuda"), ("device=cuda", "`device=cpu` and for `device=cuda`")),
        (cell("seed=1") + cell("") + cell("seed=2"), ("seed=2", "`seed=1` and for `seed=2`")),
        ("seed:: 1\n\n" + cell("seed=2"), ("seed=2", "`seed=1` and for `seed=2`")),
        (cell("launch=torchrun:2") + cell("launch=torchrun:3"), ("launch=torchrun:3", "torchrun:3")),
    ],
)
def test_what_cannot_both_be_is_a_problem(text: str, problem: tuple[str, str]) -> None:
    ((place, message),) = said(text)
    assert place == problem[0]
    assert problem[1] in message


def test_a_contradiction_shows_the_first_place() -> None:
    text = cell("seed=1") + cell("seed=2")
    (problem,) = note(text).diagnostics
    assert [text[slice(*label.span)] for label in problem.labels] == ["seed=1"]


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    "word",
    [
        *("expect=", "expect=about", "expect=0", "expect=-1", "expect=nan", "export=1", "volatile=yes"),
        *("device", "device=", "device=tpu0", "gpu_mem=8", "gpu_mem=G", "gpu_mem=0G", "gpu_mem=1.5G", "gpu_mem=-1G"),
        *("cpus=0", "cpus=-1", "cpus=1.5", "cpus=²", "seed=-1", "seed=4294967296", "seed=x", "seed=07"),
        *("inputs=", "inputs=a,", "inputs=/etc/passwd", "inputs=../a", "inputs=a/../../b", "inputs=~/a", "inputs=a\\b"),
        *('inputs="data/a.csv"', "inputs='a','b'"),
        *("launch=torchrun", "launch=torchrun:", "launch=torchrun:0", "launch=torchrun:-2", "launch=mpirun:2"),
        *("launch=torchrun:17", "launch=torchrun:1e9"),
    ],
)
def test_a_bad_value_is_a_problem_and_has_no_effect(word: str) -> None:
    found = note(cell(word))
    (problem,) = found.diagnostics
    assert problem.span == Span(12, 12 + len(word))
    assert (found.options, found.cells[0].options) == (note(cell("")).options, note(cell("")).cells[0].options)


@pytest.mark.parametrize(
    ("key", "value", "fixed"),
    [
        ("device", "gpu", "cuda"),
        ("device", "CUDA", "cuda"),
        ("gpu-mem", "8 GB", "8G"),
        ("gpu-mem", "500mib", "500M"),
        ("cpus", '"2"', "2"),
        ("inputs", "data\\a.csv", "data/a.csv"),
        ("inputs", '"data/*.csv"', "data/*.csv"),
        ("launch", "Torchrun:2", "torchrun:2"),
    ],
)
def test_an_obvious_mistake_in_a_property_has_a_fix(key: str, value: str, fixed: str) -> None:
    text = f"{key}:: {value}\n\n{cell('')}"
    (problem,) = note(text).diagnostics
    assert text[slice(*problem.span)] == value
    assert problem.message == f"`{value}` is no value for `{key}`"
    assert problem.fix is not None
    (edit,) = problem.fix.edits
    assert (edit.span, edit.text) == (problem.span, fixed)


@pytest.mark.parametrize("line", ["device:: phone", "launch:: soon", "inputs:: /dev/sda"])
def test_a_property_that_cannot_be_guessed_has_no_fix(line: str) -> None:
    (problem,) = note(f"{line}\n\n{cell('')}").diagnostics
    assert problem.fix is None


def test_a_property_without_a_value_is_a_problem() -> None:
    assert said(f"device::\n\n{cell('')}") == [("device", "`device` needs a value")]


def test_a_list_of_yaml_is_taken_out_of_its_brackets() -> None:
    (problem,) = note(f"---\ninputs: [a, b]\n---\n{cell('')}").diagnostics
    assert problem.fix is not None
    assert problem.fix.edits[0].text == "a, b"


@pytest.mark.parametrize("text", ["- нет кода", cell("norun"), "- ```js\n  1\n  ```"])
def test_properties_of_a_page_without_cells_that_run_mean_something_else(text: str) -> None:
    assert options(f"device:: телефон\nseed:: 7\n\n{text}") == NoteOptions()


def test_other_properties_mean_something_else() -> None:
    assert options(f"timeout:: soon\nname:: а б\n\n{cell('')}") == NoteOptions()
