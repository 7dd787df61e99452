"""`kbtool query` as a person types it: text, JSON, exit codes, the day."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from kbtool.cli import main

Tool: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def query(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The command in the folder of a small graph."""
    for path, text in {
        "pages/тензор.md": "type:: понятие\n\n- TODO [#A] прочесть\n  rating:: 5\n\t- TODO ниже\n- DONE да [[Q]]",
        "journals/2026_01_02.md": "- TODO [[тензор]] записать",
        "logseq/config.edn": "{}",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = main(["query", arguments[0], ".", *arguments[1:]])
        return status, *capfd.readouterr()

    return call


def test_results_stand_by_page_with_their_lines(query: Tool) -> None:
    status, out, _ = query("(and [[тензор]] (task todo))")
    assert status == 0
    assert out.splitlines() == [
        "Jan 2nd, 2026",
        "  journals/2026_01_02.md:1: TODO [[тензор]] записать",
        "тензор",
        "  pages/тензор.md:3: TODO [#A] прочесть  (+1 lines)",
        "    pages/тензор.md:5: TODO ниже",
        "3 results",
    ]


def test_json_has_an_object_a_result(query: Tool) -> None:
    _, out, _ = query("(priority a)", "--format", "json")
    assert [json.loads(line) for line in out.splitlines()] == [
        {
            "page": "тензор",
            "path": "pages/тензор.md",
            "line": 3,
            "depth": 1,
            "text": "TODO [#A] прочесть\nrating:: 5",
            "block_refs": [],
            "properties": {"rating": 5},
            "marker": "TODO",
            "priority": "A",
            "page_refs": ["a", "rating", "todo"],
        }
    ]


def test_pages_are_found_too(query: Tool) -> None:
    assert query("(page-property type)")[1].splitlines() == ["тензор  (pages/тензор.md)", "1 result"]
    _, out, _ = query("(page-property type)", "--format", "json")
    assert json.loads(out) == {"name": "тензор", "path": "pages/тензор.md", "properties": {"type": "понятие"}}


@pytest.mark.parametrize(
    "text",
    [
        "[:find (count ?b) :where [?b :block/marker _]]",
        "{:query [:find (count ?b) :where [?b :block/marker _]]}",
        "#+BEGIN_QUERY\n{:query [:find (count ?b) :where [?b :block/marker _]]}\n#+END_QUERY",
    ],
)
def test_advanced_queries_are_answered(query: Tool, text: str) -> None:
    assert query(text)[1].splitlines()[0] == "4"


def test_a_query_may_be_copied_with_its_braces(query: Tool) -> None:
    assert query("{{query (task done)}}")[1] == query("(task done)")[1]


def test_nothing_found_is_no_error(query: Tool) -> None:
    assert query("[[нигде]]")[:2] == (0, "0 results\n")


def test_a_name_that_is_no_page_is_said(query: Tool) -> None:
    assert query("[[тензро]]")[2] == "no page named «тензро»; did you mean «тензор»?\n"
    assert query("[[тензор]]")[2] == ""


def test_today_may_be_given(query: Tool) -> None:
    assert "1 result" in query("(between today today)", "--today", "2026-01-02")[1]
    assert "0 results" in query("(between today today)", "--today", "2026-01-03")[1]


def test_a_note_as_path_narrows_the_results(query: Tool, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["query", "(task todo)", "journals/2026_01_02.md"]) == 0
    assert "1 result\n" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(and [[тензор]] (taks todo))", "did you mean `task`?"),
        ("(task todo", "no `)` closes this `(`"),
        ("[:find (pull ?b [*]) :where [?b :block/markr _]]", "did you mean `:block/marker`?"),
        (" ", "the query is empty"),
    ],
)
def test_a_malformed_query_exits_with_2_and_says_where(query: Tool, text: str, says: str) -> None:
    status, out, error = query(text)
    assert (status, out) == (2, "")
    assert says in error
