"""Richer forms of values and the plain values of names, as real sessions report them, and reports that lie."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from kbtool.cells.plan import Environment, plan
from kbtool.cells.reports import BadReportError, read_report
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.outcomes import Outcome, Value
from kbtool.rich import ARRAY, HTML, LATEX, PNG, TABLE, read_array, read_picture, read_table
from tests.cells_notes import made
from tests.demo import png

Run: TypeAlias = Callable[..., Outcome]
FRAME = """
class Frame:
    index, columns, dtypes = None, ["имя", "loss"], ["object", "float64"]
    def __init__(self, count):
        self.index = range(count)
    def itertuples(self, index, name):
        return ((i, f"сеть {i}", i / 4) for i in self.index)
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("cache")

    def go(*codes: str, config: Config | None = None) -> Outcome:
        sessions = plan([made(*codes).note], config or Config(timeout=60), Environment("", "")).sessions
        (only,) = run(sessions, Settings(folder, Environment("", "")))
        return only

    return go


def data(found: Outcome, cell: int = 0) -> dict[str, str]:
    assert not found.failed
    return dict(found.cells[cell].outputs[-1].data)


# ---------------------------------------------------------------- richer forms


def test_a_value_gives_the_forms_that_it_has(outcome: Run) -> None:
    methods = {"_repr_html_": "<b>x</b>", "_repr_latex_": "$x$", "_repr_markdown_": "**x**", "_repr_svg_": "<svg/>"}
    code = "class A:\n" + "".join(f"    {name} = lambda self: {text!r}\n" for name, text in methods.items()) + "A()"
    assert list(data(outcome(code)).items()) == [
        ("image/svg+xml", "<svg/>"),
        (LATEX, "$x$"),
        (HTML, "<b>x</b>"),
        ("text/markdown", "**x**"),
    ]


def test_a_bundle_is_taken_and_metadata_left(outcome: Run) -> None:
    code = (
        'class A:\n    def _repr_mimebundle_(self, **how):\n        return {"text/html": "<i>y</i>", "x/y": 1}, {}\nA()'
    )
    assert data(outcome(code)) == {HTML: "<i>y</i>"}


def test_pixels_come_as_base64(outcome: Run) -> None:
    code = f"class A:\n    def _repr_png_(self):\n        return {png(3, 2)!r}\nA()"
    found = read_picture(data(outcome(code))[PNG])
    assert found is not None
    assert (found.width, found.height, base64.b64decode(found.data)) == (3, 2, png(3, 2))


@pytest.mark.parametrize("body", ["1 / 0", "raise SystemExit", "return 5", "return None", "return b'no picture'"])
def test_a_form_that_fails_is_left_out(outcome: Run, body: str) -> None:
    code = f"class A:\n    def _repr_png_(self):\n        {body}\n    def _repr_html_(self):\n        return 'x'\nA()"
    assert data(outcome(code)) == {HTML: "x"}


def test_classes_and_what_merely_answers_have_no_forms(outcome: Run) -> None:
    asks = "class A:\n    def __getattr__(self, name): return lambda *_: 'x'\n    def __repr__(self): return 'A'\nA()"
    found = outcome("class B:\n    def _repr_html_(self): return 'x'\nB", asks)
    assert (data(found), data(found, 1)) == ({}, {})


def test_a_form_beyond_the_limit_is_left_out(outcome: Run) -> None:
    code = "class A:\n    def __repr__(self): return 'A'\n    def _repr_html_(self): return 'x' * {}\nA()"
    config = Config(timeout=60, output_limit=1000)
    assert data(outcome(code.format(1000), config=config)) == {HTML: "x" * 1000}
    assert data(outcome(code.format(1001), config=config)) == {}


def test_a_table_by_its_look(outcome: Run) -> None:
    found = read_table(data(outcome(f"{FRAME}Frame(1000)"))[TABLE])
    assert found is not None
    assert (found.columns, found.dtypes, found.total, found.width) == (("имя", "loss"), ("object", "float64"), 1000, 2)
    assert (len(found.rows), found.rows[3], found.labels[3]) == (200, ("сеть 3", 0.75), "3")


ARRAYS = [
    (
        "import numpy as np\nnp.arange(6.0).reshape(2, 3)",
        ((2, 3), "float64", "cpu", ((0.0, 1.0, 2.0), (3.0, 4.0, 5.0))),
    ),
    ("import numpy as np\nnp.array([1, np.nan, np.inf])", ((3,), "float64", "cpu", ((1.0, "nan", "inf"),))),
    ("import torch\ntorch.ones(2, requires_grad=True)", ((2,), "float32", "cpu", ((1.0, 1.0),))),
    ("import torch\ntorch.zeros(2, 3, 4)", ((2, 3, 4), "float32", "cpu", ())),
    ("import torch\ntorch.zeros(1, 401)", ((1, 401), "float32", "cpu", ())),
    ("import torch\ntorch.zeros(0)", ((0,), "float32", "cpu", ())),
]


@pytest.mark.parametrize(("code", "expected"), ARRAYS)
def test_arrays_by_their_look(outcome: Run, code: str, expected: object) -> None:
    assert read_array(data(outcome(code))[ARRAY]) == expected


def test_a_number_in_an_array_is_its_text_alone(outcome: Run) -> None:
    assert data(outcome("import torch\ntorch.tensor(1.5)")) == {}


def test_a_figure_too_large_for_svg_is_pixels(outcome: Run) -> None:
    code = "import matplotlib.pyplot as plt\nimport numpy as np\nplt.scatter(*np.random.rand(2, n));"
    found = outcome(f"n = 150_000\n{code}", f"n = 10\n{code}")
    large, small = found.cells[0].outputs[0], found.cells[1].outputs[0]
    assert (found.failed, large.text, small.data) == (False, "", ())
    made_of = read_picture(dict(large.data)[PNG])
    assert made_of is not None
    assert (made_of.width, made_of.height) == (960, 720)


# ---------------------------------------------------------------- plain values


def values(found: Outcome) -> list[tuple[Value, ...]]:
    return [cell.values for cell in found.cells]


def test_plain_values_are_told_by_the_cell_that_binds_them(outcome: Run) -> None:
    found = outcome("n = 3\nloss = 0.5", "name = 'сеть'\nok = True\nnothing = None", "n = 3", "n += 1")
    assert values(found) == [
        (("n", "3", 3.0), ("loss", "0.5", 0.5)),
        (("name", "'сеть'", None), ("ok", "True", None), ("nothing", "None", None)),
        (("n", "3", 3.0),),
        (("n", "4", 4.0),),
    ]


def test_arrays_without_dimensions_are_numbers_in_their_own_precision(outcome: Run) -> None:
    code = "import numpy as np, torch\na = torch.tensor(0.1)\nb = np.float16(0.1)\nc = np.int64(7)\nd = np.array(True)"
    ((a, b, c, d),) = values(outcome(code))
    assert (a[:2], b[:2], c, d) == (("a", "0.1"), ("b", "0.1"), ("c", "7", 7.0), ("d", "True", None))
    assert a[2] == pytest.approx(0.1)


def test_a_tensor_changed_in_place_is_told_again(outcome: Run) -> None:
    found = outcome("import torch\nw = torch.tensor(1.0)", "w.add_(1);", "1;")
    assert values(found) == [(("w", "1.0", 1.0),), (("w", "2.0", 2.0),), ()]


def test_what_is_no_plain_value_is_not_told(outcome: Run) -> None:
    code = (
        "import math\n_x = 1\ndef f(): pass\nclass C: pass\nl = [1]\nlong = 'x' * 300\nc = 1j\nbig = 10 ** 250\ny = 2"
    )
    assert values(outcome(code)) == [(("y", "2", 2.0),)]


def test_a_number_that_is_none_has_a_text_alone(outcome: Run) -> None:
    assert values(outcome("a = float('nan')\nb = float('-inf')")) == [(("a", "nan", None), ("b", "-inf", None))]


@pytest.mark.parametrize("code", ["del n", "n = [1]", "n = 'x' * 300"])
def test_a_value_that_is_gone_is_said_to_be(outcome: Run, code: str) -> None:
    assert values(outcome("n = 1", code, "1;")) == [(("n", "1", 1.0),), (("n", "", None),), ()]


def test_a_failed_cell_tells_what_it_got_to(outcome: Run) -> None:
    found = outcome("n = 1\n1 / 0\nm = 2")
    assert values(found) == [(("n", "1", 1.0),)]


def test_no_more_than_200_values_of_a_cell(outcome: Run) -> None:
    assert len(values(outcome("for i in range(300): globals()[f'x{i}'] = i"))[0]) == 200


# ---------------------------------------------------------------- reports that lie


def report(**other: Any) -> dict[str, Any]:
    return {"end": 0, "state": "ok", "outputs": [], "seconds": 0.5, "values": [], "error": None, **other}


@pytest.mark.parametrize(
    "value",
    [
        ["x", "1"],
        ["x", 1, 1.0],
        ["x y", "1", 1.0],
        ["_x", "1", 1.0],
        ["x", "1", "1"],
        ["x", "1", True],
        ["x", "", 1.0],
        ["x", "1" * 201, None],
        ["x" * 101, "1", 1.0],
        ["x", "1", float("nan")],
        "x",
        None,
    ],
)
def test_a_value_of_another_shape_is_refused(value: object) -> None:
    assert read_report(report(values=[["x", "1", 1]])).values == (("x", "1", 1.0),)
    with pytest.raises(BadReportError):
        read_report(report(values=[value]))


@pytest.mark.parametrize("outputs", [[["value", "1"]], [["value", "1", [["text/html"]]]], [["value", "1", "x"]]])
def test_outputs_of_another_shape_are_refused(outputs: object) -> None:
    assert read_report(report(outputs=[["value", "1", []]])).outputs[0].text == "1"
    with pytest.raises(BadReportError):
        read_report(report(outputs=outputs))


def test_too_many_values_are_refused() -> None:
    many = [[f"x{i}", "1", 1.0] for i in range(201)]
    assert len(read_report(report(values=many[:200])).values) == 200
    with pytest.raises(BadReportError):
        read_report(report(values=many))


SOUND: dict[str, Any] = {
    "columns": ["a"],
    "dtypes": ["int64"],
    "index": ["0", "1"],
    "rows": [[1], ["x"]],
    "total": 9,
    "width": 1,
}


@pytest.mark.parametrize(
    "other",
    [
        {"columns": ["a", "b"]},
        {"columns": [1]},
        {"dtypes": ["a", "b"]},
        {"index": ["0"]},
        {"rows": [[1], [1, 2]]},
        {"rows": [[1], [{}]]},
        {"rows": [[1], ["x" * 401]]},
        {"rows": 5},
        {"total": 1},
        {"total": True},
        {"width": 0},
        {"more": 1},
    ],
)
def test_a_table_of_another_shape_is_none(other: dict[str, Any]) -> None:
    assert read_table(json.dumps(SOUND)) is not None
    assert read_table(json.dumps({**SOUND, **other})) is None
    assert (
        read_report(report(outputs=[["value", "1", [[TABLE, json.dumps({**SOUND, **other})]]]])).outputs[0].data == ()
    )


@pytest.mark.parametrize("text", ["", "[]", "null", "[" * 100_000, '{"rows": NaN}', "{"])
def test_what_is_no_json_is_no_form(text: str) -> None:
    assert (read_table(text), read_array(text)) == (None, None)


ARRAY_SAID: dict[str, Any] = {"shape": [2, 1], "dtype": "float32", "device": "cpu", "numbers": [[1.0], ["nan"]]}


@pytest.mark.parametrize(
    "other",
    [
        {"shape": [2, 2]},
        {"shape": [3, 1]},
        {"shape": []},
        {"shape": [2, -1]},
        {"shape": [1, 2, 1]},
        {"numbers": [1.0, 2.0]},
        {"numbers": [[1.0], [[2.0]]]},
        {"dtype": 5},
    ],
)
def test_an_array_of_another_shape_is_none(other: dict[str, Any]) -> None:
    assert read_array(json.dumps(ARRAY_SAID)) is not None
    assert read_array(json.dumps({**ARRAY_SAID, **other})) is None


@pytest.mark.parametrize("content", ["", "!", "AAAA", base64.b64encode(b"GIF89a" + png(1, 1)).decode(), "x" * 40])
def test_what_is_no_png_is_no_picture(content: str) -> None:
    assert read_picture(base64.b64encode(png(1, 1)).decode()) is not None
    assert read_picture(content) is None
