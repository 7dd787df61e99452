"""`kbtool check` as a person types it: selecting, mending, comparing with git, and writing reports."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from kbtool import edits, output
from kbtool.cli import main
from kbtool.config import KbError

Tool = Callable[..., tuple[int, str, str]]
NOTES = {
    "вики/pages/Заметка один.md": "- [[нет]] [[b]]\r\n- b <!-- kbtool: ignore[bad-latex] -->\r\n- $$a$ + b$$",
    "вики/journals/2026_01_01.md": "- [[нет]]\n",
    "вики/pages/b.md": "- [[Заметка один]]\n",
}
YAML = "site_name: x\ndocs_dir: вики\nplugins:\n  - kbtool: {%s}\n"
SAFE = NOTES["вики/pages/Заметка один.md"].replace(" <!-- kbtool: ignore[bad-latex] -->", "")


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base with an error, a warning to mend, and one to mend unsafely; the working folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = tmp_path / "репо"
    for path, text in NOTES.items():
        write(root / path, text)
    configure(root, "")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def check(capfd: pytest.CaptureFixture[str], base: Path) -> Tool:
    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        try:
            status = main(["check", *arguments])
        except SystemExit as stop:
            status = int(stop.code or 0)
        shown = capfd.readouterr()
        return status, shown.out, shown.err

    return call


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def configure(root: Path, options: str) -> None:
    write(root / "mkdocs.yml", YAML % options)


def told(out: str) -> list[tuple[str, str, str]]:
    """Severity, rule and path of each line of JSON, without the hints that these few notes give."""
    rows = [json.loads(line) for line in out.splitlines()]
    return [
        (row["severity"], row["rule"], row["path"]) for row in rows if row["rule"] not in ("orphan-page", "dead-end")
    ]


def rules(out: str) -> list[str]:
    return [rule for _, rule, _ in told(out)]


ONE, DAY = "pages/Заметка один.md", "journals/2026_01_01.md"

# ---------------------------------------------------------------- which rules


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ("", ["missing-page", "missing-page", "unused-suppression", "bad-latex"]),
        ("rules: {missing-page: off}", ["unused-suppression", "bad-latex"]),
        ("select: [bad-*]", ["bad-latex"]),
        ("ignore: missing-page", ["unused-suppression", "bad-latex"]),
        ('ignore_in: {"journals/*": [missing-page]}', ["missing-page", "unused-suppression", "bad-latex"]),
        ('ignore_in: {"Заметка*": all}', ["missing-page"]),
    ],
)
def test_the_configuration_says_which_rules_count(check: Tool, base: Path, options: str, found: list[str]) -> None:
    configure(base, options)
    assert rules(check("--format", "json")[1]) == found


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--select", "bad-latex"], ["bad-latex"]),
        (["--select", "bad-*,unused-suppression"], ["unused-suppression", "bad-latex"]),
        (["--select=bad-latex", "--select=missing-page"], ["missing-page", "missing-page", "bad-latex"]),
        (["--ignore", "missing-page"], ["unused-suppression"]),
        (["--select", "all", "--ignore", "missing-page"], ["unused-suppression", "bad-latex"]),
    ],
)
def test_the_command_line_has_the_last_word(check: Tool, base: Path, arguments: list[str], found: list[str]) -> None:
    configure(base, "ignore: [bad-latex]")
    assert rules(check("--format", "json", *arguments)[1]) == found


@pytest.mark.parametrize(
    ("options", "arguments", "status"),
    [
        ("", [], 1),
        ("rules: {missing-page: warning, bad-latex: info}", [], 0),
        ("rules: {missing-page: warning, bad-latex: info}", ["--strict"], 1),
        ("rules: {unused-suppression: error}", ["--select", "unused-suppression"], 1),
    ],
)
def test_exit_code_follows_severity(check: Tool, options: str, arguments: list[str], status: int) -> None:
    configure(Path.cwd(), options)
    assert check(*arguments)[0] == status


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--select", "mising-page"],
            "error: --select: there is no rule `mising-page`\nhelp: did you mean `missing-page`?",
        ),
        (["--ignore", "x*"], "error: --ignore: there is no rule `x*`"),
        (["--unsafe"], "--fix or --diff"),
        (["--diff", "--format", "json"], "--diff prints a patch"),
        (["--statistics", "--format", "sarif"], "--statistics comes as text or json"),
        (["--changed"], "lies in no repository"),
    ],
)
def test_wrong_usage(check: Tool, arguments: list[str], says: str) -> None:
    status, out, err = check(*arguments)
    assert (status, out) == (2, "")
    assert says in err


def test_a_rule_misspelled_in_the_configuration(check: Tool, base: Path) -> None:
    configure(base, "rules: {mising-page: off}")
    status, _, err = check()
    assert status == 2
    assert "did you mean `missing-page`?" in err


# ---------------------------------------------------------------- mending


def test_summary_says_what_can_be_mended(check: Tool) -> None:
    last = check()[1].splitlines()[-1]
    assert last == "3 errors, 1 warning in 3 notes; 1 fixable with --fix, 1 more with --fix --unsafe"


def test_fix_mends_what_is_safe_and_says_what_is_left(check: Tool, base: Path) -> None:
    status, out, err = check("--fix", "--format", "json")
    assert (status, rules(out)) == (1, ["missing-page", "missing-page", "bad-latex"])
    assert err == "fixed 1 problem in 1 note\n"
    assert (base / "вики" / ONE).read_bytes() == SAFE.encode()


def test_unsafe_fixes_on_request(check: Tool, base: Path) -> None:
    check("--fix", "--unsafe")
    assert (base / "вики" / ONE).read_bytes() == SAFE.replace("a$", "a").encode()


def test_fix_again_has_nothing_to_do(check: Tool, base: Path) -> None:
    check("--fix", "--unsafe")
    before = (base / "вики" / ONE).stat()
    assert check("--fix", "--unsafe")[2] == "nothing to fix\n"
    assert (base / "вики" / ONE).stat() == before


@pytest.mark.parametrize("arguments", [["--select", "bad-latex"], ["вики/pages/b.md"]])
def test_fix_leaves_alone_what_was_not_asked_for(check: Tool, base: Path, arguments: list[str]) -> None:
    check("--fix", *arguments)
    assert (base / "вики" / ONE).read_bytes() == NOTES["вики/" + ONE].encode()


def test_fix_exits_with_0_when_no_error_is_left(check: Tool) -> None:
    assert check("--fix", "--unsafe", "--ignore", "missing-page")[0] == 0


def test_fix_never_writes_a_note_that_it_could_not_read(check: Tool, base: Path) -> None:
    data = "- b <!-- kbtool: ignore[bad-latex] -->\n- \xff".encode("latin-1")
    (base / "вики/pages/b.md").write_bytes(data)
    status, _, err = check("--fix")
    assert (status, err) == (1, "fixed 1 problem in 1 note\n")
    assert (base / "вики/pages/b.md").read_bytes() == data


def test_a_note_saved_meanwhile_is_not_overwritten(check: Tool, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apply = edits.apply

    def late(folder: Path, wanted: Any) -> None:
        (folder / ONE).write_text("- моё", "utf-8")
        apply(folder, wanted)

    monkeypatch.setattr(edits, "apply", late)
    status, _, err = check("--fix")
    assert status == 2
    assert "has changed since it was read" in err
    assert (base / "вики" / ONE).read_text("utf-8") == "- моё"


def test_diff_writes_nothing(check: Tool, base: Path) -> None:
    status, out, err = check("--diff")
    assert (status, err) == (1, "would fix 1 problem in 1 note\n")
    assert out.splitlines()[:2] == ["--- вики/pages/Заметка один.md\t", "+++ вики/pages/Заметка один.md\t"]
    assert (base / "вики" / ONE).read_bytes() == NOTES["вики/" + ONE].encode()
    assert check("--diff", "--select", "missing-page")[:2] == (0, "")


def test_diff_is_a_patch(check: Tool, base: Path) -> None:
    patch = check("--diff", "--unsafe")[1]
    command = ["git", "apply", "-p0", "-"]
    subprocess.run(command, input=patch.encode(), cwd=base, check=True, capture_output=True)
    assert (base / "вики" / ONE).read_bytes() == SAFE.replace("a$", "a").encode()


# ---------------------------------------------------------------- git


def git(root: Path, *words: str) -> None:
    who = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    subprocess.run(["git", *words], cwd=root, env=os.environ | who, check=True, capture_output=True)


@pytest.fixture
def repository(base: Path) -> Path:
    git(base, "init", "-q", ".")
    git(base, "add", "-A")
    git(base, "commit", "-qm", "one")
    return base


def paths(out: str) -> set[str]:
    return {path for _, _, path in told(out)}


def staged(root: Path) -> None:
    write(root / "вики" / DAY, "- [[нет]] \n")
    git(root, "add", "-A")


CHANGES: dict[str, Callable[[Path], None]] = {
    "unstaged": lambda root: write(root / "вики" / DAY, "- [[нет]]\n- и [[нет]]\n"),
    "staged": staged,
    "untracked": lambda root: write(root / "вики/pages/новая.md", "- [[нет]]\n"),
    "renamed": lambda root: git(root, "mv", "вики/" + DAY, "вики/journals/2026_01_02.md"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_notes_alone(check: Tool, repository: Path, change: str) -> None:
    assert check("--changed", "--format", "json")[:2] == (0, "")
    CHANGES[change](repository)
    status, out, _ = check("--changed", "--format", "json")
    assert status == 1
    assert len(paths(out)) == 1
    assert paths(out) <= {DAY, "journals/2026_01_02.md", "pages/новая.md"}


def test_changed_since_a_revision(check: Tool, repository: Path) -> None:
    write(repository / "вики" / DAY, "- [[нет]] \n")
    git(repository, "commit", "-qam", "two")
    assert paths(check("--changed", "--format", "json")[1]) == set()
    assert paths(check("--changed=HEAD~1", "--format", "json")[1]) == {DAY}
    assert paths(check("--changed", "HEAD~1", "--format", "json")[1]) == {DAY}
    assert paths(check("--changed=HEAD~1", "вики/pages/b.md", "--format", "json")[1]) == set()


def test_changed_from_inside_the_base(check: Tool, repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(repository / "вики" / DAY, "- [[нет]] \n")
    monkeypatch.chdir("вики/pages")
    monkeypatch.setenv("GIT_DIR", ".git")  # as a hook has it
    assert paths(check("--changed", "--format", "json")[1]) == {DAY}


def test_changed_before_the_first_commit(check: Tool, base: Path) -> None:
    git(base, "init", "-q", ".")
    git(base, "add", "вики/" + DAY)
    assert paths(check("--changed", "--format", "json")[1]) == {DAY, ONE}


def test_a_word_behind_changed_may_be_a_path(check: Tool, repository: Path) -> None:
    write(repository / "вики" / DAY, "- [[нет]] \n")
    assert check("--changed", "вики/pages/b.md")[1] == "no problems in 0 notes\n"


@pytest.mark.parametrize("revision", ["nope", "--output=x", "HEAD:mkdocs.yml", "-x"])
def test_a_revision_that_is_none(check: Tool, repository: Path, revision: str) -> None:
    status, _, err = check(f"--changed={revision}")
    assert status == 2
    assert "no revision" in err


@pytest.mark.parametrize(
    ("settings", "trigger"),
    [
        (["core.fsmonitor"], "status"),
        (["diff.external"], "diff"),
        (["filter.a=b.clean", "filter.a=b.required"], "status"),
        (["filter.a=b.process", "filter.a=b.required"], "status"),
    ],
    ids=["watcher", "external diff", "filter", "filter process"],
)
def test_nothing_of_the_repository_is_run(check: Tool, repository: Path, settings: list[str], trigger: str) -> None:
    trap, caught = repository / "trap.sh", repository / "caught"
    write(trap, f"#!/bin/sh\ntouch '{caught}'\n")
    trap.chmod(0o755)
    for name in settings:
        git(repository, "config", name, "true" if name.endswith("required") else f"'{trap}'")
    write(repository / ".git/info/attributes", "*.md filter=a=b\n")
    write(repository / "вики" / DAY, "- [[нет]] \n")
    subprocess.run(["git", trigger], cwd=repository, capture_output=True, check=False)
    assert caught.exists()  # the trap works
    caught.unlink()
    assert paths(check("--changed", "--format", "json")[1]) == {DAY}
    assert not caught.exists()


# ---------------------------------------------------------------- reports


def test_statistics(check: Tool) -> None:
    status, out, _ = check("--statistics")
    assert status == 1
    assert out.splitlines() == [
        "2  error    missing-page",
        "1  error    bad-latex           1 with --fix --unsafe",
        "1  warning  unused-suppression  1 with --fix",
        "3 errors, 1 warning in 3 notes; 1 fixable with --fix, 1 more with --fix --unsafe",
    ]
    rows = [json.loads(line) for line in check("--statistics", "--format", "json")[1].splitlines()]
    assert rows[1] == {"rule": "bad-latex", "severity": "error", "count": 1, "fixable": 0, "fixable_unsafe": 1}


def test_json_tells_of_fixes_and_pages(check: Tool, base: Path) -> None:
    row = json.loads(check("--format", "json", "--select", "unused-suppression")[1])
    edit = {"path": ONE, "line": 2, "column": 4, "end_line": 2, "end_column": 39, "text": ""}
    assert row["fix"] == {"title": "take the comment out", "safe": True, "edits": [edit]}
    assert "url" not in row
    write(base / "mkdocs.yml", "site_url: https://example.org/kb\n" + YAML % "rule_pages: true")
    row = json.loads(check("--format", "json", "--select", "unused-suppression")[1])
    assert row["url"] == "https://example.org/kb/rules/unused-suppression/"


@pytest.mark.parametrize("form", ["text", "concise", "json", "github", "gitlab", "sarif", "junit"])
def test_two_runs_say_the_same(check: Tool, form: str) -> None:
    assert check("--format", form) == check("--format", form)


def test_output_file(check: Tool, base: Path) -> None:
    status, out, err = check("--format", "json", "--output-file", "r.json")
    assert (status, out, err) == (1, "", "")
    assert (base / "r.json").read_text("utf-8") == check("--format", "json")[1]
    assert sorted(path.name for path in base.iterdir()) == ["mkdocs.yml", "r.json", "вики"]


def test_output_file_is_whole_or_old(tmp_path: Path) -> None:
    def lines() -> Any:
        yield "new"
        raise KbError("no")

    (tmp_path / "r").write_text("old")
    with pytest.raises(KbError):
        output.write(tmp_path / "r", lines())
    assert (tmp_path / "r").read_text() == "old"
    with pytest.raises(KbError, match="not written"):
        output.write(tmp_path / "none" / "r", ["x"])
    assert [path.name for path in tmp_path.iterdir()] == ["r"]


def test_output_file_keeps_its_mode_and_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "r").touch(0o640)
    (tmp_path / "link").symlink_to("r")
    output.write(tmp_path / "link", ["x"])
    assert (tmp_path / "r").read_text() == "x\n"
    assert (tmp_path / "r").stat().st_mode & 0o777 == 0o640
    assert (tmp_path / "link").is_symlink()


def test_junit_counts_failures(check: Tool) -> None:
    root = ElementTree.fromstring(check("--format", "junit")[1])
    assert (root.get("tests"), root.get("failures")) == ("4", "3")
    assert len(root.findall(".//failure")) == 3
    strict = ElementTree.fromstring(check("--format", "junit", "--strict")[1])
    assert strict.get("failures") == "4"


def test_junit_of_a_clean_base_has_a_test_that_passes(check: Tool) -> None:
    root = ElementTree.fromstring(check("--format", "junit", "вики/pages/b.md")[1])
    assert (root.get("tests"), root.get("failures"), len(root.findall(".//testcase"))) == ("1", "0", 1)


def fingerprints(check: Tool) -> list[str]:
    return [row["fingerprint"] for row in json.loads(check("--format", "gitlab")[1])]


def test_gitlab_fingerprints_survive_moved_lines_and_are_unique(check: Tool, base: Path) -> None:
    note = base / "вики" / DAY
    write(note, "- [[нет]]\n- [[нет]]\n- и [[нет]]\n")
    before = fingerprints(check)
    assert len(set(before)) == len(before)
    write(note, "- сверху\n\n" + note.read_text("utf-8"))
    assert fingerprints(check) == before


def test_sarif(check: Tool) -> None:
    report = json.loads(check("--format", "sarif")[1])
    assert (report["version"], len(report["runs"])) == ("2.1.0", 1)
    run = report["runs"][0]
    known = run["tool"]["driver"]["rules"]
    assert run["columnKind"] == "unicodeCodePoints"
    assert all(rule["help"]["text"] and rule["shortDescription"]["text"] for rule in known)
    for result in run["results"]:
        assert known[result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].isascii()
        assert " " not in place["artifactLocation"]["uri"]
        assert all(number >= 1 for number in place["region"].values())
    (fixed,) = [result for result in run["results"] if result["ruleId"] == "unused-suppression"]
    (change,) = fixed["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["deletedRegion"] == {
        "startLine": 2, "startColumn": 4, "endLine": 2, "endColumn": 39,
    }  # fmt: skip
