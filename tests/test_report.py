"""Reports: places, widths, and that no note text can steer a terminal, GitHub or a program that reads along."""

from __future__ import annotations

import json
import unicodedata
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbtool.config import Config
from kbtool.report import FORMATS, Format, ReportOptions, render, wants_color
from kbtool.values import Diagnostic, Edit, Fix, Label, NoteId, Span

A = NoteId("pages/a.md")

Q = NoteId("pages/Q.md")


def about(text: str, part: str, message: str = "no", advice: str = "") -> Diagnostic:
    start = text.index(part)
    return Diagnostic("missing-page", Q, Span(start, start + len(part)), message, (), advice)


def report(text: str, found: Diagnostic, form: Format = "text", width: int = 100) -> list[str]:
    return list(render([found], {Q: text}, form, ReportOptions(Config(), 1, width=width)))


def caret(text: str, part: str, width: int = 100) -> tuple[str, str]:
    """The excerpt's line and the line of carets, without their gutters."""
    lines = report(text, about(text, part), width=width)
    return lines[3].partition("| ")[2], lines[4].partition("| ")[2]


# ---------------------------------------------------------------- text


def test_text() -> None:
    text = "- а\n- см. [[тензоры]]\n"
    found = about(text, "[[тензоры]]", "no page named «тензоры»", "did you mean «тензор»?\ncreate it")
    assert report(text, found) == [
        "error[missing-page]: no page named «тензоры»",
        " --> pages/Q.md:2:7",
        "  |",
        "2 | - см. [[тензоры]]",
        "  |       ^^^^^^^^^^^",
        "  = help: did you mean «тензор»?",
        "  = help: create it",
        "",
        "1 error in 1 note",
    ]


def test_labels_stand_below_with_their_own_lines() -> None:
    other = NoteId("pages/b.md")
    found = Diagnostic("duplicate-page", Q, Span(0, 1), "taken", (Label(other, Span(3, 4), "here"),))
    lines = list(render([found], {Q: "x", other: "a\n\ny"}, "text", ReportOptions(Config(), 2)))
    assert lines[5:9] == [" ::: pages/b.md:3:1", "  |", "3 | y", "  | ^ here"]


@pytest.mark.parametrize(
    ("text", "line", "carets"),
    [
        ("\tab X", "    ab X", "       ^"),
        ("漢字 X", "漢字 X", "     ^"),
        ("e\u0301 X", "e\u0301 X", "  ^"),
        ("🙂 X", "🙂 X", "   ^"),
        ("\x1b[31m X", "<U+001B>[31m X", "             ^"),
        ("\u202eab X", "<U+202E>ab X", "           ^"),
        ("ab X\r", "ab X", "   ^"),
        ("\u00a0 X", "\u00a0 X", "  ^"),
    ],
)
def test_carets_stand_under_the_characters(text: str, line: str, carets: str) -> None:
    assert caret(text, "X") == (line, carets)


def test_carets_are_as_wide_as_what_they_mark() -> None:
    assert caret("- [[漢字\t]]", "[[漢字\t]]")[1] == "  " + "^" * 12


def test_nothing_marked_gets_one_caret() -> None:
    assert report("abc", Diagnostic("missing-page", Q, Span(1, 1), "no"))[4] == "  |  ^"


def test_several_lines_are_marked_on_the_first() -> None:
    assert caret("- ab\n  cd\n", "ab\n  cd") == ("- ab", "  ^^")


@pytest.mark.parametrize("width", [1, 60, 100])
@pytest.mark.parametrize("before", [0, 20, 500])
@pytest.mark.parametrize("after", [0, 500])
def test_long_line_is_cut_around_the_fault(width: int, before: int, after: int) -> None:
    line, carets = caret("я" * before + "[[нет]]" + "ю" * after, "[[нет]]", width)
    assert len(line) <= max(50, width)
    assert line[carets.index("^") : carets.rindex("^") + 1] == "[[нет]]"
    assert line.endswith("…") == (len("я" * before + "[[нет]]") + after > len(line) and after > 0)


def test_fault_longer_than_the_width_is_cut_too() -> None:
    line, carets = caret("a " + "x" * 1_000_000 + " b", "x" * 1_000_000)
    assert len(line) <= 100
    assert len(carets) == len(line)


def mended(text: str, part: str, new: str, safe: bool = True) -> Diagnostic:
    found = about(text, part)
    return found._replace(fix=Fix("mend it", (Edit(Q, found.span, new),), safe))


@pytest.mark.parametrize(
    ("text", "part", "new", "shown"),
    [
        ("- a b\n", "b", "c", ["    - - a b", "    + - a c"]),
        ("- a b\n", " b", "", ["    - - a b", "    + - a"]),
        ("- a\n- b\n- c", "- b\n", "", ["    - - b"]),
        ("- a\n- b\n- c", "a\n- b", "", []),
        ("- a\n", "a", "b\nc", []),
        ("- \x1b[31m b\r\n", "b", "\u202e", ["    - - <U+001B>[31m b", "    + - <U+001B>[31m <U+202E>"]),
    ],
)
def test_fix_shows_the_line_before_and_after(text: str, part: str, new: str, shown: list[str]) -> None:
    lines = report(text, mended(text, part, new))
    at = lines.index("  = fix: mend it")
    assert lines[at + 1 : -2] == shown


def test_unsafe_fix_is_marked() -> None:
    assert "  = fix (unsafe): mend it" in report("- a", mended("- a", "a", "b", safe=False))


def test_fix_in_a_long_line_is_cut_around_the_change() -> None:
    text = "я" * 500 + "[[нет]]" + "ю" * 500
    old, new = report(text, mended(text, "[[нет]]", "[[да]]"), width=60)[-4:-2]
    assert "[[нет]]" in old
    assert "[[да]]" in new
    assert max(len(old), len(new)) <= 60


@pytest.mark.parametrize(
    ("safe", "told"),
    [
        ([True], "; 1 fixable with --fix"),
        ([False, False], "; 2 fixable with --fix --unsafe"),
        ([True, True, False], "; 2 fixable with --fix, 1 more with --fix --unsafe"),
    ],
)
def test_summary_counts_fixes(safe: list[bool], told: str) -> None:
    found = [mended("- a", "a", "b", one) for one in safe]
    assert list(render(found, {Q: "- a"}, "text", ReportOptions(Config(), 1)))[-1].endswith(told)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        ([], "no problems in 31 notes"),
        (["missing-page"], "1 error in 31 notes"),
        (["missing-page", "bad-latex"], "2 errors in 31 notes"),
    ],
)
def test_summary(rules: list[str], told: str) -> None:
    found = [Diagnostic(rule, Q, Span(0, 0), "no") for rule in rules]
    assert list(render(found, {Q: ""}, "text", ReportOptions(Config(), 31)))[-1] == told


def test_order_is_by_path_position_and_rule() -> None:
    given_ = [("b", 0, "missing-page"), ("a", 2, "missing-page"), ("a", 1, "missing-page"), ("a", 1, "bad-latex")]
    found = [Diagnostic(rule, NoteId(path), Span(at, at + 1), "no") for path, at, rule in given_]
    lines = render(found, {NoteId("a"): "abc", NoteId("b"): "abc"}, "concise", ReportOptions(Config()))
    assert list(lines) == [
        "a:1:2: error[bad-latex] no",
        "a:1:2: error[missing-page] no",
        "a:1:3: error[missing-page] no",
        "b:1:1: error[missing-page] no",
    ]


def test_note_that_could_not_be_read_has_no_excerpt() -> None:
    found = Diagnostic("unreadable-note", Q, Span(0, 0), "the note can't be read")
    assert list(render([found], {}, "text", ReportOptions(Config(), 1)))[:3] == [
        "error[unreadable-note]: the note can't be read",
        " --> pages/Q.md:1:1",
        "",
    ]


def test_prefix() -> None:
    options = ReportOptions(Config(), prefix="kb/")
    assert list(render([about("x", "x")], {Q: "x"}, "concise", options)) == [
        "kb/pages/Q.md:1:1: error[missing-page] no"
    ]


def test_color_only_marks() -> None:
    text = "- см. [[нет]]\n"
    plain = report(text, about(text, "[[нет]]"))
    colored = list(render([about(text, "[[нет]]")], {Q: text}, "text", ReportOptions(Config(), 1, color=True)))
    assert plain != colored
    assert [_without_color(line) for line in colored] == plain


def _without_color(line: str) -> str:
    for code in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        line = line.replace(code, "")
    return line


@pytest.mark.parametrize(
    ("terminal", "variables", "wanted"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
    ],
)
def test_wants_color(terminal: bool, variables: dict[str, str], wanted: bool) -> None:
    assert wants_color(terminal, variables) is wanted


# ---------------------------------------------------------------- json, github


def test_json() -> None:
    text = "- а\n- см. [[нет]]\n"
    (line,) = report(text, about(text, "[[нет]]", "no", "do"), "json")
    assert json.loads(line) == {
        "rule": "missing-page",
        "severity": "error",
        "path": "pages/Q.md",
        "line": 2,
        "column": 7,
        "end_line": 2,
        "end_column": 14,
        "message": "no",
        "help": "do",
    }
    assert list(json.loads(line)) == "rule severity path line column end_line end_column message help".split()


def test_github() -> None:
    assert report("ab", about("ab", "b", "50 %\nx", "do\nthis"), "github") == [
        "::error file=pages/Q.md,line=1,col=2,endLine=1,endColumn=3,title=missing-page::50 %25%0Ax%0Ado%0Athis"
    ]


def test_github_paths_cannot_add_properties() -> None:
    note = NoteId("a,title=x::y%.md")
    (line,) = render([Diagnostic("missing-page", note, Span(0, 0), "no")], {}, "github", ReportOptions(Config()))
    assert line.startswith("::error file=a%2Ctitle=x%3A%3Ay%25.md,line=1,")


# ---------------------------------------------------------------- hostile text

NASTY = "\x1b[2J\x07\r\n::error file=x::y\x9b31m\u202e\u2066\u2028\u2029\x7f\ud800\ufeff\u200b\x00%0A\t"


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_text_is_shown_and_has_no_effect(form: Format) -> None:
    note = NoteId(f"pages/{NASTY}.md")
    found = Diagnostic("missing-page", note, Span(2, 5), NASTY, (Label(note, Span(0, 1), NASTY),), NASTY)
    lines = list(render([found], {note: NASTY * 2}, form, ReportOptions(Config(), 1)))
    assert not [char for line in lines for char in line if unicodedata.category(char)[0] in "CZ" and char != " "]
    assert [line for line in lines if line.startswith("::")] == (lines if form == "github" else [])
    assert "".join(lines).encode()


@given(st.text(), st.text(), st.tuples(st.integers(0, 50), st.integers(0, 50)), st.integers(0, 200))
def test_any_text_gives_clean_lines(text: str, message: str, place: tuple[int, int], width: int) -> None:
    span = Span(min(place[0], len(text)), min(sum(place), len(text)))
    for form in FORMATS:
        for line in report(text, Diagnostic("missing-page", Q, span, message), form, width):
            assert not [char for char in line if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")]


@given(st.text(), st.text())
def test_any_text_gives_documents(text: str, message: str) -> None:
    found = mended(text, text[:1], message)._replace(message=message)
    for form in ("sarif", "gitlab"):
        assert json.loads("\n".join(report(text, found, form)))
    assert ElementTree.fromstring("\n".join(report(text, found, "junit")))


def test_json_survives_any_text() -> None:
    (line,) = report("x", about("x", "x", NASTY), "json")
    assert json.loads(line)["message"] == NASTY


def test_many_hints_of_a_rule_are_counted_unless_they_were_asked_for() -> None:
    hints = [Diagnostic("orphan-page", A, Span(0, 0), "no other note mentions this page") for _ in range(6)]
    fault = Diagnostic("missing-page", A, Span(2, 7), "no page named «б»")
    shown = "\n".join(render([*hints, fault], {A: "- [[б]]"}, "text", ReportOptions(Config())))
    assert "error[missing-page]" in shown
    assert shown.count("orphan-page") == 2
    assert "info[orphan-page]: 6 places; kbtool check --select orphan-page shows them" in shown
    asked = render(hints, {A: ""}, "text", ReportOptions(Config(select=("orphan-page",))))
    assert "\n".join(asked).count("info[orphan-page]: no other note") == 6


@pytest.mark.parametrize(("number", "told"), [(200, False), (201, True)])
def test_a_report_of_very_many_problems_names_shorter_ones(number: int, told: bool) -> None:
    found = [about("- [[нет]]", "[[нет]]")] * number
    lines = list(render(found, {Q: "- [[нет]]"}, "text", ReportOptions(Config(), 1)))
    assert (lines[-3].startswith("many problems: `--statistics`")) is told
    assert lines[-1] == f"{number} errors in 1 note"
