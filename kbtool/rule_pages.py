"""The pages that explain the rules, from where this kbtool carries them."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from kbtool.rules import RULES


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
