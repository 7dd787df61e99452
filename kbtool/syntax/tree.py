"""The tree of one note: blocks of the outline, their parts, and what runs inside a line.

Every node begins with its span in the note's text. A union is closed: take it apart with `match`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple, TypeAlias

from kbtool.values import Diagnostic, Span

# ---------------------------------------------------------------- inside a line; text between nodes is plain text


class Code(NamedTuple):
    """An inline code span; `inner` leaves out the backticks."""

    span: Span
    inner: Span


class Math(NamedTuple):
    """A formula in running text: `$x$`, `\\(x\\)`, and displayed `$$x$$`, `\\[x\\]`."""

    span: Span
    inner: Span
    display: bool


class PageLink(NamedTuple):
    """`[[name]]`; `nested` holds the links inside the name, `[[a [[b]]]]`."""

    span: Span
    name: str
    nested: tuple[PageLink, ...]


class Tag(NamedTuple):
    """`#name`, `#[[a name]]`; `bracketed` when the whole name stands in brackets; `nested` the links inside."""

    span: Span
    name: str
    bracketed: bool
    nested: tuple[PageLink, ...]


class BlockLink(NamedTuple):
    """`((uuid))`."""

    span: Span
    id: str


LinkTarget = Literal["page", "block", "url", "file", "search"]


class Link(NamedTuple):
    """`[label](target "title"){:width 1}` or a bare URL (then `label` is the URL and `bare` holds).

    `kind` tells what `target` is: a page name, a block id, an absolute URL, a `.md` file, or anything else (a path).
    `image` for `![…](…)`; `size` is (width, height) in pixels as written, 0 where absent.
    """

    span: Span
    kind: LinkTarget
    target: str
    target_span: Span
    label: Span
    children: tuple[Inline, ...]
    title: str
    image: bool
    bare: bool
    size: tuple[int, int]


class Macro(NamedTuple):
    """`{{name argument, argument}}`; `seen` is what Logseq sees where it does not take it for a macro (see `val`)."""

    span: Span
    name: str
    arguments: tuple[str, ...]
    seen: tuple[Inline, ...] = ()


EmphasisKind = Literal["strong", "em", "strong-em", "strike", "mark", "sub", "sup"]


class Emphasis(NamedTuple):
    """Marked text; `inner` leaves out the marks."""

    span: Span
    kind: EmphasisKind
    inner: Span
    children: tuple[Inline, ...]


class Html(NamedTuple):
    """Raw HTML or hiccup, inline or a block of its own; `hiccup` is shown as text."""

    span: Span
    hiccup: bool


class Timestamp(NamedTuple):
    """`SCHEDULED: <2024-05-01 Wed>` and its kin; `kind` is scheduled, deadline, closed, clock, date, range."""

    span: Span
    kind: str
    text: str


class Footnote(NamedTuple):
    """`[^name]`."""

    span: Span
    name: str


class Escape(NamedTuple):
    """A backslash before punctuation, or an entity such as `\\alpha`; `text` is what it stands for."""

    span: Span
    text: str


class WikiLink(NamedTuple):
    """Obsidian's `[[page#anchor|label]]`; `anchor` is a heading's text, or `^id`; what is left out is empty.

    `embed` for `![[…]]`, whose label may be a `size` as in `Link`.
    """

    span: Span
    page: str
    page_span: Span
    anchor: str
    anchor_span: Span
    label: Span
    embed: bool
    size: tuple[int, int]


class Hidden(NamedTuple):
    """What Obsidian does not show: `%%a comment%%`, or the `^id` of a block (`id`, else empty)."""

    span: Span
    id: str


Inline: TypeAlias = (
    Code
    | Math
    | PageLink
    | Tag
    | BlockLink
    | Link
    | Macro
    | Emphasis
    | Html
    | Timestamp
    | Footnote
    | Escape
    | WikiLink
    | Hidden
)

# ---------------------------------------------------------------- parts of a block, in order


class Prose(NamedTuple):
    """Lines of running text, or the rest of a bullet's own line (`title`): paragraphs and lists."""

    span: Span
    title: bool
    inlines: tuple[Inline, ...]


class Word(NamedTuple):
    """A word of a fence's info string."""

    span: Span
    text: str


class Fence(NamedTuple):
    """A code block. `code` is dedented as Logseq shows it; `lines` are the offsets of its lines' first characters.

    `language` is the first word of the info string, `words` the others. `closed` is false at the end of the file.
    """

    span: Span
    language: str
    language_span: Span
    words: tuple[Word, ...]
    code: str
    lines: tuple[int, ...]
    closed: bool


class MathBlock(NamedTuple):
    """`$$…$$` that opens a line, or a `\\begin{env}…\\end{env}` (`inner` is then the whole of it)."""

    span: Span
    inner: Span


class Quote(NamedTuple):
    """`> …`, with its parts."""

    span: Span
    parts: tuple[Part, ...]


class Container(NamedTuple):
    """`#+BEGIN_NAME arguments … #+END_NAME`; `name` is lower case; `inner` covers the lines between.

    Verbatim ones (`src`, `example`, `export`, `comment`, `query`) have no parts.
    """

    span: Span
    name: str
    arguments: str
    inner: Span
    parts: tuple[Part, ...]


class Cell(NamedTuple):
    """A cell of a table (not of code)."""

    span: Span
    inlines: tuple[Inline, ...]


class Table(NamedTuple):
    """A pipe table; `head` may be empty, rows may be ragged.

    `columns` says for each how it stands: `center`, `right`, or nothing.
    """

    span: Span
    head: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    columns: tuple[str, ...] = ()


class Rule(NamedTuple):
    """`---`."""

    span: Span


class Drawer(NamedTuple):
    """`:NAME: … :END:` other than properties (a LOGBOOK), or a comment: nothing is shown of it."""

    span: Span
    name: str


class FootnoteText(NamedTuple):
    """`[^name]: text`."""

    span: Span
    name: str
    inlines: tuple[Inline, ...]


class Property(NamedTuple):
    """`key:: value`.

    `key` is normalised, `text` the value as written and trimmed. `links` are the links and tags inside the value;
    `words` the bare names of a comma list. `ignored` for all drawers of a block but the first. `invalid` when the key
    is none that Logseq accepts.
    """

    span: Span
    key: str
    key_span: Span
    text: str
    value_span: Span
    links: tuple[Inline, ...]
    words: tuple[Word, ...]
    ignored: bool
    invalid: bool


Part: TypeAlias = Prose | Fence | MathBlock | Quote | Container | Table | Rule | Html | Drawer | FootnoteText

# ---------------------------------------------------------------- blocks


class Block(NamedTuple):
    """A block of the outline.

    `span` runs from its indentation's end (its `-` or `#`) to the next block's start. `level` is what indentation
    says, `depth` counts from 1 along the tree; blocks stand in document order, so a block's children are the deeper
    ones that follow it. `mark` is how it begins. `heading` counts `#`. `marker` and `priority` are empty where absent.
    """

    span: Span
    mark: Literal["pre", "bullet", "heading"]
    level: int
    depth: int
    heading: int
    marker: str
    priority: str
    properties: tuple[Property, ...]
    parts: tuple[Part, ...]


class Parsed(NamedTuple):
    """A note's tree; `directives` are front matter and `#+key: value` lines, which act as page properties."""

    blocks: tuple[Block, ...]
    directives: tuple[Property, ...]
    diagnostics: tuple[Diagnostic, ...]


def all_parts(blocks: Iterable[Block]) -> list[tuple[Part, int]]:
    """The parts of blocks, those within quotes and containers too, in order, each with the number of its block."""
    found: list[tuple[Part, int]] = []
    for number, block in enumerate(blocks):
        for part in block.parts:
            found.append((part, number))
            if type(part) is Quote or type(part) is Container:
                found.extend((inner, number) for inner in _within(part.parts))
    return found


def _within(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        if type(part) is Quote or type(part) is Container:
            yield from _within(part.parts)
