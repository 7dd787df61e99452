"""What the cells of one note import from another: in the plan, in the key, and as it really runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from kbtool.cells.failures import failures, located
from kbtool.cells.library import Library, imported
from kbtool.cells.plan import Environment, Session, imported_modules, plan
from kbtool.cells.workers import Settings, run
from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.kb import Kb, Snapshot
from kbtool.outcomes import Outcome
from kbtool.values import NoteId, Source

ENVIRONMENT = Environment("", "", {"numpy": ("numpy==2.0",)})
Run: TypeAlias = Callable[..., Outcome]


def fence(code: str, words: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in code.split("\n"))
    return f"- ```python{words and ' ' + words}\n{lines}  ```\n"


def exported(code: str) -> str:
    return fence(code, "export")


def snapshot(notes: Mapping[str, str]) -> Snapshot:
    sources = {NoteId(f"pages/{name}.md"): Source(NoteId(f"pages/{name}.md"), text) for name, text in notes.items()}
    return Kb().snapshot(BaseFiles(sources, frozenset(), Config(timeout=20), GraphSettings()))


def session(notes: Mapping[str, str], environment: Environment = ENVIRONMENT) -> Session:
    """The session of the note `Q`."""
    known = snapshot(notes)
    library = Library(known.notes, known.names)
    (only,) = plan([known.notes[NoteId("pages/Q.md")]], known.files.config, environment, library).sessions
    return only


# ---------------------------------------------------------------- the plan and the key

Q = fence('import kb\nprint(kb["a"].x)\nfrom kb.b import y')
A, B = exported("x = 1"), exported("y = 2")
BASE: Mapping[str, str] = {"Q": Q, "a": A, "b": B}


def test_a_session_knows_the_export_cells_that_it_imports() -> None:
    found = session({**BASE, "b": fence("z = 3") + B + fence(">>> 1") + exported("w = 4")}).imported
    assert [(one.name, one.codes) for one in found.modules] == [("a", ("x = 1\n",)), ("b", ("y = 2\n", "w = 4\n"))]
    assert found.meant == (("module", "b", 1), ("page", "a", 0))


def test_what_leads_nowhere_is_left_out() -> None:
    found = session({"Q": Q, "a": fence("x = 1")}).imported
    assert (found.modules, found.meant) == ((), ())


def test_imports_of_imports_count_but_not_those_of_other_cells() -> None:
    notes = {**BASE, "a": exported("from kb.c import z\nx = z") + fence("import kb.d"), "c": exported("z = 1"), "d": A}
    assert [one.name for one in session(notes).imported.modules] == ["a", "b", "c"]


def test_modules_that_are_imported_by_imports_count() -> None:
    notes = {**BASE, "b": exported("import numpy\ny = numpy.pi")}
    known = snapshot(notes)
    library = Library(known.notes, known.names)
    assert session(notes).imports == ("numpy",)
    assert imported_modules([known.notes[NoteId("pages/Q.md")]], library) == {"numpy"}
    assert session(notes).key != session(notes, Environment("", "", {"numpy": ("numpy==2.1",)})).key


@pytest.mark.parametrize(
    "other",
    [
        {"a": exported("x = 2")},
        {"a": A + exported("z = 3")},
        {"a": exported("from kb.c import z\nx = 1"), "c": exported("z = 1")},
        {"a": fence("x = 1")},
        {"a": fence("x = 1", "export norun")},
        {"a": "alias:: b\n\n" + A, "b": "- nothing"},
    ],
    ids=["code", "another cell", "import", "not exported", "not run", "one note for two"],
)
def test_what_is_imported_decides_the_key(other: dict[str, str]) -> None:
    assert session({**BASE, **other}).key != session(BASE).key


def test_what_an_import_imports_decides_the_key() -> None:
    notes = {**BASE, "a": exported("from kb.c import z\nx = z"), "c": exported("z = 1")}
    assert session(notes).key != session({**notes, "c": exported("z = 2")}).key


def test_which_note_a_name_means_decides_the_key() -> None:
    notes = {**BASE, "Q": Q + fence('kb["c"]')}
    of_a, of_b = ({**notes, name: "alias:: c\n\n" + notes[name]} for name in ("a", "b"))
    assert session(of_a).imported.modules == session(of_b).imported.modules
    assert session(of_a).key != session(of_b).key


@pytest.mark.parametrize(
    "other",
    [
        {"a": "- проза\n" + fence("z = 3") + A + fence("x = 5")},
        {"a": fence("x = 1", "export hide timeout=5 name=x")},
        {"c": exported("z = 1")},
        {"a": "title:: z\nalias:: a\n\n" + A},
    ],
    ids=["other cells and prose", "looks", "another note", "name of the page"],
)
def test_all_else_of_another_note_does_not(other: dict[str, str]) -> None:
    assert session({**BASE, **other}).key == session(BASE).key


def test_the_key_of_a_note_that_imports_nothing_is_what_it_was() -> None:
    known = snapshot({"Q": fence("x = 1"), "a": A})
    note = known.notes[NoteId("pages/Q.md")]
    (alone,) = plan([note], known.files.config, ENVIRONMENT).sessions
    assert session({"Q": fence("x = 1"), "a": A}) == alone


# ---------------------------------------------------------------- as it runs


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`outcome(name=text, …)`: what the note `Q` gives."""
    folder: Path = tmp_path_factory.mktemp("cache")

    def go(**notes: str) -> Outcome:
        (only,) = run(
            [session({name.replace("__", " "): text for name, text in notes.items()})], Settings(folder, ENVIRONMENT)
        )
        return only

    return go


def shown(outcome: Outcome) -> list[list[tuple[str, str]]]:
    return [[(output.kind, output.text) for output in cell.outputs] for cell in outcome.cells]


def text(outcome: Outcome) -> str:
    return "".join(text for cell in shown(outcome) for _, text in cell)


VALUE = exported("class Value:\n    def __init__(self, x):\n        self.x = x") + exported("two = Value(2)")


def test_a_page_is_a_module_however_it_is_named(outcome: Run) -> None:
    code = (
        "import kb\nfrom kb.обратное_распространение import Value\nimport kb.backprop as b\n"
        'page = kb["Обратное распространение"]\n'
        "(b is page, kb.backprop is b, Value is page.Value, Value(1).x, page.two.x)"
    )
    found = outcome(Q=fence(code), обратное__распространение="alias:: backprop\n\n" + VALUE)
    assert shown(found) == [[("value", "(True, True, True, 1, 2)")]]


def test_the_module_is_there_though_nothing_is_imported(outcome: Run) -> None:
    assert shown(outcome(Q=fence("import kb\nkb"))) == [[("value", "<module 'kb'>")]]


def test_export_cells_alone_run_and_once(outcome: Run) -> None:
    a = fence("raise ValueError") + exported("import itertools\ncount = [0]\ncount[0] += 1") + fence("count[0] += 1")
    found = outcome(Q=fence("import kb\nkb['a'].count") + fence("from kb.a import count\nkb.a.count"), a=a)
    assert shown(found) == [[("value", "[1]")], [("value", "[1]")]]


def test_names_of_a_note_stay_apart(outcome: Run) -> None:
    code = "import kb\nx = 1\nkb['a'].get(), kb['a'].__name__, __name__"
    found = outcome(Q=fence(code), a=exported("x = 2\ndef get():\n    return x"))
    assert shown(found) == [[("value", "(2, 'kb.a', '__main__')")]]


def test_imports_import(outcome: Run) -> None:
    found = outcome(Q=fence("from kb.a import x\nx"), a=exported("import kb\nx = kb['b'].y + 1"), b=exported("y = 1"))
    assert shown(found) == [[("value", "2")]]


def test_what_an_import_prints_or_plots_is_not_shown(outcome: Run) -> None:
    loud = "import os, sys, warnings\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nprint('громко')\n"
    loud += "print('ошибка', file=sys.stderr)\nos.system('echo громче')\nwarnings.warn('a')\n1 + 1"
    found = outcome(Q=fence("print('до')\nimport kb.a\nprint('после')"), a=exported(loud))
    assert shown(found) == [[("stdout", "до\nпосле\n")]]


def test_an_import_does_not_draw_on_the_figure_at_hand(outcome: Run) -> None:
    code = "import matplotlib.pyplot as plt\nmine = plt.figure()\nimport kb.a\nlen(mine.axes), plt.gcf() is mine"
    found = shown(outcome(Q=fence(code), a=exported("import matplotlib.pyplot as plt\nplt.plot([1, 2])")))
    assert found[0][0] == ("value", "(0, True)")
    assert [kind for kind, _ in found[0]] == ["value", "figure"]


def test_dataclasses_and_pickles_find_their_module(outcome: Run) -> None:
    a = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    x: int"
    code = "import kb, pickle\np = kb['a b'].P(1)\npickle.loads(pickle.dumps(p)) == p"
    assert shown(outcome(Q=fence(code), a__b=exported(a) + exported("def f(x: Missing): ..."))) == [[("value", "True")]]


@pytest.mark.parametrize("code", ["import kb\nkb[str('a')]", "import importlib\nimportlib.import_module('kb.a')"])
def test_what_the_text_does_not_import_cannot_be_imported(outcome: Run, code: str) -> None:
    (cell,) = outcome(Q=fence(code), a=A).cells
    assert cell.error is not None
    assert cell.error.name == "ModuleNotFoundError"


def test_an_import_that_failed_is_tried_again(outcome: Run) -> None:
    a = exported("import sys\nsys.tries = getattr(sys, 'tries', 0) + 1\nif sys.tries == 1:\n    raise KeyError")
    found = outcome(Q=fence("import kb.a", "raises=KeyError") + fence("import kb, sys\nkb['a']\nsys.tries"), a=a)
    assert [cell.state for cell in found.cells] == ["ok", "ok"]
    assert shown(found)[1] == [("value", "2")]


# ---------------------------------------------------------------- when it fails

FAILING = {
    "Q": "- Текст\n" + fence("x = 1\n\nfrom kb.a import f\nf(0)"),
    "a": "alias:: z\n\n" + fence("x = 1") + exported("def f(x):\n    return 1 / x") + exported("y = f(1)"),
}


def test_a_traceback_leads_to_the_lines_of_the_other_note(outcome: Run) -> None:
    found, known = outcome(**FAILING), snapshot(FAILING)
    note, other = known.notes[NoteId("pages/Q.md")], known.notes[NoteId("pages/a.md")]
    assert 'File "<cell 0 of import 0>", line 2, in f\n' in text(found)
    shown = text(located(found, note, FAILING["Q"], [(other, FAILING["a"])]))
    lines = [line.strip() for line in shown.split("\n")]
    assert lines[1:5] == [
        'File "pages/Q.md", line 6, in <module>',
        "f(0)",
        'File "pages/a.md", line 8, in f',
        "return 1 / x",
    ]
    assert FAILING["a"].split("\n")[8 - 1].strip() == "return 1 / x"
    (problem,) = failures(note, found, [other])
    assert FAILING["Q"][slice(*problem.span)] == "f(0)"
    assert [(label.note, FAILING["a"][slice(*label.span)]) for label in problem.labels] == [
        ("pages/a.md", "return 1 / x")
    ]


def test_a_failure_of_the_note_itself_has_no_other_place(outcome: Run) -> None:
    notes = {**FAILING, "Q": fence("from kb.a import f\nf(1)\n1 / 0")}
    known = snapshot(notes)
    (problem,) = failures(known.notes[NoteId("pages/Q.md")], outcome(**notes), [known.notes[NoteId("pages/a.md")]])
    assert problem.labels == ()


@pytest.mark.parametrize(
    ("code", "name", "line"), [("x = 1\n1 / 0", "ZeroDivisionError", 2), ("x = 1\nx = = 2", "SyntaxError", 2)]
)
def test_an_export_cell_that_fails_is_told_at_the_import(outcome: Run, code: str, name: str, line: int) -> None:
    found = outcome(Q=fence("x = 1\nimport kb.a"), a=exported(code))
    error = found.cells[0].error
    assert error is not None
    assert (error.name, error.line) == (name, 2)
    assert f'File "<cell 0 of import 0>", line {line}' in text(found)


def test_a_stopped_cell_says_where_it_was(outcome: Run) -> None:
    a = exported("import time\ndef f():\n    time.sleep(60)")
    found = outcome(Q=fence("from kb.a import f\nf()", "timeout=1"), a=a)
    error = found.cells[0].error
    assert error is not None
    assert (error.name, error.line) == ("Timeout", 2)
    assert '  File "<cell 0 of import 0>", line 3, in f\n    time.sleep(60)\n' in text(found)


def test_the_order_of_modules_is_that_of_the_code() -> None:
    known = snapshot({"Q": fence("import kb.b, kb.a\nkb.b"), "a": A, "b": B})
    found = imported(known.notes[NoteId("pages/Q.md")], Library(known.notes, known.names))
    assert [one.name for one in found.modules] == ["b", "a"]
