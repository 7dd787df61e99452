"""A build says what a site would give away, with file and line, and publishes no credential."""

from __future__ import annotations

from pathlib import Path

import pytest

from kbtool.cells.revealing import revealing
from kbtool.cells.secrets import Private
from kbtool.credentials import covered, credentials
from kbtool.kb import Kb
from kbtool.outcomes import CellKey, CellOutcome, Outcome, Output
from kbtool.rich import TABLE
from kbtool.values import NoteId
from tests.conftest import Run
from tests.rendering import PROVENANCE, snapshot

KEY = "AKIAIOSFODNN7EXAMPLE"
CELL = "- ```python\n  print('{}' + '{}')\n  ```\n"
SETTINGS = "site_name: a\ndocs_dir: kb\ntheme: {name: material, font: false}\nplugins: [kbtool]\n"


def base(folder: Path, text: str) -> Path:
    (folder / "kb/pages").mkdir(parents=True)
    (folder / "kb/pages/Start.md").write_text(text, "utf-8")
    (folder / "mkdocs.yml").write_text(SETTINGS, "utf-8")
    return folder


def test_a_credential_in_an_output_stops_the_build(kbtool: Run, tmp_path: Path) -> None:
    folder = base(tmp_path, "- x\n" + CELL.format(KEY[:4], KEY[4:]))
    done = kbtool("build", cwd=folder, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert (done.returncode, (folder / "site").exists()) == (1, False)
    assert "error[secret]: output 1 of cell 1 (stdout) has an AWS access key (AKIAIO…)" in done.stdout
    assert "pages/Start.md:2:6" in done.stdout
    assert KEY not in done.stdout + done.stderr


def test_a_credential_in_an_output_of_a_private_note_is_the_notes_own(kbtool: Run, tmp_path: Path) -> None:
    folder = base(tmp_path, "- x\n")
    (folder / "kb/pages/mine.md").write_text("public:: false\n\n" + CELL.format(KEY[:4], KEY[4:]), "utf-8")
    done = kbtool("build", cwd=folder, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stdout
    assert not [path for path in (folder / "site").rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


def test_a_report_repeats_no_credential(kbtool: Run, tmp_path: Path) -> None:
    token = "ghp_" + "a1B2c3D4" * 5
    done = kbtool("check", str(base(tmp_path, f"- x\n- it is {token} at [[nowhere]]\n") / "kb"), cwd=tmp_path)
    assert "error[secret]" in done.stdout
    assert "it is ghp_a1••••" in done.stdout
    assert "missing-page" in done.stdout  # whose excerpt is of the same line
    assert token[8:] not in done.stdout + done.stderr


def test_a_home_folder_in_an_output_is_a_warning(kbtool: Run, tmp_path: Path) -> None:
    folder = base(tmp_path, CELL.format("/home/", "somebody/x"))
    done = kbtool("build", cwd=folder, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert (done.returncode, (folder / "site/index.html").is_file()) == (0, True)
    assert "warning[revealing-output]: output 1 of cell 1 (stdout) has a home folder (/home/somebody/)" in done.stdout


@pytest.mark.parametrize("kind", ["stdout", "stderr", "value", "error", "figure", "table", "name"])
def test_every_part_of_a_result_is_looked_at(kind: str) -> None:
    note = next(iter(Kb().snapshot(snapshot({"a.md": CELL.format("a", "b")})).notes.values()))

    def found(text: str) -> list[str]:
        outputs: tuple[Output, ...] = ()
        values: tuple[tuple[str, str, float | None], ...] = ()
        if kind == "table":
            outputs = (Output("value", "x", ((TABLE, text),)),)
        elif kind == "name":
            values = (("x", text, None),)
        else:
            outputs = (Output(kind, text),)  # type: ignore[arg-type]
        cell = CellOutcome(0, "ok", outputs, 0.1, values=values)
        outcome = Outcome(CellKey("k"), NoteId("a.md"), False, (cell,), 0.1, PROVENANCE)
        return [one.rule for one in revealing(note, outcome, Private({"the user's name": "somebody"}))]

    assert found(f"x {KEY} x") == ["secret"]
    assert found("x somebody x") == ["revealing-output"]
    assert found("x nobody x") == []


@pytest.mark.parametrize(
    "shown", ["to\x1b[31mken\x1b[0m-and-more", "token&#45;and-<b>more</b>", "token-<!-- x -->and-more"]
)
def test_what_only_a_page_shows_whole_is_found(shown: str) -> None:
    note = next(iter(Kb().snapshot(snapshot({"a.md": CELL.format("a", "b")})).notes.values()))
    cell = CellOutcome(0, "ok", (Output("stdout", f"x {shown} y"),), 0.1)
    outcome = Outcome(CellKey("k"), NoteId("a.md"), False, (cell,), 0.1, PROVENANCE)
    secrets = {"GH_TOKEN": ("token-and-more",)}
    assert [one.rule for one in revealing(note, outcome, Private({}, secrets))] == ["secret"]
    assert list(revealing(note, outcome, Private({}, {"GH_TOKEN": ("other-and-more",)}))) == []


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("ghp_" + "a1B2c3D4" * 5, "a GitHub token (ghp_a1…)"),
        ("github_pat_" + "a1B2c3D4" * 4, "a GitHub token (github…)"),
        ("hf_" + "a1B2c3D4" * 5, "an API key (hf_a1B…)"),
        ("AIza" + "a1B2c3D4" * 4 + "xyz", "an API key (AIzaa1…)"),
        ("xoxb-" + "1234567890-abc", "a Slack token (xoxb-1…)"),
        ("-----BEGIN " + "PRIVATE KEY-----", "a private key (-----B…)"),
        ("ghp_" + "x" * 40, ""),
        ("task-force-of-the-many-and-the-few", ""),
        ("AKIA", ""),
    ],
)
def test_credentials_are_known_by_their_forms(text: str, what: str) -> None:
    assert [found.said for found in credentials(f"слово {text} слово")] == ([what] if what else [])


def test_each_credential_of_a_line_is_covered() -> None:
    token = "ghp_" + "a1B2c3D4" * 5
    line = f"{token} и {KEY}, {KEY}\t{token}"
    assert (len(covered(line)), covered(line).replace("•", "")) == (len(line), "ghp_a1 и AKIAI, AKIAI\tghp_a1")
