"""`kbtool doctor`: says what this machine has of what kbtool uses, and why not of the rest."""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from kbtool import __version__, terminal
from kbtool.cells.environment import available_memory, cores, machine_device, processor
from kbtool.cells.grants import own, settings_file
from kbtool.cells.sandbox import Feature, features, found
from kbtool.cells.store import default_folder
from kbtool.config import KbError

_MODULES = ("numpy", "torch", "matplotlib", "pandas", "distributed")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")


def run(options: argparse.Namespace) -> int:
    """0, whatever is missing: kbtool works without."""
    every = [*_machine(), *features(), _isolation(), *_rest()]
    if options.format == "json":
        terminal.say([json.dumps({"name": one.name, "works": one.works, "why": one.why}) for one in every])
        return 0
    wide = max(len(one.name) for one in every)
    terminal.say([f"{'yes' if one.works else 'no ':3}  {one.name:{wide}}  {one.why}" for one in every])
    return 0


def _machine() -> Iterator[Feature]:
    python = f"{platform.python_version()}, {sys.platform} {platform.release()} {platform.machine()}"
    yield Feature("kbtool", True, f"{__version__}, Python {python}")
    memory = available_memory() / (1 << 30)
    yield Feature("processor", True, f"{processor() or 'unknown'}, {cores()} cores, {memory:.1f} GiB for sessions")
    device = machine_device()
    yield Feature("GPU", device != "cpu", device if device != "cpu" else "none is to be seen")


def _isolation() -> Feature:
    try:
        path = settings_file()
        settings = f"your settings: {path}" if path.exists() else f"settings of yours can stand in {path}"
        return Feature("sessions", True, f"run as {found(own()).name}; {settings}")
    except KbError as error:
        return Feature("sessions", False, str(error).replace("\n", "; "))


def _rest() -> Iterator[Feature]:
    for name in _MODULES:
        yield _module(name)
    folder = default_folder()
    there = next(one for one in (folder, *folder.parents) if one.exists())
    can = os.access(there, os.W_OK)
    free = shutil.disk_usage(there).free / (1 << 30)
    yield Feature("cache", can, f"{folder}, {free:.0f} GiB free" if can else f"{folder} cannot be written")
    git = shutil.which("git")
    yield Feature("git", git is not None, "for --changed and recent changes" if git else "--changed needs it")
    home = Path.home()
    yield Feature(
        "home", home.is_dir(), "sessions see the base and Python in it, and nothing hidden, unless --sandbox none"
    )


def _module(name: str) -> Feature:
    try:
        return Feature(name, True, metadata.version(name))
    except metadata.PackageNotFoundError:
        return Feature(name, False, "not installed; only notes that use it need it")
