"""Obsidian's dialect: what it reads otherwise, and that Logseq's stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtool import publish, query
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb, Snapshot, check_sources
from kbtool.note import Note, lower
from kbtool.render.context import Look
from kbtool.syntax.parse import parse
from kbtool.syntax.tree import PageLink, Prose, WikiLink
from kbtool.values import NoteId, Source
from tests.rendering import Html


def base(sources: Mapping[str, str], assets: frozenset[str] = frozenset()) -> Snapshot:
    notes = {NoteId(path): Source(NoteId(path), text) for path, text in sources.items()}
    config, settings = Config(dialect="obsidian"), GraphSettings(dialect="obsidian")
    return Kb().snapshot(BaseFiles(notes, assets, config, settings))


def html(sources: Mapping[str, str], assets: frozenset[str] = frozenset()) -> dict[str, str]:
    site = publish.compiled(base(sources, assets), {}, Look("en"))
    return {page.path: page.html.partition("</header>")[2] for page in site.pages}


def shown(text: str, **others: str) -> str:
    pages = {f"{name}.md": other for name, other in others.items()}
    return html({"a.md": text, **pages})["a.md"].partition('<details class="kb-local"')[0]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("[[P]]", ("P", "", "", False)),
        ("[[P|a label]]", ("P", "", "a label", False)),
        ("[[P.md|x]]", ("P", "", "x", False)),
        ("[[P#A heading]]", ("P", "A heading", "", False)),
        ("[[P#One#Two|x]]", ("P", "Two", "x", False)),
        ("[[#H]]", ("", "H", "", False)),
        ("[[P#^an-id]]", ("P", "^an-id", "", False)),
        ("![[P#H]]", ("P", "H", "", True)),
        ("**[[P|x]]**", ("P", "", "x", False)),
    ],
)
def test_links(text: str, parts: tuple[str, str, str, bool]) -> None:
    node = _first(text)
    assert isinstance(node, WikiLink)
    assert (node.page, node.anchor, text[slice(*node.label)], node.embed) == parts
    assert text[slice(*node.page_span)].removesuffix(".md") == parts[0]
    assert text[slice(*node.anchor_span)] == parts[1]


def _first(text: str, dialect: str = "obsidian") -> object:
    part = parse(Source(NoteId("a.md"), text), dialect=dialect).blocks[0].parts[0]
    assert isinstance(part, Prose)
    node = part.inlines[0]
    return getattr(node, "children", (node,))[0] if text.startswith("**") else node


def test_in_logseq_s_dialect_the_same_text_is_a_name() -> None:
    node = _first("[[P|label]]", "logseq")
    assert isinstance(node, PageLink)
    assert node.name == "P|label"


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("#one #two/three", ["one", "two/three"]),
        ("word#no (#no) #1", []),
        ("#a, #b.", ["a", "b"]),
        ("#2024-x", ["2024-x"]),
    ],
)
def test_tags(text: str, tags: list[str]) -> None:
    note = base({"a.md": text}).notes[NoteId("a.md")]
    assert [reference.name for reference in note.refers] == tags


def test_links_find_notes_by_file_name_path_and_alias_and_files_by_name() -> None:
    text = "[[deep]] [[sub/deep]] [[x/sub/deep|y]] [[Other]] ![[p.png]] ![](p.png)"
    snapshot = base({"q.md": text, "x/sub/deep.md": "---\naliases: [Other]\n---\nx"}, frozenset({"files/p.png"}))
    targets = snapshot.links[NoteId("q.md")]
    assert [getattr(target, "note", getattr(target, "path", None)) for target in targets] == [
        *["x/sub/deep.md"] * 4,
        *["files/p.png"] * 2,
    ]
    assert snapshot.notes[NoteId("x/sub/deep.md")].name == "deep"
    assert query.graph(snapshot)["pages"][1]["aliases"] == ["Other"]


@pytest.mark.parametrize(
    ("link", "block"),
    [
        ("x/a b.md", -1),
        ("x/a%20b.md#Two", 2),
        ("<a b.md>", -1),
        ("./x/a b.md", -1),
        ("a b.md#^id", 3),
        ("../q.md", None),
    ],
)
def test_links_to_files_lead_to_notes(link: str, block: int | None) -> None:
    snapshot = base({"q.md": f"[any label]({link})", "x/a b.md": "# One\n- x\n# Two\n- y ^id"})
    targets = snapshot.links[NoteId("q.md")]
    assert [getattr(target, "block", None) for target in targets][-1] == block


def test_a_heading_s_id_is_no_word_of_it() -> None:
    snapshot = base({"q.md": "[[a#Two]] [[a#^id]]", "a.md": "# One\n# Two ^id"})
    assert [getattr(target, "block", None) for target in snapshot.links[NoteId("q.md")]] == [-1, 1, -1, 1]


@pytest.mark.parametrize(
    ("front", "properties"),
    [
        ("tags: [a, b c]", [("tags", ["a", "b c"])]),
        ("tags:\n  - a\n  - '#b'", [("tags", ["a", "b"])]),
        ("aliases: one, two", [("alias", ["one", "two"])]),
        ('alias:\n- One\n- "T, w"\nkey: v', [("alias", ["One", "T, w"]), ("key", [])]),
    ],
)
def test_front_matter(front: str, properties: list[tuple[str, list[str]]]) -> None:
    parsed = parse(Source(NoteId("a.md"), f"---\n{front}\n---\ntext"), dialect="obsidian")
    assert [(prop.key, [word.text for word in prop.words]) for prop in parsed.directives] == properties


def test_headings_nest_by_their_rank() -> None:
    text = "intro\n# One\ntext\n- item\n\t- sub\n## Two\n- item\n# Three"
    blocks = parse(Source(NoteId("a.md"), text), dialect="obsidian").blocks
    assert [block.depth for block in blocks] == [1, 1, 2, 2, 3, 2, 3, 1]


def test_a_label_and_a_place_are_shown_and_lead_there() -> None:
    text = shown("[[b|look]] [[b#Two]] [[b#^id]] [[#None]]", b="# Two\ntext ^id")
    assert '<a class="kb-link" href="../b/">look</a>' in text
    assert '<a class="kb-link" href="../b/#%5Eid">b &gt; ^id</a>' in text
    assert '<a class="kb-link" href="../b/#two">b &gt; Two</a>' in text
    assert '<span class="kb-link kb-wanted" title="This page is not written yet">None</span>' in text
    assert "^id</p>" not in text


def test_embeds_show_a_section_and_pictures_have_their_width() -> None:
    pages = html({"a.md": "![[b#Two]]\n![[p.png|100]]", "b.md": "# One\nfirst\n# Two\nsecond"}, frozenset({"x/p.png"}))
    assert "second" in pages["a.md"]
    assert "first" not in pages["a.md"]
    assert 'width="100"' in pages["a.md"]


PARAGRAPHS = """first ^one
goes on

second

- item
  text of it

  more of it
lazy
- last

behind the list
1. one

2. two
> quote

^two

```
code

code
```
text
"""


def test_paragraphs_are_blocks() -> None:
    blocks = parse(Source(NoteId("a.md"), "# Head\n" + PARAGRAPHS), dialect="obsidian").blocks
    begins = [("# Head\n" + PARAGRAPHS)[block.span.start :].split("\n")[0] for block in blocks]
    expected = [
        "# Head",
        "first ^one",
        "second",
        "- item",
        "- last",
        "behind the list",
        "1. one",
        "> quote",
        "```",
        "text",
    ]
    assert begins == expected


def test_logseq_knows_no_paragraphs() -> None:
    blocks = parse(Source(NoteId("a.md"), "# Head\n" + PARAGRAPHS)).blocks
    assert len(blocks) == 3


def test_an_embed_of_an_id_shows_its_paragraph_alone() -> None:
    text = shown("![[b#^one]] ![[b#^two]]", b=PARAGRAPHS)
    assert "goes on" in text
    assert "second" not in text
    assert "<p>quote</p>" in text
    assert "code" not in text


def test_what_stands_behind_a_list_is_not_of_its_last_item() -> None:
    text = shown(PARAGRAPHS)
    assert "<p>behind the list</p></li></ul>" not in text.partition("last")[2].partition("</li>")[0]
    assert text.count('<ul class="kb-outline">') == 1


def test_a_link_in_bold_italics_is_a_link() -> None:
    assert '<a class="kb-link" href="../b/">look</a></em></strong>' in shown("***[[b|look]]***", b="- x")


@pytest.mark.parametrize(
    ("label", "shown_as"),
    [("x|100", 'alt="x" width="100"'), ("|100x50", 'alt="" width="100" height="50"'), ("7", 'alt="" width="7"')],
)
def test_a_picture_s_label_has_its_size(label: str, shown_as: str) -> None:
    assert shown_as in html({"a.md": f"![{label}](p.png)"}, frozenset({"p.png"}))["a.md"]


def test_a_label_in_a_table_is_of_its_link() -> None:
    text = shown("| a | b |\n|---|---|\n| [[b\\|look]] | 2 |", b="- x")
    assert '<td><a class="kb-link" href="../b/">look</a></td><td>2</td>' in text


def test_comments_and_ids_are_hidden() -> None:
    text = shown("seen %%hidden [[none]]%% too ^an-id\n%%\nmore\n\nhidden\n%%\nend")
    assert "hidden" not in text
    assert "^an-id" not in Html(text).text
    assert ("seen" in text, "end" in text) == (True, True)


def test_callouts() -> None:
    text = shown("> [!warning]- Mind *this*\n> the gap\n\n> [!tip]\n> a [[b]]\n\n> plain", b="x")
    assert "<summary>Mind *this*</summary>" in text
    assert '<p class="admonition-title">Tip</p>' in text
    assert "<blockquote>" in text


@pytest.mark.parametrize(
    "piece", ["[[", "%%a", "![[x|", "#", "^a ", "---\n", "> [!a]\n", "[[a|]", "%% %%", "a:\n- b\n"]
)
def test_hostile_text_gives_a_tree(piece: str) -> None:
    assert parse(Source(NoteId("a.md"), "---\n" + piece * 20_000), dialect="obsidian").blocks


@given(st.text(st.sampled_from(list("[]|#^!%->: \n\tab1`*$")), max_size=60))
def test_any_text_gives_spans_in_order(text: str) -> None:
    for block in parse(Source(NoteId("a.md"), text), dialect="obsidian").blocks:
        for part in block.parts:
            at = part.span.start
            for node in part.inlines if isinstance(part, Prose) else ():
                assert at <= node.span.start < node.span.end <= part.span.end
                at = node.span.end


def test_a_mention_becomes_a_link_of_the_dialect() -> None:
    config = Config(dialect="obsidian", select=("unlinked-mention",))
    sources = {NoteId("вес.md"): "x", NoteId("q.md"): "сумма весов"}
    (told,) = check_sources(sources, frozenset(), config, GraphSettings())
    assert told.fix
    assert [edit.text for edit in told.fix.edits] == ["[[вес|весов]]"]


def test_tasks_have_boxes() -> None:
    text = shown("- [ ] open\n- [x] done")
    assert '<span class="kb-check">☐</span> open' in text
    assert '<span class="kb-check">☑</span> done' in text


CLASS = "class A:\n    x = 1\n"


@pytest.mark.parametrize(
    "text",
    [
        "# H\n```python\nclass A:\n    x = 1\n```\n",
        "- a\n\t- ```python\n\t  class A:\n\t      x = 1\n\t  ```\n",
        "> [!note] c\n> ```python\n> class A:\n>     x = 1\n> ```\n",
        ">```python\n>class A:\n>    x = 1\n>```\n# H\n",
        "> a\n```python\nclass A:\n    x = 1\n```\n",
        "````python\nclass A:\n    x = 1\n````\n",
    ],
)
def test_code_loses_what_stands_before_its_fence(text: str) -> None:
    assert [cell.code for cell in _note(text).cells] == [CLASS]


@pytest.mark.parametrize("text", ["````md\n```\n# x\n```\n````\n# H\n", "~~~\n```\n# x\n~~~\n# H", "> a\n# H"])
def test_what_is_in_a_fence_is_no_heading_and_a_heading_ends_a_quote(text: str) -> None:
    assert {d.name for d in _note(text).defines if d.kind == "block"} == {"H"}


def _note(text: str) -> Note:
    settings = GraphSettings(dialect="obsidian")
    source = Source(NoteId("a.md"), text)
    return lower(source, parse(source, frozenset(), "obsidian"), settings)


@pytest.mark.parametrize("dialect", ["obsidian", "logseq"])
def test_what_only_logseq_minds_is_wrong_in_its_dialect_alone(dialect: Literal["obsidian", "logseq"]) -> None:
    text = "---\nid: A-7\n---\n{{macro}} [label](b.md) \\(x\\] [mail](mailto:a@b.org) array [[x, y], z]\n- TODO\n"
    sources = {NoteId("a.md"): text, NoteId("b.md"): "[[a]]", NoteId("C.md"): "[[a]]"}
    found = check_sources(sources, frozenset(), Config(dialect=dialect), GraphSettings())
    rules = {each.rule for each in found} - {"orphan-page", "dead-end"}
    assert rules == (
        set()
        if dialect == "obsidian"
        else {"bad-property", "unknown-macro", "deceptive-link", "stray-bracket", "bare-marker", "built-in-name"}
    )


def test_a_misspelled_form_of_a_name_is_mended_inside_the_brackets() -> None:
    sources = {
        NoteId("a.md"): "[[C Pointers|p]] [[b]]",
        NoteId("C Pointer.md"): "[[a]]",
        NoteId("b.md"): "[[C Pointer]]",
    }
    (found,) = check_sources(sources, frozenset(), Config(dialect="obsidian"), GraphSettings())
    assert found.fix is not None
    (edit,) = found.fix.edits
    text = sources[edit.note]
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == "[[C Pointer|p]] [[b]]"
