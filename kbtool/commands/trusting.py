"""Whether MkDocs may run the code that a `mkdocs.yml` names: the person who builds says so, never the base."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

from kbtool import disk
from kbtool.cells.grants import SITE, settings_file, site_granted
from kbtool.config import KbError, read_mkdocs
from kbtool.disk import Project

_MAX_INHERITED = 20


def refuse_code(project: Project, options: argparse.Namespace) -> None:
    """A KbError when MkDocs would run code that `mkdocs.yml` names, and nobody granted that."""
    granted = SITE in options.allow if options.allow else site_granted()
    found = () if granted else tuple(_code(project))
    if found:
        raise KbError(
            f"MkDocs would run code with all your rights: {'; '.join(found)}\n"
            f"where you trust it: --allow {SITE}, or for good `allow: [{SITE}]` in {settings_file()}"
        )


def _code(project: Project) -> Iterator[str]:
    """The code that `mkdocs.yml`, and what it inherits from, has MkDocs run: each a line for a person."""
    path, found = project.mkdocs_yml, project.mkdocs
    for _ in range(_MAX_INHERITED):
        if path is None or found is None:
            return
        yield from (f"{disk.shown(path)}, line {one.line}, column {one.column}: {one.what}" for one in found.code)
        path = Path(os.path.normpath(path.parent / found.inherits)) if found.inherits else None
        if path is not None and not path.is_file():
            raise KbError(f"{path}: `INHERIT` names it, and there is no such file\ncorrect `INHERIT`")
        found = read_mkdocs(disk.read_text(path)) if path is not None else None
    raise KbError(f"{project.mkdocs_yml}: `INHERIT` leads on and on\ncorrect `INHERIT`")
