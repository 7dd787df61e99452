"""What is between notes, worked out anew where it has changed since it was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from kbtool import disk
from kbtool.checks import check_base
from kbtool.checks.context import base
from kbtool.crew import spread
from kbtool.facts import NOTHING_USED, Used, used
from kbtool.graph import Names, Surroundings, index, names_of, surroundings
from kbtool.ledger import EXPORTS, USES, Change, GivenFacts, Moment, Now, Rest, Table, piece
from kbtool.linking import Linked, link
from kbtool.packed import Plain, place_of, plain_diagnostic, unpack
from kbtool.record import FactsOf, exports_of, uses_of
from kbtool.values import NoteId

Between: TypeAlias = tuple[Linked, Used]
"""The checks between notes, and what all notes use."""


def relinked(
    now: Moment, change: Change, old: tuple[Table, Rest]
) -> tuple[Mapping[NoteId, Plain], Plain, Between, Between | None]:
    """Diagnostics by note, all of them plain and in order, and what is between notes as it is and as it was kept."""
    table, rest = old
    after = change.after
    before = _before(now, old)
    names = before[0].names if before and _as_before(now, change, table) else _names(now, after)
    known = base(FactsOf(GivenFacts(after, change.silent)), names, now.config)
    linked = link(known, change.changed, before[0] if before else None, spread)
    uses = _used(change, before[1] if before else None)
    found = list(map(plain_diagnostic, (*disk.folder_problems(now.listing), *check_base(known, uses))))
    said: dict[NoteId, Plain] = {}
    for note in {*rest.said, *after.fresh, *linked.found} & after.notes.keys():
        entry = after.fresh.get(note)
        own = (*entry[0][0], *entry[0][2]) if entry else rest.said[note][0] if note in rest.said else ()
        given = tuple(linked.found.get(note, ()))
        if own or given:
            said[note] = own, given
            found += own
            found += given
    return said, tuple(sorted(found, key=place_of)), (linked, uses), before


def _used(change: Change, before: Used | None) -> Used:
    """What all notes use, which is the same object where no note uses anything else."""
    after = change.after
    if before is None:
        return used(NOTHING_USED, [], [(note, uses_of(it)) for note, entry in after.entries() if (it := entry[USES])])
    pairs = [(note, piece(change.before.entry(note), USES), piece(after.entry(note), USES)) for note in change.changed]
    others = [(note, old, new) for note, old, new in pairs if old != new]
    if not others:
        return before
    gone = [(note, uses_of(old)) for note, old, _ in others if old]
    return used(before, gone, [(note, uses_of(new)) for note, _, new in others if new])


def _before(now: Moment, old: tuple[Table, Rest]) -> Between | None:
    """What is between notes as it was kept."""
    table, rest = old
    if rest.where is None or table.keys[1] != now.keys.config:
        return None
    names, uses = unpack(rest.whole.data)
    known = names_of(_surroundings(now, table.assets), names)
    found = {note: given for note, (_, given) in rest.said.items() if given}
    return Linked(known, now.config, found, rest.ledger.looked_up()), Used(*uses)


def _as_before(now: Moment, change: Change, table: Table) -> bool:
    """Whether all names are the same."""
    before, after = change.before, change.after
    same = all(piece(before.entry(note), EXPORTS) == piece(after.entry(note), EXPORTS) for note in change.changed)
    return same and table.assets == now.listing.assets


def _names(now: Moment, after: Now) -> Names:
    around = _surroundings(now, now.listing.assets)
    return index(around, [exports_of(entry[EXPORTS]) for _, entry in after.entries() if entry[EXPORTS] is not None])


def _surroundings(now: Moment, assets: Iterable[str]) -> Surroundings:
    return surroundings(frozenset(assets), now.config, now.settings)
