"""An incremental build of a site is byte for byte a clean one, and touches nothing else."""

from __future__ import annotations

import argparse
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jinja2 import Environment

from kbtool import cli
from kbtool.cache import default_folder
from kbtool.commands import build as command
from kbtool.commands import building
from tests.test_trace import TEXTS

FINE = 0.05
MKDOCS = """
site_name: Проба
site_url: https://example.org/sub/
docs_dir: kb
use_directory_urls: {folders}
theme: {{name: material, language: {language}}}
plugins: [search, kbtool]
nav: [pages/a.md, all.md]
"""
FILES = {
    "pages/a.md": "- words of a\n- ![x](../assets/x.svg)\n",
    "pages/b.md": "- links to [[a]]\n- ```python\n  x = 1\n  ```\n",
    "pages/b___c.md": "- {{embed [[b]]}}\n",
    "pages/d.md": "- {{query [[a]]}}\n",
    "assets/x.svg": "<svg xmlns='http://www.w3.org/2000/svg'/>",
}


class Base:
    """A base on disk, and its site."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "site"
        for path, text in FILES.items():
            self.write(f"kb/{path}", text)
        self.settings()

    def write(self, path: str, text: str) -> None:
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, "utf-8")

    def settings(self, folders: bool = True, language: str = "ru") -> None:
        self.write("mkdocs.yml", MKDOCS.format(folders=str(folders).lower(), language=language))
        time.sleep(FINE)  # what changes just when a build begins counts as changed meanwhile

    def build(self, *more: str) -> int:
        return cli.main(["build", "--keep-going", "--no-run", *more])

    def contents(self) -> dict[str, bytes]:
        return {p.relative_to(self.site).as_posix(): p.read_bytes() for p in self.site.rglob("*") if p.is_file()}

    def stamps(self) -> dict[str, tuple[int, int]]:
        found = {p.relative_to(self.site).as_posix(): p.stat() for p in self.site.rglob("*") if p.is_file()}
        return {path: (status.st_ino, status.st_mtime_ns) for path, status in found.items()}

    def written(self, *more: str) -> set[str]:
        """The files that a build writes or takes away."""
        before = self.stamps()
        self.build(*more)
        after = self.stamps()
        return {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Base(tmp_path / "project")
    monkeypatch.chdir(made.folder)
    return made


@pytest.fixture
def whole_builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders into which MkDocs built."""
    found: list[Path] = []
    real = building.built_into

    def counted(opened: object, compiled: object, folder: Path) -> object:
        found.append(folder)
        return real(opened, compiled, folder)  # type: ignore[arg-type]

    monkeypatch.setattr(building, "built_into", counted)
    return found


def test_nothing_changed_writes_nothing(base: Base, whole_builds: list[Path]) -> None:
    base.build()
    assert base.written() == set()
    assert len(whole_builds) == 1


def test_a_file_of_the_base_goes_with_the_last_mention_of_it(base: Base) -> None:
    base.write("kb/assets/x.pdf", "%PDF")
    base.write("kb/pages/b.md", "- [it](../assets/x.pdf)\n")
    base.build()
    assert (base.site / "media/x.pdf").is_file()
    base.write("kb/pages/b.md", "- words\n")
    assert base.build("--verify") == 0
    assert not (base.site / "media/x.pdf").exists()


def _spare() -> Path:
    return next((default_folder() / "sites").glob("*/spare-*"))


def _linked_elsewhere(spare: Path) -> None:
    shutil.rmtree(spare)
    spare.symlink_to(spare.parent)


def _another_file(spare: Path) -> None:
    (spare / "index.html").unlink()
    (spare / "index.html").write_text("x")


def _folder_for_file(spare: Path) -> None:
    (spare / "index.html").unlink()
    (spare / "index.html").mkdir()


def _file_for_folder(spare: Path) -> None:
    shutil.rmtree(spare / "n2")
    (spare / "n2").write_text("x")


def _more(spare: Path) -> None:
    (spare / "more/of/it").mkdir(parents=True)
    (spare / "more/index.html").write_text("x")
    (spare / "more.html").symlink_to("/etc/hostname")


DAMAGES: dict[str, Callable[[Path], object]] = {
    "none": lambda _: None,
    "gone": shutil.rmtree,
    "more": _more,
    "a file less": lambda spare: (spare / "index.html").rename(spare / "more.html"),
    "another file": _another_file,
    "a folder for a file": _folder_for_file,
    "a file for a folder": _file_for_folder,
    "a link itself": _linked_elsewhere,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_the_next_site_is_made_of_the_one_before_the_last(base: Base, whole_builds: list[Path], damage: str) -> None:
    for number in range(6):
        base.write(f"kb/pages/n{number}.md", f"- page {number}\n")
    base.build()
    base.write("kb/pages/n3.md", "- one\n")
    base.build()
    before = base.contents()
    DAMAGES[damage](_spare())
    base.write("kb/pages/n4.md", "- two\n")
    assert "n4/index.html" in base.written()
    assert len(whole_builds) == 1
    assert before["n4/index.html"] == (_spare() / "n4/index.html").read_bytes() != base.contents()["n4/index.html"]
    base.write("kb/pages/n3.md", "- three\n")
    assert base.build("--verify") == 0


def test_an_edit_writes_the_pages_that_it_changes(base: Base, whole_builds: list[Path]) -> None:
    base.build()
    base.write("kb/pages/b.md", "- links to [[a]] anew\n")
    pages = {path for path in base.written() if path.endswith(".html")}
    assert pages == {"index.html", "b/index.html", "b/c/index.html", "d/index.html"}
    assert "anew" in (base.site / "b/c/index.html").read_text("utf-8")
    assert base.build("--verify") == 0


def test_pages_in_shells_are_changed_without_the_theme(base: Base, whole_builds: list[Path]) -> None:
    for number in range(6):
        base.write(f"kb/pages/n{number}.md", f"- page {number}\n")
    base.build()
    base.write("kb/pages/n4.md", "- page 4 anew\n")
    assert {path for path in base.written() if path.endswith(".html")} == {"n4/index.html"}
    assert len(whole_builds) == 1
    assert base.build("--verify") == 0


CHANGES: dict[str, Callable[[Base], object]] = {
    "a new note": lambda base: base.write("kb/pages/new.md", "- [[a]]\n"),
    "a note that goes": lambda base: (base.folder / "kb/pages/d.md").unlink(),
    "another language": lambda base: base.settings(language="en"),
    "other addresses": lambda base: base.settings(folders=False),
    "another file": lambda base: base.write("kb/assets/x.svg", "<svg xmlns='http://www.w3.org/2000/svg'><g/></svg>"),
    "a setting of the graph": lambda base: base.write("kb/logseq/config.edn", '{:default-home {:page "b"}}'),
    "a file of the site that went": lambda base: (base.site / "b/index.html").unlink(),
    "a file of the site that was changed": lambda base: base.write("site/b/index.html", "x"),
    "a file that is not of the site": lambda base: base.write("site/mine.html", "x"),
    "a site that went": lambda base: shutil.rmtree(base.site),
    "no cache": lambda base: shutil.rmtree(base.folder.parent / "cache"),
    "a damaged cache": lambda base: [
        path.write_bytes(path.read_bytes()[:-3] + b"xxx")
        for path in (base.folder.parent / "cache").rglob("*")
        if path.is_file()
    ],
}


@pytest.mark.parametrize("name", CHANGES)
def test_after_any_change_the_site_is_a_clean_one(base: Base, name: str) -> None:
    base.build()
    CHANGES[name](base)
    assert base.build("--verify") == 0


def test_the_site_map_has_a_name_as_soon_as_it_has_a_page(base: Base, capsys: pytest.CaptureFixture[str]) -> None:
    base.write("kb/pages/d.md", "- [[zz]]\n")
    for is_written in (False, True, False):
        if is_written:
            base.write("kb/pages/zz.md", "- x\n")
        else:
            (base.folder / "kb/pages/zz.md").unlink(missing_ok=True)
        base.build("--verify")
        assert "verified: as a clean build" in capsys.readouterr().err
        assert ("/zz/</loc>" in (base.site / "sitemap.xml").read_text("utf-8")) == is_written
        assert (base.site / "zz/index.html").is_file()


def test_verify_says_what_is_not_as_a_clean_build(base: Base, capsys: pytest.CaptureFixture[str]) -> None:
    base.build()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(building, "publish_into", lambda *_: (base.site / "b/index.html").write_text("x"))
        assert base.build("--verify") == 1
    assert "site/b/index.html is not what a clean build gives" in capsys.readouterr().err


def test_a_failed_build_leaves_the_site_and_can_be_mended(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.build()
    before = base.contents()
    base.write("kb/pages/b.md", "- other\n")
    real = os.link
    with monkeypatch.context() as patch:

        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "link", full)
        patch.setattr(building, "built_into", full)
        with pytest.raises(OSError, match="space"):
            command.run(_options())
    assert os.link is real
    assert base.contents() == before
    assert base.build("--verify") == 0


def _options() -> argparse.Namespace:
    return cli.parser("build").parse_args(["build", "--keep-going", "--no-run"])


EDITS = st.tuples(st.sampled_from(("pages/a.md", "pages/b.md", "pages/d.md", "pages/e.md")), st.none() | TEXTS)


@settings(
    max_examples=5,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(st.lists(EDITS, min_size=1, max_size=3), min_size=1, max_size=3))
def test_after_any_edits_the_site_is_that_of_a_clean_build(
    base: Base, capsys: pytest.CaptureFixture[str], steps: list[list[tuple[str, str | None]]]
) -> None:
    for edits in steps:
        for path, text in edits:
            if text is None:
                (base.folder / "kb" / path).unlink(missing_ok=True)
            else:
                base.write(f"kb/{path}", text)
        base.build("--verify")
        assert "verified: as a clean build" in capsys.readouterr().err


def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """The names of templates that Jinja is made to compile from here on."""
    names: list[str | None] = []
    real = Environment.compile

    def counted(self: Environment, source: Any, name: str | None = None, *more: Any, **named: Any) -> Any:
        names.append(name)
        return real(self, source, name, *more, **named)

    monkeypatch.setattr(Environment, "compile", counted)
    return names


def test_templates_are_compiled_once(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    names = compiled(monkeypatch)
    base.build()
    assert "main.html" in names  # control
    names.clear()
    base.settings(language="en")
    assert base.build("--verify") == 0
    assert "main.html" not in names
    block = '{% block site_meta %}{{ super() }}<meta name="x">{% endblock %}'
    base.write("theme/main.html", '{% extends "base.html" %}' + block)
    own = MKDOCS.replace("language:", "custom_dir: theme, language:")
    base.write("mkdocs.yml", own.format(folders="true", language="en"))
    base.build("--allow", "mkdocs")
    assert b'<meta name="x">' in (base.site / "index.html").read_bytes()


def test_a_damaged_template_is_compiled_again(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.build()
    kept = [one for one in (default_folder() / "sites" / "templates").iterdir() if one.is_file()]
    for at, one in enumerate(kept):
        data = one.read_bytes()
        one.write_bytes(data[: len(data) // 2] if at % 2 else data[:-200] + bytes(200))
    names = compiled(monkeypatch)
    base.settings(language="en")
    assert base.build("--verify") == 0
    assert "main.html" in names
