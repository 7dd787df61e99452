"""The graphs in a real browser: drawn, walked by keyboard, searched, folded; and what stands there without them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.browsing import built, served, until, watch

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.conftest import Run

MKDOCS = """site_name: Graph
site_url: http://127.0.0.1/
docs_dir: kb
use_directory_urls: FOLDERS
theme: {name: material, language: en, font: false}
plugins: [search, {kbtool: {wanted: [Nobody wrote this]}}]
nav: [pages/Hub.md, all.md, graph.md]
"""
LEAVES, CHAIN = 14, 12


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory, kbtool: Run) -> dict[str, Path]:
    """A hub with leaves, a chain with chords, and a page that nothing is linked with; for a server and from disk."""
    notes = {"Hub": "- " + " ".join(f"[[Leaf {at}]]" for at in range(LEAVES)) + " [[Chain 0]]", "Alone": "- x"}
    notes |= {f"Leaf {at}": "- x" for at in range(LEAVES)}
    notes |= {f"Chain {at}": f"- [[Chain {(at + 1) % CHAIN}]] [[Chain {(at + 2) % CHAIN}]]" for at in range(CHAIN)}
    days = {"2026_01_02": "- [[Chain 1]] [[Nobody wrote this]]"}
    found = {}
    for name in ("server", "disk"):
        base = tmp_path_factory.mktemp(name)
        (base / "kb/pages").mkdir(parents=True)
        for title, text in notes.items():
            (base / f"kb/pages/{title}.md").write_text(text, "utf-8")
        (base / "kb/journals").mkdir()
        for day, text in days.items():
            (base / f"kb/journals/{day}.md").write_text(text, "utf-8")
        (base / "mkdocs.yml").write_text(MKDOCS.replace("FOLDERS", str(name == "server").lower()), "utf-8")
        found[name] = built(kbtool, base)
    return found


@pytest.fixture(scope="module")
def home(graphs: dict[str, Path]) -> Iterator[str]:
    with served(graphs["server"]) as found:
        yield found


def view(page: Page, script: str) -> Any:
    """What an expression gives for the page's view, `v`."""
    return page.evaluate(f"(() => {{ const v = document.querySelector('.kb-graph').view; return {script} }})()")


def opened(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_function("() => document.querySelector('.kb-graph')?.view?.drawn")


INKED = """canvas => {
    const data = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data
    return data.reduce((sum, value, at) => sum + (at % 4 === 3 && value > 0), 0)
}"""


def inked(page: Page) -> int:
    """How many points of the drawing are not its ground."""
    return int(page.evaluate(f"({INKED})(document.querySelector('.kb-graph canvas'))"))


def test_whole_graph_is_drawn(page: Page, home: str, trouble: list[str]) -> None:
    opened(page, home + "graph/")
    assert view(page, "v.graph.size") == 2 + LEAVES + CHAIN + 2
    assert inked(page) > 1000
    assert trouble == []


def test_another_size_never_shows_it_blank(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    seen = page.evaluate(
        f"""() => new Promise(done => {{
            const canvas = document.querySelector('.kb-graph canvas'), seen = []
            new ResizeObserver(() => {{  // comes after the view's own, and before the frame is painted
                seen.push([canvas.width, ({INKED})(canvas)])
                if (seen.length === 1) canvas.style.width = canvas.clientWidth / 2 + 'px'
                else done(seen)
            }}).observe(canvas)
        }})"""
    )
    (before, _), (after, _) = seen
    assert after < before
    assert min(ink for _, ink in seen) > 1000


def test_arrows_walk_and_enter_opens(page: Page, home: str, trouble: list[str]) -> None:
    opened(page, home + "graph/")
    page.get_by_role("button", name="Journal days").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    page.keyboard.press("ArrowRight")
    assert page.locator(".kb-graph__about a").inner_text() == "Hub"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    name = page.locator(".kb-graph__about a").inner_text()
    assert name != "Hub"
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/graph/" not in url)
    assert page.locator("h1").inner_text() == name
    assert trouble == []


def test_focus_is_seen(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    style = "getComputedStyle(document.querySelector('.kb-graph canvas')).outlineStyle"
    assert page.evaluate(style) == "none"
    page.get_by_role("button", name="Journal days").focus()
    page.keyboard.press("Tab")
    assert page.evaluate(style) == "solid"


def test_search_finds_leads_on_and_opens(page: Page, home: str, trouble: list[str]) -> None:
    opened(page, home + "graph/")
    page.locator(".kb-graph__search").fill("chain")
    status = page.locator(".kb-graph__find [role=status]")
    assert status.inner_text() == str(CHAIN)
    page.keyboard.press("Enter")
    assert status.inner_text() == f"1 of {CHAIN}"
    page.locator(".kb-graph__search").fill("nothing like it")
    assert status.inner_text() == "nothing found"
    page.locator(".kb-graph__search").fill("leaf 13")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_url("**/leaf-13/")
    assert trouble == []


def test_zoom_and_moving_by_keyboard_wheel_and_pointer(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    page.emulate_media(reduced_motion="reduce")
    page.locator(".kb-graph canvas").focus()
    first = view(page, "v.look")
    page.keyboard.press("+")
    assert view(page, "v.look.zoom") > first["zoom"]
    page.keyboard.press("Shift+ArrowRight")
    assert view(page, "v.look.x") > first["x"]
    page.keyboard.press("0")
    assert view(page, "v.look") == first
    box = page.locator(".kb-graph canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + 20, box["y"] + 20)
    page.mouse.wheel(0, -200)
    page.wait_for_function(f"() => document.querySelector('.kb-graph').view.look.zoom > {first['zoom']}")
    before = view(page, "v.look.x")
    page.mouse.down()
    page.mouse.move(box["x"] + 120, box["y"] + 20)
    page.mouse.up()
    assert view(page, "v.look.x") < before


def test_pointing_names_a_page_and_a_click_opens_it(page: Page, home: str, trouble: list[str]) -> None:
    opened(page, home + "graph/")
    box = page.locator(".kb-graph canvas").bounding_box()
    assert box
    left, top = view(page, "v.toScreen(v.graph.names.indexOf('Chain 3'))")
    page.mouse.move(box["x"] + left, box["y"] + top)
    assert page.locator(".kb-graph__about a").inner_text() == "Chain 3"
    page.mouse.click(box["x"] + left, box["y"] + top)
    page.wait_for_url("**/chain-3/")
    assert trouble == []


def test_a_hub_folds_its_leaves(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    page.locator(".kb-graph canvas").focus()
    page.keyboard.press("ArrowRight")
    assert view(page, "[...v.graph.hidden].reduce((a, b) => a + b)") == 0
    page.keyboard.press(" ")
    assert view(page, "[...v.graph.hidden].reduce((a, b) => a + b)") == LEAVES
    page.locator(".kb-graph__about button").click()
    assert view(page, "[...v.graph.hidden].reduce((a, b) => a + b)") == 0


def test_days_of_the_journal_can_be_left_out(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    days = page.get_by_role("button", name="Journal days")
    assert days.get_attribute("aria-pressed") == "true"
    days.click()
    assert days.get_attribute("aria-pressed") == "false"
    assert view(page, "v.graph.names.filter((_, node) => v.graph.hidden[node])") == ["Jan 2nd, 2026"]
    days.click()
    assert view(page, "v.graph.hidden.includes(1)") is False


def test_pages_that_are_not_written_are_told_apart(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    page.locator(".kb-graph__search").fill("nobody")
    page.keyboard.press("Enter")
    assert "not written yet" in page.locator(".kb-graph__about").inner_text()
    page.locator(".kb-graph__search").fill("alone")
    page.keyboard.press("Enter")
    assert "not written yet" not in page.locator(".kb-graph__about").inner_text()


def test_colours_follow_the_theme(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    light = view(page, "v.paint.groups[0]")
    page.locator("label[for=__palette_1]").click()
    page.wait_for_function(f"() => document.querySelector('.kb-graph').view.paint.groups[0] !== '{light}'")


def test_local_graph_is_drawn_when_it_is_asked_for(page: Page, home: str, trouble: list[str]) -> None:
    asked: list[str] = []
    note = re.compile(f"{home}(assets/kb/.*json)")
    page.on("request", lambda request: asked.extend(note.findall(request.url)))
    page.goto(home + "chain-3/")
    page.wait_for_load_state("networkidle")
    assert asked == []
    page.locator(".kb-local > summary").click()
    page.wait_for_function("() => document.querySelector('.kb-graph')?.view")
    assert asked == ["assets/kb/near/index.json", "assets/kb/near/all.json"]
    assert set(view(page, "v.graph.names")) == {f"Chain {at}" for at in (1, 2, 3, 4, 5)}
    assert sorted(view(page, "v.graph.near.map(one => one.length)")) == [2, 2, 3, 3, 4]
    page.get_by_role("button", name="Their neighbours").click()
    further = {"Jan 2nd, 2026"} | {f"Chain {at}" for at in (11, 0, 1, 2, 3, 4, 5, 6, 7)}
    until(page, lambda: set(view(page, "v.graph.names")) == further)
    assert set(view(page, "v.graph.names")) == further
    page.get_by_role("button", name="Neighbours", exact=True).click()
    until(page, lambda: len(view(page, "v.graph.names")) == 5)
    assert len(view(page, "v.graph.names")) == 5
    page.locator(".kb-graph canvas").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "chain-3" not in url)
    assert trouble == []


def test_local_graph_of_a_large_base_fetches_a_part_of_it(
    page: Page, tmp_path: Path, kbtool: Run, trouble: list[str]
) -> None:
    """Enough links for many files, whose names the script finds by digests of places in Cyrillic letters."""
    (tmp_path / "kb/pages").mkdir(parents=True)
    (tmp_path / "mkdocs.yml").write_text(MKDOCS.replace("FOLDERS", "true").replace("pages/Hub.md, ", ""), "utf-8")
    for at in range(60):
        text = "- " + " ".join(f"[[Узел {(at + step) % 60}]]" for step in range(1, 16))
        (tmp_path / f"kb/pages/Узел {at}.md").write_text(text, "utf-8")
    site = built(kbtool, tmp_path)
    files = {path.stem: path.stat().st_size for path in (site / "assets/kb/near").glob("[0-9]*.json")}
    assert len(files) > 3
    asked: list[str] = []
    page.on("request", lambda request: asked.extend(re.findall(r"near/([0-9]+)\.json", request.url)))
    with served(site) as home:
        page.goto(home + "узел-7/")
        page.locator(".kb-local > summary").click()
        page.wait_for_function("() => document.querySelector('.kb-graph')?.view")
        names = view(page, "v.graph.names")
    assert (names[0], set(names[1:])) == ("Узел 7", {f"Узел {at % 60}" for at in range(-8, 23) if at != 7})
    assert len(asked) == 1
    assert trouble == []


def test_local_graph_of_a_lonely_page_says_so(page: Page, home: str) -> None:
    page.goto(home + "alone/")
    page.locator(".kb-local > summary").click()
    page.get_by_text("Nothing is linked with this page yet").wait_for()


def test_local_graph_from_disk_is_made_of_the_links_on_the_page(
    page: Page, graphs: dict[str, Path], trouble: list[str]
) -> None:
    page.goto((graphs["disk"] / "chain-3.html").as_uri())
    page.locator(".kb-local > summary").click()
    page.wait_for_function("() => document.querySelector('.kb-graph')?.view")
    assert set(view(page, "v.graph.names")) == {f"Chain {at}" for at in (1, 2, 3, 4, 5)}
    assert trouble == []


def test_whole_graph_from_disk_is_made_of_the_list(page: Page, graphs: dict[str, Path], trouble: list[str]) -> None:
    opened(page, (graphs["disk"] / "graph.html").as_uri())
    assert "From disk" in page.locator(".kb-graph__about").inner_text()
    assert "Chain 3" in view(page, "v.graph.names")
    assert trouble == []


def test_without_javascript_the_list_stands_alone(browser: Browser, home: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(home + "graph/")
    assert not page.locator(".kb-graph").is_visible()
    page.locator(".kb-hubs > ol > li > a").first.click()
    page.get_by_role("heading", level=1, name="Hub", exact=True).wait_for()
    assert not page.locator(".kb-local").is_visible()
    context.close()


def test_on_a_phone_a_tap_names_a_page_and_another_opens_it(browser: Browser, home: str, trouble: list[str]) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800}, has_touch=True)
    page = context.new_page()
    watch(page, trouble)
    opened(page, home + "graph/")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator(".kb-graph canvas").bounding_box()
    assert box
    left, top = view(page, "v.toScreen(v.graph.names.indexOf('Hub'))")
    page.touchscreen.tap(box["x"] + left, box["y"] + top)
    assert page.locator(".kb-graph__about a").inner_text() == "Hub"
    left, top = view(page, "v.toScreen(v.current)")
    page.touchscreen.tap(box["x"] + left, box["y"] + top)
    page.wait_for_url(lambda url: "/graph/" not in url)
    assert trouble == []
    context.close()


def test_the_edge_cuts_no_name(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    script = """(() => {
      const written = [], write = v.context.fillText
      v.context.fillText = (text, middle) => written.push([middle, v.context.measureText(text).width / 2])
      for (const middle of [2, v.width / 2, v.width - 2]) v.label(v.context, 0, middle, 50, null)
      v.context.fillText = write
      return [v.width, written]
    })()"""
    width, ((first, half), (middle, _), (last, _)) = view(page, script)
    assert half > 10
    assert (middle, first >= half, last <= width - half) == (width / 2, True, True)


def test_no_name_lies_under_the_buttons(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    script = """(() => {
      const buttons = v.zoom.getBoundingClientRect(), canvas = v.canvas.getBoundingClientRect()
      const taken = v.underButtons(0, 0)
      const left = buttons.left - canvas.left + buttons.width / 2, top = buttons.top - canvas.top + buttons.height / 2
      return [v.label(v.context, 0, left, top, taken), v.label(v.context, 0, left / 2, top, taken)]
    })()"""
    assert view(page, script) == [False, True]


def test_the_name_of_what_is_pointed_at_is_seen_beside_the_buttons(page: Page, home: str) -> None:
    opened(page, home + "graph/")
    script = """(() => {
      const { left, top, right, bottom } = v.buttons(), node = v.graph.names.indexOf('Hub'), boxes = []
      const corner = v.toWorld((left + right) / 2, bottom - 30), write = v.context.fillText
      v.graph.x[node] = corner[0], v.graph.y[node] = corner[1]
      v.context.fillText = (text, x, y) => text === 'Hub' && boxes.push([x + v.context.measureText(text).width / 2, y])
      v.hovered = node
      v.redraw()
      v.hovered = -1
      v.label(v.context, node, ...v.toScreen(node), null)
      v.context.fillText = write
      return [left, top, bottom, boxes[0], boxes.at(-1)]
    })()"""
    left, top, bottom, (end, height), (control, _) = view(page, script)
    assert top < height < bottom
    assert end < left < control
