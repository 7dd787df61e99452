"""The rim towards the file system: finds a base, reads its notes, and lists its other files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kbtool.config import Config, GraphSettings, KbError, MkdocsFile, graph_settings, load_options, read_mkdocs
from kbtool.kb import BaseFiles
from kbtool.syntax.limits import MAX_NOTE
from kbtool.values import Diagnostic, NoteId, Source, Span

NOTE_SUFFIXES = (".md", ".markdown")
# Folders of Logseq's own that hold copies and app data.
_APP_FOLDERS = frozenset({"logseq/bak", "logseq/version-files", "logseq/.recycle"})
_MAX_CONFIG = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Project:
    """Where a base lies: its folder, and the `mkdocs.yml` that speaks for it (or none)."""

    base: Path
    mkdocs_yml: Path | None
    mkdocs: MkdocsFile | None
    config: Config


@dataclass(frozen=True, slots=True)
class Selection:
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
    found = read_mkdocs(_read_text(mkdocs_yml))
    base = (mkdocs_yml.parent / found.docs_dir).resolve()
    if not base.is_dir():
        raise KbError(f"{mkdocs_yml}: docs_dir: {found.docs_dir} is no folder\ncreate it, or correct docs_dir")
    return Project(base, mkdocs_yml, found, load_options(found.options))


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
    inside = frozenset(ident for ident, _ in _walk(outer.base) if (outer.base / ident).is_relative_to(folder))
    return Selection(outer, frozenset(NoteId(ident) for ident in inside))


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


def read(project: Project) -> BaseFiles:
    """Everything of a base that the compiler needs; unreadable notes become diagnostics."""
    settings, warnings = read_settings(project.base)
    sources: dict[NoteId, Source] = {}
    problems: list[Diagnostic] = []
    assets: set[str] = set()
    for path, entry in _walk(project.base):
        if _hidden(path, settings):
            continue
        if entry.is_dir(follow_symlinks=False):
            problems.append(_unreadable(NoteId(path), "is a folder, not a note", "rename the folder"))
        elif path.lower().endswith(NOTE_SUFFIXES):
            source, found = read_note(project.base, NoteId(path))
            problems += found
            if source is not None:
                sources[source.id] = source
        else:
            assets.add(path)
    return BaseFiles(sources, frozenset(assets), project.config, settings, tuple(problems), warnings)


def read_note(base: Path, ident: NoteId) -> tuple[Source | None, tuple[Diagnostic, ...]]:
    """A note's text; bytes that are no UTF-8 are replaced, and said."""
    try:
        data = read_bytes(base / ident, MAX_NOTE * 4)
    except OSError as error:
        return None, (_unreadable(ident, f"can't be read: {error.strerror or error}", "check the file"),)
    if data is None:
        return None, (_refused(base / ident, ident),)
    try:
        return Source(ident, data.decode()), ()
    except UnicodeDecodeError as error:
        return Source(ident, data.decode(errors="replace")), (_not_utf8(ident, data, error),)


def read_settings(base: Path) -> tuple[GraphSettings, tuple[str, ...]]:
    """The graph's own settings, and what of them could not be read; without a config.edn a new graph's defaults."""
    path = base / "logseq" / "config.edn"
    if not path.is_file():
        return GraphSettings(), ()
    settings, warnings = graph_settings(_read_text(path))
    return settings, tuple(f"{path}: {warning}" for warning in warnings)


def read_bytes(path: Path, limit: int) -> bytes | None:
    """A regular file's bytes; None for anything else (a pipe, a device, a link) and above the limit."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        return file.read(limit)


def _read_text(path: Path) -> str:
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


def _hidden(path: str, settings: GraphSettings) -> bool:
    return any(
        path == hidden or path.startswith(hidden + "/") for hidden in (h.strip("/") for h in settings.hidden) if hidden
    )


def _walk(base: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Regular files of a base with their paths in it, in order; folders only where they are named like notes.

    Left out as in Logseq: names that begin with a dot, app folders, `node_modules`, symbolic links.
    """
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            entries = sorted(os.scandir(base / prefix), key=lambda entry: entry.name)
        except OSError as error:
            raise KbError(f"{base / prefix}: {error.strerror or error}") from error
        for entry in entries:
            path = f"{prefix}/{entry.name}" if prefix else entry.name
            if entry.name.startswith(".") or entry.name == "node_modules" or path in _APP_FOLDERS or entry.is_symlink():
                continue
            if entry.is_dir(follow_symlinks=False):
                pending.append(path)
                if path.lower().endswith(NOTE_SUFFIXES):
                    yield path, entry
            else:
                yield path, entry


def shown(path: Path) -> str:
    """A path for people: relative to the working folder where it lies below it."""
    path = path.absolute()
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def fingerprint(project: Project) -> frozenset[tuple[str, int, int]]:
    """Path, time and size of all that a build reads: when it changes, so may the site."""
    paths = [project.base / path for path, _ in _walk(project.base)]
    found = set()
    for path in (*paths, *([project.mkdocs_yml] if project.mkdocs_yml else [])):
        try:
            status = path.stat()
        except OSError:
            continue  # gone between the two looks
        found.add((str(path), status.st_mtime_ns, status.st_size))
    return frozenset(found)
