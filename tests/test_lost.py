"""Mentions that `lost-reference` calls lost are those that Logseq's own parser does not see, and no others."""

from __future__ import annotations

from pathlib import Path

from kbtool.config import GraphSettings
from kbtool.note import lower
from kbtool.syntax.parse import parse
from kbtool.values import NoteId, Source
from tests.oracle.compare import logseq_files

UUID = "67a1c2de-1111-4222-8333-444455556666"
BLOCKS = (
    "**#x**",
    "*a #x b*",
    "~~#[[x]]~~",
    "==#x==",
    "^^#x^^",
    "__#x__",
    "***[[x]]***",
    "***#x***",
    "**[[x]]**",
    "*a **[[x]]** b*",
    "**a *#x* b**",
    "**a [[y]] #x**",
    "a #x b",
    "[**#x**]([[y]])",
    "<b>[[x]]</b>",
    "<details>[[x]]</details>",
    "a <b>[[x]]</b> [[y]]",
    '[:b "[[x]]"]',
    "{{cloze [[x]]}}",
    "{{cloze a}} [[x]]",
    "TODO a\n  SCHEDULED: <2026-05-01 Fri> [[x]]",
    "TODO a\n  SCHEDULED: <2026-05-01 Fri>\n  see #x",
    "TODO a [[x]]\n  SCHEDULED: <2026-05-01 Fri>",
    "> **#x**",
    "# **#x**",
    "| **#x** | a |",
)


def test_lost_is_what_logseq_does_not_see(oracle: str, tmp_path: Path) -> None:
    for number, block in enumerate(BLOCKS):
        (tmp_path / f"{number}.md").write_text(f"- {block}\n", "utf-8")
    seen = logseq_files(tmp_path, oracle)
    for number, block in enumerate(BLOCKS):
        text = f"- {block}\n"
        found = lower(Source(NoteId("a.md"), text), parse(Source(NoteId("a.md"), text)), GraphSettings()).asides.lost
        refs = {ref for row in seen[f"{number}.md"].blocks.values() for ref in row["page_refs"]}
        assert ("x" in refs) == ("x" not in {name for _, name, *_ in found}), block


def test_block_references_in_emphasis_are_lost(oracle: str, tmp_path: Path) -> None:
    blocks = (f"**(({UUID}))**", f"a (({UUID})) b")
    for number, block in enumerate(blocks):
        (tmp_path / f"{number}.md").write_text(f"- {block}\n", "utf-8")
    seen = logseq_files(tmp_path, oracle)
    assert [bool(row["block_refs"]) for n in (0, 1) for row in seen[f"{n}.md"].blocks.values()] == [False, True]
    for number, block in enumerate(blocks):
        source = Source(NoteId("a.md"), f"- {block}\n")
        assert len(lower(source, parse(source), GraphSettings()).asides.lost) == 1 - number
