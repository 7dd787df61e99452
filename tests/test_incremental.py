"""Random edits, one after the other: what was kept from before never changes what is said."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kbtool import checking, ledger, linking
from kbtool.config import Config, GraphSettings
from kbtool.disk import Project
from kbtool.facts import facts
from kbtool.files import BaseFiles
from kbtool.graph import Exports, index, reindexed, surroundings
from kbtool.kb import Kb
from kbtool.note import lower
from kbtool.packed import diagnostic, pack, plain_diagnostic, unpack
from kbtool.record import Reading, examine, facts_of, plain_record
from kbtool.syntax.parse import parse
from kbtool.values import Diagnostic, NoteId, Source

IDS = ("64a1b2c3-0000-4000-8000-000000000001", "64a1b2c3-0000-4000-8000-000000000002")
PATHS = ("pages/токен.md", "pages/токены.md", "pages/a___b.md", "pages/c.md", "journals/2024_01_02.md")
ASSETS = ("assets/p.png", "assets/P.png", "assets/other.pdf")
HEADS = (
    "",
    "title:: токен\n\n",
    "title:: c\n\n",
    "alias:: токен, x\n\n",
    "alias:: [[a/b]]\n\n",
    "title:: 2024-01-02\n\n",
)
BLOCKS = (
    *("- [[токен]] [[Токены]]\n", "- [[a]] #x [[a/b]]\n", "- [[токин]]\n", "- [[c]] {{embed [[a/b]]}}\n", "- text\n"),
    *("- [[2024-01-02]] [[2024-01-03]]\n", "- ![](../assets/p.png)\n", "- ![](../assets/q.png)\n", "- $\\frac{1}$\n"),
    *(f"- one\n  id:: {one}\n" for one in IDS),
    *(f"- (({one}))\n" for one in IDS),
    *(
        "- ```python\n  print(a)\n  ```\n",
        "- [[c|d]]\n",
        "- [[c#d]] [[токен ]]\n",
        "- TODO [#A] x\n  tags:: a, токен\n",
    ),
    *(f"- ```python export\n  {code}\n  ```\n" for code in ("x = 1", "from kb.c import x", "from kb.токен import x")),
    *(f"- ```python\n  import kb\n  {code}\n  ```\n" for code in ('kb["токен"].x', 'kb["a/b"].y', "kb.c.x", "kb[x]")),
)


class Edit(NamedTuple):
    """A note's new text (None: it is deleted), or an asset that appears or goes."""

    path: str
    text: str | None


TEXTS = st.builds(
    lambda head, blocks: head + "".join(blocks), st.sampled_from(HEADS), st.lists(st.sampled_from(BLOCKS))
)
NOTE_EDITS = st.builds(Edit, st.sampled_from(PATHS), st.none() | TEXTS)
ASSET_EDITS = st.builds(Edit, st.sampled_from(ASSETS), st.sampled_from((None, "png")))
SCRIPTS = st.lists(NOTE_EDITS | ASSET_EDITS, min_size=1, max_size=12)


def files(contents: Mapping[str, Source]) -> BaseFiles:
    notes = {source.id: source for path, source in contents.items() if path not in ASSETS}
    return BaseFiles(notes, frozenset(contents.keys() & set(ASSETS)), Config(), GraphSettings())


def apply(contents: dict[str, Source], edit: Edit) -> dict[str, Source]:
    others = {path: source for path, source in contents.items() if path != edit.path}
    return others if edit.text is None else others | {edit.path: Source(NoteId(edit.path), edit.text)}


def differences(script: list[Edit]) -> list[tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]]:
    """Where an old base says something else than a new one, of texts alone or of trees."""
    kb, trees, contents = Kb(), Kb(), dict[str, Source]()
    found = []
    for edit in script:
        contents = apply(contents, edit)
        given, fresh = files(contents), Kb().check_files(files(contents))
        found += [(old, fresh) for old in (kb.check_files(given), trees.check(trees.snapshot(given))) if old != fresh]
    return found


@settings(max_examples=150)
@given(SCRIPTS)
def test_a_base_in_memory_says_what_a_new_one_says(script: list[Edit]) -> None:
    assert differences(script) == []


IMPORTS = "- ```python\n  from kb.токен import x\n  ```\n"
EXPORTS = "- ```python export\n  {} = 1\n  ```\n"


@pytest.mark.parametrize(
    "script",
    [
        [Edit("pages/c.md", "- [[токен]]\n"), Edit("pages/токен.md", "- [[c]]\n")],
        [Edit(PATHS[0], EXPORTS.format("x")), Edit("pages/c.md", IMPORTS), Edit(PATHS[0], "- x")],
        [Edit(PATHS[0], EXPORTS.format("x")), Edit("pages/c.md", IMPORTS), Edit(PATHS[0], EXPORTS.format("y"))],
    ],
    ids=["name", "no export cell any more", "another export"],
)
def test_a_base_that_forgot_what_its_checks_looked_up_would_be_seen(
    monkeypatch: pytest.MonkeyPatch, script: list[Edit]
) -> None:
    assert differences(script) == []
    monkeypatch.setattr(linking, "_stale", lambda _base, changed, _old: changed)
    assert differences(script) != []


def test_what_is_read_again_and_says_the_same_is_not_computed_again() -> None:
    def files(**texts: str) -> BaseFiles:
        notes = {NoteId(f"{name}.md"): Source(NoteId(f"{name}.md"), text) for name, text in texts.items()}
        return BaseFiles(notes, frozenset(), Config(), GraphSettings())

    kb = Kb()
    before = kb.snapshot(files(вес="- число", a="- о весах", b="- весы"))
    mentioned = kb.mentions(before)
    after = kb.snapshot(files(вес="- число", a="- о весах", b="- другое"))
    assert after.notes[NoteId("a.md")] is before.notes[NoteId("a.md")]
    assert kb.mentions(after)[NoteId("a.md")] is mentioned[NoteId("a.md")]
    assert after.notes[NoteId("b.md")] is not before.notes[NoteId("b.md")]


@pytest.mark.parametrize("patch_size", [ledger.FEW, 2, -1])
@settings(max_examples=20)
@given(script=SCRIPTS)
def test_a_cache_says_what_memory_says(
    tmp_path_factory: pytest.TempPathFactory, patch_size: int, script: list[Edit]
) -> None:
    base = tmp_path_factory.mktemp("base")
    contents: dict[str, Source] = {}
    with pytest.MonkeyPatch.context() as patch:
        now = time.time_ns
        patch.setattr(ledger, "FEW", patch_size)
        patch.setattr(time, "time_ns", lambda: now() + 3600 * 10**9)
        for edit in script:
            contents = apply(contents, edit)
            write(base, edit)
            checked = checking.check(Project(base, None, None, Config()), lambda _done, _total: None)
            assert checked.found == Kb().check_files(files(contents))
            assert set(checked.notes) == files(contents).sources.keys()


def write(base: Path, edit: Edit) -> None:
    path = base / edit.path
    path.parent.mkdir(exist_ok=True)
    if edit.text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(edit.text, "utf-8")


@given(st.lists(st.dictionaries(st.sampled_from(PATHS), TEXTS, max_size=4), min_size=2, max_size=3))
def test_an_index_after_a_change_is_a_new_index(states: list[dict[str, str]]) -> None:
    around = surroundings(frozenset(), Config(), GraphSettings())
    names = index(around, [])
    before: dict[NoteId, Exports] = {}
    for texts in states:
        notes = (Source(NoteId(path), text) for path, text in sorted(texts.items()))
        after = {source.id: examine(source, Reading(GraphSettings())).exports for source in notes}
        others = [note for note in before.keys() | after.keys() if before.get(note) != after.get(note)]
        gone, come = ([state[note] for note in others if note in state] for state in (before, after))
        names = reindexed(names, gone, come, after.__getitem__)
        assert names == index(around, after.values())
        before = after


KEYS = st.frozensets(st.text(max_size=4) | st.sampled_from(("*pages", "*notes", "весы", "вес")) | st.integers(0, 9))


@given(
    st.lists(st.dictionaries(st.sampled_from(PATHS), KEYS), min_size=1, max_size=4),
    st.frozensets(st.text(max_size=2) | st.sampled_from(("*pages", "вес")) | st.integers(0, 9), min_size=1),
    st.sampled_from((0, 2, 1000)),
    st.sampled_from((0, 32)),
)
def test_who_asked_for_a_key_is_found(
    rounds: list[dict[str, frozenset[linking.Key]]], other: frozenset[linking.Key], many: int, few: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(linking, "_MANY", many)
        patch.setattr(linking, "_FEW", few)
        lookups = linking.in_memory({})
        known: dict[str, frozenset[linking.Key]] = {}
        for asked in rounds:
            lookups = lookups.updated({NoteId(note): linking.packed_keys(keys) for note, keys in asked.items()})
            known |= asked
        wanted = {note for note, keys in known.items() if keys & other}
        assert lookups.asking(other) == wanted
        bulk = lookups.bulk([NoteId(note) for note in known])
        assert linking.Lookups(lambda: bulk, {}).asking(other) == wanted


# ---------------------------------------------------------------- what is kept is what was


@given(TEXTS)
def test_facts_are_unpacked_as_they_were_packed(text: str) -> None:
    source = Source(NoteId("pages/a.md"), text)
    plain, *_, alone = plain_record(examine(source, Reading(GraphSettings())))
    note = lower(source, parse(source), GraphSettings())
    assert shape(facts_of(unpack(pack(plain)))) == shape(facts(note))
    assert tuple(map(diagnostic, unpack(pack(alone)))) == examine(source, Reading(GraphSettings())).alone


def shape(value: Any) -> object:
    """A value with the types of its rows, which `==` does not look at."""
    rows = isinstance(value, Sequence) and not isinstance(value, str)
    return (getattr(value, "_fields", "row"), *map(shape, value)) if rows else value


def test_all_of_a_diagnostic_is_kept() -> None:
    source = Source(NoteId("a.md"), "- $x $ [[b]]\n- $\\frac12 $\n- ```python\n  def f(:\n  (\n  ```\n")
    found = examine(source, Reading(GraphSettings())).alone
    assert any(one.fix for one in found)
    assert set(Diagnostic._fields) == set("rule note span message labels help fix".split()), (
        "a new field must be packed, too"
    )
    assert [diagnostic(unpack(pack(plain_diagnostic(one)))) for one in found] == list(found)
