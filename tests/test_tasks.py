"""Tasks: their dates, repeaters and hours."""

from __future__ import annotations

import pytest

from kbtool.syntax.parse import parse
from kbtool.tasks import Moment, Repeater, Task, clocked, read_moment, task
from kbtool.values import NoteId, Source

DAY = Moment(20240501, "", None)


def first(text: str) -> Task:
    return task(text, parse(Source(NoteId("a.md"), text)).blocks[0])


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("<2024-05-01 Wed>", DAY),
        ("[2024-05-01 Wed]", DAY),
        ("<2024-05-01 Wed 10:00>", Moment(20240501, "10:00", None)),
        ("<2024-05-01 Wed +2d>", Moment(20240501, "", Repeater("+", 2, "d"))),
        ("<2024-05-01 Wed 9:30 ++1y>", Moment(20240501, "9:30", Repeater("++", 1, "y"))),
        ("<2024-05-01 Wed .+12h>", Moment(20240501, "", Repeater(".+", 12, "h"))),
        ("<2024-02-30 Fri>", None),
        ("<2024-05-01>", None),
    ],
)
def test_moments(text: str, moment: Moment | None) -> None:
    assert read_moment(text) == moment


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("- TODO [#A] x\n  SCHEDULED: <2024-05-01 Wed>", Task("TODO", "A", DAY, None)),
        ("- x\n  deadline: <2024-05-01 Wed>", Task("", "", None, DAY)),
        ("- x\n  SCHEDULED: <2024-05-01 Wed> DEADLINE: <2024-05-01 Wed>", Task("", "", DAY, DAY)),
        ("- x\n  k:: v\n  DEADLINE: <2024-05-01 Wed> see [[X]]", Task("", "", None, DAY)),
        ("- x\n  ```\n  c\n  ```\n  DEADLINE: <2024-05-01 Wed>", Task("", "", None, DAY)),
        # Decoration: in the first line, below a line of text, without an English weekday.
        ("- x DEADLINE: <2024-05-01 Wed>", Task("", "", None, None)),
        ("- x\n  text\n  DEADLINE: <2024-05-01 Wed>", Task("", "", None, None)),
        ("- x\n  DEADLINE: <2024-05-01 Ср>", Task("", "", None, None)),
        ("- x\n  DEADLINE: <2024-05-01>", Task("", "", None, None)),
        ("- IN-PROGRESS x", Task("IN-PROGRESS", "", None, None)),
        ("- TODO\n", Task("", "", None, None)),
        ("- todo x", Task("", "", None, None)),
    ],
)
def test_what_a_block_says_as_a_task(text: str, found: Task) -> None:
    assert first(text) == found


def test_hours_of_a_logbook() -> None:
    book = "- x\n  :LOGBOOK:\n  CLOCK: [a]--[b] =>  01:02:03\n  CLOCK: [a]\n  CLOCK: [c]--[d] => 00:00:57\n  :END:"
    assert clocked(book, parse(Source(NoteId("a.md"), book)).blocks[0]) == 3_780
