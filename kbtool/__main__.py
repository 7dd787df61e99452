"""`python -m kbtool`, and the command `kbtool`."""

from __future__ import annotations

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    # `python -m` looks for modules in the folder where it is started first, and that may be a base with any files.
    del sys.path[0]

import os
from typing import NoReturn

from kbtool.cli import main


def run() -> NoReturn:
    """Runs one command and leaves with its exit code."""
    code = main()
    if "threading" in sys.modules:
        sys.exit(code)  # somebody else's work may have to end
    # Freeing ten thousand notes one by one, to give all memory back at once then, takes a tenth of a warm check.
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        sys.exit(code)  # Python says what is wrong with the stream, and with which code it ends
    os._exit(code)


if __name__ == "__main__":
    run()
