"""Richer forms of values on a page."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from kbtool.outcomes import Output
from kbtool.rich import ARRAY, HTML, LATEX, MARKDOWN, PNG, SVG, TABLE
from kbtool.values import Page
from tests.demo import png
from tests.rendering import Html, outcome, rendered
from tests.test_render_safety import PAYLOADS, harms

CELL = "- ```python\n  x\n  ```"
PIXELS = base64.b64encode(png(1200, 600)).decode()
SOUND: dict[str, Any] = {
    "columns": ["имя", "loss"],
    "dtypes": ["object", "float64"],
    "index": ["0", "1"],
    "rows": [["сеть", 0.123456789], [None, True]],
    "total": 2000,
    "width": 2,
}


def page(*data: tuple[str, str], text: str = "repr") -> Page:
    made = outcome(("ok", (Output("value", text, data),)))
    return rendered({"pages/a.md": CELL}, outcomes=made)["pages/a.md"]


def cell(*data: tuple[str, str]) -> str:
    html = page(*data).html.partition('<div class="kb-outputs">')[2]
    assert html
    return html


def test_a_table_is_a_table_that_can_be_sorted() -> None:
    html = cell((TABLE, json.dumps(SOUND)))
    assert '<table data-sortable="">' in html
    assert (
        '<th scope="col" data-sort-method="number" aria-sort="none" class="kb-number">loss '
        '<span class="kb-dtype">float64</span></th>' in html
    )
    assert '<td class="kb-number" data-sort="0.123456789">0.123457</td>' in html
    assert '<th scope="row">1</th><td></td><td>True</td>' in html
    assert "строк: 2\u202f000, столбцов: 2; показано: 2 × 2" in html
    assert "repr" not in html


def test_an_array_has_its_shape_for_a_caption() -> None:
    said = {"shape": [2, 2], "dtype": "float32", "device": "cuda:0", "numbers": [[1.0, 0.25], [-3.5, "nan"]]}
    html = cell((ARRAY, json.dumps(said)))
    assert "<caption>(2, 2), float32, cuda:0</caption>" in html
    assert [word for word in ("1", "0.25", "-3.5", "nan") if f">{word}</td>" not in html] == []
    assert "repr" not in html


def test_an_array_without_its_numbers_stands_above_its_text() -> None:
    html = cell((ARRAY, json.dumps({"shape": [9], "dtype": "int64", "device": "cpu", "numbers": None})))
    assert html.index("(9,), int64") < html.index("repr")


def test_latex_is_a_formula() -> None:
    assert "<math" in cell((LATEX, "$\\displaystyle \\frac{q^2}{2}$"))
    assert "repr" in cell((LATEX, "$\\nosuch{$"))


def test_html_goes_through_the_sanitiser() -> None:
    html = cell((HTML, "<b onclick=alert(1)>жирно</b><script>alert(1)</script>"))
    assert "<b>жирно</b>" in html
    assert ("alert" in html, "repr" in html) == (False, False)


def test_html_of_which_nothing_is_left_gives_way_to_the_text() -> None:
    assert "repr" in cell((HTML, "<div><script>draw()</script></div>"))


def test_pixels_become_a_file_like_a_figure() -> None:
    made = page((PNG, PIXELS))
    (file,) = made.files
    assert f'src="../{file.path}" alt="График 1" width="640" height="320"' in made.html
    assert f"data:image/png;base64,{PIXELS}" in file.text
    assert "data:" not in made.html


def test_a_figure_of_pixels_is_shown() -> None:
    given = outcome(("ok", (Output("figure", "", ((PNG, PIXELS),)),)))
    made = rendered({"pages/a.md": CELL}, outcomes=given)["pages/a.md"]
    assert ("kb-figure" in made.html, len(made.files)) == (True, 1)


def test_svg_of_a_value_is_cleaned_like_a_figure() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><path d="M0 0"/></svg>'
    made = page((SVG, svg))
    light, dark = made.files
    assert ("<path" in light.text, "alert" in light.text + dark.text) == (True, False)
    assert "repr" in page((SVG, "<svg")).html


def test_a_table_says_more_than_its_own_html() -> None:
    html = cell((TABLE, json.dumps(SOUND)), (HTML, "<p>обрамление</p>"))
    assert ("data-sortable" in html, "обрамление" in html) == (True, False)


@pytest.mark.parametrize("kind", [HTML, LATEX, MARKDOWN, SVG, PNG, TABLE, ARRAY])
def test_no_form_does_harm(kind: str) -> None:
    for payload in PAYLOADS:
        table = {**SOUND, "columns": [payload, payload], "index": [payload] * 2, "rows": [[payload] * 2] * 2}
        array = {"shape": [1], "dtype": payload, "device": payload, "numbers": [payload]}
        content = {TABLE: json.dumps(table), ARRAY: json.dumps(array)}.get(kind, payload)
        made = page((kind, content), text="y")
        found = [harm for harm in harms(made.html) if harm != "caption"]
        assert found == [], payload
        assert Html(made.html).faults == []


REPORT = """# Отчёт

Потери $0.5$, **жирно**; см. [[b]], [[тайна]], [[нет такой]], #b и {{val n}}, {{query (task todo)}}, {{embed [[b]]}}.

| a | b |
|---|---|
| 1 | 2 |

- один
  - два

```python
print("never run")
```

<b onclick="x()">raw</b><script>alert(1)</script> ![](../assets/x.png) ![here](https://example.org/x.png)
"""
OTHERS = {"pages/b.md": "- open\n- TODO task", "pages/тайна.md": "public:: false\n\n- secret"}


def written(markdown: str, cell: str = CELL) -> Page:
    given = outcome(("ok", (Output("value", "repr", ((MARKDOWN, markdown),)),)))
    notes = {"pages/a.md": cell, **OTHERS}
    return rendered(notes, outcomes=given, assets=frozenset({"assets/x.png"}))["pages/a.md"]


def report(markdown: str = REPORT) -> str:
    return written(markdown).html.partition('<div class="kb-outputs">')[2].partition('<details class="kb-local"')[0]


def test_markdown_is_read_as_notes_are() -> None:
    html = report()
    for inside in ("<h2>Отчёт</h2>", "<math", "<strong>жирно</strong>", "<td>2</td>", "<b>raw</b>", "repr"):
        assert (inside in html) is (inside != "repr")
    assert '<a class="kb-link" href="../b/">b</a>' in html
    assert Html(written(REPORT).html).faults == []


def test_markdown_of_code_takes_in_and_runs_nothing() -> None:
    html = report()
    assert "<code>{{val n}}</code>" in html
    assert "<code>{{query (task todo)}}</code>" in html
    assert ("TODO" in html, ">open<" in html, "alert" in html, "<img" in html) == (False,) * 4
    assert "kb-cell" not in html.partition("kb-written")[2]
    assert ("тайна" in html, 'href="../тайна' in html) == (True, False)


def test_markdown_of_code_makes_no_references() -> None:
    assert (
        "kb-backlink"
        not in rendered(
            {"pages/a.md": CELL, **OTHERS}, outcomes=outcome(("ok", (Output("value", "repr", ((MARKDOWN, "[[b]]"),)),)))
        )["pages/b.md"].html
    )
    assert written("![](../assets/x.png)").files == ()


def test_properties_and_ids_of_markdown_are_its_own() -> None:
    html = report(
        "loss:: 0.5\nid:: 11111111-1111-1111-1111-111111111111\n\n- x\n  id:: 22222222-2222-2222-2222-222222222222"
    )
    assert ("0.5" in html, ' id="' in html) == (True, False)


def test_markdown_that_shows_nothing_gives_way_to_the_text() -> None:
    assert "repr" in report("<!-- nothing -->")
    assert "<pre" in report("**x**" * 10_000)


def test_half_a_character_in_a_table_can_be_written() -> None:
    table = json.dumps({**SOUND, "columns": ["\ud800a", "b"]})
    assert cell((TABLE, table)).encode("utf-8")
