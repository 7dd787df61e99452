"""A built site holds nothing of what is not published: neither words nor names, in no file of any kind."""

from __future__ import annotations

import gzip
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.conftest import Run
from tests.rendering import Html, rendered

SETTINGS = """site_name: a
site_url: https://example.org/
docs_dir: kb
theme: {name: material, language: en, font: false}
plugins: [search, kbtool]
"""
UUID = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"
# Each word stands in one place of a private page, or names one.
WORDS = (
    *("Zugvogel", "Quastenflosser", "Kirschkern", "Morgentau", "Silberdistel", "Ackerwinde", "Regenbogen", "Holunder"),
    *("Wacholder", "Eisvogel", "Sandkorn", "Bernstein", "Herbstlaub", "Mondschein", "Windrose"),
)
PRIVATE = f"""title:: Zugvogel
public:: false
alias:: Quastenflosser
tags:: Kirschkern

- Morgentau about the open page [[Open]], #Silberdistel, [[Ackerwinde/Inner]]
  id:: {UUID}
  Regenbogen:: Holunder
- ## Wacholder
- ```python export
  def Eisvogel(): print("Sandkorn")
  ```
- ![Bernstein](../assets/Herbstlaub.png)
- TODO Mondschein
  SCHEDULED: <2026-01-05 Mon>
"""
OPEN = f"""- words, and [a label](({UUID})), {{{{embed (({UUID}))}}}}
- {{{{query (task todo)}}}} {{{{query (not [[Nothing]])}}}}
- {{{{namespace Ackerwinde}}}}
"""


def site(kbtool: Run, folder: Path, public: str) -> Path:
    notes = {"pages/Open.md": OPEN, "pages/mine.md": PRIVATE, "pages/Ackerwinde___Windrose.md": "public:: false\n\n- x"}
    for path, text in notes.items():
        (folder / "kb" / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "kb" / path).write_text(text.replace("public:: false", f"public:: {public}"), "utf-8")
    (folder / "kb/assets").mkdir()
    (folder / "kb/assets/Herbstlaub.png").write_bytes(b"\x89PNG Herbstlaub")
    (folder / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    done = kbtool("build", "--no-run", "--keep-going", cwd=folder)
    assert (folder / "site/index.html").is_file(), done.stdout + done.stderr
    return folder / "site"


def holding(folder: Path, word: str) -> list[str]:
    """The files that hold a word, in their names or inside."""
    forms = {form.encode() for form in (word, word.lower(), quote(word))}
    found = []
    for path in folder.rglob("*"):
        data = path.read_bytes() if path.is_file() else b""
        data = gzip.decompress(data) if path.suffix == ".gz" else data
        if word.lower() in path.name.lower() or any(form in data for form in forms):
            found.append(path.relative_to(folder).as_posix())
    return found


@pytest.fixture(scope="module")
def closed(kbtool: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site(kbtool, tmp_path_factory.mktemp("closed"), "false")


@pytest.fixture(scope="module")
def opened(kbtool: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return site(kbtool, tmp_path_factory.mktemp("opened"), "true")


@pytest.mark.parametrize("word", WORDS)
def test_nothing_of_a_private_page_is_in_the_site(closed: Path, word: str) -> None:
    # What the author of an open page typed stays: the namespace that the query asks for.
    assert [name for name in holding(closed, word) if word != "Ackerwinde"] == []


@pytest.mark.parametrize("word", WORDS)
def test_control_all_of_it_is_there_when_it_is_public(opened: Path, word: str) -> None:
    assert holding(opened, word) != []


def test_links_that_lead_out_of_the_base_publish_nothing(kbtool: Run, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "leak.md").write_text("- Zugvogel\n", "utf-8")
    (outside / "leak.png").write_bytes(b"Zugvogel")
    folder = tmp_path / "base"
    (folder / "kb/pages").mkdir(parents=True)
    (folder / "kb/assets").mkdir()
    (folder / "kb/pages/link.md").symlink_to(outside / "leak.md")
    (folder / "kb/pages/hop.md").symlink_to("link.md")
    (folder / "kb/more").symlink_to(outside)
    (folder / "kb/assets/leak.png").symlink_to(outside / "leak.png")
    (folder / "kb/assets/all").symlink_to(outside)
    shown: tuple[str, ...] = (
        "../assets/leak.png",
        "../assets/all/leak.png",
        "../../../outside/leak.png",
        f"{outside}/leak.png",
    )
    shown += ("../assets/../../../outside/leak.png", "file:///etc/passwd", "../assets/%2e%2e/%2e%2e/leak.png")
    text = (
        "".join(f"- ![x]({path}) [y]({path})\n" for path in shown) + "- ![[../../outside/leak.md]] {{embed [[leak]]}}\n"
    )
    (folder / "kb/pages/Open.md").write_text(text, "utf-8")
    (folder / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    kbtool("build", "--no-run", "--keep-going", cwd=folder)
    assert (folder / "site/index.html").is_file()
    assert holding(folder / "site", "Zugvogel") == []
    # Control: the same bytes inside the base are published.
    (folder / "kb/assets/leak.png").unlink()
    (folder / "kb/assets/leak.png").write_bytes(b"Zugvogel")
    kbtool("build", "--no-run", "--keep-going", cwd=folder)
    assert holding(folder / "site", "Zugvogel") == ["media/leak.png"]


# ---------------------------------------------------------------- what the base itself tells of them

HIDDEN = f"public:: false\n\n- Morgentau\n  id:: {UUID}\n"


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("text", [f"- so {{{{embed (({UUID}))}}}} stands", f"- see []((({UUID})))"])
def test_a_quoted_block_is_never_its_id(text: str, public: bool) -> None:
    made = rendered({"pages/a.md": text, "pages/b.md": HIDDEN.replace("false", str(public).lower())})
    html = made["pages/a.md"].html
    assert UUID not in (Html(html).text if public else html)
    assert ("Morgentau" if public else "…") in html


def test_a_block_that_embeds_itself_has_its_page_for_a_name() -> None:
    query = "- {{query (property k v)}}\n  query-table:: true"
    own = f"- so {{{{embed (({UUID}))}}}} stands\n  id:: {UUID}\n  k:: v\n{query}"
    assert UUID not in Html(rendered({"pages/a.md": own})["pages/a.md"].html).text


@pytest.mark.parametrize("text", ["- #Zugvogel", "- [[a]]\n  tags:: Zugvogel", "- #[[ns/Zugvogel]]"])
def test_no_list_tells_the_name_of_a_private_page(text: str) -> None:
    lists = "- {{namespace ns}}\n- {{query (namespace ns)}}\n- {{query (all-page-tags)}}"
    notes = {"pages/a.md": text, "pages/b.md": lists, "pages/Zugvogel.md": HIDDEN, "pages/ns___Zugvogel.md": HIDDEN}
    told = {path: page.html for path, page in rendered(notes).items() if path != "pages/a.md"}
    assert [path for path, html in told.items() if "Zugvogel" in without_quotes(html)] == []
    control = rendered({path: text.replace("public:: false", "") for path, text in notes.items()})
    assert "Zugvogel" in control["tags"].html


def without_quotes(html: str) -> str:
    """A page without the words of others that it quotes."""
    return html.partition('<section class="kb-backlinks"')[0]
