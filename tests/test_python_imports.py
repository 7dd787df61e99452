"""What code imports from other notes, and what it offers to theirs."""

from __future__ import annotations

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.graph import index, surroundings
from kbtool.imports import fitting_notes
from kbtool.kb import Kb
from kbtool.note import Note, lower
from kbtool.record import Reading, examine
from kbtool.syntax.parse import parse
from kbtool.values import CodeImport, Diagnostic, NoteId, Source


def fence(code: str, words: str = "") -> str:
    lines = "".join(f"  {line}\n" for line in code.split("\n"))
    return f"- ```python{words and ' ' + words}\n{lines}  ```\n"


def note_of(text: str) -> Note:
    source = Source(NoteId("pages/a.md"), text)
    return lower(source, parse(source), GraphSettings())


def imports(*codes: str) -> list[tuple[str, str, str]]:
    """How, name and member of each import; what its span covers must be what it names."""
    text = "".join(map(fence, codes))
    found = note_of(text).imports
    assert [text[one.start : one.end] for one in found] == [one.member or one.name for one in found]
    return [(one.how, one.name, one.member) for one in found]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('import kb\nkb["обратное распространение"]', [("page", "обратное распространение", "")]),
        ("import kb\nkb['a'].b.c", [("page", "a", ""), ("page", "a", "b")]),
        ('import kb as база\nf(база["a"])', [("page", "a", "")]),
        ('import kb\ndef f():\n    return [kb["a"].b]', [("page", "a", ""), ("page", "a", "b")]),
        ('import kb\nm = kb["a"]\nm.b', [("page", "a", ""), ("page", "a", "b")]),
        ("import kb.токен", [("module", "токен", "")]),
        ("import os, kb.токен as t\nt.size", [("module", "токен", ""), ("module", "токен", "size")]),
        ("import kb.токен\nkb.токен.size", [("module", "токен", ""), ("module", "токен", "size")]),
        ("from kb.a import b as c, d", [("module", "a", ""), ("module", "a", "b"), ("module", "a", "d")]),
        ("from kb.a import *", [("module", "a", "")]),
        ("from kb import a as x\nx.y", [("module", "a", ""), ("module", "a", "y")]),
        ("import kb\nkb.a.b", [("module", "a", ""), ("module", "a", "b")]),
        ("import kb\nkb.__name__", []),
        ("import kb.a as t\nt.__doc__", [("module", "a", "")]),
    ],
)
def test_imports_are_found_with_their_places(code: str, expected: list[tuple[str, str, str]]) -> None:
    assert imports(code) == expected


@pytest.mark.parametrize(
    "code",
    [
        'kb = {"a": 1}\nkb["a"]',
        'import other as kb\nkb["a"]',
        "import kbtool\nkbtool.x",
        "from .kb import a",
        "import (",
    ],
)
def test_what_is_not_the_module_imports_nothing(code: str) -> None:
    found = note_of(fence(code))
    assert found.imports == ()
    assert "dynamic-import" not in {one.rule for one in found.diagnostics}


def test_names_carry_over_from_cell_to_cell() -> None:
    assert imports("import kb\nm = kb.a", 'kb["b"]\nm.x') == [("module", "a", ""), ("page", "b", "")]
    assert imports("import kb.a as m", "m.x") == [("module", "a", ""), ("module", "a", "x")]


def test_of_a_name_that_stands_for_other_things_too_nothing_is_said() -> None:
    assert imports("import kb.a as m", "m.x\nfor m in []:\n    m.y") == [("module", "a", "")]


def test_each_import_is_told_once() -> None:
    assert imports('import kb\nkb["a"].b, kb["a"].b, kb["a"]') == [("page", "a", ""), ("page", "a", "b")]


def test_cells_that_do_not_run_import_and_offer_nothing() -> None:
    found = note_of(fence('import kb\nkb["a"]\nx = 1', "norun export") + fence(">>> import kb\n>>> kb.b", "export"))
    assert (found.imports, found.offers) == ((), None)


def test_an_import_knows_whether_its_cell_is_exported() -> None:
    found = note_of(fence("import kb.a") + fence("import kb.b", "export")).imports
    assert [(one.name, one.exported) for one in found] == [("a", False), ("b", True)]


def test_an_import_in_an_f_string_lies_within_it() -> None:
    text = fence("import kb\nf\"{kb['a'].b} {kb[x]}\"")
    found = note_of(text)
    places = [(one.start, one.end) for one in found.imports] + [one.span for one in found.diagnostics]
    assert len(places) == 3
    assert all(text.index('f"') <= start < end <= text.rindex('"') + 1 for start, end in places)


def problems(code: str) -> list[str]:
    text = fence(code)
    found = [one for one in note_of(text).diagnostics if one.rule == "dynamic-import"]
    return [text[slice(*one.span)] for one in found]


@pytest.mark.parametrize(
    ("code", "place"),
    [
        ("import kb\nkb[page]", "page"),
        ('import kb\nkb["a", "b"]', '"a", "b"'),
        ('import kb\nkb[f"a"]', 'f"a"'),
        ("import kb\nf(kb)", "kb"),
        ("import kb\nother = kb", "kb"),
        ("import kb\ngetattr(kb, name)", "kb"),
        ("from kb import *", "*"),
        ("import kb\ndef f(kb): pass", "kb"),
        ("import kb\nfor kb in []: pass", "kb"),
    ],
)
def test_what_only_the_running_code_could_tell_is_a_problem(code: str, place: str) -> None:
    assert problems(code) == [place]


# ---------------------------------------------------------------- what a note offers


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("a = 1\ndef f():\n    b = 2\nclass C:\n    d = 3", ("C", "a", "f")),
        ("import math\nfrom os import path as p", ("math", "p")),
        ("_a = 1\n__b__ = 2", ()),
        ("if x:\n    a = 1\nfor b in []:\n    pass", ("a", "b")),
        ("a = 1\ndel a", ()),
        ("def f():\n    global g\n    g = 1", ("f", "g")),
        ("from os import *\na = 1", ("a", "*")),
        ("exec('a = 1')", ("*",)),
        ("def __getattr__(name): ...", ("*",)),
        ("a = (", ("*",)),
    ],
)
def test_a_note_offers_what_its_export_cells_bind(code: str, names: tuple[str, ...]) -> None:
    assert note_of(fence("other = 1") + fence(code, "export")).offers == names


def test_a_note_without_export_cells_offers_nothing_at_all() -> None:
    assert note_of(fence("a = 1")).offers is None


# ---------------------------------------------------------------- which note is meant


def fits(how: str, name: str, *pages: str) -> tuple[str, ...]:
    sources = [Source(NoteId(f"{page}.md"), "- x") for page in sorted(pages)]
    known = index(
        surroundings(frozenset(), Config(), GraphSettings()),
        [examine(source, Reading(GraphSettings())).exports for source in sources],
    )
    one = CodeImport("page" if how == "page" else "module", name, "", 0, 0, False)
    return tuple(note.removesuffix(".md") for note in fitting_notes(one, known))


@pytest.mark.parametrize(
    ("how", "name", "pages", "expected"),
    [
        ("page", "Обратное распространение", ["обратное распространение"], ["обратное распространение"]),
        ("page", "a_b", ["a b"], []),
        ("module", "a_b", ["a b"], ["a b"]),
        ("module", "A_b", ["a-b"], ["a-b"]),
        ("module", "a_b_c", ["a b-c"], ["a b-c"]),
        ("module", "a_b", ["a b", "a-b"], ["a b", "a-b"]),
        ("module", "a_b", ["a b", "a_b"], ["a_b"]),
        ("module", "a_b_c_d_e_f_g", ["a b c d e f g"], ["a b c d e f g"]),
        ("module", "ab", ["a b"], []),
    ],
)
def test_pages_are_looked_up_as_links_are(how: str, name: str, pages: list[str], expected: list[str]) -> None:
    assert fits(how, name, *pages) == tuple(expected)


# ---------------------------------------------------------------- the check of a base


def check(**texts: str) -> tuple[Diagnostic, ...]:
    sources = {NoteId(f"{name}.md"): Source(NoteId(f"{name}.md"), text) for name, text in texts.items()}
    found = Kb().check_files(BaseFiles(sources, frozenset(), Config(), GraphSettings(), modules=frozenset({"numpy"})))
    return tuple(one for one in found if one.rule not in ("orphan-page", "dead-end"))


def test_the_module_needs_no_package_of_its_name() -> None:
    assert check(a=fence("import kb\nkb['b'].x"), b=fence("x = 1", "export")) == ()
    assert [one.rule for one in check(a=fence("import kc\nkc.x"))] == ["missing-import"]


def test_the_forgotten_import_of_the_module_is_told() -> None:
    (found,) = check(a=fence("kb['b'].x"), b=fence("x = 1", "export"))
    assert (found.rule, found.help) == ("undefined-name", "is `import kb` missing?")


def test_a_circle_is_told_in_each_of_its_notes_and_nowhere_else() -> None:
    x, y, z = (fence(f"import kb\nkb.{name}", "export") for name in ("y", "z", "x"))
    found = [one for one in check(x=x, y=y, z=z, w=x) if one.rule == "import-cycle"]
    assert [(one.note, one.message.split(": ")[1]) for one in found] == [
        ("x.md", "«x» → «y» → «z» → «x»"),
        ("y.md", "«y» → «z» → «x» → «y»"),
        ("z.md", "«z» → «x» → «y» → «z»"),
    ]
