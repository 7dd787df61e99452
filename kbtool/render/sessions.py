"""How far a page's results can be believed: a quiet line above, and under the first cell what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from kbtool.outcomes import Difference, Outcome, Result
from kbtool.render.context import Entry, Scope
from kbtool.render.days import shown_day
from kbtool.render.html import element, escape
from kbtool.render.result_words import changed
from kbtool.values import Cell


def cell_note(text: str, kind: str = "") -> str:
    """A line about a cell."""
    css = f"kb-cell__note kb-cell__note--{kind}" if kind else "kb-cell__note"
    return element("div", {"class": css, "data-search-exclude": ""}, text)


def is_stale(entry: Entry) -> bool:
    """Whether what a note's code gave is shown although it has changed since."""
    return entry.result is not None and entry.result.state == "stale"


# ---------------------------------------------------------------- above the page


def session_html(scope: Scope) -> str:
    """Where and when the page's code ran, in one quiet line."""
    if all(cell.options.norun for cell in scope.entry.note.cells):
        return ""
    result = scope.entry.result
    state = result.state if result else "none"
    css = {"class": f"kb-session kb-session--{state}", "data-search-exclude": ""}
    if result is None or result.outcome is None:
        return element("p", css, scope.words.page_not_run)
    return element("p", css, _line(scope, result, result.outcome))


def _line(scope: Scope, result: Result, outcome: Outcome) -> str:
    made, says = outcome.provenance, scope.words
    begins = {"failed": says.page_failed, "recorded": says.page_recorded, "stale": says.page_stale}
    facts = [made.python and f"Python {made.python}", made.device, _seconds(scope, outcome)]
    return " · ".join(
        [f"{begins.get(result.state, says.page_ran)} {_when(scope, outcome)}", *(_safe(fact) for fact in facts if fact)]
    )


def _when(scope: Scope, outcome: Outcome) -> str:
    started = outcome.provenance.started
    day, time = _moment(scope, started)
    return element("time", {"datetime": started}, f"{day} {time}".rstrip())


def _moment(scope: Scope, started: str) -> tuple[str, str]:
    """The day, as readers write it, and the time; what is no moment stays as it is."""
    try:
        day, _, time = datetime.fromisoformat(started).strftime("%Y-%m-%d %H:%M UTC").partition(" ")
    except ValueError:
        return _safe(started), ""
    return shown_day(day, scope.context.look.language), time


def _seconds(scope: Scope, outcome: Outcome) -> str:
    seconds = f"{outcome.seconds:.1f}".replace(".", "," if scope.context.look.language == "ru" else ".")
    return f"{seconds} {scope.words.seconds}"


def _safe(text: str) -> str:
    return escape(text, quote=False)


# ---------------------------------------------------------------- under the first cell


def state_html(scope: Scope, cell: Cell) -> str:
    """What is known of a note's results, folded under the first of its cells that run."""
    result = scope.entry.result
    first = next((one.number for one in scope.entry.note.cells if not one.options.norun), None)
    if result is None or cell.number != first:
        return ""
    says = scope.words
    badge = element("span", {"class": f"kb-state__badge kb-state__badge--{result.state}"}, says.states[result.state])
    brief = f" {_brief(scope, result.outcome)}" if result.outcome else ""
    rows = "".join(
        element("dt", {}, says.provenance[name]) + element("dd", {}, html) for name, html in _rows(scope, result)
    )
    body = element("summary", {}, badge + brief) + element("dl", {}, rows)
    return element("details", {"class": "kb-state", "data-search-exclude": ""}, body)


def _brief(scope: Scope, outcome: Outcome) -> str:
    day, _ = _moment(scope, outcome.provenance.started)
    return " · ".join((_safe(outcome.provenance.device.removeprefix("cuda:")), day))


def _rows(scope: Scope, result: Result) -> Iterator[tuple[str, str]]:
    """The names of rows and what stands in them."""
    yield "why", scope.words.reasons[result.state]
    if result.differences:
        yield "elsewhere" if result.state == "recorded" else "changed", _listed(scope, result.differences)
    if result.outcome:
        yield from _provenance(scope, result, result.outcome)
    if result.others:
        yield "others", "<br>".join(_brief(scope, one) for one in result.others)


def _provenance(scope: Scope, result: Result, outcome: Outcome) -> Iterator[tuple[str, str]]:
    made, says = outcome.provenance, scope.words.provenance
    device = made.device if made.device != "cpu" else f"cpu ({made.processor})" if made.processor else "cpu"
    yield "device", _safe(device)
    yield "when", _when(scope, outcome)
    yield "seconds", _safe(_seconds(scope, outcome))
    yield "python", _safe(" · ".join(filter(None, (made.python, made.platform))))
    if made.packages:
        yield "packages", _safe(", ".join(one.replace("==", " ", 1) for one in made.packages))
    yield "seed", str(result.seed)
    yield "isolation", says["none"] if made.isolation == "none" else _safe(made.isolation)
    if not outcome.failed:  # of those that did, it is not kept
        yield "trace", _trace(scope, outcome)


def _trace(scope: Scope, outcome: Outcome) -> str:
    says, gaps = scope.words.provenance, outcome.observed.gaps
    if not gaps:
        return says["whole"]
    return _safe(f"{says['partly']}: {', '.join(scope.words.gaps.get(gap, gap) for gap in gaps)}")


def _listed(scope: Scope, differences: tuple[Difference, ...]) -> str:
    told = (changed(scope.words.changes, (one.kind, one.name, one.old, one.new)) for one in differences)
    return "<br>".join(map(_safe, told))
