"""The values that the stages hand to each other; none of them knows how it was made.

All are named tuples: what a check imports must be quick to define, and what it makes by the ten thousand quick to make.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, NamedTuple, NewType, TypeVar

T = TypeVar("T", bound=tuple[Any, ...])

NoteId = NewType("NoteId", str)
"""Path of a note in its base, with `/`: `pages/тензор.md`."""
Name = NewType("Name", str)
"""A page name as somebody spelled it."""
Key = NewType("Key", str)
"""What page names are compared by; made by `names.key` alone."""
BlockId = NewType("BlockId", str)
"""A block's UUID, lower case."""
Slug = NewType("Slug", str)
"""A page's place on the site, without suffix; made by `names.slug` alone."""


MAX_NOTE = 8 * 1024 * 1024
"""Characters of a note that are read; of a larger one nothing is, and it is said."""


TITLE_FORMAT = "MMM do, yyyy"
"""How a graph writes its journals' names when it does not say (see `dates`)."""


def maker(kind: type[T]) -> Callable[[tuple[Any, ...]], T]:
    """Makes values of a kind out of all their fields, in half the time of a call of the kind itself.

    For what is made by the hundred of each note, and nothing else: nobody checks the fields.
    """
    return partial(tuple.__new__, kind)


class Span(NamedTuple):
    """Half-open range of character offsets in a note's text."""

    start: int
    end: int


span_of = maker(Span)


class Source(NamedTuple):
    """The text of one note, line ends and byte order mark as they stand in the file."""

    id: NoteId
    text: str


# ---------------------------------------------------------------- problems


class Edit(NamedTuple):
    """Replacement of one span of one note."""

    note: NoteId
    span: Span
    text: str


class Fix(NamedTuple):
    """Edits that make a diagnostic go away; `safe` when no meaning can be lost."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool


class Label(NamedTuple):
    """A second place that a diagnostic speaks of."""

    note: NoteId
    span: Span
    message: str


class Diagnostic(NamedTuple):
    """One problem at one place; its severity comes from the rule table when it is shown."""

    rule: str
    note: NoteId
    span: Span
    message: str
    labels: tuple[Label, ...] = ()
    help: str = ""
    fix: Fix | None = None


# ---------------------------------------------------------------- what a note says

DefinitionKind = Literal["page", "alias", "path", "block"]
ReferenceKind = Literal["page", "tag", "embed", "block", "block-embed", "asset", "heading"]


class Definition(NamedTuple):
    """A name that a note gives to itself or to one of its blocks; `key` is a page key or a block id.

    In Obsidian's dialect a `path` is the name with folders before it, and blocks have keys `page#heading`, `page#^id`.
    """

    kind: DefinitionKind
    name: str
    key: str
    span: Span
    block: int


class Reference(NamedTuple):
    """A mention of a page, block or asset; of a heading in Obsidian's dialect alone.

    `key` is a page key, a block id, or an asset's path in the base. `block` is the index of the quoting block in the
    note's outline. `property` is the key of the property whose value holds the mention, empty in running text.
    `plain` says that the mention is a bare word of a comma list (`tags:: a, b`), without brackets. `inside` says that
    it stands within another link: as the target behind a label, or in a link's name.
    """

    kind: ReferenceKind
    name: str
    key: str
    span: Span
    block: int
    property: str = ""
    plain: bool = False
    inside: bool = False


class Whiteboards(NamedTuple):
    """What whiteboards are called (page keys), the ids of their blocks, and the page keys and ids that they show."""

    names: frozenset[str] = frozenset()
    ids: frozenset[str] = frozenset()
    mentioned: frozenset[str] = frozenset()


NO_WHITEBOARDS = Whiteboards()


class Formula(NamedTuple):
    """A piece of LaTeX; `span` covers the source between its delimiters, `outer` the delimiters too."""

    span: Span
    outer: Span
    display: bool


class CellOptions(NamedTuple):
    """What the words after ```` ```python ```` ask for; `timeout` in seconds, None for the configured one.

    `expect` is how outputs are compared with accepted ones: `exact`, a relative difference of numbers, empty for not at
    all. `export`: other notes may use what the cell defines. `volatile`: its outputs may differ from run to run.
    """

    norun: bool = False
    hide: bool = False
    raises: str = ""
    timeout: float | None = None
    name: str = ""
    expect: str = ""
    export: bool = False
    volatile: bool = False


class NoteOptions(NamedTuple):
    """What a note asks of its session; `gpu_memory` in bytes, `cpus` threads, each 0 where the note does not say.

    `inputs` are paths and patterns below the base. `launch` is a launcher and its number of processes.
    """

    device: Literal["auto", "cpu", "cuda"] = "auto"
    gpu_memory: int = 0
    cpus: int = 0
    inputs: tuple[str, ...] = ()
    seed: int | None = None
    launch: str = ""


NO_NOTE_OPTIONS = NoteOptions()


CellKind = Literal["python", "transcript", "bash"]


class CodeImport(NamedTuple):
    """What the code of a cell takes from another note: the note as a whole, or one name (`member`) of its cells.

    `how` says whether `name` is a page's name (`page`) or an identifier that stands for one (`module`). `start` and
    `end` cover the member, or the name where there is none. `exported` says that the cell is itself for other notes.
    """

    how: Literal["page", "module"]
    name: str
    member: str
    start: int
    end: int
    exported: bool


ANYTHING = "*"
"""Stands among the names that a note's code offers when it may bind others unseen."""


class Cell(NamedTuple):
    """A code block that runs (or is shown, with `norun`); a transcript is what was typed to Python, and its answers.

    `number` counts the cells of the note from 0. `span` covers the whole fence, `lines` gives for each line of `code`
    the note's offset of its first character, so that line `i`, column `c` of the code stands at `lines[i] + c`.
    `language` covers the word that names it.
    """

    number: int
    block: int
    span: Span
    code: str
    lines: tuple[int, ...]
    options: CellOptions
    language: Span
    kind: CellKind = "python"


# ---------------------------------------------------------------- what the site shows


class Heading(NamedTuple):
    """An entry of a page's table of contents; `level` 1 to 6, `anchor` an id on the page."""

    title: str
    anchor: str
    level: int


class File(NamedTuple):
    """A text file that a page needs beside it; `path` is below the site's root."""

    path: str
    text: str


SearchKind = Literal["alias", "heading", "text", "code"]


class SearchEntry(NamedTuple):
    """A piece of a page's text as search finds it, at an anchor of the page (empty for the page itself)."""

    anchor: str
    kind: SearchKind
    text: str


def shut(html: str) -> bytes:
    """A page's HTML as `Page` has it."""
    return zlib.compress(html.encode("utf-8", "surrogatepass"), 1)


class Page(NamedTuple):
    """A finished page: nothing in it needs Markdown any more.

    `slug` is the place on the site, `path` the note's path in the base (empty for a page without a file). Titles in
    `toc` are HTML without links; `title` is plain text. `shut` is the HTML, packed: all pages of a base are in memory
    at once, and open they would take eight times as much. Search
    engines are to pass over a page that is not `listed`. `seen` is a digest of what it shows, where one is known.
    """

    slug: Slug
    title: str
    shut: bytes
    toc: tuple[Heading, ...]
    path: str
    tags: tuple[str, ...]
    files: tuple[File, ...] = ()
    search: tuple[SearchEntry, ...] = ()
    listed: bool = True
    seen: bytes = b""

    @property
    def html(self) -> str:
        """The page, in the theme's content area."""
        return zlib.decompress(self.shut).decode("utf-8", "surrogatepass")
