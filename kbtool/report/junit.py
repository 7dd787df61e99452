"""JUnit's XML, for the test reports of CI systems: a suite a note, a case a problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from kbtool.report.place import Placed
from kbtool.report.visible import visible


def junit(found: Iterable[Placed], strict: bool) -> Iterator[str]:
    """The lines of the document; what does not fail the check (a warning, unless `strict`) is a case that passes."""
    given = tuple(found)
    grave = {"error", "warning"} if strict else {"error"}
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="kbtool" {_counts(given, grave)}>'
    for path, ones in groupby(given, key=lambda one: one.path):
        yield from _suite(path, tuple(ones), grave)
    if not given:
        yield f'  <testsuite name="kbtool" {_counts(given, grave)}>'
        yield '    <testcase name="no problems" classname="kbtool"/>'
        yield "  </testsuite>"
    yield "</testsuites>"


def _counts(given: tuple[Placed, ...], grave: set[str]) -> str:
    failures = sum(one.severity in grave for one in given)
    return f'tests="{max(1, len(given))}" failures="{failures}" errors="0"'


def _suite(path: str, given: tuple[Placed, ...], grave: set[str]) -> Iterator[str]:
    yield f'  <testsuite name="{_text(path)}" {_counts(given, grave)}>'
    for one in given:
        name = f"{one.diagnostic.rule} {one.start.line}:{one.start.column}"
        where = f'file="{_text(path)}" line="{one.start.line}"'
        yield f'    <testcase name="{_text(name)}" classname="{_text(path)}" {where}>'
        yield from _said(one, one.severity in grave)
        yield "    </testcase>"
    yield "  </testsuite>"


def _said(one: Placed, fails: bool) -> Iterator[str]:
    place = f"{one.path}:{one.start.line}:{one.start.column}"
    lines = [f"{place}: {one.severity}[{one.diagnostic.rule}] {one.diagnostic.message}"]
    lines += [f"help: {line}" for line in one.diagnostic.help.splitlines()]
    if fails:
        yield f'      <failure type="{one.severity}" message="{_text(one.diagnostic.message)}">'
    else:
        yield "      <system-out>"
    yield from map(_text, lines)
    yield "      </failure>" if fails else "      </system-out>"


def _text(text: str) -> str:
    """Text for XML, which knows no control characters, not even as entities, and neither U+FFFE nor U+FFFF."""
    return escape("".join("\N{REPLACEMENT CHARACTER}" if char in "\ufffe\uffff" else char for char in visible(text)))
