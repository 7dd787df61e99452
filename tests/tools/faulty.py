"""Runs kbtool so that one of its operations on files fails: the n-th that changes something.

    python faulty.py KIND N COMMAND…

KIND is an errno's name, `short` (half of what is to be written is), `kill` (the process ends there, as by SIGKILL), or
`count` (nothing fails, and the number of operations is told on standard error).
"""

import builtins
import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

KIND, NUMBER = sys.argv[1], int(sys.argv[2])
NAMES = ("mkdir", "rename", "replace", "unlink", "rmdir", "link", "symlink", "fsync", "write", "truncate", "ftruncate")
done = [0]
home = os.getpid()


def fails() -> bool:
    """Whether this operation is the one; processes that were forked do as they like."""
    if os.getpid() != home:
        return False
    done[0] += 1
    if done[0] != NUMBER or KIND == "count":
        return False
    if KIND == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    return True


def broken() -> OSError:
    number = getattr(errno, KIND, errno.ENOSPC)
    return OSError(number, os.strerror(number))


def wrapped(name: str) -> Callable[..., Any]:
    original = getattr(os, name)

    def operation(*arguments: Any, **named: Any) -> Any:
        if name == "write" and (arguments[0] < 3 or not isinstance(arguments[1], bytes | bytearray | memoryview)):
            return original(*arguments, **named)
        if fails():
            if name == "write" and KIND == "short" and len(arguments[1]) > 1:
                return original(arguments[0], bytes(arguments[1])[: len(arguments[1]) // 2])
            raise broken()
        return original(*arguments, **named)

    return operation


def wrapped_open(original: Callable[..., Any]) -> Callable[..., Any]:
    """Files that are opened to be written fail when they are opened."""

    def opened(file: Any, mode: str = "r", *arguments: Any, **named: Any) -> Any:
        if any(sign in mode for sign in "wax+") and not isinstance(file, int) and fails():
            raise broken()
        return original(file, mode, *arguments, **named)

    return opened


for each in NAMES:
    setattr(os, each, wrapped(each))
builtins.open = io.open = wrapped_open(builtins.open)
from kbtool.cli import main  # noqa: E402 -- what it imports is to see the broken functions

code = main(sys.argv[3:])
if KIND == "count":
    sys.stderr.write(f"operations: {done[0]}\n")
sys.stdout.flush()
os._exit(code)
