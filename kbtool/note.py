"""Lowering: from a note's tree to what the note defines, mentions and runs."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from kbtool import names
from kbtool.cells.options import duplicate_names, parse_options
from kbtool.config import GraphSettings
from kbtool.references import Place, counts, effective, in_block
from kbtool.syntax.links import is_uuid
from kbtool.syntax.pieces import BLANKS
from kbtool.syntax.tree import (
    Block,
    Container,
    Emphasis,
    Fence,
    FootnoteText,
    Inline,
    Math,
    MathBlock,
    PageLink,
    Parsed,
    Part,
    Property,
    Prose,
    Quote,
    Table,
    Tag,
)
from kbtool.values import Cell, Definition, Diagnostic, Formula, Name, NoteId, Reference, Source, Span

PYTHON = "python"
"""The language of the fences that are cells."""


@dataclass(frozen=True, slots=True)
class Note:
    """What one note says. All spans are offsets in its text.

    `defines[0]` is the page name itself; a note without any text defines nothing. `journal` is the day, yyyymmdd, of a
    journal page. `properties` are the page's, of two equal keys the last. `outline` is in document order (see
    `syntax.tree.Block`).
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


def lower(source: Source, parsed: Parsed, settings: GraphSettings) -> Note:
    """What a parsed note says."""
    properties = page_properties(parsed)
    title = _title(source.text, parsed)
    name = (
        title.text
        if title
        else names.from_file(posixpath.splitext(posixpath.basename(source.id))[0], settings.name_format)
    )
    journal = names.journal_day(name, settings.date_formats)
    if journal is not None and settings.date_formats:
        name = names.journal_name(journal, settings.date_formats[0])
    fences = [fence for block, number in _numbered(parsed.blocks) for fence in _cells_of(block, number)]
    cells, problems = _cells(source.id, fences)
    return Note(
        source.id,
        Name(name),
        journal,
        tuple(_definitions(name, title, properties, parsed.blocks)) if parsed.blocks or parsed.diagnostics else (),
        tuple(_references(source, parsed)),
        cells,
        tuple(formula for block in parsed.blocks for formula in _formulas_of(block)),
        properties,
        parsed.blocks,
        parsed.diagnostics + problems,
    )


def _numbered(blocks: Sequence[Block]) -> Iterable[tuple[Block, int]]:
    return ((block, i) for i, block in enumerate(blocks))


# ---------------------------------------------------------------- names


def page_properties(parsed: Parsed) -> tuple[Property, ...]:
    """The page's own properties: front matter and directives, else the pre-block's first drawer."""
    if parsed.directives:
        return tuple({prop.key: prop for prop in parsed.directives}.values())
    blocks = parsed.blocks
    return effective(blocks[0]) if blocks and blocks[0].mark == "pre" else ()


def _title(text: str, parsed: Parsed) -> Property | None:
    """The `title::` that names the page: it counts only in the file's first lines."""
    found = next((prop for prop in page_properties(parsed) if prop.key == "title"), None)
    first = parsed.directives[0] if parsed.directives else found
    return found if found and first and not text[: first.span.start].strip(" \t") else None


def _definitions(
    name: str, title: Property | None, properties: Iterable[Property], blocks: Sequence[Block]
) -> Iterator[Definition]:
    span = title.value_span if title else Span(0, 0)
    yield Definition("page", name, names.key(name), span, -1)
    for prop in properties:
        if prop.key in ("alias", "aliases") and counts(prop):
            yield from _aliases(prop)
    for block, number in _numbered(blocks):
        for prop in effective(block):
            if prop.key == "id" and is_uuid(prop.text):
                yield Definition("block", prop.text, prop.text.lower(), prop.value_span, number)


def _aliases(prop: Property) -> Iterator[Definition]:
    for node in prop.links:
        if isinstance(node, PageLink | Tag):
            yield Definition("alias", node.name.strip(BLANKS), names.key(node.name.strip(BLANKS)), node.span, -1)
    for word in prop.words:
        yield Definition("alias", word.text, names.key(word.text), word.span, -1)


def _references(source: Source, parsed: Parsed) -> Iterator[Reference]:
    """All mentions but the note's own aliases, which are definitions."""
    for number, block in enumerate(with_page_properties(parsed.blocks, parsed.directives)):
        for reference in in_block(Place(source.id, source.text, number), block):
            if reference.property not in ("alias", "aliases") or block.mark != "pre":
                yield reference


def with_page_properties(blocks: tuple[Block, ...], properties: tuple[Property, ...]) -> tuple[Block, ...]:
    """The blocks, with the page's properties as those of the pre-block where front matter or directives gave them."""
    if not properties or not blocks or blocks[0].mark != "pre":
        return blocks
    return (blocks[0]._replace(properties=properties), *blocks[1:])


# ---------------------------------------------------------------- code and formulas


def _cells_of(block: Block, number: int) -> Iterator[tuple[Fence, int]]:
    for part in _parts(block.parts):
        if isinstance(part, Fence) and part.language.lower() == PYTHON:
            yield part, number


def _cells(note: NoteId, fences: Sequence[tuple[Fence, int]]) -> tuple[tuple[Cell, ...], tuple[Diagnostic, ...]]:
    cells: list[Cell] = []
    problems: list[Diagnostic] = []
    for index, (fence, block) in enumerate(fences):
        options, found = parse_options(fence.words, note)
        problems += found
        cells.append(Cell(index, block, fence.span, fence.code, fence.lines, options))
    words = tuple(tuple(fence.words) for fence, _ in fences)
    return tuple(cells), (*problems, *duplicate_names(words, note))


def _parts(parts: Iterable[Part]) -> Iterator[Part]:
    for part in parts:
        yield part
        if isinstance(part, Quote | Container):
            yield from _parts(part.parts)


def _formulas_of(block: Block) -> Iterator[Formula]:
    for part in _parts(block.parts):
        match part:
            case MathBlock(span, inner):
                yield Formula(inner, span, True)
            case Prose() | FootnoteText():
                yield from _math(part.inlines)
            case Table(_, head, rows):
                for cell in (*head, *(cell for row in rows for cell in row)):
                    yield from _math(cell.inlines)
            case _:
                pass


def _math(inlines: Iterable[Inline]) -> Iterator[Formula]:
    for node in inlines:
        match node:
            case Math(span, inner, display):
                yield Formula(inner, span, display)
            case Emphasis():
                yield from _math(node.children)
            case _:
                pass
