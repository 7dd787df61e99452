"""ProperDocs, which goes on where MkDocs 1 ends, builds the same site with the same plugin."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import demo

GENERATOR = re.compile(rb'<meta name="generator" content="[^"]*">')


def build(program: str, base: Path, out: Path) -> dict[str, bytes]:
    quiet = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    env = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"} | quiet
    command = [sys.executable, "-m", program, "build", "-q", "-f", str(base / "mkdocs.yml"), "-d", str(out)]
    done = subprocess.run(command, cwd=base, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in out.rglob("*") if p.is_file()}


@pytest.mark.usefixtures("properdocs")
@pytest.mark.parametrize("folders", [True, False])
def test_the_site_is_the_same_but_for_the_generators_name(tmp_path: Path, folders: bool) -> None:
    base = demo.make(tmp_path / "base", url="https://example.org/sub/" if folders else "", folders=folders)
    theirs = build("mkdocs", base, tmp_path / "mkdocs")
    ours = build("properdocs", base, tmp_path / "properdocs")
    assert ours.keys() == theirs.keys()
    assert {path for path in ours if GENERATOR.sub(b"", ours[path]) != GENERATOR.sub(b"", theirs[path])} == set()
    assert GENERATOR.search(ours["index.html"]) != GENERATOR.search(theirs["index.html"])
