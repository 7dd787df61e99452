"""Bash as the runner executes it: a cell's text in a process of its own, in the session's working directory.

It is loaded by `session` for the runner, and imports nothing but the standard library.
"""

from __future__ import annotations

import os
import signal
import subprocess


def run(code: str, name: str) -> tuple[str, int] | None:
    """Execute a cell with `bash -e`; when it fails, why, and at which of its lines, 0 where bash does not tell.

    What it prints goes where the runner's own output goes, and what it leaves running ends with the session.
    """
    told, tells = os.pipe()
    os.set_blocking(told, False)  # what the cell left running may hold the other end for ever
    # On the cell's first line, so that it does not move the others; with `-E` it holds inside functions, too.
    script = f"trap 'echo $LINENO >&{tells}' ERR; {code}"
    try:
        status = subprocess.run(["bash", "-eE", "-c", script, name], pass_fds=(tells,), check=False).returncode
        return (_why(status), _last_number(told)) if status else None
    finally:
        os.close(told)
        os.close(tells)


def _why(status: int) -> str:
    return f"bash left with exit code {status}" if status > 0 else f"bash was killed by {signal.Signals(-status).name}"


def _last_number(end: int) -> int:
    """The line that was told last: of what fails within a function or a subshell, the outermost."""
    try:
        words = os.read(end, 1 << 16).split()
    except BlockingIOError:
        return 0
    return int(words[-1]) if words and words[-1].isdigit() else 0
