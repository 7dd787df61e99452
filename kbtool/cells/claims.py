"""Numbers typed into prose beside code that computes them, and disagrees."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from kbtool.cells.plan import runnable
from kbtool.note import Note
from kbtool.outcomes import Outcome
from kbtool.quoting import value_of
from kbtool.syntax.claims import Claim, claims
from kbtool.syntax.tree import Block, Prose
from kbtool.values import Cell, Diagnostic

_SURE = 2
"""Letters that a name must have to be one in running text: `n = 5` may be anybody's."""


def hand_typed(note: Note, text: str, outcome: Outcome) -> tuple[Diagnostic, ...]:
    """A `hand-typed-number` for each number in the blocks of cells, and in those right behind, that no cell gave."""
    ended = {one.index for one in outcome.cells if one.state == "ok"}
    found: dict[Claim, Diagnostic] = {}
    for cell in runnable(note):
        beside = note.outline[cell.block : cell.block + 2] if cell.number in ended else ()
        for claim in (claim for block in beside for claim in _claims(text, block)):
            said = _disagreement(note, cell, claim, outcome)
            if said:
                found[claim] = said
    return tuple(found.values())


def _claims(text: str, block: Block) -> Iterator[Claim]:
    for part in block.parts:
        if isinstance(part, Prose):
            yield from (one for one in claims(text, part) if one.quoted or len(one.name) >= _SURE)


def _disagreement(note: Note, cell: Cell, claim: Claim, outcome: Outcome) -> Diagnostic | None:
    """What is wrong with a number that the name never was, as far as it is written out."""
    value = value_of(outcome, claim.name, cell.number)
    told = [number for one in outcome.cells for name, _, number in one.values if name == claim.name]
    if value is None or value[2] is None or any(number is not None and _agrees(claim, number) for number in told):
        return None
    message = f"`{claim.name}` is {claim.number}{'%' if claim.percent else ''} here, and the code computed {value[1]}"
    advice = f"write `{{{{val {claim.name}{_spec(claim)}}}}}`, which is what the code computed each time"
    return Diagnostic("hand-typed-number", note.id, claim.span, message, (), advice)


def _agrees(claim: Claim, number: float) -> bool:
    """Whether a number, rounded as the typed one is, is that."""
    exact = Decimal(number) * (100 if claim.percent else 1)
    return any(abs(exact - typed) <= room for typed, room in _readings(claim))


def _readings(claim: Claim) -> Iterator[tuple[Decimal, Decimal]]:
    """What a typed number may mean, and how far from it the exact one may be; a comma is a point or nothing."""
    plain = claim.number.replace("−", "-")
    for text in {plain.replace(",", "."), plain.replace(",", "")}:
        try:
            typed = Decimal(text)
        except InvalidOperation:
            continue
        exponent = int(typed.as_tuple().exponent)
        if claim.about and exponent >= 0:
            exponent = int(typed.normalize().as_tuple().exponent)
        # A little more than half, for numbers of which nobody knows to which side they are rounded.
        yield typed, Decimal("0.5000001").scaleb(exponent)


def _spec(claim: Claim) -> str:
    """The format that writes a number as it was typed."""
    whole, _, rest = claim.number.replace(",", ".").lower().partition("e")
    digits = len(whole.partition(".")[2])
    if claim.percent:
        return f" .{digits}%"
    return f" .{digits}e" if rest else f" .{digits}f" if digits else ""
