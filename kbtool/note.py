"""Lowering: from a note's tree to what the note defines, mentions and runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from kbtool import macros, names
from kbtool.asides import NO_ASIDES, Asides, asides, keyed
from kbtool.cells.note_options import note_options
from kbtool.cells.options import duplicate_names, parse_options
from kbtool.config import GraphSettings
from kbtool.dates import journal_day, journal_name
from kbtool.queries.asked import stated
from kbtool.references import Place, anchor_key, asset_path, counts, effective, in_block
from kbtool.suppressions import Suppression, suppressions
from kbtool.syntax.links import is_uuid
from kbtool.syntax.pieces import BLANKS
from kbtool.syntax.tree import (
    Block,
    Emphasis,
    Fence,
    FootnoteText,
    Hidden,
    Inline,
    Link,
    Math,
    MathBlock,
    PageLink,
    Parsed,
    Part,
    Property,
    Prose,
    Table,
    Tag,
    all_parts,
)
from kbtool.values import (
    NO_NOTE_OPTIONS,
    Cell,
    CellKind,
    CellOptions,
    CodeImport,
    Definition,
    Diagnostic,
    Formula,
    Name,
    NoteId,
    NoteOptions,
    Reference,
    Source,
    Span,
    maker,
)

if TYPE_CHECKING:
    from kbtool.queries.simple import Asked
    from kbtool.syntax.val import Quoted

_KINDS: Mapping[str, tuple[CellKind, str]] = {
    "python": ("python", "python"),
    "pycon": ("transcript", "python"),
    "bash": ("bash", "bash"),
    "sh": ("bash", "bash"),
}
"""What the fences of a language are, and the language that the configuration must allow for that."""


_place_of = maker(Place)


class Note(NamedTuple):
    """What one note says. All spans are offsets in its text.

    `defines[0]` is the page name itself; a note without any text defines nothing. `journal` is the day, yyyymmdd, of a
    journal page. `properties` are the page's, of two equal keys the last. `outline` is in document order (see
    `syntax.tree.Block`). `asides` are what it says beside its references, `addresses` its links to the web. `asks` are
    the pages that its queries name, `macros` is how many macros and queries it has. `options` are what its session is
    run with. `imports` is what its code takes from other notes, `offers` what theirs may take from its `export` cells,
    None without such cells (see `python_imports`). `quotes` are the values of code that it shows.
    """

    id: NoteId
    name: Name
    journal: int | None
    defines: tuple[Definition, ...]
    refers: tuple[Reference, ...]
    cells: tuple[Cell, ...]
    formulas: tuple[Formula, ...]
    properties: tuple[Property, ...]
    outline: tuple[Block, ...]
    diagnostics: tuple[Diagnostic, ...]
    asides: Asides = NO_ASIDES
    addresses: tuple[Link, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    asks: tuple[Asked, ...] = ()
    macros: int = 0
    options: NoteOptions = NO_NOTE_OPTIONS
    imports: tuple[CodeImport, ...] = ()
    offers: tuple[str, ...] | None = None
    quotes: tuple[Quoted, ...] = ()


def lower(source: Source, parsed: Parsed, settings: GraphSettings) -> Note:
    """What a parsed note says."""
    properties = page_properties(parsed)
    obsidian = settings.dialect == "obsidian"
    title = None if obsidian else page_title(source.text, properties, parsed.blocks)
    stem = posixpath.splitext(posixpath.basename(source.id))[0]
    name = title.text if title else stem if obsidian else names.from_file(stem, settings.name_format)
    journal = journal_day(name, settings.date_formats)
    if journal is not None and not obsidian:
        name = journal_name(journal, settings.title_format)
    parts = all_parts(parsed.blocks)
    fences = [(part, block) for part, block in parts if type(part) is Fence and _is_cell(part, settings)]
    formulas = _formulas(parts) if _may_hold(source) else ()
    cells, problems = _cells(source.id, fences)
    running = [fence.words for (fence, _), cell in zip(fences, cells, strict=True) if not cell.options.norun]
    options, contradictions = note_options(running, properties, source.id)
    imports, offers, unclear = _code_links(source.id, cells)
    named = parsed.blocks or parsed.diagnostics
    defines = tuple(_definitions(name, title, properties, parsed.blocks)) if named else ()
    if obsidian and defines:
        defines += tuple(_of_obsidian(source, defines, parsed.blocks))
    refers = (*_references(source, parsed, obsidian), *_shots(source.id, properties, parsed.blocks))
    beside, addresses = asides(source, parts, parsed.blocks, (refers, defines))
    asked = stated(source, parsed.blocks, _macros(parsed, settings))
    return Note(
        source.id,
        Name(name),
        journal,
        defines,
        refers,
        cells,
        tuple(formulas),
        properties,
        parsed.blocks,
        parsed.diagnostics + problems + contradictions + unclear + asked.diagnostics,
        beside._replace(keys=keyed(parsed.blocks, settings)),
        addresses,
        suppressions(source.text, parsed.blocks, cells),
        asked.names,
        asked.macros,
        options,
        imports,
        offers,
        asked.quotes,
    )


def _macros(parsed: Parsed, settings: GraphSettings) -> dict[str, str]:
    """The macros that may be used in a note: those of the configuration, and the page's own."""
    first = parsed.blocks[0].properties if parsed.blocks and parsed.blocks[0].mark == "pre" else ()
    return {**dict(settings.macros), **macros.own((*first, *parsed.directives))}


def _numbered(blocks: Sequence[Block]) -> Iterable[tuple[Block, int]]:
    return ((block, i) for i, block in enumerate(blocks))


# ---------------------------------------------------------------- names


def page_properties(parsed: Parsed) -> tuple[Property, ...]:
    """The page's own properties: front matter and directives, else the pre-block's first drawer."""
    if parsed.directives:
        return tuple({prop.key: prop for prop in parsed.directives}.values())
    blocks = parsed.blocks
    return effective(blocks[0]) if blocks and blocks[0].mark == "pre" else ()


def page_title(text: str, properties: Sequence[Property], blocks: Sequence[Block]) -> Property | None:
    """The `title::` that names the page: it counts only in the file's first lines."""
    found = next((prop for prop in properties if prop.key == "title"), None)
    drawer = blocks[0].properties[:1] if blocks and blocks[0].mark == "pre" else ()
    first = min((prop.span.start for prop in (*properties, *drawer)), default=0)
    return found if found and not text[:first].strip(" \t") else None


def _definitions(
    name: str, title: Property | None, properties: Iterable[Property], blocks: Sequence[Block]
) -> Iterator[Definition]:
    span = title.value_span if title else Span(0, 0)
    yield Definition("page", name, names.key(name), span, -1)
    for prop in properties:
        if prop.key in ("alias", "aliases") and counts(prop):
            yield from _aliases(prop)
    for number, block in enumerate(blocks):
        if block.properties:
            # Of two ids Logseq takes the later.
            ident = next((prop for prop in reversed(effective(block)) if prop.key == "id"), None)
            if ident and is_uuid(ident.text):
                yield Definition("block", ident.text, ident.text.lower(), ident.value_span, number)


def _aliases(prop: Property) -> Iterator[Definition]:
    for node in prop.links:
        if isinstance(node, PageLink | Tag):
            yield Definition("alias", node.name.strip(BLANKS), names.key(node.name.strip(BLANKS)), node.span, -1)
    for word in prop.words:
        yield Definition("alias", word.text, names.key(word.text), word.span, -1)


def _of_obsidian(source: Source, own: Iterable[Definition], blocks: Sequence[Block]) -> Iterator[Definition]:
    """What Obsidian's links can name besides: the note by its path, its headings, and blocks that end in `^id`."""
    folders = posixpath.splitext(source.id)[0].split("/")
    stem = folders[-1]
    paths = ["/".join(folders[i:]) for i in range(len(folders) - 1)]
    yield from (Definition("path", stem, names.key(path), Span(0, 0), -1) for path in paths)
    pages = [source.id, *(d.key for d in own if d.kind != "block"), *map(names.key, paths)]
    taken: set[str] = set()
    for block, number in _numbered(blocks):
        for anchor, span in _anchors(source.text, block):
            if anchor_key(anchor) not in taken:
                taken.add(anchor_key(anchor))
                yield from (Definition("block", anchor, f"{page}#{anchor_key(anchor)}", span, number) for page in pages)


def _anchors(text: str, block: Block) -> Iterator[tuple[str, Span]]:
    for part, _ in all_parts((block,)):
        if isinstance(part, Prose):
            if block.heading and part.title:
                end = next((node.span.start for node in part.inlines if isinstance(node, Hidden)), part.span.end)
                yield text[part.span.start : end].strip(), Span(part.span.start, end)
            yield from ((f"^{node.id}", node.span) for node in part.inlines if isinstance(node, Hidden) and node.id)


def _references(source: Source, parsed: Parsed, obsidian: bool) -> Iterator[Reference]:
    """All mentions but the note's own aliases, which are definitions."""
    for number, block in enumerate(with_page_properties(parsed.blocks, parsed.directives)):
        if block.properties or [part for part in block.parts if type(part) is not Prose or part.inlines]:
            for reference in in_block(_place_of((source.id, source.text, number, obsidian)), block):
                if reference.property not in ("alias", "aliases") or block.mark != "pre":
                    yield reference


def _shots(note: NoteId, properties: Iterable[Property], blocks: Sequence[Block]) -> Iterator[Reference]:
    """The pictures that Logseq made of areas of a PDF, for the page of its highlights."""
    pdf = next((asset_path(note, prop.text) for prop in properties if prop.key == "file-path"), "")
    for block, number in _numbered(blocks) if pdf else ():
        said = {prop.key: prop for prop in effective(block)}
        if {"hl-page", "hl-stamp", "id"} <= said.keys():
            name = f"{said['hl-page'].text}_{said['id'].text}_{said['hl-stamp'].text}.png"
            path = f"{posixpath.splitext(pdf)[0]}/{name}"
            yield Reference("asset", path, path, said["hl-stamp"].value_span, number, "hl-stamp")


def with_page_properties(blocks: tuple[Block, ...], properties: tuple[Property, ...]) -> tuple[Block, ...]:
    """The blocks, with the page's properties as those of the pre-block where front matter or directives gave them."""
    if not properties or not blocks or blocks[0].mark != "pre":
        return blocks
    return (blocks[0]._replace(properties=properties), *blocks[1:])


# ---------------------------------------------------------------- code and formulas


def _is_cell(fence: Fence, settings: GraphSettings) -> bool:
    return _KINDS.get(fence.language.lower(), ("", ""))[1] in settings.languages


def _cells(note: NoteId, fences: Sequence[tuple[Fence, int]]) -> tuple[tuple[Cell, ...], tuple[Diagnostic, ...]]:
    cells: list[Cell] = []
    problems: list[Diagnostic] = []
    for index, (fence, block) in enumerate(fences):
        options, found = parse_options(fence.words, note)
        problems += found
        cells.append(_cell(index, (fence, block), options))
    words = tuple(tuple(fence.words) for fence, _ in fences)
    return tuple(cells), (*problems, *duplicate_names(words, note))


def _code_links(
    note: NoteId, cells: Sequence[Cell]
) -> tuple[tuple[CodeImport, ...], tuple[str, ...] | None, tuple[Diagnostic, ...]]:
    """What code imports and offers, and what is unclear about it; few notes have code that can do either."""
    if not any(cell.options.export or ("kb" in cell.code and "import" in cell.code) for cell in cells):
        return (), None, ()
    from kbtool.python_imports import code_links

    return code_links(note, cells)


def _cell(index: int, found: tuple[Fence, int], options: CellOptions) -> Cell:
    fence, block = found
    kind, _ = _KINDS[fence.language.lower()]
    return Cell(index, block, fence.span, fence.code, fence.lines, options, fence.language_span, kind)


def _may_hold(source: Source) -> bool:
    """Whether a formula can stand in a text at all."""
    return "$" in source.text or "\\" in source.text


def _formulas(parts: Iterable[tuple[Part, int]]) -> Iterator[Formula]:
    for part, _ in parts:
        # Here and below `match` would try one class after the other, for parts and nodes made by the thousand.
        if type(part) is Prose or type(part) is FootnoteText:
            kinds = set(map(type, part.inlines))
            if Math in kinds or Emphasis in kinds:
                yield from _math(part.inlines)
        elif type(part) is MathBlock:
            yield Formula(part.inner, part.span, True)
        elif type(part) is Table:
            for cell in (*part.head, *(cell for row in part.rows for cell in row)):
                yield from _math(cell.inlines)


def _math(inlines: Iterable[Inline]) -> Iterator[Formula]:
    for node in inlines:
        if type(node) is Math:
            yield Formula(node.inner, node.span, node.display)
        elif type(node) is Emphasis:
            yield from _math(node.children)
