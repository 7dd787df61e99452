"""The rules' own pages, run: each heading is a test, its fences are files, its last fence is what `check` must say.

`KBTOOL_UPDATE_CASES=1 pytest tests/test_cases.py` writes what it says now into the pages, to be reviewed as a diff.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from kbtool import rules
from kbtool.config import Config, GraphSettings, load_options, with_options
from kbtool.files import BaseFiles
from kbtool.graph_config import graph_settings
from kbtool.kb import Kb
from kbtool.report import ReportOptions, render
from kbtool.values import Diagnostic, NoteId, Source

CASES = Path(__file__).parent / "cases" / "checks"
FENCE = re.compile(r"^````([^\n]*)\n(.*?)^````$", re.MULTILINE | re.DOTALL)
WITHOUT_TESTS = {"cell-failed", "hand-typed-number", "needs-device", "note-too-large", "unreadable-note"}
WITHOUT_TESTS |= {"not-accepted", "not-deterministic", "result-drift", "revealing-output"}
WITHOUT_TESTS |= {"stale-record", "tampered-record"}
WITHOUT_TESTS |= {
    "external-link",
    "external-link-moved",
    "external-link-unreachable",
}  # `check` of sources in memory never says these


class Case(NamedTuple):
    """One heading of a page with the text below it."""

    rule: str
    title: str
    body: str


def cases(rule: str) -> list[Case]:
    text = (CASES / f"{rule}.md").read_text("utf-8")
    return [Case(rule, *part.split("\n", 1)) for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]]


ALL = [case for rule in rules.RULES for case in cases(rule.name)]


def given(case: Case) -> BaseFiles:
    """The notes, other files and settings that the fences of a case are."""
    sources: dict[NoteId, str] = {}
    assets: frozenset[str] = frozenset()
    config, settings, modules = Config(), GraphSettings(), frozenset[str]()
    for info, body in FENCE.findall(case.body)[:-1]:
        if info == "assets":
            assets = frozenset(body.split())
        elif info == "modules":
            modules = frozenset(body.split())
        elif info == "edn":
            settings, _ = graph_settings(body)
        elif info == "yaml":
            config = load_options(yaml.safe_load(body))
        else:
            sources[NoteId(info.removeprefix("md "))] = body
    texts = {ident: Source(ident, text) for ident, text in sources.items()}
    return BaseFiles(texts, assets, config, with_options(settings, config), modules=modules)


def check(files: BaseFiles) -> tuple[Diagnostic, ...]:
    kb = Kb()
    return kb.check(kb.snapshot(files))


def said(case: Case) -> str:
    """What `check` says about the files of a case, without the summary."""
    files = given(case)
    # Chances that other pages speak of would be noise here.
    chances = tuple(rule.name for rule in rules.RULES if rule.severity == "info" and rule.name != case.rule)
    config = files.config._replace(ignore=(*files.config.ignore, *chances))
    found = check(files._replace(config=config))
    sources = {ident: source.text for ident, source in files.sources.items()}
    lines = list(render(found, sources, "text", ReportOptions(config, len(sources))))
    return "\n".join(lines[:-2]) + "\n" if found else "no problems\n"


def expected(case: Case) -> str:
    info, body = FENCE.findall(case.body)[-1]
    assert info == "diagnostics"
    return str(body)


def update(case: Case) -> None:
    page = CASES / f"{case.rule}.md"
    old = FENCE.findall(case.body)[-1]
    body = case.body.replace(f"````diagnostics\n{old[1]}````", f"````diagnostics\n{said(case)}````")
    page.write_text(
        page.read_text("utf-8").replace(f"## {case.title}\n{case.body}", f"## {case.title}\n{body}"), "utf-8"
    )


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.rule}: {case.title}")
def test_case(case: Case) -> None:
    if os.environ.get("KBTOOL_UPDATE_CASES"):
        update(case)
    else:
        assert said(case) == expected(case)


@pytest.mark.parametrize("rule", [rule.name for rule in rules.RULES if rule.name not in WITHOUT_TESTS])
def test_page_shows_its_rule_broken_and_kept(rule: str) -> None:
    told = [expected(case) for case in cases(rule)]
    assert any(f"[{rule}]" in text for text in told)
    assert "no problems\n" in told
    assert all(f"[{rule}]" in text or text == "no problems\n" for text in told)


def test_every_page_belongs_to_a_rule() -> None:
    assert {page.stem for page in CASES.glob("*.md")} == {rule.name for rule in rules.RULES}


def test_only_rules_have_a_page() -> None:
    assert rules.page("bad-latex") == "bad-latex.md"
    assert rules.page("no-such-rule") is None
    assert rules.page("../cases/bad-latex") is None


def test_every_rule_has_a_severity() -> None:
    assert {rules.severity(rule.name, Config()) for rule in rules.RULES} <= {*rules.LEVELS}
