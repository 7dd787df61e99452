"""The pages that explain the rules, from where this kbtool carries them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Literal

from kbtool.rules import LEVELS, RULES


def page_text(rule: str) -> str:
    """A rule's page: an installed kbtool carries them, a checkout has them among its tests."""
    carried = files("kbtool").joinpath("rule_pages", f"{rule}.md")
    found = carried if carried.is_file() else Path(__file__).parents[1] / "tests" / "cases" / "checks" / f"{rule}.md"
    return found.read_text("utf-8")


def page_texts() -> Mapping[str, str]:
    """All rules' pages, by rule."""
    return {rule.name: page_text(rule.name) for rule in RULES}


def introduction(text: str) -> str:
    """What a page says before its examples, without its title."""
    return text.partition("\n## ")[0].partition("\n")[2].strip()


def fixable(rule: str, text: str) -> Literal["safe", "unsafe", ""]:
    """Whether a page shows fixes of its rule, and the safest kind of them: what the tests hold it to is so."""
    found: Literal["safe", "unsafe", ""] = ""
    mine = False
    for line in text.split("\n"):
        if "[" in line and line.split("[")[0] in LEVELS:
            mine = line.partition("[")[2].startswith(f"{rule}]")
        elif mine and line.lstrip().startswith("= fix: "):
            return "safe"
        elif mine and line.lstrip().startswith("= fix (unsafe): "):
            found = "unsafe"
    return found
