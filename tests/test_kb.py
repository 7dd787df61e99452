"""The knowledge base itself: names that must be there, how notes are built, and claims that could have failed.

`kb.toml` has a change for each running note that makes its claim false: the note's own assert must notice.
That Logseq's parser sees the same pages, blocks and references is tested in `test_oracle.py`.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kbtool import names
from kbtool.cells.sandbox import features
from kbtool.config import GraphSettings
from kbtool.note import Note, lower
from kbtool.syntax.parse import parse
from kbtool.values import Cell, NoteId, Source
from tests.conftest import Run

ROOT = Path(__file__).parents[1]
KB = ROOT / "kb"
KNOWN = tomllib.loads((Path(__file__).parent / "kb.toml").read_text("utf-8"))
INDEX: list[str] = KNOWN["index"]
TOPICS: list[str] = KNOWN["topics"]

TYPES = {"concept", "experiment", "hub", "question", "hardware", "fun", "snapshot"}
RUNNING = {"concept", "experiment"}
WORDS = 900
MORE_WORDS = {"НАША ПЕРВАЯ НЕЙРОНКА": 1100}  # three sizes, a verdict and its counter-example in one note

NUMBER = re.compile(r"(?<![\w.,])(?:\d+[.,]\d+|\d{2,}|\d+(?=\s?%))(?:\s?%)?")
YEAR = re.compile(r"(?:1[6-9]|20)\d\d")
NOT_PROSE = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|`[^`\n]+`|\{\{.*?\}\}|\[\[.*?\]\]|\]\([^)\n]*\)", re.DOTALL)


class Page(NamedTuple):
    """A note of kb/pages: what kbtool makes of it, and its text."""

    name: str
    note: Note
    text: str

    @property
    def kind(self) -> str:
        return self.says("type")

    def says(self, key: str) -> str:
        """The value of a page property."""
        return next((one.text for one in self.note.properties if one.key == key), "")

    @property
    def cells(self) -> list[Cell]:
        return [cell for cell in self.note.cells if not cell.options.norun and cell.kind == "python"]


def read_page(path: Path) -> Page:
    text = path.read_text("utf-8")
    source = Source(NoteId(f"pages/{path.name}"), text)
    settings = GraphSettings(name_format="triple-lowbar")
    note = lower(source, parse(source), settings)
    return Page(names.from_file(path.stem, settings.name_format), note, text)


PAGES = {page.name: page for page in map(read_page, sorted((KB / "pages").glob("*.md")))}
NOTES = {name: page for name, page in PAGES.items() if page.kind in RUNNING}


@pytest.fixture(scope="module")
def graph(kbtool: Run) -> dict[str, Any]:
    """Pages and links of the base."""
    found: dict[str, Any] = json.loads(kbtool("graph", "--format", "json", str(KB)).stdout)
    return found


def neighbours(graph: dict[str, Any]) -> dict[str, set[str]]:
    """The pages that each page leads to."""
    found: dict[str, set[str]] = {page["name"]: set() for page in graph["pages"]}
    for link in graph["links"]:
        if link["kind"] in ("page", "tag", "embed", "block", "property") and link["to"] in found:
            found[link["from"]].add(link["to"])
    return found


# ---------------------------------------------------------------- names and links


@pytest.mark.parametrize("name", [*INDEX, *TOPICS])
def test_each_name_of_the_seed_is_a_page_with_a_file(graph: dict[str, Any], name: str) -> None:
    known = {names.key(one): page for page in graph["pages"] for one in (page["name"], *page["aliases"])}
    assert known[names.key(name)]["path"]


def test_index_page_links_to_each_name_of_the_seed(graph: dict[str, Any]) -> None:
    linked = {names.key(name) for name in neighbours(graph)["Q"]}
    assert {names.key(name) for name in INDEX} <= linked


def test_every_note_is_within_three_links_of_the_index(graph: dict[str, Any]) -> None:
    leads, near = neighbours(graph), {"Q"}
    for _ in range(3):
        near |= {name for one in near for name in leads[one]}
    assert {page["name"] for page in graph["pages"] if not page["journal"]} <= near


def test_no_note_is_an_orphan_or_a_dead_end(graph: dict[str, Any]) -> None:
    leads = {name: found - {name} for name, found in neighbours(graph).items()}
    mentioned = {name for found in leads.values() for name in found}
    assert set(PAGES) - mentioned == set()
    assert {name for name in PAGES if len(leads[name]) < 2} == set()


def test_strict_check_finds_nothing(kbtool: Run) -> None:
    done = kbtool("check", "--strict", str(KB))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout


# ---------------------------------------------------------------- how notes are built


@pytest.mark.parametrize("name", sorted(set(PAGES) - {"Q"}))
def test_note_begins_with_its_properties_and_is_an_outline(name: str) -> None:
    page = PAGES[name]
    first = page.note.outline[0]
    assert first.mark == "pre"
    assert page.kind in TYPES
    assert page.says("status")
    lines = page.text.split("\n\n", 1)[1].splitlines()
    assert [line for line in lines if line and not line.startswith(("\t", "  ", "- ")) and line != "-"] == []
    if page.kind in RUNNING:
        assert page.says("sources")
        assert page.says("tags")


@pytest.mark.parametrize("name", sorted(NOTES))
def test_running_note_is_as_long_as_its_idea(name: str) -> None:
    words = len(re.findall(r"[^\W\d_]{2,}", prose(NOTES[name])))
    assert 120 <= words <= MORE_WORDS.get(name, WORDS)


@pytest.mark.parametrize("name", sorted(NOTES))
def test_running_note_asserts_something_in_a_cell_that_runs(name: str) -> None:
    code = [ast.parse(cell.code) for cell in NOTES[name].cells]
    assert any(isinstance(node, ast.Assert) for tree in code for node in ast.walk(tree))


# ---------------------------------------------------------------- numbers


def prose(page: Page) -> str:
    """The note's words: neither properties nor code, formulas, links or values."""
    text = page.text
    for cell in reversed(page.note.cells):
        text = text[: cell.span.start] + text[cell.span.end :]
    lines = [line for line in text.splitlines() if not re.match(r"\s*[\w-]+:: ", line)]
    return NOT_PROSE.sub(" ", "\n".join(lines))


def typed_numbers(page: Page) -> set[str]:
    found = (m[0].replace("\N{NO-BREAK SPACE}", " ") for m in NUMBER.finditer(prose(page)))
    return {number for number in found if not YEAR.fullmatch(number)}


@pytest.mark.parametrize("name", sorted(NOTES))
def test_prose_has_no_number_that_a_cell_could_compute(name: str) -> None:
    stated = {one["number"] for one in KNOWN["stated"] if one["note"] == name}
    assert typed_numbers(NOTES[name]) - stated == set()


def test_a_typed_number_is_seen() -> None:
    words = "Потеря 0,52, точность 7 %, в 1986 году, {{val x}}, $10$, [12](a.md)."
    text = f"type:: concept\n\n- {words}\n  ```python\n  40\n  ```"
    source = Source(NoteId("pages/a.md"), text)
    assert typed_numbers(Page("a", lower(source, parse(source), GraphSettings()), text)) == {"0,52", "7 %", "12"}


# ---------------------------------------------------------------- claims


class Mutation(NamedTuple):
    """A change of one line of one cell that makes the note's claim false."""

    note: str
    cell: str
    claim: str
    old: str
    new: str


MUTATIONS = [Mutation(**one) for one in KNOWN["mutation"]]


def mutated_cell(mutation: Mutation) -> Cell:
    return next(cell for cell in NOTES[mutation.note].cells if cell.options.name == mutation.cell)


@pytest.fixture(scope="module")
def failures(kbtool: Run, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """How notes fail that end with the cell in question, as it is and then with its claim denied, and where."""
    base = tmp_path_factory.mktemp("claims") / "kb"
    shutil.copytree(KB, base)
    (base / "trial").mkdir()
    for number, mutation in enumerate(MUTATIONS):
        page, (start, end) = NOTES[mutation.note], mutated_cell(mutation).span
        code = page.text[start:end]
        assert code.count(mutation.old) == 1, mutation
        before = re.sub(r"\Aalias:: .*\n", "", page.text[:start])
        denied = code.replace(mutation.old, mutation.new).replace(f"name={mutation.cell}", "name=denied", 1)
        indent = before[before.rindex("\n") + 1 :]
        (base / f"trial/{number}.md").write_text(f"{before}{code}\n{indent}{denied}\n", "utf-8")
    level = "auto" if features()[0].works else "none"  # several processes need all of a sandbox, or none
    said = kbtool("run", "--sandbox", level, *sorted(map(str, (base / "trial").iterdir()))).stdout
    assert re.search(rf"^sessions: {len(MUTATIONS)} failed", said, re.MULTILINE), said
    return {m[1]: m[2] for m in re.finditer(r"^failed: .*/([^/]+)\.md, (.*)$", said, re.MULTILINE)}


def test_every_running_note_has_a_claim_that_is_denied() -> None:
    assert {mutation.note for mutation in MUTATIONS} == set(NOTES)


@pytest.mark.parametrize("number", range(len(MUTATIONS)), ids=[one.note for one in MUTATIONS])
def test_claim_holds_and_fails_its_assert_when_it_is_denied(failures: dict[str, str], number: int) -> None:
    assert "(denied): AssertionError" in failures[str(number)]
