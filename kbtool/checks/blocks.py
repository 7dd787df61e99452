"""Checks of block ids: that what is referred to exists, and that an id names one block."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from kbtool.checks.context import CheckContext
from kbtool.graph import Missing, Site
from kbtool.values import Definition, Diagnostic, Label

# Of many blocks with one id so many are pointed at.
_SHOWN = 3


def dangling_block_ref(context: CheckContext) -> Iterator[Diagnostic]:
    """References to and embeds of blocks that no note has."""
    for reference, target in context.references():
        if reference.kind in ("block", "block-embed") and isinstance(target, Missing):
            message = f"no block has the id {reference.name}"
            advice = "the block was deleted, or lost its `id::` line; refer to it anew, or quote its text"
            yield context.diagnostic("dangling-block-ref", reference.span, message, advice)


def duplicate_block_id(context: CheckContext) -> Iterator[Diagnostic]:
    """Block ids of this note that another block, here or elsewhere, has too."""
    blocks = (one for one in context.note.defines if one.kind == "block" and "#" not in one.key)
    once = {(one.key, one.block): one for one in blocks}
    for definition in once.values():
        here = Site(context.note.id, definition.block)
        sites = context.base.names.blocks.get(definition.key, ())
        others = list(islice((site for site in sites if site != here), _SHOWN))
        if others:
            yield _duplicate(definition, others, context)


def _duplicate(definition: Definition, others: list[Site], context: CheckContext) -> Diagnostic:
    elsewhere = sorted({site.note for site in others} - {context.note.id})
    where = f"a block in {', '.join(elsewhere)}" if elsewhere else "another block of this note"
    message = f"the id {definition.key} is also that of {where}"
    labels = tuple(label for site in others for label in _claims(site, definition.key, context))
    advice = (
        "remove the `id::` line of the copy: Logseq drops one of the two, and references may lead to the wrong block"
    )
    return Diagnostic("duplicate-block-id", context.note.id, definition.span, message, labels, advice)


def _claims(site: Site, key: str, context: CheckContext) -> Iterator[Label]:
    defines = context.base.notes[site.note].defines  # in the order of their blocks
    at = bisect_left(defines, site.block, key=lambda one: one.block)
    for definition in islice(defines, at, None):
        if definition.block != site.block:
            break
        if definition.kind == "block" and definition.key == key:
            yield Label(site.note, definition.span, "the same id")
