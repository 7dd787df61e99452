"""Small bases in memory, rendered; and what a page holds, as a parser sees it."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

from kbtool import publish
from kbtool.config import Config, GraphSettings
from kbtool.kb import BaseFiles, Kb
from kbtool.outcomes import CellKey, CellOutcome, Outcome, Output, Provenance, Result
from kbtool.render.context import Look
from kbtool.values import NoteId, Page, Source

VOID = {"br", "hr", "img", "wbr", "col"}
PROVENANCE = Provenance("2026-11-23T09:41:00+00:00", "3.11.2", "Linux", "cpu", ())


def snapshot(sources: Mapping[str, str], assets: frozenset[str] = frozenset()) -> BaseFiles:
    notes = {NoteId(path): Source(NoteId(path), text) for path, text in sources.items()}
    return BaseFiles(notes, assets, Config(), GraphSettings())


def rendered(
    sources: Mapping[str, str],
    look: Look | None = None,
    outcomes: Mapping[NoteId, Outcome] | None = None,
    assets: frozenset[str] = frozenset(),
) -> dict[str, Page]:
    """The pages of a base by their notes' paths; made ones by their slugs."""
    found = {note: Result("failed" if one.failed else "fresh", one) for note, one in (outcomes or {}).items()}
    made = publish.compiled(Kb().snapshot(snapshot(sources, assets)), found, look or Look())
    return {page.path or page.slug: page for page in made.pages}


def body(text: str, **others: str) -> str:
    """The HTML of one note, without its header."""
    html = rendered({"pages/a.md": text, **{f"pages/{name}.md": other for name, other in others.items()}})
    content = html["pages/a.md"].html.removesuffix("</div>").partition("</header>")[2]
    return content.partition('<details class="kb-local"')[0]


def without_graph(html: str) -> str:
    """A page without the place where its surroundings are drawn."""
    before, _, after = html.partition('<details class="kb-local"')
    return before + after.partition("</details>")[2]


def outcome(*cells: tuple[str, tuple[Output, ...]], failed: bool = False) -> dict[NoteId, Outcome]:
    """An outcome of `pages/a.md` with each cell's state and outputs."""
    found = tuple(CellOutcome(i, state, outputs, 0.5) for i, (state, outputs) in enumerate(cells))  # type: ignore[arg-type]
    return {NoteId("pages/a.md"): Outcome(CellKey("k"), NoteId("pages/a.md"), failed, found, 1.25, PROVENANCE)}


class Html(HTMLParser):
    """Elements and attributes of a page; `faults` are tags that do not nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        self.faults += [f"open: {tag}" for tag in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1] != tag:
            self.faults.append(f"stray: {tag} in {self._open[-3:]}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def ids(self) -> list[str]:
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def of_class(self, name: str) -> list[dict[str, str]]:
        return [attributes for _, attributes in self.elements if name in attributes.get("class", "").split()]

    def links(self) -> dict[str, str]:
        """Addresses of links by nothing but their order: href to class."""
        return {a["href"]: a.get("class", "") for tag, a in self.elements if tag == "a" and "href" in a}
