"""Puts a finished site in the old one's place, at once: no reader sees a mixture, and a failure changes nothing."""

from __future__ import annotations

import ctypes
import filecmp
import os
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from kbtool.config import KbError
from kbtool.packed import digest

MARKER = ".kbtool-site"
"""A file that every site of ours holds; a folder without it is not ours to replace."""
_RENAME_EXCHANGE = 2
_AT_FDCWD = -100


def refuse(site: Path, base: Path) -> None:
    """Refuses an output folder that holds what is not a site of ours."""
    site, base = site.absolute(), base.absolute()
    if site == base or base.is_relative_to(site) or site in (Path.home(), Path("/")):
        raise KbError(f"{site}: site_dir would overwrite the base or your files\ncorrect site_dir in mkdocs.yml")
    if site.is_symlink() or (site.exists() and not site.is_dir()):
        raise KbError(f"{site}: is no folder\nremove it, or correct site_dir in mkdocs.yml")
    if site.is_dir() and any(site.iterdir()) and not (site / MARKER).exists() and not (site / "sitemap.xml").exists():
        raise KbError(f"{site}: is not empty, and no site of kbtool\nempty it, or correct site_dir in mkdocs.yml")


def is_ours(site: Path) -> bool:
    """Whether a folder holds a site that kbtool built."""
    return site.is_dir() and not site.is_symlink() and (site / MARKER).is_file()


@contextmanager
def staged(site: Path) -> Iterator[Path]:
    """A folder beside the site to build into; on success it takes the site's place, on failure it goes."""
    site.parent.mkdir(parents=True, exist_ok=True)
    sweep(site)
    new = site.parent / f"{site.name}.new-{os.getpid()}"
    try:
        yield new
        (new / MARKER).write_bytes(b"")
        _keep_same(new, site)
        _sync(new)
        _exchange(new, site)
    finally:
        shutil.rmtree(new, ignore_errors=True)


def listing(site: Path) -> bytes:
    """A digest of the files of a site, by their stamps."""
    return _digest({path: _stamp(entry.stat(follow_symlinks=False)) for path, entry in _walk(site, "")})


def update(site: Path, files: Mapping[str, bytes | None], known: bytes, spare: Path | None = None) -> bytes | None:
    """The site with some files changed or taken away, put into its place at once; gives its listing.

    All others are the same files, by hard links. None, and nothing is done, where the site is not as `known` has it, or
    the file system has no such links. The site that stood before becomes the `spare`, of which the next one is made:
    it has nearly all that it needs.
    """
    sweep(site)
    found = _stamps(site)
    if found is None or _digest(found) != known:
        return None
    new = site.parent / f"{site.name}.new-{os.getpid()}"
    try:
        _take(spare, new)
        try:
            _match(new, site, found, files)
        except (FileExistsError, NotADirectoryError):  # the spare has folders where the site has files
            shutil.rmtree(new)
            _match(new, site, found, files)
        for path, content in files.items():
            found.pop(path, None)
            if content is not None:
                (new / path).parent.mkdir(parents=True, exist_ok=True)
                with (new / path).open("xb") as file:
                    file.write(content)
                found[path] = _stamp((new / path).stat())
        _sync(new)
        _exchange(new, site)
        _take(new, spare)
    except OSError:
        return None
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return _digest(found)


def different(one: Path, other: Path) -> list[str]:
    """The files of two sites that are not byte for byte the same, or in one of them alone."""
    files = {path: entry.path for path, entry in _walk(one, "")}
    others = {path: entry.path for path, entry in _walk(other, "") if path != MARKER}
    common = files.keys() & others.keys()
    differ = {path for path in common if not filecmp.cmp(files[path], others[path], shallow=False)}
    return sorted(differ | (files.keys() ^ others.keys()))


def _take(folder: Path | None, place: Path | None) -> None:
    """Moves a folder to a free place, where there is one and it lies on the same file system."""
    if folder is not None and place is not None:
        with suppress(OSError):
            shutil.rmtree(place, ignore_errors=True)
            place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.rename(place)


def _stamps(folder: Path) -> dict[str, tuple[int, ...]] | None:
    """The stamps of the files in a folder, None where some is no file."""
    found: dict[str, tuple[int, ...]] = {}
    for path, entry in _walk(folder, ""):
        if not entry.is_file(follow_symlinks=False):
            return None
        found[path] = _stamp(entry.stat(follow_symlinks=False))
    return found


def _match(new: Path, site: Path, found: Mapping[str, tuple[int, ...]], without: Collection[str]) -> None:
    """Makes a folder one of links to a site's files, without some, from whatever it has."""
    have = _stamps(new) if new.is_dir() and not new.is_symlink() else None
    if have is None:
        new.unlink() if new.is_symlink() else shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
    wrong = [path for path, stamp in (have or {}).items() if path in without or found.get(path) != stamp]
    for path in wrong:
        (new / path).unlink()
        with suppress(OSError):  # the folders of pages that are gone
            (new / path).parent.rmdir()
    missing = [path for path in found if path not in without and (not have or have.get(path) != found[path])]
    made = ""
    for path in missing:
        folder = path.rpartition("/")[0]
        if folder != made:
            (new / folder).mkdir(parents=True, exist_ok=True)
            made = folder
        os.link(f"{site}/{path}", f"{new}/{path}")


def _walk(folder: Path | str, above: str) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with os.scandir(folder) as entries:
        listed = list(entries)
    folders = []
    for entry in listed:
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry)
        else:
            yield above + entry.name, entry
    for entry in folders:
        yield from _walk(entry.path, f"{above}{entry.name}/")


def _stamp(status: os.stat_result) -> tuple[int, ...]:
    # The time of the last change is no part of it: a link changes it.
    return status.st_size, status.st_mtime_ns, status.st_ino


def _digest(found: Mapping[str, tuple[int, ...]]) -> bytes:
    return digest(repr(sorted(found.items())).encode("utf-8", "surrogatepass"))


def _keep_same(new: Path, site: Path) -> None:
    """Puts the old site's files into a new one where their bytes are the same, so that nothing else seems changed."""
    for path, entry in _walk(new, "") if site.is_dir() else ():
        old, beside = site / path, Path(f"{entry.path}.kbtool-same")
        try:
            if old.is_file() and not old.is_symlink() and filecmp.cmp(old, entry.path, shallow=False):
                beside.hardlink_to(old)
                beside.replace(entry.path)
        except OSError:  # another file of the same bytes will do; one more would be published
            beside.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Has all of a folder's file system on the disk: in one step, which is faster than file by file."""
    try:
        sync = ctypes.CDLL(None, use_errno=True).syncfs
    except (OSError, AttributeError):
        os.sync()
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        if sync(descriptor):
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(folder))
    finally:
        os.close(descriptor)


def _exchange(new: Path, site: Path) -> None:
    if not site.exists():
        new.rename(site)
        return
    if _exchanged(new, site):
        return
    old = site.parent / f"{site.name}.old-{os.getpid()}"
    site.rename(old)
    try:
        new.rename(site)
    except OSError:
        old.rename(site)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _exchanged(new: Path, site: Path) -> bool:
    """Swaps two folders in one step, where the kernel and the file system can."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError):
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(new), _AT_FDCWD, os.fsencode(site), _RENAME_EXCHANGE) == 0)


def sweep(site: Path) -> None:
    """Takes away what killed builds left, and puts a site back that a kill caught between two renames."""
    for left in site.parent.glob(f"{site.name}.old-*"):
        if not site.exists():
            left.rename(site)
    for left in (*site.parent.glob(f"{site.name}.new-*"), *site.parent.glob(f"{site.name}.old-*")):
        if not _alive(left.name.rpartition("-")[2]):
            shutil.rmtree(left, ignore_errors=True)


def _alive(pid: str) -> bool:
    with suppress(ValueError, OSError):
        os.kill(int(pid), 0)
        return True
    return False
