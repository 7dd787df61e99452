"""`kbtool run` as a person asks for it: which sessions run, one cell alone, runs compared with each other."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import TypeAlias

import pytest

from kbtool.cells import process as starting
from kbtool.cells.plan import Environment, plan
from kbtool.cli import main
from kbtool.config import Config
from tests.cells_notes import made
from tests.conftest import without_isolation

Run: TypeAlias = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty base that is the working folder, with a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "kb" / "pages").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text("site_name: x\ndocs_dir: kb\nplugins: [kbtool]\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "kb"


@pytest.fixture
def tool(capfd: pytest.CaptureFixture[str], kb: Path) -> Run:
    """The command: its exit code, what it prints, and what it says on standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            status = main(arguments)
        except SystemExit as stop:
            status = int(stop.code or 0)
        shown = capfd.readouterr()
        return status, shown.out, without_isolation(shown.err)

    return call


def note(kb: Path, name: str, *codes: str, head: str = "") -> Path:
    """Writes a note of cells; the first line of each is what stands behind ```python."""
    fences = (code.partition("\n") for code in codes)
    text = "".join(f"- ```python {words}\n{indent(code, '  ')}\n  ```\n" for words, _, code in fences)
    path = kb / "pages" / f"{name}.md"
    path.write_text(head + text, "utf-8")
    return path


def states(tool: Run, *arguments: str) -> dict[str, str]:
    found = (json.loads(line) for line in tool("run", "--format", "json", *arguments)[1].splitlines())
    return {one["note"].removeprefix("pages/").removesuffix(".md"): one["state"] for one in found}


# ---------------------------------------------------------------- which sessions run


def test_force_runs_what_holds(tool: Run, kb: Path) -> None:
    note(kb, "a", "\n1")
    assert states(tool) == {"a": "ran"}
    assert states(tool) == {"a": "cached"}
    assert states(tool, "--force") == {"a": "ran"}


def git(*words: str) -> None:
    subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True)


def test_changed_runs_what_git_says_and_its_importers(tool: Run, kb: Path) -> None:
    note(kb, "lib", "export\nx = 1")
    note(kb, "middle", "export\nfrom kb.lib import x")
    note(kb, "user", "\nfrom kb.middle import x\nx")
    note(kb, "importer", "\nfrom kb.lib import x")
    note(kb, "behind", "\nfrom kb.user import y", "export\nz = 1")
    note(kb, "other", "\n1")
    note(kb, "user", "\nfrom kb.middle import x\nx", "export\ny = 1")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    assert states(tool, "--changed") == {}
    note(kb, "lib", "export\nx = 2")
    assert set(states(tool, "--changed")) == {"lib", "middle", "user", "importer"}
    assert set(states(tool, "--changed", "--only")) == {"lib"}
    assert set(states(tool, "kb/pages/user.md", "--changed=HEAD")) == {"user"}


def test_a_page_is_named_by_its_name_or_an_alias(tool: Run, kb: Path) -> None:
    note(kb, "Первая", "\n1", head="alias:: начало\n\n")
    note(kb, "Вторая", "\n2")
    assert set(states(tool, "начало")) == {"Первая"}
    assert set(states(tool, "ПЕРВАЯ", "kb/pages/Вторая.md")) == {"Первая", "Вторая"}
    status, out, err = tool("run", "Перваяя")
    assert (status, out) == (2, "")
    assert "error: Перваяя: no such file, and no page of this name\nhelp: did you mean «Первая»?" in err


@pytest.mark.parametrize("folder", [".", "kb", "kb/pages"])
def test_a_folder_stands_alone(tool: Run, kb: Path, folder: str) -> None:
    note(kb, "a", "\n1")
    assert set(states(tool, folder)) == {"a"}
    status, _, err = tool("run", folder, "a")
    assert status == 2
    assert f"error: {folder}: no note; beside pages" in err


def test_without_a_base_names_are_files_alone(
    tool: Run, kb: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note(kb, "a", "\n1")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "mkdocs.yml").unlink()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert "a: no such file or folder" in tool("run", "a")[2]
    assert set(states(tool, str(kb / "pages" / "a.md"))) == {"a"}


def test_fail_fast_starts_nothing_after_a_failure(tool: Run, kb: Path) -> None:
    for name in "abcd":
        note(kb, name, "\n1 / 0")
    found = states(tool, "--fail-fast", "--jobs", "1")
    assert sorted(found.values()) == ["failed", "skipped", "skipped", "skipped"]
    assert set(states(tool, "--jobs", "1").values()) == {"failed"}
    assert set(states(tool, "--jobs", "1", "--keep-going").values()) == {"failed"}


def test_the_end_names_what_failed(tool: Run, kb: Path) -> None:
    note(kb, "good", "\n1")
    note(kb, "bad", "\n1", "norun\n2", "name=train\n\nnope", "\n3")
    note(kb, "wrong", "norunn\n1")
    status, out, _ = tool("run")
    assert status == 1
    *_, first, second, last = out.splitlines()
    assert first == "failed: kb/pages/bad.md, cell 2 (train): NameError: name 'nope' is not defined"
    assert second == "failed: kb/pages/wrong.md, cell 1: unknown cell attribute `norunn`"
    assert last.startswith("sessions: 1 ran, 2 failed in ")
    assert last.endswith(" s")


def test_memory_is_what_sessions_share(tool: Run, kb: Path) -> None:
    note(kb, "a", "\n1")
    assert tool("run", "--memory", "lots")[0] == 2
    assert tool("run", "--memory", "1G")[0] == 0


# ---------------------------------------------------------------- one cell

CELLS = (
    "name=first\nprint('one')\nx = 1",
    "norun\nx = ...",
    "name=second\nimport sys\nprint('two', x)\nprint('beside', file=sys.stderr)\nx + 1",
    "\nprint('three')\n1 / 0",
)


@pytest.mark.parametrize("word", ["a#second", "a#2", "kb/pages/a.md#second", "al#2"])
def test_one_cell_prints_its_outputs(tool: Run, kb: Path, word: str) -> None:
    note(kb, "a", *CELLS, head="alias:: al\n\n")
    assert tool("run", word) == (0, "two 1\n2\n", "beside\n")


def test_one_cell_is_no_outcome_of_its_note(tool: Run, kb: Path) -> None:
    note(kb, "a", "\n1", "\n2")
    assert tool("run", "a#1")[:2] == (0, "1\n")
    assert tool("run", "a#2")[:2] == (0, "2\n")
    assert states(tool) == {"a": "ran"}
    assert states(tool) == {"a": "cached"}


def test_one_cell_runs_with_what_it_imports_and_without_what_is_below(tool: Run, kb: Path) -> None:
    note(kb, "lib", "export\ndef f(x):\n    return 2 * x")
    note(kb, "a", "\nfrom kb.lib import f", "\nf(4)", "\n1 / 0")
    assert tool("run", "a#2")[:2] == (0, "8\n")
    assert tool("run", "a#3")[0] == 1


def test_only_leaves_out_the_cells_above(tool: Run, kb: Path) -> None:
    note(kb, "a", "\nprint('above')\nx = 1", "name=b\n5", "\nx")
    assert tool("run", "a#b", "--only")[:2] == (0, "5\n")
    status, out, _ = tool("run", "a#3", "--only")
    assert status == 1
    assert "failed: kb/pages/a.md, cell 3: NameError: name 'x' is not defined" in out


def test_a_cell_that_fails_shows_where(tool: Run, kb: Path) -> None:
    note(kb, "a", *CELLS)
    status, out, err = tool("run", "a#3")
    assert status == 1
    assert out.startswith("three\nerror[cell-failed]: ZeroDivisionError: division by zero\n  --> kb/pages/a.md:16:3\n")
    assert 'File "pages/a.md", line 16' in err


def test_figures_have_numbers(tool: Run, kb: Path) -> None:
    code = "\nimport matplotlib.pyplot as plt\nfor i in range(2):\n    plt.figure()\n    plt.plot([i, 2])\nprint('x')"
    note(kb, "a", code)
    assert tool("run", "a#1")[:2] == (0, "x\n[figure 1]\n[figure 2]\n")


def test_one_cell_as_json(tool: Run, kb: Path) -> None:
    note(kb, "a", *CELLS)
    found = json.loads(tool("run", "a#second", "--format", "json")[1])
    outputs = [("stdout", "two 1"), ("stderr", "beside"), ("value", "2")]
    assert found == {
        "note": "pages/a.md",
        "cell": "second",
        "state": "ok",
        "outputs": [{"kind": kind, "text": text} for kind, text in outputs],
    }


@pytest.mark.parametrize("word", ["a#nope", "a#0", "a#4", "a#-1", "kb/pages/a.md#nope"])
def test_a_cell_that_is_not_there(tool: Run, kb: Path, word: str) -> None:
    note(kb, "a", *CELLS)
    status, out, err = tool("run", word)
    assert (status, out) == (2, "")
    assert "help: its cells are: first, second, 3" in err


def test_cells_come_one_at_a_time(tool: Run, kb: Path) -> None:
    note(kb, "a", *CELLS)
    note(kb, "b", "\n1")
    assert "one cell at a time" in tool("run", "b", "a#1")[2]


def test_a_name_may_hold_the_sign(tool: Run, kb: Path) -> None:
    note(kb, "C#", "\n7")
    assert tool("run", "C##1")[:2] == (0, "7\n")
    assert set(states(tool, "C#")) == {"C#"}
    assert set(states(tool, "kb/pages/C#.md")) == {"C#"}


# ---------------------------------------------------------------- two times

UNLIKE = (
    "\nimport os\nprint('so')\nprint(os.getpid())",
    "volatile\nprint(os.getpid())",
    "name=alike\nimport random\nprint(random.random())",
    "name=value\npid = os.getpid()",
)


@pytest.mark.usefixtures("unconfined")
def test_twice_finds_what_differs_and_keeps_nothing_of_it(tool: Run, kb: Path) -> None:
    note(kb, "unlike", *UNLIKE)
    note(kb, "alike", UNLIKE[2])
    status, out, _ = tool("run", "--twice")
    assert status == 1
    assert out.count("error[not-deterministic]") == 2
    assert "error[not-deterministic]: standard output came out otherwise" in out
    assert "error[not-deterministic]: `pid` came out otherwise" in out
    assert "= help:  so\n  = help: -" in out
    assert states(tool) == {"unlike": "ran", "alike": "cached"}


@pytest.mark.usefixtures("unconfined")
def test_twice_runs_two_times_and_never_from_the_cache(tool: Run, kb: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    note(kb, "a", f"\nimport pathlib\nwith pathlib.Path({str(log)!r}).open('a') as file:\n    _ = file.write('x')")
    assert tool("run")[0] == 0
    assert tool("run", "--twice")[0] == 0
    assert log.read_text() == "xxx"
    assert states(tool) == {"a": "cached"}


@pytest.mark.usefixtures("unconfined")
def test_twice_tells_a_failure_of_either_run(tool: Run, kb: Path, tmp_path: Path) -> None:
    for name, once in (("first", "not"), ("second", "")):
        mark = str(tmp_path / f"mark-{name}")
        code = f"\nimport os\nknown = os.path.exists({mark!r})\nopen({mark!r}, 'w').close()\nassert {once} known"
        note(kb, name, code.replace("known", "_known"))
    status, out, _ = tool("run", "--twice")
    assert status == 1
    assert out.count("error[cell-failed]: AssertionError") == 2
    assert out.count("error[not-deterministic]: the state came out otherwise") == 2


@pytest.mark.parametrize("flag", ["--twice", "--verify", "--changed=HEAD"])
def test_flags_about_whole_sessions_take_no_cell(tool: Run, kb: Path, flag: str) -> None:
    note(kb, "a", "\n1")
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "first")
    status, _, err = tool("run", flag, "a#1")
    assert status == 2
    assert f"error: {flag.partition('=')[0]} is about whole sessions" in err
    assert tool("run", flag, "a")[0] == 0


def test_one_flag_alone_says_why_sessions_run_again(tool: Run, kb: Path) -> None:
    note(kb, "a", "\n1")
    assert tool("run", "--twice", "--verify")[0] == 2


# ---------------------------------------------------------------- accepted outputs


def accepted(kb: Path, name: str = "a") -> Path:
    return kb / ".kbtool" / "expected" / "pages" / f"{name}.md.json"


def test_what_was_accepted_is_what_must_come_out(tool: Run, kb: Path) -> None:
    codes = ("expect name=train\nloss = 0.5\nprint('loss', loss)", "\nprint('free')", "expect\nloss * 2")
    note(kb, "a", *codes)
    status, out, _ = tool("run")
    assert status == 0
    assert out.count("info[not-accepted]") == 2
    assert "if it is right: kbtool accept 'a#train'\n" in out
    assert "if it is right: kbtool accept 'a#3'\n" in out
    said = "pages/a.md#train: new: standard output, `loss`\npages/a.md#3: new: the value\naccepted 2 cells in 1 note:"
    assert tool("accept")[2] == f"{said} 1 file in kb/.kbtool/expected, to be committed with the notes\n"
    assert json.loads(accepted(kb).read_text()) == {
        "train": {"outputs": [{"kind": "stdout", "lines": ["loss 0.5"]}], "values": {"loss": "0.5"}},
        "3": {"outputs": [{"kind": "value", "lines": ["1.0"]}]},
    }
    status, out, _ = tool("run")
    assert (status, "[" in out) == (0, False)
    assert tool("accept") == (0, "", "nothing to accept\n")
    note(kb, "a", codes[0].replace("0.5", "0.6"), codes[1].replace("free", "freed"), codes[2])
    status, out, _ = tool("run")
    assert status == 1
    assert out.count("error[result-drift]") == 2
    assert "error[result-drift]: standard output is not as it was accepted\n --> kb/pages/a.md:1:6\n" in out
    assert "help: --- accepted\n  = help: +++ now\n  = help: -loss 0.5\n  = help: +loss 0.6\n" in out
    assert "if it is right as it is now: kbtool accept 'a#train'\n" in out
    status, _, err = tool("accept", "a#train")
    assert (status, err.splitlines()[:3]) == (
        0,
        ["pages/a.md#train: standard output is another one", "    -loss 0.5", "    +loss 0.6"],
    )
    assert tool("run")[1].count("error[result-drift]") == 1
    assert "pages/a.md#3: the value is another one\n    -1.0\n    +1.2\naccepted 1 cell" in tool("accept", "a")[2]
    assert tool("run")[0] == 0


def test_what_is_nearly_as_accepted_stays_as_it_stands(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect=1e-2\nprint(1.000)", "expect\nprint('a')")
    tool("run")
    tool("accept")
    note(kb, "a", "expect=1e-2\nprint(1.001)", "expect\nprint('b')")
    tool("run")
    assert "accepted 1 cell in 1 note" in tool("accept")[2]
    assert '"1.0"' in accepted(kb).read_text()
    assert '"b"' in accepted(kb).read_text()


@pytest.mark.parametrize(
    "case",
    [
        ("expect", "print('a   1.0')", 0),
        ("expect", "print('a 1.0001')", 1),
        ("expect=exact", "print('a 1.00')", 1),
        ("expect=1e-3", "print('a 1.0001')", 0),
        ("expect=1e-3", "print('a 1.01')", 1),
        ("expect=1e-3", "print('b 1.0')", 1),
        ("expect=1e-3", "print('a 1.0'); 5", 1),
        ("expect=1e-3", "print('a 1.0'); x = 5", 1),
        ("expect=1e-3", "print('a 1.0'); _x = 5", 0),
        ("expect=1e-3", "pass", 1),
    ],
)
def test_tolerances(tool: Run, kb: Path, case: tuple[str, str, int]) -> None:
    expect, after, status = case
    note(kb, "a", f"{expect}\nprint('a 1.0')")
    tool("run")
    tool("accept")
    note(kb, "a", f"{expect}\n{after}")
    assert tool("run")[0] == status


def plot(kb: Path, code: str, expect: str = "expect=1e-3") -> None:
    note(kb, "a", f"{expect} name=fit\nimport matplotlib.pyplot as plt\n{code}")


def test_accepted_figures_are_files_and_compared_by_what_they_draw(tool: Run, kb: Path) -> None:
    plot(kb, "_ = plt.plot([1, 2], color='red')")
    tool("run")
    assert "pages/a.md#fit: new: the figure\naccepted 1 cell in 1 note: 2 files in" in tool("accept")[2]
    figure = kb / ".kbtool/expected/pages/a.md.figures/fit-1.svg"
    assert "<!-- 1.0 -->" in figure.read_text()
    assert json.loads(accepted(kb).read_text()) == {"fit": {"outputs": [{"file": "fit-1.svg", "kind": "figure"}]}}
    drawn = [
        ("plt.plot([1, 2.0005], color='red')", ""),
        ("plt.plot([1, 2.5], color='red')", "\n  = help: +2.4\n"),
        ("plt.plot([1, 2], color='blue')", "style stroke: #ff0000 → #0000ff"),
        ("plt.plot([0, 0.3, 1], [1, 1.6, 2], color='red')", "<path> in axes_1, line2d_"),
    ]
    for code, said in drawn:
        plot(kb, f"_ = {code}")
        status, out, _ = tool("run")
        assert ("error[result-drift]: the figure is not as it was accepted" in out) is bool(status) is bool(said)
        assert said in out
    assert "pages/a.md#fit: the figure is another one\n" in tool("accept")[2]
    note(kb, "a", "\n1")
    assert "pages/a.md#fit: no longer expected\n" in tool("accept")[2]
    assert not (kb / ".kbtool").exists()


def test_pixels_are_compared_as_such(tool: Run, kb: Path) -> None:
    code = "import numpy as np\nplt.gcf().clear()\npixels = np.full((20, 20, 3), {})\npixels[3, 4] = {}\n"
    code += (
        "import io\nbuffer = io.BytesIO()\nplt.imsave(buffer, pixels, metadata={{'Title': '{}'}})\nplt.close('all')\n"
    )
    code += "class Picture:\n    def _repr_png_(self): return buffer.getvalue()\nPicture()"
    plot(kb, code.format(0.5, 0.5, "a"))
    tool("run")
    tool("accept")
    assert (kb / ".kbtool/expected/pages/a.md.figures/fit-1.png").read_bytes().startswith(b"\x89PNG")
    for grey, dot, status in ((0.5, 0.5, 0), (0.503, 0.5, 0), (0.5, 0.9, 1), (0.6, 0.6, 1)):
        plot(kb, code.format(grey, dot, "b"))
        assert tool("run")[0] == status
    plot(kb, code.format(0.5, 0.9, "b"))
    out = tool("run")[1]
    assert "1 of 400 pixels differ, by at most 102 of 255 (0.191 on the mean), between (4, 3) and (4, 3)" in out


def test_of_a_figure_too_large_to_keep_the_digest_counts(tool: Run, kb: Path) -> None:
    code = "import numpy as np\n_ = plt.scatter(*np.random.default_rng({}).random((2, 9000)))"
    plot(kb, code.format(1))
    tool("run")
    tool("accept")
    assert not (kb / ".kbtool/expected/pages/a.md.figures").exists()
    assert len(accepted(kb).read_text()) < 400
    plot(kb, code.format(1) + "\n")
    assert tool("run")[0] == 0
    plot(kb, code.format(2))
    assert "it is too large to be kept, and its digest is another one" in tool("run")[1]


def test_cells_whose_names_differ_in_case_have_figures_of_their_own(tool: Run, kb: Path) -> None:
    codes = [f"expect name={name}\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2])" for name in ("fit", "Fit")]
    note(kb, "a", *codes, f"expect name={'x' * 300}\nimport matplotlib.pyplot as plt\n_ = plt.plot([1, 2])")
    tool("run")
    assert tool("accept")[0] == 0
    names = [path.name.lower() for path in (kb / ".kbtool/expected/pages/a.md.figures").iterdir()]
    assert len(set(names)) == 3
    assert tool("run")[0] == 0


@pytest.mark.parametrize("broken", [b"", b"<svg", b"<!DOCTYPE a [<!ENTITY b 'c'>]><svg>&b;</svg>", None])
def test_an_accepted_figure_that_is_damaged_is_said(tool: Run, kb: Path, broken: bytes | None) -> None:
    plot(kb, "_ = plt.plot([1, 2])")
    tool("run")
    tool("accept")
    figure = kb / ".kbtool/expected/pages/a.md.figures/fit-1.svg"
    figure.unlink()
    if broken is not None:
        figure.write_bytes(broken)
    status, out, err = tool("run")
    assert status == (2 if broken is None else 1)
    assert "not as kbtool accept writes it" in err or "one of them cannot be read as SVG" in out
    assert tool("accept")[0] == 0
    assert tool("run")[0] == 0


def test_accept_shows_what_it_would_write(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect\n1")
    tool("run")
    status, out, err = tool("accept", "--diff")
    assert (status, err) == (1, "pages/a.md#1: new: the value\nwould accept 1 cell in 1 note\n")
    assert '+     "1"\n' in out
    assert not accepted(kb).exists()
    assert tool("accept")[0] == 0
    assert tool("accept", "--diff") == (0, "", "nothing to accept\n")


def test_accept_runs_nothing_and_takes_what_holds(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect\n1")
    note(kb, "b", "expect\n2")
    assert tool("run", "b")[0] == 0
    status, _, err = tool("accept")
    assert status == 1
    assert "no outcome of pages/a.md holds; run it first: kbtool run a\naccepted 1 cell in 1 note: 1 file" in err
    note(kb, "b", "expect\n1 / 0")
    tool("run")
    assert "no outcome of pages/b.md holds" in tool("accept", "b")[2]
    assert '"2"' in accepted(kb, "b").read_text()


def test_accept_forgets_cells_that_expect_nothing(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect name=x\n1", "expect name=y\n2")
    tool("run")
    tool("accept")
    note(kb, "a", "expect name=x\n1", "name=y\n2")
    assert "pages/a.md#y: no longer expected\naccepted 1 cell in 1 note: 1 file" in tool("accept")[2]
    assert list(json.loads(accepted(kb).read_text())) == ["x"]
    note(kb, "a", "name=x\n1", "name=y\n2")
    assert "pages/a.md#x: no longer expected\n" in tool("accept")[2]
    assert not accepted(kb).exists()


def test_accept_is_for_cells_that_expect_something(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect\n1", "\n2")
    tool("run")
    status, _, err = tool("accept", "a#2")
    assert (status, "cell `2` of pages/a.md expects nothing" in err) == (2, True)
    assert "accepted 1 cell" in tool("accept", "a#1")[2]


@pytest.mark.parametrize("text", ["{", "[]", '{"1": 5}', '{"1": {"outputs": [{"kind": "x", "lines": []}]}}', "\udcff"])
def test_a_file_that_is_none_of_ours_is_said_and_can_be_replaced(tool: Run, kb: Path, text: str) -> None:
    note(kb, "a", "expect\n1")
    tool("run")
    accepted(kb).parent.mkdir(parents=True)
    accepted(kb).write_bytes(text.encode("utf-8", "surrogateescape"))
    status, _, err = tool("run")
    assert status == 2
    assert "pages/a.md.json" in err
    assert tool("accept")[:2] == (0, "")
    assert tool("run")[0] == 0


def test_accepted_outputs_stay_beside_changes_of_notes(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect\n1")
    tool("run")
    tool("accept")
    before = accepted(kb).read_bytes()
    note(kb, "b", "norunn\n1")
    assert tool("check", "--fix", "--unsafe")[0] == 0
    assert tool("new", "c")[0] == 0
    assert [path.name for path in (kb / ".kbtool").iterdir()] == ["expected"]
    assert accepted(kb).read_bytes() == before


def test_nothing_is_accepted_through_a_link(tool: Run, kb: Path, tmp_path: Path) -> None:
    note(kb, "a", "expect\n1")
    tool("run")
    (tmp_path / "outside").mkdir()
    (kb / ".kbtool").symlink_to(tmp_path / "outside")
    status, _, err = tool("accept")
    assert status == 2
    assert "symbolic link" in err
    assert list((tmp_path / "outside").iterdir()) == []


def test_one_cell_is_not_compared(tool: Run, kb: Path) -> None:
    note(kb, "a", "expect\n1")
    assert tool("run", "a#1") == (0, "1\n", "")


# ---------------------------------------------------------------- verify


def changing(tmp_path: Path, words: str = "") -> str:
    """A cell that shows what a file says, which it reads in a way that nobody can follow."""
    command = ["cat", str(tmp_path / "file")]
    return f"{words}\nimport subprocess\nprint('is', subprocess.check_output({command}, text=True))"


@pytest.mark.usefixtures("unconfined")
def test_verify_compares_with_what_is_kept(tool: Run, kb: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("1.0")
    note(kb, "a", changing(tmp_path))
    status, out, err = tool("run", "--verify")
    assert (status, err) == (0, "pages/a.md had no outcome to compare with\n")
    status, out, err = tool("run", "--verify")
    assert (status, err) == (0, "")
    assert out.startswith("sessions: 1 ran in ")
    file.write_text("1.0000000001")
    assert tool("run", "--verify")[0] == 0
    file.write_text("1.01")
    for _ in range(2):  # what is kept stays
        status, out, _ = tool("run", "--verify")
        assert status == 1
        assert "error[result-drift]: standard output is not as it was when it was kept" in out
        assert "= help: -is 1.0" in out
        assert "= help: +is 1.01" in out
    assert states(tool) == {"a": "cached"}


@pytest.mark.usefixtures("unconfined")
@pytest.mark.parametrize("case", [("", 1), ("expect=0.1", 0), ("volatile", 0), ("expect", 1)])
def test_verify_heeds_the_words_of_a_cell(tool: Run, kb: Path, tmp_path: Path, case: tuple[str, int]) -> None:
    words, status = case
    (tmp_path / "file").write_text("1.0")
    note(kb, "a", changing(tmp_path, words))
    assert tool("run")[0] == 0
    (tmp_path / "file").write_text("1.01")
    assert tool("run", "--verify")[0] == status


@pytest.mark.usefixtures("unconfined")
def test_verify_of_a_session_that_fails_now(tool: Run, kb: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("1.0")
    note(kb, "a", changing(tmp_path))
    assert tool("run")[0] == 0
    (tmp_path / "file").unlink()
    status, out, _ = tool("run", "--verify")
    assert status == 1
    assert "error[cell-failed]: CalledProcessError" in out
    assert "result-drift" not in out
    assert states(tool) == {"a": "cached"}


# ---------------------------------------------------------------- Ctrl-C


def test_ctrl_c_keeps_what_had_finished(tool: Run, kb: Path, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    note(kb, "quick", "\n1")
    note(kb, "slow", f"\nimport time\nopen({str(mark)!r}, 'w').close()\ntime.sleep(600)")
    command = [sys.executable, "-m", "kbtool", "run", "--jobs", "2", "--sandbox", "none"]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    waited = time.monotonic() + 60
    while not (mark.exists() and list((tmp_path / "cache").rglob("outcomes-*/*.json"))):
        assert time.monotonic() < waited
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (130, b"", b"interrupted\n")
    assert states(tool, "quick") == {"quick": "cached"}


def test_ctrl_c_while_a_session_starts_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        assert len(list(tmp_path.iterdir())) == 1
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(starting, "_start", interrupted)
    (session,) = plan([made("1").note], Config(), Environment("", "")).sessions
    with pytest.raises(KeyboardInterrupt):
        starting.start(session, starting.Nursery(starting.House(tmp_path, tmp_path / "state"), 1, tmp_path, None))
    assert list(tmp_path.iterdir()) == []
