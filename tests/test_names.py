"""Names: keys, file names, dates, slugs."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtool import names
from kbtool.values import NoteId


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("ReLU", "relu", True),
        ("/a/", "A", True),
        ("a b", "a\xa0b", False),
        (" a", "a", False),
        ("ё", "е", False),
        ("и\u0306", "й", True),
        ("ﬁ", "fi", False),
        ("ß", "SS", False),
    ],
)
def test_key(one: str, other: str, same: bool) -> None:
    assert (names.key(one) == names.key(other)) is same


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(lambda s: unicodedata.normalize("NFC", s))
)
def test_a_file_name_of_an_old_graph_leads_back_to_its_page(name: str) -> None:
    stem = names.to_file(name, "legacy")
    assert not set(stem) & set('/:\\*?"<>|#')
    assert names.from_file(stem, "legacy") == name


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).map(lambda s: unicodedata.normalize("NFC", s))
)
def test_a_file_name_leads_back_to_its_page(name: str) -> None:
    if "//" in name or name.startswith("/") or name.endswith("/"):
        return
    stem = names.to_file(name)
    assert "/" not in stem
    assert not set(stem) & set(':\\*?"<>|#')
    assert names.from_file(stem, "triple-lowbar") == name


@pytest.mark.parametrize(
    ("stem", "format_", "page"),
    [
        ("a___b", "triple-lowbar", "a/b"),
        ("trail___", "triple-lowbar", "trail"),
        ("x____y", "triple-lowbar", "x/_y"),
        ("100% sure", "triple-lowbar", "100% sure"),
        ("%D0", "triple-lowbar", "%D0"),
        ("что%3F", "triple-lowbar", "что?"),
        ("o1 vs 3.5", "triple-lowbar", "o1 vs 3.5"),
        ("o1 vs 3.5", "legacy", "o1 vs 3/5"),
        ("a%2Fb", "legacy", "a/b"),
        ("a___b", "legacy", "a___b"),
        ("100% a%2Fb", "legacy", "100% a%2Fb"),
        ("%D0%B0", "legacy", "а"),
        ("%D0.x", "legacy", "%D0/x"),
        ("%D0%B0", "triple-lowbar", "%D0%B0"),
        ("a______b", "triple-lowbar", "a/b"),
    ],
)
def test_from_file(stem: str, format_: names.NameFormat, page: str) -> None:
    assert names.from_file(stem, format_) == page


def test_slugs_are_readable_and_different() -> None:
    found = names.slugs(
        {NoteId("b.md"): "НАША ПЕРВАЯ НЕЙРОНКА", NoteId("a.md"): "наша первая нейронка?", NoteId("q.md"): "Q"},
        NoteId("q.md"),
    )
    assert found == {"a.md": "наша-первая-нейронка", "b.md": "наша-первая-нейронка-2", "q.md": "index"}
    assert names.slug("Курс/Линейная алгебра") == "курс/линейная-алгебра"
    assert names.slug("???") == "page"
