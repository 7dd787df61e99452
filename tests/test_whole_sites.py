"""Sites of real bases, crawled: every address leads somewhere, ids are unique, HTML is valid."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import Run
from tests.crawling import crawl, dead, faults, repeated

MATERIAL = "theme: {name: material, font: false}\nplugins: [search, kbtool]\n"


def test_the_projects_own_site_is_whole(own_site: Path) -> None:
    pages = crawl(own_site)
    assert list(dead(own_site, pages)) == []
    assert repeated(pages) == []
    assert {path.name: found for path in pages if (found := faults(path.read_text("utf-8")))} == {}


@pytest.mark.parametrize("name", ["arc42", "hex", "logseq-docs", "soul", "tu-bs"])
def test_public_graphs_make_whole_sites(kbtool: Run, corpora: Path, tmp_path: Path, name: str) -> None:
    shutil.copytree(corpora / name, tmp_path / "kb")
    (tmp_path / "mkdocs.yml").write_text(f"site_name: {name}\ndocs_dir: kb\n{MATERIAL}", "utf-8")
    done = kbtool("build", "--no-run", "--keep-going", cwd=tmp_path)
    assert (done.returncode in (0, 1), "Traceback" in done.stderr) == (True, False), done.stderr
    pages = crawl(tmp_path / "site")
    assert list(dead(tmp_path / "site", pages)) == []
    assert repeated(pages) == []
    for path in sorted(pages)[::10]:
        assert faults(path.read_text("utf-8")) == [], path
