"""The built site as files: every link and anchor leads somewhere, ids are unique, nothing private is published."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests import demo
from tests.conftest import Run
from tests.crawling import crawl, dead, dead_in_styles, faults, repeated

VARIANTS = {
    "root": {"url": "http://127.0.0.1/", "folders": True},
    "sub-path": {"url": "https://example.org/notes/deep/", "folders": True},
    "from disk": {"url": "", "folders": False},
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory, kbtool: Run, cache: str) -> dict[str, Path]:
    """The demo base, built in each variant."""
    found = {}
    for name, options in VARIANTS.items():
        base = demo.make(tmp_path_factory.mktemp("base"), **options)  # type: ignore[arg-type]
        done = kbtool("build", cwd=base, XDG_CACHE_HOME=cache)
        assert done.returncode == 0, done.stdout + done.stderr
        found[name] = base
    return found


@pytest.mark.parametrize("variant", VARIANTS)
def test_every_address_leads_somewhere(sites: dict[str, Path], variant: str) -> None:
    site = sites[variant] / "site"
    root = urlsplit(str(VARIANTS[variant]["url"])).path or "/"
    assert list(dead(site, crawl(site), root)) == []


@pytest.mark.parametrize("variant", VARIANTS)
def test_html_is_valid_and_ids_are_unique(sites: dict[str, Path], variant: str) -> None:
    pages = crawl(sites[variant] / "site")
    assert repeated(pages) == []
    assert {path.name: found for path in pages if (found := faults(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize("variant", VARIANTS)
def test_styles_and_the_site_map_name_what_is_there(sites: dict[str, Path], variant: str) -> None:
    site, url = sites[variant] / "site", str(VARIANTS[variant]["url"])
    assert list(dead_in_styles(site)) == []
    named = re.findall("<loc>(.*?)</loc>", (site / "sitemap.xml").read_text("utf-8"))
    paths = [unquote(one.removeprefix(url)) for one in named]
    assert [one for one in paths if url and not (site / one / "index.html").is_file()] == []
    assert bool(paths) == bool(url)
    if url:
        passed_over = [one for one in crawl(site) if '<meta name="robots" content="noindex">' in one.read_text("utf-8")]
        assert passed_over
        assert not {one.relative_to(site).parent.as_posix() for one in passed_over} & {one.strip("/") for one in paths}


def test_what_is_wrong_with_a_site_is_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        '<!doctype html><title>a</title><a href="b.html">x</a><a href="#no" id=i>y</a><a href="/up/c.html" id=i>z</a>'
        '<img src="https://example.org/x.png" alt=""><img srcset="d.png 1x, e.png 2x" alt=""><p></b>'
    )
    (tmp_path / "a.css").write_text("p { background: url('f.png') }")
    pages = crawl(tmp_path)
    assert [found.address for found in dead(tmp_path, pages, "/down/")] == [
        *("b.html", "#no", "/up/c.html", "https://example.org/x.png", "d.png", "e.png")
    ]
    assert repeated(pages) == [("a.html", "i")]
    assert len(faults((tmp_path / "a.html").read_text())) == 1
    assert list(dead_in_styles(tmp_path)) == [("a.css", "f.png")]


def test_only_what_notes_name_is_published(sites: dict[str, Path]) -> None:
    files = [path.relative_to(sites["root"] / "site").as_posix() for path in (sites["root"] / "site").rglob("*")]
    assert any(path.endswith("рисунок один.png") for path in files)
    assert not [path for path in files if "не названа" in path or path.endswith((".md", ".edn"))]


def test_page_shows_code_outputs_links_and_backlinks(sites: dict[str, Path]) -> None:
    page = (sites["root"] / "site/понятие/index.html").read_text("utf-8")
    for expected in ("вывод клетки", "в поток ошибок", ">42<", "ZeroDivisionError", "<mfrac>", "Ссылки", "2026-01-02"):
        assert expected in page
    # The quoting block stands under the page that it comes from.
    assert "с подписью" in page


def test_mkdocs_alone_gives_the_same_site(sites: dict[str, Path], cache: str, tmp_path: Path) -> None:
    base = sites["root"]
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")]
    env = {"XDG_CACHE_HOME": cache, "PATH": "", "NO_MKDOCS_2_WARNING": "1", "PYTHONUTF8": "1"}
    env["PYTHONPATH"] = str(Path(__file__).parents[1])
    subprocess.run(command, cwd=base, env=env, check=True)

    def files(site: Path) -> dict[str, bytes]:
        kept = (path for path in site.rglob("*") if path.is_file() and path.suffix != ".gz")
        return {path.relative_to(site).as_posix(): path.read_bytes() for path in kept}

    ours = files(base / "site")
    ours.pop(".kbtool-site")
    assert files(tmp_path / "site") == ours


def test_mkdocs_alone_runs_nothing(kbtool: Run, tmp_path: Path) -> None:
    base = demo.make(tmp_path / "base")
    env = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    script = "import sys; from mkdocs.__main__ import cli; sys.argv = ['mkdocs', 'build', '-q']; cli()"
    environment = {**env, "PATH": "", "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(Path(__file__).parents[1])}
    subprocess.run([sys.executable, "-c", script], cwd=base, env=environment, check=True)
    page = (base / "site/понятие/index.html").read_text("utf-8")
    assert "вывод клетки" in page  # in the code
    assert "<pre" in page
    assert ">42<" not in page
    # Control: with kbtool it runs, and the result is there.
    assert kbtool("build", cwd=base, **env).returncode == 0
    assert ">42<" in (base / "site/понятие/index.html").read_text("utf-8")


def test_a_killed_build_leaves_the_old_site_whole(kbtool: Run, cache: str, tmp_path: Path) -> None:
    base = demo.make(tmp_path / "base")
    assert kbtool("build", cwd=base, XDG_CACHE_HOME=cache).returncode == 0

    def files() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in sorted((base / "site").rglob("*")) if path.is_file()}

    before = files()
    (base / "kb/pages/новая.md").write_text("- [[Начало]]\n", "utf-8")
    environment = os.environ | {"XDG_CACHE_HOME": cache, "PYTHONPATH": str(Path(__file__).parents[1])}
    with subprocess.Popen([sys.executable, "-m", "kbtool", "build"], cwd=base, env=environment) as process:
        while not list(base.glob("site.new-*")) and process.poll() is None:
            time.sleep(0.005)
        process.kill()
    assert process.returncode == -signal.SIGKILL
    assert list(base.glob("site.new-*"))
    assert files() == before
    # The next build takes away what the killed one left, and has the new note.
    assert kbtool("build", cwd=base, XDG_CACHE_HOME=cache).returncode == 0
    assert sorted(path.name for path in base.iterdir()) == ["kb", "mkdocs.yml", "site"]
    assert (base / "site/новая/index.html").is_file()
