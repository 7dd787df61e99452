"""From what a session says and how it ends to outcomes: pure, and distrustful, as code can say anything."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any, get_args

from kbtool.cells.library import named_cells
from kbtool.cells.observed import Looked
from kbtool.cells.plan import Ceilings, Session, Step
from kbtool.cells.weighing import CROWDED, FRAYED, STOWAGE, STOWED, THREADS
from kbtool.outcomes import CellError, CellOutcome, Outcome, Output, OutputKind, Provenance, Value
from kbtool.rich import PICTURES, is_sound

FAR_TOO_MUCH = 16
"""A cell that prints this many times its limit is stopped: it would go on for ever."""
_VALUES, _NAME, _TEXT = 200, 100, 200  # as `showing` keeps to
_OUTPUTS, _KINDS = 64, 8  # outputs of a cell beside its streams; kinds of text in one, each as long as may be printed
_LOOKED = 10_000  # as `tracing` keeps to
_NOWHERE = Provenance("", "", "", "cpu", (), isolation="")
_PATH, _ERROR = 4096, 4096  # characters
_LINES = 10**9


class BadReportError(Exception):
    """A message that no runner sends."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the runner says that a cell ended; `index` is the cell's in the note."""

    index: int
    failed: bool
    outputs: tuple[Output, ...]
    error: CellError | None
    seconds: float
    values: tuple[Value, ...] = ()


def read_report(message: Mapping[str, Any], limit: int = 1 << 20) -> Report:
    """A cell's report; raises BadReportError when it has another shape. `limit` is how much text a cell may show."""
    match message:
        case {
            "end": int(index),
            "state": "ok" | "failed" as state,
            "outputs": list(outputs),
            "seconds": float(seconds),
            "values": list(values),
        } if len(values) <= _VALUES and len(outputs) <= _OUTPUTS and 0 <= seconds < _LINES:
            shown = tuple(_read_output(output) for output in outputs)
            error, kept = _read_error(message.get("error")), tuple(_read_value(value) for value in values)
            why = error is not None or state == "ok"  # a failure has a reason
            if why and sum(map(_length, shown)) <= _KINDS * limit + _OUTPUTS * _ERROR:
                return Report(index, state == "failed", shown, error, seconds, kept)
    raise BadReportError


def _length(output: Output) -> int:
    """Characters of an output that are no picture."""
    return len(output.text) + sum(len(content) for kind, content in output.data if kind not in PICTURES)


def _read_output(output: object) -> Output:
    match output:
        case [str(kind), str(text), list(data)] if kind in get_args(OutputKind):
            return Output(kind, readable(text), _read_forms(data))  # type: ignore[arg-type]
    raise BadReportError


def _read_forms(data: Iterable[object]) -> tuple[tuple[str, str], ...]:
    """The richer forms that can be shown, each kind once; a value of the note made them, so some may be anything."""
    found: dict[str, str] = {}
    for one in data:
        match one:
            case [str(kind), str(content)]:
                if kind not in found and is_sound(kind, clean := readable(content)):
                    found[kind] = clean
            case _:
                raise BadReportError
    return tuple(found.items())


def _read_value(value: object) -> Value:
    match value:
        case [str(name), str(text), None | int() | float() as number]:
            known = name.isidentifier() and not name.startswith("_") and len(name) <= _NAME and len(text) <= _TEXT
            if known and not isinstance(number, bool) and (number is None or (text and _is_real(number))):
                return name, readable(text), None if number is None else float(number)
    raise BadReportError


def _is_real(number: float) -> bool:
    """Whether a number of any size has a floating-point one beside it."""
    try:
        return isfinite(number)
    except OverflowError:
        return False


def _read_error(error: object) -> CellError | None:
    match error:
        case None:
            return None
        case [str(name), str(message), int(line)] if max(len(name), len(message)) <= _ERROR and 0 <= line <= _LINES:
            return CellError(readable(name), readable(message), line)
    raise BadReportError


def readable(text: str) -> str:
    """A text that can be written in UTF-8: half a surrogate pair is spelled out."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def read_names(names: object) -> tuple[str, ...]:
    """A list of names; raises BadReportError when it is none, or longer than any session's."""
    if not isinstance(names, list) or len(names) > _LOOKED:
        raise BadReportError
    if not all(isinstance(name, str) and len(name) <= _PATH and "\0" not in name for name in names):
        raise BadReportError
    return tuple(map(readable, names))


def read_trace(given: object) -> Looked:
    """What a session says that it looked at; raises BadReportError when it has another shape."""
    if not isinstance(given, dict) or not given.keys() <= set(Looked._fields):
        raise BadReportError
    looked = Looked(**{kind: read_names(names) for kind, names in given.items()})
    if not all(
        path.startswith("/") for paths in (looked.read, looked.listed, looked.seen, looked.searched) for path in paths
    ):
        raise BadReportError
    return looked


# ---------------------------------------------------------------- output

Piece = tuple[OutputKind, bytes]


def streams(pieces: Iterable[Piece], paths: Sequence[tuple[str, str]]) -> tuple[Output, ...]:
    """What a cell wrote to its streams, in order, each run of one stream as one output."""
    runs: list[tuple[OutputKind, list[bytes]]] = []
    for kind, data in pieces:
        if runs and runs[-1][0] == kind:
            runs[-1][1].append(data)
        else:
            runs.append((kind, [data]))
    return tuple(Output(kind, without_paths(b"".join(data).decode("utf-8", "replace"), paths)) for kind, data in runs)


def without_paths(text: str, paths: Sequence[tuple[str, str]]) -> str:
    """A text without this machine's folders; each path stands for the word after it."""
    for path, word in paths:
        if path in text:
            text = text.replace(path, word)
    return text


def outcome_of(report: Report, printed: tuple[Output, ...], paths: Sequence[tuple[str, str]]) -> CellOutcome:
    """The outcome of a cell that came to its end."""
    shown = tuple(output if output.kind == "figure" else _pathless(output, paths) for output in report.outputs)
    values = tuple((name, without_paths(text, paths), number) for name, text, number in report.values)
    error = report.error
    if error is not None:
        error = CellError(error.name, without_paths(error.message, paths), error.line)
    state = "failed" if report.failed else "ok"
    seconds = round(report.seconds, 4)
    return CellOutcome(report.index, state, printed + shown, seconds, error, values)  # type: ignore[arg-type]


def _pathless(output: Output, paths: Sequence[tuple[str, str]]) -> Output:
    data = tuple(
        (kind, content if kind in PICTURES else without_paths(content, paths)) for kind, content in output.data
    )
    return replace(output, text=without_paths(output.text, paths), data=data)


def cut_mark(limit: int) -> bytes:
    """What stands in the place of output beyond the limit."""
    return f"\n[cut: a cell may print {limit:,} bytes, see `output_limit`]\n".encode()


# ---------------------------------------------------------------- cells that were not begun


def beyond(session: Session, most: Ceilings) -> tuple[int, CellError] | None:
    """The first cell of a session that asks for more than it may, and what it asks for."""
    if session.output_limit > most.output:
        return 0, CellError("NeedsGrant", f"{_over('output_limit', session.output_limit, most.output)} bytes a cell", 0)
    at = next((at for at, step in enumerate(session.steps) if step.timeout > most.timeout), None)
    if at is None:
        return None
    return at, CellError("NeedsGrant", f"{_over('timeout', session.steps[at].timeout, most.timeout)} seconds a cell", 0)


def _over(name: str, asked: float, most: float) -> str:
    return f"the base asks for `{name}` {asked:,.15g}, and nobody has granted more than {most:,.15g}"


def ended(session: Session, at: int, error: CellError, seconds: float = 0.0) -> Outcome:
    """The outcome of a session that gave none, with an error for one of its cells."""
    why, trace = stopped(session, session.steps[at], error, "")
    cells = [CellOutcome(one.index, "skipped", (), 0.0) for one in session.steps]
    cells[at] = CellOutcome(session.steps[at].index, "failed", (trace,), 0.0, why)
    return Outcome(session.key, session.note, True, tuple(cells), seconds, _NOWHERE, decides=session.decides)


# ---------------------------------------------------------------- cells that did not come to their end


def timed_out(step: Step) -> CellError:
    """The error of a cell that ran longer than it may."""
    return CellError("Timeout", f"no end after {step.timeout:g} s", 0)


def printed_too_much(limit: int) -> CellError:
    """The error of a cell that does not stop printing."""
    return CellError("OutputLimit", f"more than {FAR_TOO_MUCH * limit:,} bytes printed", 0)


def outgrown(status: int, memory: tuple[int, int]) -> CellError:
    """The error of a cell whose session has outgrown a limit; `memory`: the bytes that it took, and may take."""
    if status == CROWDED:
        return CellError("ProcessLimit", "it had started more than 512 processes that had not ended", 0)
    if status == FRAYED:
        return CellError("ProcessLimit", f"it had more than {THREADS:,} threads at once", 0)
    if status == STOWED:
        most = f"{STOWAGE >> 30} GiB, or half of what was free on the disk"
        return CellError("FileLimit", f"files that it removed and went on with took more than {most}", 0)
    took, most = (f"{amount >> 20:,} MiB" for amount in memory)
    return CellError("MemoryLimit", f"the processes of the session took {took} together; {most} is the limit", 0)


def crashed(status: int) -> CellError:
    """The error of a cell whose process ended; `status` as `waitstatus_to_exitcode` gives it, modulo 256."""
    number = 256 - status
    if status > 128 and number in {member.value for member in signal.Signals}:
        name = signal.Signals(number).name
        why = ", as the system does when memory runs out" if number == signal.SIGKILL else ""
        return CellError("Crash", f"the process was killed by {name}{why}", 0)
    return CellError("Crash", f"the process left with exit code {status}", 0)


def gone(pieces: Sequence[Piece], *, begun: bool) -> CellError:
    """The error of a session whose supervisor said nothing of its end; `pieces` are what was written before that."""
    if begun:
        return CellError("Crash", "the process that watches over the session was killed", 0)
    said = b"".join(data for _, data in pieces).decode("utf-8", "replace").strip().rpartition("\n")[2]
    return CellError("Crash", f"the session could not start{': ' * bool(said)}{said}", 0)


def lost(rank: int, status: int) -> CellError:
    """The error of a cell one of whose processes ended."""
    why = crashed(status)
    return CellError(why.name, f"rank {rank}: {why.message}", why.line)


def stopped(session: Session, step: Step, error: CellError, dump: str) -> tuple[CellError, Output]:
    """A stopped cell's error and traceback; `dump` is what `faulthandler` wrote, the innermost frame first.

    Of a session of several processes each rank's begins with a line `rank 1`.
    """
    code = {f"<cell {one.index}>": one.code.split("\n") for one in session.steps}
    code |= {file: text.split("\n") for _, cells in named_cells(session.imported) for file, text in cells}
    shown: list[str] = []
    here = 0
    for ranks, frames in _dumped(dump, code).items():
        shown += [f"On {ranks}:"] * bool(ranks)
        shown += ["Traceback (most recent call last):", *map(_shown(code), reversed(frames))]
        here = here or next((number for name, number, _ in frames if name == f"<cell {step.index}>"), 0)
    text = "\n".join([*shown, f"{error.name}: {error.message}"])
    return CellError(error.name, error.message, here), Output("error", text + "\n")


def _dumped(dump: str, code: Mapping[str, Sequence[str]]) -> dict[str, tuple[_Frame, ...]]:
    """The note's frames, by the ranks that are there, empty for a session of one process."""
    found: dict[str, list[_Frame]] = {}
    rank = ""
    for line in dump.split("\n"):
        if line.startswith("rank ") and line.removeprefix("rank ").isdecimal():
            rank = line
        elif frame := _frame(line, code):
            found.setdefault(rank, []).append(frame)
    return {rank: tuple(frames) for rank, frames in found.items()}


_Frame = tuple[str, int, str]


def _frame(line: str, code: Mapping[str, Sequence[str]]) -> _Frame | None:
    """A line of a dump, `  File "<cell 2>", line 3 in train`, as cell, line and function."""
    name, found, rest = line.strip().removeprefix('File "').partition('", line ')
    number, _, function = rest.partition(" in ")
    if not found or name not in code or not number.isdecimal() or len(number) > len(str(_LINES)):
        return None
    if "\\" in function:  # letters beyond ASCII are escaped
        function = function.encode("ascii", "replace").decode("unicode_escape", "replace")
    return (name, int(number), function) if 1 <= int(number) <= len(code[name]) else None


def _shown(code: Mapping[str, Sequence[str]]) -> Any:
    return lambda frame: (
        f'  File "{frame[0]}", line {frame[1]}, in {frame[2]}\n    {code[frame[0]][frame[1] - 1].strip()}'
    )
