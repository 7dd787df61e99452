"""Mermaid fences: drawn as files for light and dark, with their source; what is wrong with them said in place."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kbtool.diagrams import Drawing, draw
from kbtool.render.colours import BLACK, DARK_PAPER, READABLE, WHITE, contrast, read
from kbtool.render.diagrams import drawn
from kbtool.render.legible import legible, texts
from kbtool.render.shapes import UNMOVED, moved_by, shape
from tests.conftest import Run
from tests.rendering import Html, rendered

if TYPE_CHECKING:
    from playwright.sync_api import Page

# One of each kind, with "Итог" in it, and the colours in which kinds differ.
KINDS: Mapping[str, str] = {
    "flowchart": "flowchart LR\n  A[Вход] --> B{Итог}\n  B -->|да| C(c)\n  B -.-> D[(d)]\n"
    "  subgraph g\n    E --> F\n  end\n  style E fill:#f9f\n  style F fill:#a00\n"
    "  classDef red fill:#900,color:#fff\n  class D red\n",
    "sequence": "sequenceDiagram\n  participant A as Итог\n  participant B\n  A->>B: x\n  activate B\n"
    "  Note over A,B: z\n",
    "class": "classDiagram\n  Animal <|-- Итог\n  Animal : +int age\n",
    "state": "stateDiagram-v2\n  [*] --> Still\n  Still --> Moving : Итог\n  note right of Still : x\n",
    "er": "erDiagram\n  CUSTOMER ||--o{ ORDER : Итог\n  ORDER {\n    int id\n    string name\n  }\n",
    "quadrant": "quadrantChart\n  title Итог\n  x-axis Low --> High\n  quadrant-1 Expand\n  A: [0.3, 0.6]\n",
    "chart": 'xychart-beta\n  title "Итог"\n  x-axis [a, b, c]\n  y-axis 0 --> 9\n  bar [3, 5, 7]\n  line [2, 6, 4]\n',
    "pie": "pie showData\n  title Итог\n" + "".join(f'  "p{at}" : {30 - 2 * at}\n' for at in range(12)),
    "gantt": "gantt\n  title Итог\n  dateFormat YYYY-MM-DD\n  section s\n    b :done, a1, 2026-01-01, 9d\n"
    "    c :active, a2, after a1, 9d\n    d : a3, after a2, 5d\n  section t\n    e :crit, b1, 2026-01-05, 12d\n"
    "    f :milestone, m1, 2026-01-20, 0d\n  section u\n    g :2026-01-02, 9d\n  section v\n    h :2026-01-02, 9d\n",
    "mindmap": "mindmap\n  root((Итог))\n" + "".join(f"    b{at}\n      l{at}\n        [q{at}]\n" for at in range(9)),
    "git": 'gitGraph\n  commit id: "Итог"\n'
    + "".join(f'  branch b{at}\n  checkout b{at}\n  commit tag: "v{at}"\n' for at in range(8))
    + "  checkout main\n  merge b0\n  commit type: HIGHLIGHT\n  commit type: REVERSE\n",
    "timeline": "timeline\n  title Итог\n" + "".join(f"  section s{at}\n    200{at} : x : y\n" for at in range(7)),
    "journey": "journey\n  title Итог\n"
    + "".join(f"  section s{at}\n    t{at}: {at % 5 + 1}: a{at}\n" for at in range(7)),
}
# Each text of a page's drawing, with its colour and the one below its middle, of all that is painted there.
BENEATH = """() => [...document.querySelectorAll("svg text")].filter(text => text.textContent.trim()).map(text => {
  const box = (text.querySelector("tspan") ?? text).getBoundingClientRect()
  const parts = paint => paint.match(/[\\d.]+/g).map(Number)
  const painted = document.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2)
    .filter(each => each instanceof SVGGeometryElement && each.compareDocumentPosition(text) & 4)
    .map(each => [getComputedStyle(each), each]).filter(([look]) => look.fill !== "none").reverse()
  let ground = parts(getComputedStyle(document.body).backgroundColor)
  for (const [look] of painted) {
    const share = look.opacity * look.fillOpacity
    ground = parts(look.fill).map((part, at) => ground[at] + (part - ground[at]) * share)
  }
  return [text.textContent, parts(getComputedStyle(text).fill), ground.slice(0, 3)]
})"""
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


def test_a_drawing_as_wide_as_its_room_has_the_size_of_its_coordinates() -> None:
    html = Html(rendered({"pages/a.md": fence("mindmap\n  root\n    leaf\n")})["pages/a.md"].html)
    picture = next(one for tag, one in html.elements if tag == "img")
    assert int(picture["width"]) > 100
    assert int(picture["height"]) > 20


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_drawn_for_light_and_dark(kind: str) -> None:
    made = drawn(KINDS[kind])
    assert made
    papers = {"light": (made.light, WHITE), "dark": (made.dark, DARK_PAPER)}
    for svg, paper in papers.values():
        assert f'fill="{"#ffffff" if paper == WHITE else "#171a21"}"' in svg
        found = texts(svg, paper)
        assert "Итог" in " ".join(text.words for text in found)
        assert [
            text for text in found if any(contrast(text.colour, ground) < READABLE for ground in text.grounds)
        ] == []


def faint(page: Page, svg: str, paper: str) -> list[str]:
    """The words that nobody can read, by what a browser says lies below the middle of each text."""
    page.set_viewport_size({"width": 1600, "height": 1200})
    page.set_content(f'<body style="margin:0;background:{paper}"><div style="width:1000px">{svg}</div>')
    found = page.evaluate(BENEATH)
    assert found
    inks = [(words, *(tuple(part / 255 for part in colour) for colour in both)) for words, *both in found]
    return [words for words, ink, ground in inks if contrast(ink, ground) < READABLE]


def test_words_can_be_read_where_a_browser_paints_them(page: Page) -> None:
    for kind, source in KINDS.items():
        made = drawn(source)
        assert made
        assert (kind, faint(page, made.light, "#ffffff"), faint(page, made.dark, "#171a21")) == (kind, [], [])
    svg = (
        '<svg viewBox="0 0 99 9"><rect width="99" height="9" fill="#000000"/><text y="8" fill="#333333">a</text></svg>'
    )
    assert faint(page, svg, "#ffffff") == ["a"]


def test_an_author_s_colours_stay_where_they_can_be_read() -> None:
    chosen = "flowchart LR\n  A[Итог]\n  style A fill:#900,color:#ffd700\n"
    made = drawn(chosen)
    assert made
    assert [text.colour for text in texts(made.light, WHITE)] == [_colour("#ffd700")]
    faint = drawn(chosen.replace("#ffd700", "#800"))
    assert faint
    assert [text.colour for text in texts(faint.light, WHITE)] != [_colour("#880000")]


def _colour(digits: str) -> tuple[float, float, float]:
    paint = read(digits)
    assert paint
    return paint.colour


@pytest.mark.parametrize(
    ("element", "moved", "inside", "outside"),
    [
        ('rect x="1" y="1" width="2" height="2"', "", (2, 2), (4, 2)),
        ('circle cx="5" cy="5" r="2"', "", (6, 6), (6.9, 6.9)),
        ('polygon points="0,0 4,0 0,4"', "", (1, 1), (3, 3)),
        ('rect width="2" height="1"', "translate(10, 0) rotate(90)", (9.5, 1.5), (10.5, 0.5)),
        ('path d="M0 0 L10 0 A10 10 0 0 1 0 10 Z"', "", (6.5, 6.5), (7.5, 7.5)),
        ('path d="M0 0 L10 0 A10 10 0 1 0 0 10 Z"', "", (-6.5, -6.5), (3, 3)),
        ('path d="m1 1 h2 v2 h-2 z"', "scale(2)", (4, 4), (1, 1)),
    ],
)
def test_a_shape_covers_what_it_covers_in_a_browser(
    element: str, moved: str, inside: tuple[float, float], outside: tuple[float, float]
) -> None:
    name, _, rest = element.partition(" ")
    pairs = dict(re.findall(r'(\w+)="([^"]*)"', rest))
    made = shape(name, pairs, moved_by(UNMOVED, moved))
    assert made
    assert (made.holds(inside), made.holds(outside)) == (True, False)


@pytest.mark.parametrize(
    ("written", "colour"),
    [("#fff", WHITE), ("BLACK", BLACK), ("hsl(0, 0%, 100%)", WHITE), ("rgb(255 255 255)", WHITE), ("url(#a)", None)],
)
def test_colours_are_read_as_svg_writes_them(written: str, colour: object) -> None:
    paint = read(written)
    assert (paint and paint.colour) == colour


def test_text_on_nothing_that_it_could_not_be_read_on_stays_as_it_is() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><rect width="99" height="9" fill="#000000"/>INK</svg>'
    white = svg.replace("INK", '<text x="1" y="8" font-size="9" fill="#ffffff">a</text>')
    assert legible(white, WHITE) == white
    assert legible(white.replace('width="99"', 'width="0"'), WHITE) != white


def test_a_chart_turns_over_in_the_dark_and_its_bars_keep_their_colour() -> None:
    made = drawn("xychart-beta\n  x-axis [a, b]\n  y-axis 0 --> 9\n  bar [3, 5]\n")
    assert made
    assert "#4e79a7" in made.light
    assert "#4e79a7" in made.dark
    assert ("#ffffff" in made.light, "#ffffff" in made.dark) == (True, False)


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
    assert draw(source) == Drawing("")
    assert time.monotonic() - began < 5
    assert draw(FLOW).svg


def test_without_the_program_the_source_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mmdr", None)
    monkeypatch.setattr("kbtool.diagrams.draw", draw.__wrapped__)
    monkeypatch.setattr("kbtool.render.diagrams.draw", draw.__wrapped__)
    monkeypatch.setattr("kbtool.render.diagrams.drawn", drawn.__wrapped__)
    html = rendered({"pages/a.md": fence(FLOW)})["pages/a.md"].html
    assert "<img" not in html
    assert "A[Вход]" in html


def test_a_command_that_drew_ends_with_its_own_words(kbtool: Run, tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb/a.md").write_text(fence(FLOW), "utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: a\ndocs_dir: kb\nplugins: [kbtool]\n", "utf-8")
    done = kbtool("build", "--no-run", cwd=tmp_path)
    assert list(tmp_path.glob("site/media/figures/*.svg"))
    assert "leaked" not in done.stderr
