"""The one way to change notes: byte for byte, all of a change or nothing, whenever the machine stops.

New contents are staged beside the notes in `.kbtool/edits/`, then one rename (to `COMMIT`) decides. Before it nothing
of the base has changed, and what is staged gets thrown away; after it the change is finished, by the next start if need
be. A note whose bytes are no longer those that the edits were made for is never touched.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from errno import ENOTSUP, EPERM
from hashlib import sha256
from pathlib import Path, PurePosixPath

from kbtool.config import KbError
from kbtool.values import Edit, NoteId, Source

OWN = ".kbtool"
"""What kbtool keeps in a base, of which the rest belongs to people: outputs that they accepted, and the like."""
FOLDER = f"{OWN}/edits"
COMMIT = "COMMIT"
KEPT = "conflicts"
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class Change:
    """One note's bytes as they are, and as they are to be."""

    note: NoteId
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class _Step:
    """A line of the journal: which staged file replaces which note, and by what digests to know them."""

    note: NoteId
    staged: str
    old: str
    new: str


# ---------------------------------------------------------------- what to write


def changes(edits: Iterable[Edit], sources: Mapping[NoteId, Source]) -> tuple[Change, ...]:
    """The notes that edits change; overlapping edits are a `ValueError`."""
    by_note: dict[NoteId, list[Edit]] = {}
    for edit in edits:
        by_note.setdefault(edit.note, []).append(edit)
    return tuple(_change(note, sources[note].text, by_note[note]) for note in sorted(by_note))


def _change(note: NoteId, text: str, edits: list[Edit]) -> Change:
    out: list[str] = []
    at = 0
    for edit in sorted(edits, key=lambda one: one.span):
        if edit.span.start < at:
            raise ValueError(f"{note}: overlapping edits at {edit.span.start}")
        out += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return Change(note, text.encode(), "".join([*out, text[at:]]).encode())


# ---------------------------------------------------------------- writing


def apply(base: Path, wanted: Sequence[Change]) -> None:
    """Make all changes or none; `KbError` when a note is not as expected, or cannot be written."""
    with alone(base):
        _finish_earlier(base)
        for change in wanted:
            _expect(base, change)
        try:
            steps = _stage(base, wanted)
        except OSError as error:
            raise KbError(f"{base}: {_after_failure(base)} ({error.strerror or error})") from error
        _finish(base, steps)


def _after_failure(base: Path) -> str:
    """What a failure while staging means; what may have been committed is not thrown away."""
    with suppress(OSError):
        if not _exists(base / FOLDER / COMMIT):
            _clear(base)
            return "nothing was changed"
    return "the change is not made yet; the next run of kbtool finishes it, or finds that there is none"


def create(base: Path, note: NoteId, data: bytes) -> None:
    """Write a new note, whole or not at all; `KbError` when there is something of that name."""
    with alone(base):
        _finish_earlier(base)
        target = _inside(base, note)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            _create(base, target, data)
        except FileExistsError as error:
            raise KbError(f"{target} exists already, and was not touched") from error
        except OSError as error:
            raise KbError(f"{target}: not written: {error.strerror or error}") from error
        finally:
            with suppress(OSError):
                _clear(base)


def _create(base: Path, target: Path, data: bytes) -> None:
    staged = base / FOLDER / "new"
    staged.parent.mkdir(parents=True, exist_ok=True)
    _write(staged, data, None)
    try:
        # A link, unlike a rename, refuses to replace what is there.
        target.hardlink_to(staged)
    except OSError as error:
        if error.errno not in (EPERM, ENOTSUP):
            raise
        _write(target, data, None)  # a file system without links
    _sync(target.parent)


def remove(base: Path, path: NoteId) -> None:
    """Take a file away that is there; of our own folders those as well that are empty then."""
    with alone(base):
        _finish_earlier(base)
        target = _inside(base, path)
        try:
            target.unlink()
        except OSError as error:
            raise KbError(f"{target}: not removed: {error.strerror or error}") from error
        with suppress(OSError):
            for folder in target.parents:
                if not folder.is_relative_to(base / OWN):
                    break
                folder.rmdir()


def recover(base: Path) -> None:
    """Finish or undo what an earlier run could not; call it before notes are read."""
    with _told(base):
        unfinished = _exists(base / FOLDER)
    if unfinished:
        with alone(base):
            _finish_earlier(base)


@contextmanager
def _told(base: Path) -> Iterator[None]:
    """What goes wrong with the file system and has no better explanation, said for people."""
    try:
        yield
    except OSError as error:
        raise KbError(f"{base}: {error.strerror or error}") from error


@contextmanager
def alone(base: Path) -> Iterator[None]:
    """One writer per base at a time; the lock lies on the folder itself and leaves nothing behind."""
    with _told(base):
        descriptor = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _lock(base, descriptor)
            yield
        finally:
            os.close(descriptor)


def _lock(base: Path, descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise KbError(f"{base}: another kbtool is changing this base; wait until it is done") from error
    for place in (base / OWN, base / FOLDER):
        if place.is_symlink():
            raise KbError(f"{place}: a symbolic link, where kbtool keeps a folder of its own; remove it")


def _expect(base: Path, change: Change) -> None:
    target = _inside(base, change.note)
    try:
        if _digest(_read(target)) == _digest(change.old):
            _expect_writable(target)
            return
    except OSError as error:
        raise KbError(f"{target}: nothing was changed: {error.strerror or error}") from error
    raise KbError(f"{target} has changed since it was read (another program?); nothing was changed, run again")


def _expect_writable(target: Path) -> None:
    """A rename replaces a read-only note, too: whoever made it so does not want that. A folder is asked beforehand."""
    for place, what in ((target, "the note"), (target.parent, "its folder")):
        if not place.stat().st_mode & 0o222 or not os.access(place, os.W_OK):
            raise KbError(f"{target}: {what} is read-only; nothing was changed")


def _inside(base: Path, note: NoteId) -> Path:
    """The note's place; `KbError` when a symbolic link or `..` on the way leads elsewhere."""
    parts = PurePosixPath(note).parts
    if not parts or PurePosixPath(note).is_absolute() or ".." in parts:
        raise KbError(f"{note}: no place inside {base}")
    place = base
    for part in parts:
        place /= part
        if place.is_symlink():
            raise KbError(f"{place}: a symbolic link, and kbtool writes to none")
    return place


# ---------------------------------------------------------------- the journal


def _stage(base: Path, wanted: Sequence[Change]) -> list[_Step]:
    """Write everything aside and commit to it."""
    folder = base / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    steps = []
    for number, change in enumerate(wanted):
        mode = stat.S_IMODE((base / change.note).lstat().st_mode)
        _write(folder / str(number), change.new, mode)
        steps.append(_Step(change.note, str(number), _digest(change.old), _digest(change.new)))
    journal = json.dumps([[step.note, step.staged, step.old, step.new] for step in steps])
    _write(folder / "journal", journal.encode(), 0o600)
    _sync(folder)
    _sync(base / OWN)
    _sync(base)
    (folder / "journal").rename(folder / COMMIT)
    _sync(folder)
    return steps


def _finish_earlier(base: Path) -> None:
    try:
        if not _exists(base / FOLDER / COMMIT):
            _clear(base)
            return
        steps = _journal(_read(base / FOLDER / COMMIT))
    except OSError as error:
        raise KbError(f"{base / FOLDER}: {error.strerror or error}") from error
    except (ValueError, TypeError) as error:
        raise KbError(f"{base / FOLDER / COMMIT}: not written by kbtool; remove the folder {FOLDER}") from error
    _finish(base, steps)


def _journal(data: bytes) -> list[_Step]:
    """The steps of a journal; it may come with a base from anywhere, so nothing in it is trusted."""
    steps = [_Step(*line) for line in json.loads(data)]
    for step in steps:
        if not all(isinstance(field, str) for field in (step.note, step.staged, step.old, step.new)):
            raise TypeError(step)
        if not step.staged.isdecimal():
            raise ValueError(step)
    return steps


def _finish(base: Path, steps: Sequence[_Step]) -> None:
    """Put the staged files in their places; each can be asked for twice, and is known by its digest."""
    try:
        foreign = [step for step in steps if not _place(base, step)]
        for parent in {(base / step.note).parent for step in steps}:
            _sync(parent)
        kept = [_keep(base, step) for step in foreign]
        (base / FOLDER / COMMIT).unlink()
        _clear(base)
    except OSError as error:
        reason = error.strerror or error
        raise KbError(f"{base}: the change is half made ({reason}); the next run of kbtool finishes it") from error
    if kept:
        names = ", ".join(step.note for step in foreign)
        raise KbError(
            f"{names}: saved by another program meanwhile, and left so; kbtool's version is in {kept[0].parent}"
        )


def _place(base: Path, step: _Step) -> bool:
    """Whether the note now has, or had already, its new bytes; a note that somebody else changed stays."""
    try:
        target = _inside(base, step.note)
        found = _digest(_read(target)) if _exists(target) else ""
    except KbError:
        return False
    if found == step.old and found != step.new:
        (base / FOLDER / step.staged).replace(target)
    return found in (step.old, step.new)


def _keep(base: Path, step: _Step) -> Path:
    """What could not be put in its place, kept where the user finds it."""
    staged = base / FOLDER / step.staged
    place = base / FOLDER / KEPT / f"{step.new[:8]}-{PurePosixPath(step.note).name}"
    place.parent.mkdir(exist_ok=True)
    if _exists(staged):
        staged.replace(place)
    return place


def _clear(base: Path) -> None:
    """Takes away what was staged, and the folders unless something is kept in them for the user."""
    folder = base / FOLDER
    if not _exists(folder):
        return
    for path in folder.iterdir():
        if path.name.isdecimal() or path.name in ("new", "journal"):
            path.unlink()
    with suppress(OSError):
        folder.rmdir()
        (base / OWN).rmdir()


# ---------------------------------------------------------------- files


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _exists(path: Path) -> bool:
    """Whether there is something of that name; unlike `os.path.lexists`, it does not take a failing disk for a no."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _read(path: Path) -> bytes:
    descriptor = os.open(path, _READ)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise KbError(f"{path}: no regular file")
        parts = []
        while part := os.read(descriptor, 1 << 20):
            parts.append(part)
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _write(path: Path, data: bytes, mode: int | None) -> None:
    """A new file that is on the disk when this returns; a full disk shows in the count of bytes or in `fsync`."""
    descriptor = os.open(path, _NEW, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        if mode is not None:
            os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync(folder: Path) -> None:
    """The folder's entries, on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
