"""Fixes: each removes its diagnostic and adds none; together they touch nothing else, and come to an end."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given as given_any
from hypothesis import settings
from hypothesis import strategies as st

from kbtool.config import Config, GraphSettings
from kbtool.files import BaseFiles
from kbtool.fixes import apart, applied, every_rule, mended, unified
from kbtool.kb import check_sources
from kbtool.values import Diagnostic, Edit, Fix, NoteId, Source, Span
from tests.test_cases import ALL, Case, check, given

A = NoteId("pages/a.md")
EVERY = every_rule(Config())


def texts(sources: Mapping[NoteId, str]) -> dict[NoteId, Source]:
    return {note: Source(note, text) for note, text in sources.items()}


def fixable(case: Case, change: tuple[str, str]) -> list[tuple[Diagnostic, BaseFiles]]:
    files = given(case)
    changed = {note: Source(note, source.text.replace(*change)) for note, source in files.sources.items()}
    files = files._replace(sources=changed, config=every_rule(files.config))
    return [(one, files) for one in check(files) if one.fix]


def identities(found: tuple[Diagnostic, ...]) -> Counter[tuple[str, str, str]]:
    """What was found, without the lines that a message names: they move when a comment above them goes."""
    return Counter(identity(one) for one in found)


def identity(one: Diagnostic) -> tuple[str, str, str]:
    return one.note, one.rule, re.sub(r"\bline \d+", "line", one.message)


@pytest.mark.parametrize(
    "change", [("\0", ""), ("\n", "\r\n"), ("\n- ", "\n\n- ")], ids=["as is", "CRLF", "empty lines"]
)
@pytest.mark.parametrize("case", ALL, ids=lambda case: f"{case.rule}: {case.title}")
def test_a_fix_removes_its_diagnostic_and_adds_none(case: Case, change: tuple[str, str]) -> None:
    for one, files in fixable(case, change):
        before = identities(check(files))
        after = identities(check(files._replace(sources=applied(files.sources, [one]))))
        assert after[identity(one)] < before[identity(one)]
        assert after - before == Counter()


def test_there_are_fixes_to_test() -> None:
    fixed = {one.rule for case in ALL for one, _ in fixable(case, ("\0", ""))}
    assert {"bad-latex", "unused-suppression", "missing-page", "odd-name", "greedy-tag", "stray-bracket"} <= fixed
    assert {"bad-timestamp", "second-drawer", "byte-order-mark", "wide-fence", "late-title", "case-variant"} <= fixed
    assert "deceptive-link" in fixed


COMMENTS = (
    *("<!-- kbtool: ignore[missing-page] -->", "<!-- kbtool: ignore-file[bad-latex, missing-page] -->"),
    *("<!-- kbtool: ignore[bad-latex,missing-asset , unused-suppression]: why -->", "<!--kbtool:ignore[", "]-->"),
    *("# kbtool: ignore[undefined-name]", "  # kbtool: ignore[undefined-name, python-syntax]", "<!--", "-->"),
)
AROUND = (
    *("\n- ", "\n\t- ", "\r\n- ", "\n", "\r\n", "\n  ", " ", "  ", "\t", "> ", "**", "`", "# ", "$", "<b>", "слово"),
    *("```python\n  x = yy", "\n  ```\n", "| a |\n", "id:: x\n", "---\n", "#+BEGIN_QUOTE\n", "#+END_QUOTE\n"),
    *("[[нет]]", "$\\frac12 $", "\ufeff", "\u2028"),
)
PIECES = st.sampled_from(COMMENTS + AROUND)


@given_any(st.lists(PIECES, min_size=3, max_size=25).map("".join))
@settings(max_examples=300)
def test_in_any_note_what_is_unused_goes_and_nothing_comes(text: str) -> None:
    before = check_sources({A: text}, frozenset(), EVERY, GraphSettings())
    for one in before:
        if one.rule == "unused-suppression" and one.fix and one.fix.safe:
            made = applied(texts({A: text}), [one])[A].text
            after = identities(check_sources({A: made}, frozenset(), EVERY, GraphSettings()))
            assert after[identity(one)] < identities(before)[identity(one)]
            assert after - identities(before) == Counter()


@given_any(st.lists(PIECES, min_size=3, max_size=25).map("".join))
@settings(max_examples=100)
def test_any_note_is_mended_once(text: str) -> None:
    def check(sources: Mapping[NoteId, Source]) -> tuple[Diagnostic, ...]:
        return check_sources({note: one.text for note, one in sources.items()}, frozenset(), EVERY, GraphSettings())

    once = mended(texts({A: text}), check, lambda _: True, EVERY)
    assert mended(once.sources, check, lambda _: True, EVERY).fixed == 0


# ---------------------------------------------------------------- choosing


def about(start: int, end: int, text: str = "", rule: str = "bad-latex") -> Diagnostic:
    fix = Fix("mend", (Edit(A, Span(start, end), text),), True)
    return Diagnostic(rule, A, Span(start, end), f"{rule} {start}", (), "", fix)


@pytest.mark.parametrize(
    ("spans", "taken"),
    [
        ([(0, 2), (1, 3), (4, 5)], [(0, 2), (4, 5)]),
        ([(0, 2), (2, 3)], [(0, 2)]),
        ([(5, 5), (5, 5)], [(5, 5)]),
        ([(0, 1), (2, 3), (4, 5)], [(0, 1), (2, 3), (4, 5)]),
    ],
)
def test_fixes_that_touch_wait(spans: list[tuple[int, int]], taken: list[tuple[int, int]]) -> None:
    assert [one.span for one in apart([about(*span) for span in reversed(spans)])] == taken


def test_a_fix_of_several_edits_is_taken_whole() -> None:
    far = about(10, 11)
    two = far._replace(fix=Fix("mend", (Edit(A, Span(10, 11), ""), Edit(A, Span(0, 1), "")), True))
    assert apart([about(0, 2), far]) == (about(0, 2), far)
    assert apart([about(0, 2), two]) == (about(0, 2),)


# ---------------------------------------------------------------- making them


def check_letters(harm: str) -> tuple[Mapping[NoteId, Source], object]:
    """A language in which `x` is wrong; its fix writes `y`, or `harm` in the note's first half."""

    def check(sources: Mapping[NoteId, Source]) -> tuple[Diagnostic, ...]:
        text = sources[A].text
        wrong = [about(i, i + 1, harm if i < 4 else "y") for i, char in enumerate(text) if char == "x"]
        return (*wrong, *(about(i, i + 1, "", "python-syntax") for i, char in enumerate(text) if char == "!"))

    return texts({A: "x--x--x--x"}), check


@pytest.mark.parametrize(
    ("harm", "after", "fixed", "refused"),
    [
        ("y", "y--y--y--y", 4, 0),
        ("!", "x--x--y--y", 2, 2),  # adds an error
        ("x", "x--x--y--y", 2, 2),  # mends nothing
        ("", "----y--y", 4, 0),
    ],
)
def test_harmful_fixes_are_left_alone(harm: str, after: str, fixed: int, refused: int) -> None:
    sources, check = check_letters(harm)
    done = mended(sources, check, lambda one: one.rule == "bad-latex", EVERY)  # type: ignore[arg-type]
    assert (done.sources[A].text, done.fixed, done.refused) == (after, fixed, refused)


def test_a_harmful_fix_does_not_block_one_that_it_touches() -> None:
    def check(sources: Mapping[NoteId, Source]) -> tuple[Diagnostic, ...]:
        text = sources[A].text
        harmful = about(0, 2, "!")._replace(message="harmful")
        errors = [about(i, i + 1, "", "python-syntax") for i, char in enumerate(text) if char == "!"]
        return (*([harmful, about(1, 2, "y")] if "x" in text else ()), *errors)

    done = mended(texts({A: "ax"}), check, lambda one: one.rule == "bad-latex", EVERY)
    assert (done.sources[A].text, done.fixed) == ("ay", 1)


def test_nothing_wanted_changes_nothing() -> None:
    sources, check = check_letters("y")
    done = mended(sources, check, lambda _: False, EVERY)  # type: ignore[arg-type]
    assert (done.changed, done.fixed) == ((), 0)


def test_fixing_again_changes_nothing() -> None:
    text = "- [[нет]] <!-- kbtool: ignore[bad-latex, missing-page] -->\r\n\t- b <!-- kbtool: ignore[bad-latex] -->"

    def check_all(sources: Mapping[NoteId, Source]) -> tuple[Diagnostic, ...]:
        return check_sources({note: one.text for note, one in sources.items()}, frozenset(), EVERY, GraphSettings())

    once = mended(texts({A: text}), check_all, lambda _: True, EVERY)
    assert once.sources[A].text == "- [[нет]] <!-- kbtool: ignore[missing-page] -->\r\n\t- b"
    assert mended(once.sources, check_all, lambda _: True, EVERY).fixed == 0


# ---------------------------------------------------------------- patches


def test_patch_keeps_line_ends() -> None:
    assert list(unified("a\r\nb", "a\r\nc", "x y.md")) == [
        *("--- x y.md\t", "+++ x y.md\t", "@@ -1,2 +1,2 @@", " a\r"),
        *("-b", "\\ No newline at end of file", "+c", "\\ No newline at end of file"),
    ]


def test_patch_breaks_lines_at_newlines_alone() -> None:
    assert list(unified("a\u2028b\x0cc\n", "a\u2028b\x0cd\n", "x"))[3:] == ["-a\u2028b\x0cc", "+a\u2028b\x0cd"]
