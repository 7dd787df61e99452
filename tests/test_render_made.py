"""Pages that no note is: unwritten names, tags, all references; namespaces, and what references are filtered by."""

from __future__ import annotations

from urllib.parse import unquote

from kbtool.values import Page
from tests.rendering import Html, rendered


def pages(**notes: str) -> dict[str, Page]:
    return rendered({f"pages/{name}.md": text for name, text in notes.items()})


def test_a_name_without_a_page_lists_what_mentions_it() -> None:
    made = pages(a="- раздел\n\t- здесь [[Нет такой]] названа", b="- x")
    assert "../нет-такой/" in unquoted(made["pages/a.md"])
    ghost = Html(made["нет-такой"].html)
    assert ghost.faults == []
    assert "Нет такой" in ghost.text
    assert "здесь" in ghost.text
    assert "раздел" in ghost.text
    assert "нет-такой" not in pages(a="- x")


def unquoted(page: Page) -> list[str]:
    return [unquote(href) for href in Html(page.html).links()]


def test_a_tag_without_a_page_has_its_tagged_pages() -> None:
    made = pages(a="tags:: метка\n\n- x", b="- y #метка")
    ghost = Html(made["метка"].html)
    assert "Отмечено этой страницей" in ghost.text
    assert set("ab") <= set(ghost.texts)
    tags = Html(made["tags"].html)
    assert "метка 2" in tags.text
    assert "../метка/" in unquoted(made["tags"])


def test_a_written_page_keeps_its_place() -> None:
    made = rendered({"pages/a.md": "- [[c d]]", "pages/c-d.md": "- x"})
    assert made["pages/c-d.md"].slug == "c-d"
    assert "c-d-2" in made


def test_a_hidden_page_has_no_page_of_its_name() -> None:
    made = pages(a="- [[b]] [[c]]", b="public:: false\n\n- [[d]]")
    assert "c" in made
    assert not made.keys() & {"pages/b.md", "b", "d"}


def test_a_namespace_lists_the_pages_inside() -> None:
    made = rendered({"pages/о.md": "- x", "pages/о___п.md": "- y", "pages/о___п___р.md": "- z"})
    inside = made["pages/о.md"].html.partition("kb-inside")[2]
    assert "р/" not in unquote(inside)
    assert "о/п/" in unquote(inside)
    assert "kb-inside" not in made["pages/о___п___р.md"].html


def test_a_namespace_without_a_page_has_one_that_lists() -> None:
    made = rendered({"pages/о___п.md": "- y"})
    assert "п" in made["о"].html.partition("kb-inside")[2]
    assert "kb-crumbs" in made["pages/о___п.md"].html
    assert "../../о/" in unquoted(made["pages/о___п.md"])


def test_references_are_filtered_by_what_is_mentioned_beside() -> None:
    quoting = {f"q{i}": f"- [[a]] с [[{'x' if i < 2 else 'y'}]]" for i in range(4)}
    html = Html(pages(a="- t", **quoting)["pages/a.md"].html)
    chips = {one["data-ref"]: one for one in html.of_class("kb-chip") if "data-ref" in one}
    assert len(chips) == 6
    assert "hidden" in html.of_class("kb-filter")[0]
    quotes = [set(one["data-refs"].split()) & chips.keys() for one in html.of_class("kb-quote")]
    assert [len(quotes[one] & quotes[other]) for one, other in ((0, 1), (2, 3), (1, 2))] == [1, 1, 0]
    few = pages(a="- t", q="- [[a]] [[x]]", r="- [[a]] [[y]]")["pages/a.md"].html
    assert "kb-filter" not in few


def test_a_pages_own_filters_are_set() -> None:
    quoting = {f"q{i}": f"- [[a]] с [[{'X y' if i < 2 else 'z'}]]" for i in range(4)}
    text = 'filters:: {"x Y" true, "Z" false, "nowhere" true}\n\n- t'
    html = Html(pages(a=text, **quoting)["pages/a.md"].html)
    states = {one["data-ref"]: one.get("data-state") for one in html.of_class("kb-chip") if "data-ref" in one}
    assert sorted(states.values(), key=str) == [None] * 4 + ["in", "out"]
    plain = Html(pages(a="filters:: {x\n\n- t", **quoting)["pages/a.md"].html)
    assert not any(one.get("data-state") for one in plain.of_class("kb-chip"))


def test_more_references_than_a_page_holds_have_pages_of_their_own() -> None:
    quoting = {f"q{i:03}": "- [[a]] раз\n- [[a]] два" for i in range(100)}
    made = pages(a="- t", **quoting)
    under = made["pages/a.md"].html
    assert under.count('class="kb-quote"') == 80
    assert "-references/" in under
    rest = [made["a/-references"], made["a/-references-2"]]
    assert [one.html.count('class="kb-quote"') for one in rest] == [150, 50]
    assert Html(rest[0].html).faults == []
    assert ">100<" in rest[1].html  # of the whole, not of the part


def test_what_is_counted_beside_is_of_all_references() -> None:
    quoting = {f"q{i:03}": f"- [[a]] с [[{'x' if i % 2 else 'y'}]]" for i in range(90)}
    made = pages(a="- t", **quoting)
    assert made["pages/a.md"].html.count('class="kb-quote"') == 40
    assert made["pages/a.md"].html.count('<span class="kb-count">45</span>') == 2
    chips = {one["data-ref"] for one in Html(made["pages/a.md"].html).of_class("kb-chip") if "data-ref" in one}
    quotes = [set(one["data-refs"].split()) for one in Html(made["a/-references"].html).of_class("kb-quote")]
    assert sum(bool(marks & chips) for marks in quotes) == 90  # a filter of the page holds for those of the others


def test_few_references_have_no_pages_of_their_own() -> None:
    few = pages(a="- t", q="- [[a]]")
    assert "a/-references" not in few
    assert "-references/" not in few["pages/a.md"].html


def test_pages_come_before_journals_and_new_journals_first() -> None:
    made = rendered(
        {
            "pages/a.md": "- t",
            "journals/2026_01_01.md": "- [[a]]",
            "journals/2026_01_02.md": "- [[a]]",
            "pages/z.md": "- [[a]]",
        }
    )
    section = made["pages/a.md"].html.rpartition("</button>")[2]
    places = [section.index(name) for name in (">z<", "Jan 2nd", "Jan 1st")]
    assert places == sorted(places)
