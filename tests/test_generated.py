"""Generated graphs of 1,000 notes: a clean one has no error, a broken one has the planted errors and no other."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import Generated, Run

Generate = Callable[..., Generated]

RULES = (
    ("broken_link", "missing-page"),
    ("dangling_block_ref", "dangling-block-ref"),
    ("duplicate_page", "duplicate-page"),
    ("duplicate_block_id", "duplicate-block-id"),
    ("bad_latex", "bad-latex"),
    ("python_syntax_error", "python-syntax"),
    ("missing_asset", "missing-asset"),
)


class Error(NamedTuple):
    rule: str
    path: str
    line: int


def found(kbtool: Run, graph: Path) -> list[Error]:
    done = kbtool("check", "--format", "json", ".", cwd=graph)
    rows = [row for row in map(json.loads, done.stdout.splitlines()) if row["severity"] == "error"]
    assert done.returncode == (1 if rows else 0), done.stderr
    return sorted(Error(row["rule"], os.path.normpath(row["path"]), row["line"]) for row in rows)


def places(graph: Path, text: str) -> Iterator[tuple[str, int]]:
    for path in sorted(graph.glob("*/*.md")):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if text in line:
                yield str(path.relative_to(graph)), number


def planted(made: Generated) -> set[Error]:
    """Each planted error at its line; a duplicate at the line of the other place too."""
    rules = dict(RULES)
    errors = set()
    for error in made.truth["errors"]:
        rule = rules[error["kind"]]
        errors.add(Error(rule, error["file"], error["line"]))
        if rule == "duplicate-page":
            errors.add(Error(rule, error["other"], 1))
        if rule == "duplicate-block-id":
            errors |= {Error(rule, path, line) for path, line in places(made.graph, f"id:: {error['detail']}")}
    return errors


@pytest.mark.parametrize("seed", [1, 2])
def test_clean_graph_has_no_error(kbtool: Run, generate: Generate, seed: int) -> None:
    assert found(kbtool, generate(notes=1000, seed=seed).graph) == []


@pytest.mark.parametrize("seed", [1, 2])
def test_every_planted_error_is_found_and_no_other(kbtool: Run, generate: Generate, seed: int) -> None:
    made = generate(notes=1000, seed=seed, broken=5)
    assert found(kbtool, made.graph) == sorted(planted(made))


def test_truth_holds_five_errors_of_each_kind(generate: Generate) -> None:
    kinds = [error["kind"] for error in generate(notes=1000, seed=1, broken=5).truth["errors"]]
    assert {kind: kinds.count(kind) for kind in kinds} == {kind: 5 for kind, _ in RULES}
