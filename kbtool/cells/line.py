"""The runner's end of the line to the caller, and the streams of the code that it executes.

It is loaded by `runner` and imports nothing but the standard library.
"""

from __future__ import annotations

import _thread
import io
import json
import os
import sys
from contextlib import suppress
from typing import Any


class Line:
    """The runner's end of the line; only the runner itself speaks, not what it forks."""

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.lock = _thread.RLock()
        self.owner = os.getpid()

    def tell(self, message: dict[str, Any]) -> None:
        """Send a message."""
        data = json.dumps(message).encode() + b"\n"
        while data:
            data = data[os.write(self.fd, data) :]

    def ask(self, message: dict[str, Any]) -> None:
        """Send a message, and wait until the caller has read all output that was written before."""
        with self.lock:
            self.tell(message)
            if not os.read(self.fd, 1):
                os._exit(1)  # the caller is gone


class Streams:
    """`sys.stdout` and `sys.stderr`: before one follows the other the caller is asked to read what came before."""

    def __init__(self, line: Any) -> None:
        self.line = line
        self.last = 1
        self.texts = {fd: self.text(fd) for fd in (1, 2)}
        sys.stdout = sys.__stdout__ = self.texts[1]  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self.texts[2]  # type: ignore[misc]

    def text(self, fd: int) -> io.TextIOWrapper:
        raw = io.BufferedWriter(io.FileIO(fd, "wb", closefd=False))
        text = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace")
        write = text.write

        def ordered_write(written: str, /) -> int:
            if self.last != fd:
                self.switch(fd)
            size = write(written)
            text.flush()  # what C code writes next comes after it, and a killed cell has shown it
            return size

        vars(text)["write"] = ordered_write
        return text

    def switch(self, fd: int) -> None:
        if os.getpid() == self.line.owner:
            self.texts[self.last].flush()
            self.last = fd
            self.line.ask({"sync": True})

    def flush(self) -> None:
        for text in self.texts.values():
            with suppress(ValueError, OSError):  # the note's code may have closed it
                text.flush()
