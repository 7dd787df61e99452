"""20,000 generated and broken notes; `KBTOOL_FUZZ_NOTES` and `KBTOOL_FUZZ_SEED` ask for more, or for others."""

from __future__ import annotations

import os

import pytest

from kbtool.syntax.tree import Code, Prose
from kbtool.values import Span
from tests import fuzz
from tests.tools.make_notes import KINDS


def test_no_note_crashes_hangs_or_breaks_a_rule() -> None:
    seed, notes = int(os.environ.get("KBTOOL_FUZZ_SEED", "1")), int(os.environ.get("KBTOOL_FUZZ_NOTES", "20000"))
    failures = fuzz.run(seed, notes, os.cpu_count() or 1)
    assert not failures, "\n".join(map(str, failures[:5]))


def test_a_crash_is_found_and_says_how_to_make_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "blocks_cover", lambda _text, _parsed: 1 // 0)
    failures = fuzz.run(3, 6, 2)
    assert [(one.kind, one.number) for one in sorted(failures)] == [(kind, n) for kind in KINDS for n in (0, 1)]
    assert all("ZeroDivisionError" in str(one) and "--seed 3 --show" in str(one) for one in failures)


def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def forever(_text: str) -> None:
        while True:
            pass

    monkeypatch.setattr(fuzz, "_HANGS", 1)
    monkeypatch.setattr(fuzz, "hold", forever)
    assert [one.problem.splitlines()[-1] for one in fuzz.run(1, 3, 2)] == [
        "TimeoutError: it took more than 1 seconds"
    ] * 3


def test_nodes_out_of_order_are_noticed() -> None:
    late, early = (Code(Span(at, at + 3), Span(at + 1, at + 2)) for at in (5, 1))
    fuzz.parts_nest(Span(0, 9), [Prose(Span(0, 9), False, (early, late))])
    with pytest.raises(AssertionError, match="out of order"):
        fuzz.parts_nest(Span(0, 9), [Prose(Span(0, 9), False, (late, early))])
