"""The MkDocs plugin: MkDocs is the shell around finished pages and never sees a note."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kbtool.config import KbError
from kbtool.mkdocs_plugin import build
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.values import File, Heading, Page, Slug, shut

SETTINGS = """
site_name: Проба
docs_dir: kb
theme: {{name: material, language: {language}}}
plugins: [search, {plugin}]
{more}
"""
HOME = Page(
    Slug("index"),
    "Дом",
    shut("<h1 id='дом'>Дом</h1><p>тело дома</p>"),
    (Heading("Дом", "дом", 1), Heading("<em>Раз</em>", "раз", 2), Heading("Два", "два", 3), Heading("Три", "три", 2)),
    "pages/Дом.md",
    (),
    (File("media/figures/f.svg", "<svg/>"),),
)
OTHER = Page(Slug("о/другом"), "О другом", shut("<h1>О другом</h1>"), (), "pages/О другом.md", ("метка",))
ALL = Page(Slug("all"), "Все", shut("<h1>Все</h1>"), (), "", ())


class Base:
    """A project folder, and what its site was made from."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = SiteInput((HOME, OTHER, ALL), ())
        self.looks: list[Look] = []
        for path in ("pages/Дом.md", "pages/О другом.md", "logseq/config.edn", "assets/a.png", "assets/unused.png"):
            (folder / "kb" / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / "kb" / path).write_text("- сырой [[текст]]\n", "utf-8")
        self.settings()

    def settings(self, more: str = "", plugin: str = "kbtool", language: str = "ru") -> None:
        text = SETTINGS.format(more=more, plugin=plugin, language=language)
        (self.folder / "mkdocs.yml").write_text(text, "utf-8")

    def compiled(self, look: Look) -> SiteInput:
        self.looks.append(look)
        return self.site

    def build(self) -> list[str]:
        return build(self.folder / "mkdocs.yml", self.folder / "out", self.compiled).warnings

    def file(self, name: str) -> str:
        return (self.folder / "out" / name).read_text("utf-8")

    def files(self) -> list[str]:
        out = self.folder / "out"
        return sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file())


@pytest.fixture
def base(tmp_path: Path) -> Base:
    return Base(tmp_path)


def test_pages_are_what_they_were_given(base: Base) -> None:
    assert base.build() == []
    assert "<p>тело дома</p>" in base.file("index.html")
    assert "<title>О другом - Проба</title>" in base.file("о/другом/index.html")


def test_no_note_and_no_other_file_of_the_base_is_published(base: Base) -> None:
    base.build()
    assert [f for f in base.files() if f.endswith((".md", ".edn")) or "unused" in f or f.startswith("pages")] == []
    assert [f for f in base.files() if "сырой" in (base.folder / "out" / f).read_text("utf-8", "replace")] == []


def test_without_directories_pages_are_files(base: Base) -> None:
    base.settings("use_directory_urls: false")
    base.build()
    assert {"index.html", "о/другом.html", "all.html"} <= set(base.files())
    assert base.looks == [Look("ru", False, "", title="Проба")]


@pytest.mark.parametrize(("language", "expected"), [("ru", "ru"), ("en", "en"), ("de", "en")])
def test_the_site_speaks_the_language_of_the_theme(base: Base, language: str, expected: str) -> None:
    base.settings(language=language)
    base.build()
    assert base.looks[0].language == expected


def test_headings_are_nested_in_the_contents(base: Base) -> None:
    base.build()
    html = base.file("index.html")
    contents = html.partition('data-md-component="toc"')[2]
    assert (
        contents.index("#раз") < contents.index('<nav class="md-nav"') < contents.index("#два") < contents.index("#три")
    )
    assert "<em>Раз</em>" in contents


def test_addresses_of_a_site_with_letters_beyond_ascii_are_escaped(base: Base) -> None:
    base.settings("site_url: https://пример.рф/мои заметки%21/")
    base.build()
    found = re.findall("<loc>(.*?)</loc>", base.file("sitemap.xml"))
    root = "https://xn--e1afmkfd.xn--p1ai/%D0%BC%D0%BE%D0%B8%20%D0%B7%D0%B0%D0%BC%D0%B5%D1%82%D0%BA%D0%B8%21/"
    assert root in found
    assert [one for one in found if not (one.isascii() and one.startswith(root))] == []
    assert base.looks[-1].url == root


def test_the_navigation_names_notes_by_their_paths(base: Base) -> None:
    base.settings("nav:\n  - Начало: pages/Дом.md\n  - Раздел: [pages/О другом.md, all.md]")
    assert base.build() == []
    html = base.file("all/index.html")
    assert 'href=".."' in html
    assert 'href="../%D0%BE/%D0%B4%D1%80%D1%83%D0%B3%D0%BE%D0%BC/"' in html
    assert base.looks[0].home == "pages/Дом.md"


def test_a_path_in_the_navigation_that_is_no_note_is_said(base: Base) -> None:
    base.settings("nav: [pages/Дом.md, pages/Нет.md]")
    assert [warning for warning in base.build() if "pages/Нет.md" in warning]


def test_pages_outside_the_navigation_are_no_warning(base: Base) -> None:
    base.settings("nav: [pages/Дом.md]\nstrict: true")
    assert base.build() == []


def test_assets_figures_style_and_font_are_published(base: Base) -> None:
    base.site = SiteInput((HOME, ALL), ("assets/a.png",))
    base.build()
    expected = {"media/a.png", "media/figures/f.svg", "assets/kb/kb.css", "assets/kb/math.woff"}
    assert expected - set(base.files()) == set()
    assert 'href="assets/kb/kb.css"' in base.file("index.html")
    assert (base.folder / "out/assets/kb/math.woff").read_bytes()[:4] == b"wOFF"


def test_a_link_out_of_the_base_is_not_followed(base: Base, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_text("secret")
    (base.folder / "kb/assets/leak.png").symlink_to(tmp_path / "secret.png")
    (base.folder / "kb/out").symlink_to(tmp_path)
    (base.folder / "kb/assets/inside.png").symlink_to(base.folder / "kb/assets/a.png")
    paths = ("assets/leak.png", "out/secret.png", "../secret.png", "assets/inside.png", "assets")
    base.site = SiteInput((HOME, ALL), paths)
    base.build()
    assert [name for name in base.files() if name.startswith("media/") and "figures" not in name] == [
        "media/inside.png"
    ]


def test_an_asset_cannot_replace_a_script_of_the_theme(base: Base) -> None:
    base.build()
    script = next(name for name in base.files() if "javascripts/bundle" in name and name.endswith(".js"))
    (base.folder / "kb" / script).parent.mkdir(parents=True, exist_ok=True)
    (base.folder / "kb" / script).write_text("alert(1)")
    base.site = SiteInput((HOME, ALL), (script,))
    base.build()
    assert base.file(script) != "alert(1)"


def test_a_drawing_of_the_base_is_cleaned(base: Base) -> None:
    (base.folder / "kb/assets/x.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg"><script>1</script><path/></svg>'
    )
    base.site = SiteInput((HOME, ALL), ("assets/x.svg",))
    base.build()
    assert ("<path" in base.file("media/x.svg"), "script" in base.file("media/x.svg")) == (True, False)


def test_files_that_mkdocs_yml_names_are_published(base: Base) -> None:
    (base.folder / "kb/own.css").write_text("a{}")
    base.settings("extra_css: [own.css]")
    base.build()
    assert base.file("own.css") == "a{}"
    assert base.file("index.html").index("kb.css") < base.file("index.html").index("own.css")


def test_no_other_host_is_asked(base: Base) -> None:
    base.build()
    assert [name for name in base.files() if name.endswith(".html") and "fonts.g" in base.file(name)] == []


def test_a_page_that_is_not_there_has_our_words(base: Base) -> None:
    base.build()
    assert "Такой страницы нет" in base.file("404.html")
    assert 'href="/all/"' in base.file("404.html")


def test_the_box_asks_our_search_and_not_the_themes(base: Base) -> None:
    base.build()
    assert '"search": "../../assets/kb/search.js"' in base.file("о/другом/index.html")
    assert "const FOLDERS = true" in base.file("assets/kb/search.js")
    assert '"docs":[]' in base.file("search/search_index.json")


def test_from_disk_search_reads_a_script(base: Base) -> None:
    base.build()
    assert "search/search_index.js" not in base.files()
    assert "disk.js" not in base.file("index.html")
    base.settings("use_directory_urls: false")
    base.build()
    assert "const FOLDERS = false" in base.file("assets/kb/search.js")
    assert base.file("search/search_index.js") == "var __index = " + base.file("search/search_index.json")
    assert '<script src="assets/kb/disk.js"></script>' in base.file("index.html")


def test_an_unknown_option_is_refused_with_a_suggestion(base: Base) -> None:
    base.settings(plugin="{kbtool: {timeot: 5}}")
    with pytest.raises(KbError, match=r"timeot.*did you mean `timeout`"):
        base.build()


def test_a_configuration_without_the_plugin_is_refused(base: Base) -> None:
    base.settings(plugin="{search: {}}")
    with pytest.raises(KbError, match="kbtool is not among its plugins"):
        base.build()


def test_a_broken_configuration_is_a_clear_message(base: Base) -> None:
    base.settings("nav: 5")
    with pytest.raises(KbError, match="MkDocs could not build the site"):
        base.build()


def test_two_builds_are_equal(base: Base) -> None:
    base.build()
    out = base.folder / "out"
    first = {name: (out / name).read_bytes() for name in base.files() if not name.endswith(".gz")}
    base.build()
    assert {name: (out / name).read_bytes() for name in base.files() if not name.endswith(".gz")} == first
