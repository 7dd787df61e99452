"""How often each rule was broken, the most broken first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kbtool.report.machine import json_text
from kbtool.report.place import Placed


def statistics(found: Iterable[Placed], as_json: bool) -> Iterator[str]:
    """A line a rule: how often, how grave, how many of them can be mended, by `--fix` and by `--unsafe` too."""
    rows = _rows(found)
    if as_json:
        yield from map(json_text, rows)
        return
    wide = [max((len(str(row[key])) for row in rows), default=0) for key in ("count", "severity", "rule")]
    for row in rows:
        number, grave, rule = (str(row[key]) for key in ("count", "severity", "rule"))
        mended = _mended(int(str(row["fixable"])), int(str(row["fixable_unsafe"])))
        yield f"{number.rjust(wide[0])}  {grave.ljust(wide[1])}  {rule.ljust(wide[2])}  {mended}".rstrip()


def _rows(found: Iterable[Placed]) -> list[dict[str, object]]:
    by_rule: dict[str, list[Placed]] = {}
    for one in found:
        by_rule.setdefault(one.diagnostic.rule, []).append(one)
    return [_row(rule, given) for rule, given in sorted(by_rule.items(), key=lambda item: (-len(item[1]), item[0]))]


def _row(rule: str, given: list[Placed]) -> dict[str, object]:
    safe = [one.diagnostic.fix.safe for one in given if one.diagnostic.fix]
    return {
        "rule": rule,
        "severity": given[0].severity,
        "count": len(given),
        "fixable": safe.count(True),
        "fixable_unsafe": safe.count(False),
    }


def _mended(safe: int, unsafe: int) -> str:
    told = [f"{safe:,} with --fix"] if safe else []
    return ", ".join([*told, f"{unsafe:,} with --fix --unsafe"] if unsafe else told)
