"""Advanced queries: Datalog over Logseq's attributes, what is not understood, and what bounds it."""

from __future__ import annotations

import pytest

from kbtool.queries.attributes import VALUES
from kbtool.queries.terms import ATTRIBUTES
from tests.asking import answer, found, place

NOTES = {
    "pages/page1.md": (
        "foo:: bar\ntags:: [[ml]]\nalias:: p1\n\n- NOW b1 [[ml]]\n- TODO [#A] b2\n\t- inside\n\t- LATER b3\n- b3\n"
        "- TODO due\n  DEADLINE: <2023-01-03 Tue>\n  rating:: 4\n  kind:: [[book]], [[old]]"
    ),
    "journals/2023_01_01.md": "- TODO day",
    "pages/ns___x.md": "- [[p1]] x",
}


def where(clauses: str, rest: str = "") -> str:
    return f"{{:query [:find (pull ?b [*]) :in $ % :where {clauses}] {rest}}}"


@pytest.mark.parametrize(
    ("clauses", "expected"),
    [
        ('[?b :block/marker "NOW"]', "NOW b1 [[ml]]"),
        ('[?b :block/marker ?m] [(= ?m "LATER")]', "LATER b3"),
        ('[?b :block/content ?c] [(clojure.string/ends-with? ?c "b3")]', "LATER b3|b3"),
        ('(block-content ?b "b") (task ?b #{"LATER"})', "LATER b3"),
        ('[?b :block/marker "TODO"] (not [?b :block/priority _])', "TODO day|TODO due"),
        (
            '(or (task ?b #{"NOW"}) (and [?b :block/priority "A"] [?b :block/marker "TODO"]))',
            "NOW b1 [[ml]]|TODO [#A] b2",
        ),
        ('[?p :block/content ?c] [(clojure.string/includes? ?c "b2")] [?b :block/parent ?p]', "inside|LATER b3"),
        ('[?x :block/name "ml"] [?b :block/refs ?x]', "foo:: bar|NOW b1 [[ml]]"),
        ('[?b :block/refs [:block/name "ml"]] [?b :block/marker _]', "NOW b1 [[ml]]"),
        ("[?b :block/page ?p] [?p :block/journal? true]", "TODO day"),
        ("(between ?b 20221231 20230101)", "TODO day"),
        ("[?b :block/deadline ?d] [(> ?d 20230101)] [(< ?d 20230108)]", "TODO due"),
        ("[?b :block/properties ?own] [(get ?own :rating) ?r] [(>= ?r 4)]", "TODO due"),
        ("(property ?b :rating 4)", "TODO due"),
        ('(property ?b :kind "book")', "TODO due"),
        ('[?b :block/properties ?own] [(get ?own :kind) ?k] [(= ?k "[[Book]]")]', "TODO due"),
        ('[?b :block/properties ?own] [(get ?own :kind) ?k] [(contains? ?k "old")]', "TODO due"),
        ('[?b :block/path-refs [:block/name "ml"]] [?b :block/priority "A"]', ""),
        ('(page-ref ?b "ml")', "foo:: bar|NOW b1 [[ml]]"),
        ("[?b :block/name] [?b :block/tags ?t]", "page1"),
        ('(page-property ?b :foo "bar")', "page1"),
        ("[?b :block/namespace ?n]", "ns/x"),
        ('[?a :block/name "p1"] [?b :block/alias ?a]', "page1"),
        ("(not-join [?b] [?b :block/content ?c] [(count ?c) ?n] [(> ?n 2)]) [?b :block/page _]", "b3"),
        ('(or-join [?b] (task ?b #{"NOW"}) (and [?b :block/deadline ?d] [(> ?d 1)]))', "NOW b1 [[ml]]|TODO due"),
        ('[(ground "NOW") ?m] [?b :block/marker ?m]', "NOW b1 [[ml]]"),
        ("[(missing? $ ?b :block/marker)] [?b :block/parent ?p] [?p :block/priority _]", "inside"),
        ('[?b :page/name "ns/x"]', "ns/x"),
    ],
)
def test_clauses(clauses: str, expected: str) -> None:
    assert "|".join(found(NOTES, where(clauses))) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            (
                "{:query [:find (pull ?b [*]) :in $ ?t % :where (block-content ?b ?t) (free ?b)]"
                ' :inputs ["b3" [[(free ?b) (not [?b :block/marker _])]]]}'
            ),
            "b3",
        ),
        (
            (
                '{:query [:find (pull ?b [*]) :in $ % :where (begins ?b "LA")]'
                " :rules [[(begins ?b ?s) [?b :block/content ?c] [(clojure.string/starts-with? ?c ?s)]]]}"
            ),
            "LATER b3",
        ),
        ('{:query [:find (pull ?b [*]) :in $ ?p :where (page ?b ?p)] :inputs ["[[Ns/X]]"]}', "[[p1]] x"),
        ("{:query [:find (pull ?b [*]) :in $ ?a ?b2 :where (between ?b ?a ?b2)] :inputs [:-1d :today]}", "TODO day"),
        (
            '{:query [:find (pull ?b [*]) :in $ [?m ...] :where [?b :block/marker ?m]] :inputs [["NOW" "LATER"]]}',
            "NOW b1 [[ml]]|LATER b3",
        ),
        ("{:query (and (task todo) (priority a))}", "TODO [#A] b2"),
        ('{:query "due"}', "TODO due"),
        ("[:find (pull ?b [*]) :where [?b :block/priority _]]", "TODO [#A] b2"),
        (
            (
                '{:query [:find (pull ?b [*]) :where [?b :block/marker "TODO"]]'
                ' :result-transform (fn [r] (sort-by (fn [b] (get b :block/priority "Z")) r))}'
            ),
            "TODO [#A] b2|TODO day|TODO due",
        ),
        (
            "{:query (task todo) :result-transform (fn [r] (->> r (sort-by :block/content) reverse (take 1)))}",
            "TODO due",
        ),
    ],
)
def test_inputs_rules_and_transforms(query: str, expected: str) -> None:
    assert "|".join(found(NOTES, query)) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [(":current-page", "NOW b1 [[ml]]|TODO [#A] b2"), (":query-page", "NOW b1 [[ml]]|TODO [#A] b2")],
)
def test_a_query_knows_its_page(word: str, expected: str) -> None:
    clauses = '(page ?b ?p) (task ?b #{"NOW" "TODO"}) (not [?b :block/deadline _])'
    query = f"{{:query [:find (pull ?b [*]) :in $ ?p :where {clauses}] :inputs [{word}]}}"
    assert "|".join(found(NOTES, query, page="page1")) == expected


def test_a_query_knows_its_block() -> None:
    query = "{:query [:find (pull ?b [*]) :in $ ?me :where [?b :block/parent ?me]] :inputs [:current-block]}"
    assert found(NOTES, query, block=place("pages/page1.md", 2)) == ["inside", "LATER b3"]


@pytest.mark.parametrize(
    ("find", "expected"),
    [
        ("(count ?b)", ((5,),)),
        ("?m (count ?b)", (("LATER", 1), ("NOW", 1), ("TODO", 3))),
        ("?m", (("LATER",), ("NOW",), ("TODO",))),
        ("[?m ...]", (("LATER",), ("NOW",), ("TODO",))),
    ],
)
def test_values_and_aggregates(find: str, expected: tuple[tuple[object, ...], ...]) -> None:
    assert answer(NOTES, f"[:find {find} :where [?b :block/marker ?m]]").values == expected


def test_results_inside_results_are_shown_with_these() -> None:
    notes = {"pages/a.md": "- TODO x\n\t- TODO y"}
    assert found(notes, "{:query (task todo)}") == ["TODO x"]
    apart = "{:query (task todo) :remove-block-children? false :group-by-page? false}"
    assert found(notes, apart) == ["TODO x", "TODO y"]


# ---------------------------------------------------------------- what is not understood


@pytest.mark.parametrize(
    ("query", "kind", "at"),
    [
        (where("[?b :block/markr _]"), "unknown", ":block/markr"),
        (where("[?b :block/content ?c] [(re-find ?c ?c)]"), "unknown", "re-find"),
        (where("[?b ?a ?v]"), "unknown", "?a"),
        ("{:query [:find (pull ?b [*]) (rand 5 ?b) :where [?b :block/marker]]}", "unknown", "(rand 5 ?b)"),
        ("{:query (task todo) :view :pprint}", "note", ":pprint"),
        ("{:query (task todo) :titel 1}", "note", ":titel"),
        ("{:query (task todo)} ]", "note", "]"),
        (where("(taks ?b 1)"), "bad", "taks"),
        (where('(clojure.string/includes? ?b "x")'), "bad", "clojure.string/includes?"),
        (
            "{:query [:find (pull ?x [*]) :where [?b :block/marker]]}",
            "bad",
            "[:find (pull ?x [*]) :where [?b :block/marker]]",
        ),
        ("{:query [:find ?b :in $ ?x :where [?b :block/marker ?x]]}", "bad", "?x"),
        ("{:title 1}", "bad", "{:title 1}"),
        ("{:query (task todo) :title}", "bad", ":title"),
        (
            where("(or [?b :block/marker] [?b :block/parent ?p])"),
            "bad",
            "(or [?b :block/marker] [?b :block/parent ?p])",
        ),
    ],
)
def test_what_is_not_understood_is_said_at_its_place(query: str, kind: str, at: str) -> None:
    fault = answer(NOTES, query).faults[0]
    assert (fault.kind, query[fault.span.start : fault.span.end]) == (kind, at)


def test_nothing_is_found_where_a_clause_was_not_understood() -> None:
    assert answer(NOTES, where("[?b :block/marker _] [?b :block/nope _]")).entities == ()


def test_too_many_combinations_stop_a_query() -> None:
    notes = {"pages/a.md": "- x\n" * 1000}
    query = where("[?b :block/uuid ?x] [?c :block/uuid ?y] [(not= ?x ?y)]")
    assert [fault.message for fault in answer(notes, query).faults] == [
        "the query goes through too many combinations and was stopped"
    ]


def test_rules_that_call_themselves_end() -> None:
    rules = ":rules [[(up ?b ?a) [?b :block/parent ?a]] [(up ?b ?a) [?b :block/parent ?c] (up ?c ?a)]]"
    notes = {"pages/a.md": "- TODO top\n\t- mid\n\t\t- low\n- other"}
    query = where(
        '[?a :block/marker "TODO"] (up ?b ?a)', rules + " :remove-block-children? false :group-by-page? false"
    )
    assert found(notes, query) == ["mid", "low"]
    assert found(notes, where("(r ?b)", ":rules [[(r ?b) (r ?b)]]")) == []


def test_every_attribute_has_values() -> None:
    assert tuple(VALUES) == ATTRIBUTES
