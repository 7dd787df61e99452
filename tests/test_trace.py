"""A page is made again exactly when something that it read is another one: any edits, compared with a clean build."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtool import crew, publish
from kbtool.kb import Kb
from kbtool.kept import content
from kbtool.outcomes import Result
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.values import NoteId, Page
from tests.rendering import snapshot
from tests.test_render_results import OUTCOME

LOOK = Look("ru", today=date(2026, 1, 2))
NAMES = ("a", "b", "b/c", "d", "2026-01-01")
LINES = (
    *("- [[a]]", "- #b and [[d]]", "- word b", "- # Heading", "\t- below [[B]]", "- a: words of a and b"),
    *("- {{query [[a]]}}", "- {{query (property x)}}", "- {{embed [[a]]}}", "- {{namespace b}}", "- x:: 1"),
    *("- one\n  id:: 11111111-1111-4111-8111-111111111111", "- ((11111111-1111-4111-8111-111111111111))"),
    *("- {{embed ((11111111-1111-4111-8111-111111111111))}}", "- ```python\n  x = 1\n  ```", "- {{val x}} {{val a x}}"),
    *("- TODO do it", "- {{cards [[a]]}}", "- ![x](../assets/x.png)", "- $x$", "- {{missing 1}}", "- [[unwritten]]"),
)
HEADS = ("", "", "alias:: e, f\n\n", "tags:: a, b\n\n", "public:: false\n\n", "title:: T\n\n", "icon:: x\n\n")
TEXTS = st.builds(
    lambda head, lines: head + "\n".join(lines) + "\n",
    st.sampled_from(HEADS),
    st.lists(st.sampled_from(LINES), max_size=5),
)
EDITS = st.tuples(st.sampled_from(NAMES), st.none() | TEXTS, st.booleans())
"""A note, its new text (None: it goes), and whether its code has a result."""


def build(base: Mapping[str, tuple[str, bool]], past: publish.Past) -> SiteInput:
    sources = {f"pages/{name.replace('/', '___')}.md": text for name, (text, _) in base.items()}
    results = {NoteId(f"pages/{name}.md"): Result("fresh", OUTCOME) for name, (_, ran) in base.items() if ran}
    made = past.kb.snapshot(snapshot(sources, frozenset({"assets/x.png"})))
    return publish.compiled(made, {one: result for one, result in results.items() if made.notes.get(one)}, LOOK, past)


@settings(max_examples=150, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), st.tuples(TEXTS, st.booleans()), min_size=2), st.lists(EDITS, max_size=6)
)
def test_after_any_edits_the_site_is_that_of_a_clean_build(
    base: dict[str, tuple[str, bool]], edits: list[tuple[str, str | None, bool]]
) -> None:
    past = publish.Past()
    build(base, past)
    for name, text, ran in edits:
        base = {key: one for key, one in base.items() if key != name}
        if text is not None:
            base[name] = (text, ran)
        assert build(base, past) == build(base, publish.Past())


def test_a_reference_that_leads_to_one_of_two_blocks_is_not_as_one_that_leads_to_the_only_one() -> None:
    """The targets of the two are equal to Python."""
    block = ("- one\n  id:: 11111111-1111-4111-8111-111111111111\n", False)
    base = {"b": block, "c": ("- ((11111111-1111-4111-8111-111111111111))\n", False)}
    past = publish.Past()
    build({**base, "d": block}, past)
    assert build(base, past) == build(base, publish.Past())


BASE = {
    "a": ("- words of a\n", False),
    "b": ("- links to [[a]]\n", False),
    "c": ("- {{embed [[a]]}}\n", False),
    "d": ("- {{query [[a]]}}\n", False),
    "e": ("- nothing\n", False),
}
READERS = {
    "its text": ({"a": ("- other words\n", False)}, {"a", "c", "d"}),
    "its place": ({"a": ("title:: z\nalias:: a\n\n- words of a\n", False)}, {"a", "b", "c", "d"}),
    "what links to it": ({"b": ("- links to [[a]] too\n", False)}, {"a", "b", "d"}),
    "nothing": ({"a": ("- words of a\n", False)}, set()),
    "a note that nobody reads": ({"e": ("- other words\n", False)}, {"e"}),
}


@pytest.mark.parametrize("name", READERS)
def test_only_what_reads_an_edited_note_is_made_again(name: str) -> None:
    edit, expected = READERS[name]
    past = publish.Past()
    build(BASE, past)
    build({**BASE, **edit}, past)
    assert set(past.made) == {f"pages/{one}.md" for one in expected}


def test_another_look_makes_all_pages_again() -> None:
    past = publish.Past()
    build(BASE, past)
    made = past.kb.snapshot(snapshot({f"pages/{name}.md": text for name, (text, _) in BASE.items()}))
    site = publish.compiled(made, {}, Look("en", today=date(2026, 1, 2)), past)
    assert len(past.made) == len(BASE)
    assert site == publish.compiled(Kb().snapshot(made.files), {}, Look("en", today=date(2026, 1, 2)))


def test_another_form_of_dates_makes_their_pages_anew() -> None:
    """What names mean follows from settings, and is remembered beside what notes say."""
    past, texts = publish.Past(), {"pages/a.md": "- [[05.01.2026]] [[2026-01-05]]\n", "journals/2026_01_05.md": "- x\n"}
    for form in ("dd.MM.yyyy", "yyyy-MM-dd"):
        files = snapshot(texts)
        files = files._replace(settings=files.settings._replace(date_formats=(form,)))
        site = publish.compiled(past.kb.snapshot(files), {}, LOOK, past)
        assert site == publish.compiled(Kb().snapshot(files), {}, LOOK)


# ---------------------------------------------------------------- several processes

MANY = {
    f"n{number}": (f"{HEADS[number % 4]}{line}\n- [[n{number + 1}]] [[n0]]\n", number % 5 == 0)
    for number, line in enumerate(LINES * 3)
}


@pytest.fixture
def forked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were made; a page is worth one."""
    found: list[int] = []
    fork = os.fork

    def counted() -> int:
        found.append(pid := fork())
        return pid

    monkeypatch.setattr(os, "fork", counted)
    monkeypatch.setattr(crew, "_PAGES", 1)
    monkeypatch.setattr(crew, "_useful", lambda most: min(2, most))
    return found


def shown(site: SiteInput) -> tuple[object, ...]:
    """All but what search took of pages, which is in its files."""
    pages = [(content(page), page._replace(search=(), seen=b"")) for page in site.pages]
    return pages, site.files, site.assets


def test_several_processes_make_the_pages_that_one_makes(forked: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    past = publish.Past()
    together = build(MANY, past)
    assert len(forked) == 2
    edited = {**MANY, "n3": ("- other words, [[n7]]\n", False)}
    again = build(edited, past)
    assert {"pages/n3.md", "pages/n7.md"} <= set(past.made)
    assert "pages/n20.md" not in past.made
    monkeypatch.setattr(crew, "_useful", lambda _most: 1)
    assert shown(together) == shown(build(MANY, publish.Past()))
    assert shown(again) == shown(build(edited, publish.Past()))


def test_what_cannot_be_made_in_a_process_shows_itself_again(
    forked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> Page:
        raise ZeroDivisionError

    monkeypatch.setattr(publish, "page", fails)
    with pytest.raises(ZeroDivisionError):
        build(MANY, publish.Past())
    assert len(forked) == 2
