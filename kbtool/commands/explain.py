"""`kbtool explain`: shows a rule's page."""

from __future__ import annotations

import argparse

from kbtool import rules, terminal
from kbtool.config import KbError
from kbtool.rule_pages import page_text
from kbtool.suggest import did_you_mean


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="a rule's name; without it all rules are listed")


def run(options: argparse.Namespace) -> int:
    """Prints what a rule means, why it matters, and how to mend what it finds."""
    if options.rule is None:
        wide = max(len(rule.name) for rule in rules.RULES)
        terminal.say(f"{rule.name.ljust(wide)}  {rule.severity.ljust(7)}  {rule.summary}" for rule in rules.RULES)
        return 0
    if rules.page(options.rule) is None:
        near = did_you_mean(options.rule, [rule.name for rule in rules.RULES])
        hint = f"did you mean {near}?" if near else "kbtool explain lists them all"
        raise KbError(f"no rule named {options.rule}\n{hint}")
    terminal.say(page_text(options.rule).rstrip("\n").split("\n"))
    return 0
