"""What this machine runs cells with: Python, the platform, and the installed distributions.

A check asks for the names of modules alone, so what the rest needs is imported when it is called.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kbtool.cells.plan import Environment
    from kbtool.outcomes import Difference, Provenance

_COMMON = frozenset({"root", "user", "admin", "runner", "ubuntu", "debian", "home", "test", "jovyan", "localhost"})
"""Names of machines and users that say nothing of whose they are."""
_SHARE = 0.8
"""How much of the free memory sessions may plan with."""


def read_environment(modules: Iterable[str]) -> Environment:
    """The environment of sessions that import these top-level modules; call it once for a whole plan."""
    import platform

    from kbtool.cells.plan import Environment

    python = f"{sys.implementation.name}-{platform.python_version()}"
    libc = platform.libc_ver()[0] or sys.platform
    return Environment(python, f"{sys.platform}-{platform.machine()}-{libc}", distributions(modules))


def distributions(modules: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The distributions, as `name==version`, that installed each of these modules; Python's own have none."""
    from importlib import metadata

    wanted = sorted(set(modules) - sys.stdlib_module_names)
    found = {name: version for name in wanted if (version := _of_that_name(name))}
    rest = [name for name in wanted if name not in found]
    if rest:  # takes a fifth of a second: it reads the file lists of all distributions
        owners = metadata.packages_distributions()
        found |= {name: tuple(sorted(map(_pinned, set(owners[name])))) for name in rest if name in owners}
    return found


def _of_that_name(module: str) -> tuple[str, ...]:
    """Most modules come from a distribution of the same name."""
    from importlib import metadata

    try:
        files = metadata.distribution(module).read_text("RECORD") or ""
    except (metadata.PackageNotFoundError, ValueError, OSError):
        return ()
    return (_pinned(module),) if f"\n{module}/__init__." in f"\n{files}" else ()


def _pinned(distribution: str) -> str:
    from importlib import metadata

    return f"{distribution}=={metadata.version(distribution)}"


def machine_device() -> str:
    """The graphics processors that sessions see, by their models; `cpu` where there are none. Asks no driver."""
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        return "cpu"
    models = []
    with suppress(OSError):
        for path in sorted(Path("/proc/driver/nvidia/gpus").iterdir()):
            lines = (path / "information").read_text("utf-8", "replace").splitlines()
            models += [line.partition(":")[2].strip() for line in lines if line.startswith("Model:")]
    return ", ".join(models) or "cpu"


def has_device(device: str) -> bool:
    """Whether this machine has the device that results were made on; every machine has a processor."""
    model = device.partition(":")[2]
    return not model or model in machine_device().split(", ")


def gpu_memory() -> int | None:
    """Bytes of memory of the smallest graphics processor that there is; 0 where nobody says, None without one."""
    if machine_device() == "cpu":
        return None
    import subprocess

    query = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    with suppress(OSError, subprocess.SubprocessError, ValueError):
        said = subprocess.run(query, capture_output=True, text=True, check=True, timeout=10).stdout
        return min(int(line) << 20 for line in said.splitlines())
    return 0


def device_differences(made: Provenance) -> Iterator[Difference]:
    """What computes here, where it is another one than where an outcome was made."""
    from kbtool.outcomes import Difference

    model, here = made.device.partition(":")[2], machine_device()
    if not has_device(made.device):
        yield Difference("device", "", model, "" if here == "cpu" else here)
    elif not model and made.processor and made.processor != processor():
        yield Difference("processor", "", made.processor, processor())


def processor() -> str:
    """The model of the processor; empty where nobody says."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return ""


def installed(distribution: str) -> str:
    """The version of an installed distribution; empty when there is none."""
    from importlib import metadata

    with suppress(metadata.PackageNotFoundError, ValueError):
        return metadata.version(distribution)
    return ""


def own_names() -> Mapping[str, str]:
    """What names this machine and its user, by what it is; names that any machine may have are left out."""
    import getpass
    import socket

    found = {"the host's name": socket.gethostname().partition(".")[0], "the user's name": ""}
    with suppress(OSError, KeyError):  # nobody has such a number
        found["the user's name"] = getpass.getuser()
    return {what: name for what, name in found.items() if len(name) > 2 and name.lower() not in _COMMON}


def cores() -> int:
    """The processors that we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def available_memory() -> int:
    """Bytes that sessions may have together: most of what the machine, or our share of it, has to spare."""
    free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 1 << 40
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        free = next(int(line.split()[1]) << 10 for line in lines if line.startswith("MemAvailable:"))
    group = Path("/sys/fs/cgroup")
    with suppress(OSError, ValueError):  # no limit is the word `max`
        used = int((group / "memory.current").read_text("ascii"))
        free = min(free, int((group / "memory.max").read_text("ascii")) - used)
    return int(free * _SHARE)


def importable() -> frozenset[str]:
    """The top-level modules that cells can import besides Python's own, found by file names alone: nothing runs."""
    # The first entry is where this program lies, or where it was called: cells run elsewhere.
    folders = dict.fromkeys(filter(None, sys.path if sys.flags.safe_path else sys.path[1:]))
    return frozenset(name for folder in folders for name in _modules(folder))


def _modules(folder: str) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                stem, _, suffix = entry.name.partition(".")
                if suffix in ("py", "so", "pyd") or suffix.endswith((".so", ".pyd")) or (not suffix and entry.is_dir()):
                    yield stem
                if entry.name.startswith("__editable__") and suffix == "py":
                    yield from _editable(Path(entry.path))
    except OSError:
        return


def _editable(finder: Path) -> Iterator[str]:
    """The modules of a distribution that was installed to be edited, as setuptools lists them."""
    import ast

    try:
        tree = ast.parse(finder.read_text("utf-8"))
    except (OSError, SyntaxError, ValueError):
        return
    values = [node.value for node in tree.body if isinstance(node, ast.AnnAssign | ast.Assign)]
    for key in (key for value in values if isinstance(value, ast.Dict) for key in value.keys):
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            yield key.value.partition(".")[0]
