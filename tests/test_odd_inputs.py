"""What else lies in folders: pipes, links, devices, odd names and bytes. Each is boring, by the command itself.

None ends in a traceback or hangs, none changes a byte.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from kbtool import disk
from kbtool.values import NoteId
from tests.accounts import as_an_account, give
from tests.conftest import ROOT

# Nothing here takes more than a second or two; who takes so many hangs.
HANGS = 60
ID = "64f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"


class Said(NamedTuple):
    """How the command ended, the rules and places that it named, and what else it printed."""

    status: int
    found: list[tuple[str, str, int]]
    errors: str


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    root = tmp_path / "graph"
    (root / "pages").mkdir(parents=True)
    (root / "pages" / "Good.md").write_text("- [[Good]]\n", "utf-8")
    return root


def run(
    *words: str, cwd: Path, env: Mapping[str, str] = MappingProxyType({}), user: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    command = [*user, sys.executable, "-m", "kbtool", *words]
    everything = {**os.environ, "PYTHONPATH": str(ROOT), **env}
    return subprocess.run(
        command,
        cwd=cwd,
        env=everything,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=HANGS,
        check=False,
    )


def check(graph: Path, user: Sequence[str] = ()) -> Said:
    """`kbtool check`, which leaves every byte as it was; as another `user` it has its cache beside the graph."""
    before = contents(graph)
    env = {"XDG_CACHE_HOME": str(graph.parent / "cache")} if user else {}
    done = run("check", "--format", "json", ".", cwd=graph, env=env, user=user)
    assert contents(graph) == before
    assert "Traceback" not in done.stderr
    rows = faults(done.stdout)
    return Said(
        done.returncode, [(row["rule"], os.path.normpath(row["path"]), row["line"]) for row in rows], done.stderr
    )


def faults(out: str) -> list[Any]:
    """The rows of a report that tell of faults: that nothing mentions a page is none."""
    return [row for row in map(json.loads, filter(None, out.split("\n"))) if row["severity"] != "info"]


def contents(graph: Path) -> dict[str, bytes]:
    found = {}
    for folder, _, names in os.walk(graph):
        for name in names:
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and os.access(path, os.R_OK):
                found[str(path)] = path.read_bytes()
    return found


# ---------------------------------------------------------------- what is no file, or may not be read


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    # A socket's path may have no more than a hundred characters or so.
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(here)


@pytest.mark.parametrize("make", [make_pipe, make_socket, Path.mkdir])
def test_what_is_no_file_is_one_finding(graph: Path, make: Callable[[Path], None]) -> None:
    make(graph / "pages" / "x.md")
    assert check(graph)[:2] == (1, [("unreadable-note", "pages/x.md", 1)])


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("loop.md", "loop.md"),
        ("self", "."),
        ("zero.md", "/dev/zero"),
        ("passwd.md", "/etc/passwd"),
        ("gone.md", "nowhere"),
    ],
)
def test_symbolic_links_are_left_out(graph: Path, name: str, target: str) -> None:
    (graph / "pages" / name).symlink_to(target)
    assert check(graph)[:2] == (0, [])


def test_what_the_system_refuses_to_read_is_one_finding(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: str, _limit: int) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(disk, "_contents", refused)
    source, problems = disk.read_note(graph, NoteId("pages/Good.md"))
    assert source is None
    assert [(one.rule, "Permission denied" in one.message) for one in problems] == [("unreadable-note", True)]


def test_note_that_may_not_be_read_is_one_finding(graph: Path) -> None:
    (graph / "pages" / "x.md").write_text("- x\n", "utf-8")
    (graph / "pages" / "x.md").chmod(0)
    with tempfile.TemporaryDirectory() as name:  # other than pytest's own an account can come to it
        place = Path(shutil.move(graph, name))
        user = as_an_account() if os.geteuid() == 0 else []
        if user:
            give(Path(name))
        assert check(place, user)[:2] == (1, [("unreadable-note", "pages/x.md", 1)])


def test_base_that_may_not_be_written_is_checked(graph: Path) -> None:
    for path in (graph / "pages" / "Good.md", graph / "pages", graph):
        path.chmod(path.stat().st_mode & ~0o222)
    try:
        assert check(graph)[:2] == (0, [])
    finally:
        for path in (graph, graph / "pages"):
            path.chmod(0o755)


# ---------------------------------------------------------------- bytes


@pytest.mark.parametrize(
    ("data", "rules"),
    [
        (b"", []),
        (b"\xef\xbb\xbf- a\n", ["byte-order-mark"]),
        ("- a".encode("utf-16"), ["unreadable-note"]),
        (b"- a \xff\n", ["unreadable-note"]),
        (b"- a\x00b\n", []),
        (b"- a\r- b\r", []),
        (b"- a\r\n- b\r\n", []),
        ("- a\u2028- b\u2029\u0085".encode(), []),
        (b"\xed\xa0\x80", ["unreadable-note"]),
        (b"- a\n  ```python\n  x = 1", ["unclosed-fence"]),
        (b"<!-- never closed", []),
        (b"- $$ never closed", []),
        (b"a::", []),
        (b"- (()) [[]] #", []),
        (b"a:: b\nalias:: x, x\n\n- x", ["alias-cycle", "alias-cycle"]),
        (f"- a (({ID}))\n  id:: {ID}\n".encode(), ["embed-cycle"]),
        (f"- {{{{embed (({ID}))}}}}\n  id:: {ID}\n".encode(), ["embed-cycle"]),
    ],
)
def test_bytes_are_read_or_are_one_finding(graph: Path, data: bytes, rules: list[str]) -> None:
    (graph / "pages" / "x.md").write_bytes(data)
    said = check(graph)
    assert [rule for rule, path, _ in said.found if path == "pages/x.md"] == rules
    assert said.status == ("unreadable-note" in rules)


def test_page_that_is_its_own_alias_is_a_warning(graph: Path) -> None:
    (graph / "pages" / "x.md").write_text("alias:: x, X\n\n- [[x]]\n", "utf-8")
    assert check(graph)[:2] == (0, [("alias-cycle", "pages/x.md", 1)] * 2)


def test_two_pages_with_one_alias_are_two_findings(graph: Path) -> None:
    for name in "xy":
        (graph / "pages" / f"{name}.md").write_text("alias:: both\n\n- a\n", "utf-8")
    assert check(graph)[:2] == (1, [("duplicate-page", f"pages/{name}.md", 1) for name in "xy"])


def test_aliases_in_a_circle_end(graph: Path) -> None:
    for name, other in ("xy", "yz", "zx"):
        (graph / "pages" / f"{name}.md").write_text(f"alias:: {other}\n\n- [[{other}]]\n", "utf-8")
    assert {rule for rule, _, _ in check(graph).found} == {"duplicate-page", "alias-cycle"}


# ---------------------------------------------------------------- names and times


@pytest.mark.parametrize(
    "name",
    [
        b"\xff\xfe.md",
        b"a\nb.md",
        b"a\tb.md",
        "е\u0301 👩‍💻.md".encode(),
        b"a" * 252 + b".md",
        b"-rf.md",
        b"%.md",
        b"___.md",
        b" .md",
    ],
)
def test_odd_file_names_are_read(graph: Path, name: bytes) -> None:
    Path(os.fsdecode(bytes(graph / "pages") + b"/" + name)).write_text("- a\n", "utf-8")
    said = check(graph)
    assert said.status in (0, 1)
    assert all(path != "pages/Good.md" for _, path, _ in said.found)
    printed = run("check", ".", cwd=graph)
    assert "Traceback" not in printed.stderr
    assert not printed.stderr or printed.returncode


@pytest.mark.parametrize("when", [0, 4_102_444_800, 1])
def test_times_do_not_matter(graph: Path, when: int) -> None:
    os.utime(graph / "pages" / "Good.md", (when, when))
    assert check(graph)[:2] == (0, [])


# ---------------------------------------------------------------- surroundings


@pytest.mark.parametrize(
    "env",
    [
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"HOME": "/nowhere", "XDG_CACHE_HOME": ""},
        {"HOME": ""},
        {"COLUMNS": "1"},
        {"TERM": "dumb", "COLUMNS": "0"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
def test_surroundings_do_not_matter(graph: Path, env: dict[str, str]) -> None:
    (graph / "pages" / "Ошибка.md").write_text("- [[нет такой — страницы]]\n", "utf-8")
    for form in ("text", "concise", "json", "github"):
        done = run("check", "--format", form, ".", cwd=graph, env=env)
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert "missing-page" in done.stdout


def test_reader_that_stops_reading_ends_it_quietly(graph: Path) -> None:
    (graph / "pages" / "x.md").write_text("- [[none]]\n" * 5000, "utf-8")
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "kbtool", "check", "."]
    with subprocess.Popen(words, cwd=graph, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as tool:
        assert tool.stdout
        assert tool.stderr
        tool.stdout.readline()
        tool.stdout.close()
        assert not tool.stderr.read()


def test_note_that_vanishes_or_changes_while_it_is_read(graph: Path) -> None:
    changing = graph / "pages" / "x.md"
    script = f"while :; do echo '- a' > {changing}.new; mv {changing}.new {changing}; rm -f {changing}; done"
    with subprocess.Popen(["sh", "-c", script], stderr=subprocess.DEVNULL) as editor:
        try:
            for _ in range(5):
                done = run("check", "--format", "json", ".", cwd=graph)
                assert "Traceback" not in done.stderr
                assert done.returncode in (0, 1)
        finally:
            editor.kill()


@pytest.mark.parametrize("command", ["check", "build"])
@pytest.mark.parametrize(
    "extra",
    [
        "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)),
        "a: &a [*a]\n",
        "a: " + "[" * 20_000 + "\n",
    ],
    ids=["bomb", "circle", "deep"],
)
def test_settings_that_never_end_are_refused(graph: Path, command: str, extra: str) -> None:
    lines = "".join(f"  {line}\n" for line in extra.splitlines())
    (graph / "mkdocs.yml").write_text(f"site_name: x\ndocs_dir: pages\nplugins: [kbtool]\nextra:\n{lines}", "utf-8")
    done = run(command, cwd=graph)
    assert done.returncode == 2
    assert "mkdocs.yml" in done.stderr
    assert "Traceback" not in done.stderr


# ---------------------------------------------------------------- limits


@pytest.mark.parametrize(
    ("text", "line", "limit"),
    [
        ("a" * 9_000_000, 1, "characters"),
        ("- a\n" * 150_000, 1, "lines"),
        ("- a\n- " + "[[Good]] " * 300_000, 2, "links"),
        ("tags:: " + "Good, " * 200_000, 1, "links"),
        ("- a\n\n" + ("|" + "a|" * 1000 + "\n") * 100, 53, "cells"),
        ("- x " + "<b>x</b> aaaaa " * 200_000, 1, "links"),
        ("> " + "[[Good]] " * 100_000, 1, "links"),
    ],
    ids=["characters", "lines", "links", "words", "cells", "html", "quote"],
)
def test_too_much_is_one_finding_at_its_place(graph: Path, text: str, line: int, limit: str) -> None:
    (graph / "pages" / "x.md").write_text(text, "utf-8")
    (graph / "pages" / "y.md").write_text("- [[x]]\n", "utf-8")
    done = run("check", "--format", "json", ".", cwd=graph)
    rows = faults(done.stdout)
    assert [(row["rule"], row["line"]) for row in rows] == [("note-too-large", line)]
    assert limit in rows[0]["message"]


def test_note_of_a_hundred_megabytes_is_not_even_read(graph: Path) -> None:
    with (graph / "pages" / "x.md").open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    assert [rule for rule, _, _ in json_rows(graph)] == ["note-too-large"]


def json_rows(graph: Path) -> list[tuple[str, str, int]]:
    done = run("check", "--format", "json", ".", cwd=graph)
    return [(row["rule"], row["path"], row["line"]) for row in faults(done.stdout)]
