"""UNIX sockets where a session has none, as without bubblewrap: who needs one is told so, and nobody waits for it.

Loaded by `session` for the runner; imports nothing but the standard library. PyTorch's loaders hand tensors over such
sockets, from a thread of a worker: that it fails there Python tells nobody, and the cell would wait for ever.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import sys
import threading
import types
from typing import Any

_WHY = (
    "a session without bubblewrap has no UNIX sockets, which DataLoader's workers and multiprocessing.Manager need: "
    "install bubblewrap, or do without them (num_workers=0)"
)
_WAITED_FOR = "multiprocessing.connection"
"""The module whose sockets others wait for without looking whether there are any."""


def explain() -> None:
    """From now on say in this process and its children why a UNIX socket cannot be had.

    Where the cell itself does not ask for it, it fails all the same: a signal takes it out of what it waits for.
    """
    number, runner, plain = signal.SIGRTMAX - 1, os.getpid(), socket.socket.__init__

    def begin(self: Any, family: int = -1, *rest: Any, **named: Any) -> None:
        try:
            plain(self, family, *rest, **named)
        except PermissionError:
            if family != socket.AF_UNIX:
                raise
            in_cell = os.getpid() == runner and threading.current_thread() is threading.main_thread()
            if not in_cell and sys._getframe(1).f_globals.get("__name__") == _WAITED_FOR:
                os.kill(runner, number)
            raise PermissionError(errno.EACCES, _WHY) from None

    signal.signal(number, _fail)
    socket.socket.__init__ = begin  # type: ignore[method-assign]


def _fail(number: int, frame: types.FrameType | None) -> None:
    """End what the cell does, once: what it started may ask many times."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<cell "):
            signal.signal(number, signal.SIG_IGN)
            raise PermissionError(errno.EACCES, _WHY)
        frame = frame.f_back
