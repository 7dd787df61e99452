"""Comments that silence rules: how far they reach, what of them is unused, and how they are taken out."""

from __future__ import annotations

import pytest

from kbtool.config import Config, GraphSettings
from kbtool.edits import changes
from kbtool.kb import check_sources
from kbtool.rules import RuleSetting
from kbtool.values import Diagnostic, NoteId, Source

A = NoteId("pages/a.md")


def found(text: str, config: Config | None = None) -> tuple[Diagnostic, ...]:
    # A base of one note has no links between notes.
    given = config or Config()
    quiet = given._replace(ignore=(*given.ignore, "orphan-page", "dead-end", "byte-order-mark"))
    return check_sources({A: text}, frozenset(), quiet, GraphSettings())


def told(text: str, config: Config | None = None) -> list[tuple[str, str]]:
    """Rule and marked text of each diagnostic."""
    return [(one.rule, text[one.span.start : one.span.end]) for one in found(text, config)]


def without_unused(text: str) -> str:
    """The text after the fix of its only `unused-suppression`."""
    (one,) = [one for one in found(text) if one.rule == "unused-suppression"]
    assert one.fix
    assert one.fix.safe
    return changes(one.fix.edits, {A: Source(A, text)})[0].new.decode()


# ---------------------------------------------------------------- reach


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("- [[нет1]] <!-- kbtool: ignore[missing-page] -->\n- [[нет2]]", ["[[нет2]]"]),
        ("- [[нет1]]\n  <!-- kbtool: ignore[missing-page] -->\n  [[нет2]]\n\t- [[нет3]]", ["[[нет3]]"]),
        ("- a\n\t- [[нет1]] <!-- kbtool: ignore[missing-page] -->\n- [[нет2]]", ["[[нет2]]"]),
        ("- [[нет1]]\n- <!-- kbtool: ignore-file[missing-page] -->\n\t- [[нет2]]", []),
        ("<!-- kbtool: ignore-file[missing-page] -->\n- [[нет1]]", []),
        ("tags:: нет1\n<!-- kbtool: ignore[missing-page] -->\n\n- [[нет2]]", ["[[нет2]]"]),
        ("- [[нет1]] **жирно** <!--kbtool:ignore[ bad-latex ,missing-page ]: позже-->", []),
        ("- > [[нет1]] <!-- kbtool: ignore[missing-page] — цитата -->", []),
        ("- | [[нет1]] <!-- kbtool: ignore[missing-page] --> |", []),
        ("- [[нет1]]\n  <!-- kbtool: ignore[missing-page]\n  на двух строках -->", []),
        ("- [[нет1]] <!-- kbtool: ignore[missing-page] --># [[нет2]]", []),
        ("# [[нет1]] <!-- kbtool: ignore[missing-page] -->\n- [[нет2]]", ["[[нет2]]"]),
    ],
)
def test_comment_silences_its_block_or_its_note(text: str, left: list[str]) -> None:
    assert [part for rule, part in told(text) if rule == "missing-page"] == left


@pytest.mark.parametrize(
    "comment",
    [
        "`<!-- kbtool: ignore[missing-page] -->`",
        "$<!-- kbtool: ignore[missing-page] -->$",
        "\n  ```\n  <!-- kbtool: ignore[missing-page] -->\n  ```",
        "\n  #+BEGIN_SRC html\n  <!-- kbtool: ignore[missing-page] -->\n  #+END_SRC",
        "kbtool: ignore[missing-page]",
        "# kbtool: ignore[missing-page]",
        "<!-- kbtool ignore[missing-page] -->",
        "<!-- не kbtool: ignore[missing-page] -->",
    ],
)
def test_what_is_shown_silences_nothing(comment: str) -> None:
    assert told(f"- [[нет1]] {comment}") == [("missing-page", "[[нет1]]")]


def test_comment_in_code_silences_its_line() -> None:
    text = (
        "- ```python\n  a = x1  # type: ignore  # kbtool: ignore[undefined-name]: набросок\n"
        "  b = x2\n  s = '# kbtool: ignore[undefined-name]'; c = x3\n  ```"
    )
    assert told(text) == [("undefined-name", "x2"), ("undefined-name", "x3")]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_syntax_error_can_be_silenced_on_its_line(end: str) -> None:
    text = end.join(["- ```python", "  a = = 1  # kbtool: ignore[python-syntax]", "  ```"])
    assert told(text) == []
    assert [rule for rule, _ in told(text.replace("ignore[", "x["))] == ["python-syntax", "bad-suppression"]


# ---------------------------------------------------------------- unused


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("- a <!-- kbtool: ignore[bad-latex] -->\n- b", "- a\n- b"),
        ("- a <!-- kbtool: ignore[bad-latex] -->  \r\n- b", "- a\r\n- b"),
        ("- a <!-- kbtool: ignore[bad-latex] --> b", "- a b"),
        ("- a\n  <!-- kbtool: ignore[bad-latex] -->\n  b", "- a\n  b"),
        ("- a\r\n  <!-- kbtool: ignore[bad-latex] -->\r\n  b", "- a\r\n  b"),
        ("- <!-- kbtool: ignore[bad-latex] -->\n- b", "- b"),
        ("- a\n- <!-- kbtool: ignore[bad-latex] -->", "- a"),
        ("- a\r\n- <!-- kbtool: ignore[bad-latex] -->", "- a"),
        ("- <!-- kbtool: ignore[bad-latex] -->\n\t- b", "-\n\t- b"),
        ("- a\n  > b\n  > <!-- kbtool: ignore[bad-latex] -->\n", "- a\n  > b\n"),
        ("\ufeff- a <!-- kbtool: ignore-file[bad-latex] -->\n- b", "\ufeff- a\n- b"),
        ("- | a <!-- kbtool: ignore[bad-latex] --> |", "- | a |"),
        ("- ```python\n\tx = 1  # kbtool: ignore[undefined-name]\n  ```", "- ```python\n\tx = 1\n  ```"),
        ("- ```python\n  # kbtool: ignore[undefined-name]\n  x = 1\n  ```", "- ```python\n  x = 1\n  ```"),
        (
            "- ```python\n  x = 1 # type: ignore # kbtool: ignore[undefined-name]\n  ```",
            "- ```python\n  x = 1 # type: ignore\n  ```",
        ),
    ],
)
def test_unused_comment_goes_without_litter(text: str, after: str) -> None:
    assert without_unused(text) == after
    assert told(after) == []


@pytest.mark.parametrize(
    ("names", "left"),
    [
        ("bad-latex, missing-page", "missing-page"),
        ("missing-page, bad-latex", "missing-page"),
        ("missing-page,bad-latex , missing-asset", "missing-page,missing-asset"),
    ],
)
def test_only_the_unused_name_goes(names: str, left: str) -> None:
    text = f"- [[нет1]] ![](../assets/x.png) <!-- kbtool: ignore[{names}] -->"
    if "missing-asset" not in names:
        text = text.replace("![](../assets/x.png) ", "")
    assert without_unused(text) == text.replace(names, left)


@pytest.mark.parametrize(
    "text",
    [
        "- **a**<!-- kbtool: ignore[bad-latex] -->b",  # neighbours would touch
        "- <!-- kbtool: ignore[bad-latex] --> # b",  # would become a heading
        "- a\n  <!-- kbtool: ignore[bad-latex] --> id:: b",  # would become a property
    ],
)
def test_what_could_change_the_rest_is_no_safe_fix(text: str) -> None:
    (one,) = [one for one in found(text) if one.rule == "unused-suppression"]
    assert one.fix
    assert not one.fix.safe


def test_a_rule_that_check_cannot_judge_is_not_unused() -> None:
    assert told("- ```python\n  1 / 0  # kbtool: ignore[cell-failed]\n  ```") == []


def test_a_comment_for_a_rule_that_is_off_is_of_use() -> None:
    config = Config(rules=(RuleSetting("missing-page", "off"),))
    assert told("- [[нет1]] <!-- kbtool: ignore[missing-page] -->", config) == []


def test_unused_can_be_silenced_too() -> None:
    assert told("- a <!-- kbtool: ignore[bad-latex, unused-suppression] -->") == []
    text = "- a <!-- kbtool: ignore[unused-suppression] -->"
    assert [rule for rule, _ in told(text)] == ["unused-suppression"]


@pytest.mark.parametrize(
    ("comment", "marked", "message"),
    [
        ("<!-- kbtool: ignore -->", "<!-- kbtool: ignore -->", "needs a list"),
        ("<!-- kbtool: ignore[] -->", "<!-- kbtool: ignore[] -->", "needs a list"),
        ("<!-- kbtool: ignore[bad-latex -->", "<!-- kbtool: ignore[bad-latex -->", "needs a list"),
        ("<!-- kbtool: ignore-all[bad-latex] -->", "<!-- kbtool: ignore-all[bad-latex] -->", "knows no `ignore-all`"),
        ("<!-- kbtool: ignore[mising-page] -->", "mising-page", "no rule `mising-page`"),
        ("<!-- kbtool: ignore[all] -->", "all", "no rule `all`"),
    ],
)
def test_bad_suppression(comment: str, marked: str, message: str) -> None:
    text = f"- a {comment}"
    assert told(text) == [("bad-suppression", marked)]
    assert message in found(text)[0].message
