"""Only `run` and `build` execute what a base holds: a base full of traps, and every other command let loose on it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT, Run

SETTINGS = (
    "site_name: a\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool: {languages: [python, bash]}]\n"
)
# Each trap writes a file; what is imported by name lies where a careless program looks first.
TRAP = "open(%r, 'a').write('x')\n"
NOTE = """- ```python name=a export
  open(%(mark)r, "a").write("cell")
  import numpy
  x = 1
  ```
- ```bash
  touch %(mark)s
  ```
- ```pycon
  >>> open(%(mark)r, "a").write("transcript")
  ```
- {{val x}} {{val a.x}} {{val [[Start]], x}} {{renderer :x, touch}} {{%% include %%}} {{ ''.__class__.__mro__ }}
- #+BEGIN_QUERY
  {:query [:find (pull ?b [*]) :where [?b :block/marker]] :result-transform (fn [r] (js/eval "x")) :view :hiccup}
  #+END_QUERY
- ```dataviewjs
  app.vault.create("x")
  ```
- ```mermaid
  graph TD; A-->B
  ```
- !!python/object/apply:os.system ["touch %(mark)s"]
"""
FILES = ("numpy.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "hooks.py", "yaml.py", "nh3.py", "math.py")
COMMANDS = (
    *(("check",), ("check", "--fix", "--diff"), ("check", "--changed"), ("check", "--format", "sarif"), ("plan",)),
    *(("why", "Start"), ("tree",), ("graph",), ("query", "(task todo)"), ("explain", "missing-page"), ("cache",)),
    *(("build", "--no-run", "--keep-going"), ("accept", "--diff"), ("completion", "bash")),
)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder, mark = tmp_path / "base", str(tmp_path / "mark")
    (folder / "kb/pages").mkdir(parents=True)
    (folder / "kb/pages/Start.md").write_text(NOTE % {"mark": mark}, "utf-8")
    for name in FILES:
        for place in (folder, folder / "kb", folder / "kb/pages"):
            (place / name).write_text(TRAP % mark, "utf-8")
    (folder / "kb/mkdocs.yml").write_text("hooks: [hooks.py]\nplugins: [conftest]\n", "utf-8")
    (folder / "kb/overrides").mkdir()
    (folder / "kb/overrides/main.html").write_text("{{ ''.__class__ }}", "utf-8")
    (folder / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    with (folder / ".git/config").open("a") as config:
        config.write(f"[core]\n\tfsmonitor = touch {mark}\n\thooksPath = hooks\n")
    return folder


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_no_other_command_runs_anything(kbtool: Run, base: Path, words: tuple[str, ...]) -> None:
    done = kbtool(*words, cwd=base, XDG_CACHE_HOME=str(base / "cache"))
    assert done.returncode in (0, 1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert not (base.parent / "mark").exists()


def test_serving_runs_nothing(base: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "XDG_CACHE_HOME": str(base / "cache")}
    command = [sys.executable, "-m", "kbtool", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=base, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = ""
        while "serving" not in said and (line := process.stderr.readline()):
            said += line
        (base / "kb/pages/Start.md").write_text("- x\n" + (base / "kb/pages/Start.md").read_text("utf-8"), "utf-8")
        time.sleep(2)
        process.kill()
    assert "serving" in said
    assert not (base.parent / "mark").exists()


def test_control_run_does(kbtool: Run, base: Path) -> None:
    kbtool("run", "--sandbox", "none", cwd=base, XDG_CACHE_HOME=str(base / "cache"))
    assert (base.parent / "mark").exists()
