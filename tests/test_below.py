"""Folders that lie too deep for Python's own walks hold no command up."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from kbtool.below import below
from kbtool.cells.removing import remove
from kbtool.cells.sandbox import Folders, Sandbox, Wanted, command
from tests.conftest import Run
from tests.deep import deepen

LEVELS = sys.getrecursionlimit() + 200
"""More than Python recurses, and no more than a path may name."""


def test_all_is_found_folders_first(tmp_path: Path) -> None:
    deepen(tmp_path / "x", LEVELS)
    found = [one.name for one in below(tmp_path)]
    assert found == ["x", *["a"] * LEVELS, "deep.json"]
    if sys.version_info < (3, 12):
        with pytest.raises(RecursionError):
            list(os.walk(tmp_path))
    remove(tmp_path / "x")  # what pytest takes such folders away with recurses, too


def test_links_are_not_followed_and_closed_folders_not_opened(tmp_path: Path) -> None:
    (tmp_path / "x/.git/in").mkdir(parents=True)
    (tmp_path / "x/link").symlink_to(tmp_path)
    assert sorted(one.name for one in below(tmp_path, {".git"})) == [".git", "link", "x"]
    assert list(below(tmp_path / "none")) == []


def test_git_s_folders_are_hidden_at_any_depth_and_of_packages_at_the_top(tmp_path: Path) -> None:
    (tmp_path / "base/a/b/.git").mkdir(parents=True)
    (tmp_path / "base/.git").mkdir()
    (tmp_path / "base/a/.git").write_text("gitdir: elsewhere\n")
    words = command(Sandbox(Wanted(), "/usr/bin/bwrap"), Folders((str(tmp_path / "base"),), ()), "/")
    hidden = {words[at + 1] for at, word in enumerate(words) if word == "--tmpfs"} - {"/tmp"}
    assert {one for one in hidden if one.startswith(str(tmp_path))} == {
        str(tmp_path / "base/.git"),
        str(tmp_path / "base/a/b/.git"),
    }


def test_commands_hold_on_a_base_and_a_cache_that_are_too_deep(kbtool: Run, tmp_path: Path) -> None:
    deep = [tmp_path / "kb/pages/x", tmp_path / "kb/.kbtool/x", tmp_path / "cache/kbtool/state/x"]
    for folder in deep:
        deepen(folder, LEVELS)
    (tmp_path / "kb/pages/n.md").write_text("- ```python\n  print(1)\n  ```\n", "utf-8")
    try:
        for words in (("run", "kb"), ("cache",), ("cache", "--gc"), ("check", "kb")):
            done = kbtool(*words, cwd=tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
            assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    finally:
        for folder in deep:
            remove(folder)
