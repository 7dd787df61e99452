"""Fixes of the rules' pages, applied: a fix removes its diagnostic and adds none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from kbtool.kb import check_sources
from kbtool.values import Diagnostic, Fix, NoteId
from tests.test_cases import ALL, Case, given

Texts = Mapping[NoteId, str]


def applied(fix: Fix, texts: Texts) -> dict[NoteId, str]:
    changed = dict(texts)
    for edit in sorted(fix.edits, key=lambda edit: edit.span, reverse=True):
        text = changed[edit.note]
        changed[edit.note] = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return changed


def kinds(found: tuple[Diagnostic, ...]) -> Counter[tuple[str, NoteId]]:
    return Counter((one.rule, one.note) for one in found)


@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.rule}: {case.title}")
def test_a_fix_removes_its_diagnostic_and_adds_none(case: Case) -> None:
    texts, assets, config, settings = given(case)
    before = check_sources(texts, assets, config, settings)
    for one in before:
        if one.fix is not None:
            after = check_sources(applied(one.fix, texts), assets, config, settings)
            assert kinds(after)[one.rule, one.note] == kinds(before)[one.rule, one.note] - 1, one.fix.title
            assert not kinds(after) - kinds(before), one.fix.title


def test_many_rules_have_fixes() -> None:
    fixed = {one.rule for case in ALL for one in check_sources(*given(case)) if one.fix is not None}
    assert {"missing-page", "odd-name", "greedy-tag", "stray-bracket", "bad-timestamp", "second-drawer"} <= fixed
    assert {"byte-order-mark", "wide-fence", "late-title", "case-variant", "deceptive-link"} <= fixed
