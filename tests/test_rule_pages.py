"""The rules' pages on the site and on a terminal, and comments that neither shows."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml

from kbtool import publish
from kbtool.cli import parser
from kbtool.config import Config, GraphSettings, load_options
from kbtool.kb import BaseFiles, Kb
from kbtool.render.context import Look
from kbtool.render.site import SiteInput
from kbtool.render.urls import page_file
from kbtool.report.manual import page_lines
from kbtool.report.text import Look as Terminal
from kbtool.rule_pages import fixable, page_text
from kbtool.rules import RULES
from kbtool.values import NoteId, Page, Source

ROOT = Path(__file__).parents[1]


def site(config: Config, directory_urls: bool = False, **notes: str) -> SiteInput:
    return site_of(config, directory_urls, notes)


def site_of(config: Config, directory_urls: bool, notes: Mapping[str, str]) -> SiteInput:
    sources = {NoteId(f"pages/{name}.md"): Source(NoteId(f"pages/{name}.md"), text) for name, text in notes.items()}
    snapshot = Kb().snapshot(BaseFiles(sources, frozenset(), config, GraphSettings()))
    return publish.compiled(snapshot, {}, Look("ru", directory_urls))


def page(found: SiteInput, slug: str) -> Page:
    return next(one for one in found.pages if one.slug == slug)


class Tags(HTMLParser):
    """Elements, their attributes, and where links lead."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value for name, value in attrs if name == "href" and value]


# ---------------------------------------------------------------- on the site


@pytest.mark.parametrize(("directory_urls", "index"), [(False, "rules/index"), (True, "rules")])
def test_every_rule_has_a_page_and_a_row(directory_urls: bool, index: str) -> None:
    found = site(Config(rule_pages=True), directory_urls, a="- a")
    files = {page_file(one.slug, directory_urls) for one in found.pages}
    assert "rules/index.html" in files
    table = Tags(page(found, index).html)
    targets = {posixpath.normpath(f"rules/{unquote(link)}") for link in table.links}
    assert len(targets) == len(RULES)
    assert {target if target.endswith(".html") else f"{target}/index.html" for target in targets} <= files


def test_without_the_option_there_are_none() -> None:
    found = site(Config(), a="- a")
    assert not [one.slug for one in found.pages if one.slug.startswith("rules")]
    assert "rules" not in "".join(Tags(page(found, "all").html).links)


def test_the_list_of_all_pages_leads_there() -> None:
    assert "rules/index.html" in Tags(page(site(Config(rule_pages=True), a="- a"), "all").html).links


def test_pages_bring_no_style_and_no_script() -> None:
    for one in site(Config(rule_pages=True), a="- a").pages:
        tags = Tags(one.html)
        assert not {"script", "style", "img", "iframe"} & tags.names
        assert not {name for name in tags.attributes if name == "style" or name.startswith("on")}


def test_the_table_says_how_grave_and_whether_it_can_be_mended() -> None:
    config = load_options({"rule_pages": True, "rules": {"missing-page": "off"}})
    rows = page(site(config, a="- a"), "rules/index").html.split("<tr>")
    (off,) = [row for row in rows if ">missing-page<" in row]
    (mended,) = [row for row in rows if ">unused-suppression<" in row]
    assert "выключено" in off
    assert "предупреждение" in mended
    assert "<code>--fix</code>" in mended


def test_a_note_of_the_same_name_keeps_off() -> None:
    found = site_of(Config(rule_pages=True), False, {"rules___bad-latex": "- a"})
    slugs = [one.slug for one in found.pages]
    assert len(slugs) == len(set(slugs))
    assert page(found, "rules/bad-latex").title == "bad-latex"


def test_fixable_is_what_the_page_shows() -> None:
    assert fixable("unused-suppression", page_text("unused-suppression")) == "safe"
    assert fixable("case-variant", page_text("case-variant")) == "unsafe"
    assert fixable("dead-end", page_text("dead-end")) == ""
    assert fixable("a", "error[b]: x\n  = fix: y\nerror[a]: x\n  = fix (unsafe): y") == "unsafe"


# ---------------------------------------------------------------- on a terminal


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
@pytest.mark.parametrize("columns", [60, 100])
def test_text_fits_the_terminal(rule: str, columns: int) -> None:
    lines = list(page_lines(page_text(rule), Terminal(columns, False)))
    assert lines[0] == rule
    prose = [line for line in lines if not line.startswith("    ")]
    assert max(map(len, prose)) <= columns + 2 * "".join(prose).count("`")


def test_code_spans_do_not_break() -> None:
    lines = list(page_lines("# a\n\n" + "слово " * 9 + "`kbtool check --fix`", Terminal(60, False)))
    assert lines[-1] == "`kbtool check --fix`"


# ---------------------------------------------------------------- what is not shown


@pytest.mark.parametrize(
    "text",
    [
        "- слово <!-- kbtool: ignore[bad-latex]: тайна -->",
        "- слово\n  <!-- kbtool: ignore[bad-latex]: тайна -->\n  слово",
        "- # слово <!-- kbtool: ignore[bad-latex]: тайна -->",
        "<!-- kbtool: ignore-file[bad-latex]: тайна -->\n- слово",
        "- слово\n- <!-- kbtool: ignore-file[bad-latex]: тайна -->",
    ],
)
def test_comments_show_as_nothing(text: str) -> None:
    found = page(site(Config(), a=text, b="- [[a]]"), "a")
    everything = found.html + "".join(one.text for one in found.search) + "".join(h.title for h in found.toc)
    assert "слово" in everything
    assert "тайна" not in everything
    assert "&lt;!--" not in everything
    assert "kb-block--empty" not in everything
    assert found.html.count("<li") == 1


# ---------------------------------------------------------------- pre-commit


def test_hooks_are_commands_that_kbtool_knows() -> None:
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")):
        program, *words = shlex.split(hook["entry"])
        assert program == "kbtool"
        assert parser(words[0]).parse_args(words).changed == "HEAD"
        assert not hook["pass_filenames"]
