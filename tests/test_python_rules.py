"""What is said of code besides syntax and undefined names: sketches, transcripts, IPython, imports, names that hide."""

from __future__ import annotations

import pytest

from kbtool.cells.environment import importable
from kbtool.config import GraphSettings
from kbtool.note import Note, lower
from kbtool.python_check import check_cells
from kbtool.python_source import python_text
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source

MODULES = frozenset(("numpy", "torch"))


def note_of(text: str) -> Note:
    source = Source(NoteId("pages/Q.md"), text)
    return lower(source, parse(source, frozenset()), GraphSettings())


def written(*codes: str, language: str = "python") -> str:
    """A note with a fence for each code, two columns in."""
    fences = (f"- Текст:\n  ```{language}\n{indented(code)}  ```\n" for code in codes)
    return "".join(fences)


def indented(code: str) -> str:
    return "".join(f"  {line}\n" for line in code.split("\n"))


def found(text: str) -> list[tuple[str, str]]:
    """The rule and the place's text of each problem."""
    return [(one.rule, text[slice(*one.span)]) for one in problems(text)]


def problems(text: str) -> tuple[Diagnostic, ...]:
    return check_cells(note_of(text), text, MODULES)


# ---------------------------------------------------------------- sketches


@pytest.mark.parametrize(
    ("code", "mark"),
    [
        ("size = ...", "..."),
        ("size: int = ...\nprint(size)", "..."),
        ("layers = [1, 2, ...]", "..."),
        ("for x in ...:\n    pass", "..."),
        ("y = 1 + ...", "..."),
        ("model = Model(...)", "..."),
        ("def f():\n    return ...\nprint(lost)", "..."),
        ("for batch in loader:\n    ...", "..."),
        ("train(net)\n# ...\n", "# ..."),
        ("def f(a, ...):\n    pass", "..."),
        ("x = f(a, ...\n", "..."),
        ("x = …", "…"),
        ("key = <your key>", "<your key>"),
        ("if x:\n    # считаем", "# считаем"),
        ("while True:\n    # шаг\nprint(1)", "# шаг"),
        ("net = Net(size, width)\nout = net(batch)", "size"),
    ],
)
def test_a_sketch_is_one_problem_at_its_mark(code: str, mark: str) -> None:
    assert found(written(code)) == [("sketch", mark)]


@pytest.mark.parametrize(
    ("code", "rules"),
    [
        ("def f(x)\n    return x", ["python-syntax"]),
        ("for i in range(3):\nprint(i)", ["python-syntax"]),
        ("x = a[..., 0\n", ["python-syntax"]),
        ("s = '...'\nx = = 1", ["python-syntax"]),
        ("s = 1  # ...\nx = = 1", ["python-syntax"]),
        ("if a < b and c > d\n    pass", ["python-syntax"]),
        ("class A:\n    def f(self): ...\n    def g(self)\n        pass", ["python-syntax"]),
        ("weights = [1]\ntotal = sum(wieghts)", ["undefined-name"]),
        ("x = np.zeros(3)\nplt.plot(x)\ntorch.ones(3)", ["undefined-name"] * 3),
        ("def f():\n    ...\nprint(lost)", ["undefined-name"]),
        ("a = 1\nb = 2\nc = 3\nd = a + b + c\nprint(d, lost, gone, away)", ["undefined-name"] * 3),
    ],
)
def test_a_typo_is_no_sketch(code: str, rules: list[str]) -> None:
    assert [rule for rule, _ in found(written(code))] == rules


@pytest.mark.parametrize(
    "code",
    [
        "def f(): ...",
        "class A:\n    x: int = ...\n    def f(self) -> int: ...",
        "t: tuple[int, ...] = (1,)\nx = t[...]",
        "def f(a=..., *, b=...):\n    return a, b",
        "def f():\n    return ...",
        "# ...\nx = 1",
        "print(...)",
        "s = 'a … <b>'",
    ],
)
def test_an_ellipsis_that_runs_is_no_sketch(code: str) -> None:
    assert found(written(code)) == []


def test_names_of_a_sketch_are_not_missed_below_and_those_it_misses_are() -> None:
    text = written("size = ...\nnet = Net(size)", "print(size, net, Net)")
    assert found(text) == [("sketch", "..."), ("undefined-name", "Net")]


def test_a_cell_that_must_raise_is_no_sketch() -> None:
    assert found(written("x = 1 + ...", language="python raises=TypeError")) == []


# ---------------------------------------------------------------- transcripts, IPython


def test_what_was_typed_is_checked_at_its_place() -> None:
    text = written(">>> x = 1\n>>> (x +\n...  lost)\n2\nlost too", language="pycon")
    assert found(text) == [("undefined-name", "lost")]
    (one,) = problems(text)
    assert one.span.start == text.index("lost")


@pytest.mark.parametrize(
    "code",
    [
        ">>> 1 + 1\n2\n>>> _ + 1\n3",
        ">>> lost\nTraceback (most recent call last):\nNameError: name 'lost' is not defined",
        ">>> x = = 1\nSyntaxError: invalid syntax",
        ">>> x = [1,\n         2]\n>>> x\n[1, 2]",
        ">>> def f():\n...     return 1\n...\n>>> f()\n1",
    ],
)
def test_a_right_transcript_has_no_problem(code: str) -> None:
    assert found(written(code, language="pycon")) == []


def test_cells_and_transcripts_are_one_session() -> None:
    text = written("x = 1") + written(">>> y = x", language="pycon") + written("print(y)")
    assert found(text) == []


def test_a_syntax_error_in_a_transcript() -> None:
    assert found(written(">>> x = = 1", language="pycon")) == [("python-syntax", "=")]


def test_a_transcript_in_a_cell_has_both_problems() -> None:
    assert found(written(">>> lost")) == [("transcript", "python"), ("undefined-name", "lost")]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("%matplotlib inline\nx = 1", "%matplotlib inline"),
        ("x = 1\n!pip install numpy", "!pip install numpy"),
        ("if 1:\n    %time f = 1", "%time f = 1"),
        ("files = !ls", "!ls"),
        ("print?", "print?"),
        ("%%bash\nls -l | wc", "%%bash"),
        ("%%time\nx = = 1", "%%time"),
    ],
)
def test_lines_of_ipython_are_one_problem(code: str, line: str) -> None:
    assert found(written(code)) == [("ipython-magic", line)]


def test_code_besides_lines_of_ipython_is_checked() -> None:
    assert found(written("%pylab\nprint(lost)\n!ls")) == [("ipython-magic", "%pylab"), ("undefined-name", "lost")]
    assert [rule for rule, _ in found(written("!ls\nx = = 1"))] == ["ipython-magic", "python-syntax"]


@pytest.mark.parametrize("code", ["x = (7\n  % 3)", "s = '''\n%a\n!b\n'''", "x = 5\ny = x\\\n%x"])
def test_other_lines_that_look_like_ipython_are_left_alone(code: str) -> None:
    assert found(written(code)) == []


# ---------------------------------------------------------------- indentation


def test_code_that_is_indented_as_a_whole_is_read_without_it() -> None:
    text = "- a\n  ```python\n      x = 1\n    # c\n      print(lost, x)\n  ```\n"
    assert found(text) == [("undefined-name", "lost")]
    assert python_text("    x = 1\n  # c\n    y") == "x = 1\n# c\ny"


def test_code_that_lost_its_indentation_is_told_so() -> None:
    (one,) = problems("- a\n\t- ```python\n\t  for i in range(3):\n  print(i)\n\t  ```\n")
    assert "line 2 is indented less than its block" in one.message
    (one,) = problems("- a\n\t- ```python\n\t  for i in range(3):\n\t  print(i)\n\t  ```\n")
    assert "than its block" not in one.message


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("await f()", "asyncio.run"),
        ("async with f() as g: pass", "asyncio.run"),
        ("x = ‘a’", "quotation marks"),
        ("x = = 1", "norun"),
    ],
)
def test_the_help_of_a_syntax_error(code: str, part: str) -> None:
    assert part in problems(written(code))[0].help


# ---------------------------------------------------------------- imports, variables


@pytest.mark.parametrize(
    ("codes", "names"),
    [
        (["import os"], ["os"]),
        (["import os.path as p, sys"], ["os.path as p", "sys"]),
        (["from math import pi, e", "print(e)"], ["pi"]),
        (["def f():\n    import json\n    return 1"], ["json"]),
        (["def f():\n    a = 1\n    b = 2\n    return b"], ["a"]),
        (["def f():\n    a: int = 1"], ["a"]),
        (["class A:\n    def f(self):\n        a = self\n"], ["a"]),
        (["def f():\n    x = 1\n    def g():\n        y = x\n    return g"], ["y"]),
        (["x = 1\nprint(x)\ndef f():\n    x = 2"], ["x"]),
    ],
)
def test_a_name_that_nothing_uses(codes: list[str], names: list[str]) -> None:
    assert found(written(*codes)) == [("unused-name", name) for name in names]


@pytest.mark.parametrize(
    "codes",
    [
        ["import os", "os"],
        ["import os", "x = = os"],
        ["import os", "def f():\n    return os"],
        ["import os as os\nfrom math import pi as pi"],
        ["from math import pi\n__all__ = ['pi']"],
        ["import os\ndel os"],
        ["try:\n    import os\nexcept ImportError:\n    pass"],
        ["from __future__ import annotations"],
        ["import this, readline"],
        ["import os\nx = eval('os')"],
        ["from typing import List\ndef f(x: 'List[int]') -> None: ..."],
        ["from typing import List\ndef f():\n    x: List[int] = []\n    return x"],
        ["from typing import List\nx: List[int] = []"],
        ["from math import pi\nprint(f'{pi}')"],
        ["x = 1\ny = 2"],
        ["def f():\n    for i in range(3): pass"],
        ["def f():\n    a, b = 1, 2\n    return a"],
        ["def f():\n    _x = 1"],
        ["def f():\n    global a\n    a = 1"],
        ["def f():\n    n = 0\n    def g():\n        nonlocal n\n        n = 1\n    return g"],
        ["def f():\n    n = 0\n    return [n for _ in range(3)]"],
        ["def f():\n    n = 0\n    return (n for _ in range(3))"],
        ["def f():\n    n = 0\n    return [x for x in range(3) if any(n == y for y in range(3))]"],
        ["def f():\n    n = 0\n    return [[(lambda: n) for x in range(3)] for y in range(3)]"],
        ["def f():\n    n = 0\n    class A:\n        m = n\n    return A"],
        ["def f():\n    n = 0\n    return lambda: n"],
        ["def f():\n    n = 0\n    n += 1"],
        ["def f():\n    n = 0\n    return locals()"],
        ["def f():\n    n = []\n    n[0] = 1"],
        ["def f():\n    n = 1\n    try:\n        print(n)\n    except NameError:\n        pass"],
    ],
)
def test_a_name_that_something_may_use(codes: list[str]) -> None:
    assert "unused-name" not in [rule for rule, _ in found(written(*codes))]


def test_names_of_cells_that_do_not_run_are_no_business() -> None:
    assert found(written("import os\nimport nump", language="python norun")) == []


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import nump\nnump", "nump"),
        ("import nump.linalg as la\nla", "nump.linalg"),
        ("from sklearn.svm import SVC\nSVC", "sklearn.svm"),
        ("def f():\n    import nump\n    return nump", "nump"),
    ],
)
def test_a_module_that_is_not_there(code: str, name: str) -> None:
    assert found(written(code)) == [("missing-import", name)]


@pytest.mark.parametrize(
    "code",
    [
        "import numpy.linalg\nnumpy",
        "from torch import nn\nnn",
        "import os, sys\nprint(os, sys)",
        "try:\n    import nump\nexcept ImportError:\n    nump = None",
        "try:\n    pass\nexcept ImportError:\n    import nump",
        "import contextlib\nwith contextlib.suppress(ImportError):\n    import nump",
        "from . import nump\nnump",
    ],
)
def test_a_module_that_is_there_or_need_not_be(code: str) -> None:
    assert found(written(code)) == []


def test_without_modules_imports_are_not_judged() -> None:
    text = written("import nump\nnump")
    assert check_cells(note_of(text), text) == ()


def test_what_is_installed_here_can_be_imported() -> None:
    assert {"yaml", "pytest", "math_core"} <= importable()
    assert not {"nump", "", "yaml.nodes"} & importable()


# ---------------------------------------------------------------- names that hide others


@pytest.mark.parametrize(
    ("codes", "name"),
    [
        (["sum = 0", "sum([1])"], "sum"),
        (["list = [1]\nlist(range(3))"], "list"),
        (["len = len([1])\nlen([2])"], "len"),
        (["for max in range(3):\n    pass\nmax(1, 2)"], "max"),
        (["str: str = 'a'\ndef f():\n    return str(1)"], "str"),
        (["import random\nrandom.random()\nrandom = 3\nrandom.random()"], "random"),
        (["import time\ntime.time()\nfor time in []:\n    pass", "time.time()"], "time"),
        (["from math import sqrt\nsqrt = 2\nsqrt(4)"], "sqrt"),
    ],
)
def test_a_name_that_hides_what_is_needed(codes: list[str], name: str) -> None:
    assert ("shadowed-name", name) in found(written(*codes))


@pytest.mark.parametrize(
    "codes",
    [
        ["sum = 0\nprint(sum)"],
        ["sum([1])\nsum = 0"],
        ["def sum(x):\n    return x\nsum(1)"],
        ["sum = lambda x: x\nsum(1)"],
        ["from math import fsum as sum\nsum([1])"],
        ["sum = 0\ndel sum\nsum([1])"],
        ["def f(list):\n    return list(1)"],
        ["list = [1]\ndef f():\n    list = tuple\n    return list(1)"],
        ["import json\ndata = json.loads('1')\njson = json.loads('{}')\njson.get('a')"],
        ["try:\n    import fast\nexcept ImportError:\n    fast = None\nprint(fast)"],
        ["input = object()\ninput.shape"],
        ["type = 'a'\nprint(type.upper())"],
    ],
)
def test_a_name_that_hides_nothing_that_is_needed(codes: list[str]) -> None:
    assert "shadowed-name" not in [rule for rule, _ in found(written(*codes))]


# ---------------------------------------------------------------- hostile

BOMBS = [
    "(" * 300,
    "-" * 100_000 + "1",
    "lambda: " * 5_000 + "1",
    "1+" * 100_000 + "1",
    "x[" * 5_000,
    "x." * 50_000 + "y",
    "not " * 50_000 + "x",
    "f(" * 90 + "..." + ")" * 90,
    "[" * 150 + "]" * 150,
    "a\0b",
    "x = '\ud800'",
    "%" * 100_000,
    "!" + "a" * 100_000,
    "<" * 100_000,
    "…" * 50_000 + "=",
    "x = ...\n" * 5_000,
    ">>> (\n" * 20_000,
    ">>> " * 50_000,
    "'" * 99_999,
    '"""' * 33_333,
    "\\\n" * 50_000,
    "if x:\n" * 50_000,
    "import a\n" * 20_000,
    "from a import (" + "b, " * 50_000 + ")",
    "def f(a" + ", a" * 20_000 + "): pass",
    "x: " + "[" * 100 + "]" * 100,
    "match x:\n" + "  case 1: pass\n" * 10_000,
]


@pytest.mark.parametrize("code", BOMBS, ids=range(len(BOMBS)))
def test_hostile_code_gives_problems_inside_the_note(code: str) -> None:
    text = written(code)
    assert all(0 <= one.span.start <= one.span.end <= len(text) for one in problems(text))


def test_thousands_of_unknown_names_are_compared_with_thousands_of_known_ones() -> None:
    known = "\n".join(f"known_{number} = 1" for number in range(3_000))
    lost = "\n".join(f"lost_{number}" for number in range(3_000))
    assert [rule for rule, _ in found(written(known, lost, "\n".join(["lost_1"] * 3)))] == ["sketch", "undefined-name"]
    assert len(problems(written(known + "\n" + lost))) == 3_000


# ---------------------------------------------------------------- cells for other notes


def test_an_import_in_an_export_cell_is_for_other_notes() -> None:
    assert found(written("import math", language="python export")) == []
    assert found(written("import math")) == [("unused-name", "math")]
    inside = written("def f():\n    import math", language="python export")
    assert found(inside) == [("unused-name", "math")]


@pytest.mark.parametrize(
    ("other", "code", "names"),
    [
        ("x = 1", "y = x", ["x"]),
        ("x = 1", "def f():\n    return x + x", ["x"]),
        ("x = 1", "x = 2\ny = x", []),
        ("x = 1", "def f():\n    return x\nx = 2", []),
        ("x = 1", "try:\n    x\nexcept NameError:\n    pass", []),
        ("x = 1", "y = lost", ["lost"]),
    ],
)
def test_export_cells_need_no_names_of_others(other: str, code: str, names: list[str]) -> None:
    text = written(other) + written(code, language="python export")
    assert found(text) == [("undefined-name", name) for name in names]
    assert found(written(other, language="python export") + written(code, language="python export")) == [
        ("undefined-name", name) for name in names if name == "lost"
    ]
