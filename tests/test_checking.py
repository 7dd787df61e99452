"""The cached check of a base on disk: whatever happened since the last run, it says what a run without cache says."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kbtool import cache, checking, crew, disk
from kbtool.config import GraphSettings
from kbtool.disk import Project, select
from kbtool.examining import Examined, Job, examined
from kbtool.record import Reading
from kbtool.values import Diagnostic
from tests.conftest import ROOT, Run

ID = "64a1b2c3-0000-4000-8000-000000000001"
OTHER_ID = "64a1b2c3-0000-4000-8000-000000000002"
NOTES = {
    "mkdocs.yml": "site_name: x\ndocs_dir: kb\nplugins: [kbtool]\n",
    "kb/logseq/config.edn": '{:journal/page-title-format "yyyy-MM-dd" :file/name-format :triple-lowbar}',
    "kb/pages/a.md": "alias:: альфа\n\n- [[b]] [[нет]] ((" + ID + "))\n- ![](../assets/p.png)\n",
    "kb/pages/b.md": "- [[альфа]] [[весна]]\n- text\n  id:: " + ID + "\n- $\\frac{1}{$\n",
    "kb/pages/c.md": "- [[a]] ((" + OTHER_ID + ")) [[2024-01-02]] [[дом/комната]] [[дом]]\n- ```bash wat\n  x\n  ```\n",
    "kb/pages/дом___комната.md": "- [[c]]\n- ```python\n  print(x\n  ```\n",
    "kb/journals/2024_01_01.md": "- [[b]] [[a]]\n",
    "kb/assets/p.png": "png",
}


def write(root: Path, path: str, text: str | bytes) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_bytes(text.encode() if isinstance(text, str) else text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path, text in NOTES.items():
        write(tmp_path / "base", path, text)
    return tmp_path / "base"


def project(root: Path) -> Project:
    return select([root]).project


def cached(root: Path) -> tuple[Diagnostic, ...]:
    return checking.check(project(root), lambda _done, _total: None).found


def fresh(root: Path) -> tuple[Diagnostic, ...]:
    """The same without a cache, of a copy, so that nothing is known of any file."""
    copy = root.with_name(f"{root.name}-{time.time_ns()}")
    shutil.copytree(root, copy, symlinks=True)
    found = cached(copy)
    assert cached(copy) == found
    return found


@pytest.fixture(autouse=True)
def later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of a check says that all files are an hour old, so that their stamps are believed."""
    now = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: now() + 3600 * 10**9)


Change = Callable[[Path], object]


def edit(path: str, old: str, new: str) -> Change:
    def change(root: Path) -> None:
        text = (root / path).read_text("utf-8")
        assert old in text
        (root / path).write_text(text.replace(old, new), "utf-8")

    return change


def put(path: str, text: str | bytes) -> Change:
    return lambda root: write(root, path, text)


def same_size_same_time(root: Path) -> None:
    path = root / "kb/pages/a.md"
    status = path.stat()
    write(root, "kb/pages/a.md", path.read_bytes().replace(b"[[b]]", b"[[q]]"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def dated(seconds: int) -> Change:
    def change(root: Path) -> None:
        write(root, "kb/pages/a.md", "- [[q]]\n")
        os.utime(root / "kb/pages/a.md", (seconds, seconds))

    return change


def swapped(root: Path) -> None:
    a, b = root / "kb/pages/a.md", root / "kb/pages/b.md"
    a.rename(root / "kb/pages/x.md")
    b.rename(a)
    (root / "kb/pages/x.md").rename(b)


def folder_for_note(root: Path) -> None:
    (root / "kb/pages/c.md").unlink()
    (root / "kb/pages/c.md").mkdir()


def link_for_note(root: Path) -> None:
    (root / "kb/pages/b.md").unlink()
    (root / "kb/pages/b.md").symlink_to(root / "kb/pages/a.md")


CHANGES: dict[str, Change] = {
    "nothing": lambda _root: None,
    "touched": lambda root: (root / "kb/pages/a.md").touch(),
    "note added": put("kb/pages/нет.md", "- [[a]]\n"),
    "note that a nearer name offers": put("kb/pages/весны.md", "- [[a]]\n"),
    "note removed": lambda root: (root / "kb/pages/b.md").unlink(),
    "note renamed": lambda root: (root / "kb/pages/b.md").rename(root / "kb/pages/e.md"),
    "two notes swapped": swapped,
    "note emptied": put("kb/pages/b.md", ""),
    "page name gained": edit("kb/pages/c.md", "- [[a]]", "title:: нет\n\n- [[a]]"),
    "page name doubled": edit("kb/pages/c.md", "- [[a]]", "title:: a\n\n- [[a]]"),
    "alias gained": edit("kb/pages/c.md", "- [[a]]", "alias:: нет\n\n- [[a]]"),
    "alias lost": edit("kb/pages/a.md", "альфа", "бета"),
    "alias doubled": edit("kb/pages/c.md", "- [[a]]", "alias:: альфа\n\n- [[a]]"),
    "id gained": edit("kb/pages/b.md", "- $", f"- new\n  id:: {OTHER_ID}\n- $"),
    "id lost": edit("kb/pages/b.md", f"  id:: {ID}\n", ""),
    "id doubled": edit("kb/pages/c.md", "- [[a]]", f"- twin\n  id:: {ID}\n- [[a]]"),
    "text above a definition": edit("kb/pages/b.md", "- [[альфа]]", "- more\n- more\n- [[альфа]]"),
    "link gained": edit("kb/pages/b.md", "text", "[[нигде]]"),
    "link lost": edit("kb/pages/a.md", "[[нет]]", ""),
    "formula mended": edit("kb/pages/b.md", "{1}{", "{1}{2}"),
    "namespace child lost": lambda root: (root / "kb/pages/дом___комната.md").unlink(),
    "journal added": put("kb/journals/2024_01_02.md", "- [[a]]\n"),
    "journal's page added": put("kb/pages/day.md", "title:: 2024-01-01\n\n- [[a]]\n"),
    "asset added": put("kb/assets/q.png", "png"),
    "asset removed": lambda root: (root / "kb/assets/p.png").unlink(),
    "note no longer UTF-8": put("kb/pages/b.md", b"- \xff\n"),
    "folder named like a note": folder_for_note,
    "link in the place of a note": link_for_note,
    "config.edn edited": edit("kb/logseq/config.edn", "triple-lowbar", "legacy"),
    "config.edn hides": edit("kb/logseq/config.edn", ":file/", ':hidden ["pages/b.md"] :file/'),
    "config.edn broken": put("kb/logseq/config.edn", "{"),
    "config.edn removed": lambda root: (root / "kb/logseq/config.edn").unlink(),
    "a module beside the notes": put("kb/helper.py", "x = 1\n"),
    "mkdocs.yml edited": edit("mkdocs.yml", "[kbtool]", "[kbtool: {wanted: [нет]}]"),
    "mkdocs.yml makes bash a language": edit("mkdocs.yml", "[kbtool]", "[kbtool: {languages: [python, bash]}]"),
    "same size, time put back": same_size_same_time,
    "dated 1970": dated(0),
    "dated 2100": dated(4_102_444_800),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_seen(root: Path, change: Change) -> None:
    cached(root)
    change(root)
    assert cached(root) == fresh(root)
    assert cached(root) == fresh(root)


def test_a_change_taken_back_is_seen(root: Path) -> None:
    before = cached(root)
    edit("kb/pages/a.md", "альфа", "бета")(root)
    assert cached(root) != before
    edit("kb/pages/a.md", "бета", "альфа")(root)
    assert cached(root) == before


def test_a_stale_cache_would_be_seen(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = cached(root)
    monkeypatch.setattr(disk, "stamp", lambda _status: (0, 0, 0, 0))
    cached(root)
    edit("kb/pages/a.md", "[[b]]", "[[q]]")(root)
    assert cached(root) == before != fresh(root)


@pytest.mark.parametrize(("grain", "seen"), [(checking._GRAIN, True), (-(10**18), False)])
def test_a_note_written_twice_within_the_clock_s_grain(
    root: Path, monkeypatch: pytest.MonkeyPatch, grain: int, seen: bool
) -> None:
    monkeypatch.undo()  # the true clock
    monkeypatch.setattr(disk, "stamp", lambda status: (status.st_size, status.st_mtime_ns, 0, 0))
    monkeypatch.setattr(checking, "_GRAIN", grain)
    before = cached(root)
    same_size_same_time(root)
    assert (cached(root) != before) == seen


def test_a_note_that_changes_while_it_is_read_is_read_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    contents = disk._contents

    def changing(path: str, limit: int) -> tuple[bytes | None, disk.Stamp | None]:
        return contents(path, limit)[0], None

    monkeypatch.setattr(disk, "_contents", changing)
    cached(root)
    monkeypatch.undo()
    monkeypatch.setattr(disk, "stamp", lambda _status: (0, 0, 0, 0))
    edit("kb/pages/a.md", "[[b]]", "[[q]]")(root)
    assert cached(root) == fresh(root)


def test_a_note_that_vanishes_while_it_is_read_is_no_note(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = disk.scan(root / "kb", ())
    (root / "kb/pages/c.md").unlink()
    without = fresh(root)
    monkeypatch.setattr(disk, "scan", lambda _base, _hidden: listing)
    assert cached(root) == without


# ---------------------------------------------------------------- the file of the cache


def file_of(root: Path) -> Path:
    return cache.place(root / "kb")


def test_cut_short_anywhere_it_is_as_good_as_absent(root: Path) -> None:
    found = cached(root)
    edit("kb/pages/a.md", "[[b]]", "[[q]]")(root)
    changed = fresh(root)
    whole = file_of(root).read_bytes()
    for length in (*range(100), *range(100, len(whole), 37)):
        file_of(root).write_bytes(whole[:length])
        assert cached(root) == changed != found


def test_one_wrong_bit_anywhere_changes_nothing(root: Path) -> None:
    cached(root)
    whole = file_of(root).read_bytes()
    edit("kb/pages/a.md", "[[b]]", "[[q]]")(root)
    changed = fresh(root)
    chance = random.Random(1)
    for place in (*range(100), *(chance.randrange(len(whole)) for _ in range(200))):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << chance.randrange(8)
        file_of(root).write_bytes(damaged)
        assert cached(root) == changed


def bulk_of(root: Path) -> Path:
    kept = cache.load(file_of(root), cache.writer())
    assert kept
    return file_of(root).with_name(kept.table[-1][0])


def test_a_bulk_that_is_damaged_cut_or_gone_changes_nothing(root: Path) -> None:
    cached(root)
    head, bulk = file_of(root), bulk_of(root)
    table, whole = head.read_bytes(), bulk.read_bytes()
    edit("kb/pages/a.md", "[[b]]", "[[q]]")(root)
    changed = fresh(root)
    chance = random.Random(1)
    bits = [(chance.randrange(len(whole)), 1 << chance.randrange(8)) for _ in range(100)]
    flipped = [whole[:at] + bytes([whole[at] ^ bit]) + whole[at + 1 :] for at, bit in bits]
    for data in (*flipped, whole[: len(whole) // 2], b"", None):
        head.write_bytes(table)
        bulk.unlink(missing_ok=True)
        if data is not None:
            bulk.write_bytes(data)
        assert cached(root) == changed
        assert cached(root) == changed


def test_only_the_bulk_that_is_meant_is_kept(root: Path) -> None:
    cached(root)
    before = bulk_of(root)
    edit("kb/pages/a.md", "[[b]]", "[[q]]")(root)
    cached(root)
    assert bulk_of(root) == before
    edit("kb/logseq/config.edn", "triple-lowbar", "legacy")(root)
    cached(root)
    assert bulk_of(root) != before
    assert list(before.parent.glob(f"{file_of(root).stem}.*.bulk")) == [bulk_of(root)]


@pytest.mark.parametrize("make", [lambda path: path.mkdir(), lambda path: path.symlink_to("/dev/zero"), os.mkfifo])
def test_something_else_in_its_place_is_no_error(root: Path, make: Callable[[Path], object]) -> None:
    file_of(root).parent.mkdir(parents=True, exist_ok=True)
    make(file_of(root))
    assert cached(root) == fresh(root)


def test_a_folder_that_cannot_be_written_is_no_error(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fresh(root)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert cached(root) == found


def test_another_kbtool_does_not_read_it(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cached(root)
    monkeypatch.setattr(cache, "writer", lambda: bytes(16))
    assert cache.load(file_of(root), cache.writer()) is None


def test_it_lies_where_the_outcomes_lie() -> None:
    from kbtool.cells import store

    assert cache.default_folder() == store.default_folder()


def test_it_is_written_only_when_something_changed(root: Path) -> None:
    cached(root)
    before = file_of(root).stat().st_mtime_ns, file_of(root).stat().st_ino
    cached(root)
    assert (file_of(root).stat().st_mtime_ns, file_of(root).stat().st_ino) == before


def test_a_process_killed_while_it_writes_leaves_the_old_file(root: Path) -> None:
    found = cached(root)
    whole = file_of(root).read_bytes()
    killed = (
        "import os, sys; from pathlib import Path; from kbtool import beside\n"
        "def parts():\n    yield b'half'; sys.stdout.flush(); os.kill(os.getpid(), 9)\n"
        "beside.write(Path(sys.argv[1]), parts())"
    )
    done = subprocess.run(
        [sys.executable, "-c", killed, file_of(root)], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=False
    )
    assert done.returncode == -signal.SIGKILL
    left = list(file_of(root).parent.glob(".*.tmp"))
    assert (file_of(root).read_bytes(), len(left)) == (whole, 1)
    assert cached(root) == found
    os.utime(left[0], (0, 0))
    cache.save(file_of(root), bytes(16), (), cache.part(b""))
    assert not left[0].exists()


def test_many_processes_at_once_say_the_same(root: Path) -> None:
    command = [sys.executable, "-m", "kbtool", "check", "--format", "json", str(root)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    for target in ("бета", "гамма"):
        started = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE) for _ in range(4)]
        said = {process.communicate()[0] for process in started}
        assert len(said) == 1
        text = (root / "kb/pages/a.md").read_text("utf-8")
        write(root, "kb/pages/a.md", text + f"- [[{target}]]\n")
    assert cached(root) == fresh(root)


HEAVY = ("kbtool.syntax.parse", "kbtool.note", "kbtool.checks", "kbtool.kb", "math_core", "rapidfuzz", "markdown_it")


@pytest.mark.parametrize("changed", [False, True])
def test_nothing_heavy_is_imported_when_nothing_changed(root: Path, changed: bool) -> None:
    command = (
        "import sys; from kbtool.cli import main; main(['check', sys.argv[1]]); print(*sys.modules, file=sys.stderr)"
    )
    edit("mkdocs.yml", "[kbtool]", "[kbtool: {wanted: [нет]}]")(root)
    for path in root.rglob("*.*"):
        os.utime(path, (1, 1))
    time.sleep(checking._GRAIN / 1e9 + 0.1)
    run = [sys.executable, "-c", command, str(root)]
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run(run, env=env, check=False, capture_output=True)
    if changed:
        edit("kb/pages/c.md", "[[a]]", "[[a]] [[b]]")(root)
    done = subprocess.run(run, env=env, check=False, capture_output=True, text=True)
    assert bool(set(HEAVY) & set(done.stderr.split())) == changed, done.stderr


def test_what_draws_diagrams_is_asked_once_and_only_for_notes_that_have_some(root: Path) -> None:
    command = "import sys; from kbtool.cli import main; main(['check']); print('mmdr' in sys.modules)"
    run = [sys.executable, "-c", command]
    env = os.environ | {"PYTHONPATH": str(ROOT)}

    def checked() -> tuple[bool, str]:
        for path in root.rglob("*.*"):
            os.utime(path, (1, 1))
        out = subprocess.run(run, cwd=root, env=env, check=True, capture_output=True, text=True).stdout
        return "bad-diagram" in out, out.split()[-1]

    assert checked() == (False, "False")
    write(root, "kb/pages/d.md", "- ```mermaid\n  pie\n    x\n  ```\n")
    assert checked() == (True, "True")
    assert checked() == (True, "False")


# ---------------------------------------------------------------- several processes


@pytest.fixture
def crowd(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A base so large, or patience so small, that two processes work on it."""
    monkeypatch.setattr(crew, "_SHARE", 100)
    monkeypatch.setattr(crew, "_CHUNK", 100)
    for number in range(40):
        write(root, f"kb/pages/n{number}.md", f"- [[n{number + 1}]] [[a]] ((x))\n- $\\frac{{{number}}}$\n")
    return root / "kb"


def jobs(base: Path) -> list[Job]:
    return [Job(note, stamp[0], b"") for note, stamp in disk.scan(base, ()).notes.items()]


def all_of(base: Path) -> list[Examined]:
    return sorted(crew.examine_all(base, jobs(base), Reading(GraphSettings())))


def test_the_control_works_in_two_processes(crowd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pids: list[int] = []
    fork = os.fork

    def counting() -> int:
        pids.append(1)
        return fork()

    monkeypatch.setattr(os, "fork", counting)
    monkeypatch.setattr("threading.active_count", lambda: 1)  # other tests leave threads of servers and browsers
    all_of(crowd)
    assert len(pids) >= 2 or len(os.sched_getaffinity(0)) == 1


def test_several_processes_say_what_one_says(crowd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    together = all_of(crowd)
    monkeypatch.setattr(crew, "_SHARE", 10**9)
    assert together == all_of(crowd)
    assert len(together) == 45


@pytest.mark.parametrize("notes", [{"pages/n7.md"}, {"pages/n0.md", "pages/n1.md", "pages/n39.md"}])
def test_a_note_that_ends_its_process_is_named_and_no_other_is_lost(
    crowd: Path, monkeypatch: pytest.MonkeyPatch, notes: set[str]
) -> None:
    monkeypatch.setattr(crew, "_useful", lambda _jobs: 2)
    right = {one.note: one for one in all_of(crowd)}

    def fatal(base: Path, job: Job, reading: Reading) -> Examined | None:
        if job.note in notes:
            os.kill(os.getpid(), signal.SIGKILL)
        return examined(base, job, reading)

    monkeypatch.setattr(crew, "examined", fatal)
    found = {one.note: one for one in all_of(crowd)}
    assert {note for note in right if found[note] != right[note]} == notes
    problems = [found[note].entry[0] for note in sorted(found) if note in notes]  # type: ignore[index]
    assert [one[0][0] for one in problems] == ["unreadable-note"] * len(notes)


def test_a_bug_in_a_process_is_no_note_s_fault(crowd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def buggy(base: Path, job: Job, reading: Reading) -> Examined | None:
        raise ZeroDivisionError

    monkeypatch.setattr(crew, "examined", buggy)
    with pytest.raises(ZeroDivisionError):
        all_of(crowd)


def descendants(group: int) -> Iterator[int]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            yield int(status.parent.name)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("to_all", [True, False])
def test_ctrl_c_leaves_no_process(crowd: Path, to_all: bool) -> None:
    command = (
        "import sys, time; from kbtool import crew; from kbtool.cli import main; crew._SHARE = crew._CHUNK = 100\n"
        "crew._useful = lambda jobs: 2; crew.examined = lambda *given: time.sleep(2)\n"
        "sys.exit(main(['check', sys.argv[1]]))"
    )
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", command, str(crowd)], env=env, start_new_session=True, stderr=subprocess.PIPE
    )
    while len(list(descendants(process.pid))) < 3:
        assert process.poll() is None, process.stderr and process.stderr.read()
    time.sleep(0.3)  # while it works, not while it begins to
    (os.killpg if to_all else os.kill)(process.pid, signal.SIGINT)
    said = process.communicate()[1]
    assert (process.returncode, said) == (130, b"interrupted\n")
    assert list(descendants(process.pid)) == []


def test_where_no_process_can_be_made_ctrl_c_still_works(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(os, "fork", full)
    with pytest.raises(BlockingIOError):
        crew._start(0, (), lambda _: None)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_broken_graph_of_a_thousand_notes(kbtool: Run, generate: Callable[..., object]) -> None:
    """Two processes, a cache, and then one note of each kind of change."""
    graph = generate(notes=1000, seed=3, broken=5).graph  # type: ignore[attr-defined]
    base = Project(graph, None, None, project(graph).config)
    first = checking.check(base, lambda _done, _total: None)
    assert first.found == checking.check(base, lambda _done, _total: None).found
    from kbtool.filters import filtered
    from kbtool.kb import Kb

    assert filtered(first.found, first.comments, base.config) == Kb().check_files(disk.read(base))
