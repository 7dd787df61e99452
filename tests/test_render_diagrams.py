"""Mermaid fences: drawn as files for light and dark, with their source; what is wrong with them said in place."""

from __future__ import annotations

import sys
import time

import pytest

from kbtool.render.diagrams import drawn
from tests.rendering import Html, rendered

FLOW = "flowchart LR\n  A[Вход] --> B{Решение}\n"


def fence(source: str) -> str:
    return "- x\n  ```mermaid\n" + "".join(f"  {line}\n" for line in source.rstrip("\n").split("\n")) + "  ```\n"


def test_a_diagram_is_drawn_for_light_and_dark_with_its_source() -> None:
    page = rendered({"pages/a.md": fence(FLOW)})["pages/a.md"]
    html = Html(page.html)
    pictures = [one["src"] for tag, one in html.elements if tag == "img"]
    assert [one.partition("#")[2] for one in pictures] == ["only-light", "only-dark"]
    assert {f"../{file.path}" for file in page.files} == {one.partition("#")[0] for one in pictures}
    assert all("Решение" in file.text for file in page.files)
    assert "A[Вход] --> B{Решение}" in html.text
    assert html.faults == []


def test_a_coloured_diagram_keeps_its_paper_and_has_a_size() -> None:
    html = Html(rendered({"pages/a.md": fence('pie\n  "a": 1\n  "b": 2\n')})["pages/a.md"].html)
    pictures = [one for tag, one in html.elements if tag == "img"]
    assert len(pictures) == 1
    assert int(pictures[0]["width"]) > 100
    assert int(pictures[0]["height"]) > 100


def test_a_chart_turns_over_in_the_dark_and_its_bars_keep_their_colour() -> None:
    made = drawn("xychart-beta\n  x-axis [a, b]\n  y-axis 0 --> 9\n  bar [3, 5]\n").picture
    assert made
    assert "#4e79a7" in made.light
    assert "#4e79a7" in made.dark
    assert ("#FFFFFF" in made.light, "#FFFFFF" in made.dark) == (True, False)


def test_a_quoted_diagram_is_the_file_of_its_page() -> None:
    made = rendered({"pages/a.md": fence(FLOW), "pages/b.md": "- {{embed [[a]]}}\n"})
    files = {file.path for file in made["pages/a.md"].files}
    shown = [one["src"] for tag, one in Html(made["pages/b.md"].html).elements if tag == "img"]
    assert {one.removeprefix("../").partition("#")[0] for one in shown} == files
    assert made["pages/b.md"].files == ()


def test_a_broken_diagram_says_what_is_wrong() -> None:
    page = rendered({"pages/a.md": fence("flowchart LR\n  A -->\n")})["pages/a.md"]
    assert "Ошибка в диаграмме" in page.html
    assert "A --&gt;" in page.html
    assert page.files == ()
    assert "Ошибка" not in rendered({"pages/a.md": fence(FLOW)})["pages/a.md"].html


def test_nothing_of_a_diagram_runs() -> None:
    source = 'flowchart LR\n  A["<script>alert(1)</script>"] --> B\n  click A "javascript:alert(1)"\n'
    files = rendered({"pages/a.md": fence(source)})["pages/a.md"].files
    assert files
    for file in files:
        assert not [one for one in ("<script", "href", "onclick", "foreignObject") if one in file.text]


@pytest.mark.parametrize(
    "source",
    [
        "block-beta\n  columns 999999999\n  a b\n",
        "flowchart LR\n" + "&".join(f"a{i}" for i in range(60)) + "-->" + "&".join(f"b{i}" for i in range(60)),
        "flowchart LR\n" + "\n".join(f"a{i} --> b{j}" for i in range(30) for j in range(30)),
        "pie\n" + "x" * 20_000,
    ],
)
def test_what_would_take_too_long_is_shown_as_it_is_written(source: str) -> None:
    began = time.monotonic()
    assert drawn(source) == (None, "")
    assert time.monotonic() - began < 5
    assert drawn(FLOW).picture


def test_without_the_program_the_source_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mmdr", None)
    drawn.cache_clear()
    html = rendered({"pages/a.md": fence(FLOW)})["pages/a.md"].html
    drawn.cache_clear()
    assert "<img" not in html
    assert "A[Вход]" in html
