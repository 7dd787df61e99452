"""All checks: functions from a note, from a note in its base, or from a base, to diagnostics."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from kbtool.checks.assets import missing_asset
from kbtool.checks.blocks import dangling_block_ref, duplicate_block_id
from kbtool.checks.circles import alias_cycle, embed_cycle
from kbtool.checks.context import Base, CheckContext, base
from kbtool.checks.filenames import (
    bad_file_name,
    built_in_name,
    date_like_name,
    dead_end,
    dotted_name,
    look_alike_page,
    property_page,
)
from kbtool.checks.imports import import_cycle, missing_export
from kbtool.checks.labels import deceptive_address, deceptive_link
from kbtool.checks.lost import lost_reference
from kbtool.checks.network import orphan_page, unused_asset
from kbtool.checks.pages import duplicate_page, missing_heading, missing_page
from kbtool.checks.properties import bad_property
from kbtool.checks.queries import query_missing_page
from kbtool.checks.secrets import secret
from kbtool.checks.spelling import case_variant
from kbtool.checks.structure import byte_order_mark, fences_and_html, heading_jump, late_title, second_drawer
from kbtool.checks.suppressions import bad_suppression
from kbtool.checks.tasks import bad_timestamp, bare_marker, doubled_bracket, stray_bracket
from kbtool.checks.values import bad_value
from kbtool.facts import Used
from kbtool.graph import Missing
from kbtool.note import Note
from kbtool.values import Diagnostic, NoteId

if TYPE_CHECKING:
    from kbtool.checks.formulas import Known

__all__ = ["Base", "CheckContext", "base", "check_alone", "check_base", "check_imports", "check_linked"]

ALONE = (
    *(bad_property, bad_suppression, byte_order_mark, fences_and_html, second_drawer, secret),
    *(late_title, stray_bracket, doubled_bracket, bare_marker, bad_timestamp, deceptive_address, heading_jump),
)
"""Checks that need nothing but the note; those of formulas, diagrams and code are imported for notes that have some."""
LINKED = (
    *(duplicate_page, duplicate_block_id, case_variant, lost_reference, deceptive_link, date_like_name, built_in_name),
    *(dotted_name, bad_file_name, look_alike_page, alias_cycle, embed_cycle, dead_end, property_page),
    *(missing_export, import_cycle, bad_value),
)
"""Checks of what stands between a note and the others: they see its facts, and what its own names lead to."""
MISSING = (missing_page, missing_heading, dangling_block_ref, missing_asset)
"""Those of references that lead nowhere, which most notes have none of."""
WHOLE: tuple[Callable[[Base, Used], Iterator[Diagnostic]], ...] = (orphan_page, unused_asset, query_missing_page)
"""Checks of the base as a whole, made again whenever one note changes: they must be quick at ten thousand notes.

So they go by what all notes use, and ask for the facts of few: to unpack those of all takes a quarter of a second.
"""


OF_LOGSEQ = frozenset(
    "bad-property bad-query bad-timestamp bare-marker broken-formula built-in-name case-variant date-like-name "
    "dotted-name greedy-tag html-swallows-outline late-title lost-reference property-page query-missing-page "
    "second-drawer stray-bracket unclosed-fence unknown-macro unread-formula unsupported-query wide-fence".split()
)
"""Rules about what Logseq alone reads so; in Obsidian's dialect they would be wrong."""


def in_dialect(found: Iterable[Diagnostic], dialect: str) -> tuple[Diagnostic, ...]:
    """What is wrong in a dialect."""
    return tuple(found) if dialect == "logseq" else tuple(one for one in found if one.rule not in OF_LOGSEQ)


def check_alone(
    note: Note, text: str, modules: frozenset[str] = frozenset(), known: Known | None = None
) -> tuple[Diagnostic, ...]:
    """What is wrong with a note whatever the others say: reading, formulas, properties, diagrams, code.

    `modules` are those that its code can import; without any, imports are not judged. `known` saves time alone: who
    checks many notes gives the same one, which remembers formulas.
    """
    found = [found for check in ALONE for found in check(note, text)]
    of_formulas = _of_formulas(note, text, {} if known is None else known) if "\\" in text or "$" in text else ()
    # A fence's language is found in the text before anything is imported: few notes have diagrams.
    of_diagrams = _of_diagrams(note) if "ermaid" in text or "ERMAID" in text else ()
    of_cells = (*of_diagrams, *(_of_cells(note, text, modules) if note.cells else ()))
    if of_cells:
        # Below a fence that does not close, code and text are inside out.
        readable = min((one.span.start for one in found if one.rule == "unclosed-fence"), default=len(text))
        of_cells = tuple(one for one in of_cells if one.span.start < readable)
    return (*note.diagnostics, *of_formulas, *found, *of_cells)


def _of_formulas(note: Note, text: str, known: Known) -> tuple[Diagnostic, ...]:
    from kbtool.checks.formulas import emphasised_formula, formulas
    from kbtool.checks.unread import stray_names, unread

    return (
        *formulas(note, text, known),
        *unread(note, text),
        *emphasised_formula(note, text),
        *stray_names(note, text),
    )


def _of_diagrams(note: Note) -> tuple[Diagnostic, ...]:
    from kbtool.checks.diagrams import bad_diagram

    return tuple(bad_diagram(note))


def _of_cells(note: Note, text: str, modules: frozenset[str]) -> tuple[Diagnostic, ...]:
    from kbtool.python_check import check_cells

    return check_cells(note, text, modules)


def check_linked(context: CheckContext) -> tuple[Diagnostic, ...]:
    """What is wrong between a note and the others."""
    missing = MISSING if Missing in map(type, context.links) else ()
    found = [found for check in (*missing, *LINKED) for found in check(context)]
    return in_dialect(found, context.base.config.dialect) if found else ()


def check_imports(note: NoteId, base: Base) -> tuple[Diagnostic, ...]:
    """What is wrong with what a note's code imports from others, and nothing else."""
    context = CheckContext(base.notes[note], (), base)
    return (*missing_export(context), *import_cycle(context))


def check_base(base: Base, used: Used) -> tuple[Diagnostic, ...]:
    """What is wrong with a base as a whole."""
    return in_dialect((found for check in WHOLE for found in check(base, used)), base.config.dialect)
