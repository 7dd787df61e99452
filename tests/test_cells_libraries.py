"""What pandas, tqdm, SymPy and matplotlib themselves give: as real sessions report it, and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import indent

import pytest

from kbtool.cells.comparing import parts
from kbtool.cells.drift import not_deterministic
from kbtool.cells.plan import Environment, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.rich import PNG, TABLE, read_picture, read_table
from kbtool.values import NoteId
from tests.cells_notes import made
from tests.rendering import Html, rendered

CELLS: Mapping[str, str] = {
    "frame": (
        "import numpy as np\nimport pandas as pd\n"
        "frame = pd.DataFrame({'имя': ['а', 'б', 'а'], 'loss': [0.5, np.nan, 1e-9], 'n': [1, 2, 3]})\nframe"
    ),
    "column": "frame['loss']",
    "grouped": "frame.groupby('имя').agg({'loss': ['mean', 'count']})",
    "styled": "frame.style.format(precision=2)",
    "long": "pd.DataFrame({'x': range(1000)})",
    "bar": "from tqdm import tqdm\nfor i in tqdm(range(50), desc='epoch'):\n    pass\nprint('done')",
    "nested": (
        "from tqdm import trange\nfor i in trange(2, desc='outer'):\n    for j in trange(9, leave=False):\n        pass"
    ),
    "said": (
        "bar = tqdm(total=3)\nfor i in range(3):\n    bar.set_postfix(loss=1 / (i + 1))\n    bar.update()\nbar.close()"
    ),
    "formula": "import sympy as sp\nx = sp.symbols('x')\nsp.Integral(sp.sin(x) ** 2 / x, (x, 0, sp.oo))",
    "matrix": "sp.Matrix([[1, x], [x**2, sp.Rational(1, 3)]])",
    "plot": "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2]);",
    "pixels": (
        "import io\nfile = io.BytesIO()\nfig = plt.figure(figsize=(4, 2), dpi=100)\nfig.savefig(file, format='png')\n"
        "plt.close(fig)\nclass Picture:\n    def _repr_png_(self):\n        return file.getvalue()\nPicture()"
    ),
}


@pytest.fixture(scope="module")
def note() -> Note:
    return made(*CELLS.values()).note


@pytest.fixture(scope="module")
def runs(note: Note, tmp_path_factory: pytest.TempPathFactory) -> tuple[Outcome, Outcome]:
    (session,) = plan([note], Config(timeout=120), Environment("", "")).sessions
    folders = (tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second"))
    first, second = (next(iter(run([session], Settings(folder, Environment("", ""))))) for folder in folders)
    assert not first.failed, [cell.error for cell in first.cells]
    return first, second


@pytest.fixture(scope="module")
def shown(note: Note, runs: tuple[Outcome, Outcome]) -> Mapping[str, str]:
    """The outputs of each cell on the page."""
    text = "".join(f"- ```python\n{indent(code, '  ')}\n  ```\n" for code in CELLS.values())
    page = rendered({"pages/softmax.md": text}, outcomes={NoteId("pages/softmax.md"): runs[0]})["pages/softmax.md"]
    pieces = page.html.split('<div class="kb-outputs">')[1:]
    return {name: piece.partition('<li class="kb-block')[0] for name, piece in zip(CELLS, pieces, strict=True)}


def data(outcome: Outcome, name: str) -> dict[str, str]:
    return dict(outcome.cells[list(CELLS).index(name)].outputs[-1].data)


def text(outcome: Outcome, name: str) -> list[str]:
    return ["\n".join(part.lines) for part in parts(outcome.cells[list(CELLS).index(name)])]


# ---------------------------------------------------------------- pandas


def test_a_frame_is_a_table_with_its_shape_and_types(runs: tuple[Outcome, Outcome], shown: Mapping[str, str]) -> None:
    table = read_table(data(runs[0], "frame")[TABLE])
    assert table is not None
    assert (table.columns, table.total, table.width) == (("имя", "loss", "n"), 3, 3)
    assert table.dtypes[1:] == ("float64", "int64")
    assert table.rows == (("а", 0.5, 1), ("б", "nan", 2), ("а", 1e-09, 3))
    html = shown["frame"]
    assert "строк: 3, столбцов: 3" in html
    assert 'class="kb-number">loss <span class="kb-dtype">float64</span></th>' in html
    assert '<td class="kb-number">nan</td>' in html


def test_a_column_is_a_table_too(shown: Mapping[str, str]) -> None:
    assert "строк: 3, столбцов: 1" in shown["column"]


def test_levels_of_columns_are_named(runs: tuple[Outcome, Outcome]) -> None:
    table = read_table(data(runs[0], "grouped")[TABLE])
    assert table is not None
    assert (table.columns, table.labels) == (("loss / mean", "loss / count"), ("а", "б"))


def test_of_a_long_frame_the_first_rows_are_kept(shown: Mapping[str, str]) -> None:
    assert "строк: 1\u202f000, столбцов: 1; показано: 200 × 1" in shown["long"]


def test_a_styled_frame_goes_through_the_sanitiser(shown: Mapping[str, str]) -> None:
    assert "<table>" in shown["styled"]
    assert ("<style" in shown["styled"], "id=" in shown["styled"]) == (False, False)


# ---------------------------------------------------------------- tqdm


def test_bars_are_shown_as_they_ended(shown: Mapping[str, str]) -> None:
    bar = Html(shown["bar"]).text
    assert (bar.count("epoch:"), "epoch: 100%|██████████| 50/50 [" in bar, "done" in bar) == (1, True, True)
    assert Html(shown["nested"]).text.count("%|") == 1
    assert "outer: 100%|██████████| 2/2 [" in Html(shown["nested"]).text


def test_how_fast_a_bar_went_is_no_difference_between_runs(note: Note, runs: tuple[Outcome, Outcome]) -> None:
    assert text(runs[0], "bar")[0] == "epoch: 100%|██████████| 50/50 []"
    assert text(runs[0], "said")[0] == "100%|██████████| 3/3 [, loss=0.333]"
    assert not_deterministic(note, *runs) == ()


# ---------------------------------------------------------------- SymPy and matplotlib


@pytest.mark.parametrize(("name", "inside"), [("formula", "<mfrac>"), ("matrix", "<mtable")])
def test_expressions_are_formulas(shown: Mapping[str, str], name: str, inside: str) -> None:
    assert inside in shown[name]
    assert ("Integral(" in shown[name], "Matrix(" in shown[name]) == (False, False)


def test_figures_are_pictures(runs: tuple[Outcome, Outcome], shown: Mapping[str, str]) -> None:
    assert 'class="kb-figure"' in shown["plot"]
    assert runs[0].cells[list(CELLS).index("plot")].outputs[0].text.startswith("<?xml")
    picture = read_picture(data(runs[0], "pixels")[PNG])
    assert picture is not None
    assert (picture.width, picture.height) == (400, 200)
    assert 'width="400" height="200"' in shown["pixels"]
