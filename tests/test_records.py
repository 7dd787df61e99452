"""Results that are recorded with a base: when they are shown, what the page says of them, and what `check` says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kbtool import disk, stale, verdicts
from kbtool.cells import environment, recorded, recording
from kbtool.cells.sources import source_key
from kbtool.cli import main
from kbtool.disk import project_of
from kbtool.edits import alone, apply
from kbtool.edits import changes as edits_of
from kbtool.outside import fingerprint
from kbtool.stale import problems
from kbtool.values import Edit, NoteId, Source, Span
from tests.conftest import without_isolation
from tests.rendering import Html

CODE = "- Опыт:\n  ```python name=p\n  x = 41 + 1\n  print('ответ', x)\n  ```\n- {{val x}}\n"
NEEDY = "- ```python device=cuda\n  print('на месте')\n  ```\n"
Tool = Callable[..., tuple[int, str, str]]


class Base:
    """A base with one note, the commands in it, and a cache that can be lost."""

    def __init__(self, folder: Path, tool: Tool) -> None:
        self.folder = folder
        self.tool = tool

    def write(self, path: str, text: str) -> None:
        place = self.folder / "kb" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")

    @property
    def record(self) -> Path:
        return self.folder / "kb/.kbtool/records/pages/a.md.json"

    def lose_cache(self) -> None:
        """As on another machine."""
        shutil.rmtree(self.folder / "cache/kbtool", ignore_errors=True)

    def page(self) -> Html:
        return Html((self.folder / "site/a.html").read_text("utf-8"))

    def badges(self) -> list[str]:
        names = [one["class"].split()[-1] for one in self.page().of_class("kb-state__badge")]
        return [name.removeprefix("kb-state__badge--") for name in names]

    def another_device(self, name: str, **others: object) -> None:
        """Puts beside what was recorded the same from another device."""
        found = recorded.bodies(self.record.read_bytes())
        body = {**json.loads(json.dumps(found["cpu"])), "device": name, **others}
        found[name] = {**body, "digest": recorded._digest(body)}
        self.record.write_bytes(recorded.written(found))


@pytest.fixture
def base(capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Base:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = main(arguments)
        shown = capfd.readouterr()
        return status, re.sub(r" in [\d.]+ s$", "", shown.out, flags=re.MULTILINE), without_isolation(shown.err)

    found = Base(tmp_path, call)
    (tmp_path / "mkdocs.yml").write_text(
        "site_name: a\ndocs_dir: kb\nuse_directory_urls: false\ntheme: {name: material, language: en, font: false}\n"
        "plugins: [kbtool]\nnav: [pages/Start.md]\n"
    )
    found.write("pages/Start.md", "- [[a]]\n")
    found.write("pages/a.md", CODE + "- [[Start]]\n")
    return found


@pytest.fixture
def kept(base: Base) -> Base:
    """The base with a record, and an empty cache."""
    assert base.tool("run", "--record") == (0, "sessions: 1 ran\n", "records: 1 written\n")
    base.lose_cache()
    return base


# ---------------------------------------------------------------- recording


def test_only_run_record_records(base: Base) -> None:
    for command in (("run",), ("check",), ("build",)):
        assert base.tool(*command)[0] == 0
    assert not (base.folder / "kb/.kbtool").exists()
    # Control: what was cached is recorded without running again.
    assert base.tool("run", "--record") == (0, "sessions: 1 cached\n", "records: 1 written\n")
    assert base.record.exists()


def test_what_did_not_change_is_not_written_again(kept: Base) -> None:
    before = kept.record.read_bytes()
    assert kept.tool("run", "--record") == (0, "sessions: 1 ran\n", "records: 1 unchanged\n")
    assert kept.record.read_bytes() == before


def test_what_failed_is_not_recorded(base: Base) -> None:
    base.write("pages/a.md", "- ```python\n  1 / 0\n  ```\n- [[Start]]\n")
    status, _, err = base.tool("run", "--record")
    assert (status, err) == (1, "records: none\n")
    assert not base.record.exists()


def test_of_notes_that_were_asked_for_alone(base: Base) -> None:
    base.write("pages/b.md", CODE)
    base.tool("run", "--record", "kb/pages/a.md")
    assert [path.name for path in (base.folder / "kb/.kbtool").rglob("*.json")] == ["a.md.json"]


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("print('AKIA' + 'IOSFODNN7EXAMPLE')", "output 1 of cell 1 (stdout) has an AWS access key"),
        ("word = 'ghp_' + 'a1B2' * 9", "the value `word` of cell 1 has a GitHub token"),
        ("print('ran on deep' + 'thought')", "has the host's name (deepthought)"),
        ("print('x' * 70_000)", "has 70,001 bytes, and 50,000 are recorded of one"),
        ("for _ in range(2): print('x' * 20_000)", "are recorded of a note"),
    ],
    ids=["secret", "value", "name", "output", "note"],
)
def test_what_must_not_be_published_is_refused(
    base: Base, monkeypatch: pytest.MonkeyPatch, code: str, says: str
) -> None:
    monkeypatch.setattr(recording, "own_names", lambda: {"the host's name": "deepthought"})
    monkeypatch.setattr(recording, "OUTPUT_LIMIT", 50_000)
    monkeypatch.setattr(recording, "NOTE_LIMIT", 30_000)
    base.write("pages/a.md", f"- ```python\n  {code}\n  ```\n- [[Start]]\n")
    status, _, err = base.tool("run", "--record")
    assert status == 1
    assert says in err
    assert "records: 1 refused" in err
    assert not base.record.exists()


@pytest.mark.usefixtures("unconfined")
def test_what_read_a_file_that_it_changed_is_refused(base: Base) -> None:
    base.write("helper.py", "ROOT = __file__.rpartition('/')[0]\n")
    base.write("x.txt", "1")
    code = "import helper\n  p = helper.ROOT + '/x.txt'\n  open(p).read()\n  _ = open(p, 'w').write('2')"
    base.write("pages/a.md", f"- ```python\n  {code}\n  ```\n- [[Start]]\n")
    status, _, err = base.tool("run", "--record")
    assert status == 1
    assert "not recorded: a file that it read changed while it ran" in err


def test_a_lost_blob_is_recorded_again_and_an_idle_one_is_removed(base: Base) -> None:
    def blobs() -> list[Path]:
        return sorted((base.folder / "kb/.kbtool/records/blobs").rglob("*.txt"))

    base.write("pages/a.md", "- ```python\n  print('x' * 9000)\n  ```\n- [[Start]]\n")
    base.tool("run", "--record")
    (old,) = blobs()
    old.unlink()
    assert base.tool("check")[0] == 1
    assert base.tool("run", "--record")[2] == "records: 1 written\n"
    assert blobs() == [old]
    base.write("pages/a.md", "- ```python\n  print('y' * 9000)\n  ```\n- [[Start]]\n")
    base.tool("run", "--record")
    assert len(blobs()) == 1
    assert blobs() != [old]


def test_a_record_names_no_machine(kept: Base) -> None:
    text = kept.record.read_text("utf-8")
    assert not [name for name in environment.own_names().values() if name in text]
    assert str(kept.folder) not in text


def test_the_file_of_a_note_that_is_gone_is_taken_away(kept: Base) -> None:
    (kept.folder / "kb/pages/a.md").unlink()
    kept.write("pages/Start.md", "- x\n")
    assert "there is no note `pages/a.md` any more" in kept.tool("check")[1]
    assert kept.tool("run", "--record", "kb/pages/Start.md")[2] == "records: none\n"
    assert kept.record.exists()
    assert kept.tool("run", "--record")[2] == "records: 1 removed\n"
    assert not (kept.folder / "kb/.kbtool").exists()


# ---------------------------------------------------------------- what is shown


def test_without_running_what_was_recorded_is_shown(kept: Base) -> None:
    assert kept.tool("build", "--no-run")[:2] == (0, "sessions: 1 recorded\nsite: site/index.html\n")
    assert kept.badges() == ["recorded"]
    assert "ответ 42" in kept.page().text
    assert kept.tool("build")[1].startswith("sessions: 1 ran\n")


def test_without_a_record_nothing_is_shown_and_nothing_runs(base: Base) -> None:
    assert base.tool("build", "--no-run")[:2] == (0, "sessions: 1 skipped\nsite: site/index.html\n")
    assert base.badges() == []
    assert "The code of this page has not been run yet" in base.page().text


def test_plain_mkdocs_shows_it_as_well(kept: Base) -> None:
    subprocess.run([sys.executable, "-m", "mkdocs", "build", "-q"], check=True, cwd=kept.folder)
    assert kept.badges() == ["recorded"]


def test_a_run_that_gave_the_same_verifies_and_no_run_verifies_itself(kept: Base) -> None:
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    assert kept.tool("run")[0] == 0
    kept.another_device("cpu", started="2026-01-01T00:00:00+00:00")
    kept.tool("build")
    assert kept.badges() == ["verified"]
    kept.record.unlink()
    kept.tool("run", "--record")
    kept.tool("build")
    assert kept.badges() == ["fresh"]
    # Control: another result does not verify.
    cells = [{**old["cells"][0], "outputs": [{"kind": "stdout", "text": "ответ 43"}]}]
    kept.another_device("cpu", started="2026-01-01T00:00:00+00:00", cells=cells)
    kept.tool("build")
    assert kept.badges() == ["fresh"]


def test_verify_compares_with_what_was_recorded(kept: Base) -> None:
    status, out, err = kept.tool("run", "--verify")
    assert (status, out) == (0, "sessions: 1 ran\n")
    assert "no outcome to compare" not in err
    kept.lose_cache()
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    cells = [{**old["cells"][0], "outputs": [{"kind": "stdout", "text": "ответ 43"}]}]
    kept.another_device("cpu", cells=cells)
    status, out, _ = kept.tool("run", "--verify")
    assert status == 1
    assert "error[result-drift]: standard output is not as it was when it was kept" in out
    assert "-ответ 43" in out
    # Control: without records there is nothing to compare with.
    kept.lose_cache()
    shutil.rmtree(kept.folder / "kb/.kbtool")
    status, _, err = kept.tool("run", "--verify")
    assert status == 0
    assert "no outcome to compare" in err


def test_what_is_recorded_can_be_accepted_where_it_cannot_run(base: Base) -> None:
    base.write("pages/a.md", CODE.replace("name=p", "name=p expect") + "- [[Start]]\n")
    base.tool("run", "--record")
    base.lose_cache()
    assert "kbtool accept 'a#p'" in base.tool("build", "--no-run")[1]
    assert "pages/a.md#p: new: standard output, `x`\n" in base.tool("accept", "a#p")[2]
    assert "not-accepted" not in base.tool("build", "--no-run")[1]
    base.write("pages/a.md", CODE.replace("name=p", "name=p expect").replace("41", "42"))
    assert "no outcome of pages/a.md holds" in base.tool("accept")[2]


def test_numbers_that_differ_by_noise_are_verified(kept: Base) -> None:
    kept.write("pages/a.md", "- ```python name=p\n  1 / 3\n  ```\n- [[Start]]\n")
    assert kept.tool("run", "--record")[0] == 0
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    for text, state in (("0.33333333333333359", "verified"), ("0.3334", "fresh")):
        cells = [{**old["cells"][0], "outputs": [{"kind": "value", "text": text}]}]
        kept.another_device("cpu", started="2026-01-01T00:00:00+00:00", cells=cells)
        kept.tool("build")
        assert kept.badges() == [state]


def test_a_plan_says_what_its_record_is_good_for(kept: Base) -> None:
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    kept.write("pages/a.md", CODE.replace("name=p", "device=cuda") + "- [[Start]]\n")
    source = {**old["source"], "device": "cuda"}
    kept.another_device("cuda:NVIDIA A40", source=source, source_key=source_key(source), started="2026-01-02T03:04:05Z")
    told = "pages/a.md  needs a GPU, and there is none here: "
    assert f"{told}its record is shown (cuda:NVIDIA A40, 2026-01-02)\n" in kept.tool("plan")[1]
    kept.write("pages/a.md", NEEDY)
    assert f"{told}its record is stale\n" in kept.tool("plan")[1]


def test_a_cell_alone_is_not_recorded(base: Base) -> None:
    status, out, err = base.tool("run", "--record", "a#p")
    assert (status, out) == (2, "")
    assert "--record is about whole sessions" in err
    assert not base.record.exists()


def test_another_version_of_an_imported_package_makes_a_record_stale(base: Base) -> None:
    base.write("pages/a.md", "- ```python name=p\n  import numpy\n  print(numpy.e)\n  ```\n- [[Start]]\n")
    assert base.tool("run", "--record")[0] == 0
    base.lose_cache()
    assert base.tool("check")[:2] == (0, "no problems in 2 notes\n")
    old = json.loads(base.record.read_bytes())["outcomes"]["cpu"]
    (pinned,) = old["source"]["packages"]["numpy"]
    source = {**old["source"], "packages": {"numpy": ["numpy==0.1"]}}
    base.another_device("cpu", source=source, source_key=source_key(source))
    assert f"stale: the version of numpy was 0.1 and is {pinned.partition('==')[2]}" in base.tool("check")[1]
    assert base.tool("build", "--no-run")[0] == 1


def test_versions_on_a_gpu_that_is_not_here_are_listed_and_make_nothing_stale(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    base.write("pages/a.md", "- ```python name=p\n  import numpy\n  print(numpy.e)\n  ```\n- [[Start]]\n")
    assert base.tool("run", "--record")[0] == 0
    old = json.loads(base.record.read_bytes())["outcomes"]["cpu"]
    source = {**old["source"], "packages": {"numpy": ["numpy==0.1"]}}
    other = {"source": source, "source_key": source_key(source), "packages": {"numpy==0.1": ""}}
    base.another_device("cuda:NVIDIA A40", **other)
    found = recorded.bodies(base.record.read_bytes())
    base.record.write_bytes(recorded.written({"cuda:NVIDIA A40": found["cuda:NVIDIA A40"]}))
    base.lose_cache()
    assert base.tool("check")[:2] == (0, "no problems in 2 notes\n")
    base.tool("build", "--no-run")
    assert base.badges() == ["recorded"]
    assert "numpy: 0.1 there, 2" in base.page().text
    # Control: where there is such a GPU, it could be run again.
    monkeypatch.setattr(environment, "machine_device", lambda: "NVIDIA A40")
    assert "stale: the version of numpy was 0.1" in base.tool("check")[1]


def test_volatile_cells_need_not_be_equal(kept: Base) -> None:
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    cells = [{**old["cells"][0], "outputs": [{"kind": "stdout", "text": "ответ 43"}]}]
    kept.another_device("cpu", started="2026-01-01T00:00:00+00:00", cells=cells)
    kept.write("pages/a.md", CODE.replace("name=p", "volatile") + "- [[Start]]\n")
    kept.tool("build")
    assert kept.badges() == ["verified"]


def test_other_versions_are_listed_and_make_nothing_stale(kept: Base) -> None:
    where = {"Python": "cpython-3.9.1", "the platform": "linux-riscv64-musl", "threads": "64"}
    kept.another_device(
        "cpu", packages={"numpy==0.1": "", "no-such-thing==1.0": ""}, where=where, processor="An abacus"
    )
    status, out, _ = kept.tool("build", "--no-run")
    assert (status, out) == (0, "sessions: 1 recorded\nsite: site/index.html\n")
    text = kept.page().text
    for said in ("Python: cpython-3.9.1 there", "platform: linux-riscv64-musl there", "threads: 64 there", "An abacus"):
        assert said in text
    assert "numpy: 0.1 there, 2" in text
    assert "no-such-thing: 1.0 there, — here" in text


def test_the_same_version_with_other_files_is_listed(kept: Base) -> None:
    version = environment.installed("numpy")
    kept.another_device("cpu", packages={f"numpy=={version}": "0" * 16})
    kept.tool("build", "--no-run")
    assert f"numpy=={version}: the same version, other files" in kept.page().text


def test_results_of_other_devices_stand_beside_each_other_where_they_differ(kept: Base) -> None:
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    kept.another_device("cuda:NVIDIA A40")
    kept.tool("build", "--no-run")
    assert kept.page().of_class("kb-outputs__device") == []
    assert "NVIDIA A40" in kept.page().text
    cells = [{**old["cells"][0], "outputs": [{"kind": "stdout", "text": "ответ 42.0001"}]}]
    kept.another_device("cuda:NVIDIA A40", cells=cells)
    kept.tool("build", "--no-run")
    page = kept.page()
    assert len(page.of_class("kb-outputs__device")) == 2
    assert "cpuответ 42NVIDIA A40ответ 42.0001" in page.text


def test_a_record_of_another_device_stays_when_one_is_recorded(kept: Base) -> None:
    kept.another_device("cuda:NVIDIA A40")
    kept.write("pages/a.md", CODE.replace("41", "42"))
    kept.tool("run", "--record")
    assert sorted(recorded.bodies(kept.record.read_bytes())) == ["cpu", "cuda:NVIDIA A40"]


# ---------------------------------------------------------------- stale


@pytest.fixture
def changed(kept: Base) -> Base:
    """The base after its code changed."""
    kept.write("pages/a.md", CODE.replace("41", "42") + "- [[Start]]\n")
    return kept


def test_check_says_that_a_record_is_stale_and_why(changed: Base) -> None:
    status, out, _ = changed.tool("check")
    assert status == 0
    assert "warning[stale-record]: results that were recorded on cpu" in out
    assert "are stale: cell 1 changed\n --> kb/pages/a.md:2:3\n" in out
    assert changed.tool("check", "--strict")[0] == 1
    changed.write("pages/a.md", f"- Другая проза.\n{CODE}- [[Start]]\n")
    assert changed.tool("check", "--strict")[:2] == (0, "no problems in 2 notes\n")


def test_it_is_said_after_fixes_as_well(changed: Base) -> None:
    changed.write(
        "pages/a.md", f"- <!-- kbtool: ignore-file[bad-latex]: x -->\n{CODE}".replace("41", "42") + "- [[Start]]\n"
    )
    assert "unused-suppression" in changed.tool("check")[1]
    status, out, err = changed.tool("check", "--fix")
    assert (status, err) == (0, "fixed 1 problem in 1 note\n")
    assert "warning[stale-record]" in out
    assert "unused-suppression" not in out
    # Its place is the one in the text as it is now.
    assert " --> kb/pages/a.md:2:3\n" in out


def test_a_comment_silences_it(changed: Base) -> None:
    comment = "- <!-- kbtool: ignore-file[stale-record]: ждёт машины -->\n"
    changed.write("pages/a.md", comment + CODE.replace("41", "42") + "- [[Start]]\n")
    assert changed.tool("check", "--strict")[:2] == (0, "no problems in 2 notes\n")


def test_build_refuses_what_is_stale_unless_it_can_run_it(changed: Base) -> None:
    status, _, err = changed.tool("build", "--no-run")
    assert status == 1
    assert "error: pages/a.md: not run here, and its recorded results are stale: cell 1 changed" in err
    assert not (changed.folder / "site").exists()
    assert changed.tool("build")[0] == 0
    assert changed.badges() == ["fresh"]


def test_stale_results_are_shown_only_when_told_to_and_say_so(changed: Base) -> None:
    assert changed.tool("build", "--no-run", "--keep-going")[0] == 1
    page = changed.page()
    assert changed.badges() == ["none"]
    assert "ответ 42" not in page.text
    assert "cell 1 changed" in page.text
    assert changed.tool("build", "--no-run", "--allow-stale")[0] == 0
    page = changed.page()
    assert changed.badges() == ["stale"]
    assert "ответ 42" in page.text
    assert "42stale" in page.text  # the value in prose, too
    assert len(page.of_class("kb-cell__note--stale")) == 1


@pytest.mark.parametrize(
    ("path", "told"),
    [("data/x.csv", "the file data/x.csv changed"), ("helper.py", "the module helper changed")],
)
def test_a_file_of_the_base_that_changed_makes_it_stale(base: Base, path: str, told: str) -> None:
    base.write("data/x.csv", "1")
    base.write("helper.py", "X = 1\nROOT = __file__.rpartition('/')[0]\n")
    code = "- ```python\n  import helper\n  print(open(helper.ROOT + '/data/x.csv').read())\n  ```\n- [[Start]]\n"
    base.write("pages/a.md", code)
    assert base.tool("run", "--record")[2] == "records: 1 written\n"
    assert base.tool("check")[1] == "no problems in 2 notes\n"
    base.write(path, "2\nROOT = ''")
    assert told in base.tool("check")[1]


def test_code_that_comes_from_another_note_counts(base: Base) -> None:
    base.write("pages/b.md", "- ```python export\n  def f():\n      return 1\n  ```\n- [[a]]\n")
    base.write("pages/a.md", "- ```python\n  from kb.b import f\n  f()\n  ```\n- [[Start]] [[b]]\n")
    base.tool("run", "--record", "kb/pages/a.md")
    assert "stale" not in base.tool("check")[1]
    base.write("pages/b.md", "- ```python export\n  def f():\n      return 2\n  ```\n- [[a]]\n")
    assert "are stale: the code that it imports from other notes changed" in base.tool("check")[1]


# ---------------------------------------------------------------- verdicts that are kept


@pytest.fixture
def judged(kept: Base, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """How many times records were judged so far, on a base whose files all count as old."""
    times: list[None] = []

    def counted(*given: Any) -> Any:
        times.append(None)
        return problems(*given)

    monkeypatch.setattr(stale, "problems", counted)
    for grain in ("_GRAIN", "_FINE"):
        monkeypatch.setattr(verdicts, grain, -(10**18))
    return lambda: len(times)


def test_verdicts_hold_until_something_changes(kept: Base, judged: Callable[[], int]) -> None:
    kept.write("pages/a.md", CODE.replace("41", "43") + "- [[Start]]\n")
    first, second = kept.tool("check"), kept.tool("check")
    assert (first, judged()) == (second, 1)
    assert "stale-record" in second[1]


@pytest.mark.parametrize("path", ["pages/a.md", "data/new.csv", ".hidden", ".kbtool/records/pages/a.md.json"])
def test_any_other_file_has_records_judged_again(kept: Base, judged: Callable[[], int], path: str) -> None:
    kept.tool("check")
    assert judged() == 1
    file = kept.folder / "kb" / path
    file.parent.mkdir(exist_ok=True)
    file.write_text((file.read_text("utf-8") if file.exists() else "") + "\n", "utf-8")
    kept.tool("check")
    assert judged() == 2


def test_where_stamps_cannot_tell_nothing_is_kept(kept: Base, judged: Callable[[], int], tmp_path: Path) -> None:
    (kept.folder / "kb/data").symlink_to(tmp_path)
    for times in (1, 2):
        kept.tool("check")
        assert judged() == times


def test_just_after_a_change_nothing_is_kept(kept: Base, judged: Callable[[], int], monkeypatch: Any) -> None:
    for grain in ("_GRAIN", "_FINE"):
        monkeypatch.setattr(verdicts, grain, 10**18)
    for times in (1, 2):
        kept.tool("check")
        assert judged() == times


def test_other_settings_have_records_judged_again(kept: Base, judged: Callable[[], int]) -> None:
    kept.write("pages/a.md", CODE.replace("41", "43") + "- [[Start]]\n")
    assert "warning[stale-record]" in kept.tool("check")[1]
    settings = kept.folder / "mkdocs.yml"
    settings.write_text(settings.read_text().replace("[kbtool]", "[{kbtool: {rules: {stale-record: error}}}]"))
    assert "error[stale-record]" in kept.tool("check")[1]
    assert judged() == 2


def test_a_note_that_imports_needs_no_more_than_what_it_imports(base: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    base.write("pages/c.md", "- ```python export\n  ONE = 1\n  ```\n- [[a]]\n")
    code = "  from kb.c import ONE\n  def f():\n      return ONE\n"
    base.write("pages/b.md", f"alias:: другая\n\n- ```python export\n{code}  ```\n")
    base.write("pages/a.md", '- ```python\n  import kb\n  kb["другая"].f()\n  ```\n- [[Start]] [[b]] [[c]]\n')
    base.tool("run", "--record", "kb/pages/a.md")
    monkeypatch.setattr(disk, "read", None)  # of all notes
    assert "stale" not in base.tool("check")[1]
    base.write("pages/c.md", "- ```python export\n  ONE = 2\n  ```\n- [[a]]\n")
    assert "are stale: the code that it imports from other notes changed" in base.tool("check")[1]


# ---------------------------------------------------------------- tampered


def test_what_was_edited_by_hand_is_an_error_and_not_shown(kept: Base) -> None:
    text = kept.record.read_text("utf-8")
    kept.record.write_text(text.replace("ответ 42", "ответ 43"), "utf-8")
    status, out, _ = kept.tool("check")
    assert status == 1
    assert "error[tampered-record]: what was recorded on cpu is not as it was written" in out
    assert kept.tool("build", "--no-run")[0] == 1
    kept.tool("build", "--no-run", "--keep-going")
    assert "ответ 43" not in kept.page().text
    assert kept.tool("run", "--record")[2] == "records: 1 written\n"
    assert kept.tool("check")[0] == 0


def test_markup_in_a_record_is_shown_as_text(kept: Base) -> None:
    old = json.loads(kept.record.read_bytes())["outcomes"]["cpu"]
    evil = "<script>alert(1)</script>{0}{name}"
    cells = [{**old["cells"][0], "outputs": [{"kind": "stdout", "text": evil}]}]
    more = {"isolation": evil, "python": evil, "started": evil, "gaps": [evil], "where": {"Python": evil}}
    kept.another_device("cpu", cells=cells, packages={f"{evil}==1": ""}, **more)
    assert kept.tool("build", "--no-run")[0] == 0
    page = (kept.folder / "site/a.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert page.count("&lt;script&gt;alert") >= 6


def test_signs_for_the_terminal_in_a_record_reach_no_terminal(kept: Base) -> None:
    kept.another_device("cpu", facts=[["file", "data/\x1b[2Jx", "d"]])
    for command in (("check",), ("build", "--no-run")):
        _, out, err = kept.tool(*command)
        assert "2Jx changed" in out + err
        assert "\x1b" not in out + err


# ---------------------------------------------------------------- devices


def test_a_note_for_a_gpu_is_shown_as_recorded_where_there_is_none(kept: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    kept.write("pages/a.md", NEEDY + "- [[Start]]\n")
    # Control: without what was recorded it is an error, and never a run on the processor.
    kept.record.unlink()
    status, out, _ = kept.tool("build")
    assert status == 1
    assert "error[needs-device]" in out
    _record_as_if_on_gpu(kept)
    assert kept.tool("build")[:2] == (0, "sessions: 1 recorded\nsite: site/index.html\n")
    assert kept.badges() == ["recorded"]
    assert "NVIDIA A40 there, — here" in kept.page().text
    kept.write("pages/a.md", NEEDY.replace("на месте", "там") + "- [[Start]]\n")
    status, out, err = kept.tool("build")
    assert status == 1
    assert "error[needs-device]" in out
    assert "its recorded results are stale: cell 1 changed" in err
    assert kept.tool("build", "--allow-stale")[0] == 0
    assert kept.badges() == ["stale"]


def _record_as_if_on_gpu(base: Base) -> None:
    base.write("pages/a.md", NEEDY.replace(" device=cuda", "") + "- [[Start]]\n")
    base.tool("run", "--record")
    body = json.loads(base.record.read_bytes())["outcomes"]["cpu"]
    body["source"]["device"] = "cuda"
    body["source_key"] = source_key(body["source"])
    body["device"] = "cuda:NVIDIA A40"
    body["digest"] = recorded._digest(body)
    base.record.write_bytes(recorded.written({body["device"]: body}))
    base.write("pages/a.md", NEEDY + "- [[Start]]\n")


# ---------------------------------------------------------------- beside everything else


def test_records_and_changes_of_notes_share_a_folder(kept: Base) -> None:
    note = NoteId("pages/Start.md")
    source = Source(note, (kept.folder / "kb" / note).read_text("utf-8"))
    apply(kept.folder / "kb", edits_of([Edit(note, Span(0, 0), "- x\n")], {note: source}))
    assert kept.record.exists()
    assert sorted(path.name for path in (kept.folder / "kb/.kbtool").iterdir()) == ["records"]
    # A change that was broken off is still thrown away.
    (kept.folder / "kb/.kbtool/edits").mkdir()
    (kept.folder / "kb/.kbtool/edits/journal").write_text("[]")
    assert kept.tool("check")[0] == 0
    assert sorted(path.name for path in (kept.folder / "kb/.kbtool").iterdir()) == ["records"]


def test_several_checks_may_go_on_at_once(kept: Base) -> None:
    with alone(kept.folder / "kb"):
        assert kept.tool("check")[0] == 0


def test_a_check_without_records_imports_nothing_more(kept: Base) -> None:
    code = "import sys\nfrom kbtool.cli import main\nmain(['check'])\nprint('kbtool.cells.plan' in sys.modules)\n"

    def loads() -> str:
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=kept.folder)
        return done.stdout.split()[-1]

    assert loads() == "True"
    shutil.rmtree(kept.folder / "kb/.kbtool")
    loads()
    assert loads() == "False"


def test_serve_notices_a_record(kept: Base) -> None:
    project = project_of(kept.folder / "mkdocs.yml")
    before = fingerprint(project)
    kept.record.unlink()
    assert fingerprint(project) != before
