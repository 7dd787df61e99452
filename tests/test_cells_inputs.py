"""Which files of a base a session's imports mean, whatever else lies there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from kbtool.cells.digests import Digests
from kbtool.cells.inputs import inputs, module_files, modules


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A package that imports a module, and has all that is no code of it."""
    for path, text in {
        "tools/__init__.py": "import helper\n",
        "tools/deep/inner.py": "",
        "tools/folder.py/data.txt": "",
        "tools/.hidden/x.py": "",
        "helper.py": "",
        "tools.py": "a package comes before it",
        "other/no_package.py": "",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, "utf-8")
    (tmp_path / "tools/nowhere.py").symlink_to("nothing.py")
    return tmp_path


def test_a_package_is_all_its_code_and_what_that_imports(base: Path) -> None:
    assert module_files(base, ["tools", "other"]) == ("tools/__init__.py", "tools/deep/inner.py", "helper.py")


def test_each_of_its_files_counts(base: Path) -> None:
    before = modules(base, ["tools"], Digests(base / "cache"))
    assert before.keys() == {"tools", "helper"}
    (base / "tools/deep/inner.py").write_text("x = 1\n", "utf-8")
    after = modules(base, ["tools"], Digests(base / "cache"))
    assert (after["tools"] != before["tools"], after["helper"] == before["helper"]) == (True, True)


def test_what_cannot_be_read_is_no_module(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        os, "access", lambda path, _: "inner" not in os.fspath(path) and "helper" not in os.fspath(path)
    )
    assert module_files(base, ["tools"]) == ("tools/__init__.py",)
    assert modules(base, ["tools"], Digests(base / "cache")).keys() == {"tools"}


def test_no_link_leads_out_of_the_base(tmp_path: Path) -> None:
    base, secret = tmp_path / "kb", tmp_path / "home"
    for folder in (secret, base / "own"):
        folder.mkdir(parents=True)
        for name in ("key", "key.py", "__init__.py"):
            (folder / name).write_text("1", "utf-8")
    (base / "leads").symlink_to(secret)
    for name in ("key", "key.py"):
        (base / name).symlink_to(secret / name)
    found = inputs(base, ["key", "*/key"], Digests(tmp_path / "cache"))
    assert {pattern: [path for path, _ in files] for pattern, files in found.items()} == {
        "key": [],
        "*/key": ["own/key"],
    }
    assert module_files(base, ["key", "leads", "own"]) == ("own/__init__.py", "own/key.py")


def test_the_base_itself_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "kb").mkdir()
    (tmp_path / "kb/key").write_text("1", "utf-8")
    (tmp_path / "link").symlink_to("kb")
    ((path, _),) = inputs(tmp_path / "link", ["key"], Digests(tmp_path / "cache"))["key"]
    assert path == "key"
