"""SARIF 2.1.0, the exchange format of code scanning: rules with their texts, places in characters, fixes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from urllib.parse import quote

from kbtool.config import Config
from kbtool.report.gitlab import fingerprints
from kbtool.report.machine import json_text, rule_url
from kbtool.report.place import Placed, Places
from kbtool.rules import RULES, Level, Rule, severity
from kbtool.values import Fix, NoteId, Span

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Mapping[Level, str] = {"error": "error", "warning": "warning", "info": "note", "off": "none"}


class Tool(NamedTuple):
    """What the report says of kbtool itself; fields as in `ReportOptions`."""

    config: Config
    url: str
    manual: Mapping[str, str]
    version: str


def sarif(found: Iterable[Placed], at: Places, tool: Tool) -> Iterator[str]:
    """The lines of the report."""
    given = tuple(found)
    numbers = {rule.name: number for number, rule in enumerate(RULES)}
    driver = {"name": "kbtool", "rules": [_rule(rule, tool) for rule in RULES]}
    if tool.version:
        driver["version"] = tool.version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [
            {"ruleIndex": numbers[one.diagnostic.rule], **_result(one, mark, at)}
            for one, mark in zip(given, fingerprints(given, at), strict=True)
        ],
    }
    yield from json_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2).split("\n")


def _rule(rule: Rule, tool: Tool) -> dict[str, object]:
    level = severity(rule.name, tool.config)
    text = tool.manual.get(rule.name, rule.summary)
    configured = {"enabled": level != "off", "level": _LEVELS[rule.severity if level == "off" else level]}
    found: dict[str, object] = {
        "id": rule.name,
        "shortDescription": {"text": rule.summary},
        "fullDescription": {"text": rule.summary},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": configured,
    }
    return found | {"helpUri": rule_url(tool.url, rule.name)} if tool.url else found


def _result(one: Placed, fingerprint: str, at: Places) -> dict[str, object]:
    diagnostic = one.diagnostic
    advice = "".join(f"\n{line}" for line in diagnostic.help.splitlines())
    found: dict[str, object] = {
        "ruleId": diagnostic.rule,
        "level": _LEVELS[one.severity],
        "message": {"text": diagnostic.message + advice},
        "locations": [{"physicalLocation": _place(diagnostic.note, diagnostic.span, at)}],
        "partialFingerprints": {"kbtool/v1": fingerprint},
    }
    if diagnostic.labels:
        found["relatedLocations"] = [
            {"physicalLocation": _place(label.note, label.span, at), "message": {"text": label.message}}
            for label in diagnostic.labels
        ]
    return found | {"fixes": [_fix(diagnostic.fix, at)]} if diagnostic.fix else found


def _fix(fix: Fix, at: Places) -> dict[str, object]:
    by_note: dict[NoteId, list[dict[str, object]]] = {}
    for edit in fix.edits:
        replacement = {"deletedRegion": _region(edit.note, edit.span, at), "insertedContent": {"text": edit.text}}
        by_note.setdefault(edit.note, []).append(replacement)
    changes = [{"artifactLocation": _artifact(note, at), "replacements": made} for note, made in by_note.items()]
    return {"description": {"text": fix.title}, "artifactChanges": changes}


def _place(note: NoteId, span: Span, at: Places) -> dict[str, object]:
    return {"artifactLocation": _artifact(note, at), "region": _region(note, span, at)}


def _artifact(note: NoteId, at: Places) -> dict[str, object]:
    path = at.path(note)
    # Bytes of a file's name that are no UTF-8 come as such half characters, and go as the bytes that they were.
    plain = "".join(
        "\N{REPLACEMENT CHARACTER}" if "\ud800" <= c < "\udc80" or "\udd00" <= c < "\ue000" else c for c in path
    )
    address = quote(plain.encode("utf-8", "surrogateescape"), safe="/")
    return {"uri": f"file://{address}" if path.startswith("/") else address}


def _region(note: NoteId, span: Span, at: Places) -> dict[str, object]:
    start, end = at.position(note, span.start), at.position(note, span.end)
    return {"startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column}
