"""Reports: diagnostics as text for people, lines for editors, JSON and workflow commands for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from kbtool.config import Config
from kbtool.report.machine import concise, github, json_lines
from kbtool.report.place import placed, places
from kbtool.report.text import Look, summary, text_report
from kbtool.values import Diagnostic, NoteId

__all__ = ["Format", "ReportOptions", "render", "wants_color"]

Format = Literal["text", "concise", "json", "github"]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a report needs beside the diagnostics.

    `notes` were looked at. `prefix` stands before each path (`kb/`). `width` is the terminal's, in columns.
    """

    config: Config
    notes: int = 0
    prefix: str = ""
    width: int = 100
    color: bool = False


def render(
    diagnostics: Iterable[Diagnostic], sources: Mapping[NoteId, str], form: Format, options: ReportOptions
) -> Iterator[str]:
    """The lines of a report, without line ends; `text` ends with a summary."""
    given = tuple(diagnostics)
    at = places(given, sources, options.prefix)
    found = placed(given, at, options.config)
    match form:
        case "concise":
            yield from concise(found)
        case "json":
            yield from json_lines(found)
        case "github":
            yield from github(found)
        case "text":
            yield from text_report(found, at, Look(options.width, options.color))
            yield summary(found, options.notes)


def wants_color(is_terminal: bool, variables: Mapping[str, str]) -> bool:
    """Whether to use colour: on a terminal that can, unless `NO_COLOR` is set."""
    return is_terminal and not variables.get("NO_COLOR") and variables.get("TERM") != "dumb"
