"""Regular expressions that are compiled when they are first used.

A run uses a third of them, and compiling all took a sixth of a check after a small change.
"""

from __future__ import annotations

import re
from typing import Any, cast


def regex(source: str, flags: int = 0) -> re.Pattern[str]:
    """What `re.compile` gives, but that a mistake shows when it is first used."""
    return cast("re.Pattern[str]", _Later(source, flags))


class _Later:
    """Stands for a pattern: what it is asked for once it keeps, so that the next time costs nothing."""

    def __init__(self, source: str, flags: int) -> None:
        self._given = source, flags

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._given), name)
        setattr(self, name, found)
        return found
