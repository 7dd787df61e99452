"""A build with nothing changed looks and says the same; whatever a build stands on, another one of it is noticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from kbtool import cli
from kbtool.cache import default_folder
from kbtool.cells.grants import settings_file
from kbtool.commands import building
from kbtool.packed import digest

MKDOCS = "site_name: x\ndocs_dir: kb\ntheme: {name: material, custom_dir: theme}\nplugins: [search, kbtool]\n"
NOTE = "- [[b]] and {{val n}}\n- ```python\n  import pathlib\n  n = pathlib.Path('%s').read_text()\n  ```\n"
FINE = 0.05
"""Seconds after which a file's stamp tells that it was written again."""


class Project:
    """A base with a cell that reads a file beside the base."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path, text in {
            "mkdocs.yml": MKDOCS,
            "theme/partials/copyright.html": "mine\n",
            "read.txt": "1\n",
            "kb/pages/a.md": NOTE % (folder / "read.txt"),
            "kb/pages/b.md": "- words\n- ![x](../assets/x.txt)\n",
            "kb/assets/x.txt": "an asset",
        }.items():
            self.write(path, text)

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, "utf-8")
        time.sleep(FINE)

    def git(self, *words: str) -> None:
        name = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        subprocess.run(["git", *name, *words], cwd=self.folder, check=True, capture_output=True)

    def site(self) -> bytes:
        found = sorted(path for path in (self.folder / "site").rglob("*") if path.is_file())
        return digest(*(part for path in found for part in (os.fsencode(path), path.read_bytes())))


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unconfined: None) -> Project:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = Project(tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """What is added to whenever somebody builds instead of saying what was said."""
    found: list[object] = []
    real = building.build

    def counted(*given: object) -> object:
        found.append(given)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "build", counted)
    return found


def build(*more: str) -> int:
    return cli.main(["build", "--allow", "mkdocs", *more])


def test_with_nothing_changed_it_says_the_same_and_builds_nothing(
    project: Project, built: list[object], capsys: pytest.CaptureFixture[str]
) -> None:
    assert build() == 0
    assert "sessions: 1 ran" in capsys.readouterr().out
    site = project.site()
    assert build() == 0
    said = capsys.readouterr().out
    assert len(built) == 1
    assert project.site() == site
    shutil.rmtree(default_folder() / "checks")
    assert build() == 0
    assert len(built) == 2
    assert capsys.readouterr().out == said
    assert "sessions: 1 cached" in said


def _commit(project: Project) -> None:
    project.git("init", "-q")
    project.git("add", ".")
    project.git("commit", "-qm", "x")


def _settings(_: Project) -> None:
    place = settings_file()
    place.parent.mkdir(parents=True)
    place.write_text("allow: [gpu]\n", "utf-8")


CHANGES: dict[str, Callable[[Project], object]] = {
    "a note": lambda p: p.write("kb/pages/b.md", "- other words\n"),
    "a new note": lambda p: p.write("kb/pages/c.md", "- [[a]]\n"),
    "a note that is gone": lambda p: (p.folder / "kb/pages/b.md").unlink(),
    "an asset": lambda p: p.write("kb/assets/x.txt", "another asset"),
    "the graph's settings": lambda p: p.write("kb/logseq/config.edn", "{:default-home {:page b}}"),
    "the site's settings": lambda p: p.write("mkdocs.yml", MKDOCS + "site_author: n\n"),
    "a template": lambda p: p.write("theme/partials/copyright.html", "other\n"),
    "what a cell read": lambda p: p.write("read.txt", "2\n"),
    "a page of the site": lambda p: (p.folder / "site/b/index.html").unlink(),
    "a file in the site": lambda p: p.write("site/more.txt", "x"),
    "the results that are kept": lambda _: shutil.rmtree(next(default_folder().glob("outcomes-*"))),
    "a person's own settings": _settings,
    "a commit": _commit,
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_is_noticed(project: Project, built: list[object], what: str) -> None:
    build("--keep-going")
    CHANGES[what](project)
    build("--keep-going")
    assert len(built) == 2
    site = project.site()
    shutil.rmtree(project.folder / "site")
    shutil.rmtree(default_folder() / "sites")
    build("--keep-going")
    assert project.site() == site


@pytest.mark.parametrize("what", ["--strict", "--no-run", "--allow-stale", "--keep-going", "--jobs=1", "--verify"])
def test_what_is_asked_for_counts(project: Project, built: list[object], what: str) -> None:
    build()
    build(what)
    assert len(built) == 2, project.folder


def test_the_day_counts(project: Project, built: list[object], monkeypatch: pytest.MonkeyPatch) -> None:
    build()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    build()
    assert len(built) == 2, project.folder


def test_code_that_failed_runs_again(project: Project, built: list[object]) -> None:
    project.write("kb/pages/b.md", "- ```python\n  1 / 0\n  ```\n")
    assert build("--keep-going") == 1
    assert build("--keep-going") == 1
    assert len(built) == 2


def test_a_change_while_it_builds_is_not_taken_for_built(
    project: Project, built: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = building.publish_into

    def late(*given: object) -> object:
        made = real(*given)  # type: ignore[arg-type]
        project.write("kb/pages/b.md", "- other words\n")
        return made

    with monkeypatch.context() as patch:
        patch.setattr(building, "publish_into", late)
        build()
    build()
    assert len(built) == 2
    assert "other words" in (project.folder / "site/b/index.html").read_text("utf-8")


@pytest.mark.parametrize("what", ["a note", "an asset", "the site's settings", "a template"])
def test_what_changes_while_pages_are_written_is_in_the_next_build(
    project: Project, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    real = building.built_into

    def late(*given: object) -> object:
        made = real(*given)  # type: ignore[arg-type]
        CHANGES[what](project)
        return made

    with monkeypatch.context() as patch:
        patch.setattr(building, "built_into", late)
        build()
    before = project.site()
    build()
    after = project.site()
    shutil.rmtree(project.folder / "site")
    shutil.rmtree(default_folder() / "sites")
    build()
    assert project.site() == after
    assert before != after  # control


def test_what_is_kept_may_be_damaged(project: Project, built: list[object]) -> None:
    build()
    for path in (default_folder() / "checks").iterdir():
        path.write_bytes(path.read_bytes()[:-3] + b"xyz")
    assert build() == 0
    assert len(built) == 2, project.folder
