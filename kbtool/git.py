"""The rim towards git: which files of a folder changed, and when. Nothing of the repository's own settings is run."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from kbtool.changes import MARK, Change, read_log
from kbtool.config import KbError
from kbtool.values import NoteId

# A repository may come from anywhere: neither its file watcher nor its hooks are started, and nothing is locked.
# Folders among the notes that only look like one (`HEAD`, `config`, `objects`) are none.
_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}", "safe.bareRepository=explicit")
_SAFE = ("--no-optional-locks", "--no-pager", *(word for setting in _SETTINGS for word in ("-c", setting)))


def changed(base: Path, revision: str) -> frozenset[str]:
    """Paths, relative to `base`, of the files in it that differ from a revision, and of those git does not know yet."""
    _refuse_outside(base)
    variables = _without_filters(base)
    untracked = _git(base, variables, "ls-files", "-z", "--others", "--exclude-standard", "--", ".")
    commit = known_revision(base, revision)
    if commit:
        compare = ("--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all")
        differing = _git(base, variables, "diff", "--name-only", "-z", "--relative", *compare, commit, "--", ".")
    elif revision == "HEAD":  # nothing was committed yet
        differing = _git(base, variables, "ls-files", "-z", "--", ".")
    else:
        raise KbError(
            f"git knows no revision {revision}\nname a commit, a branch or a tag: kbtool check --changed=main"
        )
    paths = {os.fsdecode(path) for path in (differing + untracked).split(b"\0") if path}
    return frozenset(path for path in paths if (base / path).is_file())


def known_revision(base: Path, revision: str) -> str:
    """The commit that a revision means, empty when there is none."""
    done = _run(base, {}, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return done.stdout.decode("ascii", "replace").strip() if done.returncode == 0 else ""


def head(base: Path) -> str:
    """The commit that a folder is at; empty where there is none, or no git."""
    return known_revision(base, "HEAD") if shutil.which("git") else ""


def history(base: Path) -> Mapping[NoteId, Change]:
    """The commits of the files of a folder, renames followed, in one call; nothing where there is no whole history."""
    if shutil.which("git") is None:
        return {}
    asked = _run(base, {}, "rev-parse", "--is-inside-work-tree", "--is-shallow-repository")
    # A clone of the last commits alone would have everything made on one day.
    if asked.returncode != 0 or asked.stdout.split() != [b"true", b"false"]:
        return {}
    said = (f"--format={MARK.decode('ascii')}%ct", "--name-status", "-z", "--relative")
    quiet = ("--no-show-signature", "--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all")
    # A clone without old files (`--filter=blob:none`) can't compare them; those that were only renamed it knows.
    for renames in ("--find-renames", "--find-renames=100%"):
        done = _run(base, {}, "log", renames, *said, *quiet, "--", ".")
        if done.returncode == 0:
            return read_log(done.stdout)
    return {}


def _refuse_outside(base: Path) -> None:
    done = _run(base, {}, "rev-parse", "--is-inside-work-tree")
    if done.returncode != 0 or done.stdout.strip() != b"true":
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = said[0].removeprefix("fatal: ") if said else "it is no working tree"
        raise KbError(f"--changed needs git, and {base} lies in no repository that git can read: {reason}")


def _without_filters(base: Path) -> Mapping[str, str]:
    """Variables that take the programs away through which the repository would have its files pass."""
    pattern = r"^filter\..*\.(clean|smudge|process|required)$"
    keys = _run(base, {}, "config", "--null", "--name-only", "--get-regexp", pattern).stdout.split(b"\0")
    names = dict.fromkeys(os.fsdecode(key) for key in keys if key)
    variables = {"GIT_CONFIG_COUNT": str(len(names))}
    for number, name in enumerate(names):
        value = "false" if name.endswith(".required") else ""
        variables |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    return variables


def _git(base: Path, variables: Mapping[str, str], *words: str) -> bytes:
    done = _run(base, variables, *words)
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
        raise KbError(f"git {words[0]} in {base}: {said[0].removeprefix('fatal: ')}")
    return done.stdout


def _run(base: Path, more: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[bytes]:
    program = shutil.which("git")
    if program is None:
        raise KbError("--changed needs git, and there is none here\ninstall it, or name the notes to check")
    # In a hook git's own variables name an index and a folder for its own use; the base says which repository it is.
    variables = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    variables |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
    # What a clone left where it came from would be fetched with programs that the repository names: git is told twice,
    # as it hears the first since 2.45.
    variables |= {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none", **more}
    command = [os.path.abspath(program), *_SAFE, *words]  # noqa: PTH100 -- a link to git stays what it is
    return subprocess.run(command, cwd=base, env=variables, stdin=subprocess.DEVNULL, capture_output=True, check=False)
