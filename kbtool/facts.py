"""What the rest of a base needs to know of a note: what it defines and mentions, without its text and its tree.

A note's facts are small and plain, so that they travel between processes and are kept between runs; all that is
checked between notes is checked on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple, cast

from kbtool import names
from kbtool.asides import Embedded, Keyed, Labelled, Lost
from kbtool.note import Note
from kbtool.packed import whole
from kbtool.values import Cell, CodeImport, Definition, Key, Name, NoteId, Reference


class Facts(NamedTuple):
    """A note as the others see it; fields as in `Note`, then those of its `Asides`, and its suppressions.

    `asks` are names with the start and end of their spans; `blank` is a page of empty bullets, as Logseq leaves them
    behind; `imports` are the fields of `CodeImport`s. `shows` are the values that it shows: page, cell, name, start and
    end of its span, and whether Logseq counts the page as a reference. `gives` is the code of its own cells (see
    `python_given.Code`), which is looked into when somebody shows a value of it. What is more than named tuples must be
    plain.
    """

    id: NoteId
    name: Name
    journal: int | None
    defines: Sequence[Definition]
    refers: Sequence[Reference]
    lost: tuple[Lost, ...] = ()
    labels: tuple[Labelled, ...] = ()
    embeds: tuple[Embedded, ...] = ()
    files: tuple[str, ...] = ()
    leads: bool = False
    keys: tuple[Keyed, ...] = ()
    suppressions: tuple[tuple[Any, ...], ...] = ()
    asks: tuple[tuple[str, int, int], ...] = ()
    blank: bool = False
    imports: tuple[tuple[Any, ...], ...] = ()
    offers: tuple[str, ...] | None = None
    shows: tuple[tuple[str, str, str, int, int, bool], ...] = ()
    gives: tuple[tuple[int, str, str], ...] = ()


class Uses(NamedTuple):
    """What of the base a note uses, each once: what the checks of a base as a whole need of all notes.

    `keys` are those of its references and of the pages whose code or values it uses, `own` those among them that are
    its own, `assets` those that are paths; `files` and `asks` are as in `Facts`. `filed` says that the page's own
    properties mention something.
    """

    keys: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    assets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    asks: tuple[tuple[str, int, int], ...] = ()
    filed: bool = False


class Used(NamedTuple):
    """The same of all notes: how many mention each key, and the rest by note, of those that have some."""

    counts: Mapping[str, int]
    own: Mapping[NoteId, tuple[str, ...]]
    assets: Mapping[NoteId, tuple[str, ...]]
    files: Mapping[NoteId, tuple[str, ...]]
    asks: Mapping[NoteId, tuple[tuple[str, int, int], ...]]
    filed: Mapping[NoteId, bool]


NOTHING_USED = Used({}, {}, {}, {}, {}, {})


def facts(note: Note) -> Facts:
    """The facts of a note."""
    silenced = tuple(map(tuple, note.suppressions))
    asks = tuple((asked.name, *asked.span) for asked in note.asks)
    blank = not any(block.parts or block.properties for block in note.outline)
    made = Facts(note.id, note.name, note.journal, note.defines, note.refers, *note.asides, silenced, asks, blank)
    if not note.quotes and not note.cells:
        return made
    code = made._replace(imports=tuple(map(tuple, note.imports)), offers=note.offers)
    shows = tuple((*one.wanted[:3], *one.span, one.linked) for one in note.quotes)
    running = (cell for cell in note.cells if cell.kind != "bash" and not cell.options.norun)
    return code._replace(shows=shows, gives=tuple((cell.number, cell.options.name, _typed(cell)) for cell in running))


def _typed(cell: Cell) -> str:
    """The code of a cell, of a transcript what was typed."""
    if ">>>" not in cell.code:
        return cell.code
    from kbtool.python_source import code_of  # most notes have no transcripts

    code = code_of(cell.number, cell)
    return code.text if code.transcript else cell.code


def uses(note: Facts) -> Uses:
    """What a note uses of the base."""
    keys: dict[str, None] = {}
    assets: dict[str, None] = {}
    filed = False
    for one in note.refers:
        keys[one.key] = None
        if one.kind == "asset":
            assets[one.key] = None
        if one.property and one.block == 0:
            filed = True
    if note.imports or note.shows:
        keys |= dict.fromkeys(_by_code(note))
    own = {one.key: None for one in note.defines if one.key in keys}
    return Uses(tuple(keys), tuple(own), tuple(assets), note.files, note.asks, filed)


def _by_code(note: Facts) -> Iterator[Key]:
    """The pages from which a note takes code or values; each way in which an identifier may be meant."""
    for one in (CodeImport(*row) for row in note.imports):
        yield names.key(one.name)
        if one.how == "module":
            yield from map(names.key, names.spoken(one.name))
    yield from (names.key(page) for page, *_ in note.shows if page)


def used(old: Used, gone: Iterable[tuple[NoteId, Uses]], come: Collection[tuple[NoteId, Uses]]) -> Used:
    """What all notes use, after some of them are gone and others have come; a note that changed is among both."""
    tables: list[dict[Any, Any]] = [dict(whole(table)) for table in cast(tuple[Mapping[Any, Any], ...], old)]
    counts = tables.pop(0)
    for note, one in gone:
        for key in one.keys:
            counts[key] -= 1
            if not counts[key]:
                del counts[key]
        for table in tables:
            table.pop(note, None)
    counts = Counter(counts)
    counts.update(chain.from_iterable(one.keys for _, one in come))
    for note, one in come:
        for table, value in zip(tables, one[1:], strict=True):
            if value:
                table[note] = value
    return Used(dict(counts), *tables)
