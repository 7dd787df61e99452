"""The commands as a person types them: what they print, what they change, and how they exit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from kbtool.cli import main
from tests.conftest import without_isolation

Tool: TypeAlias = Callable[..., tuple[int, str, str]]
PLANTED = {
    "missing-page": ("pages/a.md", "- see [[Nowhere]]", (1, 7)),
    "dangling-block-ref": ("pages/a.md", "- see ((11111111-2222-4333-8444-555555555555))", (1, 7)),
    "duplicate-page": ("pages/a.md", "title:: HOME\n\n- x", (1, 9)),
    "duplicate-block-id": ("pages/a.md", "- x\n  id:: 00000000-0000-4000-8000-000000000001", (2, 8)),
    "missing-asset": ("pages/a.md", "- ![x](../assets/no.png)", (1, 8)),
    "bad-latex": ("pages/a.md", "- где $\\fracc{1}{2}$", (1, 8)),
    "python-syntax": ("pages/a.md", "- ```python\n  x = )\n  ```", (2, 7)),
    "undefined-name": ("pages/a.md", "- ```python\n  x = 1 + yy\n  ```", (2, 11)),
    "bad-attribute": ("pages/a.md", "- ```python nrun\n  1\n  ```", (1, 13)),
    "bad-property": ("pages/a.md", '- x\n  a"b:: 1', (2, 3)),
    "unreadable-note": ("pages/a.md", "- \udcff", (1, 3)),
}


@pytest.fixture
def tool(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The command, in an empty working folder and with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = int(stop.code or 0)
        shown = capfd.readouterr()
        return status, shown.out, without_isolation(shown.err)

    return call


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """A clean small graph without mkdocs.yml."""
    root = tmp_path / "work" / "graph"
    write(
        root,
        "pages/Home.md",
        "alias:: Start\ntags:: Other\n\n- [[other]] #Other [[Start]]\n- ((" + BLOCK + "))",
    )
    write(
        root,
        "pages/Other.md",
        f"- one\n  id:: {BLOCK}\n- ![p](../assets/p.png)\n- a [[2024-05-01]] and #[[Wanted One]]",
    )
    write(root, "assets/p.png", "")
    write(root, "mkdocs.yml", "")
    (root / "mkdocs.yml").unlink()
    return root


BLOCK = "00000000-0000-4000-8000-000000000001"


def write(root: Path, path: str, text: str) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(text.encode("utf-8", "surrogateescape"))


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


def project(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A new base, which becomes the working folder."""
    assert tool("init", "base")[0] == 0
    monkeypatch.chdir("base")
    return Path.cwd()


# ---------------------------------------------------------------- check


def wanted(root: Path) -> None:
    write(root, "mkdocs.yml", "site_name: x\ndocs_dir: notes\nplugins:\n  - kbtool: {wanted: [wanted one]}\n")


def test_check_passes_on_a_clean_graph(tool: Tool, graph: Path) -> None:
    text = (graph / "pages/Other.md").read_text()
    write(graph, "pages/Other.md", text.replace("#[[Wanted One]]", ""))
    assert tool("check", "graph") == (0, "no problems in 2 notes\n", "")


@pytest.mark.parametrize("rule", PLANTED)
def test_check_finds_a_planted_error_and_nothing_else(tool: Tool, graph: Path, rule: str) -> None:
    write(graph, "pages/Other.md", f"- one\n  id:: {BLOCK}\n")
    path, text, place = PLANTED[rule]
    write(graph, path, text)
    status, out, _ = tool("check", "graph", "--format", "json")
    # A new note that nothing mentions is an orphan, which is no fault.
    found = [one for one in lines(out) if one["severity"] != "info"]
    assert status == 1
    assert {one["rule"] for one in found} == {rule}
    here = [one for one in found if one["path"] == path]
    assert [(one["line"], one["column"]) for one in here] == [place]
    # A duplicate is said at each of its places.
    assert len(found) == (2 if rule.startswith("duplicate") else 1)
    names = ["rule", "severity", "path", "line", "column", "end_line", "end_column", "message", "help"]
    assert list(here[0])[: len(names)] == names


def test_wanted_names_may_be_linked_unwritten(tool: Tool, graph: Path) -> None:
    assert tool("check", "graph")[0] == 1
    graph.rename("notes")
    wanted(Path.cwd())
    assert tool("check")[0] == 0


def test_check_of_a_note_speaks_of_that_note_alone(tool: Tool, graph: Path) -> None:
    write(graph, "pages/a.md", "- [[Nowhere]] [[Home]]")
    assert {one["path"] for one in lines(tool("check", "graph/pages/a.md", "--format", "json")[1])} == {"pages/a.md"}
    assert tool("check", "graph/pages/Home.md")[0] == 0


def test_text_report_points_at_the_place(tool: Tool, graph: Path) -> None:
    write(graph, "pages/a.md", "- ссылка [[Othr]]")
    out = tool("check", "graph/pages/a.md")[1]
    assert "error[missing-page]: no page named «Othr»\n --> graph/pages/a.md:1:10\n" in out
    assert "1 | - ссылка [[Othr]]\n  |          ^^^^^^^^\n" in out
    assert "did you mean «Other»?" in out


def test_github_report_cannot_be_injected(tool: Tool, graph: Path) -> None:
    write(graph, "pages/a.md", "- [[x%0A::set-output]]")
    out = tool("check", "graph/pages/a.md", "--format", "github", "--select", "missing-page")[1]
    assert out.startswith("::error file=graph/pages/a.md,line=1,col=3,")
    assert out.count("\n") == 1
    assert "x%250A" in out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("check", "nowhere"), "error: nowhere: no such file or folder"),
        (("check",), "error: no mkdocs.yml in"),
        (("chek",), "help: did you mean check?"),
        (("check", "--format", "xml"), "invalid choice"),
        (("explain", "missing-pag"), "help: did you mean missing-page?"),
        (("check", "empty"), "error: no notes in"),
        (("run", "--jobs", "0", "graph"), "not a number from 1 up"),
        (("build",), "error: no mkdocs.yml in"),
    ],
)
def test_what_cannot_run_exits_with_2_and_says_why(
    tool: Tool, graph: Path, arguments: tuple[str, ...], says: str
) -> None:
    Path("empty").mkdir()
    status, out, err = tool(*arguments)
    assert (status, out) == (2, "")
    assert says in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("yaml", "says"),
    [
        ("plugins:\n  - kbtool: {wantd: [x]}\n", "did you mean"),
        ("plugins:\n  - kbtool: {timeout: soon}\n", "timeout"),
        ("docs_dir: nowhere\n", "docs_dir"),
        ("site_name: [\n", "mkdocs.yml"),
    ],
)
def test_a_bad_mkdocs_yml_is_said(tool: Tool, graph: Path, yaml: str, says: str) -> None:
    graph.rename("docs")
    write(Path.cwd(), "mkdocs.yml", yaml)
    status, _, err = tool("check")
    assert status == 2
    assert says in err


def test_a_folder_named_like_a_note_is_said(tool: Tool, graph: Path) -> None:
    (graph / "pages/folder.md").mkdir()
    found = lines(tool("check", "graph", "--format", "json")[1])
    assert ("unreadable-note", "pages/folder.md") in {(one["rule"], one["path"]) for one in found}


# ---------------------------------------------------------------- graph, tree, explain


def test_graph_has_every_page_and_link(tool: Tool, graph: Path) -> None:
    found = json.loads(tool("graph", "graph", "--format", "json")[1])
    pages = {page["name"]: page for page in found["pages"]}
    assert pages["Home"] == {"name": "Home", "path": "pages/Home.md", "aliases": ["Start"], "journal": False}
    assert pages["Wanted One"]["path"] is None
    assert pages["May 1st, 2024"] == {"name": "May 1st, 2024", "path": None, "aliases": [], "journal": True}
    links = [(link["from"], link["to"], link["kind"], link["line"], link["column"]) for link in found["links"]]
    assert links == [
        ("Home", "Other", "property", 2, 8),
        ("Home", "Other", "page", 4, 3),
        ("Home", "Other", "tag", 4, 13),
        ("Home", "Home", "page", 4, 20),
        ("Home", "Other", "block", 5, 3),
        ("Other", "assets/p.png", "asset", 3, 8),
        ("Other", "May 1st, 2024", "page", 4, 5),
        ("Other", "Wanted One", "tag", 4, 24),
    ]


def test_graph_has_the_imports_of_code(tool: Tool, graph: Path) -> None:
    write(graph, "pages/a.md", '- ```python\n  import kb\n  kb["start"].x\n  kb["Nowhere"]\n  ```\n')
    found = json.loads(tool("graph", "graph/pages/a.md", "--format", "json")[1])["links"]
    expected = {"from": "a", "to": "Home", "kind": "import", "path": "pages/a.md", "line": 3, "column": 7}
    assert found == [expected]
    assert tool("graph", "graph/pages/a.md")[1] == "a → Home  (import)\n"


def test_tree_prints_a_line_a_note(tool: Tool, graph: Path) -> None:
    found = lines(tool("tree", "graph", "--format", "json")[1])
    assert [one["page"] for one in found] == ["Home", "Other"]
    assert found[1]["blocks"][0] == {
        "depth": 1,
        "line": 1,
        "text": f"one\nid:: {BLOCK}",
        "page_refs": [],
        "block_refs": [],
        "properties": {"id": BLOCK},
        "marker": None,
        "priority": None,
    }


def test_explain_shows_each_rule(tool: Tool) -> None:
    _, out, _ = tool("explain")
    rules = [line.split()[0] for line in out.splitlines()]
    assert {"missing-page", "bad-latex", "undefined-name"} <= set(rules)
    for rule in rules:
        status, page, _ = tool("explain", rule)
        assert status == 0
        assert page.startswith(f"# {rule}\n")


def test_completion_knows_the_commands(tool: Tool) -> None:
    for shell in ("bash", "zsh"):
        status, out, _ = tool("completion", shell)
        assert status == 0
        assert "explain" in out
        assert "--strict" in out
        assert all(word in out for word in ("_accept_", "--twice", "--fail-fast"))


# ---------------------------------------------------------------- new, init


def test_new_makes_a_note_that_check_accepts(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    for name, file in (("Новая заметка", "Новая заметка"), ("что?", "что%3F"), ("a/b", "a___b"), ("v1.", "v1.___")):
        status, out, _ = tool("new", name)
        assert (status, out) == (0, f"kb/pages/{file}.md\n")
    assert tool("check")[0] == 0
    names = {json.loads(line)["page"] for line in tool("tree", "--format", "json")[1].splitlines()}
    assert {"Новая заметка", "что?", "a/b", "v1."} <= names
    assert not list(base.rglob(".kbtool"))


def test_new_writes_as_the_graph_keeps_its_pages(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    edn = '{:file/name-format :legacy :pages-directory "заметки" :journal/page-title-format "dd.MM.yyyy"}'
    write(base, "kb/logseq/config.edn", edn)
    for name, file in (
        ("o1 vs 3.5", "заметки/o1 vs 3%2E5"),
        ("a/b", "заметки/a%2Fb"),
        ("2024-05-01", "journals/2024_05_01"),
    ):
        assert tool("new", name)[:2] == (0, f"kb/{file}.md\n")
    pages = {json.loads(line)["page"] for line in tool("tree", "--format", "json")[1].splitlines()}
    assert {"o1 vs 3.5", "a/b", "01.05.2024"} <= pages
    assert tool("new", "May 1st, 2024")[0] == 2  # the same day


@pytest.mark.parametrize("name", ["START", "alias of it", "", " x", "a]]b", "a\nb", "/", "я" * 130])
def test_new_refuses_what_is_taken_or_no_name(tool: Tool, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    base = project(tool, monkeypatch)
    write(base, "kb/pages/Start.md", "alias:: alias of it\n\n- x")
    before = {path: path.read_bytes() for path in base.rglob("*.md")}
    status, out, err = tool("new", name)
    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert {path: path.read_bytes() for path in base.rglob("*.md")} == before


def test_init_leaves_a_folder_with_a_base_alone(tool: Tool) -> None:
    assert tool("init", "base")[0] == 0
    before = {path: path.read_bytes() for path in Path("base").rglob("*") if path.is_file()}
    assert tool("init", "base")[0] == 2
    assert {path: path.read_bytes() for path in Path("base").rglob("*") if path.is_file()} == before


# ---------------------------------------------------------------- run, build

COUNTING = (
    "- ```python\n  import pathlib\n  with pathlib.Path({log!r}).open('a') as log:\n      log.write('x')\n  ```\n"
)


def runs(log: Path) -> int:
    return len(log.read_text()) if log.exists() else 0


@pytest.mark.usefixtures("unconfined")
def test_run_executes_once_and_then_only_what_changed(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base, log = project(tool, monkeypatch), tmp_path / "log"
    code = COUNTING.format(log=str(log))
    write(base, "kb/pages/Start.md", "- prose\n" + code)
    write(base, "kb/pages/Sketch.md", "- ```python norun\n  x = ...\n  ```\n")
    states = {one["note"]: one["state"] for one in lines(tool("run", "--format", "json")[1])}
    assert states == {"pages/Start.md": "ran", "pages/First note.md": "ran", "pages/Sketch.md": "skipped"}
    assert runs(log) == 1
    states = {one["note"]: one["state"] for one in lines(tool("run", "--format", "json")[1])}
    assert states == {"pages/Start.md": "cached", "pages/First note.md": "cached", "pages/Sketch.md": "skipped"}
    write(base, "kb/pages/Start.md", "- other prose\n\n- and more\n" + code)
    assert tool("run")[0] == 0
    assert runs(log) == 1
    write(base, "kb/pages/Start.md", "- prose\n" + code.replace("'x'", "'xx'"))
    states = {one["note"]: one["state"] for one in lines(tool("run", "--format", "json")[1])}
    assert states == {"pages/Start.md": "ran", "pages/First note.md": "cached", "pages/Sketch.md": "skipped"}
    assert runs(log) == 3


def test_a_failing_cell_is_an_error_at_its_line(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    write(base, "kb/pages/Start.md", "- a\n\t- ```python\n\t  x = 0\n\t  1 / x\n\t  ```\n- [[First note]]\n")
    status, out, _ = tool("run")
    assert status == 1
    assert "error[cell-failed]: ZeroDivisionError: division by zero\n --> kb/pages/Start.md:4:4\n" in out


@pytest.mark.usefixtures("unconfined")
def test_nothing_but_run_and_build_executes(tool: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    base, log = project(tool, monkeypatch), tmp_path / "log"
    write(base, "kb/pages/Start.md", COUNTING.format(log=str(log)))
    for command in (("check",), ("graph",), ("tree",), ("new", "x"), ("explain", "missing-page")):
        assert tool(*command)[0] == 0
    assert runs(log) == 0
    # Control: the code does leave a trace when it runs.
    assert tool("run")[0] == 0
    assert runs(log) == 1


def test_a_new_base_builds_at_once(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    status, out, err = tool("build")
    assert (status, err) == (0, "")
    assert out == "sessions: 1 ran\nsite: site/index.html\n"
    page = (base / "site/first-note.html").read_text()
    assert ">55<" in page
    assert "<math" in page


def test_errors_leave_the_old_site_as_it_was(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    assert tool("build")[0] == 0
    before = {path: path.read_bytes() for path in (base / "site").rglob("*") if path.is_file()}
    write(base, "kb/pages/Start.md", "- [[Nowhere]]\n")
    status, out, err = tool("build")
    assert status == 1
    assert "error[missing-page]" in out
    assert "site is as it was" in err
    assert {path: path.read_bytes() for path in (base / "site").rglob("*") if path.is_file()} == before
    assert tool("build", "--keep-going")[0] == 1
    assert "Nowhere" in (base / "site/index.html").read_text()
    assert sorted(path.name for path in base.iterdir()) == ["kb", "mkdocs.yml", "site"]


def test_build_refuses_to_replace_a_folder_that_is_no_site(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    write(base, "site/letter.txt", "dear")
    status, _, err = tool("build")
    assert status == 2
    assert "no site of kbtool" in err
    assert (base / "site/letter.txt").read_text() == "dear"


def test_a_failing_mkdocs_leaves_the_old_site(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    assert tool("build")[0] == 0
    before = (base / "site/index.html").read_bytes()
    settings = (base / "mkdocs.yml").read_text()
    write(base, "mkdocs.yml", settings + "not_a_setting_of_mkdocs: {}\nstrict: true\n")
    status, _, err = tool("build")
    assert status == 2
    assert "MkDocs could not build the site" in err
    assert (base / "site/index.html").read_bytes() == before
    assert not list(base.glob("site.*"))


@pytest.mark.usefixtures("unconfined")
def test_a_word_that_may_be_a_misspelled_norun_stops_the_note(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    base, log = project(tool, monkeypatch), tmp_path / "log"
    code = COUNTING.format(log=str(log))
    write(base, "kb/pages/Start.md", code.replace("```python", "```python norunn"))
    status, out, _ = tool("run")
    assert status == 1
    assert "error[bad-attribute]" in out
    assert runs(log) == 0
    write(base, "kb/pages/Start.md", code)
    assert tool("run")[0] == 0
    assert runs(log) == 1


@pytest.mark.parametrize(
    "case",
    [
        ("import kb.nowhere", "missing-export"),
        ("import kb\n  kb[str()]", "dynamic-import"),
        ("import kb.Start", "import-cycle"),
    ],
)
@pytest.mark.usefixtures("unconfined")
def test_an_import_that_leads_nowhere_stops_the_note(
    tool: Tool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, case: tuple[str, str]
) -> None:
    (code, rule), base, log = case, project(tool, monkeypatch), tmp_path / "log"
    counting = COUNTING.format(log=str(log))
    write(base, "kb/pages/Start.md", counting + f"- ```python export\n  {code}\n  ```\n")
    status, out, _ = tool("run")
    assert (status, runs(log)) == (1, 0)
    assert f"error[{rule}]" in out
    assert f"error[{rule}]" in tool("check")[1]
    write(base, "kb/pages/Other.md", "- ```python export\n  x = 1\n  ```\n")
    write(base, "kb/pages/Start.md", counting + "- ```python export\n  import kb.Other\n  ```\n")
    assert tool("run")[0] == 0
    assert runs(log) == 1


def test_another_export_cell_runs_its_importers_again_and_nobody_else(
    tool: Tool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def states() -> dict[str, str]:
        return {one["note"]: one["state"] for one in lines(tool("run", "--format", "json")[1])}

    base = project(tool, monkeypatch)
    other = "- ```python export\n  x = 1\n  ```\n- ```python\n  1\n  ```\n"
    write(base, "kb/pages/Other.md", other)
    write(base, "kb/pages/Start.md", "- ```python\n  from kb.other import x\n  print(x)\n  ```\n")
    states()
    write(base, "kb/pages/Other.md", "- more\n" + other.replace("  1\n", "  2\n"))
    assert states() == {"pages/Other.md": "ran", "pages/Start.md": "cached", "pages/First note.md": "cached"}
    write(base, "kb/pages/Other.md", other.replace("x = 1", "x = 3"))
    assert states() == {"pages/Other.md": "ran", "pages/Start.md": "ran", "pages/First note.md": "cached"}


def test_the_site_shows_the_lines_of_another_note(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    base = project(tool, monkeypatch)
    write(base, "kb/pages/Other.md", "- a\n- ```python export\n  def f(x):\n      return 1 / x\n  ```\n")
    write(base, "kb/pages/Start.md", "- ```python raises=ZeroDivisionError\n  from kb.other import f\n  f(0)\n  ```\n")
    assert tool("build", "--keep-going")[0] == 0
    pages = "".join(page.read_text("utf-8") for page in base.glob("site/**/index.html"))
    assert 'File "pages/Other.md", line 4, in f' in pages
    assert "of import" not in pages


def test_init_leaves_a_graph_alone(tool: Tool, graph: Path) -> None:
    before = sorted(graph.rglob("*"))
    status, _, err = tool("init", "graph")
    assert status == 2
    assert "is a graph already" in err
    assert sorted(graph.rglob("*")) == before
