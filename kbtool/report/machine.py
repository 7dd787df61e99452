"""Reports for programs: one line per diagnostic, in which no note text can be taken for anything else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kbtool.report.place import Placed, Places
from kbtool.report.visible import is_hidden, visible
from kbtool.values import Edit, Fix


def concise(found: Iterable[Placed]) -> Iterator[str]:
    """`path:line:column: error[rule] message`."""
    for one in found:
        place = f"{visible(one.path)}:{one.start.line}:{one.start.column}"
        yield f"{place}: {one.severity}[{one.diagnostic.rule}] {visible(one.diagnostic.message)}"


def json_lines(found: Iterable[Placed], at: Places, url: str) -> Iterator[str]:
    """One JSON object per line; `end_line` and `end_column` stand behind the last character."""
    for one in found:
        fields: dict[str, object] = {
            "rule": one.diagnostic.rule,
            "severity": one.severity,
            "path": one.path,
            "line": one.start.line,
            "column": one.start.column,
            "end_line": one.end.line,
            "end_column": one.end.column,
            "message": one.diagnostic.message,
            "help": one.diagnostic.help,
        }
        if one.diagnostic.fix:
            fields["fix"] = _fix(one.diagnostic.fix, at)
        if url:
            fields["url"] = rule_url(url, one.diagnostic.rule)
        yield json_text(fields)


def _fix(fix: Fix, at: Places) -> dict[str, object]:
    return {"title": fix.title, "safe": fix.safe, "edits": [_edit(edit, at) for edit in fix.edits]}


def _edit(edit: Edit, at: Places) -> dict[str, object]:
    start, end = at.position(edit.note, edit.span.start), at.position(edit.note, edit.span.end)
    return {
        "path": at.path(edit.note),
        "line": start.line,
        "column": start.column,
        "end_line": end.line,
        "end_column": end.column,
        "text": edit.text,
    }


def rule_url(url: str, rule: str) -> str:
    """The address of a rule's page; `{rule}` in the pattern stands for its name."""
    return url.replace("{rule}", rule)


def json_text(value: object, indent: int | None = None) -> str:
    """JSON in which no character is hidden, so that none can do anything to whoever looks at it."""
    import json

    text: str = json.dumps(value, ensure_ascii=False, indent=indent)
    if text.isascii() and "\x7f" not in text:  # all other controls are escaped already
        return text
    return "".join(char if char == "\n" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    """Hidden characters, which JSON allows in a string, written as escapes."""
    if not is_hidden(char):
        return char
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[i : i + 2]):04x}" for i in range(0, len(units), 2))


def github(found: Iterable[Placed]) -> Iterator[str]:
    """Workflow commands that GitHub shows beside the changed lines."""
    for one in found:
        command = "notice" if one.severity == "info" else one.severity
        places = {
            "file": one.path,
            "line": str(one.start.line),
            "col": str(one.start.column),
            "endLine": str(one.end.line),
            "endColumn": str(one.end.column),
            "title": one.diagnostic.rule,
        }
        advice = "".join(f"\n{line}" for line in one.diagnostic.help.splitlines())
        yield f"::{command} {','.join(f'{k}={_property(v)}' for k, v in places.items())}::" + _data(
            one.diagnostic.message + advice
        )


def _data(text: str) -> str:
    lines = "\n".join(visible(line) for line in text.split("\n"))
    return lines.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
