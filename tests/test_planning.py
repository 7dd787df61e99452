"""What would run, why, what is kept, and how it is taken away again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kbtool.cli import main
from kbtool.commands import plan

Say = Callable[..., tuple[int, str]]
NOTE = "- Текст.\n  ```python\n  x = 1\n  print(x)\n  ```\n"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base of two notes with code and one without, and a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "kb"
    (folder / "pages").mkdir(parents=True)
    (folder / "pages" / "один.md").write_text(f"alias:: first\n\n{NOTE}", "utf-8")
    (folder / "pages" / "два.md").write_text(NOTE.replace("x = 1", "x = 2"), "utf-8")
    (folder / "pages" / "три.md").write_text("- Без кода.\n", "utf-8")
    (tmp_path / "mkdocs.yml").write_text("site_name: x\ndocs_dir: kb\nplugins: [kbtool]\n")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """`say("plan", …)`: the exit code, and all that was printed."""

    def go(*words: object) -> tuple[int, str]:
        code = main([str(word) for word in words])
        caught = capsys.readouterr()
        return code, caught.out + caught.err

    return go


def change(path: Path, old: str, new: str) -> None:
    path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


# ---------------------------------------------------------------- plan


def test_a_plan_says_what_would_run_and_runs_nothing(base: Path, say: Say) -> None:
    change(base / "pages" / "один.md", "print(x)", "open('/tmp/kb-ran', 'w')")
    Path("/tmp/kb-ran").unlink(missing_ok=True)
    code, said = say("plan", base)
    assert code == 0
    assert said.splitlines() == [
        "pages/два.md  runs on cpu",
        "  it never ran here",
        "pages/один.md  runs on cpu",
        "  it never ran here",
        "0 of 2 sessions hold, 2 would run",
    ]
    assert not Path("/tmp/kb-ran").exists()


def test_after_a_run_all_holds_and_after_an_edit_the_first_difference_is_told(base: Path, say: Say) -> None:
    say("run", base)
    assert say("plan", base) == (0, "2 of 2 sessions hold\n")
    change(base / "pages" / "два.md", "x = 2", "x = 3")
    _, said = say("plan", base)
    first, *rest = said.splitlines()
    assert first.startswith("pages/два.md  runs on cpu (0.")
    assert rest[:3] == ["  cell 1, line 1", "    - x = 2", "    + x = 3"]
    assert rest[3].startswith("1 of 2 sessions hold, 1 would run: about 0.")


def test_a_plan_of_some_notes_speaks_of_them_alone(base: Path, say: Say) -> None:
    _, said = say("plan", base / "pages" / "два.md")
    assert "два" in said
    assert "один" not in said


def test_a_refused_note_is_told(base: Path, say: Say) -> None:
    change(base / "pages" / "два.md", "python\n", "python norum\n")
    assert "pages/два.md  is refused: unknown cell attribute `norum`" in say("plan", base)[1]


def test_a_failed_session_runs_again(base: Path, say: Say) -> None:
    change(base / "pages" / "два.md", "x = 2", "1 / 0")
    say("run", base)
    assert "it failed when it last ran" in say("plan", base)[1]


def test_a_plan_says_what_this_machine_cannot_run(base: Path, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    note = base / "pages" / "три.md"
    note.write_text("- ```python device=cuda\n  1\n  ```\n", encoding="utf-8")
    monkeypatch.setattr(plan, "machine_device", lambda: "cpu")
    assert "pages/три.md  needs a GPU, and there is none here: it has no record\n" in say("plan", note)[1]
    # Control: where there is one, that is named.
    monkeypatch.setattr(plan, "machine_device", lambda: "NVIDIA A40")
    assert "pages/три.md  runs on NVIDIA A40\n" in say("plan", note)[1]


def test_a_plan_is_json_too(base: Path, say: Say) -> None:
    say("run", base)
    change(base / "pages" / "два.md", "python\n", "python cpus=2\n")
    rows = [json.loads(line) for line in say("plan", "--format", "json", base)[1].splitlines()]
    assert [(row["note"], row["state"], row["cpus"]) for row in rows] == [
        ("pages/два.md", "runs", 2),
        ("pages/один.md", "holds", 0),
    ]
    assert rows[0]["reasons"][0] == {"what": "the threads", "old": "0", "new": "2"}
    assert rows[0]["seconds"] > 0


def test_a_base_without_code_has_nothing_to_plan(base: Path, say: Say) -> None:
    assert say("plan", base / "pages" / "три.md") == (0, "no code to run\n")


# ---------------------------------------------------------------- why


def test_why_tells_all_reasons(base: Path, say: Say) -> None:
    say("run", base)
    change(base / "pages" / "два.md", "python\n", "python seed=3 device=cpu\n")
    change(base / "pages" / "два.md", "print(x)", "print(x, x)")
    assert say("why", "два")[1].splitlines() == [
        "pages/два.md would run again:",
        "  cell 1, line 2",
        "    - print(x)",
        "    + print(x, x)",
        "  the seed: 0 → 3",
        "  the device: auto → cpu",
    ]


@pytest.mark.parametrize("name", ["первый", "first", "один", "[[один]]", "pages/один.md", "один#1", "pages/один.md#1"])
def test_a_note_is_named_by_its_page_an_alias_or_its_file(base: Path, say: Say, name: str) -> None:
    change(base / "pages" / "один.md", "first", "first, первый")
    assert "pages/один.md would run again:" in say("why", name)[1]


def test_why_shows_the_line_that_changed_in_another_note(base: Path, say: Say) -> None:
    (base / "pages" / "lib.md").write_text("- ```python export\n  def f(x):\n      return 2 * x\n  ```\n", "utf-8")
    change(base / "pages" / "два.md", "print(x)", "from kb.lib import f")
    say("run", base)
    change(base / "pages" / "lib.md", "2 * x", "3 * x")
    shown = ["cell 1, line 2 of what it imports as `lib`", "  - return 2 * x", "  + return 3 * x"]
    assert say("why", "два")[1].splitlines()[1:] == [f"  {line}" for line in shown]
    assert say("plan", "два")[1].splitlines()[1:4] == [f"  {line}" for line in shown]


def test_why_says_what_an_outcome_stands_on(base: Path, say: Say) -> None:
    (base / "data.txt").write_text("1")
    os.utime(base / "data.txt", (1, 1))
    change(base / "pages" / "два.md", "print(x)", f"print(open('{base}/data.txt').read())\n  import numpy")
    say("run", base)
    code, said = say("why", "два")
    assert code == 0
    assert "pages/два.md holds: nothing that decides it has changed since 20" in said
    assert "  files: data.txt\n" in said
    assert "  packages, byte by byte: numpy==" in said
    (base / "data.txt").write_text("2")
    assert "  the file data.txt: " in say("why", "два")[1]


def test_what_cannot_be_followed_is_told(base: Path, say: Say) -> None:
    change(base / "pages" / "два.md", "print(x)", "import os; os.system('true')")
    say("run", base)
    assert "could not be followed: program" in say("why", "два")[1]


def test_an_unknown_note_is_an_error_with_a_hint(base: Path, say: Say) -> None:
    code, said = say("why", "одинн")
    assert (code, said) == (2, "error: одинн: no such file, and no page of this name\nhelp: did you mean «один»?\n")
    assert say("why", ".")[0] == 2
    assert say("why", "три")[0] == 2


# ---------------------------------------------------------------- what is kept


def test_the_cache_says_what_it_holds_and_forgets_what_is_old(base: Path, say: Say, tmp_path: Path) -> None:
    say("run", base)
    _, said = say("cache")
    assert said.startswith(f"{tmp_path}/cache/kbtool\n")
    assert "outcomes of sessions" in said
    old = time.time() - 91 * 86400
    kept = sorted((tmp_path / "cache").rglob("outcomes-*/*.json"))
    os.utime(kept[0], (old, old))
    assert "took away 1 files" in say("cache", "--gc")[1]
    assert sorted((tmp_path / "cache").rglob("outcomes-*/*.json")) == kept[1:]


def test_clean_takes_away_what_is_kept_of_a_base_and_of_no_other(base: Path, say: Say, tmp_path: Path) -> None:
    other = tmp_path / "other"
    (other / "pages").mkdir(parents=True)
    (other / "pages" / "a.md").write_text(NOTE.replace("x = 1", "x = 9"), "utf-8")
    for folder in (base, other):
        say("run", folder)
        say("check", folder)
    before = set((tmp_path / "cache").rglob("*.*"))
    _, planned = say("clean", "--dry-run", base)
    assert set((tmp_path / "cache").rglob("*.*")) == before
    _, done = say("clean", base)
    assert done == planned.replace("would take away", "took away")
    assert say("plan", other)[1] == "1 of 1 sessions hold\n"
    assert "0 of 2 sessions hold" in say("plan", base)[1]
    assert (base / "pages" / "один.md").exists()


def test_clean_takes_a_site_only_if_it_is_one(base: Path, say: Say) -> None:
    site = base.parent / "site"
    site.mkdir()
    (site / "mine.txt").write_text("x")
    say("clean", base)
    assert (site / "mine.txt").exists()
    (site / "mine.txt").unlink()
    say("build")
    assert (site / "index.html").exists()
    say("clean", base)
    assert not site.exists()


# ---------------------------------------------------------------- checkpoints

STATE = """- x
  ```python
  import os, pathlib
  kept = pathlib.Path(os.environ["KBTOOL_STATE"], "step")
  step = int(kept.read_text()) if kept.exists() else 0
  kept.write_text(str(step + 1))
  print("step", step)
  assert step >= 2
  ```
"""


def test_a_session_goes_on_where_it_failed_and_its_folder_goes_when_it_ends(
    base: Path, say: Say, tmp_path: Path
) -> None:
    note = base / "pages" / "четыре.md"
    note.write_text(STATE, "utf-8")
    assert [say("run", note)[0] for _ in range(4)] == [1, 1, 0, 0]
    assert not list((tmp_path / "cache" / "kbtool" / "state").iterdir())
    assert "holds" in say("why", note)[1]


def test_a_folder_for_checkpoints_is_a_session_s_own(base: Path, say: Say, tmp_path: Path) -> None:
    for name, text in (("a", STATE), ("b", STATE.replace("step >= 2", "step >= 3"))):
        (base / "pages" / f"{name}.md").write_text(text, "utf-8")
    say("run", base)
    assert len(list((tmp_path / "cache" / "kbtool" / "state").iterdir())) == 2


def test_what_a_killed_run_left_among_outcomes_the_next_one_sweeps(base: Path, say: Say, tmp_path: Path) -> None:
    say("run", base)
    (kept,) = (tmp_path / "cache").rglob("outcomes-*")
    old, new = kept / ".1f.tmp", kept / ".2f.tmp"
    for path in (old, new):
        path.write_text("half", "utf-8")
    os.utime(old, (0, 0))
    say("run", "--force", base)
    assert [old.exists(), new.exists()] == [False, True]
