"""`kbtool query`: answers a query about a base."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import groupby

from kbtool import query, terminal
from kbtool.commands import opening
from kbtool.config import KbError
from kbtool.positions import LineTable, line_table
from kbtool.queries.advanced import names_of
from kbtool.queries.answers import Answer, Asking, ask, is_advanced, stops
from kbtool.queries.asked import diagnostic
from kbtool.queries.filters import Here
from kbtool.queries.rows import Entity
from kbtool.report import ReportOptions, render
from kbtool.report.visible import visible
from kbtool.suggest import closest, vocabulary
from kbtool.values import NoteId, Span

_QUERY = NoteId("query")


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("query", metavar="QUERY", help="simple, '(and [[page]] (task todo))', or '[:find …]', or a map")
    opening.add_paths(parser)
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print (default: text)")
    parser.add_argument(
        "--today", metavar="DATE", type=_day, help="the day that `today` means, 2026-01-31 (default: it)"
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text} is no date such as 2026-01-31") from None


def run(options: argparse.Namespace) -> int:
    """Prints what was found; 2 when the query cannot be answered."""
    text = _bare(options.query)
    if not text:
        raise KbError("the query is empty\nfor example: kbtool query '(and [[page]] (task todo))'")
    opened = opening.open_base(options.paths)
    today = options.today or terminal.today()
    asking = query.asking(opened.snapshot, Here(today))
    answer = ask(asking, text, Span(0, len(text)), complex_=is_advanced(text))
    _say_faults(opened, text, answer)
    if any(map(stops, answer.faults)):
        return 2
    _say_missing(asking, text)
    answer = _selected(opened, answer)
    terminal.say(_json(opened, asking, answer) if options.format == "json" else _text(opened, asking, answer))
    return 0


def _bare(text: str) -> str:
    """A query without the `{{query …}}` or `#+BEGIN_QUERY` that it was copied with."""
    text = text.strip()
    if text.startswith("{{query") and text.endswith("}}"):
        return text[7:-2].strip()
    first, _, rest = text.partition("\n")
    if first.strip().upper() == "#+BEGIN_QUERY" and rest.upper().endswith("#+END_QUERY"):
        return rest[: -len("#+END_QUERY")].strip()
    return text


def _selected(opened: opening.Opened, answer: Answer) -> Answer:
    """What stands in the notes that were asked for."""
    if opened.selected is None or answer.kind != "blocks":
        return answer
    return answer._replace(entities=tuple(e for e in answer.entities if opened.asked(NoteId(e.place))))


def _say_faults(opened: opening.Opened, text: str, answer: Answer) -> None:
    found = [diagnostic(_QUERY, fault) for fault in answer.faults]
    if found:
        options = ReportOptions(config=opened.project.config, notes=1, color=False, width=terminal.columns())
        lines = list(render(found, {_QUERY: text}, "text", options))
        terminal.warn("\n".join(lines[:-2]))


def _say_missing(asking: Asking, text: str) -> None:
    """Names in the query that are no page's."""
    pages = asking.rows.pages
    for asked in names_of(text, Span(0, len(text)), complex_=is_advanced(text)):
        key = asking.rows.key(asked.name)
        if key not in pages:
            near = closest(key, vocabulary(pages))
            meant = f"; did you mean «{pages[near].name}»?" if near else ""
            terminal.warn(visible(f"no page named «{asked.name}»{meant}"))


# ---------------------------------------------------------------- text


def _text(opened: opening.Opened, asking: Asking, answer: Answer) -> Iterator[str]:
    if answer.kind == "values":
        yield from (visible("  ".join(map(_plain, row))) for row in answer.values)
    elif answer.kind == "pages":
        yield from (visible(_page_line(asking, entity)) for entity in answer.entities)
    else:
        for note, blocks in groupby(answer.entities, key=lambda entity: entity.place):
            yield from _page_group(opened, asking, NoteId(note), blocks)
    count = len(answer.values) or len(answer.entities)
    yield f"{count:,} result{'' if count == 1 else 's'}"


def _page_line(asking: Asking, entity: Entity) -> str:
    row = asking.rows.pages[entity.place]
    return f"{row.name}  ({row.note})" if row.note else f"{row.name}  (no note)"


def _page_group(opened: opening.Opened, asking: Asking, note: NoteId, blocks: Iterator[Entity]) -> Iterator[str]:
    """A page and its blocks; what lies within another result stands below it."""
    table = line_table(opened.snapshot.text(note))
    path = opening.from_here(opened.project.base) + note
    ends = asking.rows.notes[note].ends
    yield visible(opened.snapshot.notes[note].name)
    around: list[int] = []
    for entity in blocks:
        while around and not around[-1] < entity.block < ends[around[-1]]:
            around.pop()
        first, _, rest = asking.rows.content(entity).strip().partition("\n")
        more = f"  (+{rest.count(chr(10)) + 1} lines)" if rest else ""
        yield "  " * (len(around) + 1) + visible(f"{path}:{_line(table, asking, entity)}: {first}{more}")
        around.append(entity.block)


def _line(table: LineTable, asking: Asking, entity: Entity) -> int:
    return table.position(asking.rows.block(entity).span.start).line


def _plain(value: object) -> str:
    if isinstance(value, frozenset | tuple) and not isinstance(value, Entity):
        return ", ".join(sorted(map(str, value)))
    return str(value)


# ---------------------------------------------------------------- json


def _json(opened: opening.Opened, asking: Asking, answer: Answer) -> Iterator[str]:
    tables: dict[NoteId, LineTable] = {}
    for entity in answer.entities:
        found = _page_object(asking, entity) if entity.block < 0 else _block_object(opened, asking, tables, entity)
        yield json.dumps(found, ensure_ascii=False)
    for row in answer.values:
        yield json.dumps({"values": [_value(value) for value in row]}, ensure_ascii=False)


def _page_object(asking: Asking, entity: Entity) -> dict[str, object]:
    row = asking.rows.pages[entity.place]
    return {"name": row.name, "path": row.note, "properties": _properties(row.properties)}


def _block_object(
    opened: opening.Opened, asking: Asking, tables: dict[NoteId, LineTable], entity: Entity
) -> dict[str, object]:
    note = opened.snapshot.notes[NoteId(entity.place)]
    table = tables.setdefault(note.id, line_table(opened.snapshot.text(note.id)))
    facts = query.block_facts(opened.snapshot, note, entity.block)
    return {"page": note.name, "path": note.id, "line": _line(table, asking, entity), **facts}


def _properties(found: Mapping[str, object]) -> dict[str, object]:
    return {key: _value(value) for key, value in found.items()}


def _value(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    return value if isinstance(value, str | int | float | bool | None) else str(value)
