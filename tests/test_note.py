"""What a note says of itself: its name, aliases, ids and properties, by Logseq's rules."""

from __future__ import annotations

import pytest

from kbtool.config import GraphSettings
from kbtool.note import Note, lower
from kbtool.syntax.parse import parse
from kbtool.values import NoteId, Source

ONE, TWO = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b", "67a71ecf-a4e1-4d76-9d45-82f185cfb56c"


def note(text: str, path: str = "pages/file.md", **settings: object) -> Note:
    source = Source(NoteId(path), text)
    return lower(source, parse(source), GraphSettings(**settings))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("title:: T\n\n- x", "T"),
        ('title:: "Q"\n- x', '"Q"'),
        ("title:: [[a]] b\n- x", "[[a]] b"),
        ("other:: 1\ntitle:: T\n- x", "T"),
        ("title::\n\n- x", ""),
        ("---\ntitle: T\nmy key: v\n---\n- x", "T"),
        ("#+title: T\n- x", "T"),
        ("#+a: 1\n\n- x\n#+title: T", "T"),
        ("\ntitle:: T\n\n- x", "file"),
        ("text\ntitle:: T\n\n- x", "file"),
        ("- title:: T", "file"),
        ("# Heading\ntitle:: T", "file"),
        ("- x\n#+title: T", "file"),
    ],
)
def test_name(text: str, name: str) -> None:
    assert note(text).name == name


@pytest.mark.parametrize(
    ("path", "settings", "name"),
    [
        ("journals/2024_05_01.md", {}, "May 1st, 2024"),
        ("pages/2024-05-01.md", {"date_formats": ("EEEE, dd.MM.yyyy",)}, "Wednesday, 01.05.2024"),
        ("pages/1-2-3.md", {}, "Feb 3rd, 2001"),
        ("pages/2024-02-30.md", {}, "2024-02-30"),
        ("pages/a.b.md", {"name_format": "legacy"}, "a/b"),
        ("pages/sub/x.md", {}, "x"),
    ],
)
def test_name_by_file(path: str, settings: dict[str, object], name: str) -> None:
    assert note("- x", path, **settings).name == name


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        (f"- x\n  id:: {ONE}", [ONE]),
        (f"- x\n  id:: {ONE}\n  id:: {TWO}", [TWO]),
        (f"- x\n  custom-id:: {ONE.upper()}", [ONE]),
        (f"- x\n  id:: {ONE}\n  text\n  id:: {TWO}", [ONE]),
        (f"- x\n  :PROPERTIES:\n  :id: {ONE}\n  :END:", [ONE]),
        (f"- x\n  ```\n  c\n  ```\n  id:: {ONE}", [ONE]),
        ("- x\n  id:: none", []),
        (f"- x\n  id:: {ONE}\n  id:: none", []),
    ],
)
def test_ids(text: str, ids: list[str]) -> None:
    assert [found.key for found in note(text).defines if found.kind == "block"] == ids


def test_aliases_are_names_in_every_spelling_of_a_list() -> None:
    found = note("alias:: a, [[b, c]] d，e\n\n- x").defines
    assert [one.name for one in found if one.kind == "alias"] == ["b, c", "a", "d", "e"]
