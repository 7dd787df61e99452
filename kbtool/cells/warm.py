"""The warm parent of a run's sessions, as the caller holds it: started once, asked for a process a session.

Importing PyTorch takes a second and a half, forking from a process that has it a hundredth of that. Where a warm parent
is not to be had, sessions start by themselves.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from kbtool.cells.plan import Session

_SESSION = str(Path(__file__).with_name("session.py"))
_PATIENCE = 120.0
"""Seconds for all imports, from a cold disk."""
_MODULES = ("numpy", "torch")
"""What is imported in advance, in this order, where sessions import it."""
_OF_MATPLOTLIB = ("matplotlib.pyplot", "matplotlib.font_manager", "matplotlib.backends.backend_svg")
_OPTIMISER = "torch._dynamo"
"""What the first step of one of PyTorch's optimisers imports, for more than a second."""


def preloads(sessions: Sequence[Session]) -> tuple[str, ...]:
    """The modules that some of the sessions will need, as far as their text tells."""
    imported = {name for session in sessions for name in session.imports}
    # PyTorch tells whether there is a GPU, and launches.
    imported |= {"torch" for session in sessions if session.device == "cuda" or session.launch}
    plots = _OF_MATPLOTLIB if "matplotlib" in imported else ()
    found = [name for name in _MODULES if name in imported]
    steps = any("optim" in step.code for session in sessions if "torch" in session.imports for step in session.steps)
    return (*found, *plots, *((_OPTIMISER,) if steps else ()))


def first_to_go(command: Sequence[str]) -> list[str]:
    """A command whose processes the kernel ends before others when memory runs out: what pipes and files in memory take
    it knows of no process."""
    if sys.platform != "linux":
        return list(command)
    return ["/bin/sh", "-c", '{ echo 1000 > /proc/self/oom_score_adj; } 2>/dev/null; exec "$@"', "sh", *command]


class Zygote:
    """A process that has imported what sessions need; `fork` makes one of them out of it."""

    __slots__ = ("_child", "_line", "_ready")

    def __init__(self, modules: Sequence[str], environment: Mapping[str, str], sandbox: Sequence[str]) -> None:
        self._line, its_line = socket.socketpair()
        with its_line:
            self._child = subprocess.Popen(
                # -P and -s: no module comes from the working directory, from this file's, or from the home directory.
                first_to_go([*sandbox, sys.executable, "-P", "-s", _SESSION, str(its_line.fileno())]),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env=environment,
                pass_fds=(its_line.fileno(),),
                start_new_session=True,
            )
        self._ready = False
        self._line.settimeout(_PATIENCE)
        with suppress(OSError):
            self._line.send(json.dumps(list(modules)).encode())

    def fork(self, request: Mapping[str, object], ends: Sequence[int]) -> int | None:
        """A descriptor of a session's process, to which others are handed; None when the warm parent is gone."""
        try:
            if not self._ready and self._line.recv(1) != b".":
                return None
            self._ready = True
            socket.send_fds(self._line, [json.dumps(request).encode()], list(ends))
            _, handles, _, _ = socket.recv_fds(self._line, 1, 1)
        except OSError:
            return None
        return handles[0] if handles else None

    def close(self) -> None:
        """End it; the sessions that it has forked end with it."""
        self._line.close()
        try:
            self._child.wait(timeout=2)
        except subprocess.TimeoutExpired:  # it imports something that takes long
            with suppress(OSError):
                os.killpg(self._child.pid, signal.SIGKILL)
            self._child.wait()
