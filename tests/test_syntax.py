"""The scanners: properties that hold for any text, and the facts of the index page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtool import references
from kbtool.config import GraphSettings
from kbtool.note import Note, lower
from kbtool.syntax.block_text import block_text
from kbtool.syntax.parse import parse
from kbtool.syntax.tree import (
    Code,
    Container,
    Emphasis,
    Fence,
    FootnoteText,
    Inline,
    Link,
    Math,
    PageLink,
    Part,
    Prose,
    Quote,
    Table,
    Tag,
)
from kbtool.values import NoteId, Source, Span

ROOT = Path(__file__).parents[1]
PIECES = [
    *"- \t\n#`~*_^=$|>[](){}!<:;.,'\"\\/\r@1aЯ\xa0\ufeff\u2028",
    *("[[", "]]", "((", "))", "{{", "}}", "$$", "```", "~~~", "::", "**", "#+BEGIN_", "#+END_", "QUOTE", "- ", "\n- "),
    *("\n\t- ", "\n  ", "TODO ", "id:: ", "tags:: ", "](", "<div>", "</div>", "[:b", "\\begin{a}", "\\end{a}", "[^1]"),
    *(":LOGBOOK:\n", ":END:\n", "SCHEDULED: <2024-05-01 Wed>", "https://", "---\n", "{{embed ", "![", "|\n", "\n\n"),
]
texts = st.lists(st.sampled_from(PIECES), max_size=60).map("".join) | st.text(max_size=80)


def note_of(text: str) -> Note:
    source = Source(NoteId("pages/x.md"), text)
    return lower(source, parse(source), GraphSettings())


def inlines(parts: Iterable[Part]) -> Iterator[tuple[Span, tuple[Inline, ...]]]:
    """Each stretch of running text with its nodes."""
    for part in parts:
        match part:
            case Prose() | FootnoteText():
                yield part.span, part.inlines
            case Quote() | Container():
                yield from inlines(part.parts)
            case Table(_, head, rows):
                yield from ((cell.span, cell.inlines) for cell in (*head, *(cell for row in rows for cell in row)))


def assert_nested(span: Span, nodes: Iterable[Inline]) -> None:
    at = span.start
    for node in nodes:
        assert at <= node.span.start < node.span.end <= span.end
        at = node.span.end
        match node:
            case Emphasis(inner=inner, children=children) | Link(label=inner, children=children):
                assert_nested(inner, children)
            case PageLink(nested=nested) | Tag(nested=nested):
                assert_nested(node.span, nested)
            case Code(inner=inner) | Math(inner=inner):
                assert node.span.start < inner.start <= inner.end < node.span.end


@given(texts)
@settings(max_examples=600)
def test_any_text_has_a_tree_whose_spans_nest(text: str) -> None:
    parsed = parse(Source(NoteId("pages/x.md"), text))
    ends = [block.span.end for block in parsed.blocks]
    assert ends == sorted(ends)
    assert not parsed.blocks or ends[-1] == len(text)
    for block in parsed.blocks:
        for span, nodes in inlines(block.parts):
            assert block.span.start <= span.start <= span.end <= block.span.end
            assert_nested(span, nodes)


@given(texts)
@settings(max_examples=300)
def test_every_reference_stands_where_its_span_says(text: str) -> None:
    for reference in note_of(text).refers:
        assert reference.name.strip() in text.replace("\\", "") or "\\" in text
        assert 0 <= reference.span.start < reference.span.end <= len(text)


@given(texts)
@settings(max_examples=300)
def test_code_lines_stand_where_their_offsets_say(text: str) -> None:
    for block in parse(Source(NoteId("pages/x.md"), text)).blocks:
        for part in block.parts:
            if isinstance(part, Fence):
                for start, line in zip(part.lines, part.code.splitlines(), strict=False):
                    assert text[start : start + len(line)] == line or "\r" in text or not line.isprintable()


@pytest.mark.parametrize("inner", ["[[p]]", "#t", "((00000000-0000-4000-8000-000000000000))", "{{embed [[p]]}}"])
@pytest.mark.parametrize(
    "wrapped",
    [
        "- `{}`",
        "- x ``{}`` y",
        "- ```\n  {}\n  ```",
        "- $a {} b$",
        "- $$\n  {}\n  $$",
        "- \\( {} \\)",
        "- <div>{}</div>",
        "- #+BEGIN_SRC\n  {}\n  #+END_SRC",
        "- #+BEGIN_QUERY\n  {}\n  #+END_QUERY",
        "- {{{{query {} }}}}",
        "- a\n  :LOGBOOK:\n  {}\n  :END:",
        "- [:div {}]",
    ],
)
def test_nothing_inside_code_is_a_reference(wrapped: str, inner: str) -> None:
    found = {r.kind for r in note_of(wrapped.format(inner)).refers}
    assert not found
    # Control: outside it is one.
    assert note_of(f"- {inner}").refers


def test_index_page_has_the_facts_of_the_page_that_it_is_made_after() -> None:
    note = note_of((ROOT / "kb/pages/Q.md").read_text("utf-8"))
    pages = [r for r in note.refers if r.kind == "page"]
    assert len([block for block in note.outline if block.mark != "pre"]) == 65
    assert len({r.key for r in pages}) >= 30
    assert len({r.name for r in pages}) == len({r.key for r in pages}) + 1  # one page in two spellings
    images = [
        n for b in note.outline for _, nodes in inlines(b.parts) for n in nodes if isinstance(n, Link) and n.image
    ]
    assert [image.size for image in images] == [(181, 232)]
    keys = [p.key for b in note.outline for p in b.properties]
    assert keys.count("id") == 1
    assert keys.count("collapsed") == 1


def test_code_is_dedented_as_logseq_shows_it() -> None:
    note = note_of("- a\n\t- b:\n\t  ```python\n\t  if x:\n\t      y\n\n\t  z\n\t  ```\n")
    assert note.cells[0].code == "if x:\n    y\n\nz\n"


def test_crlf_reads_as_lf() -> None:
    plain = "a:: b\n\n- x [[p]]\n  id:: 00000000-0000-4000-8000-000000000000\n\t- ```python\n\t  1\n\t  ```\n"
    for text in (plain, plain.replace("\n", "\r\n")):
        note = note_of(text)
        assert [block_text(text, b).replace("\r\n", "\n") for b in note.outline] == [
            block_text(plain, b) for b in note_of(plain).outline
        ]
        assert [(r.kind, r.key) for r in note.refers] == [(r.kind, r.key) for r in note_of(plain).refers]
        assert note.cells[0].code == "1\n"


def test_page_keys_hold_what_logseq_adds() -> None:
    text = "- TODO [#A] [[a/b]] #t\n  rating:: 5\n"
    note = note_of(text)
    place = references.Place(note.id, text, 0)
    assert references.page_keys(place, note.outline[0], GraphSettings()) == ("a", "a/b", "rating", "t", "todo")
