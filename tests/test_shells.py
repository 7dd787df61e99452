"""Pages filled into shells are byte for byte what the theme's templates give, whatever the theme shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kbtool import shells
from kbtool.mkdocs_plugin import build
from kbtool.render.site import SiteInput
from kbtool.values import Heading, Page, Slug, shut

THEMES = {
    "plain": "theme: {name: material, language: ru}",
    "all in the bar": "theme: {name: material, features: [navigation.tabs, navigation.path, navigation.footer]}",
    "edit": "theme: {name: material, features: [content.action.edit, content.action.view]}\n"
    "repo_url: https://example.org/edit/repo\nedit_uri: edit/main/",
    "contents in the navigation": "theme: {name: material, features: [toc.integrate, navigation.sections]}",
    "files": "theme: {name: material}\nuse_directory_urls: false",
    "site_url": "theme: {name: material}\nsite_url: https://example.org/sub/",
    "feedback": "theme: {name: material}\nextra: {analytics: {provider: google, property: X, feedback: {title: T, "
    "ratings: [{icon: material/close, name: N, data: 1, note: '{url} {title}'}]}}}",
    "meta": "theme: {name: material, custom_dir: theme}\nhooks: [hook.py]",
}
OVERRIDE = """{% extends "base.html" %}{% block content %}{{ super() }}
{% if page.meta.foo %}<p>{{ page.meta.foo }} {{ page.title | e }}</p>{% endif %}{% endblock %}
"""
HOOK = """
def on_page_markdown(markdown, page, config, files):
    page.meta["foo"] = len(page.file.src_uri) % 3
    if page.file.src_uri.endswith("7.md"):
        page.meta["hide"] = ["toc", "navigation"]
"""
NAV = "nav: [index.md, {Раздел: [all.md, pages/5.md]}]"


def site() -> SiteInput:
    pages = []
    for number in range(40):
        folder = ("", "ns/", "ns/deep/", "assets/")[number % 4]
        below = tuple(Heading(f"<b>H</b> & {n}", f"h{n}", 2 + n % 3) for n in range(number % 5))
        title = f"Note {number} <i>&amp;</i> 'edit' \"blob\""
        pages.append(
            Page(
                Slug(f"{folder}n{number}"),
                title,
                shut(f"<p>{number}</p>" + "<h1>T</h1>" * (number % 3 > 0)),
                (Heading(f"T &amp; <em>{number}</em>", f"t{number}", 1), *below),
                f"pages/{number}.md" if number % 7 else "",
                (),
            )
        )
    # Pages above others: links on them are like those of no other page.
    pages += [
        Page(Slug(name), name, shut("x"), (Heading(name, "t", 1),), "", ()) for name in ("ns", "ns/deep", "assets")
    ]
    pages += [
        Page(Slug("index"), "Home", shut("<h1>x</h1>"), (), "", ()),
        Page(Slug("all"), "All", shut("<h1>x</h1>"), (), "", ()),
    ]
    return SiteInput(tuple(pages), ())


class Project:
    """A project, built with shells and without."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "kb").mkdir()
        (folder / "theme").mkdir()

    def build(self, settings: str, out: str, filling: bool = True) -> dict[str, bytes]:
        text = f"site_name: S\ndocs_dir: kb\nplugins: [search, kbtool]\n{NAV}\n{settings}\n"
        (self.folder / "mkdocs.yml").write_text(text, "utf-8")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SOURCE_DATE_EPOCH", "1700000000")
            if not filling:
                patch.setattr(shells.Shells, "render", lambda self, context: self._template.render(context))
            self.warnings = build(self.folder / "mkdocs.yml", self.folder / out, lambda _look: site()).warnings
        return contents(self.folder / out)


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def filled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses of the pages that were filled into shells."""
    found: list[str] = []
    fill = shells.Shell.fill

    def counted(self: shells.Shell, page: Any) -> str:
        found.append(page.url)
        return fill(self, page)

    monkeypatch.setattr(shells.Shell, "fill", counted)
    return found


@pytest.mark.parametrize("name", THEMES)
def test_pages_are_those_of_the_theme(project: Project, filled: list[str], name: str) -> None:
    (project.folder / "theme/main.html").write_text(OVERRIDE, "utf-8")
    (project.folder / "hook.py").write_text(HOOK, "utf-8")
    expected = project.build(THEMES[name], "jinja", filling=False)
    found = project.build(THEMES[name], "shells")
    assert {path for path in expected if found.get(path) != expected[path]} == set()
    assert expected.keys() == found.keys()
    assert project.warnings == []
    assert len(filled) > 20, "few pages went through shells"


def page_of(name: str) -> Page:
    return Page(Slug(name), name, shut("x"), (Heading(name, "t", 1),), "", ())


def many_folders() -> SiteInput:
    pages = [page_of(f"folder{number % 20}/n{number}") for number in range(40)]
    return SiteInput((*pages, *map(page_of, ("index", "all", "pages/5"))), ())


def test_folders_of_one_depth_share_shells(
    project: Project, filled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "site", many_folders)
    settings = "theme: {name: material}"
    expected = project.build(settings, "jinja", filling=False)
    assert project.build(settings, "shells") == expected
    assert len({url.partition("/")[0] for url in filled}) == 20


@pytest.mark.parametrize("address", ["folder7/n7/", "./folder7/", "folder7"])
def test_a_folder_in_which_the_theme_names_something_has_shells_of_its_own(
    project: Project, filled: list[str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setitem(globals(), "site", many_folders)
    text = (
        f'{{% extends "base.html" %}}{{% block content %}}<a href="{{{{ "{address}" | url }}}}">x</a>{{% endblock %}}'
    )
    (project.folder / "theme/main.html").write_text(text, "utf-8")
    settings = "theme: {name: material, custom_dir: theme}"
    expected = project.build(settings, "jinja", filling=False)
    found = project.build(settings, "shells")
    assert {path for path in expected if found.get(path) != expected[path]} == set()
    assert project.warnings == []
    assert len(filled) > 30


SHOWS = {
    "an unknown attribute": "{{ page.file.src_uri }}",
    "a text that is cut": "{{ page.title[:6] }}",
    "a text that is compared": "{% if page.title == 'x' %}x{% endif %}",
    "a text in capitals": "{{ page.title | upper }}",
    "its length": "{{ page.content | length }}",
    "entries by number": "{% for top in page.toc %}{% for one in top.children %}{{ loop.index }}{{ one.title }}"
    "{% endfor %}{% endfor %}",
}


@pytest.mark.parametrize("name", SHOWS)
def test_what_marks_cannot_give_is_left_to_the_theme(project: Project, filled: list[str], name: str) -> None:
    text = '{% extends "base.html" %}{% block content %}{{ super() }}' + SHOWS[name] + "{% endblock %}"
    (project.folder / "theme/main.html").write_text(text, "utf-8")
    settings = "theme: {name: material, custom_dir: theme}"
    expected = project.build(settings, "jinja", filling=False)
    assert project.build(settings, "shells") == expected
    assert (filled, project.warnings) == ([], [])


def test_a_page_that_differs_from_its_shell_is_told_and_left_to_the_theme(project: Project, filled: list[str]) -> None:
    text = '{% extends "base.html" %}{% block content %}{{ super() }}{{ cycle and cycle() }}{% endblock %}'
    (project.folder / "theme/main.html").write_text(text, "utf-8")
    hook = "import itertools\ndef on_env(env, config, files):\n    env.globals['cycle'] = itertools.count().__next__\n"
    (project.folder / "hook.py").write_text(hook, "utf-8")
    project.build("theme: {name: material, custom_dir: theme}\nhooks: [hook.py]", "shells")
    assert [warning for warning in project.warnings if "built slowly" in warning]
    assert filled != []
    filled.clear()
    project.build("theme: {name: material, custom_dir: theme}", "shells")
    assert (len(filled) > 20, project.warnings) == (True, []), "the control"


def test_another_plugins_variable_leaves_its_pages_to_the_theme(project: Project, filled: list[str]) -> None:
    hook = "def on_page_context(context, page, config, nav):\n    return {**context, 'mine': page.url}\n"
    (project.folder / "hook.py").write_text(hook, "utf-8")
    project.build("theme: {name: material}\nhooks: [hook.py]", "shells")
    assert filled == []


def test_a_title_is_text(project: Project) -> None:
    found = project.build("theme: {name: material}", "shells")
    assert b"Note 1 <i>" not in found["ns/n1/index.html"]
    assert b"Note 1 &lt;i&gt;" in found["ns/n1/index.html"]
