"""All checks: functions from a note, from a note in its base, or from a base, to diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kbtool.checks.assets import missing_asset
from kbtool.checks.blocks import dangling_block_ref, duplicate_block_id
from kbtool.checks.context import Base, CheckContext, base
from kbtool.checks.formulas import bad_latex, unread_formula
from kbtool.checks.pages import duplicate_page, missing_page
from kbtool.checks.properties import bad_property
from kbtool.checks.queries import query_missing_page
from kbtool.note import Note
from kbtool.python_check import check_cells
from kbtool.values import Diagnostic

__all__ = ["Base", "CheckContext", "base", "check_alone", "check_base", "check_linked"]

ALONE = (bad_latex, unread_formula, bad_property)
"""Checks that need nothing but the note; those of its code stand beside them."""
LINKED = (missing_page, dangling_block_ref, duplicate_page, duplicate_block_id, missing_asset)
"""Checks of what stands between a note and the others: they see its facts, and what its own names lead to."""
WHOLE: tuple[Callable[[Base], Iterator[Diagnostic]], ...] = (query_missing_page,)
"""Checks of the base as a whole, made again whenever one note changes: they must be quick at ten thousand notes."""


def check_alone(note: Note, text: str) -> tuple[Diagnostic, ...]:
    """What is wrong with a note whatever the others say: reading, formulas, properties, code."""
    return (*note.diagnostics, *(found for check in ALONE for found in check(note, text)), *check_cells(note))


def check_linked(context: CheckContext) -> tuple[Diagnostic, ...]:
    """What is wrong between a note and the others."""
    return tuple(found for check in LINKED for found in check(context))


def check_base(base: Base) -> tuple[Diagnostic, ...]:
    """What is wrong with a base as a whole."""
    return tuple(found for check in WHOLE for found in check(base))
