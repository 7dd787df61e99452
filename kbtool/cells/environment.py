"""What this machine runs cells with: Python, the platform, and the installed distributions."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata

from kbtool.cells.plan import Environment


def read_environment(modules: Iterable[str]) -> Environment:
    """The environment of sessions that import these top-level modules; call it once for a whole plan."""
    python = f"{sys.implementation.name}-{platform.python_version()}"
    libc = platform.libc_ver()[0] or sys.platform
    return Environment(python, f"{sys.platform}-{platform.machine()}-{libc}", distributions(modules))


def distributions(modules: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The distributions, as `name==version`, that installed each of these modules; Python's own have none."""
    wanted = sorted(set(modules) - sys.stdlib_module_names)
    found = {name: version for name in wanted if (version := _of_that_name(name))}
    rest = [name for name in wanted if name not in found]
    if rest:  # takes a fifth of a second: it reads the file lists of all distributions
        owners = metadata.packages_distributions()
        found |= {name: tuple(sorted(map(_pinned, set(owners[name])))) for name in rest if name in owners}
    return found


def _of_that_name(module: str) -> tuple[str, ...]:
    """Most modules come from a distribution of the same name."""
    try:
        files = metadata.distribution(module).read_text("RECORD") or ""
    except (metadata.PackageNotFoundError, ValueError, OSError):
        return ()
    return (_pinned(module),) if f"\n{module}/__init__." in f"\n{files}" else ()


def _pinned(distribution: str) -> str:
    return f"{distribution}=={metadata.version(distribution)}"
