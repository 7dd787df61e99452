"""What is kept of notes is taken again for the same text alone, and whatever its bytes say, they make tuples."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtool import cache, kb
from kbtool.cache import default_folder
from kbtool.kb import Kb
from kbtool.packed import freeze, thaw
from kbtool.shelf import FileShelf
from kbtool.syntax.parse import parse
from kbtool.values import NoteId, Span
from tests.rendering import snapshot
from tests.test_trace import EDITS, TEXTS

SOURCES = {"a.md": "- [[b]] words of b\n- $x$\n", "b.md": "- ```python\n  x = 1\n  ```\n"}


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


def compiled(base: Path, sources: Mapping[str, str]) -> tuple[object, ...]:
    """All that is kept of notes, from a shelf that is opened anew."""
    shelf = FileShelf(base)
    known = Kb(shelf)
    made = known.snapshot(snapshot(dict(sources)))
    found = made, known.check(made), known.mentions(made)
    shelf.save(made.notes)
    return found


def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The notes whose texts are read from now on."""
    found: list[str] = []
    real = parse

    def counted(source: object, *more: object) -> object:
        found.append(source.id)  # type: ignore[attr-defined]
        return real(source, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(kb, "parse", counted)
    return found


def test_only_texts_that_are_new_are_read(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(base, SOURCES)
    read = parsed(monkeypatch)
    compiled(base, SOURCES)
    assert read == []
    compiled(base, SOURCES | {"b.md": "- other\n"})
    assert read == ["b.md"]


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(("a", "b", "c")), TEXTS, min_size=2), st.lists(EDITS, max_size=4))
def test_after_any_edits_it_is_as_without_a_shelf(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str], edits: list[tuple[str, str | None, bool]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        base = tmp_path_factory.mktemp("base")
        sources = {f"pages/{name}.md": text for name, text in texts.items()}
        for name, text, _ in [("a", texts.get("a"), True), *edits]:
            path = f"pages/{name.replace('/', '___')}.md"
            sources = {key: one for key, one in sources.items() if key != path} | ({path: text} if text else {})
            plain = Kb()
            made = plain.snapshot(snapshot(dict(sources)))
            assert compiled(base, sources) == (made, plain.check(made), plain.mentions(made))


def test_what_is_damaged_is_read_anew(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(base, SOURCES)
    files = [*(default_folder() / "sites").rglob("tree-*")]
    for path in files:
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    read = parsed(monkeypatch)
    compiled(base, SOURCES)
    assert sorted(read) == ["a.md", "b.md"]


class Evil:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (f"touch {self.mark}",)


def test_bytes_make_tuples_and_nothing_else(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    value = {NoteId("a"): (b"m", Span(1, 2))}
    assert thaw(freeze(value)) == value
    data = pickle.dumps({NoteId("a"): (b"m", Evil(mark))})
    with pytest.raises(ValueError, match="no tuple"):
        thaw(data)
    assert not mark.exists()
    pickle.loads(data)
    assert mark.exists()  # control


@pytest.mark.parametrize("name", ["kbtool.cli:main", "kbtool.disk:os.system", "builtins:eval", "kbtool.kb:Kb"])
def test_names_of_what_is_no_tuple_are_refused(name: str) -> None:
    module, _, what = name.partition(":")
    with pytest.raises(ValueError, match=r"no tuple|damaged"):
        thaw(
            b"\x80\x04\x8c"
            + bytes([len(module)])
            + module.encode()
            + b"\x8c"
            + bytes([len(what)])
            + what.encode()
            + b"\x93."
        )


def test_a_foreign_file_does_not_count(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(base, SOURCES)
    monkeypatch.setattr(cache, "writer", lambda: b"another kbtool!!")
    read = parsed(monkeypatch)
    compiled(base, SOURCES)
    assert sorted(read) == ["a.md", "b.md"]


def test_a_file_of_another_place_does_not_count(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled(base, SOURCES)
    folder = next((default_folder() / "sites").iterdir())
    trees = sorted(folder.glob("tree-*"))
    for path in trees:
        path.with_name(path.name.replace("tree", "mentions")).replace(path)
    read = parsed(monkeypatch)
    compiled(base, SOURCES)
    assert sorted(read) == ["a.md", "b.md"]
