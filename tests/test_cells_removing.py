"""Folders that note code has filled go away, whatever is in them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kbtool.cells.removing import remove
from tests.deep import deepen

LEVELS = 3 * sys.getrecursionlimit()
"""More than a path may name, and than Python recurses."""


def test_a_tree_that_is_too_deep_for_paths_goes_away(tmp_path: Path) -> None:
    for name in ("ours", "control"):
        deepen(tmp_path / name, LEVELS)
    with pytest.raises(RecursionError):
        shutil.rmtree(tmp_path / "control", ignore_errors=True)
    remove(tmp_path / "ours")
    remove(tmp_path / "control")
    assert list(tmp_path.iterdir()) == []


def test_what_links_lead_to_stays(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "gone" / "sub").mkdir(parents=True)
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "gone" / "sub" / "link").symlink_to(tmp_path / "kept")
    os.mkfifo(tmp_path / "gone" / "sub" / "pipe")
    remove(tmp_path / "gone")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (tmp_path / "kept" / "file").read_text() == "x"


def test_a_link_in_the_folder_s_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "kept")
    remove(tmp_path / "link")
    assert (tmp_path / "kept" / "file").read_text() == "x"


def test_folders_that_are_shut_are_opened(tmp_path: Path) -> None:
    folder = tmp_path / "shut"
    folder.mkdir()
    code = f"""
import os, sys
sys.path.insert(0, {str(Path(__file__).parents[1])!r})
from kbtool.cells.removing import remove
from tests.deep import deepen
os.chdir(sys.argv[1])
if os.getuid() == 0:
    os.chown(".", 12345, 12345)
    os.setgid(12345)
    os.setuid(12345)
os.makedirs("in/x/y/z")
for path in ("in/x/y/z", "in/x/y", "in/x"):
    open(path + "/file", "w").close()
    os.chmod(path, 0)
try:
    open("in/x/file")
except PermissionError:
    remove("in")
"""
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd="/")
    assert list(folder.iterdir()) == []


def test_a_folder_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []
