"""What a base's folder holds for the compiler."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from kbtool.config import Config, GraphSettings
from kbtool.values import Diagnostic, NoteId, Source


class BaseFiles(NamedTuple):
    """All that a base's folder holds for the compiler: texts, paths of other files, settings, what was unreadable.

    `modules` are those that the notes' code can import on this machine.
    """

    sources: Mapping[NoteId, Source]
    assets: frozenset[str]
    config: Config
    settings: GraphSettings
    problems: tuple[Diagnostic, ...] = ()
    warnings: tuple[str, ...] = ()
    modules: frozenset[str] = frozenset()
