"""What a page says of its results: state, provenance, and what differs; in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kbtool import publish
from kbtool.kb import Kb
from kbtool.outcomes import Difference, Observed, Output, Result, ResultState
from kbtool.render.context import Look
from kbtool.render.result_words import CHANGES, GAPS, PROVENANCE, REASONS, STATES, changed
from kbtool.render.words import Language
from kbtool.values import NoteId
from tests.rendering import Html, outcome, snapshot

NOTE = NoteId("pages/a.md")
TEXT = "- ```python\n  print(1)\n  ```\n- ```python\n  x = 2\n  ```\n- {{val x}}\n"
OUTCOME = outcome(("ok", (Output("stdout", "1"),)), ("ok", ()))[NOTE]


def page(result: Result, language: Language = "en", text: str = TEXT) -> Html:
    site = publish.compiled(Kb().snapshot(snapshot({NOTE: text})), {NOTE: result}, Look(language))
    return Html(next(one.html for one in site.pages if one.path == NOTE))


def result(state: ResultState) -> Result:
    return Result(state, None if state == "none" else OUTCOME, differences=(Difference("cell", "1"),))


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("state", ["fresh", "verified", "recorded", "stale", "failed", "none"])
def test_each_state_is_said_once_with_its_reason(state: ResultState, language: Language) -> None:
    found = page(result(state), language)
    assert found.faults == []
    assert [one["class"].split()[1] for one in found.of_class("kb-state__badge")] == [f"kb-state__badge--{state}"]
    assert REASONS[language][state] in found.text
    assert found.texts.count(STATES[language][state]) >= 1
    assert [one["class"] for one in found.of_class("kb-session")] == [f"kb-session kb-session--{state}"]


@pytest.mark.parametrize("table", [STATES, REASONS, CHANGES, PROVENANCE, GAPS])
def test_both_languages_say_everything(table: dict[str, dict[str, str]]) -> None:
    assert table["ru"].keys() == table["en"].keys()
    assert all(table["ru"].values())


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_difference_has_words(language: Language) -> None:
    told = [changed(CHANGES[language], (kind, "n", "o", "")) for kind in CHANGES[language]]
    assert [text for text in told if "{" in text] == []
    # One that nobody knows is named.
    assert changed(CHANGES[language], ("{strange}", "n", "o", "")) == "{strange} n"


def test_provenance_has_all_that_is_known() -> None:
    made = replace(OUTCOME.provenance, device="cuda:NVIDIA A40", packages=("numpy==2.4.6",))
    seen = Observed(gaps=("program", "network"))
    text = page(Result("recorded", replace(OUTCOME, provenance=made, observed=seen), seed=7)).text
    for said in ("cuda:NVIDIA A40", "2026-11-23 09:41 UTC", "1.2 s", "3.11.2 · Linux", "numpy 2.4.6", "Seed7"):
        assert said in text
    assert "Isolationnone" in text
    assert "not known in full: other programs, the network" in text
    # Control: a whole trace.
    assert "known in full" in page(Result("recorded", OUTCOME)).text
    assert "not known" not in page(Result("recorded", OUTCOME)).text


def test_it_stands_under_the_first_cell_that_runs() -> None:
    found = page(Result("fresh", OUTCOME), text="- ```python norun\n  x\n  ```\n" + TEXT)
    cells = [one["class"] for one in found.of_class("kb-cell")]
    assert cells[0] == "kb-cell kb-cell--norun"
    places = [at for at, (_, given) in enumerate(found.elements) if given.get("class", "").startswith("kb-cell kb-")]
    (state,) = [at for at, (_, given) in enumerate(found.elements) if given.get("class") == "kb-state"]
    assert places[1] < state < places[2]


def test_only_what_is_stale_marks_every_cell_and_value() -> None:
    values = (("x", "2", 2.0),)
    cells = (OUTCOME.cells[0], replace(OUTCOME.cells[1], values=values))
    stale, fresh = (page(Result(state, replace(OUTCOME, cells=cells))) for state in ("stale", "fresh"))
    assert [len(stale.of_class(name)) for name in ("kb-cell__note--stale", "kb-val__stale")] == [2, 1]
    assert [len(fresh.of_class(name)) for name in ("kb-cell__note--stale", "kb-val__stale")] == [0, 0]


def test_a_quotation_has_no_state() -> None:
    files = snapshot({NOTE: TEXT.replace("- ```", "- [[b]]\n  ```"), "pages/b.md": "- b"})
    site = publish.compiled(Kb().snapshot(files), {NOTE: Result("fresh", OUTCOME)}, Look("en"))
    pages = {one.path: Html(one.html) for one in site.pages}
    assert pages["pages/b.md"].of_class("kb-cell")
    assert not pages["pages/b.md"].of_class("kb-state")
    assert pages[NOTE].of_class("kb-state")


def test_a_plot_of_another_device_has_a_file() -> None:
    plots = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}pt" height="36pt"/>' for wide in (72, 73)]
    one, other = (outcome(("ok", (Output("figure", plot),)))[NOTE] for plot in plots)
    site = publish.compiled(
        Kb().snapshot(snapshot({NOTE: TEXT})), {NOTE: Result("fresh", one, others=(other,))}, Look()
    )
    (made,) = [found for found in site.pages if found.path == NOTE]
    assert len({file.path for file in made.files}) == 2
    assert made.html.count("<img") == 2
