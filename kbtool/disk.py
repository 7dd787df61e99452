"""The rim towards the file system: finds a base, reads its notes, and lists its other files."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias

from kbtool.config import Config, GraphSettings, KbError, MkdocsFile, load_options, read_mkdocs, with_options
from kbtool.files import BaseFiles
from kbtool.values import MAX_NOTE, Diagnostic, NoteId, Source, Span

NOTE_SUFFIXES = (".md", ".markdown")
OWN, RECORDS, UNFINISHED = ".kbtool", ".kbtool/records", ".kbtool/edits"
"""Where a base keeps what is no note: in it recorded results, and a change of notes that is under way."""
# Folders of Logseq's own that hold copies and app data.
_APP_FOLDERS = frozenset({"logseq/bak", "logseq/version-files", "logseq/.recycle"})
_MAX_CONFIG = 1024 * 1024


class Project(NamedTuple):
    """Where a base lies, the `mkdocs.yml` that speaks for it (or none), and when that was read (s since the epoch)."""

    base: Path
    mkdocs_yml: Path | None
    mkdocs: MkdocsFile | None
    config: Config
    found: float = 0.0


class Selection(NamedTuple):
    """A project, and the notes of it that were asked for; None for all."""

    project: Project
    notes: frozenset[NoteId] | None


# ---------------------------------------------------------------- finding


def find(start: Path) -> Project:
    """The project of the nearest `mkdocs.yml` upward; without one a KbError says what to do."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / "mkdocs.yml").is_file():
            return project_of(folder / "mkdocs.yml")
    raise KbError(
        f"no mkdocs.yml in {start} or above it\n"
        "name a folder of notes (kbtool check FOLDER), or start a new base: kbtool init FOLDER"
    )


def project_of(mkdocs_yml: Path) -> Project:
    """The project that a `mkdocs.yml` describes."""
    now = time.time()
    found = read_mkdocs(read_text(mkdocs_yml))
    base = (mkdocs_yml.parent / found.docs_dir).resolve()
    if not base.is_dir():
        raise KbError(f"{mkdocs_yml}: docs_dir: {found.docs_dir} is no folder\ncreate it, or correct docs_dir")
    return Project(base, mkdocs_yml, found, load_options(found.options), now)


def select(paths: list[Path]) -> Selection:
    """What PATH arguments ask for: nothing (the project around), one folder of a graph, or notes of one base."""
    if not paths:
        return Selection(find(Path.cwd()), None)
    for path in paths:
        if not path.exists():
            raise KbError(f"{path}: no such file or folder")
    folders = [path for path in paths if path.is_dir()]
    if folders and len(paths) > 1:
        raise KbError("name one folder, or notes: not both, and not several folders")
    if folders:
        return _folder(folders[0].resolve())
    projects = {_around(path.resolve()).base: path for path in paths}
    if len(projects) > 1:
        raise KbError(f"{', '.join(map(str, paths))}: these notes belong to different bases; name notes of one")
    project = _around(paths[0].resolve())
    return Selection(project, frozenset(_note_id(project.base, path.resolve()) for path in paths))


def _folder(folder: Path) -> Selection:
    if (folder / "mkdocs.yml").is_file():
        return Selection(project_of(folder / "mkdocs.yml"), None)
    outer = _enclosing(folder)
    if outer is None or outer.base == folder:
        return Selection(outer or Project(folder, None, None, Config()), None)
    prefix = f"{folder.relative_to(outer.base).as_posix()}/"
    inside = (inner + entry.name for inner, entry in walk(outer.base) if inner.startswith(prefix))
    return Selection(outer, frozenset(map(NoteId, inside)))


def _around(note: Path) -> Project:
    """The base that a note belongs to: of a mkdocs.yml above it, of a graph's root, else the note's own folder."""
    enclosing = _enclosing(note)
    if enclosing:
        return enclosing
    roots = (folder for folder in note.parents if (folder / "logseq").is_dir() or (folder / "pages").is_dir())
    return Project(next(roots, note.parent), None, None, Config())


def _enclosing(path: Path) -> Project | None:
    """The project whose base holds the path."""
    for folder in (path, *path.parents):
        if (folder / "mkdocs.yml").is_file():
            project = project_of(folder / "mkdocs.yml")
            return project if path.is_relative_to(project.base) else None
    return None


def _note_id(base: Path, path: Path) -> NoteId:
    if path.suffix.lower() not in NOTE_SUFFIXES:
        raise KbError(f"{path}: no note (notes end in .md or .markdown)")
    return NoteId(path.relative_to(base).as_posix())


# ---------------------------------------------------------------- reading


Stamp: TypeAlias = tuple[int, int, int, int]
"""A file's size, time of change, inode, and time of the inode's change: other contents have another one, but for
contents written within the clock's grain."""


class Listing(NamedTuple):
    """What lies in a base's folder: notes, folders that are named like notes, and all other files."""

    notes: Mapping[NoteId, Stamp]
    folders: tuple[NoteId, ...]
    assets: tuple[str, ...]


class Loaded(NamedTuple):
    """A file as it was read; its stamp is None where it changed in the meantime or could not be read."""

    data: bytes | None
    stamp: Stamp | None
    problem: Diagnostic | None


def stamp(status: os.stat_result) -> Stamp:
    """The stamp of a file."""
    return status.st_size, status.st_mtime_ns, status.st_ino, status.st_ctime_ns


def scan(base: Path, hidden: tuple[str, ...]) -> Listing:
    """All files of a base; of notes alone the stamps are taken."""
    notes: dict[NoteId, Stamp] = {}
    folders: list[NoteId] = []
    assets: list[str] = []
    unseen = tuple(filter(None, hidden))
    for folder, entry in walk(base):
        path = NoteId(folder + entry.name)
        if unseen and path.startswith(unseen):
            continue
        if path[-3:] != ".md" and not path.lower().endswith(NOTE_SUFFIXES):
            assets.append(path)
        elif entry.is_dir(follow_symlinks=False):
            folders.append(path)
        else:
            try:
                notes[path] = stamp(entry.stat(follow_symlinks=False))
            except OSError:
                continue  # gone since it was listed
    return Listing(notes, tuple(sorted(folders)), tuple(sorted(assets)))


def read(project: Project) -> BaseFiles:
    """Everything of a base that the compiler needs; unreadable notes become diagnostics."""
    settings, warnings = settings_of(project, settings_text(project.base))
    settings = with_whiteboards(project.base, settings)
    listing = scan(project.base, settings.hidden)
    sources: dict[NoteId, Source] = {}
    problems = folder_problems(listing)
    for note in sorted(listing.notes):
        source, found = read_note(project.base, note)
        problems += found
        if source is not None:
            sources[note] = source
    modules, warned = modules_of(listing), tuple(problems)
    return BaseFiles(sources, frozenset(listing.assets), project.config, settings, warned, warnings, modules)


def modules_of(listing: Listing) -> frozenset[str]:
    """The modules that the notes' code can import: those of this machine, and those that lie beside the notes."""
    from kbtool.cells.environment import importable

    local = (path.removesuffix(".py") for path in listing.assets if path.endswith(".py") and "/" not in path)
    return importable() | frozenset(local)


def folder_problems(listing: Listing) -> list[Diagnostic]:
    """That folders are named like notes."""
    return [_unreadable(note, "is a folder, not a note", "rename the folder") for note in listing.folders]


def read_note(base: Path, ident: NoteId) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """A note's text; bytes that are no UTF-8 are replaced, and said. One that is gone is no problem."""
    loaded = load(base, ident)
    if loaded is None:
        return None, ()
    if loaded.data is None:
        return None, (loaded.problem,) if loaded.problem else ()
    return decoded(ident, loaded.data)


def load(base: Path, ident: NoteId) -> Loaded | None:
    """A note's bytes, None when it is gone."""
    try:
        data, mark = _contents(f"{base}/{ident}", MAX_NOTE * 4)
    except FileNotFoundError:
        return None
    except OSError as error:
        problem = _unreadable(ident, f"can't be read: {error.strerror or error}", "check the file")
        return Loaded(None, None, problem)
    if data is None:
        return Loaded(None, mark, _refused(base / ident, ident))
    return Loaded(data, mark, None)


def decoded(ident: NoteId, data: bytes) -> tuple[Source, tuple[Diagnostic, ...]]:
    """The text that a note's bytes stand for."""
    try:
        return Source(ident, data.decode()), ()
    except UnicodeDecodeError as error:
        return Source(ident, data.decode(errors="replace")), (_not_utf8(ident, data, error),)


class Texts(Mapping[NoteId, str]):
    """The texts of some notes, each read when it is first asked for."""

    __slots__ = ("_base", "_known", "_notes")

    def __init__(self, base: Path, notes: Collection[NoteId]) -> None:
        self._base = base
        self._notes = notes
        self._known: dict[NoteId, str] = {}

    def __getitem__(self, note: NoteId) -> str:
        if note not in self._known:
            source, _ = read_note(self._base, note)
            self._known[note] = source.text if source else ""
        return self._known[note]

    def __contains__(self, note: object) -> bool:
        return note in self._notes

    def __iter__(self) -> Iterator[NoteId]:
        return iter(self._notes)

    def __len__(self) -> int:
        return len(self._notes)


def settings_text(base: Path) -> str | None:
    """What stands in the graph's config.edn; None without one."""
    path = base / "logseq" / "config.edn"
    return read_text(path) if path.is_file() else None


def settings_of(project: Project, text: str | None) -> tuple[GraphSettings, tuple[str, ...]]:
    """The settings that a config.edn gives, and what of it could not be read; without one a new graph's defaults."""
    if text is None:
        return with_options(GraphSettings(), project.config), ()
    from kbtool.graph_config import graph_settings

    settings, warnings = graph_settings(text)
    path = project.base / "logseq" / "config.edn"
    return with_options(settings, project.config), tuple(f"{path}: {warning}" for warning in warnings)


def with_whiteboards(base: Path, settings: GraphSettings) -> GraphSettings:
    """The settings with what the graph's whiteboards name, which is read anew each time."""
    folder = base / "whiteboards"
    if not folder.is_dir() or folder.is_symlink():
        return settings
    from kbtool.names import from_file
    from kbtool.whiteboards import whiteboards

    paths = sorted(path for path in folder.glob("*.edn") if path.is_file() and not path.is_symlink())
    texts = ((from_file(path.stem, settings.name_format), read_bytes(path, MAX_NOTE)) for path in paths)
    named = ((name, text.decode(errors="replace")) for name, text in texts if text)
    return settings._replace(whiteboards=whiteboards(named))


def read_bytes(path: Path, limit: int) -> bytes | None:
    """A regular file's bytes; None for anything else (a pipe, a device, a link) and above the limit."""
    return _contents(os.fspath(path), limit)[0]


def _contents(path: str, limit: int) -> tuple[bytes | None, Stamp | None]:
    """The same, with the file's stamp where it was one and the same before and after reading."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    try:
        status = os.fstat(descriptor)
        before = stamp(status)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None, before
        pieces: list[bytes] = []
        wanted = status.st_size + 1
        while piece := os.read(descriptor, min(limit, wanted)):  # a growing file is cut at the limit
            pieces.append(piece)
            limit -= len(piece)
            if len(piece) == status.st_size:
                break  # the end: one more was asked for
        return b"".join(pieces), before if stamp(os.fstat(descriptor)) == before else None
    finally:
        os.close(descriptor)


def read_text(path: Path) -> str:
    """The text of a file of settings."""
    try:
        data = read_bytes(path, _MAX_CONFIG)
        if data is None:
            raise KbError(f"{path}: no regular file, or larger than {_MAX_CONFIG} bytes")
        return data.decode()
    except UnicodeDecodeError as error:
        raise KbError(f"{path}: not UTF-8 (byte {error.start})\nsave it as UTF-8") from error
    except OSError as error:
        raise KbError(f"{path}: {error.strerror or error}") from error


def _unreadable(ident: NoteId, what: str, advice: str) -> Diagnostic:
    return Diagnostic("unreadable-note", ident, Span(0, 0), f"the note {what}", help=advice)


def _refused(path: Path, ident: NoteId) -> Diagnostic:
    """What is wrong with a note that was not read."""
    if path.is_file():
        message, advice = (
            f"the note has more than {MAX_NOTE * 4:,} bytes and is not read",
            "split it into several notes",
        )
        return Diagnostic("note-too-large", ident, Span(0, 0), message, help=advice)
    return _unreadable(ident, "is no regular file", "replace it by a plain text file")


def _not_utf8(ident: NoteId, data: bytes, error: UnicodeDecodeError) -> Diagnostic:
    at = len(data[: error.start].decode())
    wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    what = "the note is UTF-16, not UTF-8" if wide else f"the note is not UTF-8: byte 0x{data[error.start]:02x}"
    return Diagnostic("unreadable-note", ident, Span(at, at + 1), what, help="save it as UTF-8")


def walk(base: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Regular files of a base with their folders (`pages/`), in no order; folders only where they are named like notes.

    Left out as in Logseq: names that begin with a dot, app folders, `node_modules`, symbolic links. An entry may be
    asked until the next one is taken.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        for entry in _entries(base, folder):
            if entry.name[0] == ".":
                continue
            if entry.is_file(follow_symlinks=False):
                yield folder, entry
            elif not entry.is_symlink() and entry.name != "node_modules" and folder + entry.name not in _APP_FOLDERS:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(f"{folder}{entry.name}/")
                    if not entry.name.lower().endswith(NOTE_SUFFIXES):
                        continue
                yield folder, entry  # a pipe, too


def _entries(base: Path, folder: str) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder; where it can be held open its files' stamps take two thirds of the time."""
    path, opened = f"{base}/{folder}", None
    try:
        if os.scandir in os.supports_fd:
            opened = os.open(path, os.O_RDONLY)
        try:
            with os.scandir(path if opened is None else opened) as found:
                yield from found
        finally:
            if opened is not None:
                os.close(opened)
    except OSError as error:
        raise KbError(f"{base / folder}: {error.strerror or error}") from error


def shown(path: Path) -> str:
    """A path for people: relative to the working folder where it lies below it."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
