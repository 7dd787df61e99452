"""Writing notes: bytes outside the edits stay, and whatever fails, a base is all old or all new."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kbtool import edits
from kbtool.config import KbError
from kbtool.values import Edit, NoteId, Source, Span

OLD = {
    "pages/a.md": "\ufeff- [[старое]]\r\n\t- хвост  \r\n".encode(),
    "pages/b.md": "- #старое и [[старое]]".encode(),
    "journals/2025_01_31.md": b"",
    "pages/c.md": "- ничего\n".encode(),
}
NEW = {
    "pages/a.md": "\ufeff- [[новое]]\r\n\t- хвост  \r\n".encode(),
    "pages/b.md": "- #новое и [[новое]]".encode(),
    "journals/2025_01_31.md": "- день".encode(),
    "pages/c.md": "- ничего\n".encode(),
}


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return fill(tmp_path / "kb")


def fill(base: Path) -> Path:
    for name, data in OLD.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(data)
    return base


def contents(base: Path) -> dict[str, bytes]:
    """All files of a base by path, kbtool's own folder included."""
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in base.rglob("*") if path.is_file()}


def wanted() -> tuple[edits.Change, ...]:
    sources = {NoteId(name): Source(NoteId(name), data.decode()) for name, data in OLD.items()}
    given = [
        Edit(NoteId(name), Span(at, at + len("старое")), "новое")
        for name, source in sources.items()
        for at in range(len(source.text))
        if source.text.startswith("старое", at)
    ]
    return edits.changes([*given, Edit(NoteId("journals/2025_01_31.md"), Span(0, 0), "- день")], sources)


# ---------------------------------------------------------------- when nothing fails


def test_only_the_edited_bytes_change(base: Path) -> None:
    edits.apply(base, wanted())
    assert contents(base) == NEW


def test_edits_of_one_note_may_come_in_any_order() -> None:
    a = NoteId("a.md")
    given = [Edit(a, Span(2, 3), "Z"), Edit(a, Span(0, 1), "XX"), Edit(a, Span(3, 3), "!")]
    assert edits.changes(given, {a: Source(a, "abcd")})[0].new == b"XXbZ!d"


def test_overlapping_edits_are_a_bug() -> None:
    a = NoteId("a.md")
    with pytest.raises(ValueError, match="overlapping"):
        edits.changes([Edit(a, Span(0, 2), ""), Edit(a, Span(1, 3), "")], {a: Source(a, "abcd")})


def test_mode_stays(base: Path) -> None:
    (base / "pages/a.md").chmod(0o640)
    edits.apply(base, wanted())
    assert stat.S_IMODE((base / "pages/a.md").stat().st_mode) == 0o640


@pytest.mark.parametrize(("place", "mode"), [("pages/a.md", 0o444), ("pages", 0o555)])
def test_what_is_read_only_stays(base: Path, place: str, mode: int) -> None:
    (base / place).chmod(mode)
    with pytest.raises(KbError, match="read-only; nothing was changed"):
        edits.apply(base, wanted())
    assert contents(base) == OLD
    (base / place).chmod(0o755)


def test_there_and_back_restores_every_byte(base: Path) -> None:
    edits.apply(base, wanted())
    edits.apply(base, [edits.Change(change.note, change.new, change.old) for change in wanted()])
    assert contents(base) == OLD


def test_nothing_wanted_changes_nothing(base: Path) -> None:
    edits.apply(base, [])
    assert contents(base) == OLD


def test_the_folder_goes_unless_others_keep_something_there(base: Path) -> None:
    edits.apply(base, wanted())
    assert not (base / edits.OWN).exists()
    kept = base / edits.OWN / "expected" / "a.md.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(b"{}")
    edits.create(base, NoteId("n.md"), b"n")
    edits.recover(base)
    assert [path.name for path in (base / edits.OWN).iterdir()] == ["expected"]
    assert kept.read_bytes() == b"{}"


def test_create(base: Path) -> None:
    edits.create(base, NoteId("pages/новая/заметка.md"), b"- x")
    assert contents(base) == OLD | {"pages/новая/заметка.md": b"- x"}


def test_created_notes_have_the_usual_mode(base: Path) -> None:
    edits.create(base, NoteId("n.md"), b"")
    (base / "usual").touch()
    assert (base / "n.md").stat().st_mode == (base / "usual").stat().st_mode


# ---------------------------------------------------------------- what is refused


def refused(base: Path, call: Callable[[], None], told: str) -> None:
    """The call ends with this text, and every file is as before."""
    before = contents(base)
    with pytest.raises(KbError) as caught:
        call()
    assert told in str(caught.value)
    assert contents(base) == before


def test_a_note_that_changed_meanwhile(base: Path) -> None:
    (base / "pages/b.md").write_bytes(b"- saved by another program")
    refused(base, lambda: edits.apply(base, wanted()), "b.md has changed since it was read")


def test_a_note_that_is_gone(base: Path) -> None:
    (base / "pages/b.md").unlink()
    refused(base, lambda: edits.apply(base, wanted()), "nothing was changed")


def test_a_note_that_is_no_utf8(base: Path) -> None:
    (base / "pages/b.md").write_bytes(b"\xff")
    note = NoteId("pages/b.md")
    source = Source(note, b"\xff".decode(errors="replace"))
    refused(
        base, lambda: edits.apply(base, edits.changes([Edit(note, Span(0, 0), "x")], {note: source})), "has changed"
    )


def test_a_symbolic_link(base: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_bytes(OLD["pages/b.md"])
    (base / "pages/b.md").unlink()
    (base / "pages/b.md").symlink_to(outside)
    refused(base, lambda: edits.apply(base, wanted()), "a symbolic link")
    assert outside.read_bytes() == OLD["pages/b.md"]


def test_a_symbolic_link_on_the_way(base: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (base / "linked").symlink_to(tmp_path / "outside")
    refused(base, lambda: edits.create(base, NoteId("linked/x.md"), b"x"), "a symbolic link")
    assert list((tmp_path / "outside").iterdir()) == []


@pytest.mark.parametrize("folder", [edits.OWN, edits.FOLDER])
def test_a_symbolic_link_for_the_journal(base: Path, tmp_path: Path, folder: str) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "new").write_bytes(b"mine")
    (base / folder).parent.mkdir(exist_ok=True)
    (base / folder).symlink_to(tmp_path / "outside")
    refused(base, lambda: edits.apply(base, wanted()), "a symbolic link")
    assert (tmp_path / "outside" / "new").read_bytes() == b"mine"


@pytest.mark.parametrize("note", ["../x.md", "/tmp/x.md", "pages/../../x.md", ""])
def test_a_place_outside(base: Path, note: str) -> None:
    refused(base, lambda: edits.create(base, NoteId(note), b"x"), "no place inside")


def test_create_overwrites_nothing(base: Path) -> None:
    refused(base, lambda: edits.create(base, NoteId("pages/a.md"), b"x"), "exists already")


def test_a_folder_in_the_place_of_a_note(base: Path) -> None:
    (base / "pages/b.md").unlink()
    (base / "pages/b.md").mkdir()
    refused(base, lambda: edits.apply(base, wanted()), "no regular file")


def test_two_writers(base: Path) -> None:
    with edits.alone(base):
        refused(base, lambda: edits.apply(base, wanted()), "another kbtool")


@pytest.mark.parametrize(
    "journal",
    [b"", b"{", b"[1]", b'[["pages/a.md"]]', b'[["pages/a.md", "../../etc/passwd", "", ""]]', b'[["a", 1, 2, 3]]'],
)
def test_a_journal_that_is_not_ours(base: Path, journal: bytes) -> None:
    (base / edits.FOLDER).mkdir(parents=True)
    (base / edits.FOLDER / edits.COMMIT).write_bytes(journal)
    refused(base, lambda: edits.recover(base), "not written by kbtool")


def test_a_journal_cannot_reach_outside(base: Path) -> None:
    (base / edits.FOLDER).mkdir(parents=True)
    (base / edits.FOLDER / "0").write_bytes(b"x")
    digest = edits._digest(b"")
    (base / edits.FOLDER / edits.COMMIT).write_text(f'[["../x.md", "0", "{digest}", "{digest}"]]')
    with pytest.raises(KbError, match="saved by another program"):
        edits.recover(base)
    assert not (base.parent / "x.md").exists()


# ---------------------------------------------------------------- when something fails

CALLS = ["open", "write", "read", "close", "fsync", "fchmod", "fstat", "rename", "replace", "unlink", "rmdir"]
CALLS += ["mkdir", "link", "lstat", "listdir", "scandir"]
Fault = Callable[[], Any]


def die() -> None:
    os._exit(9)


def full_disk() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def broken_disk() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def run_until(call: Callable[[], None], number: int, fault: Fault) -> bool:
    """Runs the call in a process of its own, with a fault at its n-th file operation; whether it got so far."""
    pid = os.fork()
    if pid == 0:
        left = [number]

        def watched(function: Callable[..., Any]) -> Callable[..., Any]:
            def with_fault(*args: Any, **kwargs: Any) -> Any:
                left[0] -= 1
                if left[0] == 0:
                    fault()
                return function(*args, **kwargs)

            return with_fault

        for name in CALLS:
            setattr(os, name, watched(getattr(os, name)))
        try:
            call()
            os._exit(0 if left[0] <= 0 else 1)
        except KbError:
            os._exit(0)
        finally:
            os._exit(2)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code != 2, f"operation {number}: no KbError"
    return code != 1


def every_fault(
    tmp_path: Path, call: Callable[[Path], None], fault: Fault, prepare: Callable[[Path], Path] = fill
) -> Iterator[Path]:
    """A base after the call met the fault at its first, second, … operation, until there is none left."""
    for number in range(1, 1_000):
        base = prepare(tmp_path / str(number))
        if not run_until(lambda base=base: call(base), number, fault):  # type: ignore[misc]
            assert number > 5
            return
        yield base


FAULTS = pytest.mark.parametrize("fault", [die, full_disk, broken_disk])


@FAULTS
def test_apply_is_all_or_nothing(tmp_path: Path, fault: Fault) -> None:
    ends = []
    for base in every_fault(tmp_path, lambda base: edits.apply(base, wanted()), fault):
        edits.recover(base)
        assert contents(base) in (OLD, NEW)
        ends.append(contents(base) == NEW)
    assert ends == sorted(ends)
    assert set(ends) == {False, True}


@FAULTS
def test_the_next_change_clears_up_too(tmp_path: Path, fault: Fault) -> None:
    for base in every_fault(tmp_path, lambda base: edits.apply(base, wanted()), fault):
        edits.create(base, NoteId("n.md"), b"n")
        assert contents(base) in (OLD | {"n.md": b"n"}, NEW | {"n.md": b"n"})


@FAULTS
def test_create_is_all_or_nothing(tmp_path: Path, fault: Fault) -> None:
    note = NoteId("pages/n.md")
    for base in every_fault(tmp_path, lambda base: edits.create(base, note, b"new"), fault):
        edits.recover(base)
        assert contents(base) in (OLD, OLD | {"pages/n.md": b"new"})


@FAULTS
def test_recovery_may_fail_and_be_repeated(tmp_path: Path, fault: Fault) -> None:
    after_commit = commit_point(tmp_path)

    def half_way(base: Path) -> Path:
        fill(base)
        run_until(lambda: edits.apply(base, wanted()), after_commit, die)
        return base

    for base in every_fault(tmp_path, edits.recover, fault, half_way):
        edits.recover(base)
        assert contents(base) == NEW


def commit_point(tmp_path: Path) -> int:
    """The first operation at which a crash no longer undoes the change."""
    for number, base in enumerate(every_fault(tmp_path / "probe", lambda base: edits.apply(base, wanted()), die), 1):
        if (base / edits.FOLDER / edits.COMMIT).exists():
            return number
    raise AssertionError


def test_a_note_saved_between_crash_and_recovery_is_kept(tmp_path: Path) -> None:
    base = fill(tmp_path / "kb")
    run_until(lambda: edits.apply(base, wanted()), commit_point(tmp_path), die)
    (base / "pages/b.md").write_bytes(b"- saved by another program")
    with pytest.raises(KbError, match=r"pages/b\.md: saved by another program meanwhile"):
        edits.recover(base)
    found = contents(base)
    kept = [name for name in found if name.startswith(edits.FOLDER)]
    assert {name: data for name, data in found.items() if name not in kept} == NEW | {
        "pages/b.md": b"- saved by another program"
    }
    assert [found[name] for name in kept] == [NEW["pages/b.md"]]
    edits.recover(base)
    assert contents(base) == found


def test_short_writes_are_continued(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:3]))
    edits.apply(base, wanted())
    assert contents(base) == NEW


def naive(base: Path) -> None:
    """What everybody writes first: open, write, close, one note after the other."""
    try:
        for change in wanted():
            descriptor = os.open(base / change.note, os.O_WRONLY | os.O_TRUNC)
            os.write(descriptor, change.new)
            os.close(descriptor)
        for name in OLD:  # as many operations as `every_fault` wants to see
            os.lstat(base / name)
    except OSError as error:
        raise KbError from error


@FAULTS
def test_control_the_naive_way_loses_text(tmp_path: Path, fault: Fault) -> None:
    ends = [contents(base) for base in every_fault(tmp_path, naive, fault)]
    assert [end for end in ends if end not in (OLD, NEW)]
    assert [end for end in ends if not end["pages/a.md"]]
