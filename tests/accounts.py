"""Another account of the machine, which only root can become: root itself may read and write everything."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from pathlib import Path

ACCOUNT = 12345


def as_an_account() -> list[str]:
    """Begins a command of an account that owns nothing; a Python in a folder of root's alone is shown to it."""
    change = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    shut = next((folder for folder in Path(sys.base_prefix).parents if not folder.stat().st_mode & 1), None)
    if shut is None:
        return change
    kept, python = shlex.quote(tempfile.gettempdir()), shlex.quote(sys.base_prefix)
    script = (
        f"place=$(mktemp -d -p {kept}) && mount --bind {python} $place"
        f" && mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(shut))} && mkdir -p {python}"
        f' && mount --move $place {python} && rmdir $place && exec "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", script, "sh", *change]


def give(place: Path) -> None:
    """Makes a folder and all in it the account's."""
    for path in (place, *place.rglob("*")):
        os.chown(path, ACCOUNT, ACCOUNT, follow_symlinks=False)
