"""Reports: diagnostics as text for people, lines for editors, JSON and workflow commands for programs.

Formats for programs are imported when one is asked for: where nothing changed, a check takes a tenth of a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from kbtool.config import Config
from kbtool.report.machine import concise, github, json_lines
from kbtool.report.place import Places, placed
from kbtool.report.text import Look, summary, text_report
from kbtool.values import Diagnostic, NoteId

__all__ = ["FORMATS", "Format", "ReportOptions", "count", "render", "wants_color"]

Format = Literal["text", "concise", "json", "github", "gitlab", "sarif", "junit"]
FORMATS: tuple[Format, ...] = ("text", "concise", "json", "github", "gitlab", "sarif", "junit")


class ReportOptions(NamedTuple):
    """What a report needs beside the diagnostics.

    `notes` were looked at. `prefix` stands before each path (`kb/`). `width` is the terminal's, in columns. `strict`
    counts warnings as errors. `url` is the address of a rule's page, with `{rule}` for its name; `manual` are those
    pages' texts by rule; `version` is kbtool's.
    """

    config: Config
    notes: int = 0
    prefix: str = ""
    width: int = 100
    color: bool = False
    strict: bool = False
    url: str = ""
    manual: Mapping[str, str] = MappingProxyType({})
    version: str = ""


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[NoteId, str], form: Format, options: ReportOptions
) -> Iterator[str]:
    """The lines of a report, without line ends; `text` ends with a summary."""
    given = tuple(diagnostics)
    at = Places(sources, options.prefix)
    found = placed(given, at, options.config)
    match form:
        case "concise":
            yield from concise(found)
        case "json":
            yield from json_lines(found, at, options.url)
        case "github":
            yield from github(found)
        case "gitlab":
            from kbtool.report.gitlab import gitlab

            yield from gitlab(found, at)
        case "sarif":
            from kbtool.report.sarif import Tool, sarif

            yield from sarif(found, at, Tool(options.config, options.url, options.manual, options.version))
        case "junit":
            from kbtool.report.junit import junit

            yield from junit(found, options.strict)
        case "text":
            yield from text_report(found, at, Look(options.width, options.color), options.config.select)
            yield summary(found, options.notes)


def count(diagnostics: Iterable[Diagnostic], form: Format, options: ReportOptions) -> Iterator[str]:
    """How often each rule was broken, as `text` or `json`."""
    from kbtool.report.statistics import statistics

    found = placed(diagnostics, Places({}, ""), options.config)
    yield from statistics(found, form == "json")
    if form == "text":
        yield summary(found, options.notes)


def wants_color(is_terminal: bool, variables: Mapping[str, str]) -> bool:
    """Whether to use colour: on a terminal that can, unless `NO_COLOR` is set."""
    return is_terminal and not variables.get("NO_COLOR") and variables.get("TERM") != "dumb"
