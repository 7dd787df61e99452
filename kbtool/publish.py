"""From a compiled base and its outcomes to the finished pages of its site."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kbtool import disk, names, query, terminal
from kbtool.cells.failures import located
from kbtool.cells.grants import hide, own
from kbtool.cells.keeping import Keeper
from kbtool.cells.library import Library, imported
from kbtool.cells.results import results
from kbtool.changes import Change
from kbtool.config import Config
from kbtool.crew import share_pages
from kbtool.disk import Project
from kbtool.kb import Kb, Snapshot
from kbtool.layout import NO_LAYOUT, laid_out
from kbtool.memo import Memo
from kbtool.note import Note
from kbtool.outcomes import Result
from kbtool.public import published
from kbtool.queries.filters import Here
from kbtool.queries.rows import Rows
from kbtool.render import graph, journals, made, namespaces, recent, redirects, rules, surroundings
from kbtool.render.anchors import entry
from kbtool.render.context import Backlink, Entry, Look, RenderContext
from kbtool.render.page import page
from kbtool.render.site import SiteInput, assemble
from kbtool.rule_pages import page_texts
from kbtool.search_index import page_words
from kbtool.search_merge import SearchIndex
from kbtool.search_words import Words
from kbtool.trace import NOTHING, Memory, Recalled, Unit
from kbtool.values import File, NoteId, Page, Slug


def site(base: Path, config: Config, look: Look) -> SiteInput:
    """The site of a base as its files and the stored outcomes have it; runs nothing."""
    hide(own())
    kb = Kb()
    snapshot = kb.snapshot(disk.read(Project(base, None, None, config)))
    return compiled(snapshot, stored(snapshot, base), look, Past(kb))


def stored(snapshot: Snapshot, base: Path) -> Mapping[NoteId, Result]:
    """The results that hold for the code as it is now: those in the cache, else those that were recorded."""
    library = Library(snapshot.notes, snapshot.names)
    keeper = Keeper(base, query.pages(snapshot), (snapshot.files.config, library))
    return results(keeper, keeper.held())


class Past:
    """What was worked out for the last build: the `kb` that compiled it, and the pages with what they were made of.

    `code` stands for what decides about pages beside the base; `made` are the notes whose pages were made last time.
    """

    __slots__ = ("around", "code", "index", "kb", "layout", "made", "memo", "pages", "rows", "words")

    def __init__(self, kb: Kb | None = None, code: bytes = b"", pages: Recalled = NOTHING) -> None:
        self.kb = kb or Kb()
        self.code = code
        self.memo = Memo()
        self.pages = pages
        self.rows: Rows | None = None
        self.made: tuple[str, ...] = ()
        self.words = Words()
        self.layout = NO_LAYOUT
        self.around = surroundings.NOTHING_AROUND
        self.index = SearchIndex(self.kb.stems)

    def settle(self) -> None:
        """Gives up what only another build of the same process would begin with, most of what a base takes."""
        self.memo, self.words, self.index = Memo(), Words(), SearchIndex(self.kb.stems)
        self.rows = None
        self.pages = self.pages._replace(answers=None)


def compiled(snapshot: Snapshot, found: Mapping[NoteId, Result], look: Look, past: Past | None = None) -> SiteInput:
    """The pages of a snapshot; what is as it was in the past is not made again."""
    past = past or Past()
    context, wanted = _context(snapshot, found, look, past)
    memory = Memory(context, past.code, past.pages, functools.partial(page_words, known=past.words))
    pages = list(memory.pages([*_of_notes(context), *_of_names(wanted, context)], share_pages))
    past.pages, past.made = memory.recalled(), tuple(memory.made)
    config = snapshot.files.config
    drawing, drawn = _graph(context, past)
    whole = assemble(
        context,
        (*pages, *_lists(context), drawing),
        rules.rule_pages(page_texts(), config, look) if config.rule_pages else (),
    )
    old = redirects.redirects(context, {one.slug for one in whole.pages})
    extra = (*recent.feed(context), *old, redirects.near_names(context, wanted), *drawn)
    searched = {one.slug: one for kept in past.pages.kept.values() for one in kept.words}
    others = [one for one in whole.pages if (one.search or one.path) and one.slug not in searched]
    searched |= {one.slug: past.memo.call(one.slug, page_words, one, past.words) for one in others}
    index = past.index.files(searched.values(), look.directory_urls)
    return replace(whole, files=(*whole.files, *extra, *index))


def _graph(context: RenderContext, past: Past) -> tuple[Page, tuple[File, ...]]:
    """The page of the graph and its data; what is linked as before stands where it stood."""
    found = graph.web(context)
    past.layout = laid_out(len(found.nodes), found.edges, past.layout)
    past.around = surroundings.surroundings(found, context.look.directory_urls, past.around)
    data = graph.data(found, past.layout.layout, context.look)
    return graph.graph_page(found, context.look), (data, *surroundings.files(past.around))


def at_once(
    snapshot: Snapshot, found: Mapping[NoteId, Result], look: Look, past: Past
) -> Callable[[Collection[NoteId]], list[Page]]:
    """Makes the pages of some notes alone, for who can't wait for all that an edit changes."""
    context, _ = _context(snapshot, found, look, past)
    memory = Memory(context, past.code, past.pages, functools.partial(page_words, known=past.words))
    return lambda notes: list(memory.pages(list(_of_notes(context, notes))))


def _context(
    snapshot: Snapshot, found: Mapping[NoteId, Result], look: Look, past: Past
) -> tuple[RenderContext, made.Unwritten]:
    shown = entries(snapshot, found, home(snapshot, look), past.memo)
    # Queries see what is published and nothing else.
    asking = query.asking(snapshot, Here(look.today or terminal.today()), shown, past.rows)
    past.rows = asking.rows
    wanted = made.unwritten(shown, asking.rows, snapshot.names.pages.keys())
    return RenderContext(
        entries=shown,
        names=snapshot.names,
        look=replace(look, history={}),
        settings=snapshot.files.settings,
        asking=asking,
        quoting=query.block_references(asking.rows),
        unwritten=wanted.places,
        children=namespaces.children(asking.rows, shown, wanted.places),
        changes=_history(look, snapshot.files.config),
        days=journals.neighbours(shown),
        unlinked=unlinked(past.kb, snapshot),
        users=query.users(snapshot),
    ), wanted


def _history(look: Look, config: Config) -> Mapping[NoteId, Change]:
    """When notes were made and changed; with the names that their files had, where these may be told."""
    if config.old_names:
        return look.history
    return {note: change._replace(paths=()) for note, change in look.history.items()}


def _of_notes(context: RenderContext, among: Collection[NoteId] | None = None) -> Iterator[Unit]:
    mentions = query.backlinks(context.asking.rows, among)
    for ident, one in context.entries.items():
        if among is not None and ident not in among:
            continue
        links = [Backlink(*mention) for mention in mentions.get(ident, ())]
        yield Unit(ident, links, functools.partial(_page, one, links))
        yield from _references(context, (one.name, one.slug), links)


def _page(one: Entry, links: Sequence[Backlink], context: RenderContext) -> tuple[Page, ...]:
    return (page(one, links, context),)


def _references(context: RenderContext, named: tuple[str, Slug], links: Sequence[Backlink]) -> Iterator[Unit]:
    for part in made.reference_parts(context, named, links):
        # No note's path begins so, and no name of `_of_names`.
        name = NoteId(f"\0\0{part.number} {part.slug}")
        yield Unit(name, part, functools.partial(made.reference_pages, part))


def _of_names(wanted: made.Unwritten, context: RenderContext) -> Iterator[Unit]:
    mentions = query.mentions_of(context.asking.rows, wanted.names.keys())
    for key, name in sorted(wanted.names.items()):
        links = [Backlink(*mention) for mention in mentions[key]]
        make = functools.partial(made.unwritten_pages, name, wanted.places[key], links)
        # No note's path begins so.
        yield Unit(NoteId("\0" + key), (name, wanted.places[key], links), make)
        yield from _references(context, (name, wanted.places[key]), links)


def _lists(context: RenderContext) -> Iterator[Page]:
    """The pages that list others: journals, tags, changes."""
    yield from journals.journal_pages(context)
    yield from made.tags_pages(context)
    yield from recent.changes_pages(context, made.blank(context, "", recent.CHANGES))


def unlinked(kb: Kb, snapshot: Snapshot) -> Mapping[NoteId, tuple[Backlink, ...]]:
    """The unlinked mentions of each note, by path and position."""
    found: dict[NoteId, list[Backlink]] = {}
    for ident, mentions in sorted(kb.mentions(snapshot).items()):
        for mention in mentions:
            found.setdefault(mention.note, []).append(Backlink(ident, mention.block, ""))
    return {ident: tuple(links) for ident, links in found.items()}


def home(snapshot: Snapshot, look: Look) -> NoteId | None:
    """The note that comes first: the one that the navigation begins with, else the graph's `:default-home`."""
    first = snapshot.notes.get(NoteId(look.home))
    return first.id if first and first.defines else query.home(snapshot)


def entries(
    snapshot: Snapshot, found: Mapping[NoteId, Result], first: NoteId | None, memo: Memo | None = None
) -> Mapping[NoteId, Entry]:
    """What rendering needs of each note that the site shows; `first` becomes the home page."""
    pages = query.pages(snapshot)
    shown = published(pages, snapshot.files.settings.all_public)
    notes = tuple(note for note in pages if note.id in shown)
    reserved = journals.reserved(note.journal for note in notes)
    if snapshot.files.config.rule_pages:
        reserved |= frozenset(rules.reserved())
    places = names.slugs({note.id: note.name for note in notes}, first, reserved)
    known = memo or Memo()
    bare = {note.id: _bare(snapshot, note, places[note.id], known) for note in notes}
    return {note.id: _entry(snapshot, note, bare[note.id], found.get(note.id)) for note in notes}


def _bare(snapshot: Snapshot, note: Note, place: Slug, memo: Memo) -> Entry:
    same = Slug(sys.intern(place))  # what is equal is the last object
    return memo.call(note.id, entry, note, snapshot.text(note.id), snapshot.links[note.id], same)


def _entry(snapshot: Snapshot, note: Note, made: Entry, result: Result | None) -> Entry:
    text = made.text
    if result is None:
        return made
    modules = imported(note, Library(snapshot.notes, snapshot.names)).modules
    others = [(snapshot.notes[module.note], snapshot.text(module.note)) for module in modules]
    outcome = located(result.outcome, note, text, others) if result.outcome else None
    elsewhere = tuple(located(one, note, text, others) for one in result.others)
    return replace(made, outcome=outcome, result=replace(result, outcome=outcome, others=elsewhere))
