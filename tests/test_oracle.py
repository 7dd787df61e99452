"""kbtool's tree against what Logseq's own parser sees; `python tests/oracle/compare.py GRAPH` shows what differs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.compare import File, compare, logseq_files, our_files, report
from tests.oracle.differences import DIFFERENCES

ROOT = Path(__file__).parents[1]
CASES = ROOT / "tests" / "oracle" / "cases"
GRAPHS = ("arc42", "logseq-docs", "tu-bs", "hex", "soul")


def block(**facts: object) -> dict[str, Any]:
    plain = {"depth": 1, "line": 1, "text": "a", "page_refs": [], "block_refs": [], "properties": {}}
    return {**plain, "marker": None, "priority": None, **facts}


def assert_known(name: str, graph: Path, node: str) -> None:
    """The graph differs from what Logseq sees where that is listed, and nowhere else."""
    comparison = compare(our_files(graph), logseq_files(graph, node))
    assert comparison.blocks > 0
    found = [(item.path, item.line, item.kind) for item in comparison.differences]
    listed = [(known.path, known.line, known.kind) for known in DIFFERENCES if known.graph == name]
    assert sorted(found) == sorted(listed), "\n".join(report(comparison, 20))


def test_tree_of_the_knowledge_base_is_what_logseq_sees(oracle: str) -> None:
    assert_known("kb", ROOT / "kb", oracle)


def test_tree_of_the_cases_is_what_logseq_sees(oracle: str) -> None:
    assert_known("cases", CASES, oracle)


@pytest.mark.parametrize("name", GRAPHS)
def test_tree_of_a_public_graph_is_what_logseq_sees(oracle: str, corpora: Path, tmp_path: Path, name: str) -> None:
    # Logseq's parser takes a minute for six megabytes: of the largest graph it gets every third note.
    graph = third(corpora / name, tmp_path) if name == "soul" else corpora / name
    assert_known(name, graph, oracle)


def third(graph: Path, folder: Path) -> Path:
    """A copy of every third note."""
    for path in sorted(graph.rglob("*.md"))[::3]:
        copy = folder / path.relative_to(graph)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copy)
    shutil.copytree(graph / "logseq", folder / "logseq", dirs_exist_ok=True)
    return folder


def test_every_listed_difference_belongs_to_a_graph_and_has_a_reason() -> None:
    assert all(known.graph in ("cases", "kb", *GRAPHS) and known.reason for known in DIFFERENCES)


@pytest.mark.parametrize(
    ("kind", "facts"),
    [
        ("depth", {"depth": 2}),
        ("block", {"line": 2}),
        ("text", {"text": "b"}),
        ("page_refs", {"page_refs": ["p"]}),
        ("block_refs", {"block_refs": ["64f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"]}),
        ("properties", {"properties": {"k": "v"}}),
        ("marker", {"marker": "TODO"}),
        ("priority", {"priority": "A"}),
    ],
)
def test_comparison_sees_a_difference(kind: str, facts: dict[str, object]) -> None:
    ours, logseq = ({"a.md": File("a", {each["line"]: each})} for each in (block(**facts), block()))
    assert {item.kind for item in compare(ours, logseq).differences} == {kind}


def test_comparison_sees_a_file_or_a_page_name_on_one_side() -> None:
    one, other = ({"a.md": File(page, {1: block()})} for page in "ab")
    assert [item.kind for item in compare(one, other).differences] == ["page"]
    assert [item.kind for item in compare(one, {}).differences] == ["file"]


def test_comparison_of_equals_is_empty() -> None:
    upper = block(block_refs=["64F0A1B2-3C4D-4E5F-8A9B-0C1D2E3F4A5B"], page_refs=["b", "a"], text="a\r\nb\n")
    lower = block(block_refs=["64f0a1b2-3c4d-4e5f-8a9b-0c1d2e3f4a5b"], page_refs=["a", "b"], text="a\nb")
    assert compare({"a.md": File("a", {1: upper})}, {"a.md": File("a", {1: lower})}).differences == ()
