"""Queries, macros, embeds and linked references as a page shows them, within bounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from kbtool import publish
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.render.context import Look
from kbtool.values import NoteId, Page, Source
from tests.rendering import Html, body, rendered, without_graph

UUID = "67a71ecf-a4e1-4d76-9d45-82f185cfb56b"
MACROS = (
    ("poem", "Rose is **$1**, violet's [[$2]]."),
    ("done", "{{query (and (task done) $1)}}"),
    ("twice", "{{twice}}{{twice}}"),
    ("frame", "<iframe src='$1'></iframe><b onclick='x()'>$1</b>"),
)


def page(sources: Mapping[str, str], today: date | None = None) -> Page:
    """`pages/a.md`, rendered with the macros above."""
    notes = {NoteId(path): Source(NoteId(path), text) for path, text in sources.items()}
    files = BaseFiles(notes, frozenset(), Config(), GraphSettings(macros=MACROS))
    made = publish.compiled(Kb().snapshot(files), {}, Look(today=today))
    return next(one for one in made.pages if one.path == "pages/a.md")


def shown(text: str, **others: str) -> Html:
    """The page of one note among others."""
    sources = {"pages/a.md": text} | {f"pages/{name}.md": other for name, other in others.items()}
    return Html(without_graph(page(sources).html))


# ---------------------------------------------------------------- results


def test_results_stand_by_page_with_links_to_their_blocks() -> None:
    html = shown("- {{query (task todo)}}", b=f"- TODO **раз**\n  id:: {UUID}\n\t- ниже\n- TODO два")
    assert f"../b/#{UUID}" in html.links()
    assert "2" in html.texts
    assert {"раз", "ниже", "два"} <= {text.strip() for text in html.texts}
    assert html.faults == []


def test_a_query_that_finds_nothing_says_so() -> None:
    assert "Ничего не найдено" in shown("- {{query (task todo)}}").text
    english = rendered({"pages/a.md": "- {{query (task todo)}}"}, Look(language="en"))["pages/a.md"]
    assert "Nothing found" in english.html


def test_an_empty_query_shows_nothing() -> None:
    assert "kb-query" not in body("- {{query}}")


def test_results_inside_results_are_shown_once() -> None:
    html = body("- {{query #x}}", b="- #x верх\n\t- #x низ")
    assert html.count("низ") == 1


def test_a_malformed_query_is_shown_with_what_is_wrong() -> None:
    html = shown("- {{query (taks todo)}}")
    assert html.of_class("kb-query--closed")
    assert [note["title"] for note in html.of_class("kb-query__note")] == ["no operator `taks`"]
    assert "Этот запрос не выполнен" in html.text
    assert "{{query (taks todo)}}" in html.text


def test_what_is_not_understood_is_shown_as_source() -> None:
    html = shown("- #+BEGIN_QUERY\n  {:query [:find (pull ?b [*]) :where [?b :block/nope _]]}\n  #+END_QUERY")
    assert ":block/nope` is not known" in html.of_class("kb-query__note")[0]["title"]
    assert "(pull ?b [*])" in html.text


def test_a_collapsed_query_is_folded_under_its_title() -> None:
    query = '{:title [:h2 "Задачи"] :query (task todo) :collapsed? true}'
    html = shown(f"- #+BEGIN_QUERY\n  {query}\n  #+END_QUERY", b="- TODO x")
    assert [tag for tag, _ in html.elements if tag in ("details", "summary")] == ["details", "summary"]
    assert "Задачи" in html.text


def test_the_results_of_a_collapsed_block_are_folded() -> None:
    html = body("- {{query (task todo)}}\n  collapsed:: true", b="- TODO дело")
    summary, _, content = html.partition("</summary>")
    assert "{{query (task todo)}}" in summary
    assert "дело" not in summary
    assert "дело" in content


def test_today_is_an_input() -> None:
    notes = {"pages/a.md": "- {{query (between today today)}}", "journals/2020_02_03.md": "- запись"}
    assert "запись" in page(notes, date(2020, 2, 3)).html
    assert "запись" not in page(notes, date(2020, 2, 4)).html


# ---------------------------------------------------------------- tables

BOOKS = {
    "b": "- Первая\n  type:: book\n  price:: 9.5\n- Вторая\n  type:: book\n  price:: 30\n- Третья\n  type:: book",
    "c": "type:: shelf\nauthor:: [[b]]\n\n- x",
}


def rows(html: Html, tag: str = "td") -> int:
    return sum(name == tag for name, _ in html.elements)


def test_a_table_has_the_chosen_columns_in_the_chosen_order() -> None:
    chosen = "query-properties:: [:page :price]\n  query-sort-by:: price\n  query-sort-desc:: true"
    html = shown(f"- query-table:: true\n  {chosen}\n  {{{{query (property type book)}}}}", **BOOKS)
    assert rows(html, "th") == 2
    assert html.text.index("30") < html.text.index("9.5")
    assert rows(html) == 6


def test_pages_are_a_table_with_their_properties() -> None:
    html = shown("- {{query (page-property type shelf)}}", **BOOKS)
    assert rows(html, "th") == 3
    assert html.links()["../c/"] == ""
    assert html.links()["../b/"] == "kb-link"


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("(sum :price)", "39.5"),
        ("(average :price)", "19.75"),
        ("(max :price)", "30"),
        ("(count :type)", "3"),
        ("(count result)", "3"),
        ("(sum (map (fn [x] (* (:price x) 2)) result))", "79"),
        ("(+ 1 (min :price))", "10.5"),
    ],
)
def test_functions_count_over_the_query_above(function: str, expected: str) -> None:
    html = shown(f"- {{{{query (property type book)}}}}\n\t- {{{{function {function}}}}}", **BOOKS)
    assert html.of_class("kb-sum")
    assert html.text.rstrip().endswith(expected)


def test_a_function_without_a_query_is_shown_as_source() -> None:
    assert "{{function (sum :price)}}" in shown("- {{function (sum :price)}}").text


# ---------------------------------------------------------------- macros


def test_a_macro_of_the_configuration_is_expanded_and_read() -> None:
    html = shown("- {{poem red, b}}", b="- x")
    assert ("strong", {}) in html.elements
    assert html.links()["../b/"] == "kb-link"


def test_an_expansion_is_no_reference() -> None:
    assert "kb-backlinks" not in page({"pages/a.md": "- x", "pages/b.md": "- {{poem red, a}}"}).html


def test_a_macro_of_html_stands_in_its_line_where_it_can() -> None:
    html = body("macro:: key <kbd>$1</kbd>\n\n- press {{key Esc}} now\n- {{frame x}}")
    assert "press <kbd>Esc</kbd> now" in html
    assert '<div class="kb-html"><div>x</div></div>' in body("macro:: box <div>$1</div>\n\n- {{box x}}")  # control


def test_where_no_elements_may_stand_html_gives_its_words() -> None:
    text = "macro:: box <div>$1</div>\n\n- ## press {{box Esc}} or <kbd>q</kbd>\n  collapsed:: true\n\t- inside"
    assert "press Esc or q" in shown(text).text
    assert "&lt;" not in body(text)


def test_a_macro_may_be_a_query() -> None:
    assert "сделано" in shown("- {{done #x}}", b="- DONE сделано #x\n- DONE другое").text


def test_the_page_may_declare_a_macro() -> None:
    assert "Привет, мир!" in shown("macro:: hi Привет, $1!\n\n- {{hi мир}}").text


def test_an_unknown_macro_is_shown_raw() -> None:
    assert "{{nope x}}" in shown("- {{nope x}}").text


def test_an_expansion_runs_nothing() -> None:
    html = page({"pages/a.md": "- {{frame https://example.org}}"}).html
    assert "<iframe" not in html
    assert "onclick" not in html
    assert "https://example.org" in html


@pytest.mark.parametrize(
    ("macro", "address"),
    [
        ("{{youtube abc}}", "https://www.youtube.com/watch?v=abc"),
        ("{{video https://example.org/x}}", "https://example.org/x"),
        ("{{tweet 12}}", "https://twitter.com/i/status/12"),
    ],
)
def test_films_are_links(macro: str, address: str) -> None:
    assert shown(f"- {macro}").links()[address] == "kb-external kb-bare"


def test_a_namespace_is_a_tree() -> None:
    html = shown("- {{namespace n}}", n="- x", n___a="- x", n___a___b="- x", n___c="- x")
    assert [href for href in html.links() if "/n/" in href] == ["../n/", "../n/a/", "../n/a/b/", "../n/c/"]
    assert html.faults == []


def test_cards_are_listed() -> None:
    html = shown("- {{cards #x}}\n- {{cards}}", b="- #card #x один\n- #card два\n- #x три")
    assert html.text.count("один") == 2
    assert html.text.count("два") == 1
    assert "три" not in html.text


ANSWER = '<details class="kb-answer"><summary>Ответ</summary><ul class="kb-outline">'


@pytest.mark.parametrize("asked", ["{{cards}}", "{{query #card}}"])
def test_answers_of_listed_cards_are_folded(asked: str) -> None:
    html = body(f"- {asked}", b="- вопрос #card\n\t- ответ\n- #card без ответа")
    assert html.count("kb-answer") == 1
    assert "ответ" in html.partition(ANSWER)[2].partition("</details>")[0]
    assert "kb-answer" not in body("- {{query #x}}", b="- вопрос #x\n\t- ответ")  # control


@pytest.mark.parametrize(("marker", "struck"), [("DONE", 1), ("CANCELED", 1), ("TODO", 0)])
@pytest.mark.parametrize(
    ("properties", "sign"), [("", "kb-quote__body kb-block--done"), ("\n  query-table:: true", "kb-done")]
)
def test_what_is_done_is_struck_out_in_results(marker: str, struck: int, properties: str, sign: str) -> None:
    html = body(f"- {{{{query #x}}}}{properties}", b=f"- {marker} дело #x")
    assert html.count(f'class="{sign}"') == struck
    assert "дело" in html


# ---------------------------------------------------------------- bounds


def test_embeds_that_double_are_bounded() -> None:
    notes = {f"pages/n{i}.md": f"- {{{{embed [[n{i + 1}]]}}}} {{{{embed [[n{i + 1}]]}}}}" for i in range(30)}
    made = rendered({"pages/a.md": "- {{embed [[n0]]}}", "pages/n30.md": "- конец"} | notes)
    assert max(len(one.html) for one in made.values()) < 100_000


def test_macros_that_double_are_bounded() -> None:
    assert len(page({"pages/a.md": "- {{twice}}"}).html) < 10_000


def test_a_page_embeds_itself_as_its_title() -> None:
    html = shown("- {{embed [[a]]}}\n- дальше")
    assert html.of_class("kb-embed--closed")
    assert html.text.count("дальше") == 1


def test_a_query_among_results_is_shown_as_source() -> None:
    html = shown("- {{query #x}}", b="- #x {{query #x}}")
    assert len(html.of_class("kb-query")) == 1
    assert "{{query #x}}" in html.text


def test_results_are_capped() -> None:
    html = shown("- {{query (task todo)}}", b="- TODO x\n" * 250)
    assert "ещё 150" in html.text


def test_anchors_stay_unique() -> None:
    html = shown(f"- {{{{query #x}}}}\n- {{{{query #x}}}}\n- #x раз\n  id:: {UUID}\n- {{{{embed (({UUID}))}}}}")
    assert len(html.ids) == len(set(html.ids))


# ---------------------------------------------------------------- linked references


def linked(sources: Mapping[str, str]) -> str:
    """The section of what links to `pages/a.md`."""
    return page(sources).html.partition('<section class="kb-backlinks"')[2]


@pytest.mark.parametrize(
    ("other", "there"),
    [
        ("- [[a]] x", True),
        ("- [[А-2]] x", True),
        ("- x\n  a:: 5", True),
        ("- #a x", True),
        ("- `[[a]]` x", False),
        ("- {{query [[a]]}} x", False),
        ("- [[a/b]] x", True),
    ],
)
def test_linked_references_are_what_blocks_mention_themselves(other: str, there: bool) -> None:
    found = linked({"pages/a.md": "alias:: А-2\n\n- own [[a]]", "pages/b.md": other})
    assert ("../b/" in found) is there
    assert "own" not in found


def test_linked_references_bring_what_is_below_them() -> None:
    found = linked({"pages/a.md": "- x", "pages/b.md": "- выше\n\t- [[a]]\n\t\t- ниже\n\t- рядом"})
    assert "ниже" in found
    assert '<p class="kb-quote__crumbs">выше</p>' in found
    assert "рядом" not in found


def test_tasks_are_references_to_the_page_of_their_marker() -> None:
    made = rendered({"pages/TODO.md": "- x", "pages/b.md": "- TODO дело"})["pages/TODO.md"]
    assert "дело" in made.html.partition("kb-backlinks")[2]


def test_a_block_that_is_referred_to_shows_how_often_and_where() -> None:
    html = shown(f"- раз\n  id:: {UUID}\n- два", b=f"- см. (({UUID}))\n- {{{{embed (({UUID}))}}}}")
    assert len(html.of_class("kb-quoted")) == 1
    assert sum(href.startswith("../b/#") for href in html.links()) == 2
