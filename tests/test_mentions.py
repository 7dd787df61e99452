"""Unlinked mentions: which words of a note name a page."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb, check_sources
from kbtool.values import NoteId, Source


def files(sources: Mapping[str, str]) -> BaseFiles:
    notes = {NoteId(path): Source(NoteId(path), text) for path, text in sources.items()}
    return BaseFiles(notes, frozenset(), Config(), GraphSettings())


def found(text: str, *names: str) -> list[tuple[str, str]]:
    """What a text says, and the page that it names."""
    pages = {f"pages/{name}.md": "- x" for name in names}
    snapshot = Kb().snapshot(files({"q.md": text, **pages}))
    seen = Kb().mentions(snapshot)[NoteId("q.md")]
    return [(text[slice(*one.span)], one.name) for one in seen]


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("весами", "вес"),
        ("слоёв", "слой"),
        ("слоев", "слой"),
        ("нейронок", "нейронка"),
        ("токенизации", "токенизация"),
        ("Weights", "weight"),
        ("running", "run"),
        ("studies", "study"),
        ("matrices", "matrix"),
        ("rewrote", "rewrite"),
        ("ядер", "ядро"),
        ("людьми", "человек"),
        ("систем", "система"),
        ("обратным распространением", "обратное распространение"),
        ("self-attention", "self attention"),
    ],
)
def test_a_form_of_a_name_is_found(word: str, name: str) -> None:
    assert found(f"- a {word}, b", name) == [(word, name)]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("весомый", "вес"),
        ("весь", "вес"),
        ("сток", "стек"),
        ("matrix", "mat"),
        ("`вес`", "вес"),
        ("$вес$", "вес"),
        ("https://a.org/вес", "вес"),
        ("[вес](x)", "вес"),
        ("#x/вес", "вес"),
        ("по-вес", "вес"),
        ("вес_модели", "вес"),
        ("a\n  k:: вес", "вес"),
        ("a\n  ```\n  вес\n  ```", "вес"),
        ("***вес***", "вес"),
        ("scheduler", "schedule"),
        ("it", "IT"),
        ("all of it", "all"),
        ("ab", "ab"),
        ("2024 12", "2024 12"),
        ("May 1st, 2024", "2024-05-01"),
        ("вес [[вес]]", "вес"),
        ("обратное, распространение", "обратное распространение"),
    ],
)
def test_no_mention(text: str, name: str) -> None:
    assert found(f"- {text}", name) == []


@pytest.mark.parametrize(
    "text", ["**вес**", "> вес", "| вес | b |\n  |--|--|\n  | c | d |", "# вес", "(вес)", "«вес».", "'вес'"]
)
def test_words_are_found_wherever_they_are_shown(text: str) -> None:
    assert found(f"- {text}", "вес") == [("вес", "вес")]


def test_a_name_may_go_over_a_line_s_end_and_have_an_owner() -> None:
    assert found("- a\n  обратное\n  распространение", "обратное распространение") == [
        ("обратное\n  распространение", "обратное распространение")
    ]
    assert found("- GPT's loss", "GPT") == [("GPT", "GPT")]


def test_the_longest_name_and_the_exact_spelling_win() -> None:
    assert found("- матрица весов", "матрица", "матрица весов", "вес") == [("матрица весов", "матрица весов")]
    assert found("- веса и вес", "вес", "веса") == [("веса", "веса"), ("вес", "вес")]


def test_a_page_does_not_mention_itself_and_a_block_mentions_once() -> None:
    snapshot = Kb().snapshot(files({"pages/вес.md": "- вес весов", "q.md": "- вес `x` весов\n  веса\n- вес"}))
    seen = Kb().mentions(snapshot)
    assert seen[NoteId("pages/вес.md")] == ()
    assert [one.block for one in seen[NoteId("q.md")]] == [0, 1]


def test_an_alias_is_looked_for_and_a_link_to_it_counts() -> None:
    base = files(
        {"pages/a.md": "alias:: весовая матрица, вес\n\n- x", "q.md": "- весовой матрицы\n- [[вес]] и весовая матрица"}
    )
    seen = Kb().mentions(Kb().snapshot(base))[NoteId("q.md")]
    assert [(one.name, one.block) for one in seen] == [("весовая матрица", 0)]


def test_an_edit_reads_one_note_again() -> None:
    kb = Kb()
    base = files({"pages/вес.md": "- x", "a.md": "- вес", "b.md": "- b"})
    before = kb.mentions(kb.snapshot(base))
    sources = {**base.sources, NoteId("b.md"): Source(NoteId("b.md"), "- веса")}
    after = kb.mentions(kb.snapshot(BaseFiles(sources, base.assets, base.config, base.settings)))
    assert len(after[NoteId("b.md")]) == 1
    assert after[NoteId("a.md")] is before[NoteId("a.md")]


def test_the_fix_makes_a_link_and_leaves_nothing_to_say() -> None:
    config = Config(select=("unlinked-mention",))
    sources = {NoteId("pages/вес.md"): "- x", NoteId("q.md"): "- сумма весов\n- Вес"}
    told = check_sources(sources, frozenset(), config, GraphSettings())
    assert [one.rule for one in told] == ["unlinked-mention"] * 2
    text = sources[NoteId("q.md")]
    for one in reversed(told):
        assert one.fix
        assert not one.fix.safe
        (edit,) = one.fix.edits
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    assert text == "- сумма [весов]([[вес]])\n- [[Вес]]"
    assert check_sources({**sources, NoteId("q.md"): text}, frozenset(), config, GraphSettings()) == ()
    unasked = check_sources(sources, frozenset(), Config(), GraphSettings())
    assert "unlinked-mention" not in {one.rule for one in unasked}
