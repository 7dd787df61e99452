"""What keeps note code apart from the machine: which walls there are here, and the command that raises them.

Around all sessions of a run, or around each, stands bubblewrap: namespaces of its own, nothing to see but Python and
what notes may read, nothing to write but scratch, no network. Inside, each session takes further rights from itself
(`confine`). The base has no say in any of this: what is granted beyond comes from the person's command line.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.machinery import all_suffixes
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

from kbtool.below import below
from kbtool.cells import confine
from kbtool.cells.plan import Ceilings
from kbtool.config import KbError

Level = Literal["auto", "strict", "none"]
LEVELS: tuple[Level, ...] = ("auto", "strict", "none")
GRANTS = ("net", "gpu")

# What programs and libraries need of a system; what is not there is left out.
_SYSTEM = (
    *("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/opt/cuda"),
    *("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/alternatives", "/etc/fonts"),
    *("/etc/localtime", "/etc/mime.types", "/sys/devices/system/cpu"),
)
_GPU = tuple(f"/dev/nvidia{name}" for name in (*range(16), "ctl", "-uvm", "-uvm-tools", "-modeset"))
_OF_NET = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/ssl")
_DEVICES = tuple(f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom", "tty", "shm"))
_PROGRAMS = "/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin"
_WHOLE = ("site-packages", "dist-packages")
_SUFFIXES = tuple(all_suffixes())
_NOBODY = "65534"
_APART = ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
_LIMITS = MappingProxyType({"RLIMIT_CORE": 0, "RLIMIT_FSIZE": 4 << 30})
_PROCESSES = 1024
"""Processes and threads of all sessions; counted for the sandbox alone, where it is one of bubblewrap's."""


@dataclass(frozen=True, slots=True)
class Feature:
    """A wall, whether it can be had here, and what to know of it: what it gives, or why it is not to be had."""

    name: str
    works: bool
    why: str


class Wanted(NamedTuple):
    """What a person asks for: how far code is kept apart, what it may do all the same (`net`, `gpu`), and the most that
    a base may ask for."""

    level: Level = "auto"
    grants: frozenset[str] = frozenset()
    most: Ceilings = Ceilings()


DEFAULT = Wanted()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What is got: `bwrap` is the program that stands around sessions, empty where there is none.

    `sizes`: it can give what lies in memory a size, as versions before 0.7 cannot. `memory`: where there is none, each
    session can have files in memory of its own.
    """

    wanted: Wanted
    bwrap: str = ""
    landlock: bool = False
    seccomp: bool = False
    sizes: bool = False
    memory: bool = False

    @property
    def each(self) -> bool:
        """Whether each session has a sandbox of its own, which starts cold: in one for all Landlock parts them."""
        return self.wanted.level == "strict" or bool(self.bwrap and not self.landlock)

    @property
    def name(self) -> str:
        """The level with what it consists of here, as results carry it."""
        walls = (("bubblewrap", self.bwrap), ("Landlock", self.landlock), ("seccomp", self.seccomp))
        got = [name for name, there in walls if there] or ["clean environment"] * (self.wanted.level != "none")
        granted = [f"{one} granted" for one in sorted(self.wanted.grants)] if got else []
        return f"{self.wanted.level}: {', '.join([*got, *granted])}" if got else "none"


NONE = Sandbox(Wanted("none"))


class Folders(NamedTuple):
    """What sessions may read and write beside the system and Python; what is `placed` is shown elsewhere, too."""

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    placed: tuple[tuple[str, str], ...] = ()


# ---------------------------------------------------------------- what there is


def features() -> tuple[Feature, ...]:
    """The walls that this machine has, asked anew."""
    return (_bubblewrap(), _landlock(), _seccomp())


def _bubblewrap() -> Feature:
    program, why, _ = _tried()
    return Feature("bubblewrap", bool(program), why)


def _tried() -> tuple[str, str, bool]:
    """The bubblewrap that works here, or none; what to know of it; and whether it knows of sizes."""
    if sys.platform != "linux":
        return "", "Linux alone has it", False
    program = shutil.which("bwrap", path=_PROGRAMS)  # whatever the caller's PATH says
    if program is None:
        return "", "it is not installed (Debian, Ubuntu, Fedora: the package bubblewrap)", False
    tried = subprocess.run(
        [
            program,
            *_APART,
            "--unshare-net",
            "--ro-bind",
            "/",
            "/",
            "--proc",
            "/proc",
            "--dev",
            "/dev",
            program,
            "--help",
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    if tried.returncode == 0:
        return program, "namespaces, a file system of its own, no network", "--size" in tried.stdout
    return "", f"{tried.stderr.strip() or 'it failed'}: {_remedy()}", False


def _remedy() -> str:
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return "the container must allow user namespaces (docker: --security-opt seccomp=unconfined)"
    if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists():
        return "Ubuntu's AppArmor wants a profile for bwrap (sudo apt install apparmor-profiles), see its documentation"
    return "user namespaces must be allowed (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone)"


def _landlock() -> Feature:
    version = confine.landlock_version()
    what = "files" + (", network" if version > 3 else "") + (", signals" if version > 5 else "")
    why = f"version {version}: {what}" if version else "the kernel does not have it (Linux 5.13), or it is switched off"
    return Feature("Landlock", version > 0, why)


def _seccomp() -> Feature:
    works = confine.has_seccomp()
    return Feature("seccomp", works, "refuses system calls" if works else "only on Linux, x86-64 and ARM64")


def found(wanted: Wanted) -> Sandbox:
    """The best that is to be had of a level; of `strict` all, or KbError."""
    if wanted.level == "none":
        return Sandbox(wanted)
    program, why, sizes = _tried()
    if wanted.level == "strict" and not program:
        raise KbError(f"--sandbox strict needs bubblewrap: {why}\nnothing was run")
    memory = not program and _has_own_memory()
    return Sandbox(wanted, program, confine.landlock_version() > 0, confine.has_seccomp(), sizes, memory)


def _has_own_memory() -> bool:
    """Whether a process can have files in memory of its own without bubblewrap; it is tried, as there are many reasons
    why not."""
    tried = [sys.executable, "-I", "-S", confine.__file__]
    return sys.platform == "linux" and not subprocess.run(tried, capture_output=True, check=False).returncode


# ---------------------------------------------------------------- bubblewrap


def command(sandbox: Sandbox, folders: Folders, chdir: str, memory: int = 0) -> list[str]:
    """What stands before the command of a process to put it into the sandbox; nothing where there is none.

    Files in memory may take `memory` bytes together, 0: what the system allows.
    """
    if not sandbox.bwrap:
        return []
    grants = sandbox.wanted.grants
    words = [sandbox.bwrap, *_APART, *([] if "net" in grants else ["--unshare-net"])]
    words += ["--die-with-parent", "--cap-drop", "ALL", "--uid", _NOBODY, "--gid", _NOBODY, "--hostname", "kbtool"]
    sized = ("--size", str(memory)) if sandbox.sizes and memory else ()
    words += ["--proc", "/proc", "--dev", "/dev", *sized, "--tmpfs", "/tmp"]  # noqa: S108 -- the sandbox's own
    if sized:
        words += ["--perms", "1777", *sized, "--tmpfs", "/dev/shm"]  # noqa: S108
    words += [word for path in _of_the_kernel() for word in ("--ro-bind-try", path, path)]
    if "gpu" in grants:
        words += [word for device in _GPU for word in ("--dev-bind-try", device, device)]
    read = tuple(_read(grants, folders))
    words += [word for path in read for word in ("--ro-bind-try", path, path)]
    shown = frozenset(_shown(folders.readable))
    words += [word for path in read for word in _without_git(path, deep=path in shown)]
    words += [word for path in folders.writable for word in ("--bind", path, path)]
    words += [word for placed in folders.placed for word in ("--ro-bind-try", *placed)]
    # CUDA writes the names of its threads below /proc; nothing else of a session has to write there.
    closed = ("/", *(() if "gpu" in grants else ("/proc",)), *(("/dev",) if sized else ()))
    words += [word for path in closed for word in ("--remount-ro", path)]
    return [*words, "--chdir", chdir, "--"]


def _of_the_kernel() -> Iterator[str]:
    """What of /proc is no process: root's own user may change the kernel's settings there from any namespace."""
    for path in sorted(Path("/proc").iterdir()):
        if not path.name.isdigit() and not path.is_symlink() and (path.is_dir() or path.stat().st_mode & 0o222):
            yield str(path)


def _without_git(path: str, deep: bool) -> Iterator[str]:
    """Hides what git keeps: its configuration may hold a token of who fetched, its history what was taken back.

    `deep`: in all folders below, too.
    """
    found = (one.path for one in below(path, {".git"}) if one.name == ".git" and one.is_dir(follow_symlinks=False))
    for hidden in found if deep else filter(os.path.isdir, [f"{path}/.git"]):
        yield from ("--tmpfs", hidden, "--remount-ro", hidden)


def _read(grants: frozenset[str], folders: Folders) -> Iterator[str]:
    """All that may be read, what lies in something else after it."""
    more = (*(("/sys", *_packages()) if "gpu" in grants else ()), *(_OF_NET if "net" in grants else ()))
    everything = {*_SYSTEM, *more, *python_folders(), *_shown(folders.readable)}
    yield from sorted(everything, key=lambda path: (path.count("/"), path))


def _shown(paths: Iterable[str]) -> Iterator[str]:
    """Folders; of one that is somebody's home, or holds it, what is not hidden there: keys, histories, profiles are."""
    home = Path.home()
    for path in paths:
        if not home.is_relative_to(path):
            yield path
            continue
        with suppress(OSError), os.scandir(path) as found:
            visible = [one for one in found if not one.is_symlink()]
            yield from _shown(one.path for one in visible if home != Path(path) or not one.name.startswith("."))


def _packages() -> Iterator[str]:
    """Packages in /opt whose programs PATH names: a compiler of kernels there finds its parts beside itself."""
    for folder in os.environ.get("PATH", "").split(":"):
        parts = Path(os.path.normpath(folder)).parts
        if parts[:2] == ("/", "opt") and len(parts) > 3:
            yield str(Path(*parts[:3]))


def python_folders() -> set[str]:
    """Where Python, the installed packages and kbtool itself lie."""
    ours = str(Path(__file__).parents[1])
    prefixes = {sys.prefix, sys.base_prefix, os.path.realpath(sys.prefix), os.path.realpath(sys.base_prefix)}
    libraries = os.environ.get("LD_LIBRARY_PATH", "").split(":")
    found = {*sysconfig.get_paths().values(), *prefixes, ours, *libraries}
    found |= {one for folder in import_folders() for one in _modules(folder)}
    return {folder for folder in found if len(folder) > 1 and os.path.isabs(folder)}  # noqa: PTH117


def import_folders() -> tuple[str, ...]:
    """Where modules are imported from beside Python's own folders, as of packages that are installed to be edited."""
    # The first entry is where this program lies, or where it was called.
    folders = sys.path if sys.flags.safe_path else sys.path[1:]
    return tuple(one for one in folders if os.path.isdir(one) and not one.startswith((sys.prefix, sys.base_prefix)))  # noqa: PTH112


@lru_cache(maxsize=64)  # it is asked for each session
def _modules(folder: str) -> frozenset[str]:
    """What can be imported from a folder; not what lies beside it, notes perhaps."""
    if Path(folder).name in _WHOLE:
        return frozenset((folder,))
    with suppress(OSError), os.scandir(folder) as found:
        here = [one for one in found if one.name.endswith(_SUFFIXES) or Path(one.path, "__init__.py").exists()]
        return frozenset(one.path for one in here)
    return frozenset()


# ---------------------------------------------------------------- what a session takes from itself


class Confinement(NamedTuple):
    """What `confine.restrict` does in a session, which may have sockets of the internet's families, and `local` ones.

    `inside`: bubblewrap stands around it. `own_memory`: files in memory are its own, of so many bytes.
    """

    landlock: bool
    seccomp: bool
    internet: bool
    local: bool
    inside: bool
    own_memory: bool
    memory: int
    readable: Sequence[str]
    writable: Sequence[str]
    listable: Sequence[str]
    limits: dict[str, int]


def confinement(sandbox: Sandbox, folders: Folders, memory: int) -> Confinement | None:
    """What a session that writes into these folders takes from itself; `memory` is the most that a process
    of it may take, 0 for any."""
    if sandbox.wanted.level == "none":
        return None
    grants = sandbox.wanted.grants
    limits = dict(_LIMITS)
    if sandbox.bwrap:
        limits["RLIMIT_NPROC"] = _PROCESSES
    if memory and "gpu" not in grants:  # CUDA reserves hundreds of gigabytes that it does not use
        limits["RLIMIT_DATA"] = memory
    # Without bubblewrap /dev is the machine's, with its disks.
    readable = [*_read(grants, folders), "/proc", *(("/dev",) if sandbox.bwrap else ())]
    listable = ["/dev", *import_folders(), *(folders.readable if sandbox.bwrap else ())]
    devices = _DEVICES + (_GPU if "gpu" in grants else ())
    private = ("/tmp",) if sandbox.bwrap and sandbox.each else ()  # noqa: S108
    # CUDA gives its threads names, and refuses to begin where it can't; bubblewrap's /proc is of these sessions alone.
    names = () if "gpu" not in grants else ("/proc",) if sandbox.bwrap else ("/proc/self/task",)
    writable = [*folders.writable, *devices, *private, *names]
    # Inside bubblewrap the internet is a loopback device and nothing else.
    internet = "net" in grants or bool(sandbox.bwrap)
    inside = bool(sandbox.bwrap)
    # CUDA's driver makes local sockets, too.
    local = inside or "gpu" in grants
    walls = (sandbox.landlock, sandbox.seccomp, internet, local, inside, sandbox.memory, memory)
    return Confinement(*walls, readable, writable, listable, limits)
