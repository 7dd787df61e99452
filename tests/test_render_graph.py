"""The graph's page and data: what is linked with what, in a file and in words, and nothing that is not published."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kbtool import publish
from kbtool.front import stylesheet
from kbtool.kb import Kb
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from tests.rendering import Html, rendered, snapshot

LINKED = {
    "pages/a.md": "- [[b]] and [[b]] #c",
    "pages/b.md": "- ((67a71ecf-a4e1-4d76-9d45-82f185cfb56b))",
    "pages/c.md": "- text\n  id:: 67a71ecf-a4e1-4d76-9d45-82f185cfb56b\n- [[c]] itself",
    "pages/alone.md": "- x",
}


def site(sources: dict[str, str], look: Look | None = None) -> SiteInput:
    return publish.compiled(Kb().snapshot(snapshot(sources)), {}, look or Look())


def data(made: SiteInput) -> Any:
    (file,) = (file for file in made.files if file.path == "assets/kb/graph.json")
    return json.loads(file.text)


def links(graph: Any) -> set[tuple[str, str]]:
    names = graph["names"]
    return {(names[one], names[other]) for one, others in enumerate(graph["links"]) for other in others}


def test_data_hold_links_of_every_kind_once() -> None:
    graph = data(site(LINKED))
    assert {frozenset(pair) for pair in links(graph)} == {frozenset("ab"), frozenset("ac"), frozenset("bc")}
    assert graph["slugs"] == ["a", "alone", "b", "c"]
    assert {len(graph[column]) for column in ("names", "slugs", "x", "y", "groups", "links")} == {4}


def test_names_that_are_not_written_come_last() -> None:
    graph = data(site({**LINKED, "pages/alone.md": "- [[Zero]] [[zero]] #One"}))
    assert graph["names"][graph["written"] :] == ["Zero", "One"]
    assert links(graph) >= {("alone", "Zero"), ("alone", "One")}


def test_a_page_is_linked_with_its_namespace() -> None:
    written = {"pages/n.md": "- x", "pages/n___a.md": "- x", "pages/m___b___c.md": "- x"}
    assert links(data(site(written))) == {("n", "n/a"), ("m/b/c", "m/b")}


def test_days_of_the_journal_are_told_apart() -> None:
    graph = data(site({**LINKED, "journals/2026_01_02.md": "- [[a]]"}))
    assert [graph["names"][at] for at in graph["journals"]] == [graph["names"][0]]
    assert "2026" in graph["names"][0] or "2nd" in graph["names"][0]


def test_code_that_imports_is_linked() -> None:
    sources = {
        "pages/tools.md": "- ```python export\n  def f(): ...\n  ```",
        "pages/user.md": "- ```python\n  from kb import tools\n  ```",
    }
    without = {**sources, "pages/user.md": "- ```python\n  import math\n  ```"}
    assert links(data(site(sources))) == {("tools", "user")}
    assert links(data(site(without))) == set()


def test_unpublished_pages_are_not_there() -> None:
    private = {**LINKED, "pages/c.md": "public:: false\n\n- text\n  id:: 67a71ecf-a4e1-4d76-9d45-82f185cfb56b\n- [[a]]"}
    made = site(private)
    assert data(made)["names"] == ["a", "alone", "b"]
    assert data(made)["written"] == 3
    assert links(data(made)) == {("a", "b")}
    page = next(page for page in made.pages if page.slug == "graph")
    assert 'href="../c/"' not in page.html
    assert 'href="../b/"' in page.html


def test_page_lists_hubs_with_their_neighbours() -> None:
    html = Html(rendered(LINKED)["graph"].html)
    assert html.faults == []
    assert list(html.links()) == ["../a/", "../b/", "../c/"]
    (drawing,) = html.of_class("kb-graph")
    assert drawing["data-graph"] == "../assets/kb/graph.json"


def test_words_of_the_page_do_not_grow_with_the_base() -> None:
    def pages(count: int) -> dict[str, str]:
        others = {f"pages/p{at:04}.md": f"- [[hub{at % 50:02}]] [[p{at // 2:04}]]" for at in range(count)}
        return {**others, **{f"pages/hub{at:02}.md": "- x" for at in range(50)}}

    few, many = (rendered(pages(count))["graph"].html for count in (800, 1600))
    assert abs(len(many) - len(few)) < 200
    assert len(many) > 10_000


def test_pages_say_where_the_graph_is() -> None:
    (local,) = Html(rendered(LINKED, Look(directory_urls=False))["pages/a.md"].html).of_class("kb-local")
    assert (local["data-near"], local["data-slug"]) == ("assets/kb/near/index.json", "a")


def test_the_list_of_all_pages_leads_to_the_graph() -> None:
    assert "../graph/" in Html(rendered(LINKED)["all"].html).links()


def test_a_note_called_graph_stands_elsewhere() -> None:
    found = rendered({"pages/graph.md": "- x"})
    assert found["pages/graph.md"].slug == "graph-2"
    assert found["graph"].path == ""


def test_names_are_data_in_the_file_and_text_on_the_page() -> None:
    sources = {"pages/a.md": "title:: <img src=x onerror=hit()>\n\n- [[b]]", "pages/b.md": "- x"}
    made = site(sources)
    assert "<img src=x onerror=hit()>" in data(made)["names"]
    page = next(page for page in made.pages if page.slug == "graph")
    assert "<img" not in page.html
    assert "&lt;img" in page.html


def test_an_empty_graph_is_a_page_without_a_list() -> None:
    made = rendered({"pages/a.md": "- x"})
    assert "kb-hubs" not in made["graph"].html


def test_data_say_how_pages_are_addressed() -> None:
    assert data(site(LINKED))["folders"] is True
    assert data(site(LINKED, Look(directory_urls=False)))["folders"] is False


def luminance(colour: str) -> float:
    """Of a colour as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(("scheme", "ground"), [("", "#ffffff"), ('="slate"', "#171a21")])
def test_dots_stand_out_from_the_ground(scheme: str, ground: str) -> None:
    rules = stylesheet().split("/* ---- graphs")[1].split(f"[data-md-color-scheme{scheme}] {{")[1].split("}")[0]
    colours = [line.split(": ")[1].rstrip(";") for line in rules.splitlines() if "--kb-group-" in line]
    assert len(colours) == 11
    for colour in colours:
        light, dark = sorted((luminance(colour), luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 3, colour
