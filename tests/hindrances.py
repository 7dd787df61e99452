"""What keeps people from using a page, with everything on it unfolded, as axe finds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.conftest import AXE

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FIND = """async () => {
  const shut = [...document.querySelectorAll("details:not([open])")]
  await Promise.all(shut.map(each => new Promise(done => {
    each.addEventListener("toggle", done, { once: true })
    each.open = true
  })))
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))
  const found = await axe.run(document, { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } })
  const counts = one => ["serious", "critical"].includes(one.impact) || /^(heading-order|landmark-unique)$/.test(one.id)
  return found.violations.filter(counts).flatMap(
    one => one.nodes.map(node => `${one.id}: ${node.target} ${node.html.slice(0, 100)}`))
}"""
"""Opens what folds; gives what is serious, and headings and landmarks that mislead."""


def hindrances(browser: Browser, addresses: list[str], look: tuple[str, int]) -> dict[str, list[str]]:
    """What keeps people from using these pages."""
    scheme, width = look
    options: dict[str, Any] = {"color_scheme": scheme, "viewport": {"width": width, "height": 800}}
    context = browser.new_context(**options)
    page = context.new_page()
    found = {}
    for address in addresses:
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.evaluate(AXE.read_text("utf-8"))
        if seen := page.evaluate(FIND):
            found[address] = seen
    context.close()
    return found
