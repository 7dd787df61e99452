"""`--changed`: the notes that git says differ from a revision."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_changed(parser: argparse.ArgumentParser, does: str) -> None:
    """The `--changed [REV]` of check and run; `does` is what happens to these notes alone."""
    said = f"{does} only notes that git says differ from a revision (default: HEAD)"
    parser.add_argument("--changed", metavar="REV", nargs="?", const="HEAD", help=said)


def path_and_revision(word: str | None) -> tuple[str | None, str | None]:
    """In `--changed pages/a.md` the word is a path, unless git knows a revision of that name."""
    if word is None or not Path(word).exists():
        return None, word
    from kbtool import git

    return (None, word) if git.known_revision(Path.cwd(), word) else (word, "HEAD")


def changed(base: Path, revision: str) -> frozenset[str]:
    """The files of a base that differ, by their paths in it."""
    from kbtool import git

    return git.changed(base, revision)
