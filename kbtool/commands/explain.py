"""`kbtool explain`: shows a rule's page."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from kbtool import rules, terminal
from kbtool.config import KbError
from kbtool.report.manual import page_lines
from kbtool.report.text import Look
from kbtool.rule_pages import fixable, page_text
from kbtool.suggest import did_you_mean


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("rule", metavar="RULE", nargs="?", help="a rule's name; without it all rules are listed")


def run(options: argparse.Namespace) -> int:
    """Prints what a rule means, why it matters, and how to mend what it finds; into a pipe its page as Markdown."""
    if options.rule is None:
        terminal.say(_list())
        return 0
    if rules.page(options.rule) is None:
        near = did_you_mean(options.rule, [rule.name for rule in rules.RULES])
        hint = f"did you mean {near}?" if near else "kbtool explain lists them all"
        raise KbError(f"no rule named {options.rule}\n{hint}")
    text = page_text(options.rule)
    if terminal.is_interactive():
        terminal.say(page_lines(text, Look(terminal.columns(), terminal.color())))
    else:
        terminal.say(text.rstrip("\n").split("\n"))
    return 0


def _list() -> Iterator[str]:
    wide = max(len(rule.name) for rule in rules.RULES)
    mended = {"safe": "--fix", "unsafe": "--unsafe", "": ""}
    for rule in rules.RULES:
        level = "off" if rule.off else rule.severity
        fix = mended[fixable(rule.name, page_text(rule.name))]
        yield f"{rule.name.ljust(wide)}  {level.ljust(7)}  {fix.ljust(8)}  {rule.summary}"
