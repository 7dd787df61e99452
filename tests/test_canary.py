"""Only `run` and `build` execute what a base holds: a base full of traps, and every other command let loose on it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run
from tests.hostile.triggers import TRIGGERS, Trigger

SETTINGS = (
    "site_name: a\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool: {languages: [python, bash]}]\n"
)
# Beside the traps, what commands go on from: values of cells, macros, queries, a diagram.
START = """- {{val a}} {{val a.x}} {{val [[named]], x}} {{renderer :x, touch}} {{query (task todo)}}
- #+BEGIN_QUERY
  {:query [:find (pull ?b [*]) :where [?b :block/marker]] :result-transform (fn [r] (js/eval "x")) :view :hiccup}
  #+END_QUERY
- ```mermaid
  graph TD; A-->B
  ```
"""
COMMANDS = (
    *(("check",), ("check", "--fix", "--diff"), ("check", "--changed"), ("check", "--format", "sarif"), ("plan",)),
    *(("why", "Start"), ("tree",), ("graph",), ("query", "(task todo)"), ("explain", "missing-page"), ("cache",)),
    *(("build", "--no-run", "--keep-going"), ("accept", "--diff"), ("completion", "bash")),
)


def environment(**more: str) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "PY": sys.executable} | more


def planted(place: Path, triggers: Iterable[Trigger]) -> Path:
    """A project with traps in it and around it; their marks would lie in `marks`."""
    folder = place / "base"
    (folder / "kb/pages").mkdir(parents=True)
    (place / "marks").mkdir()
    (folder / "kb/pages/Start.md").write_text(START, "utf-8")
    (folder / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    for words in (
        ("init", "-q"),
        ("config", "user.name", "a"),
        ("config", "user.email", "a@b.c"),
        ("add", "."),
        ("commit", "-qm", "first"),
    ):
        subprocess.run(["git", *words], cwd=folder, check=True)
    for trigger in triggers:
        mark = str(place / "marks" / trigger.name.replace("/", "|"))
        for path, text in trigger.files.items():
            file = folder / path.replace("PROXY", "program")
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("a", encoding="utf-8") as opened:
                opened.write(text.replace("MARK", mark).replace("PROXY", str(folder / "program")))
            if text.startswith("#!"):
                file.chmod(0o755)
    return folder


def sprung(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder.parent / "marks").iterdir())


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return planted(tmp_path, TRIGGERS)


def test_there_are_forty_traps() -> None:
    assert len({trigger.name for trigger in TRIGGERS}) == len(TRIGGERS) > 40


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_other_command_springs_one(kbtool: Run, base: Path, words: tuple[str, ...]) -> None:
    done = kbtool(*words, cwd=base, XDG_CACHE_HOME=str(base / "cache"))
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert sprung(base) == []


def test_serving_springs_none(base: Path) -> None:
    command = [sys.executable, "-m", "kbtool", "serve", "--port", "0"]
    given = environment(XDG_CACHE_HOME=str(base / "cache"))
    with subprocess.Popen(command, cwd=base, env=given, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while "serving" not in said and (line := process.stderr.readline()):
            said += line
        (base / "kb/pages/Start.md").write_text("- x\n" + (base / "kb/pages/Start.md").read_text("utf-8"), "utf-8")
        time.sleep(2)
        process.kill()
    assert "serving" in said
    assert sprung(base) == []


@pytest.mark.parametrize("trigger", TRIGGERS, ids=lambda trigger: trigger.name)
def test_control_each_can_be_sprung(tmp_path: Path, trigger: Trigger) -> None:
    base = planted(tmp_path, [trigger])
    given = environment(
        XDG_CACHE_HOME=str(tmp_path / "cache"), PYTHONPATH="" if "kbtool" not in trigger.spring else str(ROOT)
    )
    done = subprocess.run(
        ["bash", "-c", trigger.spring], cwd=base, env=given, capture_output=True, text=True, check=False, timeout=60
    )
    assert sprung(base) == [trigger.name.replace("/", "|")], done.stdout + done.stderr
