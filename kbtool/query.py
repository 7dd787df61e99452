"""Questions to a snapshot: who links here, which page comes first, what the graph is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from kbtool import names as spelling
from kbtool import references
from kbtool.dates import journal_day, journal_name
from kbtool.graph import Ambiguous, Site, Target, ToAsset, ToNote
from kbtool.imports import imported_note
from kbtool.kb import Snapshot
from kbtool.note import Note, with_page_properties
from kbtool.positions import line_table
from kbtool.queries.answers import Asking
from kbtool.queries.attributes import Index
from kbtool.queries.filters import Here
from kbtool.queries.rows import Entity, Given, Rows
from kbtool.syntax.block_text import block_text
from kbtool.syntax.tree import Block
from kbtool.values import CodeImport, NoteId, Reference


class Mention(NamedTuple):
    """A block of another note that mentions a page; `property` is `tags` for a page that carries it as a tag."""

    note: NoteId
    block: int
    property: str


def pages(snapshot: Snapshot) -> tuple[Note, ...]:
    """The notes that are pages: all but blank files."""
    return tuple(note for note in snapshot.notes.values() if note.defines)


def backlinks(rows: Rows, among: Collection[NoteId] | None = None) -> Mapping[NoteId, tuple[Mention, ...]]:
    """The linked references of each note, or some, as Logseq counts them, by path and position.

    These are the blocks that mention its page or an alias of it themselves, by link, property name, marker or priority,
    and stand on another page; and the pages that it tags (`property` is then `tags`).
    """
    asked = (note for note in rows.given.notes.values() if note.defines and (among is None or note.id in among))
    circles = {note.id: rows.circle(rows.page_of(note)) for note in asked}
    owners: dict[str, list[NoteId]] = {}
    for ident, circle in circles.items():
        for key in circle:
            owners.setdefault(key, []).append(ident)
    found: dict[NoteId, dict[Mention, None]] = {}
    for row in rows.pages.values():
        for owner in (owner for tag in row.tags for owner in owners.get(tag, ()) if row.note and owner != row.note):
            found.setdefault(owner, {})[Mention(NoteId(str(row.note)), 0, "tags")] = None
    for key, entity in rows.mentioning(owners.keys()):
        for owner in owners[key]:
            apart = rows.notes[NoteId(entity.place)].page not in circles[owner]
            if apart and _is_link(rows, entity, circles[owner]):
                found.setdefault(owner, {})[Mention(NoteId(entity.place), entity.block, "")] = None
    return {ident: tuple(sorted(mentions)) for ident, mentions in found.items() if mentions}


def mentions_of(rows: Rows, keys: Set[str]) -> Mapping[str, tuple[Mention, ...]]:
    """The same for names that no note has, by their keys."""
    found: dict[str, set[Mention]] = {key: set() for key in keys}
    for row in rows.pages.values():
        for tag in row.tags & keys if row.note else ():
            found[tag].add(Mention(NoteId(str(row.note)), 0, "tags"))
    for key, entity in rows.mentioning(keys):
        if _is_link(rows, entity, frozenset({key})):
            found[key].add(Mention(NoteId(entity.place), entity.block, ""))
    return {key: tuple(sorted(mentions)) for key, mentions in found.items()}


def _is_link(rows: Rows, entity: Entity, circle: frozenset[str]) -> bool:
    """Whether a block mentions a page by more than the page tags above it, which are shown by themselves."""
    note = rows.given.notes[NoteId(entity.place)]
    row = rows.pages[rows.page_of(note)]
    if entity.block or not row.tags & circle:
        return True
    return any(r.block == 0 and r.property != "tags" and rows.key(r.name) in circle for r in note.refers)


def block_references(rows: Rows) -> Mapping[NoteId, Mapping[int, tuple[Site, ...]]]:
    """For each block that others refer to by its id these blocks, each once; by note and block."""
    found: dict[NoteId, dict[int, set[Site]]] = {}
    for source, target in rows.block_refs():
        if source != target:
            sites = found.setdefault(NoteId(target.place), {}).setdefault(target.block, set())
            sites.add(Site(NoteId(source.place), source.block))
    return {note: {at: tuple(sorted(sites)) for at, sites in blocks.items()} for note, blocks in found.items()}


def home(snapshot: Snapshot) -> NoteId | None:
    """The note that `:default-home` names, else none."""
    name = snapshot.files.settings.home
    found = snapshot.names.pages.get(spelling.key(name), ()) if name else ()
    return found[0] if found else None


def named(snapshot: Snapshot, name: str) -> tuple[NoteId, ...]:
    """The notes that have a name or alias, or are the journal of the day that it stands for."""
    found = snapshot.names.pages.get(spelling.key(name), ())
    day = None if found else journal_day(name, snapshot.names.date_formats)
    return snapshot.names.journals.get(day, ()) if day is not None else found


# ---------------------------------------------------------------- imports in code


def imports(snapshot: Snapshot, note: Note) -> Iterator[tuple[CodeImport, NoteId]]:
    """The notes that a note's code imports, each with the first place that names it so."""
    for one in note.imports:
        target = imported_note(one, snapshot.names) if not one.member else None
        if target is not None:
            yield one, target


def users(snapshot: Snapshot) -> Mapping[NoteId, tuple[NoteId, ...]]:
    """For each note those whose code imports it, by path."""
    found: dict[NoteId, dict[NoteId, None]] = {}
    for note in pages(snapshot):
        for _, target in imports(snapshot, note):
            if target != note.id:
                found.setdefault(target, {})[note.id] = None
    return {target: tuple(sorted(notes)) for target, notes in found.items()}


def importing(snapshot: Snapshot, imported: Iterable[NoteId]) -> frozenset[NoteId]:
    """The notes whose code imports that of some notes, by way of other notes' `export` cells, too."""
    edges: dict[NoteId, dict[NoteId, bool]] = {}
    for note in pages(snapshot):
        for one in note.imports:
            target = imported_note(one, snapshot.names)
            if target is not None:
                users = edges.setdefault(target, {})
                users[note.id] = users.get(note.id, False) or one.exported
    found: set[NoteId] = set()
    waiting = list(dict.fromkeys(imported))
    for target in waiting:  # grows meanwhile
        users = edges.get(target, {})
        waiting += (note for note, hands_on in users.items() if hands_on and note not in waiting)
        found.update(users)
    return frozenset(found)


# ---------------------------------------------------------------- queries


def asking(
    snapshot: Snapshot, here: Here, among: Collection[NoteId] | None = None, before: Rows | None = None
) -> Asking:
    """What queries about a snapshot, or some notes of it, are asked against.

    Takes a moment per thousand notes, so make it once, of the rows `before` an edit if there are any.
    """
    notes = {ident: note for ident, note in snapshot.notes.items() if among is None or ident in among}
    texts = {ident: source.text for ident, source in snapshot.files.sources.items()}
    return Asking(Index(Rows(Given(notes, texts, snapshot.files.settings), before)), here)


def block_facts(snapshot: Snapshot, note: Note, number: int) -> dict[str, object]:
    """One block as Logseq sees it."""
    block = with_page_properties(note.outline, note.properties)[number]
    place = references.Place(note.id, snapshot.text(note.id), number)
    return {"depth": block.depth, **_facts(snapshot, place, block)}


# ---------------------------------------------------------------- the graph as data


def graph(snapshot: Snapshot) -> dict[str, list[dict[str, object]]]:
    """Pages and links; a page that is only mentioned has no path, and the spelling of its first mention."""
    known: dict[str, dict[str, object]] = {note.id: _page(note) for note in pages(snapshot)}
    found = dict(known)
    links: list[dict[str, object]] = []
    for note in pages(snapshot):
        table = line_table(snapshot.text(note.id))
        for reference, target in zip(note.refers, snapshot.links[note.id], strict=True):
            if reference.kind == "heading" and not reference.name.startswith("#"):
                continue  # the page that it is a heading of is a link already
            to = _endpoint(snapshot, reference, target, found)
            at = table.position(reference.span.start)
            link = {"from": note.name, "to": to, "kind": _kind(reference), "path": note.id}
            links.append({**link, "line": at.line, "column": at.column})
        for one, target_note in imports(snapshot, note):
            at = table.position(one.start)
            link = {"from": note.name, "to": snapshot.notes[target_note].name, "kind": "import", "path": note.id}
            links.append({**link, "line": at.line, "column": at.column})
    return {"pages": list(found.values()), "links": links}


def _page(note: Note) -> dict[str, object]:
    aliases = [d.name for d in note.defines if d.kind == "alias"]
    return {"name": note.name, "path": note.id, "aliases": aliases, "journal": note.journal is not None}


def _kind(reference: Reference) -> str:
    if reference.property:
        return "property"
    return "embed" if reference.kind == "block-embed" else reference.kind


def _endpoint(snapshot: Snapshot, reference: Reference, target: Target, found: dict[str, dict[str, object]]) -> object:
    if isinstance(target, ToNote | Ambiguous):
        return snapshot.notes[target.note].name
    if isinstance(target, ToAsset) or reference.kind == "asset":
        return reference.key
    if reference.kind in ("block", "block-embed", "heading"):
        return reference.name
    day = journal_day(reference.name, snapshot.names.date_formats)
    name = journal_name(day, snapshot.files.settings.title_format) if day else reference.name
    unwritten: dict[str, object] = {"name": name, "path": None, "aliases": [], "journal": day is not None}
    # No path begins with NUL: keys of unwritten pages can't meet paths of notes.
    return found.setdefault(f"\0{day or reference.key}", unwritten)["name"]


# ---------------------------------------------------------------- a note's tree as data


def tree(snapshot: Snapshot, note: Note) -> dict[str, object]:
    """A note's blocks as Logseq sees them."""
    table = line_table(snapshot.text(note.id))
    blocks = []
    for number, block in enumerate(with_page_properties(note.outline, note.properties)):
        place = references.Place(note.id, table.text, number)
        line = table.position(block.span.start).line
        blocks.append({"depth": block.depth, "line": line, **_facts(snapshot, place, block)})
    return {"path": note.id, "page": note.name, "blocks": blocks}


def _facts(snapshot: Snapshot, place: references.Place, block: Block) -> dict[str, object]:
    return {
        "text": block_text(place.text, block),
        "page_refs": references.page_keys(place, block, snapshot.files.settings),
        "block_refs": references.block_keys(place, block),
        "properties": dict(_properties(block)),
        "marker": block.marker or None,
        "priority": block.priority or None,
    }


def _properties(block: Block) -> Iterator[tuple[str, object]]:
    for prop in references.effective(block):
        if not prop.invalid:
            yield prop.key, references.property_value(prop)
