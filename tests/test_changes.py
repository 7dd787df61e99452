"""Dates and old names of notes out of git's log, and what the site makes of them."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from kbtool import publish
from kbtool.changes import Change, read_log
from kbtool.config import Config, KbError
from kbtool.git import changed, history
from kbtool.kb import Kb
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.values import NoteId
from tests.rendering import Html, snapshot

ATOM = "{http://www.w3.org/2005/Atom}"
DAY = 86_400


def commit(folder: Path, seconds: int) -> None:
    names = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    env = {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder)}
    env |= {f"GIT_{who}_DATE": f"@{seconds} +0000" for who in ("AUTHOR", "COMMITTER")}
    for words in (("add", "-A"), ("commit", "-qm", "x")):
        subprocess.run(["git", *names, *words], cwd=folder, env=env, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits: two notes, one of them renamed, the other one changed."""
    pages = tmp_path / "kb" / "pages"
    pages.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (pages / "ы a.md").write_text("- words enough to be known again\n", "utf-8")
    (pages / "b.md").write_text("- one\n", "utf-8")
    commit(tmp_path, 1 * DAY)
    (pages / "ы a.md").rename(pages / "c.md")
    commit(tmp_path, 2 * DAY)
    (pages / "b.md").write_text("- two\n", "utf-8")
    commit(tmp_path, 3 * DAY)
    return tmp_path / "kb"


def test_notes_have_their_first_and_last_commit(repository: Path) -> None:
    found = history(repository)
    assert found[NoteId("pages/b.md")] == Change(1 * DAY, 3 * DAY)
    assert found[NoteId("pages/c.md")] == Change(1 * DAY, 2 * DAY, ("pages/ы a.md",))


def test_without_git_nothing_is_known(tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert history(tmp_path / "kb") != {}
    monkeypatch.setenv("PATH", "")
    assert history(repository) == {}


def test_a_shallow_clone_knows_nothing(repository: Path, tmp_path: Path) -> None:
    clone = ["git", "clone", "-q", "--depth=1", repository.parent.as_uri(), str(tmp_path / "clone")]
    subprocess.run(clone, check=True, capture_output=True)
    assert history(tmp_path / "clone" / "kb") == {}


def lazy(repository: Path, mark: Path) -> Path:
    """A clone without files' bytes, which says itself what fetches them: a program that makes a mark."""
    folder = mark.parent / "lazy"
    subprocess.run(["git", "config", "uploadpack.allowFilter", "true"], cwd=repository, check=True)
    options = ("-q", "--no-checkout", "--filter=blob:none")
    subprocess.run(["git", "clone", *options, repository.parent.as_uri(), str(folder)], check=True)
    subprocess.run(["git", "config", "remote.origin.uploadpack", f"touch '{mark}';"], cwd=folder, check=True)
    (folder / "kb").mkdir()
    return folder / "kb"


def test_what_was_never_fetched_is_not_fetched_now(repository: Path, tmp_path: Path) -> None:
    commit_renamed_and_edited(repository)
    found = history(lazy(repository, tmp_path / "mark"))
    assert found[NoteId("pages/c.md")] == Change(1 * DAY, 2 * DAY, ("pages/ы a.md",))
    assert found[NoteId("pages/d.md")] == Change(4 * DAY, 4 * DAY)
    assert not (tmp_path / "mark").exists()


def commit_renamed_and_edited(repository: Path) -> None:
    (repository / "pages/d.md").write_text((repository / "pages/b.md").read_text("utf-8") + "- more\n", "utf-8")
    (repository / "pages/b.md").unlink()
    commit(repository.parent, 4 * DAY)


def test_control_git_itself_fetches_it_with_that_program(repository: Path, tmp_path: Path) -> None:
    commit_renamed_and_edited(repository)
    log = ["git", "log", "--find-renames", "--name-status"]
    subprocess.run(log, cwd=lazy(repository, tmp_path / "mark"), check=False, capture_output=True)
    assert (tmp_path / "mark").exists()


def test_a_folder_that_looks_like_a_repository_is_none(repository: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True)
    for setting in (("core.bare", "false"), ("core.worktree", ".")):
        subprocess.run(["git", "config", *setting], cwd=repository, check=True)
    taken = subprocess.run(["git", "rev-parse", "--git-dir"], cwd=repository, check=True, capture_output=True).stdout
    assert taken.strip() == b"."  # the control
    assert history(repository) == {}
    with pytest.raises(KbError, match="--changed needs git"):
        changed(repository, "HEAD")


def test_a_path_that_was_used_before_is_another_file() -> None:
    log = b"\x013\0\nA\0a.md\0\x012\0\nR100\0a.md\0b.md\0\x011\0\nA\0a.md\0"
    assert read_log(log) == {"a.md": Change(3, 3), "b.md": Change(1, 2, ("a.md",))}
    again = b"\x013\0\nA\0a.md\0\x012\0\nD\0a.md\0\x011\0\nA\0a.md\0"
    assert read_log(again) == {"a.md": Change(3, 3)}


# ---------------------------------------------------------------- the site

SOURCES = {
    "pages/a.md": "alias:: Другое имя\n\n- Первые слова & «знаки»",
    "pages/b.md": "- текст",
    "journals/2026_01_02.md": "- день",
    "journals/2026_01_05.md": "- ещё день",
    "journals/2024_12_31.md": "- год назад",
}
HISTORY = {
    NoteId("pages/a.md"): Change(1 * DAY, 40 * DAY, ("pages/старое.md", "pages/b.md")),
    NoteId("pages/b.md"): Change(2 * DAY, 2 * DAY),
}
LOOK = Look("ru", url="https://example.org/notes/", title="Заметки", history=HISTORY)


def site(look: Look = LOOK) -> SiteInput:
    return publish.compiled(Kb().snapshot(snapshot(SOURCES)), {}, look)


def html_of(made: SiteInput, slug: str) -> str:
    return next(page.html for page in made.pages if page.slug == slug)


def files(made: SiteInput) -> dict[str, str]:
    return {file.path: file.text for file in made.files}


def test_pages_say_when_they_were_made_and_changed() -> None:
    made = site()
    assert "создано 02.01.1970 · изменено 10.02.1970" in Html(html_of(made, "a")).text
    assert "изменено" not in html_of(made, "b")
    assert "kb-dates" not in html_of(made, "jan-2nd-2026")


def test_changes_are_listed_newest_first() -> None:
    text = Html(html_of(site(), "changes")).text
    assert text.index("10.02.1970") < text.index("03.01.1970")
    assert "Первые слова & «знаки»" in text
    assert "changes" not in {page.slug for page in site(replace(LOOK, history={})).pages}


def test_the_feed_is_atom() -> None:
    made = files(site())
    feed = ElementTree.fromstring(made["feed.xml"])
    entries = feed.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}id") for one in entries] == [
        "https://example.org/notes/a/",
        "https://example.org/notes/b/",
    ]
    assert entries[0].findtext(f"{ATOM}updated") == "1970-02-10T00:00:00Z"
    assert entries[0].findtext(f"{ATOM}summary") == "Первые слова & «знаки»"
    assert "feed.xml" not in files(site(replace(LOOK, url="")))


def test_other_names_lead_to_the_page() -> None:
    made = files(site())
    for place in ("другое-имя/index.html", "старое/index.html"):
        assert 'content="0; url=../a/"' in made[place]
        assert 'name="robots" content="noindex"' in made[place]
    assert "b/index.html" not in made  # a page has that name


def test_old_names_are_told_only_where_that_is_wanted() -> None:
    closed = snapshot(SOURCES)._replace(config=Config(old_names=False))
    silent = files(publish.compiled(Kb().snapshot(closed), {}, LOOK))
    assert "другое-имя/index.html" in silent
    for made, told in ((silent, False), (files(site()), True)):
        assert ("старое/index.html" in made) == told
        assert ("старое" in made["assets/kb/names.json"]) == told


def test_journals_have_a_page_for_each_year() -> None:
    made = site()
    last, before = html_of(made, "journals"), html_of(made, "journals/2024")
    assert Html(last).faults == []
    assert 0 < last.index('datetime="2026-01-05"') < last.index('datetime="2026-01-02"')
    assert "Январь" in last
    assert "2024" in last
    assert 'datetime="2024-12-31"' not in last
    assert 'datetime="2024-12-31"' in before


def test_a_journal_leads_to_those_around_it() -> None:
    html = html_of(site(), "jan-2nd-2026")
    links = Html(html).links()
    assert list(links)[:3] == ["../dec-31st-2024/", "../journals/", "../jan-5th-2026/"]
    assert "kb-days" not in html_of(site(), "a")


def test_a_name_like_a_year_of_journals_has_another_place() -> None:
    sources = {**SOURCES, "pages/journals___2024.md": "- x"}
    made = publish.compiled(Kb().snapshot(snapshot(sources)), {}, LOOK)
    assert [page.slug for page in made.pages if page.path == "pages/journals___2024.md"] == ["journals/2024-2"]
