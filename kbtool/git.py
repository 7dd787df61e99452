"""The rim towards git: which files of a folder changed. Nothing of the repository's own settings is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from kbtool.config import KbError

# A repository may come from anywhere: neither its file watcher nor its hooks are started, and nothing is locked.
_SAFE = ("--no-optional-locks", "-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "--no-pager")


def changed(base: Path, revision: str) -> frozenset[str]:
    """Paths, relative to `base`, of the files in it that differ from a revision, and of those git does not know yet."""
    _refuse_outside(base)
    untracked = _git(base, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
    commit = known_revision(base, revision)
    if commit:
        compare = ("--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
        differing = _git(base, "diff", "--name-only", "-z", "--relative", *compare, commit, "--", ".")
    elif revision == "HEAD":  # nothing was committed yet
        differing = _git(base, "ls-files", "-z", "--", ".")
    else:
        raise KbError(
            f"git knows no revision {revision}\nname a commit, a branch or a tag: kbtool check --changed=main"
        )
    paths = {os.fsdecode(path) for path in (differing + untracked).split(b"\0") if path}
    return frozenset(path for path in paths if (base / path).is_file())


def known_revision(base: Path, revision: str) -> str:
    """The commit that a revision means, empty when there is none."""
    done = _run(base, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""


def _refuse_outside(base: Path) -> None:
    done = _run(base, "rev-parse", "--is-inside-work-tree")
    if done.returncode != 0 or done.stdout.strip() != b"true":
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[0].removeprefix("fatal: ") if said else "it is no working tree"
        raise KbError(f"--changed needs git, and {base} lies in no repository that git can read: {reason}")


def _git(base: Path, *words: str) -> bytes:
    done = _run(base, *words)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise KbError(f"git {words[0]} in {base}: {said[0].removeprefix('fatal: ')}")
    return done.stdout


def _run(base: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("git")
    if program is None:
        raise KbError("--changed needs git, and there is none here\ninstall it, or name the notes to check")
    # In a hook git's own variables name an index and a folder for its own use; the base says which repository it is.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    command = [os.path.abspath(program), *_SAFE, *words]  # noqa: PTH100 -- a link to git stays what it is
    return subprocess.run(command, cwd=base, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False)
