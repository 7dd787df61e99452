"""Cells of code with what running them gave."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kbtool.outcomes import CellOutcome, Outcome, Output
from kbtool.render import urls
from kbtool.render.chart import charts_html
from kbtool.render.context import Scope
from kbtool.render.curves import curves
from kbtool.render.forms import form_html
from kbtool.render.highlight import code_block
from kbtool.render.html import element, escape, void
from kbtool.render.imports import import_links
from kbtool.render.sessions import cell_note, is_stale, state_html
from kbtool.render.streams import plain_text, settled
from kbtool.render.svg import Figure, figure, picture_of
from kbtool.rich import MARKDOWN
from kbtool.values import Cell

# Characters of one output that a page shows; the rest stays in the stored outcome.
_SHOWN = 40_000


def cell_html(scope: Scope, cell: Cell, language: str) -> str:
    """A cell's code (unless it is hidden) above its outputs."""
    outcome = _outcome_of(scope.entry.outcome, cell)
    code = "" if cell.options.hide else code_block(cell.code.rstrip("\n"), language, import_links(scope, cell))
    badge = _badge(scope, cell, outcome)
    outputs = _beside(scope, cell, outcome) if outcome else ""
    state = "norun" if cell.options.norun else outcome.state if outcome else "none"
    known = state_html(scope, cell)
    body = code + badge + outputs + known if code or outputs or known else ""
    return element("div", {"class": f"kb-cell kb-cell--{state}"}, body) if body else ""


def _beside(scope: Scope, cell: Cell, outcome: CellOutcome) -> str:
    """What a cell gave; where other devices gave something else, theirs beside it."""
    own = "".join(_outputs(scope, cell, outcome))
    result = scope.entry.result
    others = [(one, found) for one in (result.others if result else ()) if (found := _outcome_of(one, cell))]
    other = [(one, html) for one, found in others if (html := "".join(_outputs(scope, cell, found))) != own]
    if not other or result is None or result.outcome is None:
        return element("div", {"class": "kb-outputs"}, own) if own else ""
    columns = [_column(result.outcome, own), *(_column(one, html) for one, html in other)]
    return element("div", {"class": "kb-outputs kb-outputs--beside"}, "".join(columns))


def _column(outcome: Outcome, html: str) -> str:
    device = escape(outcome.provenance.device.removeprefix("cuda:"), quote=False)
    return element("div", {"class": "kb-outputs__of"}, element("div", {"class": "kb-outputs__device"}, device) + html)


def _outcome_of(outcome: Outcome | None, cell: Cell) -> CellOutcome | None:
    if outcome is None or cell.options.norun:
        return None
    return next((found for found in outcome.cells if found.index == cell.number), None)


def _badge(scope: Scope, cell: Cell, outcome: CellOutcome | None) -> str:
    says = scope.words
    if cell.options.norun:
        return cell_note(says.never_runs)
    if is_stale(scope.entry):
        return cell_note(says.states["stale"], "stale")
    if outcome is None:
        # A quotation leaves outputs out: that says nothing about whether the code ran.
        return "" if scope.found else cell_note(says.not_run)
    return cell_note(says.skipped) if outcome.state == "skipped" else ""


def _outputs(scope: Scope, cell: Cell, outcome: CellOutcome) -> Iterator[str]:
    number = 0
    for output in settled(outcome.outputs):
        picture = picture_of(output)
        number += bool(picture)
        match output.kind:
            case "figure":
                yield figure_html(scope, picture, f"{scope.words.plot} {number}" + _named(cell))
            case "error":
                yield _error(scope, output.text, outcome)
            case "value":
                yield _value(scope, output, f"{scope.words.plot} {number}" + _named(cell))
            case "stdout" | "stderr":
                yield from _log(scope, output)


def _named(cell: Cell) -> str:
    return f" ({cell.options.name})" if cell.options.name else ""


def _value(scope: Scope, output: Output, label: str) -> str:
    """The richest of a value's forms that can be shown, else its text."""
    picture = picture_of(output)
    if picture and (scope.figures.get(picture) or figure(picture)).light:
        return figure_html(scope, picture, label)
    made = form_html(scope.words, output.data)
    if made and made.whole:
        return made.html
    markdown = "" if made else dict(output.data).get(MARKDOWN, "")
    if len(markdown) > _SHOWN:
        return _stream(scope, replace(output, text=markdown))
    return (markdown and scope.written(scope, markdown)) or (made.html if made else "") + _stream(scope, output)


def _log(scope: Scope, output: Output) -> Iterator[str]:
    """A stream in which logged numbers are charts above their lines, which are folded."""
    text = plain_text(output.text)
    found = curves(text)
    if not found:
        yield _stream(scope, output)
        return
    lines = text.split("\n")
    at = 0
    for curve in found:
        yield _stream(scope, replace(output, text="\n".join(lines[at : curve.first])))
        count = element("summary", {}, f"{scope.words.log_lines}: {curve.end - curve.first}")
        shown = _stream(scope, replace(output, text="\n".join(lines[curve.first : curve.end])))
        yield charts_html(curve) + element("details", {"class": "kb-log"}, count + shown)
        at = curve.end
    yield _stream(scope, replace(output, text="\n".join(lines[at:])))


def _stream(scope: Scope, output: Output) -> str:
    text = plain_text(output.text).rstrip("\n")
    if not text:
        return ""
    cut = ""
    if len(text) > _SHOWN:
        text, cut = text[:_SHOWN], element("div", {"class": "kb-cell__note"}, scope.words.cut)
    pairs = {"class": f"kb-output kb-output--{output.kind}", "tabindex": "0" if _is_long(text) else None}
    return element("pre", pairs, escape(text, quote=False)) + cut


def _is_long(text: str) -> bool:
    """Whether the output scrolls, so that the keyboard must be able to reach it."""
    return text.count("\n") > 20 or max(map(len, text.split("\n"))) > 80


def _error(scope: Scope, traceback: str, outcome: CellOutcome) -> str:
    text = plain_text(traceback).strip("\n")
    expected = outcome.state == "ok"
    last = text.rsplit("\n", 1)[-1]
    summary = f"{outcome.error.name}: {outcome.error.message}" if outcome.error and outcome.error.message else last
    label = scope.words.expected_error if expected else scope.words.failed
    head = element("span", {"class": "kb-error__kind"}, label) + " " + element("code", {}, escape(_one_line(summary)))
    body = element("pre", {"class": "kb-output", "tabindex": "0"}, escape(text[-_SHOWN:], quote=False))
    css = "kb-error kb-error--expected" if expected else "kb-error"
    return element("details", {"class": css}, element("summary", {}, head) + body)


def _one_line(text: str) -> str:
    line = plain_text(text).strip().split("\n", 1)[0]
    return line if len(line) <= 160 else line[:159] + "…"


# ---------------------------------------------------------------- figures


def figure_html(scope: Scope, svg: str, label: str) -> str:
    """A plot as a picture, and a second one for the dark theme where it differs."""
    made = scope.figures.get(svg) or figure(svg)
    if not made.light:
        return element("p", {"class": "kb-output kb-output--stderr"}, scope.words.broken_plot)
    names = (f"{made.name}.svg#only-light", f"{made.name}.dark.svg#only-dark") if made.dark else (f"{made.name}.svg",)
    pictures = "".join(_picture(scope, made, (name, label)) for name in names)
    return element("div", {"class": "kb-figure"}, pictures)


def _picture(scope: Scope, made: Figure, shown: tuple[str, str]) -> str:
    name, label = shown
    file, mark, fragment = name.partition("#")
    pairs = {
        "src": scope.place.file(urls.figure_file(file)) + mark + fragment,
        "alt": label,
        "width": str(made.width) if made.width else None,
        "height": str(made.height) if made.height else None,
        "loading": "lazy",
    }
    return void("img", pairs)
