"""GitLab's code quality report: one JSON array, each problem with a fingerprint that other lines do not change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from kbtool.report.machine import json_text
from kbtool.report.place import Placed, Places, first_line
from kbtool.report.visible import visible
from kbtool.rules import Severity

_GRAVE: Mapping[Severity, str] = {"error": "major", "warning": "minor", "info": "info"}


def gitlab(found: Iterable[Placed], at: Places) -> Iterator[str]:
    """The lines of the report."""
    given = tuple(found)
    rows = [_row(one, mark) for one, mark in zip(given, fingerprints(given, at), strict=True)]
    yield from json_text(rows, indent=2).split("\n")


def _row(one: Placed, fingerprint: str) -> dict[str, object]:
    advice = "".join(f"; {line}" for line in one.diagnostic.help.splitlines())
    return {
        "description": visible(one.diagnostic.message + advice),
        "check_name": one.diagnostic.rule,
        "fingerprint": fingerprint,
        "severity": _GRAVE[one.severity],
        "location": {"path": one.path, "lines": {"begin": one.start.line, "end": one.end.line}},
    }


def fingerprints(found: Iterable[Placed], at: Places) -> Iterator[str]:
    """For each diagnostic what tells it from all others, whatever line it stands in.

    It is made of the path, the rule, the message and the line's text; equal ones are counted.
    """
    seen: Counter[str] = Counter()
    for one in found:
        digest = sha256(
            "\0".join((one.path, one.diagnostic.rule, one.diagnostic.message, _line(one, at))).encode(
                "utf-8", "surrogatepass"
            )
        ).hexdigest()
        seen[digest] += 1
        yield digest if seen[digest] == 1 else sha256(f"{digest} {seen[digest]}".encode()).hexdigest()


def _line(one: Placed, at: Places) -> str:
    table = at.table(one.diagnostic.note)
    return table.line(first_line(one.diagnostic.span, table)[0]).strip() if table else ""
