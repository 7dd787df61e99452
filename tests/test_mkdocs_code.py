"""What `mkdocs.yml` would have MkDocs run is refused before MkDocs reads it, and runs where a person grants that."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kbtool.config import read_mkdocs
from tests.conftest import Run
from tests.test_canary import environment

THEME = "theme: {name: material, font: false}\n"
PLUGINS = "plugins: [kbtool]\n"
SETTINGS = "site_name: a\ndocs_dir: kb\n"
PYTHON = "import pathlib; pathlib.Path('MARK').touch()\n"
JINJA = "{{ cycler.__init__.__globals__.os.popen('touch MARK').read() }}"
APPLY = "!!python/object/apply:os.system ['touch MARK']"
# By name: the settings beside SETTINGS, and other files.
CODE: dict[str, tuple[str, dict[str, str]]] = {
    "hooks": (f"{THEME}{PLUGINS}hooks: [hook.py]\n", {"hook.py": PYTHON}),
    "templates": ("theme: {name: material, font: false, custom_dir: own}\n" + PLUGINS, {"own/main.html": JINJA}),
    "extra templates": (f"{THEME}{PLUGINS}extra_templates: [x.html]\nextra_css: [x.html]\n", {"kb/x.html": JINJA}),
    "tag": (f"{THEME}{PLUGINS}extra: {{a: {APPLY}}}\n", {}),
    "tag as a key": (f"{THEME}{PLUGINS}extra:\n  ? {APPLY}\n  : 1\n", {}),
    "merged": (f"x: &x {{custom_dir: own}}\n{PLUGINS}theme: {{name: material, <<: *x}}\n", {"own/main.html": JINJA}),
    "inherited": (f"{THEME}{PLUGINS}INHERIT: more/base.yml\n", {"more/base.yml": f"extra: {APPLY}\n"}),
    "a key from the environment": (f"{THEME}{PLUGINS}!ENV [NO_SUCH, hooks]: [hook.py]\n", {"hook.py": PYTHON}),
    "a Markdown extension": (
        f"{THEME}{PLUGINS}markdown_extensions: [toc, 'subprocess:Popen': {{args: [touch, MARK]}}]\n",
        {},
    ),
    "a Markdown extension among keys": (
        f"{THEME}{PLUGINS}markdown_extensions: {{'runpy:run_path': {{path_name: x.py}}}}\n",
        {"x.py": PYTHON},
    ),
    "Markdown extensions from the environment": (
        f"{THEME}{PLUGINS}markdown_extensions: !ENV [NO_SUCH, ['subprocess:Popen': {{args: [touch, MARK]}}]]\n",
        {},
    ),
    "a key in disguise": (f"{THEME}{PLUGINS}? !!str {{=: hooks}}\n: [hook.py]\n", {"hook.py": PYTHON}),
    "a disguised key of the theme": (
        f"{PLUGINS}theme: {{name: material, ? !!str {{=: custom_dir}} : own}}\n",
        {"own/main.html": JINJA},
    ),
    "a disguised file that is inherited": (
        f"{THEME}{PLUGINS}INHERIT: !!str {{=: more.yml}}\n",
        {"more.yml": f"extra: {APPLY}\n"},
    ),
    "a theme from the environment": (
        PLUGINS + "theme: !ENV [NO_SUCH, {name: material, custom_dir: own}]\n",
        {"own/main.html": JINJA},
    ),
}
UNSPRUNG = {"a theme from the environment", "extra templates", "Markdown extensions from the environment"}
"""Refused, though MkDocs as it is now makes nothing of them."""


# As Material's manual has them.
HARMLESS = """
theme: {name: material, font: false, features: [navigation.top]}
plugins:
  search: {lang: en}
  material/tags: {}
  kbtool:
markdown_extensions:
  - toc: {slugify: !!python/object/apply:pymdownx.slugs.slugify {kwds: {case: lower}}}
  - tables
  - markdown.extensions.admonition
  - pymdownx.blocks.admonition
  - pymdownx.emoji:
      emoji_index: !!python/name:material.extensions.emoji.twemoji
      emoji_generator: !!python/name:material.extensions.emoji.to_svg
  - pymdownx.superfences:
      custom_fences: [{name: mermaid, class: mermaid, format: !!python/name:pymdownx.superfences.fence_code_format }]
  - pymdownx.snippets:
      base_path: !relative
hooks: []
extra: {version: !ENV [VERSION, 1], binary: !!binary aGk=}
"""


def written(folder: Path, settings: str, files: dict[str, str]) -> Path:
    """A base whose code would make the file `mark` beside it."""
    for path, text in ({"mkdocs.yml": SETTINGS + settings, "kb/pages/Start.md": "- x [[Start]]\n"} | files).items():
        (folder / "base" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "base" / path).write_text(text.replace("MARK", str(folder / "mark")), "utf-8")
    return folder / "base"


@pytest.fixture
def own(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "XDG_CONFIG_HOME": str(tmp_path / "config")}


@pytest.mark.parametrize("name", CODE)
def test_build_refuses_it(kbtool: Run, tmp_path: Path, own: dict[str, str], name: str) -> None:
    base = written(tmp_path, *CODE[name])
    done = kbtool("build", "--no-run", cwd=base, **own)
    assert done.returncode == 2
    assert "MkDocs would run code with all your rights: " in done.stderr
    assert "--allow mkdocs" in done.stderr
    assert not (tmp_path / "mark").exists()
    assert not (base / "site").exists()


@pytest.mark.parametrize("name", [name for name in CODE if name not in UNSPRUNG])
def test_control_it_runs_where_it_is_granted(kbtool: Run, tmp_path: Path, own: dict[str, str], name: str) -> None:
    kbtool("build", "--no-run", "--allow", "mkdocs", cwd=written(tmp_path, *CODE[name]), **own)
    assert (tmp_path / "mark").exists()


def test_a_person_s_own_settings_grant_it_for_good(kbtool: Run, tmp_path: Path, own: dict[str, str]) -> None:
    (tmp_path / "config/kbtool").mkdir(parents=True)
    (tmp_path / "config/kbtool/kbtool.yml").write_text("allow: [mkdocs]\n", "utf-8")
    done = kbtool("build", "--no-run", cwd=written(tmp_path, *CODE["hooks"]), **own)
    assert (done.returncode, (tmp_path / "mark").exists()) == (0, True), done.stderr


def test_serve_refuses_it_in_an_edit(tmp_path: Path, own: dict[str, str]) -> None:
    base = written(tmp_path, THEME + PLUGINS, {"hook.py": PYTHON.replace("MARK", str(tmp_path / "mark"))})
    command = [sys.executable, "-m", "kbtool", "serve", "--port", "0"]
    with subprocess.Popen(command, cwd=base, env=environment(**own), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        heard = iter(process.stderr.readline, "")
        assert any("serving" in line for line in heard)
        (base / "mkdocs.yml").write_text(SETTINGS + CODE["hooks"][0], "utf-8")
        assert any("MkDocs would run code" in line for line in heard)
        process.kill()
    assert not (tmp_path / "mark").exists()


def test_it_is_told_where_each_stands() -> None:
    found = read_mkdocs(f"{SETTINGS}hooks: [a.py]\nplugins:\n  - macros: {{}}\n  - kbtool\n  - !ENV X\n").code
    assert found == (
        (3, 8, "`hooks`: programs"),
        (5, 5, "the plugin `macros`"),
        (7, 5, "a plugin that is not written out"),
    )


def test_what_calls_nothing_of_the_base_needs_no_grant() -> None:
    assert read_mkdocs(SETTINGS + HARMLESS).code == ()


def test_inheriting_in_a_circle_is_an_error(kbtool: Run, tmp_path: Path, own: dict[str, str]) -> None:
    done = kbtool("build", "--no-run", cwd=written(tmp_path, f"{THEME}{PLUGINS}INHERIT: mkdocs.yml\n", {}), **own)
    assert (done.returncode, "`INHERIT` leads on and on" in done.stderr) == (2, True)
