"""Simple queries by Logseq's rules; what its own tests expect is among the tables."""

from __future__ import annotations

from datetime import date

import pytest

from kbtool.config import GraphSettings
from kbtool.queries import dates
from kbtool.values import Span
from tests.asking import answer, asked, found, place

TASKS = {
    "pages/page1.md": "foo:: bar\n\n- NOW b1\n- TODO b2\n- LATER b3\n- LATER [#A] b4\n- LATER [#B] b5\n- [#c] b6",
}
NESTED = {
    "pages/page1.md": "foo:: bar\n\n- DONE b1 [[page 1]] [[page 3]]\n- DONE b2 [[page 1]]",
    "pages/page2.md": "foo:: bar\n\n- NOW b3 [[page 1]]\n- LATER b4 [[page 2]]",
}
TREE = {
    "pages/a.md": "- p1 [[Parent page]]\n\t- [[Child page]]\n\t\t- deep\n- p2 [[Parent page]]\n\t- plain\n- other #Тег",
    "pages/parent page.md": "- own",
}
PROPERTIES = {
    "journals/2022_02_28.md": (
        "a:: b\n\n- b1\n  prop-a:: val-a\n  prop-num:: 2000\n- b2\n  prop_a:: val-a\n  prop-b:: val-b\n"
        "- b3\n  prop-c:: [[page a]], [[page b]], [[page c]]\n  prop-linked-num:: [[3000]]\n  prop-d:: [[no-space]]\n"
        "- b4\n  prop-d:: nada\n- b5\n  hidden:: false"
    ),
}
PAGES = {
    "pages/page1.md": "parent:: [[child page 1]], [[child-no-space]]\ninteresting:: true\ntags:: [[t1]], t2",
    "pages/page2.md": "foo:: #bar\ninteresting:: false\ntags:: t2, [[T3]]",
    "pages/page3.md": "parent:: [[child page 1]], [[child page 2]]\nfoo:: bar\ninteresting:: false\nrating:: 8",
    "pages/page4.md": "parent:: [[child page 2]]\nfoo:: baz\nrating:: 10",
    "pages/ns1___x.md": "- x",
    "pages/ns1___x___y.md": "- y",
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(task now)", "NOW b1"),
        ("(task LATER)", "LATER b3|LATER [#A] b4|LATER [#B] b5"),
        ("(task now later)", "NOW b1|LATER b3|LATER [#A] b4|LATER [#B] b5"),
        ("(task [now todo])", "NOW b1|TODO b2"),
        ("(todo now)", "NOW b1"),
        ("(TASK now)", "NOW b1"),
        ("(priority a)", "LATER [#A] b4"),
        ("(priority [A b])", "LATER [#A] b4|LATER [#B] b5"),
        ("(priority c)", "[#c] b6"),
        ("(or (todo now) (and (todo later) (priority a)))", "NOW b1|LATER [#A] b4"),
        ("(and (todo later) (or (priority a) (priority b)))", "LATER [#A] b4|LATER [#B] b5"),
        ("(not (task now later todo))", "foo:: bar|[#c] b6"),
        ('"b3"', "LATER b3"),
        ('"B3"', ""),
        ("b3", "LATER b3"),
        ("B3", "LATER b3"),
        ('(and "b" (or "1" "2"))', "NOW b1|TODO b2"),
        ("(and (task todo))", "TODO b2"),
        ("(page page1)", "foo:: bar|NOW b1|TODO b2|LATER b3|LATER [#A] b4|LATER [#B] b5|[#c] b6"),
        ("(page nope)", ""),
        ("(task todo) table", "TODO b2"),
        ("", ""),
        ('""', ""),
        ("(and)", ""),
    ],
)
def test_tasks_priorities_and_texts(query: str, expected: str) -> None:
    assert "|".join(found(TASKS, query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(and (todo done) (not [[page 1]]))", set()),
        ("(and [[page 1]] (and [[page 3]] (not (task todo))))", {"DONE b1 [[page 1]] [[page 3]]"}),
        ("(and (todo now later) (or [[page 1]] [[page 2]]))", {"NOW b3 [[page 1]]", "LATER b4 [[page 2]]"}),
        (
            "(not (and (todo now later) (or [[page 1]] [[page 2]])))",
            {"foo:: bar", "DONE b1 [[page 1]] [[page 3]]", "DONE b2 [[page 1]]"},
        ),
        ("(or [[page 2]] [[nowhere]])", {"LATER b4 [[page 2]]"}),
        ("#foo", {"foo:: bar"}),
        ("[[done]]", {"DONE b1 [[page 1]] [[page 3]]", "DONE b2 [[page 1]]"}),
    ],
)
def test_operators_nest(query: str, expected: set[str]) -> None:
    assert set(found(NESTED, query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("[[Parent page]]", "p1 [[Parent page]]|[[Child page]]|deep|p2 [[Parent page]]|plain|own"),
        ("(and [[Parent page]] (not [[Child page]]))", "p1 [[Parent page]]|p2 [[Parent page]]|plain|own"),
        ("[[child PAGE]]", "[[Child page]]|deep"),
        ("#тег", "other #Тег"),
        ("#[[тег]]", "other #Тег"),
        ("[[parent]]", ""),
    ],
)
def test_mentions_are_inherited(query: str, expected: str) -> None:
    assert "|".join(found(TREE, query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(property prop-a val-a)", "b1|b2"),
        ("(property prop_a val-a)", "b1|b2"),
        ("(property :prop-b val-b)", "b2"),
        ('(property prop-c "page c")', "b3"),
        ("(property prop-c [[page c]])", "b3"),
        ('(and (property prop-c "page c") (property prop-c "page b"))', "b3"),
        ("(property prop-num 2000)", "b1"),
        ("(property prop-linked-num 3000)", "b3"),
        ("(property prop-d no-space)", "b3"),
        ("(property prop-d #no-space)", "b3"),
        ("(property prop-d)", "b3|b4"),
        ("(property hidden)", ""),
        ("(property hidden false)", "b5"),
        ("(property a b)", "a:: b"),
    ],
)
def test_properties_of_blocks(query: str, expected: str) -> None:
    assert "|".join(found(PROPERTIES, query)) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(page-property parent)", "page1|page3|page4"),
        ("(page-property parent [[child page 1]])", "page1|page3"),
        ('(page-property parent "child page 1")', "page1|page3"),
        ("(and (page-property parent [[child page 1]]) (page-property parent [[child page 2]]))", "page3"),
        ("(or (page-property parent [[child page 1]]) (page-property parent [[child page 2]]))", "page1|page3|page4"),
        ("(and (page-property parent [[child page 2]]) (not (page-property foo bar)))", "page4"),
        ("(and (not (page-property foo bar)) (page-property parent [[child page 2]]))", "page4"),
        ("(page-property interesting true)", "page1"),
        ("(page-property interesting false)", "page2|page3"),
        ("(page-tags [[t1]])", "page1"),
        ("(page-tags t1 T3)", "page1|page2"),
        ("(page-tags [t1 t3])", "page1|page2"),
        ("(all-page-tags)", "t1|t2|t3"),
        ("(namespace ns1)", "ns1/x"),
        ("(namespace [[NS1/x]])", "ns1/x/y"),
        ("(namespace blarg)", ""),
        ("(and (page-property rating) (sort-by rating))", "page4|page3"),
        ("(and (page-property rating) (sort-by rating asc))", "page3|page4"),
    ],
)
def test_filters_of_pages(query: str, expected: str) -> None:
    assert "|".join(found(PAGES, query)) == expected


# ---------------------------------------------------------------- order and number


FRUIT = {"pages/a.md": "- TODO one\n  fruit:: plum\n- TODO two\n  fruit:: apple\n- TODO none\n- TODO n\n  fruit:: 7"}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("fruit", "TODO one|TODO two|TODO n|TODO none"),
        ("fruit desc", "TODO one|TODO two|TODO n|TODO none"),
        ("fruit asc", "TODO n|TODO two|TODO one|TODO none"),
    ],
)
def test_sort_by_leaves_those_without_the_property_last(order: str, expected: str) -> None:
    assert "|".join(found(FRUIT, f"(and (task todo) (sort-by {order}))")) == expected


def test_journals_come_first_from_the_newest() -> None:
    sources = {"pages/a.md": "- #x a", "journals/2022_12_31.md": "- #x old", "journals/2023_01_01.md": "- #x new"}
    assert found(sources, "#x") == ["#x new", "#x old", "#x a"]


def test_a_sample_is_the_same_in_each_build() -> None:
    notes = {"pages/a.md": "".join(f"- TODO {i}\n" for i in range(100))}
    sample = found(notes, "(and (task todo) (sample 5))")
    assert sample == found(notes, "(and (task todo) (sample 5))")
    assert len(sample) == 5
    assert sample != found(notes, "(task todo)")[:5]


def test_the_block_that_asks_is_not_among_the_results() -> None:
    notes = {"pages/a.md": "- {{query [[x]]}} [[x]]\n- [[x]]"}
    assert found(notes, "[[x]]", block=place("pages/a.md", 0)) == ["[[x]]"]


# ---------------------------------------------------------------- days

DAYS = {f"journals/{day}.md": f"- {day}" for day in ("2022_12_25", "2022_12_31", "2023_01_01", "2023_01_02")}
DAYS |= {"pages/a.md": "- no day"}


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ("-1d today", "2023_01_01|2022_12_31"),
        ("today -1d", "2023_01_01|2022_12_31"),
        ("yesterday tomorrow", "2023_01_02|2023_01_01|2022_12_31"),
        ("-1w today", "2023_01_01|2022_12_31|2022_12_25"),
        ("-1m +1y", "2023_01_02|2023_01_01|2022_12_31|2022_12_25"),
        ("[[Dec 31st, 2022]] [[2023-01-01]]", "2023_01_01|2022_12_31"),
        ("<% 7 days ago %> <% yesterday %>", "2022_12_31|2022_12_25"),
    ],
)
def test_between_is_about_days_of_journals(days: str, expected: str) -> None:
    assert "|".join(found(DAYS, f"(between {days})")) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("(page <% today %>)", "2023_01_01"),
        ("[[2022-12-25]]", "2022_12_25"),
        ("(page <% current page %>)", "no day"),
        ("(page [[Jan 2nd, 2023]])", "2023_01_02"),
    ],
)
def test_days_are_pages_however_they_are_written(query: str, expected: str) -> None:
    assert "|".join(found(DAYS, query, page="a")) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("today", 20230101),
        ("yesterday", 20221231),
        ("-1y", 20220101),
        ("+1m", 20230201),
        ("today/+1d", 20230102),
        ("3d-before", 20221229),
        ("4d-after", 20230105),
        ("today-start", 1672531200000),
        ("today-1159", 1672574340000),
        ("today-9901", 1672614060000),
        ("-0d-ms", 1672531200000),
        ("+0d-ms", 1672617599999),
        ("end-of-today-ms", 1672617599999),
        ("+1d-23.45", None),
        ("-0d-abcd", None),
        ("soon", None),
    ],
)
def test_words_of_inputs(word: str, expected: int | None) -> None:
    assert dates.input_value(word, date(2023, 1, 1)) == expected


def test_months_end_where_they_end() -> None:
    assert dates.relative("+1m", date(2024, 1, 31)) == date(2024, 2, 29)
    assert dates.relative("-9999y", date(2024, 1, 31)) is None


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("query", "at", "advice"),
    [
        ("(and [[a]] (taks todo))", "taks", "did you mean `task`?"),
        ("(and [[a]] (tsk todo))", "tsk", "did you mean `task`?"),
        ("(and [[a]] (task todo)", "(", "add `)`"),
        ("(and [[a]]))", ")", "take it out"),
        ("(task todo) (task done)", "(task done)", "join them: `(and … …)` or `(or … …)`"),
        ("[Logseq]", "[Logseq]", "did you mean `[[Logseq]]`?"),
        (
            "(between -7x today)",
            "-7x",
            "write `today`, `yesterday`, `tomorrow`, `-7d`, `+2w`, `-1m`, `+1y` or `[[date]]`",
        ),
    ],
)
def test_a_fault_stands_at_its_place_and_offers_a_way_out(query: str, at: str, advice: str) -> None:
    (fault,) = answer(TASKS, query).faults
    assert query[fault.span.start : fault.span.end] == at
    assert fault.help == advice
    assert fault.kind == "bad"


def test_pages_and_blocks_mix_under_and_alone() -> None:
    made = asked(PAGES | TASKS, "(and (task now) (page-property foo bar))")
    assert [fault.kind for fault in made.answer.faults] == ["note"]
    assert made.names == ["NOW b1"]
    assert [fault.kind for fault in answer(PAGES, "(or (task now) (page-property foo bar))").faults] == ["bad"]


def test_depth_and_length_are_bounded() -> None:
    deep = answer(TASKS, "(not " * 500 + "[[a]]" + ")" * 500).faults
    assert "deep" in deep[0].message
    long = answer(TASKS, "(and " + "[[a]] " * 5000 + ")").faults
    assert "longer than" in long[0].message
    assert long[0].span == Span(0, len("(and " + "[[a]] " * 5000 + ")"))


def test_property_pages_may_be_switched_off() -> None:
    notes = {"pages/a.md": "- x\n  rating:: 5"}
    assert found(notes, "[[rating]]") == ["x"]
    assert asked(notes, "[[rating]]", GraphSettings(property_pages=False)).names == []
