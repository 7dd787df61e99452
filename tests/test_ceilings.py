"""The most that a base may ask for by itself, and who may let it ask for more."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kbtool.cells.grants import own, settings_file
from kbtool.cells.sandbox import LEVELS
from kbtool.cli import main
from kbtool.config import KbError

Run = Callable[..., tuple[int, str]]
LONG = "the base asks for `timeout` 7,200, and nobody has granted more than 3,600 seconds a cell"
LOUD = "the base asks for `output_limit` 33,554,432, and nobody has granted more than 16,777,216 bytes a cell"


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base of one note, whose cells may run for two hours; the person has no settings."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "kb/pages").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    configure()
    code = "- ```python\n  print(1)\n  ```\n- ```python timeout=7200\n  print(2)\n  ```\n"
    (tmp_path / "kb/pages/long.md").write_text(code, "utf-8")
    return tmp_path


def configure(options: str = "") -> None:
    """Gives the base options of the plugin."""
    plugin = f"  - kbtool: {{{options}}}\n" if options else "  - kbtool\n"
    Path("mkdocs.yml").write_text(f"site_name: x\ndocs_dir: kb\nplugins:\n{plugin}", "utf-8")


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], base: Path) -> Run:
    """`kbtool run` with these words: its exit code, and what it prints."""

    def call(*words: str) -> tuple[int, str]:
        capfd.readouterr()
        status = main(("run", *words))
        return status, capfd.readouterr().out

    return call


def settings(text: str) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(text, "utf-8")


@pytest.mark.parametrize("level", [one for one in LEVELS if one != "strict"])
def test_a_cell_that_asks_for_more_time_is_not_begun(run: Run, level: str) -> None:
    status, said = run("--sandbox", level)
    assert status == 1
    assert f"error[cell-failed]: NeedsGrant: {LONG}\n --> kb/pages/long.md:4:3\n" in said
    assert "help: ask for less, or grant more with `--max-timeout SECONDS`" in said
    assert "sessions: 1 failed" in said


def test_an_hour_a_base_may_ask_for(run: Run, base: Path) -> None:
    note = base / "kb/pages/long.md"
    note.write_text(note.read_text("utf-8").replace("7200", "3600"), "utf-8")
    assert run()[0] == 0


def test_the_command_line_grants_more_time(run: Run) -> None:
    assert run("--max-timeout", "7199")[0] == 1
    assert run("--max-timeout", "7200")[0] == 0


def test_a_person_s_settings_grant_more_time(run: Run) -> None:
    settings("max_timeout: 7200\n")
    assert run()[0] == 0


def test_what_holds_is_shown_without_the_grant(run: Run) -> None:
    assert run("--max-timeout", "7200")[0] == 0
    assert run("--force")[0] == 1
    status, said = run()
    assert (status, "sessions: 1 cached" in said) == (0, True)


def test_the_time_of_all_cells_has_the_same_ceiling(run: Run, base: Path) -> None:
    (base / "kb/pages/long.md").write_text("- ```python\n  1\n  ```\n", "utf-8")
    configure("timeout: 7200")
    assert LONG in run()[1]
    configure("timeout: 3600")
    assert run()[0] == 0


def test_output_has_a_ceiling_too(run: Run, base: Path) -> None:
    (base / "kb/pages/long.md").write_text("- ```python\n  1\n  ```\n", "utf-8")
    configure(f"output_limit: {32 << 20}")
    status, said = run()
    assert (status, LOUD in said) == (1, True)
    assert "grant more with `--max-output SIZE`" in said
    assert run("--max-output", "32M")[0] == 0
    configure(f"output_limit: {16 << 20}")
    assert run()[0] == 0


def test_other_notes_run(run: Run, base: Path) -> None:
    (base / "kb/pages/short.md").write_text("- ```python\n  3\n  ```\n", "utf-8")
    assert "sessions: 1 ran, 1 failed" in run()[1]
    assert "sessions: 1 failed, 1 skipped" in run("--fail-fast", "--force")[1]


def test_a_base_grants_itself_nothing(run: Run) -> None:
    configure("max_timeout: 7200")
    assert run()[0] == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_timeout: soon\n", "`max_timeout` is a number of seconds above 0, not 'soon'"),
        ("max_timeout: .inf\n", "`max_timeout` is a number of seconds above 0, not inf"),
        ("max_timeout: true\n", "`max_timeout` is a number of seconds above 0, not True"),
        ("max_output: 0\n", "`max_output` is a size such as 64M, or bytes, not 0"),
        ("max_output: 64 MB\n", "`max_output` is a size such as 64M, or bytes, not '64 MB'"),
        ("max_outputs: 1\n", "nobody knows `max_outputs`\ndid you mean `max_output`?"),
    ],
)
def test_settings_that_say_nothing_are_told(base: Path, text: str, said: str) -> None:
    settings(text)
    with pytest.raises(KbError, match=re.escape(said)):
        own()


def test_settings_may_give_a_size(base: Path) -> None:
    settings("max_output: 64M\nmax_timeout: 5400.5\n")
    assert own().most == (5400.5, 64 << 20)
