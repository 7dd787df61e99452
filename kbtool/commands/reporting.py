"""How `check` says what it found: in which format, and to whom."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from kbtool import __version__, output, terminal
from kbtool.commands import opening
from kbtool.report import FORMATS, Format, ReportOptions, count, render
from kbtool.values import Diagnostic, NoteId

_FILE_WIDTH = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments that say how to report."""
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to print (default: text)")
    parser.add_argument("--output-file", metavar="FILE", type=Path, help="write the report there, not to the terminal")
    parser.add_argument("--statistics", action="store_true", help="say how often each rule was broken (text, json)")


def report(
    opened: opening.Opened, found: Iterable[Diagnostic], texts: Mapping[NoteId, str], options: argparse.Namespace
) -> None:
    """Writes the report that the arguments ask for."""
    how = _options(opened, len(texts), options)
    form: Format = options.format
    lines = count(found, form, how) if options.statistics else render(found, texts, form, how)
    if options.output_file:
        output.write(options.output_file, lines)
    else:
        terminal.say(lines)


def _options(opened: opening.Opened, notes: int, options: argparse.Namespace) -> ReportOptions:
    form: Format = options.format
    to_file = options.output_file is not None
    return ReportOptions(
        prefix="" if form == "json" else opening.from_here(opened.project.base),
        config=opened.project.config,
        color=not to_file and terminal.color(),
        width=_FILE_WIDTH if to_file or form != "text" else terminal.columns(),
        notes=notes if opened.selected is None else len(opened.selected),
        strict=options.strict,
        url=rule_url(opened),
        manual=_manual() if form == "sarif" else {},
        version=__version__,
    )


def _manual() -> Mapping[str, str]:
    from kbtool import rule_pages

    return {rule: rule_pages.introduction(text) for rule, text in rule_pages.page_texts().items()}


def rule_url(opened: opening.Opened) -> str:
    """The address of a rule's page on the base's site, with `{rule}` for its name; empty when it is not known."""
    mkdocs = opened.project.mkdocs
    if mkdocs is None or not mkdocs.site_url or not opened.project.config.rule_pages:
        return ""
    return f"{mkdocs.site_url.rstrip('/')}/rules/{{rule}}{'/' if mkdocs.directory_urls else '.html'}"
