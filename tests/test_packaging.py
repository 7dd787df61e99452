"""What is installed is what is declared: version, requirements, pins, entry points, files of the wheel."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from kbtool import __version__
from tests.conftest import Run

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PINS = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
PINNED = {canonicalize_name(name): version for name, _, version in (pin.partition("==") for pin in PINS)}
NOT_IMPORTED = {"mkdocs-material", "ziamath"}  # a theme that MkDocs looks up by name, a font


def names(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(item).name) for item in requirements}


def imported_distributions() -> set[str]:
    """Distributions of the foreign packages that kbtool's modules import, lazy imports included."""
    roots = set()
    for path in ROOT.glob("kbtool/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                roots |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                roots.add(node.module.partition(".")[0])
    known = metadata.packages_distributions()
    foreign = roots - sys.stdlib_module_names - {"kbtool"}
    return {canonicalize_name(known.get(root, [root])[0]) for root in foreign}


def reachable(requirements: list[str], extra: str = "") -> Iterator[str]:
    """Every distribution that these need on this platform, themselves included; torch's own hardware is left out."""
    todo = [(Requirement(item), extra) for item in requirements]
    seen = set()
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or name.startswith(("nvidia-", "cuda-", "triton")):
            continue
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        seen.add(name)
        yield name
        for extra_ in requirement.extras or {""}:
            todo += [(Requirement(item), extra_) for item in metadata.requires(name) or []]


def everything_required() -> set[str]:
    return set(reachable([*PROJECT["dependencies"], *chain.from_iterable(PROJECT["optional-dependencies"].values())]))


def test_version_stands_in_one_place(kbtool: Run) -> None:
    assert kbtool("--version").stdout.split() == ["kbtool", __version__]
    assert "version" in PROJECT["dynamic"]


def test_installed_distribution_has_the_version_of_the_source() -> None:
    assert metadata.version("kbtool") == __version__


def test_dependencies_are_what_the_code_imports() -> None:
    declared = names(PROJECT["dependencies"])
    extras = PROJECT["optional-dependencies"]
    used = imported_distributions() - names(extras["notes"]) - names(extras["diagrams"]) - names(extras["cluster"])
    assert used <= declared
    assert declared - used == NOT_IMPORTED


def test_pins_are_sorted_versions_and_nothing_else() -> None:
    assert [pin for pin in PINS if not re.fullmatch(r"[\w.-]+==\d[\w.]*", pin)] == []
    assert sorted(PINS, key=str.lower) == PINS


def test_every_requirement_is_pinned() -> None:
    assert sorted(everything_required() - PINNED.keys()) == []


def test_nothing_else_is_pinned() -> None:
    assert sorted(PINNED.keys() - everything_required()) == []


def test_installed_versions_are_the_pinned_ones() -> None:
    found = {f"{name}=={metadata.version(name).partition('+')[0]}" for name in everything_required()}
    assert found - {f"{name}=={version}" for name, version in PINNED.items()} == set()


@pytest.mark.parametrize(
    ("group", "target"), [("console_scripts", "__main__:run"), ("mkdocs.plugins", "mkdocs_plugin:KbtoolPlugin")]
)
def test_entry_point_loads(group: str, target: str) -> None:
    (point,) = metadata.entry_points(group=group, name="kbtool")
    assert point.value == f"kbtool.{target}"
    assert callable(point.load())


def test_wheel_holds_every_file_of_the_package(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    packed = {name for name in zipfile.ZipFile(wheel).namelist() if name.startswith("kbtool/")}
    files = (path for path in (ROOT / "kbtool").rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    pages = {f"kbtool/rule_pages/{page.name}" for page in (ROOT / "tests" / "cases" / "checks").glob("*.md")}
    assert packed == {path.relative_to(ROOT).as_posix() for path in files} | pages
