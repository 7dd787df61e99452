"""Python cells checked without running them."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtool.python_check import check_cells
from kbtool.python_source import is_transcript
from kbtool.values import CellOptions
from tests.cells_notes import made

NORUN = CellOptions(norun=True)


def problems(*codes: str | tuple[str, CellOptions]) -> list[str]:
    """`rule line:column text: message`; the first line of the first cell is line 5, code begins in column 3."""
    note = made(*codes)
    return [note.shown(found) for found in check_cells(note.note)]


def names(*codes: str | tuple[str, CellOptions]) -> list[str]:
    """The names that are undefined, or not yet defined; what is said of others is left out, anything else fails."""
    found = [one for one in check_cells(made(*codes).note) if one.rule not in ("unused-name", "shadowed-name")]
    assert {one.rule for one in found} <= {"undefined-name", "use-before-definition"}
    return [one.message.split("`")[1] for one in found]


# ---------------------------------------------------------------- what does not compile


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("x = 1\ny = = 2", "6:7 =: invalid syntax"),
        ('s = "тест"; y = = 2', "5:19 =: invalid syntax"),
        ('s = "тест"; return s', "5:15 return s: 'return' outside function"),
        ("def f():\n    return 1\nbreak", "7:3 break: 'break' outside loop"),
        ("x = (1,\ny = 2", "5:7 (: '(' was never closed"),
        ("if True:\nx = 1", "6:3 x: expected an indented block after 'if' statement"),
        ("def f(a, a): ...", "5:12 a: duplicate argument 'a' in function definition"),
        ("s = '''abc\n\n", "5:7 ': unterminated triple-quoted string literal"),
        ("s = 'abc", "5:7 ': unterminated string literal"),
        ("x ==", "5:7 : invalid syntax"),
        ("a\0b", "5:4 \0: a NUL character"),
        ("a = '\ud800'", "5:8 \ud800: a character that is not valid in UTF-8"),
        ("x = 1\r\ny = = 2\r\n", "6:7 =: invalid syntax"),
        ("x = 1\ry = = 2", "5:9 y: invalid syntax"),
        ("class A:\n    def f(self):\n        await x", "7:11 await x: 'await' outside async function"),
        ("x = 1\nnonlocal y", "6:3 nonlocal y: nonlocal declaration not allowed at module level"),
    ],
)
def test_a_syntax_error_stands_at_its_place(code: str, expected: str) -> None:
    assert problems(code) == [f"python-syntax {expected}"]


@pytest.mark.parametrize("code", ['x = f"{a b}"', 'x = f"""\nтекст {a} {b c}\n"""', 'print(f"{1}", f"{a!z}")'])
def test_an_error_in_an_f_string_stands_inside_it(code: str) -> None:
    note = made(code)
    (found,) = check_cells(note.note)
    start = note.text.rindex('f"')
    assert found.rule == "python-syntax"
    assert start <= found.span.start < found.span.end <= note.text.rindex('"') + 1


def test_the_other_place_of_an_error_is_labelled() -> None:
    note = made("x = [1,\n  2\ny = 3)")
    (found,) = check_cells(note.note)
    assert found.message == "closing parenthesis ')' does not match opening parenthesis '['"
    assert [note.text[slice(*label.span)] for label in found.labels] == ["x = [1,"]


@pytest.mark.parametrize("code", ["-" * 100_000 + "1", "1+" * 100_000 + "1", "lambda: " * 5_000 + "1", "x[" * 5_000])
def test_hostile_nesting_is_a_problem_and_no_crash(code: str) -> None:
    (found,) = check_cells(made(code).note)
    assert found.rule == "python-syntax"
    assert found.span.end - found.span.start <= 1


def test_deep_code_that_compiles_is_read() -> None:
    assert names("x = " + "1 + " * 900 + "y") == ["y"]


@pytest.mark.parametrize("code", [">>> 1", "\n  >>> 1", ">>>"])
def test_a_transcript_is_recognised(code: str) -> None:
    assert is_transcript(code)


@pytest.mark.parametrize("code", [">>>1", "x = 1\n>>> x", ""])
def test_other_code_is_no_transcript(code: str) -> None:
    assert not is_transcript(code)


def test_cells_that_do_not_run_are_left_alone() -> None:
    assert problems(("x = = 1", NORUN), ("print(missing)", NORUN)) == []


def test_a_syntax_error_silences_what_may_follow_from_it() -> None:
    assert problems("print(a)", "b = = 1", "print(b)", "def f():\n    return c") == [
        "undefined-name 5:9 a: undefined name `a`",
        "python-syntax 9:7 =: invalid syntax",
        "undefined-name 18:14 c: undefined name `c`",
    ]


def test_an_expected_syntax_error_is_no_problem() -> None:
    assert problems(("x = = 1", CellOptions(raises="SyntaxError"))) == []
    assert len(problems(("x = = 1", CellOptions(raises="TypeError")))) == 1


def test_no_warning_gets_out(recwarn: pytest.WarningsRecorder) -> None:
    check_cells(made("x = '\\d'\nx is 1\n(1)(2)").note)
    assert len(recwarn) == 0


# ---------------------------------------------------------------- names that nothing defines


def test_an_undefined_name_stands_at_its_first_use() -> None:
    assert problems('s = "тест"; print(loss, s)', "loss") == ["undefined-name 5:21 loss: undefined name `loss`"]


@pytest.mark.parametrize("code", ['print(f"a {lost:.2f}")', 'x = f"""\n{lost}\n"""'])
def test_a_name_in_an_f_string_stands_inside_it(code: str) -> None:
    note = made(code)
    (found,) = check_cells(note.note)
    assert note.text.index('f"') <= found.span.start < found.span.end <= note.text.rindex('"') + 1


def test_names_carry_over_to_later_cells() -> None:
    assert names("import numpy as np\nx = 1", "print(np, x)") == []


def test_a_name_defined_later_is_shown_with_the_place() -> None:
    note = made("print(x)", "y = 1\nx = 2")
    (found,) = check_cells(note.note)
    assert note.shown(found) == "use-before-definition 5:9 x: `x` is used before it is defined"
    assert [(note.line(label.span.start), note.text[slice(*label.span)]) for label in found.labels] == [(10, "x")]
    assert "top to bottom" in found.help


def test_a_function_may_use_what_is_defined_later() -> None:
    assert names("def f():\n    return x + y", "x = 1\nf()") == ["y"]


def test_the_body_of_a_class_runs_at_once() -> None:
    assert names("class A:\n    y = x\n    def f(self): return z\nx = z = 1") == ["x"]


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("weights = 1\nprint(wieghts)", "did you mean `weights`?"),
        ("pritn(1)", "did you mean `print`?"),
        ("np.zeros(3)", "is `import numpy as np` missing?"),
        ("math.pi", "is `import math` missing?"),
        ("x = 1\ndel x\nx", "a `del` above it took the name away"),
        ("zzzzzz", "define or import it above this line"),
    ],
)
def test_help_says_what_may_be_meant(code: str, advice: str) -> None:
    assert [found.help for found in check_cells(made(code).note)] == [advice]


@pytest.mark.parametrize(
    "code",
    [
        "print(x)\nx = 1",
        "x = x + 1",
        "x += 1",
        "del x",
        "for i in x: pass",
        "x.y = 1",
        "x[0] = 1",
        "def f(a=x): ...",
        "@x\ndef f(): ...",
        "class A(x): ...",
        "class A(metaclass=x): ...",
        "[i for i in x]",
        "[x for i in range(3)]",
        "(i for i in x)",
        "{i: x for i in range(3)}",
        "lambda: x",
        "lambda a=x: a",
        "with x as y: pass",
        "try:\n    pass\nexcept x:\n    pass",
        "match 1:\n    case x.y: pass",
        "assert x",
        "global x\nprint(x)",
        "def f():\n    global x\n    return x",
        "def f():\n    return [x for _ in range(2)]",
        "class A:\n    x = 1\n    def f(self): return [x]",
        "class A:\n    x = 1\n    y = [x for _ in range(2)]",
        "print(f'{x}')",
        "print(f'{1:{x}}')",
        "try:\n    1\nexcept ValueError as x:\n    pass\nprint(x)",
        "x: int\nprint(x)",
        "if True:\n    print(x)\nelse:\n    x = 1",
        "while x: pass",
        "import a.x\nprint(x)",
        "def f(): x = 1\nprint(x)",
        "[x for x in range(3)]\nprint(x)",
        "async def f():\n    async for i in x: pass",
    ],
)
def test_an_undefined_name_is_found(code: str) -> None:
    assert names(code) == ["x"]


@pytest.mark.parametrize(
    "code",
    [
        "print(__name__, __file__, __doc__, __builtins__, __debug__)",
        "for i in range(3):\n    if i:\n        print(last)\n    last = i",
        "while True:\n    try:\n        step += 1\n    except NameError:\n        step = 0",
        "if 1:\n    x = 1\nprint(x)",
        "try:\n    import fast as m\nexcept ImportError:\n    m = None\nprint(m)",
        "try:\n    1 / 0\nexcept ZeroDivisionError as error:\n    text = str(error)\nprint(text)",
        "try:\n    probe\nexcept NameError:\n    print('no')",
        "try:\n    probe\nexcept (ValueError, NameError):\n    pass",
        "try:\n    probe\nexcept:\n    pass",
        "import contextlib\nwith contextlib.suppress(NameError):\n    probe",
        "def f():\n    return probe\ntry:\n    f()\nexcept NameError as error:\n    print(error)",
        "any((hit := n) > 1 for n in range(3))\nprint(hit)",
        "if any((hit := n) > 1 for n in range(3)):\n    print(hit)",
        "def f():\n    any((hit := n) > 1 for n in range(3))\n    return hit",
        "print([y := 1, y ** 2], y)",
        "[last := i for i in range(3)]\nprint(last)",
        "[(i, j) for i in range(3) for j in range(i) if i if j]",
        "[[y for y in x] for x in [[1]]]",
        "match [1, 2]:\n    case [a, *rest]:\n        print(a, rest)\n    case b:\n        print(b)",
        "match {}:\n    case {'k': v, **others} as whole:\n        print(v, others, whole)",
        "def f(a, /, b, *c, d=1, **e):\n    return a, b, c, d, e, f",
        "def f():\n    x = 1\n    def g():\n        nonlocal x\n        x += 1\n        return x\n    return g",
        "def f():\n    global counter\n    counter = 1\nf()\nprint(counter)",
        "class A:\n    n = 1\n    m = n + 1\n    k = [i for i in range(n)]",
        "class A:\n    def f(self) -> 'A':\n        return A, __class__, __qualname__",
        "class Node:\n    def __init__(self, next: 'Node' = None): ...",
        "from numpy import *\nprint(zeros(3))",
        "exec('x = 1')\nprint(x)",
        "globals()['x'] = 1\nprint(x)",
        "if 'x' in dir():\n    print(x)",
        "import builtins\nbuiltins.x = 1\nprint(x)",
        "from sympy import *\nx + y",
        "import sympy\nsympy.var('x y')\nx + y",
        "import sys\nif sys.version_info < (3,):\n    print(unicode)",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    x: Missing",
        "from __future__ import annotations\ndef f(x: Later) -> Later: ...\nclass Later: ...",
        "def f():\n    x: Never = 1\n    return x",
        "with open('a') as f, open('b') as (g, h):\n    print(f, g, h)",
        "for (a, b), *c in []:\n    print(a, b, c)\nelse:\n    print(1)",
        "a = b = c = 1\n(d, [e, *g]) = 1, [2, 3]\nprint(a, b, c, d, e, g)",
        "x: int = 1\nprint(x)",
        "import os.path, numpy.linalg as la\nprint(os, la)",
        "f = lambda n: f(n - 1) if n else 0",
        "def outer():\n    def inner():\n        return value\n    value = 1\n    return inner",
        "def f(xs):\n    return sorted(xs, key=lambda x: (x, xs))",
        "async def f(xs):\n    async with xs as a:\n        return [await b async for b in a]",
        "class A:\n    class B:\n        x = 1\n    y = B.x",
        "x = 1\nif x:\n    del x\nprint(x)",
        "g = (later for _ in range(3))\nlater = 1\nlist(g)",
        "print(f'{(n := 3)} {n!r:>{n}}')",
        "import torch.nn.functional as F\nclass Net:\n    def forward(self, x):\n        return F.relu(self.l(x))",
        "while (line := input()):\n    print(line)",
        "try:\n    pass\nexcept* ValueError as group:\n    print(group)",
        "print(__import__('os'), Ellipsis, NotImplemented, WindowsError)",
    ],
)
def test_no_false_alarm(code: str) -> None:
    assert names(code) == []


def test_an_expected_name_error_is_no_problem() -> None:
    assert names("def f(): return missing", ("f()\nprint(probe)", CellOptions(raises="NameError"))) == []
    assert names(("print(probe)", CellOptions(raises="TypeError"))) == ["probe"]


def test_definitions_of_cells_that_do_not_run_count() -> None:
    assert names(("def f(): ...", NORUN), "f()") == []


def test_future_annotations_hold_for_later_cells() -> None:
    assert names("from __future__ import annotations", "def f(x: Missing): ...") == []


def test_a_star_import_silences_what_follows_it() -> None:
    assert names("print(a)", "from numpy import *", "print(b)") == ["a"]


def test_our_own_modules_have_no_undefined_name() -> None:
    for path in (Path(__file__).parents[1] / "kbtool").rglob("*.py"):
        assert names(path.read_text("utf-8")) == [], path


def test_a_missing_import_is_found_in_our_own_modules() -> None:
    text = (Path(__file__).parents[1] / "kbtool" / "python_check.py").read_text("utf-8")
    assert names(text.replace("import warnings\n", "")) == ["warnings"]
